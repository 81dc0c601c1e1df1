"""Files that the clerks of transcripts hand in, by their names: templates filled in, with and without a mistake."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

from openpyxl import Workbook

from flows.questions import Attachment
from tests.packfiles import filled, tell, write
from tests.sounds import voice_note


def _two_mistakes(book: Workbook) -> None:
    write("prices", "riel", "ពីរពាន់ដុល្លារ")(book)
    write("rights", "kind", "ផ្សេង")(book)


#: Whose pack it is, and what is wrong with it.
FILES: dict[str, tuple[str, Callable[[Workbook], object]]] = {
    "hc080304.xlsx": ("hc080304", lambda book: None),
    "hc080304-bad.xlsx": ("hc080304", write("prices", "riel", "ពីរពាន់ដុល្លារ")),
    "hc080304-two.xlsx": ("hc080304", _two_mistakes),
    "hc081303.xlsx": ("hc081303", lambda book: None),
}


@cache
def file(name: str) -> bytes:
    """The file of this name; one that nobody described holds nothing that can be read."""
    facility, change = FILES.get(name, ("", None))
    if change is None:
        return b"no workbook"

    def both(book: Workbook) -> None:
        tell("facility", facility)(book)
        change(book)

    with tempfile.TemporaryDirectory() as folder:
        return filled(Path(folder), both).read_bytes()


async def handed_in(held: Attachment) -> bytes:
    """What a provider would bring; of a voice note, silence of so long."""
    return voice_note(held.seconds) if held.kind == "voice" else file(held.name)

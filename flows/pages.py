"""Long texts a page at a time: what fits one message, and the question beneath it, whether to read on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from flows import khmer
from flows.board import Card
from flows.packs import Pack, as_json
from flows.questions import JSON, Attachment, Choice, Option
from flows.segments import affordable, measure
from flows.text import Phrase, _, joined

#: Segments of a page by text message.
MOST_SEGMENTS = 2
#: Letters of a page to be read on a phone's screen, and what stands on it at most.
MOST_LETTERS, MOST_ENTRIES = 1500, 8
#: Letters of a page that stands beneath a picture (limits of the Bot API: a caption has 1,024).
MOST_CAPTION = 1000

MORE = Option("more", _("Read on"))
#: The way out where ways are numbered; elsewhere the menu is offered with every question.
OUT = Option("menu", _("menu"))


@dataclass(frozen=True, slots=True)
class Picture:
    """Bars of what was to be reached and what was, drawn when the page is sent: `pack` has nothing but these items."""

    pack: Pack
    language: str

    @property
    def wanted(self) -> JSON:
        """What is to be drawn, as JSON."""
        return {"pack": as_json(self.pack), "language": self.language}


@dataclass(frozen=True, kw_only=True)
class Page(Choice[str]):
    """A page, and the ways on from it. Where ways are numbered, they stand on one line and 0 leads out.

    `subject` and `block`: of which pack and what it is, to count that it was read. `picture` goes with it where
    the channel has pictures; its text says the same. `attachment`: a photo or voice note that goes with it.
    """

    subject: str = ""
    block: str = ""
    picture: Picture | Card | None = None
    attachment: Attachment | None = None

    @property
    def written(self) -> Phrase:
        """The whole of it, where there are no buttons."""
        return joined(self.text, numbered(self.options), separator="\n")

    def numbered(self, number: int) -> str:
        return OUT.value if number == 0 else super().numbered(number)

    def tapped(self, value: str) -> str:
        return OUT.value if value == OUT.value else super().tapped(value)

    def fits(self, answer: object) -> bool:
        return answer == OUT.value or super().fits(answer)

    def unclear(self) -> Phrase:
        if len(self.options) == 1:
            return _("Please answer 1 or 0.")
        return super().unclear()


@dataclass(frozen=True, kw_only=True)
class View(Page):
    """A page whose ways are what it is about: where they are numbered, each stands on a line of its own."""

    @property
    def written(self) -> Phrase:
        ways = (joined(number, option.label) for number, option in enumerate(self.options, 1))
        return joined(self.text, *ways, separator="\n")


def numbered(options: Sequence[Option[str]]) -> Phrase:
    """The ways on and out, on one line."""
    ways = [joined(number, option.label) for number, option in enumerate(options, 1)]
    return joined(*ways, joined(0, OUT.label), separator=", ")


def fits_a_text_message(text: str) -> bool:
    """Whether a page costs no more than it may, as it is sent: without what can't be seen."""
    return measure(affordable(khmer.visible(text).strip())).count <= MOST_SEGMENTS


def fits_a_screen(text: str) -> bool:
    """Whether a page is pleasant to read."""
    return len(text) <= MOST_LETTERS


def fits_a_caption(text: str) -> bool:
    """Whether a page can stand beneath its picture."""
    return len(text.encode("utf-16-le")) // 2 <= MOST_CAPTION


@dataclass(frozen=True, slots=True)
class Entry:
    """Something that stands on a page: its text, and what the foot of the page says of it; an entry too long for a page
    is cut, and its parts have the same foot. `item`: its place among what is to be paged."""

    text: str
    foot: str
    item: int


Compose = Callable[[Sequence[Entry], str], str]


def fill(
    entries: Sequence[Entry], compose: Compose, fits: Callable[[str], bool], most: int
) -> list[list[Entry]]:
    """The entries in pages of at most `most`, in their order, each page as full as it can be.

    `compose` writes a page with its number, "" where it is the only one, and everything around it. An entry
    that fits no page is cut at a line or word, else between two Khmer clusters.
    """
    if not entries or (len(entries) <= most and fits(compose(entries, ""))):
        return [list(entries)]
    digits = 1
    while True:  # the number takes room, and how much depends on how many pages there will be
        pages = _filled(entries, lambda page, d=digits: fits(compose(page, "9" * d)), most)  # type: ignore[misc]
        if len(str(len(pages))) <= digits:
            return pages
        digits += 1


def _filled(
    entries: Sequence[Entry], fits: Callable[[Sequence[Entry]], bool], most: int
) -> list[list[Entry]]:
    pages: list[list[Entry]] = []
    page: list[Entry] = []
    for entry in entries:
        if len(page) < most and fits([*page, entry]):
            page.append(entry)
            continue
        if page:
            pages.append(page)
        *whole, rest = _cut(entry, fits)
        pages += [[part] for part in whole]
        page = [rest]
    return [*pages, page]


def _cut(entry: Entry, fits: Callable[[Sequence[Entry]], bool]) -> list[Entry]:
    """The entry in parts that each fit a page of their own."""
    parts: list[Entry] = []
    left = khmer.clusters(entry.text)
    while left:
        end = _reach(left, lambda most, left=left: fits([_part(entry, left[:most])]))  # type: ignore[misc]
        end = end if end == len(left) else _good_end(left, end)
        part = _part(entry, left[:end])
        if part.text:
            parts.append(part)
        left = left[end:]
    return parts or [entry]


def _reach(clusters: Sequence[str], fits: Callable[[int], bool]) -> int:
    """How many clusters fit, one at least: what fits is short, so it is looked for from the front."""
    low, high = 1, 128
    while high < len(clusters) and fits(high):
        low, high = high, high * 2
    high = min(high, len(clusters))
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if fits(middle) else (low, middle - 1)
    return low


def _part(entry: Entry, clusters: Sequence[str]) -> Entry:
    return Entry("".join(clusters).strip(), entry.foot, entry.item)


def _good_end(clusters: Sequence[str], end: int) -> int:
    """The last line end, else the last space, in the second half of what fits; else `end` itself."""
    for blank in ("\n", " "):
        for place in range(end, end // 2, -1):
            if clusters[place - 1] == blank:
                return place
    return end

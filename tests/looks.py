"""Pictures that somebody has looked at: `pytest --update` takes the new ones, and looking at them is the review."""

from __future__ import annotations

import io
from collections.abc import Iterable
from pathlib import Path

import pypdfium2
from PIL import Image, ImageChops, ImageFilter

FOLDER = Path(__file__).parent / "approved"
DOTS = 50  # an inch, at which a page of A4 is 413 dots wide
GREYS = 16
#: How many of a thousand dots may differ by more than a shade that nobody sees: letters may sit a hair elsewhere.
FEW, SHADE = 2.0, 48


def pages(pdf: bytes) -> list[Image.Image]:
    """Each page of a paper, small and grey."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        return [page.render(scale=DOTS / 72).to_pil().convert("L") for page in document]
    finally:
        document.close()


def small(png: bytes) -> list[Image.Image]:
    """A picture, small and grey."""
    seen = Image.open(io.BytesIO(png)).convert("L")
    return [seen.resize((seen.width // 2, seen.height // 2), Image.Resampling.LANCZOS)]


def differ(seen: Iterable[Image.Image], name: str, update: bool) -> float:
    """How many of a thousand dots are not as approved; infinite where the size is another."""
    beside = _beside(list(seen))
    file = FOLDER / f"{name}.png"
    if update:
        FOLDER.mkdir(exist_ok=True)
        beside.quantize(GREYS).save(file, optimize=True)
    before = Image.open(file).convert("L")
    return difference(beside, before)


def difference(one: Image.Image, other: Image.Image) -> float:
    """How many of a thousand dots differ, once both are blurred a little."""
    if one.size != other.size:
        return float("inf")
    blurred = (
        picture.quantize(GREYS).convert("L").filter(ImageFilter.BoxBlur(1)) for picture in (one, other)
    )
    counted = ImageChops.difference(*blurred).histogram()
    return 1000 * sum(counted[SHADE:]) / (one.width * one.height)


def _beside(seen: list[Image.Image]) -> Image.Image:
    whole = Image.new("L", (sum(one.width for one in seen), max(one.height for one in seen)), 255)
    left = 0
    for one in seen:
        whole.paste(one, (left, 0))
        left += one.width
    return whole

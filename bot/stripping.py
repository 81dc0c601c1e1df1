"""Voice notes and photos as they are kept: really Ogg with Opus, or a picture, and nothing in them but sound or sight.

What a phone writes beside them (its name, the place, the time, comments) is left out. Whatever is wrong with a file
raises Unfit, with a reason for the operator.
"""

from __future__ import annotations

import struct
import warnings
from collections.abc import Sequence
from io import BytesIO
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mutagen.ogg import OggPage

LONGEST_SIDE = 1600  # dots of a photo as it is kept: enough to read a form on it
MOST_DOTS = 16_000_000  # of a photo as it came; a picture a few kilobytes large can have billions
VENDOR = b"samleng"


class Unfit(Exception):
    """Not what it was said to be."""


def stripped(kind: str, content: bytes) -> bytes:
    """A voice note or photo without what it does not need."""
    return voice(content) if kind == "voice" else photo(content)


def voice(content: bytes) -> bytes:
    """The one Opus stream of an Ogg file, with empty tags."""
    # Loaded when first needed: most processes never are sent a voice note.
    from mutagen.ogg import OggPage
    from mutagen.ogg import error as OggError  # noqa: N812

    if not content.startswith(b"OggS"):
        raise Unfit("no Ogg file")
    file, pages = BytesIO(content), []
    try:
        while True:
            pages.append(OggPage(file))
    except EOFError:
        pass
    except (OggError, struct.error, ValueError):
        # A recording that breaks off is still one; what is behind its last whole page is left out.
        pass
    pages = _of_one_stream(pages)
    head, *after = pages
    if len(head.packets) != 1 or not head.packets[0].startswith(b"OpusHead") or not head.complete:
        raise Unfit("no Opus sound")
    sound = _behind_tags(after)
    if not any(packet for page in sound for packet in page.packets):
        raise Unfit("no sound in it")
    tags = OggPage()
    tags.serial = head.serial
    tags.packets = [b"OpusTags" + struct.pack("<I", len(VENDOR)) + VENDOR + struct.pack("<I", 0)]
    written = [head, tags, *sound]
    for number, page in enumerate(written):
        page.sequence = number
    return b"".join(page.write() for page in written)


def _of_one_stream(pages: Sequence[OggPage]) -> list[OggPage]:
    """The pages of the first stream: what else is woven into the file is left out."""
    if not pages:
        raise Unfit("no whole page of Ogg")
    return [page for page in pages if page.serial == pages[0].serial]


def _behind_tags(pages: Sequence[OggPage]) -> list[OggPage]:
    """The pages of sound, behind those of the tags, which end with a page."""
    if not pages or not pages[0].packets or not pages[0].packets[0].startswith(b"OpusTags"):
        raise Unfit("no Opus sound")
    for number, page in enumerate(pages):
        if len(page.packets) > 1:
            raise Unfit("sound among the tags")
        if page.complete:
            return list(pages[number + 1 :])
    raise Unfit("tags without an end")


def photo(content: bytes) -> bytes:
    """A JPEG or PNG as a JPEG of a bounded size: upright, and drawn anew, dot by dot."""
    from PIL import Image, ImageOps

    Image.MAX_IMAGE_PIXELS = None  # which only warns; ours is lower, and refuses
    try:
        with (
            warnings.catch_warnings(action="ignore"),  # of what is wrong with its tags, which go anyway
            Image.open(BytesIO(content), formats=("JPEG", "PNG")) as image,
        ):
            width, height = image.size
            if width * height > MOST_DOTS:
                raise Unfit("too many dots")
            image.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))
            upright = ImageOps.exif_transpose(image).convert("RGB")
    except Unfit:
        raise
    except (OSError, ValueError, SyntaxError, EOFError, struct.error) as error:
        raise Unfit("no picture") from error
    upright.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    bare = Image.new("RGB", upright.size)  # of the dots alone: nothing that the file said besides comes along
    bare.paste(upright)
    out = BytesIO()
    bare.save(out, "JPEG", quality=85, optimize=True)
    return out.getvalue()

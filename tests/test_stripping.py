"""What is kept of voice notes and photos: the sound and the dots, of bounded size, and nothing that a phone adds."""

from __future__ import annotations

from contextlib import suppress
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mutagen.ogg import OggPage
from mutagen.oggopus import OggOpus
from PIL import Image

from bot.stripping import LONGEST_SIDE, MOST_DOTS, Unfit, stripped
from tests import phonefiles


def pages(content: bytes) -> list[OggPage]:
    file, found = BytesIO(content), []
    while file.tell() < len(content):
        found.append(OggPage(file))
    return found


def test_a_voice_note_keeps_its_sound_and_loses_its_tags() -> None:
    before = phonefiles.voice(40, 3000)
    after = stripped("voice", before)
    assert b"Sokha" in before and b"Sokha" not in after
    assert b"012345678" not in after
    opened = OggOpus(BytesIO(after))
    assert opened.tags is not None and not opened.tags.as_dict()
    kept = pages(after)
    assert [page.packets for page in kept[2:]] == [page.packets for page in pages(before)[2:]]
    assert [page.position for page in kept[2:]] == [page.position for page in pages(before)[2:]]
    assert [page.sequence for page in kept] == list(range(len(kept)))
    assert opened.info.length == OggOpus(BytesIO(before)).info.length
    assert stripped("voice", after) == after


def test_tags_over_many_pages_are_left_out_whole() -> None:
    long = phonefiles.tags(b"PICTURE=" + b"x" * 200_000)
    parts = [long[at : at + 255 * 255] for at in range(0, len(long), 255 * 255)]
    written = [phonefiles.page(7, 0, [phonefiles.head()])]
    for number, part in enumerate(parts, 1):
        written.append(phonefiles.page(7, number, [part], complete=number == len(parts)))
    after = stripped("voice", b"".join([*written, *phonefiles.sound()]))
    assert len(after) < 3000
    assert [page.packets for page in pages(after)[2:]] == [
        page.packets for page in pages(b"".join(phonefiles.sound()))
    ]


def test_what_is_woven_into_a_voice_note_is_left_out() -> None:
    whole = [
        phonefiles.page(7, 0, [phonefiles.head()]),
        phonefiles.page(9, 0, [b"hidden text"]),
        phonefiles.page(7, 1, [phonefiles.tags()]),
    ]
    after = stripped(
        "voice", b"".join([*whole, *phonefiles.sound(), phonefiles.page(9, 1, [b"more of it"])]) + b"<html>"
    )
    assert b"hidden" not in after and b"more of it" not in after and b"<html>" not in after
    assert {page.serial for page in pages(after)} == {7}


def test_a_voice_note_that_breaks_off_keeps_what_is_whole() -> None:
    assert len(pages(stripped("voice", phonefiles.voice(5)[:-100]))) == 2 + 4


@pytest.mark.parametrize(
    "content",
    {
        "nothing": b"",
        "a name alone": b"OggS" + b"\0" * 1000,
        "a page": phonefiles.voice()[:400],
        "mp3": b"ID3\x03" + b"\0" * 1000,
        "html": b"<html><script>alert(1)</script>",
        "a program": b"\x7fELF" + b"\0" * 1000,
        "a photo": phonefiles.photo(),
        "Ogg with something else": phonefiles.page(7, 0, [b"\x01vorbis"]) + phonefiles.page(7, 1, [phonefiles.tags()]),
        "no tags": phonefiles.page(7, 0, [phonefiles.head()]) + b"".join(phonefiles.sound()),
        "tags alone": phonefiles.page(7, 0, [phonefiles.head()]) + phonefiles.page(7, 1, [phonefiles.tags()]),
        "sound among the tags": phonefiles.page(7, 0, [phonefiles.head()])
        + phonefiles.page(7, 1, [phonefiles.tags(), b"\xf8" * 100])
        + b"".join(phonefiles.sound()),
    }.values(),
)  # fmt: skip
def test_what_is_no_voice_note_is_not_kept(content: bytes) -> None:
    with pytest.raises(Unfit):
        stripped("voice", content)


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_a_photo_keeps_its_dots_and_loses_the_rest(kind: str) -> None:
    before = phonefiles.photo(kind)
    after = stripped("photo", before)
    assert b"Sokha" in before and b"Sokha" not in after
    image = Image.open(BytesIO(after))
    assert image.format == "JPEG" and image.mode == "RGB"
    assert not image.getexif() and not image.info.get("comment") and "icc_profile" not in image.info
    # It lay on its side, and now stands: what was left is above.
    assert image.size == ((200, 320) if kind == "JPEG" else (320, 200))
    red, _green, blue = image.getpixel((5, 5))  # type: ignore[misc]
    assert red > 200 and blue < 60


def test_a_large_photo_is_made_smaller() -> None:
    image = Image.open(BytesIO(stripped("photo", phonefiles.photo("JPEG", (4000, 1000)))))
    assert max(image.size) == LONGEST_SIDE


@pytest.mark.parametrize("mode", ["L", "P", "RGBA", "1", "I;16"])
def test_any_png_becomes_a_photo(mode: str) -> None:
    out = BytesIO()
    Image.new(mode, (30, 20)).save(out, "PNG")
    assert Image.open(BytesIO(stripped("photo", out.getvalue()))).size == (30, 20)


def gif() -> bytes:
    out = BytesIO()
    Image.new("P", (30, 20)).save(out, "GIF")
    return out.getvalue()


def bomb(side: int = int(MOST_DOTS**0.5) + 1) -> bytes:
    """A few kilobytes that are a picture of many dots."""
    out = BytesIO()
    Image.new("1", (side, side)).save(out, "PNG")
    assert len(out.getvalue()) < 40_000
    return out.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xd8" + b"\0" * 900,
        phonefiles.photo()[:200],
        phonefiles.photo("PNG")[:60],
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        gif(),
        bomb(),
        bomb(14_000),
        phonefiles.voice(),
    ],
    ids=[
        "nothing",
        "a beginning",
        "half a JPEG",
        "half a PNG",
        "SVG",
        "GIF",
        "a bomb",
        "a large bomb",
        "a voice note",
    ],
)
def test_what_is_no_photo_is_not_kept(content: bytes) -> None:
    with pytest.raises(Unfit):
        stripped("photo", content)


@given(st.sampled_from(["voice", "photo"]), st.data())
def test_whatever_is_sent_is_kept_or_refused(kind: str, data: st.DataObject) -> None:
    whole = bytearray(phonefiles.voice() if kind == "voice" else phonefiles.photo())
    for _change in range(data.draw(st.integers(0, 6))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    with suppress(Unfit):
        stripped(kind, bytes(whole[: data.draw(st.integers(0, len(whole)))]))

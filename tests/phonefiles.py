"""Voice notes and photos, as phones make them: with more in them than sound and sight."""

from __future__ import annotations

import struct
from io import BytesIO

from mutagen.ogg import OggPage
from PIL import Image

SECRET_TAG = b"COMMENT=recorded by Sokha, 012345678"


def page(
    serial: int, number: int, packets: list[bytes], position: int = 0, *, complete: bool = True
) -> bytes:
    made = OggPage()
    made.serial, made.sequence, made.position = serial, number, position
    made.packets = packets
    made.complete = complete
    made.first = number == 0
    return made.write()


def head() -> bytes:
    """One channel, 48 kHz."""
    return b"OpusHead" + struct.pack("<BBHIhB", 1, 1, 312, 48000, 0, 0)


def tags(*said: bytes) -> bytes:
    vendor = b"Phone of Sokha"
    return (
        b"OpusTags"
        + struct.pack("<I", len(vendor))
        + vendor
        + struct.pack("<I", len(said))
        + b"".join(struct.pack("<I", len(one)) + one for one in said)
    )


def sound(pages: int = 3, size: int = 400, serial: int = 7) -> list[bytes]:
    """Pages of sound behind the tags."""
    return [page(serial, 2 + n, [bytes([0xF8, n]) * (size // 2)], 960 * (n + 1)) for n in range(pages)]


def voice(pages: int = 3, size: int = 400) -> bytes:
    """An Ogg file with Opus sound, and tags that say too much."""
    return b"".join([page(7, 0, [head()]), page(7, 1, [tags(SECRET_TAG)]), *sound(pages, size)])


def photo(kind: str = "JPEG", size: tuple[int, int] = (320, 200)) -> bytes:
    """A picture, red on the left, that says where and by whom it was taken."""
    image = Image.new("RGB", size, "blue")
    image.paste((255, 0, 0), (0, 0, size[0] // 2, size[1]))
    out = BytesIO()
    if kind == "JPEG":
        exif = Image.Exif()
        exif[0x010F] = "Phone of Sokha"  # the maker
        exif[0x0112] = 6  # lies on its side
        exif.get_ifd(0x8825)[1] = "N"  # where it was taken
        image.save(out, kind, exif=exif, comment=b"012345678")
    else:
        from PIL.PngImagePlugin import PngInfo

        info = PngInfo()
        info.add_text("Author", "Phone of Sokha")
        image.save(out, kind, pnginfo=info)
    return out.getvalue()

"""Voice notes for tests: real Ogg Opus, of silence, made here since no encoder is at hand.

An Opus packet of one byte is a frame of 20 ms that is lost, and decodes to silence (RFC 6716, 3.2.1: its length may
be 0); the pages are those of RFC 3533 and RFC 7845.
"""

from __future__ import annotations

import struct
from functools import cache

RATE = 48_000  # of granules a second, whatever was recorded
FRAME = 960  # granules in 20 ms
SKIPPED = 312  # granules before the first that is heard
SERIAL = 7
SILENCE = b"\xf8"  # a frame of 20 ms, full band, mono, of no bytes
PAGE = 50  # packets


@cache
def voice_note(seconds: float = 3, *, title: str = "", serial: int = SERIAL, padding: int = 0) -> bytes:
    """Silence of so long. `title`: a tag of the file. `padding`: bytes more in each packet."""
    head = b"OpusHead" + struct.pack("<BBHIhB", 1, 1, SKIPPED, RATE, 0, 0)
    pages = [_page([head], 0, 0, serial, begins=True), _page([_tags(title)], 0, 1, serial)]
    packets = max(1, round(seconds * RATE / FRAME))
    packet = SILENCE + b"\0" * padding
    for number, first in enumerate(range(0, packets, PAGE)):
        here = min(PAGE, packets - first)
        last = first + here == packets
        granule = (first + here) * FRAME + SKIPPED
        pages.append(_page([packet] * here, granule, number + 2, serial, ends=last))
    return b"".join(pages)


def _tags(title: str) -> bytes:
    comments = [f"TITLE={title}".encode()] if title else []
    vendor = b"samleng tests"
    listed = b"".join(struct.pack("<I", len(one)) + one for one in comments)
    return b"OpusTags" + struct.pack("<I", len(vendor)) + vendor + struct.pack("<I", len(comments)) + listed


def _page(
    packets: list[bytes], granule: int, number: int, serial: int, *, begins: bool = False, ends: bool = False
) -> bytes:
    lacing = b"".join(b"\xff" * (len(packet) // 255) + bytes([len(packet) % 255]) for packet in packets)
    flags = 2 * begins + 4 * ends
    head = b"OggS" + struct.pack("<BBqIII", 0, flags, granule, serial, number, 0)
    page = head + bytes([len(lacing)]) + lacing + b"".join(packets)
    return page[:22] + struct.pack("<I", _checksum(page)) + page[26:]


def _checksum(page: bytes) -> int:
    register = 0
    for byte in page:
        register = (register << 8 & 0xFFFFFFFF) ^ _TABLE[register >> 24 ^ byte]
    return register


def _entry(value: int) -> int:
    value <<= 24
    for _bit in range(8):
        value = (value << 1 ^ (0x04C11DB7 if value & 0x80000000 else 0)) & 0xFFFFFFFF
    return value


_TABLE = [_entry(value) for value in range(256)]

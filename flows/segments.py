"""What an SMS costs, and how to cut a long one.

An SMS is sold by segments. In the GSM alphabet one holds 160 characters, or 153 when several are joined;
with any other letter, Khmer among them, all is UCS-2: 70 units, or 67 when joined (3GPP TS 23.038 and
23.040: the header that joins parts takes the difference).
"""

import re
import unicodedata
from dataclasses import dataclass
from typing import Literal

from flows.khmer import clusters, khmer_digits, visible

Encoding = Literal["GSM-7", "UCS-2"]

# The default alphabet of 3GPP TS 23.038, and the characters that need an escape before them.
_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_ESCAPED = frozenset("\f^{}\\[~]|€")
_GSM = _BASIC | _ESCAPED
_OF_TWO = re.compile("[\U00010000-\U0010ffff]")  # characters of two UTF-16 units
_ALONE: dict[Encoding, int] = {"GSM-7": 160, "UCS-2": 70}
_JOINED: dict[Encoding, int] = {"GSM-7": 153, "UCS-2": 67}


@dataclass(frozen=True, slots=True)
class Segments:
    """The price of one message: `units` are septets (GSM-7) or UTF-16 code units (UCS-2)."""

    encoding: Encoding
    units: int
    count: int


def measure(text: str) -> Segments:
    """What `text` costs when sent as one SMS; an empty text counts as one segment.

    A character of two units (an escape pair, a surrogate pair) never straddles two segments, so a
    segment may end one unit early, and `count` may exceed what a division would give.
    """
    encoding = _encoding(text)
    if _ESCAPED.isdisjoint(text) if encoding == "GSM-7" else not _OF_TWO.search(text):
        # Nearly all: each character is one unit.
        units = len(text)
        return Segments(encoding, units, 1 if units <= _ALONE[encoding] else -(-units // _JOINED[encoding]))
    widths = [_width(character, encoding) for character in text]
    units = sum(widths)
    if units <= _ALONE[encoding]:
        return Segments(encoding, units, 1)
    room = _JOINED[encoding]
    count, used = 1, 0
    for width in widths:
        if used + width > room:
            count, used = count + 1, 0
        used += width
    return Segments(encoding, units, count)


_PLAIN = str.maketrans(
    {"–": "-", "—": "-", "…": "...", "‘": "'", "’": "'", "“": '"', "”": '"', "«": '"', "»": '"'}
)


_KHMER = re.compile("[\u1780-\u17ff]")


def affordable(text: str) -> str:
    """`text` respelt in the GSM alphabet where that loses nothing but accents and fine quotes: a Chambâk would
    make it dearer by half. A text with any letter that has no such spelling (Khmer) stays as it is."""
    if _KHMER.search(text) or _encoding(text) == "GSM-7":
        return text
    plain = text.translate(_PLAIN)
    if _encoding(plain) != "GSM-7":
        plain = "".join(
            character
            if character in _GSM
            else "".join(
                part for part in unicodedata.normalize("NFKD", character) if not unicodedata.combining(part)
            )
            for character in plain
        )
    return plain if _encoding(plain) == "GSM-7" else text


def split(text: str, parts_max: int = 1, *, numbered: bool = True, khmer: bool = True) -> list[str]:
    """`text` as messages of at most `parts_max` segments each, in reading order.

    Invisible characters are dropped first. A message ends at the end of a line where one stands in its
    second half, else at a space there, else between two clusters; blanks at a cut are dropped, so
    nothing else is lost. Several messages end with their number, (១/៣) or (1/3) when `khmer` is false,
    which is counted in their size. One message is returned as it is; an empty text gives no message.
    A single cluster larger than a whole message is cut between its characters.

    Raises ValueError when `parts_max` is below 1.
    """
    if parts_max < 1:
        raise ValueError("a message has at least one segment")
    text = visible(text).strip()
    if not text:
        return []
    if measure(text).count <= parts_max:
        return [text]
    if not numbered:
        return _cut(text, parts_max, "")
    # The number takes room, and how much depends on how many messages there will be.
    digits = 1
    while True:
        widest = _label("9" * digits, "9" * digits, khmer)
        parts = _cut(text, parts_max, widest)
        if len(str(len(parts))) <= digits:
            return [part + _label(str(i), str(len(parts)), khmer) for i, part in enumerate(parts, 1)]
        digits += 1


def _label(number: str, total: str, khmer: bool) -> str:
    label = f" ({number}/{total})"
    return khmer_digits(label) if khmer else label


def _cut(text: str, parts_max: int, ending: str) -> list[str]:
    pieces = [piece for cluster in clusters(text) for piece in _fitting(cluster, parts_max, ending)]
    parts: list[str] = []
    start = 0
    while start < len(pieces):
        end = _reach(pieces, start, parts_max, ending)
        if end < len(pieces):
            end = _good_end(pieces, start, end)
        # Blank clusters go; a space that carries a mark is not one of them.
        body = [place for place in range(start, end) if not pieces[place].isspace()]
        if body:
            parts.append("".join(pieces[body[0] : body[-1] + 1]))
        start = end
    return parts


def _fitting(cluster: str, parts_max: int, ending: str) -> list[str]:
    if len(cluster) < 30 or measure(cluster + ending).count <= parts_max:
        return [cluster]
    # Nobody writes such a cluster; it must still not cost more than was asked for.
    return list(cluster)


def _reach(pieces: list[str], start: int, parts_max: int, ending: str) -> int:
    """How far a message that begins at `start` can go: the size of a prefix only grows with it."""
    low = start + 1
    high = min(len(pieces), start + _ALONE["GSM-7"] * parts_max + 1)
    while low < high:
        middle = (low + high + 1) // 2
        if measure("".join(pieces[start:middle]) + ending).count <= parts_max:
            low = middle
        else:
            high = middle - 1
    return low


def _good_end(pieces: list[str], start: int, end: int) -> int:
    """The last line end, else the last space, in the second half of what fits; else `end` itself."""
    half = start + (end - start) // 2
    for blanks in (("\n", "\r\n"), (" ", "\n", "\r\n", "\t")):
        for place in range(end, half, -1):
            if pieces[place] in blanks:
                return place
    return end


def _encoding(text: str) -> Encoding:
    return "GSM-7" if _GSM.issuperset(text) else "UCS-2"


def _width(character: str, encoding: Encoding) -> int:
    if encoding == "GSM-7":
        return 2 if character in _ESCAPED else 1
    return 2 if character > "\uffff" else 1

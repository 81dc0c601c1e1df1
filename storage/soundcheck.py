"""Whether a file is a voice note that people can hear: Ogg with Opus, not too long, not too large; and what else was
written into it is taken out."""

from __future__ import annotations

from io import BytesIO
from math import ceil

from flows.sound import LARGEST, LONGEST, SHORTEST, Sound


def check(content: bytes) -> Sound:
    """The sound of a file, or what is wrong with it."""
    if len(content) > LARGEST:
        return Sound(trouble="large")
    if not content.startswith(b"OggS"):
        return Sound(trouble="format")
    from mutagen.ogg import OggPage  # only those who record load it
    from mutagen.oggopus import OggOpus

    file = BytesIO(content)
    try:
        opus = OggOpus(file)
        length = float(opus.info.length)
        file.seek(0)
        opus.delete(file)  # title, artist, picture: whatever a phone or an editor wrote
        file.seek(0)
        streams, begun = set(), 0
        while file.tell() < len(file.getvalue()):
            page = OggPage(file)
            streams.add(page.serial)
            begun += page.first
    except Exception:  # the library raises many things at what is no sound
        return Sound(trouble="format")
    if len(streams) != 1 or begun != 1:  # a picture or a film beside it, or two sounds in a row
        return Sound(trouble="format")
    if length < SHORTEST:
        return Sound(trouble="short")
    if length > LONGEST:
        return Sound(trouble="long")
    return Sound(file.getvalue(), ceil(length))

"""Packs in memory: a published version never changes, so it is read and its index made once in a process."""

from __future__ import annotations

from collections.abc import Iterable

from flows.packs import Pack
from flows.packsearch import Index
from storage import packs
from storage.database import Connection

MOST_KEPT = 4096  # versions of packs in memory; the whole country has some five thousand facilities


class Shelf:
    """Packs as they were read, and their indexes, by subject and version."""

    def __init__(self) -> None:
        self._packs: dict[tuple[str, int], Pack] = {}
        self._indexes: dict[tuple[str, int], Index] = {}

    def of(self, connection: Connection, subjects: Iterable[str], samples: bool) -> dict[str, Pack]:
        """What is published of these subjects, now."""
        found: dict[str, Pack] = {}
        for subject, version in packs.shown(connection, list(subjects), samples).items():
            pack = self._packs.get((subject, version))
            if pack is None:
                kept = packs.version(connection, subject, version)
                if kept is None:
                    continue
                if len(self._packs) >= MOST_KEPT:
                    self._packs.clear()
                    self._indexes.clear()
                pack = self._packs[subject, version] = kept.pack
            found[subject] = pack
        return found

    def index(self, pack: Pack) -> Index:
        """The names of a published pack's items."""
        made = self._indexes.get((pack.subject, pack.version))
        if made is None:
            made = self._indexes[pack.subject, pack.version] = Index(pack)
        return made

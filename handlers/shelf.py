"""Packs in memory: a published version never changes, so it is read and its index made once in a process."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from flows.packs import Pack
from flows.packsearch import Index
from storage import packs
from storage.database import Connection

#: Items of all packs in memory, with their indexes 3 KB each: four communes that publish as much as they may, or all of
#: three hundred that publish as much as they do. Those that nobody asked for longest go first.
MOST_KEPT = 8000


class Shelf:
    """Packs as they were read, and their indexes, by subject and version."""

    def __init__(self, most: int = MOST_KEPT) -> None:
        self.most = most
        self.kept = 0  # items
        self._packs: dict[tuple[str, int], Pack] = {}  # the one asked for last at the end
        self._indexes: dict[tuple[str, int], Index] = {}

    def of(self, connection: Connection, subjects: Iterable[str], samples: bool) -> dict[str, Pack]:
        """What is published of these subjects, now."""
        found: dict[str, Pack] = {}
        for subject, version in packs.shown(connection, list(subjects), samples).items():
            pack = self._packs.pop((subject, version), None)
            if pack is not None:
                self._packs[subject, version] = pack
            else:
                stored = packs.version(connection, subject, version)
                if stored is None:
                    continue
                pack = stored.pack
                self.put(pack)
            found[subject] = pack
        return found

    def put(self, pack: Pack) -> None:
        """Keep a version of a pack, in place of those that nobody asked for longest."""
        if self.holds(pack.subject, pack.version):
            return
        self.kept += len(pack.items)
        self._packs[pack.subject, pack.version] = pack
        while self.kept > self.most and len(self._packs) > 1:
            gone = next(iter(self._packs))
            self.kept -= len(self._packs.pop(gone).items)
            self._indexes.pop(gone, None)

    def holds(self, subject: str, version: int) -> bool:
        """Whether this version is here."""
        return (subject, version) in self._packs

    def index(self, pack: Pack) -> Index:
        """The names of a published pack's items."""
        made = self._indexes.get((pack.subject, pack.version))
        if made is None:
            made = Index(pack)
            self._keep(pack, made)
        return made

    def prepare(self, pack: Pack) -> Iterator[None]:
        """Have a pack and its index here before anybody asks, step by step."""
        made = yield from Index.in_steps(pack)
        self.put(pack)
        self._keep(pack, made)

    def _keep(self, pack: Pack, made: Index) -> None:
        if self.holds(pack.subject, pack.version):
            self._indexes[pack.subject, pack.version] = made

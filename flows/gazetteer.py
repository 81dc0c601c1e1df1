"""The places of Cambodia by their codes: who is above, who is below, and what became of an old code."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from flows.khmer import collation

Kind = Literal["province", "capital", "district", "town", "khan", "commune", "sangkat", "village"]


@dataclass(frozen=True, slots=True)
class Place:
    """A unit of the administration.

    `code` is the NCDD code, text of 2 (province), 4 (district), 6 (commune) or 8 (village) digits; `kind`
    says which unit word goes with the name; `km` and `latin` are the official names, `latin` empty where
    there is none.
    """

    code: str
    kind: Kind
    km: str
    latin: str


class Gazetteer:
    """Every place, by code.

    `aliases` are (code, name) pairs in any script; `changes` are (old code, new code) pairs, the new code
    empty where a place has no single successor.
    """

    def __init__(
        self,
        places: Iterable[Place],
        aliases: Iterable[tuple[str, str]] = (),
        changes: Iterable[tuple[str, str]] = (),
    ) -> None:
        self.places: tuple[Place, ...] = tuple(places)
        self.aliases: tuple[tuple[str, str], ...] = tuple(aliases)
        self._by_code = {place.code: place for place in self.places}
        self._successor = {old: new for old, new in changes if old}
        self._below: dict[str, list[Place]] = {}
        for place in self.places:
            self._below.setdefault(place.code[:-2], []).append(place)
        self._former: dict[str, tuple[str, ...]] = {}
        for old in self._successor:
            now = self.current(old)
            if now:
                self._former[now] = (*self._former.get(now, ()), old)
        self._sorted: dict[str, tuple[Place, ...]] = {}

    def place(self, code: str) -> Place | None:
        """The place whose code is `code` today, or None."""
        return self._by_code.get(code)

    def below(self, code: str) -> tuple[Place, ...]:
        """What lies directly in the place `code`, in the order of the codes given; of "", the provinces."""
        return tuple(self._below.get(code, ()))

    def children(self, code: str) -> tuple[Place, ...]:
        """What lies directly in the place `code`, in alphabetical order of Khmer; of "", the provinces.

        Empty for a village and for an unknown code.
        """
        found = self._sorted.get(code)
        if found is None:
            below = self._below.get(code)
            if below is None:
                return ()
            # Sorting all places at the start would take longer than anybody waits for one page of them.
            found = tuple(sorted(below, key=lambda place: (collation(place.km), place.code)))
            self._sorted[code] = found
        return found

    def lineage(self, code: str) -> tuple[Place, ...]:
        """The place `code`, then what it lies in, up to its province; empty for an unknown code."""
        if code not in self._by_code:
            return ()
        codes = (code[:size] for size in range(len(code), 0, -2))
        return tuple(self._by_code[one] for one in codes if one in self._by_code)

    def current(self, old_code: str) -> str | None:
        """Today's code of the place that once had `old_code`; None if it never changed or has no successor.

        A code that was given to another place answers for the place that had it before: ask `place` first.
        """
        seen = {old_code}
        code = self._successor.get(old_code, "")
        while code and code not in self._by_code:
            if code in seen:
                return None
            seen.add(code)
            code = self._successor.get(code, "")
        return code or None

    def formerly(self, code: str) -> tuple[str, ...]:
        """The codes that the place `code` had before, and that people may still go by."""
        return self._former.get(code, ())

    def reused(self, code: str) -> bool:
        """Whether `code` meant another place before; who knows the old list may mean that one."""
        return code in self._successor and code in self._by_code

    def commune_of(self, code: str) -> str | None:
        """The code of the commune that the commune or village `code` is or lies in; else None."""
        commune = code[:6]
        return commune if len(commune) == 6 and code in self._by_code and commune in self._by_code else None

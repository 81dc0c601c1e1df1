"""From what a citizen types to the place where she lives: the nearest names, and whether one is sure."""

from dataclasses import dataclass

from flows import placequery
from flows.gazetteer import Gazetteer
from flows.placekeys import COMMUNE, DISTRICT, PROVINCE, VILLAGE, folded
from flows.placesearch import Search
from flows.placetable import Names

# A place is named in the first words or not at all, and reading must take a bounded time.
_LONGEST = 300
# One letter of five may be wrong if the name still sounds the same.
_ACCEPTED = 0.826
# How far ahead of the next it must be; a full name need only be nobody else's.
_AHEAD = 0.06
# Of places equally near, those that can be answers first.
_ORDER = (COMMUNE, VILLAGE, DISTRICT, PROVINCE)


@dataclass(frozen=True, slots=True)
class Candidate:
    """Places that what was typed may mean: several codes where they share the name.

    `name` is the official Khmer name of the first, `score` how near it is, 0 to 1.
    """

    codes: tuple[str, ...]
    name: str
    score: float


@dataclass(frozen=True, slots=True)
class Found:
    """What a query may mean, nearest first.

    `accepted` is the code of a commune or village to be taken after one yes or no, None where that would
    be a guess; with `exact` it needs no question: the code or the full name of that place and of no other.
    """

    query: str
    accepted: str | None
    exact: bool
    candidates: tuple[Candidate, ...]


class Finder:
    """Finds places by code or by name, in Khmer or Latin letters, misspelt or not."""

    def __init__(self, gazetteer: Gazetteer) -> None:
        self._gazetteer = gazetteer
        self._names = Names(gazetteer)
        for level in (PROVINCE, DISTRICT, COMMUNE, VILLAGE):
            self._names.table(level, "")

    def find(self, query: str, limit: int = 5, within: str = "") -> Found:
        """At most `limit` candidates for `query`; with `within`, only places under that code.

        Never fails, and takes a bounded time whatever the query.
        """
        nothing = Found(query, None, False, ())
        text = query[:_LONGEST]
        if placequery.is_foreign(text):
            return nothing
        text = folded(text)
        if placequery.names_other_code(text):
            return nothing
        code = placequery.read_code(text)
        found = self._by_code(query, code, within) if code else None
        if found or placequery.is_number(text):
            return found or nothing
        search = Search(self._names, within)
        search.run(text)
        return self._ranked(query, search, limit)

    def _by_code(self, query: str, code: placequery.Code, within: str) -> Found | None:
        sure = code.sure and not self._gazetteer.reused(code.digits)
        place = self._gazetteer.place(code.digits)
        if place is None:
            place = self._gazetteer.place(self._gazetteer.current(code.digits) or "")
            sure = False
        if place is None or not place.code.startswith(within):
            return None
        accepted = place.code if len(place.code) >= COMMUNE else None
        candidate = Candidate((place.code,), place.km, 1.0 if sure else 0.95)
        return Found(query, accepted, sure and accepted is not None, (candidate,))

    def _ranked(self, query: str, search: Search, limit: int) -> Found:
        taken: set[str] = set()
        candidates: list[Candidate] = []
        exact = False
        order = sorted(
            search.scores.items(),
            key=lambda item: (-item[1], min(_ORDER.index(len(code)) for code in item[0]), min(item[0])),
        )
        for codes, score in order:
            rest = sorted(codes - taken)
            place = self._gazetteer.place(rest[0]) if rest else None
            if place is None:
                continue
            taken |= codes
            if not candidates:
                exact = codes in search.named
            candidates.append(Candidate(tuple(rest), place.km, round(score, 4)))
            if len(candidates) == max(limit, 2):
                break
        # A bare number is an answer to another question more often than the name of a commune.
        accepted = None if query.strip().isdigit() else _accepted(candidates)
        return Found(query, accepted, exact and accepted is not None, tuple(candidates[:limit]))


def _accepted(candidates: list[Candidate]) -> str | None:
    if not candidates or len(candidates[0].codes) > 1 or candidates[0].score < _ACCEPTED:
        return None
    lead = candidates[0].score - (candidates[1].score if len(candidates) > 1 else 0)
    if lead < _AHEAD and (candidates[0].score < 1 or not lead):
        return None
    code = candidates[0].codes[0]
    return code if len(code) >= COMMUNE else None

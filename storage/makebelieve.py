"""Made-up ratings as they might have been given: how many where, what they say, and who gave them. The same for the
same seed. How they are stored: storage.demo."""

from __future__ import annotations

import random
from bisect import bisect
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from flows.counts import ALL
from flows.gazetteer import Place
from flows.library import SERVICES, Facility, Library
from storage import demowords
from storage.vault import Vault, reference

#: What their raters begin with, so that they can be told from others: a real one is a keyed hash, and begins so once
#: in 2^48.
MARK = b"sample"
ROUNDS = 4  # the current one and those before it
#: Of fewer in a round, little may be shown: then fewer facilities have any.
LEAST_RATINGS = 15
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Term:
    """A round as far as it has passed: the days on which ratings were given."""

    round: str
    first: date
    last: date


@dataclass(frozen=True, slots=True)
class Bed:
    """How many ratings a facility is given in each term."""

    facility: Facility
    ratings: Mapping[Term, int]


# -- How many where -----------------------------------------------------------------------------------------


def terms(library: Library, today: date, most: int = ROUNDS) -> list[Term]:
    """The round that yesterday belongs to and those before it, the oldest first: today's ratings are shown
    tomorrow."""
    found: list[Term] = []
    last = today - DAY
    while len(found) < most:
        code = library.round_on(last.isoformat())
        first = max(date.fromisoformat(library.round_begins(code)), last - timedelta(days=365))
        found.append(Term(code, first, last))
        last = first - DAY
    return found[::-1]


def beds(
    library: Library,
    communes: Iterable[str],
    how_many: int,
    today: date,
    seed: int = 1,
    *,
    least: int = LEAST_RATINGS,
    without: frozenset[str] = frozenset(),
) -> list[Bed]:
    """`how_many` ratings over the facilities that serve these communes, some busier than others; in some places
    nobody may have rated yet. A facility is given at least so many in a round, or none. `without`: facilities that
    are left out."""
    chance = random.Random(f"{seed} where")  # noqa: S311 # the same data for the same seed
    over = terms(library, today)
    share = [max(1, (term.last - term.first).days + 1) * (1 + 0.15 * n) for n, term in enumerate(over)]
    weights: dict[tuple[str, Term], float] = {}
    known: dict[str, Facility] = {}
    for commune in sorted(set(communes)):
        busy = chance.lognormvariate(0, 0.5)
        for service in SERVICES:
            for facility in library.facilities(commune, service):
                weight = busy * chance.lognormvariate(0, 0.4)
                if facility.code not in known and facility.code not in without:
                    known[facility.code] = facility
                    weights |= {
                        (facility.code, term): weight * days for term, days in zip(over, share, strict=True)
                    }
    allotted = _allot(how_many, weights, least)
    return [Bed(known[code], {term: allotted.get((code, term), 0) for term in over}) for code in known]


def _allot(
    how_many: int, weights: Mapping[tuple[str, Term], float], least: int
) -> dict[tuple[str, Term], int]:
    """So many by weight, exactly; none to the lightest, which would get fewer than `least`."""
    kept: dict[tuple[str, Term], float] = {}
    total = 0.0
    for key in sorted(weights, key=lambda key: -weights[key]):
        if kept and how_many * weights[key] < least * (total + weights[key]):
            break
        kept[key] = weights[key]
        total += weights[key]
    exact = {key: how_many * weight / total for key, weight in kept.items()}
    given = {key: int(amount) for key, amount in exact.items()}
    rest = how_many - sum(given.values())
    for key in sorted(exact, key=lambda key: int(exact[key]) - exact[key])[:rest]:
        given[key] += 1
    return given


# -- Making them --------------------------------------------------------------------------------------------

_LIKED = (0.0, 0.35, -0.45, -0.2, 0.1)  # by which criterion of a service: some are worse off everywhere
_FELT = {"women": 0.05, "youth": -0.12, "disability": -0.35, "minority": -0.25, "poor": -0.2}
_SKIPPED = (0.03, 0.05, 0.08, 0.04, 0.1)
_COMMENTS = 0.04  # share of raters who say something
_MOST_COMMENTS = 6  # of a facility in a term


class Grower:
    """Makes the ratings of one facility, and counts them. The same for the same seed, whatever else is made."""

    def __init__(self, library: Library, vault: Vault, bed: Bed, seed: int, today: date) -> None:
        self.library = library
        self.vault = vault
        self.bed = bed
        self.today = today
        self.counted: dict[str, Counter[tuple[str, str, int]]] = {}
        self._chance = random.Random(f"{seed} {bed.facility.code}")  # noqa: S311
        self._codes = [criterion.code for criterion in library.criteria(bed.facility.service)]
        self._homes = [
            (commune, [village.code for village in library.gazetteer.below(commune)])
            for commune in bed.facility.communes
        ]

    @property
    def how_many(self) -> int:
        return sum(self.bed.ratings.values())

    def grow(self) -> Iterator[dict[str, Any]]:
        """Rows of `responses`, the oldest term first."""
        chance, facility = self._chance, self.bed.facility
        quality = chance.gauss(3.4, 0.4)
        tilt = chance.gauss(0.08, 0.12)  # a term
        liked = [_LIKED[n % len(_LIKED)] + chance.gauss(0, 0.3) for n in range(len(self._codes))]
        loved = {village: chance.gauss(0, 0.25) for _commune, villages in self._homes for village in villages}
        minority = chance.choice((0.01, 0.03, 0.2))
        for step, (term, how_many) in enumerate(self.bed.ratings.items()):
            counts = self.counted.setdefault(term.round, Counter())
            said = 0
            for _each in range(how_many):
                commune, villages = chance.choice(self._homes)
                # Villages differ in size, and not everybody says where she lives.
                at = int(len(villages) * chance.random() ** 1.6)
                village = villages[at] if villages and chance.random() < 0.65 else None
                groups = self._groups(minority)
                mood = quality + tilt * step + chance.gauss(0, 0.55) + loved.get(village or "", 0)
                mood += sum(_FELT.get(group, 0) for group in groups)
                scores = {
                    code: min(5, max(1, round(mood + liked[n] + chance.gauss(0, 0.75))))
                    for n, code in enumerate(self._codes)
                    if chance.random() >= _SKIPPED[n % len(_SKIPPED)]
                }
                if not scores:
                    scores = {self._codes[0]: min(5, max(1, round(mood)))}
                on = term.first + DAY * chance.randrange((term.last - term.first).days + 1)
                comment = answered = None
                if said < _MOST_COMMENTS and chance.random() < _COMMENTS:
                    said += 1
                    comment = self.vault.seal_json({"text": self._words(scores, commune)})
                    answered = self._answered(on)
                rater = MARK + chance.randbytes(16 - len(MARK))
                for group in (ALL, *groups):
                    for code, score in scores.items():
                        counts[code, group, score] += 1
                yield {
                    "rater": rater,
                    "facility": facility.code,
                    "round": term.round,
                    "reference": reference(rater),
                    "commune": commune,
                    "shared": chance.random() < 0.08,
                    "scores": scores,
                    "groups": groups,
                    "comment": comment,
                    "rated_on": on,
                    "village": village,
                    "answered_on": answered,
                }

    def _groups(self, minority: float) -> list[str]:
        """What groups one says one is in; a third say nothing of themselves."""
        chance = self._chance.random
        if chance() < 0.33:
            return []
        gender = ("women", "men", "other")[bisect((0.56, 0.995), chance())]
        shares = (("disability", 0.06), ("minority", minority), ("poor", 0.18), ("youth", 0.34))
        return sorted([gender, *(group for group, share in shares if chance() < share)])

    def _words(self, scores: Mapping[str, int], commune: str) -> str:
        """What fits the scores that were given."""
        chance, service = self._chance, self.bed.facility.service
        lowest = min(scores, key=lambda code: scores[code])
        said: Sequence[str] = ()
        if scores[lowest] <= 2:
            said = demowords.WISHES.get(lowest, ())
        elif sum(scores.values()) >= 3.8 * len(scores):
            said = demowords.THANKS[service]
        words = chance.choice(said or demowords.OTHERWISE)
        place: Place | None = self.library.place(commune)
        return words.replace("ឃុំ", "សង្កាត់") if place and place.kind == "sangkat" else words

    def _answered(self, on: date) -> date | None:
        """When the council answered, if it has; the newest it has hardly seen."""
        answered = on + DAY * self._chance.randint(3, 30)
        return answered if self._chance.random() < 0.5 and answered < self.today else None

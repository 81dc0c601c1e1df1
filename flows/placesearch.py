"""One search for a place by its name: every reading of a query, and the places each of them may mean."""

from collections.abc import Iterable

from flows import placequery
from flows.placekeys import COMMUNE, DISTRICT, PROVINCE, VILLAGE, plain
from flows.placementions import mentions
from flows.placequery import Part
from flows.placetable import Hit, Names

# A reading as near as this ends the search; with no commune as near as `_FAR`, villages are tried unasked.
_NEAR = 0.9
_FAR = 0.75
# What a place counts that is smaller, or larger, than what was asked for.
_UNASKED = 0.8
_WIDER = 0.85
# A village before a comma, when no unit is named.
_UNNAMED = 0.95
# What a named district counts when the place does not lie in one of that name.
_ELSEWHERE = 0.3
# How near a district must be for the words before it to be taken for a commune in it.
_DISTRICT_FIRST = 0.7
# Units of one name that a place is looked for in; the most frequent name of a commune has eleven.
_SCOPES = 12
_MOST_WORDS = 12
# Village, commune, district, province, country: what has more names is no answer to the question.
_MOST_PARTS = 5

Units = dict[str, float]


class Search:
    """The places that one query may mean, gathered reading by reading.

    `scores` has, for each set of codes that share a name, how near that name is; `named` has the sets
    whose own official name, and those of all units named with it, were typed in full.
    """

    def __init__(self, names: Names, within: str = "") -> None:
        self.scores: dict[frozenset[str], float] = {}
        self.named: set[frozenset[str]] = set()
        self._names = names
        self._within = within

    def run(self, text: str) -> None:
        """Search for the folded query `text`, the plainest reading first."""
        whole = plain(text)
        if not whole or self._exactly(whole, COMMUNE):
            self._homonyms(whole)
            return
        tried: list[list[Part]] = []
        for anywhere, misspelt in ((False, False), (True, False), (True, True)):
            parts = placequery.parts(text, anywhere=anywhere, misspelt=misspelt)
            if parts in tried:
                continue
            tried.append(parts)
            if len(parts) == 1:
                self._one(parts[0], whole)
            else:
                self._several(parts)
            if self.top() >= _NEAR:
                return
        chunks = placequery.chunks(text)
        if 1 < len(chunks) <= _MOST_PARTS:
            self._chain([Part(0, chunk, chunk) for chunk in chunks])
        for codes, score in mentions(text, self._names, self._within):
            self._add(codes, score)

    def top(self) -> float:
        """The highest score so far, 0 when nothing was found."""
        return max(self.scores.values(), default=0.0)

    def _add(self, codes: frozenset[str], score: float) -> None:
        if score > self.scores.get(codes, 0.0):
            self.scores[codes] = score

    def _exactly(self, name: str, level: int) -> bool:
        codes = self._names.table(level, name, self._within).exact(name)
        if not codes:
            return False
        shared = self._sharing(codes, name, level)
        self._add(shared, 1.0)
        if level == COMMUNE and all(self._names.official(code, name) == name for code in shared):
            self.named.add(shared)
        return True

    def _homonyms(self, name: str) -> None:
        """Districts and provinces of the very name that a commune elsewhere has."""
        communes = frozenset().union(*self.scores) if self.scores else frozenset()
        for level in (DISTRICT, PROVINCE):
            others = self._names.table(level, name, self._within).exact(name)
            elsewhere = frozenset(
                code for code in others if not any(one.startswith(code) for one in communes)
            )
            if elsewhere:
                self._add(elsewhere, 1.0)
                self.named.clear()

    def _sharing(self, codes: Iterable[str], name: str, level: int) -> frozenset[str]:
        """`codes` and all others with the same official names: an alias of one may be used of another."""
        table = self._names.table(level, name, self._within)
        return frozenset(codes).union(*(table.exact(self._names.official(code, name)) for code in codes))

    def _near(self, name: str, level: int, factor: float = 1.0, cutoff: float = 0.5) -> None:
        for hit in self._names.table(level, name, self._within).near(name, 10, cutoff):
            self._add(self._sharing(hit.codes, name, level), hit.score * factor)

    def _one(self, part: Part, whole: str) -> None:
        """A single name, with or without its unit word, which may also belong to the name."""
        name = plain(part.text)
        if part.level == VILLAGE:
            self._village(part, name, whole)
        elif part.level in (DISTRICT, PROVINCE):
            self._near(name, part.level)
            self._near(name, COMMUNE, _UNASKED)
        elif name == whole or not self._exactly(name, COMMUNE):
            self._commune(part, name, whole)

    def _village(self, part: Part, name: str, whole: str) -> None:
        if not self._exactly(name, VILLAGE):
            self._near(name, VILLAGE, 1.0, 0.6)
        self._near(name, COMMUNE, _UNASKED)
        self._near(whole, COMMUNE)
        if self.top() < _NEAR:
            self._split(part, VILLAGE)

    def _commune(self, part: Part, name: str, whole: str) -> None:
        self._near(name, COMMUNE)
        if name != whole:
            self._near(whole, COMMUNE)
        if self.top() < _NEAR:
            self._split(part, COMMUNE)
        if part.level == 0 and self.top() < 1:
            for level in (DISTRICT, PROVINCE):
                self._near(name, level, _WIDER, 0.7)
        if self.top() < _FAR:
            self._near(name, VILLAGE, _UNASKED, 0.8)

    def _split(self, part: Part, level: int) -> None:
        """A place and a larger one it lies in, with nothing but a blank between them."""
        words = part.text.split()[:_MOST_WORDS]
        cuts = [(" ".join(words[:place]), " ".join(words[place:])) for place in range(1, len(words))]
        for pairs in (cuts, [(lower, upper) for upper, lower in cuts]):
            for lower, upper in pairs:
                above = self._above(plain(upper), 0, level)
                if max(above.values(), default=0.0) >= _DISTRICT_FIRST:
                    self._under(plain(lower), level, [(plain(upper), above)])
            if self.top() >= _NEAR:
                return

    def _several(self, parts: list[Part]) -> None:
        """Several names: the first or the smallest unit is the place, the others are what it lies in."""
        if len(parts) > _MOST_PARTS:
            return
        named = sorted((part for part in parts if part.level), key=lambda part: -part.level)
        if len(named) < len(parts):
            self._chain(parts)
            if self.top() < _NEAR and not named:
                self._chain(parts[::-1])
        if self.top() < _NEAR and len(named) > 1:
            self._chain(named)

    def _chain(self, parts: list[Part]) -> None:
        first, *rest = parts
        readings = [(first.text, first.level, 1.0)]
        if first.level == VILLAGE and self._names.table(COMMUNE, first.whole).exact(plain(first.whole)):
            readings.append((first.whole, COMMUNE, 1.0))
        elif not first.level:
            readings = [(first.text, COMMUNE, 1.0), (first.text, VILLAGE, _UNNAMED)]
        for text, level, factor in readings:
            above = [(plain(part.text), self._above(plain(part.text), part.level, level)) for part in rest]
            self._under(plain(text), level, above, factor)
            if self.top() >= _NEAR and not first.level:
                return

    def _above(self, name: str, level: int, below: int) -> Units:
        """The codes of the units called something like `name` in which one of `below` digits may lie."""
        found: Units = {}
        for upper in (level,) if level else (COMMUNE, DISTRICT, PROVINCE):
            if upper < below:
                for hit in self._names.table(upper, name).near(name, 8, 0.6):
                    for code in hit.codes:
                        found[code] = max(hit.score, found.get(code, 0.0))
        return found

    def _under(self, name: str, level: int, above: list[tuple[str, Units]], factor: float = 1.0) -> None:
        """Places at `level` called something like `name`, the more so as they lie in the units `above`."""
        if not name:
            return
        own = len(name) + 2
        total = own + sum(len(upper) for upper, _ in above)
        sets: dict[tuple[str, float, bool], set[str]] = {}
        for hit in self._hits(name, level, above):
            for code in hit.codes:
                lies = self._names.above(code)
                fits = [max([units.get(unit, _ELSEWHERE) for unit in lies]) for _, units in above]
                score = own * hit.score + sum(
                    len(upper) * fit for (upper, _), fit in zip(above, fits, strict=True)
                )
                sure = hit.score == 1 and all(fit == 1 for fit in fits)
                sets.setdefault((hit.key, round(score / total, 6), sure), set()).add(code)
        for (key, score, sure), codes in sets.items():
            shared = frozenset(codes)
            self._add(shared, score * factor)
            if sure and all(self._names.official(code, key) == key for code in shared):
                self.named.add(shared)

    def _hits(self, name: str, level: int, above: list[tuple[str, Units]]) -> list[Hit]:
        # A commune may lie elsewhere than its citizens say: districts were divided.
        hits = self._names.table(level, name, self._within).near(name, 20) if level == COMMUNE else []
        for _, units in above:
            for code in sorted(units, key=lambda code: -units[code])[:_SCOPES]:
                if code.startswith(self._within) or self._within.startswith(code):
                    hits += self._names.table(level, name, max(code, self._within, key=len)).near(name, 4)
        return hits

"""Names of places of one kind, found by how near they are to what was typed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from rapidfuzz import process
from rapidfuzz.distance import OSA

from flows.gazetteer import Gazetteer
from flows.placekeys import digits, folded, is_khmer, plain, sound

# Nearness is a mean of how it is written and how it sounds. Writing weighs more: many names sound alike.
_PLAIN, _SOUND = 0.6, 0.4
# Sangkae 1 is not Sangkae 2; a number that is missing is more likely forgotten.
_OTHER_NUMBER, _NO_NUMBER = 0.75, 0.93
# Only the very same key is worth 1.
_NEAREST = 0.99


@dataclass(frozen=True, slots=True)
class Hit:
    """A name near the query: its plain key, the codes it stands for, and how near (0 to 1)."""

    key: str
    codes: frozenset[str]
    score: float


def likeness(one: str, other: str) -> float:
    """How near two plain keys are, 0 to 1, by their letters: edits, a swap of neighbours being one."""
    return OSA.normalized_similarity(one, other)


class Table:
    """The plain keys of some places in one script, each with the codes that share it."""

    def __init__(self, names: Mapping[str, Iterable[str]]) -> None:
        self._codes = {name: frozenset(codes) for name, codes in names.items()}
        self._keys = list(self._codes)
        # One pass over all names is several times as fast as a pass for each.
        self._sounds = sound("|".join(self._keys)).split("|") if self._keys else []

    def exact(self, name: str) -> frozenset[str]:
        """The codes whose plain key is `name`; empty when there are none."""
        return self._codes.get(name, frozenset())

    def near(self, name: str, limit: int, cutoff: float = 0.5) -> list[Hit]:
        """The names nearest to the plain key `name`, best first; `cutoff` bounds either likeness."""
        if not name:
            return []
        sounded = sound(name)
        number = digits(name)
        by_letter = process.extract(
            name, self._keys, scorer=OSA.normalized_similarity, score_cutoff=cutoff, limit=limit
        )
        by_sound = process.extract(
            sounded, self._sounds, scorer=OSA.normalized_similarity, score_cutoff=cutoff, limit=limit
        )
        letters = {place: score for _, score, place in by_letter}
        sounds = {place: score for _, score, place in by_sound}
        hits = []
        for place in letters.keys() | sounds.keys():
            key = self._keys[place]
            written = letters[place] if place in letters else likeness(name, key)
            heard = sounds[place] if place in sounds else likeness(sounded, self._sounds[place])
            score = 1.0 if key == name else min(_NEAREST, _PLAIN * written + _SOUND * heard)
            own = digits(key)
            if own != number:
                score *= _OTHER_NUMBER if own and number else _NO_NUMBER
            hits.append(Hit(key, self._codes[key], score))
        hits.sort(key=lambda hit: (-hit.score, hit.key))
        return hits[:limit]


class Names:
    """Every name of every place, as tables made when first asked for."""

    def __init__(self, gazetteer: Gazetteer) -> None:
        self._gazetteer = gazetteer
        self._official = {place.code: _keys(place.km, place.latin) for place in gazetteer.places}
        self._all = dict(self._official)
        for code, alias in gazetteer.aliases:
            known = self._all.get(code, ())
            self._all[code] = tuple(dict.fromkeys((*known, *_keys(alias))))
        self._tables: dict[tuple[str, int], tuple[Table, Table]] = {}

    def table(self, level: int, name: str, within: str = "") -> Table:
        """The names of the places whose codes have `level` digits, in the script of `name`.

        With `within`, only those under that code; a place lies within itself.
        """
        made = self._tables.get((within, level))
        if made is None:
            scripts: tuple[dict[str, list[str]], dict[str, list[str]]] = ({}, {})
            for code in self._codes(level, within):
                for key in self._all[code]:
                    scripts[is_khmer(key)].setdefault(key, []).append(code)
            made = self._tables[within, level] = Table(scripts[0]), Table(scripts[1])
        return made[is_khmer(name)]

    def official(self, code: str, like: str) -> str:
        """The plain key of the official name of the place `code`, in the script of `like`; "" if none."""
        return next((key for key in self._official[code] if is_khmer(key) == is_khmer(like)), "")

    def _codes(self, level: int, within: str) -> list[str]:
        if not within:
            return [code for code in self._all if len(code) == level]
        if len(within) >= level:
            return [within[:level]] if within[:level] in self._all else []
        codes = [within]
        for _ in range(len(within), level, 2):
            codes = [place.code for code in codes for place in self._gazetteer.below(code)]
        return codes


def _keys(*names: str) -> tuple[str, ...]:
    return tuple(key for key in dict.fromkeys(plain(folded(name)) for name in names) if key)

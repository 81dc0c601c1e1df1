"""Names of places of one kind, found by how near they are to what was typed."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from rapidfuzz import process
from rapidfuzz.distance import OSA

from flows.gazetteer import Gazetteer
from flows.placekeys import digits, folded, plain, sound, sounds

# Nearness is a mean of how it is written and how it sounds. Writing weighs more: many names sound alike.
_PLAIN, _SOUND = 0.75, 0.25
# Sangkae 1 is not Sangkae 2; a number that is missing is more likely forgotten.
_OTHER_NUMBER, _NO_NUMBER = 0.75, 0.93
# Only the very same key is worth 1.
_NEAREST = 0.99


@dataclass(frozen=True, slots=True)
class Hit:
    """A name near the query: its plain key, the codes it stands for, and how near (0 to 1)."""

    key: str
    codes: tuple[str, ...]
    score: float


def likeness(one: str, other: str) -> float:
    """How near two plain keys are, 0 to 1, by their letters: edits, a swap of neighbours being one."""
    return OSA.normalized_similarity(one, other)


class Shelf:
    """Texts in order of length, so that only those that can be near enough are compared."""

    def __init__(self, texts: Iterable[str]) -> None:
        self._texts = sorted(texts, key=len)
        self._lengths = [len(text) for text in self._texts]

    def near(self, text: str, cutoff: float, limit: int) -> dict[str, float]:
        """The `limit` texts nearest to `text`, each with its likeness, which is at least `cutoff`."""
        # Every missing letter is an edit: the likeness is at most the shorter length by the longer.
        low = bisect_left(self._lengths, len(text) * cutoff)
        high = bisect_right(self._lengths, len(text) / cutoff)
        found = process.extract(
            text, self._texts[low:high], scorer=OSA.normalized_similarity, score_cutoff=cutoff, limit=limit
        )
        return {near: score for near, score, _ in found}


class Table:
    """The plain keys of some places in one script, each with the codes that share it."""

    def __init__(self, names: Mapping[str, Iterable[str]], heard: Mapping[str, str]) -> None:
        # Tuples of texts, and no sets: the garbage collector need not visit them, tens of thousands.
        self._codes = {name: tuple(codes) for name, codes in names.items()}
        self._heard: dict[str, tuple[str, ...]] = {}
        for name in self._codes:
            self._heard[heard[name]] = (*self._heard.get(heard[name], ()), name)
        self._letters = Shelf(self._codes)
        self._sounds = Shelf(self._heard)
        self._starts: set[str] = set()

    def exact(self, name: str) -> frozenset[str]:
        """The codes whose plain key is `name`; empty when there are none."""
        return frozenset(self._codes.get(name, ()))

    def alike(self, name: str) -> frozenset[str]:
        """The codes of the names that sound like the plain key `name`, whatever their spelling."""
        return frozenset().union(*(self._codes[same] for same in self._heard.get(sound(name), ())))

    def may_start(self, text: str) -> bool:
        """Whether a name of at least four characters begins with the four of `text`."""
        if not self._starts:
            self._starts.update(name[:4] for name in self._codes)
        return text in self._starts

    def near(self, name: str, limit: int, cutoff: float = 0.5) -> list[Hit]:
        """The names nearest to the plain key `name`, best first; `cutoff` bounds either likeness."""
        if not name:
            return []
        sounded = sound(name)
        number = digits(name)
        letters = self._letters.near(name, cutoff, limit)
        sounds = self._sounds.near(sounded, cutoff, limit)
        heard = {same: score for near, score in sounds.items() for same in self._heard[near]}
        hits = []
        for key in letters.keys() | heard.keys():
            written = letters[key] if key in letters else likeness(name, key)
            spoken = heard[key] if key in heard else likeness(sounded, sound(key))
            score = 1.0 if key == name else min(_NEAREST, _PLAIN * written + _SOUND * spoken)
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
        # Half of the villages share their name with another.
        memory: dict[str, str] = {}
        self._official = {place.code: _keys(memory, (place.latin, place.km)) for place in gazetteer.places}
        self._all = dict(self._official)
        for code, alias in gazetteer.aliases:
            if code in self._official:
                self._all[code] = (*self._all[code], *_keys(memory, (alias,)))
        self._sounds = _sounds({key for keys in self._all.values() for key in keys})
        self._tables: dict[tuple[str, int], tuple[Table, Table]] = {}

    def table(self, level: int, name: str, within: str = "") -> Table:
        """The names of the places whose codes have `level` digits, in the script of the plain key `name`.

        With `within`, only those under that code; a place lies within itself.
        """
        made = self._tables.get((within, level))
        if made is None:
            scripts: tuple[dict[str, dict[str, None]], dict[str, dict[str, None]]] = ({}, {})
            for code in self._codes(level, within):
                for key in self._all[code]:
                    if key:
                        scripts[_script(key)].setdefault(key, {})[code] = None
            made = self._tables[within, level] = (
                Table(scripts[0], self._sounds),
                Table(scripts[1], self._sounds),
            )
        return made[_script(name)]

    def official(self, code: str, like: str) -> str:
        """The plain key of the official name of the place `code`, in the script of the key `like`."""
        return self._official[code][_script(like)]

    def above(self, code: str) -> tuple[str, ...]:
        """The codes of the units in which the place `code` lies, or lay when it had another code."""
        codes = (code, *self._gazetteer.formerly(code))
        return tuple(one[:size] for one in codes for size in range(2, len(one), 2))

    def _codes(self, level: int, within: str) -> list[str]:
        if not within:
            return [code for code in self._all if len(code) == level]
        if len(within) > level or within not in self._all:
            return []
        codes = [within]
        for _ in range(len(within), level, 2):
            codes = [place.code for code in codes for place in self._gazetteer.below(code)]
        return codes


def _script(key: str) -> bool:
    """Whether a plain key is Khmer; it has Khmer letters, and a-z, and digits, and nothing else."""
    return not key.isascii()


def _keys(memory: dict[str, str], names: Iterable[str]) -> tuple[str, ...]:
    """The plain keys of `names`; `memory` has those made before."""
    found = []
    for name in names:
        if name not in memory:
            memory[name] = plain(folded(name))
        found.append(memory[name])
    return tuple(found)


def _sounds(keys: Iterable[str]) -> dict[str, str]:
    """The sound key of each of `keys`."""
    scripts: tuple[list[str], list[str]] = ([], [])
    for key in keys:
        if key:  # a name of marks only has none; among the others it would look like a doubled letter
            scripts[_script(key)].append(key)
    found = {"": ""}
    for same in scripts:
        found.update(zip(same, sounds(same), strict=True) if same else ())
    return found

"""Places named in the middle of a sentence."""

import re
from collections.abc import Iterator

from flows.placekeys import COMMUNE, DISTRICT, PROVINCE, VILLAGE, is_khmer, plain
from flows.placequery import unit_of, units_apart
from flows.placetable import Names, Table

# A commune that is called one, and lies in a unit that is named too; one that has only either; a bare name.
_PLACED = 0.9
_CALLED = 0.87
_BARE = 0.7
# Short names are also words of the language.
_SHORT = 5
_LONGEST_KHMER = 30
_MOST_WORDS = 5
_RUNS = re.compile("[0-9\u1780-\u17d3]+|[0-9a-z]+")
_START = 4


def mentions(text: str, names: Names, within: str = "") -> list[tuple[frozenset[str], float]]:
    """The communes whose names stand in the folded `text`, each set of codes with a score.

    Only full names count, since in a sentence almost any word is near some name; beside its unit word,
    one in Latin letters may also just sound alike. A name counts for more beside its unit word, and
    beside the name of its district or province.
    """
    words = _RUNS.findall(units_apart(text))
    found: dict[frozenset[str], float] = {}
    above = {
        code
        for level in (DISTRICT, PROVINCE)
        for codes, _ in _named(words, names, level, "")
        for code in codes
    }
    # Who names a village means it, not the commune beside it.
    village = any(unit_of(word) == VILLAGE for word in words)
    for codes, called in _named(words, names, COMMUNE, within):
        placed = frozenset(code for code in codes if not above.isdisjoint(names.above(code)))
        score = _BARE if village else _PLACED if called and placed else _CALLED if called or placed else _BARE
        found[placed or codes] = max(score, found.get(placed or codes, 0.0))
    return list(found.items())


def _named(words: list[str], names: Names, level: int, within: str) -> Iterator[tuple[frozenset[str], bool]]:
    """The sets of codes named in `words` at `level`, and whether a word for such a unit stands beside."""
    place = 0
    while place < len(words):
        word = words[place]
        unit = unit_of(words[place - 1]) if place else 0
        size = 1
        if not unit_of(word) and unit in (0, level):
            table = names.table(level, word, within)
            for end in range(min(len(words), place + _MOST_WORDS), place, -1):
                # "Thkov commune", but not ថ្កូវ ឃុំ: in Khmer the unit comes first.
                after = end < len(words) and word.isascii() and unit_of(words[end]) == level
                codes = _read(words[place:end], table, after or unit == level)
                if codes:
                    yield codes, after or unit == level
                    size = end - place
                    break
            else:
                if is_khmer(word):
                    yield from _inside(plain(word), table, unit == level)
        place += size


def _read(words: list[str], table: Table, called: bool) -> frozenset[str]:
    if any(map(unit_of, words)):
        return frozenset()
    name = plain(" ".join(words))
    if len(name) < _SHORT:
        return table.exact(name) if called else frozenset()
    return table.exact(name) or (table.alike(name) if called and name.isascii() else frozenset())


def _inside(text: str, table: Table, called: bool) -> Iterator[tuple[frozenset[str], bool]]:
    """Names inside Khmer `text` that is written without blanks; only the first can be what was `called`."""
    place = 0
    while place < len(text):
        if table.may_start(text[place : place + _START]):
            for end in range(min(len(text), place + _LONGEST_KHMER), place + _SHORT - 1, -1):
                codes = table.exact(text[place:end])
                # A name ends where a letter begins, not in the middle of one.
                if codes and not "\u17b6" <= text[end : end + 1] <= "\u17d3":
                    yield codes, called and place == 0
                    place = end - 1
                    break
        place += 1

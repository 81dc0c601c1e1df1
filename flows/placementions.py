"""Places named in the middle of a sentence."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from flows.placekeys import COMMUNE, DISTRICT, PROVINCE, VILLAGE, is_khmer, plain
from flows.placequery import unit_of, units_apart
from flows.placetable import Names, Table

# A commune that is called one, and lies in a unit that is named too; one that has only either; a bare name.
_PLACED = 0.9
_CALLED = 0.87
_BARE = 0.6
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
    above = [unit for level in (DISTRICT, PROVINCE) for unit in _named(words, names, level, "")]
    # Who names a village means it, not the commune beside it.
    village = any(unit_of(word) == VILLAGE for word in words)
    found: dict[frozenset[str], float] = {}
    for commune in _named(words, names, COMMUNE, within):
        # Many districts have a commune of the same name: a single word does not name both.
        units = {code for unit in above if unit.at != commune.at for code in unit.codes}
        placed = frozenset(code for code in commune.codes if not units.isdisjoint(names.above(code)))
        score = _BARE
        if not village and (commune.called or placed):
            score = _PLACED if commune.called and placed else _CALLED
        codes = placed or commune.codes
        found[codes] = max(score, found.get(codes, 0.0))
    return list(found.items())


class _Mention(NamedTuple):
    codes: frozenset[str]
    # Whether a word for such a unit stands beside it.
    called: bool
    # Which word it begins in, and at which letter.
    at: tuple[int, int]


def _named(words: list[str], names: Names, level: int, within: str) -> Iterator[_Mention]:
    """What is named in `words` at `level`, the longest names first; none within another."""
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
                    yield _Mention(codes, after or unit == level, (place, 0))
                    size = end - place
                    break
            else:
                if is_khmer(word):
                    for codes, letter in _inside(plain(word), table):
                        yield _Mention(codes, unit == level and letter == 0, (place, letter))
        place += size


def _read(words: list[str], table: Table, called: bool) -> frozenset[str]:
    if any(map(unit_of, words)):
        return frozenset()
    name = plain(" ".join(words))
    if len(name) < _SHORT:
        return table.exact(name) if called else frozenset()
    return table.exact(name) or (table.alike(name) if called and name.isascii() else frozenset())


def _inside(text: str, table: Table) -> Iterator[tuple[frozenset[str], int]]:
    """The names inside Khmer `text` that is written without blanks, each with the place of its first letter."""
    place = 0
    while place < len(text):
        if table.may_start(text[place : place + _START]):
            for end in range(min(len(text), place + _LONGEST_KHMER), place + _SHORT - 1, -1):
                codes = table.exact(text[place:end])
                # A name ends where a letter begins, not in the middle of one.
                if codes and not "\u17b6" <= text[end : end + 1] <= "\u17d3":
                    yield codes, place
                    place = end - 1
                    break
        place += 1

"""Asking in words: the items of some packs that a question may mean, by their titles and keywords.

Khmer is written without blanks between words, so a question is looked at for the names in it: what it asks
("how much is …") is set aside, then names count that it contains or is contained in, and names spelt nearly so.
A small index, made once for each pack; Latin letters are compared word by word.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from heapq import nsmallest
from itertools import pairwise

from rapidfuzz import process
from rapidfuzz.distance import OSA

from flows import khmer, oneline
from flows.library import Library
from flows.packs import Item, Pack, Price
from flows.placekeys import folded
from flows.places import hear
from flows.questions import JSON
from flows.services import SERVICE_WORDS

LONGEST = 160  # characters of a question; what is longer tells a story
MOST = 8  # hits in a list
NEAR = 0.78  # likeness of a name or word that is spelt otherwise
ENOUGH, LEAD = 0.6, 0.12  # a hit scores so much, and is so little behind the best
LETTERS = 3  # of a name that counts when it stands within a question
_WITHIN = 0.75  # of a misspelt name's pairs of clusters that stand in the question
_NO_PRICE = 0.9  # what a right or a standard counts, beside a price of the same name


def _keys(said: str) -> list[str]:
    return [folded(word) for word in said.split()]


#: What asks in Khmer and names nothing: wherever it stands, and at either end, where it is short enough to be a
#: part of some other word.
_ANYWHERE = re.compile(
    "|".join(
        sorted(
            _keys(
                "ប៉ុន្មានរៀល ប៉ុន្មាន ប៉ុន្នាន ប៉ុនមាន ប៉ុណ្ណា តម្លៃសេវា តម្លៃ តំលៃ ថ្លៃ អស់លុយ អស់ប្រាក់ បង់លុយ បង់ប្រាក់ ត្រូវបង់ ចង់ដឹង "
                "សូមសួរ សុំសួរ សូមប្រាប់ ខ្ញុំចង់ យ៉ាងម៉េច យ៉ាងណា"
            ),
            key=len,
            reverse=True,
        )
    )
)
_ENDS = "|".join(_keys("តើ ចង់ សុំ យក ធ្វើ គេ ខ្ញុំ អស់ លុយ រៀល ប្រាក់ បង់ ដែរ ទេ ណា អី អ្វី បាន នៅ មាន ពី អំពី"))
_AT_ENDS = re.compile(rf"^(?:\s|{_ENDS})+|(?:\s|{_ENDS})+$")
_ASKING_WORDS = (
    "how much many does do is are it the a an and or for of to in on at by with my i me we you what whats price prices "
    "cost costs fee fees pay paid get need want please tell about info information riel money ponman bonman thlai "
    "tamlai domlai"
)
_ASKING_LATIN = frozenset(_ASKING_WORDS.split())
#: Words that ask what something costs.
_PRICE = re.compile(
    "|".join(
        [
            *_keys("ប៉ុន្មាន ប៉ុន្នាន ប៉ុនមាន ថ្លៃ តម្លៃ តំលៃ អស់លុយ បង់លុយ បង់ប្រាក់"),
            r"\b(?:how (?:much|many)|prices?|costs?|fees?|ponman|bonman|thlai)\b",
        ]
    )
)
_WORD = re.compile(r"[a-z0-9]+")
#: As in `flows.khmer`, where there is nothing else.
_CLUSTER = re.compile("[\u1780-\u17b3](?:\u17d2[\u1780-\u17b3]?|[\u17b4-\u17d1\u17d3])*|.")
_STEP = 20  # items taken into an index at a time: well below a millisecond
_NO_LETTER = re.compile(r"[^0-9a-z\u1780-\u17d3]+")
_SERVICES = {word.replace(" ", ""): service for word, service in SERVICE_WORDS}


@dataclass(frozen=True, slots=True)
class Hit:
    """An item that may be meant, and how surely, 0 to 1."""

    subject: str
    key: str
    score: float


@dataclass(frozen=True, slots=True)
class Question:
    """What was asked: the Khmer names it may be about, without blanks, and its Latin words. `price`: what it costs."""

    names: tuple[str, ...]
    words: tuple[str, ...]
    price: bool


def question(text: str) -> Question:
    """A question without what asks. With it as well: "price list" may be what something is called."""
    key = folded(text[:LONGEST])
    words = tuple(dict.fromkeys(_words(key)))
    price = _PRICE.search(key) is not None
    if key.isascii():
        return Question((), words, price)
    bare = _AT_ENDS.sub("", _ANYWHERE.sub(" ", key))
    names = (_joined(bare), _joined(key)) if _joined(bare) else ()
    return Question(tuple(dict.fromkeys(names)), words, price)


def asks_for_a_price(text: str) -> bool:
    """Whether a line asks what something costs."""
    return len(text) <= LONGEST and _PRICE.search(folded(text)) is not None


def wanted(text: str, library: Library) -> dict[str, JSON]:
    """What follows the word INFO, as answers to begin with: a service, a facility, a place, or a question in words."""
    rest = khmer.visible(text).strip()[:LONGEST]
    if not rest:
        return {}
    service = _SERVICES.get(khmer.key(rest).replace(" ", ""))
    if service:
        return {"service": service}
    line = oneline.read(rest, library)
    if line is not None and line.given.keys() <= {"service", "facility", "commune"}:
        return dict(line.given)
    heard = hear(library, rest)
    if heard.sure:
        return {"commune": heard.communes[0]}
    return {"query": rest}


class Index:
    """The names of one pack's items, ready to be searched. Immutable once it is made."""

    def __init__(self, pack: Pack) -> None:
        for _more in self.making(pack):
            pass

    @classmethod
    def in_steps(cls, pack: Pack) -> Generator[None, None, Index]:
        """The same a few items at a time, for whoever has other things to do in between."""
        index = cls.__new__(cls)
        yield from index.making(pack)
        return index

    def making(self, pack: Pack) -> Iterator[None]:
        """Take in the items of the pack, step by step."""
        self.subject = pack.subject
        self.prices = frozenset(item.key for item in pack.items if isinstance(item, Price))
        self._names: dict[str, list[str]] = {}
        self._called: list[tuple[int, str]] = []  # of each Latin name: how many words, the item
        self._words: dict[str, list[int]] = {}  # the Latin names with a word
        self._listed: list[str] = []  # the others
        self._pairs: dict[str, list[int]] = {}  # those of them with a pair of neighbouring clusters
        self._lengths: list[int] = []  # how many pairs each has
        for start in range(0, len(pack.items), _STEP):
            self._take(pack.items[start : start + _STEP])
            yield

    def _take(self, items: Sequence[Item]) -> None:
        for item_key, said in ((item.key, said) for item in items for said in _called(item)):
            key = folded(said)
            name = _joined(key)
            if not name:
                continue
            if not key.isascii():
                self._name(name, item_key)
                continue
            words = set(_words(key)) or set(_WORD.findall(key))
            for word in words:
                self._words.setdefault(word, []).append(len(self._called))
            self._called.append((len(words), item_key))

    def _name(self, name: str, item_key: str) -> None:
        known = self._names.get(name)
        if known is not None:
            known.append(item_key)
            return
        self._names[name] = [item_key]
        pairs = _pairs(name)
        for pair in pairs:
            self._pairs.setdefault(pair, []).append(len(self._listed))
        self._listed.append(name)
        self._lengths.append(len(pairs))

    def find(self, asked: Question) -> Mapping[str, float]:
        """How surely the question means each item that it may mean."""
        scores: dict[str, float] = {}
        for name, score in self._by_name(asked.names):
            for key in self._names[name]:
                scores[key] = max(score, scores.get(key, 0.0))
        for key, score in self._by_words(asked.words):
            scores[key] = max(score, scores.get(key, 0.0))
        return scores

    def _by_name(self, asked: Sequence[str]) -> list[tuple[str, float]]:
        found: list[tuple[str, float]] = []
        for whole in asked:
            if whole in self._names:
                found.append((whole, 1.0))
            long = len(whole)
            if long >= LETTERS:
                found += [
                    (name, 0.8 + 0.15 * long / len(name)) for name in self._listed if whole in name != whole
                ]
            found += [
                (name, 0.8 + 0.15 * len(name) / long)
                for name in self._listed
                if name in whole != name and len(name) >= LETTERS
            ]
            near = process.extract(
                whole, self._listed, scorer=OSA.normalized_similarity, score_cutoff=NEAR, limit=MOST
            )
            found += [(name, 0.95 * likeness) for name, likeness, _place in near if name != whole]
        if not found:
            found = [near for whole in asked for near in self._misspelt(whole)]
        return found

    def _misspelt(self, whole: str) -> list[tuple[str, float]]:
        """Names nearly all of which stand somewhere in the question, or the other way round."""
        counts: dict[int, int] = {}
        asked = _pairs(whole)
        for pair in asked:
            for number in self._pairs.get(pair, ()):
                counts[number] = counts.get(number, 0) + 1
        found = []
        for number, count in counts.items():
            shorter = min(self._lengths[number], len(asked))
            if shorter >= LETTERS and count / shorter >= _WITHIN:
                found.append((self._listed[number], 0.85 * count / shorter))
        return found

    def _by_words(self, asked: Sequence[str]) -> list[tuple[str, float]]:
        """Items with a name whose Latin words are in the question, or the other way round, in any order; each word may
        be spelt nearly so."""
        counts: dict[int, float] = {}
        for word in asked:
            best: dict[int, float] = {}
            for other, likeness in sorted(self._spelt(word), key=lambda spelt: spelt[1]):
                best |= dict.fromkeys(self._words[other], likeness)
            if counts:
                for number, likeness in best.items():
                    counts[number] = counts.get(number, 0.0) + likeness
            else:
                counts = best
        found = []
        called, least = self._called, NEAR * len(asked)
        for number, total in counts.items():
            length, key = called[number]
            if total < least and total < NEAR * length:
                continue  # as most are
            of_name, of_question = total / length, total / len(asked)
            if of_name > 0.99 and of_question > 0.99:
                found.append((key, 1.0))
            elif of_name >= NEAR:  # the whole name, in a longer question or a little misspelt
                found.append((key, 0.75 * of_name + 0.2 * of_question))
            else:  # all of the question, in a longer name
                found.append((key, 0.75 * of_question + 0.2 * of_name))
        return found

    def _spelt(self, word: str) -> Iterable[tuple[str, float]]:
        if word in self._words:
            return ((word, 1.0),)
        if len(word) <= LETTERS:
            return ()
        near = process.extract(
            word, self._words.keys(), scorer=OSA.normalized_similarity, score_cutoff=NEAR, limit=MOST
        )
        return [(other, likeness) for other, likeness, _place in near]


def find(indexes: Iterable[Index], text: str) -> list[Hit]:
    """The items that a question may mean, the surest first: several only where none is much surer than the others."""
    asked = question(text)
    found = [
        (-score if key in index.prices else -score * _NO_PRICE, index.subject, key)
        for index in indexes
        for key, score in index.find(asked).items()
    ]
    best = -min(found, default=(0.0, "", ""))[0]
    least = max(ENOUGH, best - LEAD)
    surest = nsmallest(MOST, (hit for hit in found if -hit[0] >= least))
    return [Hit(subject, key, -score) for score, subject, key in surest]


def _called(item: Item) -> Iterable[str]:
    """Everything an item is called."""
    yield from (said for _language, said in item.text.by_language)
    if isinstance(item, Price):
        yield from item.keywords


def _words(key: str) -> Iterable[str]:
    return (word for word in _WORD.findall(key) if word not in _ASKING_LATIN)


def _joined(key: str) -> str:
    """A key without blanks and punctuation: what is typed with and without them is one."""
    return _NO_LETTER.sub("", key)


def _pairs(name: str) -> frozenset[str]:
    """The neighbouring pairs of clusters of a name, which has nothing but Khmer and Latin letters and digits."""
    clusters = _CLUSTER.findall(name)
    return frozenset(map("".join, pairwise(clusters)))

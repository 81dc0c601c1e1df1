"""What a place's name compares by: the many ways in which people write one name, folded into one.

A name has a plain key (its letters and digits, without blanks) and a sound key, in which letters are one
that are confused by ear, or by the half-dozen ways of writing Khmer in Latin letters. Both are for
comparing only. Query and official name go through the same functions, so a rule that folds too much can
only make two names alike, never lose one.
"""

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache

from flows.khmer import key

VILLAGE, COMMUNE, DISTRICT, PROVINCE = 8, 6, 4, 2

_NUMBERS = {
    **dict.fromkeys(("មួយ", "muoy", "muay", "mouy", "muy", "moy", "i"), "1"),
    **dict.fromkeys(("ពីរ", "pir", "pi", "ii"), "2"),
    **dict.fromkeys(("បី", "bei", "bey", "iii"), "3"),
    **dict.fromkeys(("បួន", "buon", "boun", "iv"), "4"),
    **dict.fromkeys(("ប្រាំ", "pram", "bram", "v"), "5"),
    **dict.fromkeys(("ប្រាំមួយ", "prammuoy", "prammouy", "prammuay", "brammuoy", "vi"), "6"),
}
_COUNTERS = frozenset(("ti", "lek", "lekh", "no", "number"))

_KHMER_LETTER = re.compile("[\u1780-\u17d3]")
# Marks that are often left out or misplaced, and hardly ever tell two names apart; ឬ is drawn nearly as ឫ.
_SILENT = re.compile("[៉៊់៍៌័៏៎]+")
_SHIFTER_AS_VOWEL = re.compile("ុ(?=[ិីឹឺើ]|ាំ)")
_ACCENTED = re.compile("[\u00a8-\u036f\u1e00-\u1eff]")
_ACCENT = re.compile("[\u0300-\u036f]")
_BLANKS = re.compile(r"[^0-9a-z\u1780-\u17d3]+")
_WORDS = re.compile(r"[0-9a-z]+|[\u1780-\u17d3]+")
_COUNTER_KHMER = re.compile("(?:ទី|លេខ)(?=[0-9])")
_NUMBER_KHMER = re.compile("(?:ទី|លេខ)?(ប្រាំមួយ|មួយ|ពីរ|បី|បួន)$")
_NUMBER_LATIN = re.compile("(?<=[a-z]{3})(?:ti(?=[mpb])|(?=muoy|pir$))(muoy|muay|mouy|pir|pi|bei|buon)$")
_NOT_DIGITS = re.compile("[^0-9]+")


def is_khmer(text: str) -> bool:
    """Whether `text` has a Khmer letter; a key has letters of one script only, or is read as Khmer."""
    return _KHMER_LETTER.search(text) is not None


def folded(text: str) -> str:
    """`text` ready to be searched: look-alikes are one, Latin is lower case without accents.

    Blanks and punctuation stay, so that it can still be cut into words; apostrophes (Ph'av) go.
    """
    text = key(text)
    if not text.isascii():
        text = _SHIFTER_AS_VOWEL.sub("", _SILENT.sub("", text).replace("ឬ", "ឫ"))
        if _ACCENTED.search(text):
            text = _ACCENT.sub("", unicodedata.normalize("NFKD", text))
    return text.replace("'", "")


@lru_cache(maxsize=512)
def plain(text: str) -> str:
    """The plain key of a folded name; "" when it has neither Khmer nor Latin letters nor digits.

    A number word or a Roman number at the end is a digit, and the word for "number" before a digit goes:
    "tuol sangkae ti pir", "tuol sangkae ii" and "tuol sangkae 2" are one name.
    """
    if is_khmer(text):
        name = _BLANKS.sub("", text)
        name = _NUMBER_KHMER.sub(lambda found: _NUMBERS[found[1]], name)
        return _COUNTER_KHMER.sub("", name)
    words = _WORDS.findall(text)
    if not words:
        return ""
    words[-1] = _NUMBERS.get(words[-1], words[-1])
    if len(words) > 1 and words[-1].isdigit() and words[-2] in _COUNTERS:
        del words[-2]
    return _NUMBER_LATIN.sub(lambda found: _NUMBERS[found[1]], "".join(words))


def digits(name: str) -> str:
    """The digits of a key; names that differ in a number are different places."""
    return _NOT_DIGITS.sub("", name)


# In this order. Each is a confusion seen between the romanisations in public use (NCDD, UNGEGN, the road
# signs, the Ministry of Economy and Finance), not between single names.
_SOUNDS_LATIN = tuple(
    (re.compile(pattern), sound)
    for pattern, sound in (
        ("chh?|j", "c"),
        ("x", "ks"),
        ("ck|q|g", "k"),
        ("(?<=[bcdkpt])h", ""),
        ("nk+(?![aeiou])", "nk"),
        ("b", "p"),
        ("d", "t"),
        ("z", "s"),
        ("w", "v"),
        ("(?<=[aeiou])[rvh](?![aeiouy])", ""),
        ("[aeiou]+y?|y(?![aeiou])", "a"),
        (r"(.)\1+", r"\1"),
    )
)
# Consonants of the two series that sound alike, and vowels that differ in length only.
_SOUNDS_KHMER = str.maketrans("គឃជឈឌដទឍឋធពភណឡឹឺីូួេឿ", "កខចឆតតតថថថបផនលិិិុុែើ", "្")
_SILENT_R = re.compile("រ(?![\u17b6-\u17d2])")


@lru_cache(maxsize=512)
def sound(name: str) -> str:
    """The sound key of a plain key."""
    return sounds([name])[0]


def sounds(names: Sequence[str]) -> list[str]:
    """The sound keys of plain keys of one script, in their order."""
    # One pass over all names is several times as fast as a pass for each.
    text = "|".join(names)
    if is_khmer(text):
        return _SILENT_R.sub("", text).translate(_SOUNDS_KHMER).split("|")
    for pattern, letter in _SOUNDS_LATIN:
        text = pattern.sub(letter, text)
    return text.split("|")

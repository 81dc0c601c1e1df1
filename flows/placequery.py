"""What a citizen typed when asked where she lives, taken apart: a code, or names of one or more units."""

import re
from typing import NamedTuple

from rapidfuzz.distance import OSA

from flows.placekeys import COMMUNE, DISTRICT, PROVINCE, VILLAGE, folded, is_khmer

# The word for a unit, and the number of digits in the codes of such units.
_KHMER_UNITS = {
    folded(word): level
    for word, level in {
        "ភូមិ": VILLAGE,
        "ឃុំ": COMMUNE,
        "សង្កាត់": COMMUNE,
        "ស្រុក": DISTRICT,
        "ខណ្ឌ": DISTRICT,
        "ក្រុង": DISTRICT,
        "ខេត្ត": PROVINCE,
        "រាជធានី": PROVINCE,
    }.items()
}
_UNITS = {
    **_KHMER_UNITS,
    **dict.fromkeys(("phum", "phoum", "poum", "pum", "village"), VILLAGE),
    **dict.fromkeys(
        ("khum", "khoum", "khom", "kum", "sangkat", "sangkhat", "sankat", "songkat", "commune"), COMMUNE
    ),
    **dict.fromkeys(
        ("srok", "khan", "krong", "district", "section", "city", "town", "municipality"), DISTRICT
    ),
    **dict.fromkeys(("khaet", "khet", "khett", "province", "reachtheani", "capital"), PROVINCE),
}
_ANY_KHMER_UNIT = "|".join(sorted(_KHMER_UNITS, key=len, reverse=True))
_UNIT_AT_WORD = re.compile(rf"(?:^|(?<=\s))({_ANY_KHMER_UNIT})(?![\u17b6-\u17d2])")
_UNIT_ANYWHERE = re.compile(rf"({_ANY_KHMER_UNIT})(?![\u17b6-\u17d2])")
_CHUNKS = re.compile(r"[,;/|()\[\]\n។៖៕]+|\s[-–—]\s|\b(?:in|of)\b")

_CODE = re.compile(
    r"(?:\s|[#:(]|kh(?=[\s0-9])|code|ncdd|no\.?|number|commune|khum|sangkat|village|phum"
    rf"|លេខ|កូដ|{_ANY_KHMER_UNIT})*"
    r"([0-9]+(?:[ .\-][0-9]+)*)[\s).]*"
)
_LONG_NUMBER = re.compile(r"(?<![0-9.,+\-])(?:[0-9]{6}|[0-9]{8})(?![0-9]|[.,\-][0-9])")
# Words that say the number is not a code of the administration: postal, Ministry of Economy and Finance.
_OTHER_CODES = re.compile(r"post|zip|\bmef\b|finance|" + folded("ប្រៃសណីយ៍") + "|" + folded("ហិរញ្ញវត្ថុ"))

_VIETNAMESE = re.compile("[\u1ea0-\u1ef9đơưăĩũ]", re.IGNORECASE)
_TONES = re.compile("[àáâãòóõìíùúýôê]", re.IGNORECASE)
_OURS = re.compile("[0-9A-Za-z\u00c0-\u024f\u1780-\u17e9]")


class Code(NamedTuple):
    """A number that may be a code: `digits` with the leading zero restored; `sure` when typed in full."""

    digits: str
    sure: bool


class Part(NamedTuple):
    """A name in a query: `level` is the number of digits of its unit's codes, 0 when no unit is named.

    `whole` has the unit word too, which may belong to the name: ភូមិធំ is a commune.
    """

    level: int
    text: str
    whole: str


def is_foreign(text: str) -> bool:
    """Whether `text` is mostly in another language's letters: nothing in it is a name of a place here.

    Vietnamese is Latin with marks of its own; without this its words would resemble Khmer names.
    """
    if text.isascii():
        return False
    if _VIETNAMESE.search(text) or len(_TONES.findall(text)) > 1:
        return True
    letters = [character for character in text if character.isalpha()]
    return 2 * sum(_OURS.match(letter) is None for letter in letters) > len(letters)


def names_other_code(text: str) -> bool:
    """Whether the folded `text` says of a number that it is a postal or a finance-ministry code."""
    return _OTHER_CODES.search(text) is not None and any(character.isdigit() for character in text)


def is_number(text: str) -> bool:
    """Whether the folded `text` is nothing but digits, blanks and punctuation, and more than a name's number."""
    found = [character for character in text if character.isalnum()]
    return len(found) > 2 and all(character.isdigit() for character in found)


def read_code(text: str) -> Code | None:
    """The code that the folded `text` is, with the words that may stand before it; else None.

    A code is 2, 4, 6 or 8 digits, or one fewer where a leading zero is missing. Separators stand between
    pairs of digits: a telephone number is grouped otherwise, and one typed in pairs is not `sure`.
    Whether a place has the code is for the caller to see.
    """
    found = _CODE.fullmatch(text)
    if not found:
        return None
    groups = re.split(r"[ .\-]", found[1])
    number = "".join(groups)
    if len(number) < 2 or len(number) > VILLAGE or any(len(group) % 2 for group in groups[1:]):
        return None
    if len(number) % 2:
        return None if number[0] == "0" else Code("0" + number, False)
    # Mobile numbers without their zero have eight digits, and the first two of some provinces.
    like_phone = len(number) == VILLAGE and number[0] == "1" and found[1] == text
    return Code(number, len(groups) == 1 and not like_phone)


def code_within(text: str) -> str | None:
    """The only number of 6 or 8 digits in the folded `text`, when it stands alone; else None."""
    found = set(_LONG_NUMBER.findall(text))
    return found.pop() if len(found) == 1 else None


def parts(text: str, *, anywhere: bool = False, misspelt: bool = False) -> list[Part]:
    """The names in the folded `text`, in the order typed, with their units.

    Commas and unit words part them: "khum chrey srok thma koul", "chrey commune, thma koul district".
    `anywhere` also looks for Khmer unit words inside a word, as Khmer is often typed without blanks;
    `misspelt` also takes for a unit word what is one edit away from one.
    """
    found: list[Part] = []
    for chunk in _CHUNKS.split(text):
        if is_khmer(chunk):
            chunk = (_UNIT_ANYWHERE if anywhere else _UNIT_AT_WORD).sub(r" \1 ", chunk)
        words = chunk.split()
        if misspelt and len(words) > 1:
            words = [mended for word in words for mended in _mended(word)]
        if words:
            after = words[0] not in _UNITS and words[-1] in _UNITS
            found += _units_after(words) if after else _units_before(words)
    return found


def chunks(text: str) -> list[str]:
    """The folded `text` cut at commas and the like only: unit words may be parts of names."""
    return [chunk.strip() for chunk in _CHUNKS.split(text) if chunk.strip()]


def units_apart(text: str) -> str:
    """The folded `text` with a blank before and after each Khmer unit word."""
    return _UNIT_ANYWHERE.sub(r" \1 ", text)


def unit_of(word: str) -> int:
    """The number of digits in the codes of the units that the folded `word` names; 0 for another word."""
    return _UNITS.get(word, 0)


def _units_after(words: list[str]) -> list[Part]:
    found: list[Part] = []
    name: list[str] = []
    for word in words:
        if word in _UNITS and name:
            found.append(Part(_UNITS[word], " ".join(name), " ".join((*name, word))))
            name = []
        else:
            name.append(word)
    return found


def _units_before(words: list[str]) -> list[Part]:
    found: list[Part] = []
    unit = ""
    name: list[str] = []
    for place, word in enumerate(words):
        # Right after a unit word, or as the last one, another is part of a name: ភូមិ ភូមិធំ, kouk srok.
        if word in _UNITS and (name or not unit) and place < len(words) - 1:
            if name:
                found.append(_after_unit(unit, name))
            unit, name = word, []
        else:
            name.append(word)
    found.append(_after_unit(unit, name))
    return found


def _after_unit(unit: str, name: list[str]) -> Part:
    return Part(unit_of(unit), " ".join(name), " ".join((unit, *name)).lstrip())


def _mended(word: str) -> list[str]:
    """`word` with the unit word it is, or begins with, spelt right: ឃុព្រែក is ឃុំ ព្រែក.

    Short Latin ones are left alone: too many names are one edit away from "khum" or "krong".
    """
    if word in _UNITS:
        return [word]
    if not is_khmer(word):
        near = (unit for unit in _UNITS if len(unit) > 5 and OSA.distance(word, unit, score_cutoff=1) <= 1)
        return [next(near, word)]
    for unit in _KHMER_UNITS:
        for size in (len(unit), len(unit) - 1, len(unit) + 1):
            rest = word[size:]
            if "\u1780" <= rest[:1] <= "\u17b3" and OSA.distance(word[:size], unit, score_cutoff=1) <= 1:
                return [unit, rest]
    return [word]

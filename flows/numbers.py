"""Numbers and scores as people write them, in Khmer, romanised Khmer or English; `dates` has the days.

Nothing here guesses: a text with no reading, or with two, is None.
"""

import re

from flows.khmer import key

_UNITS = {
    "សូន្យ": 0, "មួយ": 1, "ពីរ": 2, "បី": 3, "បួន": 4, "ប្រាំ": 5, "ប្រាំមួយ": 6, "ប្រាំពីរ": 7, "ប្រាំពិល": 7,
    "ប្រាំបី": 8, "ប្រាំបួន": 9,
}  # fmt: skip
_TENS = {
    "ដប់": 10, "ម្ភៃ": 20, "សាមសិប": 30, "សែសិប": 40, "ហាសិប": 50, "ហុកសិប": 60, "ចិតសិប": 70, "ប៉ែតសិប": 80,
    "កៅសិប": 90,
}  # fmt: skip
_POWERS = {"រយ": 100, "ពាន់": 1_000, "ម៉ឺន": 10_000, "សែន": 100_000, "លាន": 1_000_000}
_SPELT = {key(word): value for word, value in {**_UNITS, **_TENS, **_POWERS}.items()}
_SPELT_WORD = re.compile("|".join(sorted(_SPELT, key=len, reverse=True)))
_LATIN = {
    word: value
    for value, words in enumerate(
        (
            "zero sony soun",
            "one muoy muay mouy moy",
            "two pir pi",
            "three bei bey bi",
            "four buon boun",
            "five pram bram",
            "six prammuoy prammouy prammuay",
            "seven prampir prampi prampil",
            "eight prambei prambey prambi",
            "nine prambuon pramboun",
            "ten dop dob",
        )
    )
    for word in words.split()
}
_GROUPED = re.compile(r"[0-9]{1,3}(?:([,. ])[0-9]{3})(?:\1[0-9]{3})*")
_OF = re.compile(r"(.+?)\s*(?:/|out of|លើ|ក្នុងចំណោម)\s*(.+)")


def number(text: str) -> int | None:
    """The whole number that `text` is, in digits of either script or in words; None if it is no such.

    Thousands may be parted by commas, dots or spaces, as in public documents: 120,886,800. A fraction, a
    sign, or a unit beside the number is not understood.
    """
    text = key(text)
    if re.fullmatch("[0-9]{1,15}", text):
        return int(text)
    if len(text) < 24 and _GROUPED.fullmatch(text):
        return int(re.sub("[,. ]", "", text))
    if text in _LATIN:
        return _LATIN[text]
    return _spelt(text.replace(" ", ""))


def score(text: str, top: int = 5) -> int | None:
    """The score from 1 to `top` that `text` gives: 4, ៤, បួន, buon, 4/5; None for anything else.

    "4/10" on a scale to 5 is not understood: its writer thinks of another scale.
    """
    of = _OF.fullmatch(key(text))
    given = number(of[1] if of else text)
    if given is None or not 1 <= given <= top or (of and number(of[2]) != top):
        return None
    return given


def _spelt(text: str) -> int | None:
    """A number in Khmer words, which are written together: ពីររយម្ភៃប្រាំ is 2·100 + 20 + 5."""
    total, units, tens, last = 0, -1, -1, 10_000_000
    place = 0
    while place < len(text):
        found = _SPELT_WORD.match(text, place)
        if not found:
            return None
        value, place = _SPELT[found[0]], found.end()
        if value < 10 and units < 0:
            units = value
        elif 10 <= value < 100 and tens < 0 and units < 0:
            tens = value
        elif value >= 100 and value < last and max(units, tens) > 0:
            total += (max(tens, 0) + max(units, 0)) * value
            units, tens, last = -1, -1, value
        else:
            return None
    if not text or (units == 0 and text != key("សូន្យ")):
        return None
    return total + max(tens, 0) + max(units, 0)

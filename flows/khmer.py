"""Khmer text: one spelling for what looks the same, whole clusters, digits, alphabetical order.

Unicode lets one Khmer word be typed in several ways that nobody can tell apart on a screen. Everything
that compares, cuts or sorts Khmer goes through this module, so that those ways are one.
"""

import re
import unicodedata

# Characters that print nothing. Khmer has two of its own (inherent vowels that no font shows); lone
# surrogates are here because nothing can store or send them.
_INVISIBLE = (
    "\u0000-\u0008\u000e-\u001f\u007f-\u0084\u0086-\u009f\u00ad\u061c\u17b4\u17b5"
    "\u200b\u200c\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff\ud800-\udfff"
)
_EMOJI = "\u2190-\u2bff\ufe0f\U0001f000-\U0001faff"
# The joiner means something between two emoji (a family, a flag) and nothing in Khmer.
_JOINER = f"(?<![{_EMOJI}])\u200d|\u200d(?![{_EMOJI}])"
_UNSEEN = re.compile(f"[{_INVISIBLE}]+|{_JOINER}")

_BASE = "\u1780-\u17b3"
_BELOW = "ុូួ"
_ROBAT = "\u17cc"
_SHIFTERS = "\u17c9\u17ca"
_VOWELS = "\u17b6-\u17c5"
_SIGNS = "\u17c6-\u17c8\u17cb\u17cd-\u17d1\u17d3\u17dd"
_COENG = "\u17d2"

# A vowel drawn to the left of its consonant is sometimes typed first, as it is written by hand.
_SYLLABLE = re.compile(
    f"(?:(?<![\u1780-\u17d3\u17dd])([េែៃ]))?([{_BASE}])((?:{_COENG}[{_BASE}]|[{_VOWELS}{_SIGNS}{_SHIFTERS}{_ROBAT}])*)"
)
# What needs no reordering: most text, and nearly every official name. Nothing is tried twice (++, *+), or
# a long text could take for ever.
_IN_ORDER = re.compile(
    f"(?:[^\u1780-\u17d3\u17dd]++"
    f"|[{_BASE}]{_ROBAT}?(?:{_COENG}[{_BASE}])?(?:{_COENG}រ(?<!{_COENG}រ{_COENG}រ))?[{_SHIFTERS}]?[{_VOWELS}]?[ំ់]?៍?័?[ះៈ]?)*+"
)
_MARK = re.compile(f"{_COENG}[{_BASE}]|.")
_STRAY_COENG = re.compile(f"{_COENG}(?![{_BASE}])|(?<![{_BASE}{_VOWELS}{_SIGNS}{_SHIFTERS}{_ROBAT}]){_COENG}")
_OBSOLETE = str.maketrans({"\u17a3": "អ", "\u17a4": "អា", "ឲ": "ឱ"})
# Whether there is anything to translate is known in a tenth of the time.
_HAS_OBSOLETE = re.compile("[\u17a3\u17a4ឲ]")
_BLANKS = re.compile(r"[^\S\n]+")
_BREAKS = re.compile(r" ?\n[ \n]*")
_SPACES = re.compile(r"\s+")

_TO_ASCII = str.maketrans("០១២៣៤៥៦៧៨៩", "0123456789")
_TO_KHMER = str.maketrans("0123456789", "០១២៣៤៥៦៧៨៩")

# Under a vowel drawn above, both shifters are drawn as the vowel ុ, and are often typed so.
_HIDDEN_SHIFTER = re.compile(f"[{_SHIFTERS}]+ុ?(?=[ិីឹឺើ័]|ាំ)")
_APOSTROPHES = str.maketrans("‘’ʼ`´", "'''''")
_HAS_DIGIT_OR_APOSTROPHE = re.compile("[០-៩‘’ʼ`´]")


def canonical(text: str) -> str:
    """The one spelling of `text` among those that look the same; safe to show and to store.

    Invisible characters go, each syllable is put in the order base, robat, subscripts (RO last), shifter,
    vowel, signs, doubled marks become one, and a vowel typed in two halves becomes the vowel. Runs of
    blanks become one space, runs of line ends one line end. Digits stay as they were typed.
    Idempotent. Never fails.
    """
    text = _UNSEEN.sub("", text)
    if _HAS_OBSOLETE.search(text):
        text = text.translate(_OBSOLETE)
    text = unicodedata.normalize("NFC", text)
    if not _IN_ORDER.fullmatch(text):
        text = _STRAY_COENG.sub("", text)
        # The second NFC settles Khmer signs next to marks of other scripts.
        text = unicodedata.normalize("NFC", _SYLLABLE.sub(_ordered, text))
    return _BREAKS.sub("\n", _BLANKS.sub(" ", text)).strip()


def key(text: str) -> str:
    """What `text` compares by, never shown: equal for any two texts that look alike.

    The canonical form with digits as 0-9, Latin letters in lower case, one kind of apostrophe, one kind
    of space, subscript DA as subscript TA (they are drawn the same, and official data mixes them), and
    a shifter under a high vowel as ុ, which it is drawn as. Idempotent.
    """
    if text.isascii() and text.isprintable():
        return _SPACES.sub(" ", text).strip().casefold().replace("`", "'")
    text = canonical(text.replace("\u200d", ""))
    lower = text.casefold()
    if lower != text:
        text = canonical(lower)
    if _HAS_DIGIT_OR_APOSTROPHE.search(text):
        text = text.translate(_TO_ASCII).translate(_APOSTROPHES)
    text = text.replace("\u17d2ដ", "\u17d2ត")
    return _SPACES.sub(" ", _HIDDEN_SHIFTER.sub("ុ", text))


def visible(text: str) -> str:
    """`text` without zero-width and direction characters, each of which an SMS would pay for."""
    return _UNSEEN.sub("", text)


def ascii_digits(text: str) -> str:
    """`text` with Khmer digits as 0-9; nothing else changes."""
    return text.translate(_TO_ASCII)


def khmer_digits(text: str) -> str:
    """`text` with 0-9 as Khmer digits; nothing else changes."""
    return text.translate(_TO_KHMER)


def _ordered(found: re.Match[str]) -> str:
    early, base, marks = found.groups()
    subscripts: list[str] = []
    vowels = [early] if early else []
    shifters: list[str] = []
    signs: list[str] = []
    robat = ""
    for mark in _MARK.findall(marks):
        if mark[0] == _COENG:
            subscripts.append(mark)
        elif mark == _ROBAT:
            robat = mark
        elif mark in _SHIFTERS:
            shifters.append(mark)
        elif "\u17b6" <= mark <= "\u17c5":
            vowels.append(mark)
        else:
            signs.append(mark)
    return "".join(
        (
            base,
            robat,
            *sorted(dict.fromkeys(subscripts), key=lambda mark: mark[1] == "រ"),
            *sorted(set(shifters)),
            *_joined(vowels),
            *sorted(set(signs), key=lambda mark: (mark in "ះៈ", mark)),
        )
    )


def _joined(vowels: list[str]) -> list[str]:
    """Vowels typed as the halves they are drawn with, as the vowel meant; those below come first."""
    if len(vowels) < 2:
        return vowels
    halves = vowels.count("េ")
    kinds = set(vowels)
    if halves and "ី" in kinds:
        kinds = kinds - {"េ", "ី"} | {"ើ"}
    elif halves and "ា" in kinds:
        kinds = kinds - {"េ", "ា"} | {"ោ"}
    elif halves > 1:
        kinds = kinds - {"េ"} | {"ែ"}
    return sorted(kinds, key=lambda vowel: (vowel not in _BELOW, vowel))


_CLUSTER = re.compile(
    f"[{_BASE}](?:{_COENG}[{_BASE}]?|[\u17b4-\u17d1\u17d3\u17dd\u200c\u200d])*"
    "|\r\n|[\U0001f1e6-\U0001f1ff]{2}|[ -~]|.",
    re.DOTALL,
)
_EMOJI_CHARACTER = re.compile(f"[{_EMOJI}]")


def clusters(text: str) -> list[str]:
    """`text` cut into what a reader sees as single characters; joined, they are `text` again.

    A Khmer cluster keeps its subscripts, vowels and signs, in whatever order they were typed; a letter
    keeps its accents, an emoji its skin colour, joiners and the emoji they join. A zero-width space is
    a cluster of its own: text may be cut there.
    """
    parts: list[str] = []
    for part in _CLUSTER.findall(text):
        if parts and not part.isascii() and not "\u1780" <= part[0] <= "\u17b3" and _clings(parts[-1], part):
            parts[-1] += part
        else:
            parts.append(part)
    return parts


def _clings(before: str, part: str) -> bool:
    first = part[0]
    if before in ("\n", "\r", "\r\n", "\u200b"):
        return False
    if (
        unicodedata.category(first)[0] == "M"
        or first in "\u200c\u200d"
        or "\U0001f3fb" <= first <= "\U0001f3ff"
    ):
        return True
    if "\U000e0020" <= first <= "\U000e007f":
        return True
    return before[-1] == "\u200d" and bool(_EMOJI_CHARACTER.match(first))


# Vowels in the order of the dictionary of Chuon Nath: signs that sound as vowels stand at the end.
_VOWEL_ORDER = (
    "ា",
    "ិ",
    "ី",
    "ឹ",
    "ឺ",
    "ុ",
    "ូ",
    "ួ",
    "ើ",
    "ឿ",
    "ៀ",
    "េ",
    "ែ",
    "ៃ",
    "ោ",
    "ៅ",
    "ុំ",
    "ំ",
    "ាំ",
    "ះ",
    "ិះ",
    "ុះ",
    "េះ",
    "ោះ",
)
_LETTER_ORDER = "កខគឃងចឆជឈញដឋឌឍណតថទធនបផពភមយរឫឬលឭឮវឝឞសហឡអឣឤឥឦឧឨឩឪឫឬឭឮឯឰឱឲឳ"
_LETTERS_FROM, _VOWELS_FROM, _SUBSCRIPTS_FROM = 0x110000, 0x110100, 0x110200
_LETTER_RANK: dict[str, int] = {}
for _letter in _LETTER_ORDER:
    _LETTER_RANK.setdefault(_letter, _LETTERS_FROM + len(_LETTER_RANK))
_VOWEL_RANK = {vowel: _VOWELS_FROM + place for place, vowel in enumerate(_VOWEL_ORDER)}
_UNIT = re.compile(f"[0-9]{{1,18}}|{_COENG}[{_BASE}]|[{_VOWELS}]?[ំះ]|[{_VOWELS}]|.", re.DOTALL)
_SECONDARY = frozenset(_SHIFTERS + _ROBAT + "់៍៎៏័ៈ៑៓")


def collation(text: str) -> tuple[tuple[int, ...], str]:
    """A sort key for the alphabetical order of a Khmer dictionary; numbers sort by value.

    After a consonant come: another consonant, then the vowels, then a subscript (ក កក កា កិ ក្ក). The
    independent vowels ឫ ឬ follow រ, ឭ ឮ follow ល, the others follow អ. Shifters and silent marks only
    decide between otherwise equal words. An approximation: a word's spaces count, and a dictionary's
    grouping of words by their sound does not.
    """
    plain = key(text)
    weights: list[int] = []
    for unit in _UNIT.findall(plain):
        if unit in _SECONDARY:
            continue
        if unit.isdigit() and unit.isascii():
            # A lower weight than any letter, whatever the number.
            weights.extend((ord("0"), int(unit)))
        elif unit[0] == _COENG and len(unit) == 2:
            weights.append(_SUBSCRIPTS_FROM + _LETTER_RANK.get(unit[1], _LETTERS_FROM) - _LETTERS_FROM)
        elif unit in _VOWEL_RANK:
            weights.append(_VOWEL_RANK[unit])
        elif unit[0] in _VOWEL_RANK:
            weights.extend(_VOWEL_RANK.get(mark, ord(mark)) for mark in unit)
        else:
            weights.append(_LETTER_RANK.get(unit, ord(unit[0])))
    return tuple(weights), canonical(text)

"""What could tell who wrote a comment, or whom it is about, is taken out before anybody reads it.

Phone numbers, e-mail addresses, names on Telegram, links and the numbers of identity cards become a word. Prices,
dates, times, years, scores and codes of places stay. Better a number too many is taken out than one too few. What
only a person can tell, such as a name, stays.
"""

from __future__ import annotations

import re
import unicodedata

PHONE = "[លេខទូរស័ព្ទ]"
EMAIL = "[អ៊ីមែល]"
ACCOUNT = "[គណនី]"
LINK = "[តំណភ្ជាប់]"
IDENTITY = "[លេខអត្តសញ្ញាណ]"

#: Where numbers touch, one that is taken out may lay bare the next.
MOST_ROUNDS = 5
#: What people put between the digits of one number, at most three in a row; also what can't be seen, and what makes
#: a digit a picture of itself.
_BETWEEN = r"(?:[ \t\u00a0.()_·•\-\u2010-\u2015\u200b-\u200f\u2060\ufeff\ufe0f\u20e3]{0,3})"
_MONEY = r"(?:រៀល|៛|ដុល្លា|លាន|ពាន់|បាត|riel|khr|usd|dollar|\$|million)"

#: Numbers that say when: days with their year, and hours from and to.
_WHEN = re.compile(
    r"(?<![\d.])(?:\d{1,2}([-./])\d{1,2}\1(?:19|20|25)\d\d|(?:19|20|25)\d\d([-./])\d{1,2}\2\d{1,2}"
    r"|\d{1,2}[.:]\d\d\s*[-\u2010-\u2015]\s*\d{1,2}[.:]\d\d)(?!\d)"
)
#: Amounts: thousands apart, or a run of digits beside the word for money.
_AMOUNT = re.compile(
    rf"(?<![\d.,])(?:[1-9]\d{{0,2}}(?:,\d{{3}}){{2,4}}(?!\d)|[1-9]\d{{0,2}}(?:([. ])\d{{3}})(?:\1\d{{3}}){{0,3}}(?=\s*{_MONEY})"
    rf"|[1-9]\d{{3,14}}(?=\s*{_MONEY})|(?<=[$៛])\s?[1-9]\d{{3,14}}(?!\d))",
    re.IGNORECASE,
)

_ASCII = r"A-Za-z0-9"
_PATTERNS: tuple[tuple[str, re.Pattern[str]], ...] = (
    (
        EMAIL,
        re.compile(
            rf"(?<![{_ASCII}._%+-])[{_ASCII}._%+-]+\s?(?:@|\(at\)|\[at\])\s?[{_ASCII}-]+(?:\.[{_ASCII}-]+)+",
            re.IGNORECASE,
        ),
    ),
    (
        ACCOUNT,
        re.compile(
            r"(?:https?://)?(?:www\.)?(?:t\.me|telegram\.me|telegram\.dog)/[^\s\u1780-\u17ff<>\"']+|tg://[^\s\u1780-\u17ff<>\"']+",
            re.IGNORECASE,
        ),
    ),
    (LINK, re.compile(r"(?:https?://|www\.)[^\s\u1780-\u17ff<>\"']+", re.IGNORECASE)),
    (
        LINK,
        re.compile(
            rf"(?<![{_ASCII}@.-])(?:[{_ASCII}-]+\.)+(?:com|org|net|kh|me|io|info|gov|edu|app|co|page|link|ly|gl|be|tv"
            rf"|asia|biz|xyz|site|online|top|cc|gd|vn|th)(?![{_ASCII}])(?:[/?#][^\s\u1780-\u17ff<>\"']*)?",
            re.IGNORECASE,
        ),
    ),
    (ACCOUNT, re.compile(rf"(?<![{_ASCII}])@\s?[A-Za-z][{_ASCII}_]{{2,31}}")),
    (
        ACCOUNT,
        re.compile(
            rf"(?<=telegram)(?:\s*[:៖=]\s*|\s+)(?=[{_ASCII}_]*[\d_])[A-Za-z][{_ASCII}_]{{3,31}}"
            rf"|(?<=តេឡេក្រាម)(?:\s*[:៖=]\s*|\s*)(?=[{_ASCII}_]*[\d_])[A-Za-z][{_ASCII}_]{{3,31}}",
            re.IGNORECASE,
        ),
    ),
)
_NUMBERS: tuple[tuple[str, re.Pattern[str]], ...] = (
    # An identity card or passport that is called so.
    (
        IDENTITY,
        re.compile(
            rf"(?<=អត្តសញ្ញាណប័ណ្ណ)[^\d\n]{{0,12}}\d(?:{_BETWEEN}\d){{6,15}}"
            rf"|(?<=អត្តសញ្ញាណ)[^\d\n]{{0,12}}\d(?:{_BETWEEN}\d){{6,15}}"
            rf"|(?<![A-Za-z])(?:id|passport)(?: ?card)?[^\dA-Za-z\n]{{1,4}}(?:no\.?\s*)?\d(?:{_BETWEEN}\d){{7,15}}"
            rf"|(?<![{_ASCII}])[Nn]\d{{7,8}}(?!\d)",
            re.IGNORECASE,
        ),
    ),
    # From abroad, or as abroad dials it: +855 12 345 678.
    (PHONE, re.compile(rf"(?<!\d)\+{_BETWEEN}\d(?:{_BETWEEN}\d){{6,14}}(?!\d)")),
    (
        PHONE,
        re.compile(
            rf"(?<!\d)(?:00{_BETWEEN})?8{_BETWEEN}5{_BETWEEN}5{_BETWEEN}0?(?:{_BETWEEN}[1-9])(?:{_BETWEEN}\d){{7,8}}(?!\d)"
        ),
    ),
    # As one dials it here: 0 and eight or nine digits more.
    (
        PHONE,
        re.compile(
            rf"(?<![{_ASCII}])[0oO](?:{_BETWEEN}\d){{9}}(?!\d)|(?<![{_ASCII}])[0oO](?:{_BETWEEN}\d){{8}}(?!\d)"
        ),
    ),
    (PHONE, re.compile(r"(?<!\d)0\d{1,2},\d{3},\d{3,4}(?!\d)")),
    # Without its 0, where a word says that it is one.
    (
        PHONE,
        re.compile(
            rf"(?:ទូរស័ព្ទ|ទូរសព្ទ|តេ|\bទូ|ហៅមក|(?<![A-Za-z])(?:tel|phone|call|whatsapp|zalo)\.?)[^\d\n]{{0,6}}\d(?:{_BETWEEN}\d){{7,10}}(?!\d)",
            re.IGNORECASE,
        ),
    ),
    # The same with marks between that no amount has: 12-345-678, 96 123 4567.
    (PHONE, re.compile(r"(?<![\d.,-])[1-9]\d-\d{3}-\d{3,4}(?!\d)|(?<![\d.,])[1-9]\d \d{3} \d{4}(?!\d)")),
    # So many digits in one run are nobody's price: a card, an account, a number of some other country.
    (IDENTITY, re.compile(r"\d{9,}")),
)
_DIGIT = re.compile(r"\d")
_KEPT = "\ue000"  # stands for a digit that says when or how much


def masked(text: str) -> str:
    """The text with a word in place of each thing that leads to somebody. Doing it twice changes nothing."""
    for word, pattern in _PATTERNS:
        text = pattern.sub(word, text)
    for _round in range(MOST_ROUNDS):
        before, text = text, _without_numbers(text)
        if text == before:
            break
    return text


def _without_numbers(text: str) -> str:
    plain = _AMOUNT.sub(_kept, _WHEN.sub(_kept, _plain(text)))
    for word, pattern in _NUMBERS:
        spans = [_span(found) for found in pattern.finditer(plain)]
        for start, end in reversed(spans):
            text = text[:start] + word + text[end:]
            plain = plain[:start] + word + plain[end:]
    return text


def _plain(text: str) -> str:
    """The same number of characters, with digits of every script as 0 to 9."""
    return "".join(str(unicodedata.decimal(c)) if not c.isascii() and c.isdecimal() else c for c in text)


def _kept(found: re.Match[str]) -> str:
    return _DIGIT.sub(_KEPT, found[0])


def _span(found: re.Match[str]) -> tuple[int, int]:
    """From the first digit, or what stands for it, to the last: what called it a phone stays."""
    said = found[0]
    first = next((place for place, c in enumerate(said) if c.isdigit() or c == "+"), 0)
    return found.start() + (0 if said[:1] in "oONn" else first), found.end()

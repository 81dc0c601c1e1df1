"""The cells of a pack: texts, amounts, figures, days, as clerks write them. What can't be read is refused with what to
write, and never guessed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date

from flows import dates, khmer, numbers
from flows.text import Words, words
from storage import packwords
from storage.columns import compared, shown
from storage.complaints import Says
from storage.entered import Entered, Line
from storage.packlayout import Column, form_of

#: Letters that a text may have: TEXT where it is all there is, else TITLE, but for what is listed.
LENGTHS = {"unit": 30, "documents": 300, "exempt": 300, "source": 200}
TEXT, TITLE = 600, 160
KEYWORDS, KEYWORD = 20, 40
#: Nothing is known of a pack before the programme began, and no commune spends more.
FIRST_YEAR, MOST_RIEL = 2016, 10**13

_FREE = {
    compared(word)
    for word in ("ឥតគិតថ្លៃ", "មិនគិតថ្លៃ", "ឥតបង់ថ្លៃ", "មិនបង់ថ្លៃ", "ឥតអស់ថ្លៃ", "free", "free of charge", "no charge")
}
_RIEL = re.compile(r"(?i)\s*(?:៛|រៀល|riels?|khr)\s*\.?$")
_DAYS = re.compile(rf"(?i)\s*(?:{khmer.key('ថ្ងៃ')}(?:{khmer.key('ធ្វើការ')})?|(?:working )?days?)$")
_FRACTION = re.compile(r"([0-9]{1,12})[.,]([0-9]{1,9})")
_KHMER_LETTER = re.compile("[\u1780-\u17b3]")
_LETTER = re.compile(r"[^\W\d_]")
_BETWEEN_KEYWORDS = re.compile(r"[,;\n|។、]+")


class Cells:
    """Reads one cell after the other. `both`: the pack is to be in Khmer and English."""

    def __init__(self, entered: Entered, today: date) -> None:
        self.entered = entered
        self.today = today
        self.both = False

    def require(self, line: Line, columns: Sequence[Column]) -> None:
        for column in columns:
            if column.required and not line.cells.get(column.name):
                row = line.rows.get(column.name, line.row)
                if not self.entered.spoken_of(line.block, row, column.name):
                    name = self.entered.label(line.block, column.name)
                    self.refuse(line, column.name, packwords.MISSING, name=name)

    def words(self, line: Line, name: str, most: int | None = None) -> Words | None:
        """The text in each language it has; None when it has none in Khmer."""
        most = most or LENGTHS.get(name, TITLE)
        said = {
            language: self._text(line, f"{name}_{language}", most, language)
            for language in ("km", "en")
            if line.cells.get(f"{name}_{language}")
        }
        if self.both and said.get("km") and not said.get("en") and f"{name}_en" in self._columns(line.block):
            self.refuse(line, f"{name}_en", packwords.NO_ENGLISH)
        return words(said) if said.get("km") else None

    def _columns(self, block: str) -> set[str]:
        return {column.name for column in form_of(block).columns}

    def _text(self, line: Line, column: str, most: int, language: str) -> str:
        text = khmer.canonical(line.cells[column])
        if not text:
            self.refuse(line, column, packwords.UNSHOWN)
            return ""
        if text[0] in "=+-@":
            self.refuse(line, column, packwords.LEADING, mark=text[0])
        elif not text.replace("\n", "").replace("\u200d", "").isprintable():
            self.refuse(line, column, packwords.UNSHOWN)
        if len(text) > most:
            self.refuse(line, column, packwords.LONG, length=len(text), most=most)
        if _LETTER.search(text) and (language == "km") != bool(_KHMER_LETTER.search(text)):
            says = packwords.NOT_KHMER if language == "km" else packwords.NOT_ENGLISH
            self.warn(line, column, says, value=shown(text))
        return text

    def choice(self, line: Line, name: str, column: Column) -> str:
        said = line.cells.get(name, "")
        for choice in column.choices:
            if compared(said) in {compared(w) for w in (choice.code, choice.km, *choice.also.split("|"))}:
                return choice.code
        if said:
            names = " / ".join(f"{choice.km} ({choice.code})" for choice in column.choices)
            self.refuse(line, name, packwords.NO_CHOICE, value=shown(said), names=names)
        return ""

    def riel(self, line: Line, name: str, says: Says) -> int | None:
        """An amount; 0 is free. None where there is none, and where it was refused."""
        said = line.cells.get(name, "")
        if not said:
            return None
        if compared(said) in _FREE:
            return 0
        amount = numbers.number(_RIEL.sub("", khmer.canonical(said)))
        if amount is None or amount > MOST_RIEL:
            self.refuse(line, name, says, value=shown(said))
        elif 0 < amount < 100:
            self.warn(line, name, packwords.SMALL_AMOUNT, value=amount)
        return amount

    def days(self, line: Line) -> int | None:
        said = line.cells.get("days", "")
        days = numbers.number(_DAYS.sub("", khmer.key(said)))
        if said and (days is None or days > 365):
            self.refuse(line, "days", packwords.NO_DAYS, value=shown(said))
        return days

    def decimal(self, line: Line, name: str) -> float | None:
        """A number that may have a fraction: 95, 7.5, 7,5, 95%; 1,500 is fifteen hundred."""
        said = line.cells.get(name, "")
        text = khmer.key(said).rstrip("%").strip()
        whole = numbers.number(text)
        if whole is not None:
            return float(whole)
        fraction = _FRACTION.fullmatch(text)
        if fraction:
            return float(f"{fraction[1]}.{fraction[2]}")
        if said:
            self.refuse(line, name, packwords.NO_NUMBER, value=shown(said))
        return None

    def year(self, line: Line) -> int:
        said = line.cells.get("year", "")
        year = numbers.number(said) or 0
        if said and not FIRST_YEAR <= year <= self.today.year + 1:
            if FIRST_YEAR + 543 <= year <= self.today.year + 545:
                self.refuse(
                    line, "year", packwords.BUDDHIST_YEAR, value=year, low=year - 544, high=year - 543
                )
            else:
                self.refuse(line, "year", packwords.NO_YEAR, value=shown(said), example=self.today.year)
        return year

    def date(self, line: Line, name: str) -> str:
        said = line.cells.get(name, "")
        if not said:
            return ""
        day = dates.day(said, self.today)
        if isinstance(day, dates.Unclear):
            missing = day.reason == "no such day"
            example = self.today.replace(month=1, day=31).isoformat()
            says = packwords.NO_SUCH_DAY if missing else packwords.NO_DATE
            self.refuse(line, name, says, value=shown(said), example=example)
            return ""
        if day > self.today:
            self.refuse(line, name, packwords.LATER_DATE, value=day.isoformat())
        elif day.year < FIRST_YEAR:
            self.refuse(line, name, packwords.NO_DATE, value=shown(said), example=self.today.isoformat())
        elif (day.year + 1, day.month, day.day) < (self.today.year, self.today.month, self.today.day):
            self.warn(line, name, packwords.OLD_DATE, value=day.isoformat())
        return day.isoformat()

    def keywords(self, line: Line) -> tuple[str, ...]:
        said = khmer.canonical(line.cells.get("keywords", ""))
        keywords = tuple(dict.fromkeys(filter(None, (w.strip() for w in _BETWEEN_KEYWORDS.split(said)))))
        if len(keywords) > KEYWORDS or any(len(word) > KEYWORD for word in keywords):
            self.refuse(line, "keywords", packwords.KEYWORDS, most=KEYWORDS, length=KEYWORD)
        elif said and said[0] in "=+-@":
            self.refuse(line, "keywords", packwords.LEADING, mark=said[0])
        return keywords

    def refuse(self, line: Line, column: str, says: Says, **values: object) -> None:
        self.entered.refuse(line.block, line.rows.get(column, line.row), column, says, **values)

    def warn(self, line: Line, column: str, says: Says, **values: object) -> None:
        self.entered.warn(line.block, line.rows.get(column, line.row), column, says, **values)

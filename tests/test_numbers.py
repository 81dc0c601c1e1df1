"""Numbers, days and times as people write them; what is not plain is not guessed."""

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.dates import Clock, Reason, Unclear, When, clock, day, when
from flows.khmer import khmer_digits
from flows.numbers import number, score

SUNDAY = date(2026, 11, 22)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("4", 4),
        ("៤", 4),
        (" ៤ ", 4),
        ("0", 0),
        ("សូន្យ", 0),
        ("បួន", 4),
        ("buon", 4),
        ("Pir", 2),
        ("bi", 3),
        ("four", 4),
        ("ប្រាំបី", 8),
        ("ដប់ពីរ", 12),
        ("ម្ភៃ", 20),
        ("សាមសិប ប្រាំ", 35),
        ("មួយរយ", 100),
        ("ពីររយម្ភៃប្រាំ", 225),
        ("មួយពាន់ប្រាំរយ", 1500),
        ("មួយលានពីរសែន", 1_200_000),
        ("1,200", 1200),
        ("១២០.៨៨៦.៨០០", 120_886_800),
        ("120 886 800", 120_886_800),
    ],
)
def test_number(text: str, value: int) -> None:
    assert number(text) == value


@pytest.mark.parametrize(
    "text",
    ["", " ", "ល្អ", "1.5", "1,2", "12 34", "1,200.300", "-3", "+3", "4/5", "3 or 4", "៤ដង", "ពីរបី", "រយ", "ពីរសូន្យ", "ប្រាំដប់", "មួយរយមួយពាន់", "9" * 40, "½", "४", "²", "inf", "1e3", "ก", "x" * 9999],
)  # fmt: skip
def test_not_a_number(text: str) -> None:
    assert number(text) is None


@settings(deadline=None)
@given(st.integers(0, 10**15 - 1))
def test_every_number_is_read_as_it_is_printed(value: int) -> None:
    for text in (str(value), f"{value:,}", f"{value:,}".replace(",", "."), f"{value:,}".replace(",", " ")):
        assert number(text) == value
        assert number(khmer_digits(text)) == value


@pytest.mark.parametrize(
    ("text", "given"),
    [
        ("4", 4),
        ("៤", 4),
        ("4/5", 4),
        ("៤ / ៥", 4),
        ("4 out of 5", 4),
        ("៤ លើ ៥", 4),
        ("បួន", 4),
        ("pram", 5),
        ("1", 1),
    ],
)
def test_score(text: str, given: int) -> None:
    assert score(text) == given


@pytest.mark.parametrize(
    "text", ["0", "6", "4/10", "4/", "/5", "4.5", "45", "-1", "4 5", "5/4", "ល្អ", "មិនល្អ", "៤+", "4/5/5", ""]
)
def test_not_a_score(text: str) -> None:
    assert score(text) is None


def test_a_score_of_another_scale() -> None:
    assert score("8/10", top=10) == 8
    assert score("4/5", top=10) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ថ្ងៃនេះ", SUNDAY),
        ("today", SUNDAY),
        ("ថ្ងៃស្អែក", date(2026, 11, 23)),
        ("ស្អែក", date(2026, 11, 23)),
        ("Tomorrow", date(2026, 11, 23)),
        ("ខានស្អែក", date(2026, 11, 24)),
        ("៣ ថ្ងៃទៀត", date(2026, 11, 25)),
        ("in 3 days", date(2026, 11, 25)),
        ("ថ្ងៃច័ន្ទ", date(2026, 11, 23)),
        ("ចន្ទ", date(2026, 11, 23)),
        ("saturday", date(2026, 11, 28)),
        ("next monday", date(2026, 11, 23)),
        ("ថ្ងៃពុធក្រោយ", date(2026, 11, 25)),
        ("this sunday", SUNDAY),
        ("២៥ ធ្នូ", date(2026, 12, 25)),
        ("25/12", date(2026, 12, 25)),
        ("២៥/១២", date(2026, 12, 25)),
        ("25.12.2026", date(2026, 12, 25)),
        ("25-12-26", date(2026, 12, 25)),
        ("2026-12-25", date(2026, 12, 25)),
        ("22/11", SUNDAY),
        ("ថ្ងៃទី ២៥ ខែ ធ្នូ ឆ្នាំ ២០២៦", date(2026, 12, 25)),
        ("ថ្ងៃអង្គារ ទី២៤ ខែវិច្ឆិកា ឆ្នាំ២០២៦", date(2026, 11, 24)),
        ("ទី៥ ខែ១", date(2027, 1, 5)),
        ("Tuesday 24 November", date(2026, 11, 24)),
        ("Dec 5th", date(2026, 12, 5)),
        ("the 5th of january", date(2027, 1, 5)),
        ("5 មករា", date(2027, 1, 5)),
        ("29/2/2028", date(2028, 2, 29)),
        ("1/3/2026", date(2026, 3, 1)),
    ],
)
def test_day(text: str, expected: date) -> None:
    assert day(text, SUNDAY) == expected


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("31 February", "no such day"),
        ("៣១ កុម្ភៈ", "no such day"),
        ("31/4", "no such day"),
        ("29/2", "no such day"),
        ("0/5", "no such day"),
        ("10/25", "no such day"),  # day before month, as everywhere in Cambodia
        ("1/13/2026", "no such day"),
        ("25 តុលា", "past"),
        ("21/11", "past"),
        ("this friday", "past"),
        ("អាទិត្យ", "two readings"),  # today's weekday, and also the word for a week
        ("ថ្ងៃពុធ ទី២៤ ខែវិច្ឆិកា", "other weekday"),
        ("25", "not understood"),
        ("ធ្នូ", "not understood"),
        ("25/12/2570", "not understood"),  # the Buddhist era
        ("25//12", "not understood"),
        ("25/12 or 26/12", "not understood"),
        ("soon", "not understood"),
        ("", "not understood"),
        ("១០ កើត ខែមិគសិរ", "not understood"),  # the lunar calendar
        ("9" * 9999, "not understood"),
    ],
)
def test_day_not_taken(text: str, reason: Reason) -> None:
    assert day(text, SUNDAY) == Unclear(reason)


def test_next_weekday_of_a_week_that_goes_on() -> None:
    monday = date(2026, 11, 23)
    assert day("next friday", monday) == Unclear("two readings")
    assert day("friday", monday) == date(2026, 11, 27)
    assert day("this friday", monday) == date(2026, 11, 27)
    assert day("monday", monday) == Unclear("two readings")
    assert day("next monday", monday) == Unclear("two readings")


@settings(deadline=None)
@given(st.dates(date(2020, 1, 1), date(2100, 1, 1)), st.integers(0, 180))
def test_a_day_is_read_as_it_is_printed(today: date, away: int) -> None:
    meant = today + timedelta(days=away)
    assert day(f"{meant.day}/{meant.month}/{meant.year}", today) == meant
    assert day(meant.isoformat(), today) == meant
    assert day(khmer_digits(f"{meant.day}/{meant.month}"), today) == meant
    assert day(f"{meant:%A} {meant.day} {meant:%B}", today) == meant


@settings(deadline=None)
@given(st.text(max_size=20), st.dates(date(2000, 1, 1), date(2100, 1, 1)))
def test_any_text_has_an_answer(text: str, today: date) -> None:
    day(text, today)
    clock(text)
    when(text, today)
    number(text)


@pytest.mark.parametrize(
    ("text", "hour", "minute"),
    [
        ("ម៉ោង ៨ ព្រឹក", 8, 0),
        ("ម៉ោង៨ព្រឹក", 8, 0),
        ("៨ព្រឹក", 8, 0),
        ("ម៉ោង ៨ ពេលព្រឹក", 8, 0),
        ("ម៉ោង ៨ កន្លះ ព្រឹក", 8, 30),
        ("ម៉ោង ៨ និង ៣០ នាទី ព្រឹក", 8, 30),
        ("ម៉ោង ២ រសៀល", 14, 0),
        ("ម៉ោង ៥ ល្ងាច", 17, 0),
        ("ម៉ោង ៧ យប់", 19, 0),
        ("ម៉ោង ២ យប់", 2, 0),
        ("ម៉ោង ១២ ថ្ងៃត្រង់", 12, 0),
        ("ម៉ោង ១២ រសៀល", 12, 0),
        ("8:30am", 8, 30),
        ("8.30 a.m.", 8, 30),
        ("8 PM", 20, 0),
        ("12:15 pm", 12, 15),
        ("at 8 in the morning", 8, 0),
        ("noon", 12, 0),
        ("14:00", 14, 0),
        ("14h30", 14, 30),
        ("08:30", 8, 30),
        ("00:15", 0, 15),
        ("14:00 រសៀល", 14, 0),
        ("ម៉ោង ១៤", 14, 0),
    ],
)
def test_clock(text: str, hour: int, minute: int) -> None:
    assert clock(text) == Clock(hour, minute)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("ម៉ោង ៨", "two readings"),
        ("8:30", "two readings"),
        ("8h", "two readings"),
        ("12 am", "two readings"),
        ("ម៉ោង ១២ យប់", "two readings"),
        ("25:00", "no such time"),
        ("08:61", "no such time"),
        ("20:00 ព្រឹក", "no such time"),
        ("ម៉ោង ៩ រសៀល", "no such time"),
        ("8", "not understood"),
        ("8:3", "not understood"),
        ("-8am", "not understood"),
        ("ព្រឹក", "not understood"),
        ("", "not understood"),
    ],
)
def test_clock_not_taken(text: str, reason: Reason) -> None:
    assert clock(text) == Unclear(reason)


@settings(deadline=None)
@given(st.integers(0, 23), st.integers(0, 59))
def test_a_time_is_read_as_it_is_printed(hour: int, minute: int) -> None:
    assert clock(f"{hour:02}:{minute:02}") == Clock(hour, minute)
    assert clock(khmer_digits(f"{hour:02}:{minute:02}")) == Clock(hour, minute)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("២៥ ធ្នូ ម៉ោង ៨ ព្រឹក", When(date(2026, 12, 25), Clock(8, 0))),
        ("ថ្ងៃស្អែក ម៉ោង ៨ ព្រឹក", When(date(2026, 11, 23), Clock(8, 0))),
        ("ម៉ោង ៨ ព្រឹក ថ្ងៃពុធ", When(date(2026, 11, 25), Clock(8, 0))),
        ("25/12/2026, 14:00", When(date(2026, 12, 25), Clock(14, 0))),
        ("tomorrow 8:30am", When(date(2026, 11, 23), Clock(8, 30))),
        ("8am tomorrow", When(date(2026, 11, 23), Clock(8, 0))),
        ("tomorrow 8:30", Unclear("two readings")),
        ("31/2 8am", Unclear("no such day")),
        ("21/11 8am", Unclear("past")),
        ("tomorrow", Unclear("not understood")),
        ("8am", Unclear("not understood")),
        ("tomorrow 8am or 9am", Unclear("not understood")),
        ("១" * 10_000, Unclear("not understood")),
    ],
)
def test_when(text: str, expected: When | Unclear) -> None:
    assert when(text, SUNDAY) == expected

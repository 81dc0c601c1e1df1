"""What leads to somebody is taken out of a comment, however it is written; prices, dates and codes of places stay."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows import khmer
from flows.masking import ACCOUNT, EMAIL, IDENTITY, LINK, PHONE, masked

PREFIXES = (
    "010",
    "012",
    "015",
    "016",
    "017",
    "031",
    "060",
    "067",
    "071",
    "077",
    "085",
    "088",
    "092",
    "096",
    "023",
)

#: What is written, and what is read.
TAKEN_OUT = [
    ("ហៅ 012 345 678 ភ្លាម", f"ហៅ {PHONE} ភ្លាម"),
    ("លេខខ្ញុំ ០៩៦ ១២៣ ៤៥៦៧", f"លេខខ្ញុំ {PHONE}"),
    ("លេខ០១២៣៤៥៦៧៨ខ្ញុំ", f"លេខ{PHONE}ខ្ញុំ"),
    ("+855 12 345 678", PHONE),
    ("+855(0)12-345-678", PHONE),
    ("85512345678", PHONE),
    ("00855 96 1234567", PHONE),
    ("+66 81 234 5678", PHONE),
    ("012-34-56-78 ឬ 098.765.432", f"{PHONE} ឬ {PHONE}"),
    ("012345678/098765432", f"{PHONE}/{PHONE}"),
    ("012345678 098765432", f"{PHONE} {PHONE}"),
    ("0 12 34 56 78", PHONE),
    ("០១២\u200b៣៤៥\u200b៦៧៨", PHONE),
    ("０１２３４５６７８", PHONE),
    ("O12 345 678", PHONE),
    ("tel 12 345 678", f"tel {PHONE}"),
    ("ទូរស័ព្ទ៖ ១២ ៣៤៥ ៦៧៨", f"ទូរស័ព្ទ៖ {PHONE}"),
    ("96-123-4567", PHONE),
    ("sokha.chan@gmail.com", EMAIL),
    ("អ៊ីមែលខ្ញុំsokha@mail.com.khសូមឆ្លើយ", f"អ៊ីមែលខ្ញុំ{EMAIL}សូមឆ្លើយ"),
    ("sokha (at) gmail.com", EMAIL),
    ("ខ្ញុំ @sokha_99 សូមអរគុណ", f"ខ្ញុំ {ACCOUNT} សូមអរគុណ"),
    ("https://t.me/sokha99", ACCOUNT),
    ("t.me/+AbCdEf1234", ACCOUNT),
    ("telegram sokha_99", f"telegram{ACCOUNT}"),
    ("មើល https://facebook.com/sokha.chan.9 ផង", f"មើល {LINK} ផង"),
    ("fb.com/sokhaខ្ញុំ", f"{LINK}ខ្ញុំ"),
    ("www.example.org", LINK),
    ("អត្តសញ្ញាណប័ណ្ណ 010 123 456", f"អត្តសញ្ញាណប័ណ្ណ {IDENTITY}"),
    ("អត្តសញ្ញាណប័ណ្ណលេខ៖ ១៥០១២៣៤៥៦", f"អត្តសញ្ញាណប័ណ្ណលេខ៖ {IDENTITY}"),
    ("ID card: 150123456", f"ID card: {IDENTITY}"),
    ("passport N01234567", f"passport {IDENTITY}"),
    ("គណនី 001234567890123", f"គណនី {IDENTITY}"),
]
STAYS = [
    "តម្លៃ 5000 រៀល",
    "បង់ ៥,០០០រៀល ហើយសុំថែម ១០ ០០០ រៀល",
    "ថវិកា ១២០,៨៨៦,៨០០ រៀល",
    "ថវិកា 120 886 800 រៀល",
    "ថវិកា 150000000 រៀល",
    "$25 ឬ 100000៛",
    "ថ្ងៃទី 01/02/2026 ម៉ោង 08:00",
    "ពី 01-02-2026 ដល់ 28-02-2026",
    "2026-02-01 8 ព្រឹក",
    "ម៉ោង 08.00-11.00 និង 14.00-17.00",
    "ឆ្នាំ ២០២៥ ២០២៦ ២០២៧",
    "ឃុំ 080303 ភូមិ 08030301",
    "ភូមិ 08030301 08030302",
    "HC 080303 43554",
    "hc080303",
    "ពិន្ទុ 4/5 ហើយ 3.5",
    "រង់ចាំ 2 ម៉ោង 30 នាទី មនុស្ស 120 នាក់",
    "គ្រូអវត្តមាន១០ដង!",
    "ថ្នាក់ទី1-6 សិស្ស 35-40 នាក់",
    "ល្អណាស់ 👍👍 5/5",
    "no medicine, please come at 7:30",
    "<script>alert(1)</script> '; DROP TABLE responses; --",
]


@pytest.mark.parametrize(("written", "read"), TAKEN_OUT)
def test_is_taken_out(written: str, read: str) -> None:
    assert masked(written) == read


@pytest.mark.parametrize("written", STAYS)
def test_stays(written: str) -> None:
    assert masked(written) == written


GAPS = st.sampled_from(["", " ", "-", ".", "  ", " - ", "\u200b", "\u00a0", ") ", "·"])


@st.composite
def phones(draw: st.DrawFn) -> str:
    """A number of Cambodia as somebody may write it."""
    local = draw(st.sampled_from(PREFIXES)) + draw(st.from_regex(r"\A[0-9]{6,7}\Z"))
    number = draw(st.sampled_from([local, "+855" + local[1:], "00855" + local[1:], "855" + local[1:]]))
    plus, digits = ("+", number[1:]) if number.startswith("+") else ("", number)
    cuts = sorted(draw(st.sets(st.integers(2, len(digits) - 2), max_size=3)))
    groups = [digits[a:b] for a, b in zip([0, *cuts], [*cuts, len(digits)], strict=True)]
    gap = draw(GAPS)
    return plus + draw(st.sampled_from([str, khmer.khmer_digits]))(gap.join(groups))


AROUND = st.sampled_from(["", "ហៅ ", "លេខ", "call me ", "(", "៖", "\n", "ទឹកខ្វះ។ ", "!"])


@given(AROUND, phones(), st.sampled_from(["", " សូមអរគុណ", "។", ")", "\n", " ok", "!!"]))
def test_no_number_of_a_phone_gets_through(before: str, number: str, after: str) -> None:
    read = masked(before + number + after)
    assert PHONE in read
    assert not any(c.isdigit() for c in read)
    assert read.startswith(before.rstrip("("))
    assert read.endswith(after)


WORDS = st.text(alphabet="កខគឃងចឆជ្ាិីុូ។៖ abcdefgh\n", max_size=30)


@given(WORDS, st.integers(1, 999_999), st.sampled_from(["រៀល", " រៀល", "៛", " riel", " ដុល្លារ"]), WORDS)
def test_a_price_stays(before: str, amount: int, unit: str, after: str) -> None:
    for written in (
        str(amount),
        f"{amount:,}",
        f"{amount:,}".replace(",", "."),
        khmer.khmer_digits(f"{amount:,}"),
    ):
        said = f"{before} {written}{unit} {after}"
        assert written in masked(said)


@given(st.dates(), st.sampled_from(["%d/%m/%Y", "%d-%m-%Y", "%d.%m.%Y", "%Y-%m-%d"]), WORDS)
def test_a_day_stays(day: object, form: str, after: str) -> None:
    written = f"{day:{form}}"
    if day.year >= 1900 and day.year < 2100:  # type: ignore[attr-defined]
        assert masked(f"ថ្ងៃ {written} {after}").startswith(f"ថ្ងៃ {written}")


@given(WORDS)
def test_words_stay(said: str) -> None:
    assert masked(said) == said


@given(
    st.lists(
        st.one_of(WORDS, phones(), st.sampled_from([written for written, _read in TAKEN_OUT])), max_size=5
    )
)
def test_twice_is_once(parts: list[str]) -> None:
    once = masked(" ".join(parts))
    assert masked(once) == once


@given(st.text(max_size=200))
def test_never_fails(said: str) -> None:
    assert masked(masked(said)) == masked(said)

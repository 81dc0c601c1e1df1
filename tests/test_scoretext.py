"""Scores in words: readable on a screen, two segments by text message, and no figure of what may not be shown."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot import catalogues
from flows import khmer, scoretext
from flows.counts import NOBODY, Counts
from flows.gazetteer import Place
from flows.library import SERVICES, Facility, Library
from flows.scoretext import Score, Service, Told
from flows.segments import affordable, measure
from flows.text import Phrase, spoken
from reports import summary
from reports.scorecard import Line, Scorecard, Section

CATALOGUES = catalogues.load()
LANGUAGES = ("km", "en")
COUNTS = Counts((2, 4, 12, 11, 8))


def told(
    library: Library, place: str = "080303", facility: str | None = None, change: float | None = 0.23
) -> Told:
    services = ("hc",) if facility else SERVICES
    return Told(
        place,
        facility,
        ("2026-Q4",),
        "2026-Q3",
        tuple(
            Service(
                service,
                COUNTS,
                change,
                37,
                tuple(Score(criterion.code, COUNTS, change) for criterion in library.criteria(service)),
            )
            for service in services
        ),
        "2026-11-19",
        1,
        1,
    )


def say(phrase: Phrase, language: str = "en", wording: str = "messages") -> str:
    return spoken(phrase, CATALOGUES[language, wording])


def segments(phrase: Phrase, language: str) -> int:
    return measure(affordable(khmer.visible(say(phrase, language, "sms")).strip())).count


def _halves(service: Service) -> Service:
    """The same with scores that take three letters each."""
    return replace(
        service, criteria=tuple(replace(score, counts=Counts((0, 5, 5, 0, 0))) for score in service.criteria)
    )


def longest_name(library: Library, place: Place) -> int:
    named = replace(told(library), place=place.code)
    return len(khmer.visible(say(scoretext.subject_in_short(named, library), "km", "sms")))


def test_a_place_at_length(library: Library) -> None:
    assert say(scoretext.at_length(told(library), library)).split("\n") == [
        "Scores from citizens",
        "Kampong Chamlang commune, Khsach Kandal district, Kandal province",
        "quarter 4 of 2026, ratings until 19/11/2026",
        "",
        "😊 Commune office: 3.5 of 5 · 51% satisfied · up by 0.2 · 37 people",
        "😊 Health centre: 3.5 of 5 · 51% satisfied · up by 0.2 · 37 people",
        "😊 Primary school: 3.5 of 5 · 51% satisfied · up by 0.2 · 37 people",
        "",
        "Most in need of improvement: How staff treat you (Commune office) 4, Opening hours (Commune office) 4",
    ]


def test_a_place_in_short(library: Library) -> None:
    assert say(scoretext.in_short(told(library), library), "km", "sms") == (
        "ពិន្ទុ កំពង់ចំលង, ខ្សាច់កណ្ដាល ត្រីមាស៤/២០២៦៖\nឃុំ ៣.៥ +០.២\nពេទ្យ ៣.៥ +០.២\nសាលា ៣.៥ +០.២"
    )


def test_a_service_in_short_begins_with_the_two_lowest(library: Library) -> None:
    card = told(library)
    low = {"hc-medicine": Counts((9, 9, 2, 0, 0)), "hc-price": Counts((0, 10, 10, 0, 0))}
    service = card.services[1]
    scored = tuple(replace(score, counts=low.get(score.code, score.counts)) for score in service.criteria)
    card = replace(card, services=(card.services[0], replace(service, criteria=scored), card.services[2]))
    said = say(scoretext.service_in_short_words(card, "hc", library))
    assert "Lowest: Medicine 2, Prices 2.5\n" in said
    assert said.partition("Others: ")[2].count(",") == 2


@pytest.mark.parametrize("language", LANGUAGES)
def test_all_communes_fit_two_segments(library: Library, language: str) -> None:
    communes = [place for place in library.gazetteer.places if len(place.code) == 6]
    worst = sorted(communes, key=lambda place: longest_name(library, place))[-20:]
    for place in (*worst, *communes[::97]):
        for change in (None, -1.5, 0.0):
            card = told(library, place.code, change=change)
            assert segments(scoretext.in_short(card, library), language) <= 2, place.code
            for service in SERVICES:
                said = scoretext.service_in_short_words(card, service, library)
                assert segments(said, language) <= 2, say(said, language, "sms")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_facility_of_the_registry_fits_two_segments(library: Library, language: str) -> None:
    card = told(library, facility="hc080303")
    assert segments(scoretext.in_short(card, library), language) <= 2
    assert segments(scoretext.in_short(replace(card, sample=True), library), language) <= 3


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_may_not_be_shown_has_no_figure(library: Library, language: str) -> None:
    nobody = replace(
        told(library),
        services=tuple(
            Service(code, NOBODY, None, 0, tuple(Score(c.code) for c in library.criteria(code)))
            for code in SERVICES
        ),
        rounds=(),
        until="",
    )
    assert not nobody
    five = {"0", "5", "៥"} - {"0"}
    for wording in ("messages", "sms"):
        for said in (
            scoretext.at_length(nobody, library),
            scoretext.in_short(nobody, library),
            scoretext.service_at_length(nobody, "hc", library),
            scoretext.service_in_short_words(nobody, "hc", library),
        ):
            digits = {c for c in say(said, language, wording) if c.isdigit()}
            assert digits <= five


def test_a_service_that_nobody_rated_is_said_to_be_so(library: Library) -> None:
    card = told(library)
    silent = Service("hc", NOBODY, None, 0, tuple(Score(c.code) for c in library.criteria("hc")))
    card = replace(card, services=(card.services[0], silent, card.services[2]))
    assert "Health centre: too few ratings to show" in say(scoretext.at_length(card, library))
    assert "ពេទ្យ មិនគ្រប់" in say(scoretext.in_short(card, library), "km", "sms")


def test_the_nation_and_wide_places_have_names(library: Library) -> None:
    nation = replace(told(library, ""), communes=1652, rated=1200)
    assert "the whole country" in say(scoretext.at_length(nation, library))
    assert "Communes with ratings: 1,200 of 1,652" in say(scoretext.at_length(nation, library))
    assert "Kandal" in say(scoretext.in_short(told(library, "08"), library))


@pytest.mark.parametrize(
    ("change", "said", "signed"),
    [(None, None, None), (0.0, "as before", "="), (0.049, "as before", "="), (0.051, "up by 0.1", "+0.1"),
     (-2.0, "down by 2.0", "-2.0")],
)  # fmt: skip
def test_how_a_mean_moved(change: float | None, said: str | None, signed: str | None) -> None:
    for phrase, expected in ((scoretext.moved(change), said), (scoretext.signed(change), signed)):
        assert (say(phrase) if phrase else None) == expected


@pytest.mark.parametrize(
    ("value", "step", "said"), [(1, 1, "1"), (1.49, 1, "1.5"), (2.5, 3, "2.5"), (4.5, 5, "4.5"), (5, 5, "5")]
)
def test_a_face_is_the_nearest_of_five(value: float, step: int, said: str) -> None:
    assert scoretext.nearest(value) == step
    assert say(scoretext.shown(value)) == said


def test_a_round_is_called_as_the_calendar_says(library: Library) -> None:
    assert say(library.round_name("2026-Q4"), "km") == "ត្រីមាសទី៤ ឆ្នាំ២០២៦"
    assert say(library.round_name("gone")) == "gone"


def test_a_scorecard_is_told_in_plain_values() -> None:
    line = Line("hc-medicine", COUNTS, Counts((5, 0, 0, 0, 0)))
    card = Scorecard("080303", "hc080303", ("2026-Q4",), "2026-Q3", (Section("hc", (line,)),), sample=True)
    made = summary.told(card)
    assert made.services[0].criteria == (Score("hc-medicine", COUNTS, line.change),)
    assert (made.facility, made.until, made.sample, bool(made)) == ("hc080303", "", True, True)


def test_a_facility_says_its_criteria(library: Library) -> None:
    said = say(scoretext.at_length(told(library, facility="hc080303"), library))
    assert all(c.label.in_language("en") in said for c in library.criteria("hc"))
    named = Facility("hc080303", "hc", "មណ្ឌល", "Named Centre", ("080303",))
    other = Library(library.gazetteer, [named], library.criteria("hc"), finder=library.finder)
    assert segments(scoretext.in_short(told(library, facility="hc080303"), other), "km") <= 2
    endless = Library(
        library.gazetteer, [replace(named, km="ម" * 60)], library.criteria("hc"), finder=library.finder
    )
    assert segments(scoretext.in_short(told(library, facility="hc080303"), endless), "km") <= 2
    assert "Named Centre" in say(scoretext.at_length(told(library, facility="hc080303"), other))

"""Keys: what is sealed opens under its own secret only, and what is hashed can be found again but not read."""

from __future__ import annotations

import hashlib

import pytest

from storage.vault import Unreadable, Vault, reference

MINE = Vault("the secret of this service")
OTHER = Vault("the secret of another one")
ADDRESS = MINE.address_hash("sms", "+85512998877")
RATER = MINE.rater(ADDRESS, 1, "hc080303", "2026-Q4")


def test_what_was_sealed_opens() -> None:
    assert MINE.open_json(MINE.seal_json({"ពិន្ទុ": [1, None]})) == {"ពិន្ទុ": [1, None]}


def test_the_same_secret_opens_it_in_another_process() -> None:
    assert Vault("the secret of this service").open(MINE.seal(b"4")) == b"4"


def test_another_secret_does_not_open_it_and_says_which_setting_to_look_at() -> None:
    with pytest.raises(Unreadable, match="sealed under another secret: is SAMLENG_SECRET_KEY the one"):
        OTHER.open(MINE.seal(b"4"))


@pytest.mark.parametrize("damaged", [MINE.seal(b"4")[:-1], MINE.seal(b"4")[:12], b"\0" * 5, b""])
def test_a_damaged_value_is_unreadable(damaged: bytes) -> None:
    with pytest.raises(Unreadable):
        MINE.open(damaged)


def test_the_same_words_never_look_the_same_sealed() -> None:
    assert MINE.seal(b"5") != MINE.seal(b"5")


def test_a_sealed_value_does_not_show_its_words() -> None:
    assert "ពេទ្យ".encode() not in MINE.seal_json("ពេទ្យ")


def test_an_address_is_found_again() -> None:
    assert Vault("the secret of this service").address_hash("sms", "+85512998877") == ADDRESS


def test_an_address_counts_apart_on_each_channel() -> None:
    assert MINE.address_hash("telegram", "+85512998877") != ADDRESS


def test_who_does_not_know_the_secret_cannot_try_all_phone_numbers() -> None:
    guessed = (b"+85512998877", b"sms+85512998877", b"sms\0+85512998877")
    assert ADDRESS not in {hashlib.sha256(text).digest()[:16] for text in guessed}
    assert OTHER.address_hash("sms", "+85512998877") != ADDRESS


def test_a_rater_stays_the_same() -> None:
    again = Vault("the secret of this service")
    assert again.rater(again.address_hash("sms", "+85512998877"), 1, "hc080303", "2026-Q4") == RATER


@pytest.mark.parametrize(
    ("person", "facility", "of"),
    [(2, "hc080303", "2026-Q4"), (1, "hc080304", "2026-Q4"), (1, "hc080303", "2027-Q1")],
)
def test_another_person_facility_or_round_is_another_rater(person: int, facility: str, of: str) -> None:
    assert MINE.rater(ADDRESS, person, facility, of) != RATER


def test_another_secret_gives_another_rater() -> None:
    assert OTHER.rater(ADDRESS, 1, "hc080303", "2026-Q4") != RATER


def test_a_rater_does_not_show_the_address_it_was_made_from() -> None:
    assert RATER != ADDRESS
    assert RATER not in {hashlib.sha256(ADDRESS).digest()[:16], hashlib.sha256(b"1").digest()[:16]}


def test_a_reference_stays_the_same_and_has_no_letter_that_looks_like_a_digit() -> None:
    called = reference(RATER)
    assert called == reference(RATER)
    assert len(called) == 6
    assert not set(called) - set("23456789ABCDEFGHJKLMNPQRSTUVWXYZ")


def test_references_of_many_ratings_hardly_ever_meet() -> None:
    """A facility has some hundred ratings in a round."""
    raters = [MINE.rater(ADDRESS, person, "hc080303", "2026-Q4") for person in range(500)]
    assert len({reference(rater) for rater in raters}) == 500


def test_a_token_is_made_for_one_purpose() -> None:
    assert MINE.token("telegram") == Vault("the secret of this service").token("telegram")
    assert MINE.token("telegram") != MINE.token("sms")
    assert MINE.token("telegram") != OTHER.token("telegram")


def test_a_short_secret_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 16 characters"):
        Vault("fifteen letters")

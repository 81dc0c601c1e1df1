"""Languages: Khmer and English are whole, and adding another is adding a folder."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from bot import catalogues
from bot.catalogues import DIGITS, LOCALE, extracted, languages, load, problems
from flows.text import Words, _, spoken, words

SKIP, WELCOME = "Skip", "Welcome to Samleng, the voice of citizens."


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The languages of this release, to change."""
    copied = tmp_path / "locale"
    shutil.copytree(LOCALE, copied)
    return copied


def translate(folder: Path, code: str, texts: dict[str, str], name: str = "messages") -> None:
    """A .po file as a translator makes it."""
    file = folder / code / "LC_MESSAGES" / f"{name}.po"
    file.parent.mkdir(parents=True, exist_ok=True)
    head = f'msgid ""\nmsgstr ""\n"Language: {code}\\n"\n"Content-Type: text/plain; charset=utf-8\\n"\n\n'
    body = "\n".join(f'msgid "{said}"\nmsgstr "{meant}"\n' for said, meant in texts.items())
    file.write_text(head + body, encoding="utf-8")


def change(folder: Path, before: str, after: str, file: str = "km/LC_MESSAGES/messages.po") -> None:
    path = folder / file
    text = path.read_text(encoding="utf-8")
    assert before in text
    path.write_text(text.replace(before, after, 1), encoding="utf-8")


# -- This release -----------------------------------------------------------------------------------------


def test_every_message_is_translated_none_is_fuzzy_and_no_placeholder_is_lost() -> None:
    assert problems() == []


def test_khmer_comes_first() -> None:
    assert languages() == (("km", "ខ្មែរ"), ("en", "English"))


def test_every_message_is_found_in_khmer() -> None:
    khmer = load()["km", "messages"]
    for message in extracted():
        if message.id:
            assert str(message.id) in khmer.texts


def test_english_is_what_the_source_says() -> None:
    assert load()["en", "messages"].gettext(WELCOME) == WELCOME


def test_sms_says_some_things_shorter_and_the_rest_alike() -> None:
    whole, short = load()["km", "messages"], load()["km", "sms"]
    assert len(short.gettext("Commune office")) < len(whole.gettext("Commune office"))
    assert short.gettext(SKIP) == whole.gettext(SKIP)


@pytest.mark.parametrize("wording", ["messages", "sms"])
def test_numbers_have_the_digits_of_the_language(wording: str) -> None:
    assert load()["km", wording].number(1234567890) == "១២៣៤៥៦៧៨៩០"
    assert load()["en", wording].number(1234567890) == "1234567890"


def test_a_number_within_a_message_has_them_too() -> None:
    person = _("Person {number}", number=2)
    assert "២" in spoken(person, load()["km", "messages"])


# -- Another language -------------------------------------------------------------------------------------

VIETNAMESE = {SKIP: "Bỏ qua", "Person {number}": "Người {number}"}


@pytest.fixture
def with_vietnamese(folder: Path) -> Path:
    """Begun yesterday: two messages so far."""
    translate(folder, "vi", VIETNAMESE)
    return folder


def test_a_folder_is_a_language(with_vietnamese: Path) -> None:
    assert languages(with_vietnamese) == (("km", "ខ្មែរ"), ("en", "English"), ("vi", "Tiếng Việt"))


@pytest.mark.parametrize("wording", ["messages", "sms"])
def test_it_says_what_is_translated(with_vietnamese: Path, wording: str) -> None:
    chain = load(with_vietnamese)["vi", wording]
    assert chain.gettext(SKIP) == "Bỏ qua"
    assert spoken(_("Person {number}", number=2), chain) == "Người 2"


def test_the_rest_falls_back_on_the_source(with_vietnamese: Path) -> None:
    assert load(with_vietnamese)["vi", "sms"].gettext(WELCOME) == WELCOME


def test_content_without_it_falls_back_on_its_first_language(with_vietnamese: Path) -> None:
    chain = load(with_vietnamese)["vi", "messages"]
    assert spoken(words({"km": "ថ្នាំ", "en": "Medicine"}), chain) == "ថ្នាំ"
    assert isinstance(words({"km": "ថ្នាំ"}), Words)


def test_other_languages_stay_as_they_were(with_vietnamese: Path) -> None:
    now, before = load(with_vietnamese), load()
    assert {key: now[key] for key in before} == before


def test_the_check_names_what_is_still_to_do(with_vietnamese: Path) -> None:
    found = problems(with_vietnamese)
    assert f"vi/messages.po: lacks {WELCOME!r}" in found
    assert not any(repr(SKIP) in line for line in found)
    assert all(line.startswith("vi/messages.po: lacks ") for line in found)


def test_it_may_say_some_things_shorter_by_sms(with_vietnamese: Path) -> None:
    translate(with_vietnamese, "vi", {SKIP: "Bỏ"}, "sms")
    chains = load(with_vietnamese)
    assert chains["vi", "sms"].gettext(SKIP) == "Bỏ"
    assert chains["vi", "messages"].gettext(SKIP) == "Bỏ qua"


def test_a_language_that_no_library_knows_is_called_by_its_code(folder: Path) -> None:
    """Bunong, of some 30,000 speakers in Mondulkiri."""
    translate(folder, "cmo", {SKIP: "…"})
    assert languages(folder)[-1] == ("cmo", "cmo")
    assert load(folder)["cmo", "messages"].gettext(SKIP) == "…"


def test_updating_adds_what_the_code_says_and_keeps_what_was_translated(with_vietnamese: Path) -> None:
    catalogues.update(with_vietnamese)
    found = problems(with_vietnamese)
    assert f"vi/messages.po: untranslated: {WELCOME!r}" in found
    assert load(with_vietnamese)["vi", "messages"].gettext(SKIP) == "Bỏ qua"


def test_updating_a_whole_language_changes_nothing(folder: Path) -> None:
    """A diff shows words only."""
    catalogues.update(folder)
    assert problems(folder) == []
    changed = [
        po.name
        for po in folder.rglob("*.po")
        if po.read_text() != (LOCALE / po.relative_to(folder)).read_text()
    ]
    assert changed == []


# -- What the check finds ---------------------------------------------------------------------------------


def test_a_lost_placeholder_is_found(folder: Path) -> None:
    change(folder, 'msgstr "អ្នកទី {number}"', 'msgstr "អ្នកទីពីរ"')
    assert problems(folder) == ["km/messages.po: other {placeholders} than the source: 'Person {number}'"]


def test_an_invented_placeholder_is_found(folder: Path) -> None:
    change(folder, 'msgid "Skip"\nmsgstr "', 'msgid "Skip"\nmsgstr "{what}')
    assert problems(folder) == ["km/messages.po: other {placeholders} than the source: 'Skip'"]


def test_a_fuzzy_message_is_found_and_not_said(folder: Path) -> None:
    change(folder, 'msgid "Skip"\n', '#, fuzzy\nmsgid "Skip"\n')
    assert problems(folder) == ["km/messages.po: fuzzy: 'Skip'"]
    assert load(folder)["km", "messages"].gettext(SKIP) == SKIP


def test_a_message_without_translation_is_found_and_said_in_the_source(folder: Path) -> None:
    change(folder, 'msgid "Skip"\nmsgstr "រំលង"', 'msgid "Skip"\nmsgstr ""')
    assert problems(folder) == ["km/messages.po: untranslated: 'Skip'"]
    assert load(folder)["km", "messages"].gettext(SKIP) == SKIP


def test_a_message_that_is_missing_is_found(folder: Path) -> None:
    change(folder, 'msgid "Skip"\nmsgstr "រំលង"\n', "")
    assert problems(folder) == ["km/messages.po: lacks 'Skip'"]


@pytest.mark.parametrize("file", ["km/LC_MESSAGES/messages.po", "en/LC_MESSAGES/sms.po"])
def test_a_message_that_nothing_says_any_more_is_found(folder: Path, file: str) -> None:
    path = folder / file
    path.write_text(path.read_text(encoding="utf-8") + '\nmsgid "Hop"\nmsgstr "x"\n', encoding="utf-8")
    name = file.replace("LC_MESSAGES/", "")
    assert problems(folder) == [f"{name}: is not said anywhere: 'Hop'"]


def test_the_digits_are_a_message_like_any_other() -> None:
    assert load()["km", "messages"].gettext(DIGITS) == "០១២៣៤៥៦៧៨៩"

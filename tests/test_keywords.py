"""Keywords: the whole message, in Khmer, romanised or English, however it was typed; a sentence is no keyword."""

from __future__ import annotations

import pytest

from bot import catalogues
from bot.channels.telegram import COMMANDS
from flows.registry import FLOWS
from handlers import keywords
from handlers.keywords import Keyword, keyword

ZERO_WIDTH = "\u200b"
JOINER = "\u200d"

SAID = {
    keywords.START: ["start", "START", " Start ", "/start", "chabpdem", "ចាប់ផ្ដើម", "ចាប់ផ្តើម"],
    keywords.STOP: [
        "stop",
        "STOP",
        "Stop.",
        "STOPALL",
        "unsubscribe",
        "end",
        "quit",
        "chhob",
        "ឈប់",
        "ឈប់ផ្ញើ",
        "ឈប់ ផ្ញើ",
    ],
    keywords.HELP: ["help", "HELP?", "?", "/help", "chomnuoy", "ជំនួយ", "ជួយ"],
    keywords.MENU: ["menu", "Menu", "/menu", "ម៉ឺនុយ", "មឺនុយ"],
    keywords.BACK: ["back", "/back", "thoy", "ថយ", "ថយក្រោយ", "ត្រឡប់ក្រោយ"],
    keywords.CANCEL: ["cancel", "Cancel!", "bohbong", "បោះបង់"],
    keywords.LANGUAGE: ["language", "/language", "pheasa", "ភាសា"],
    keywords.ERASE: ["erase", "delete", "លុប", "លុបទិន្នន័យ", "លុប ទិន្នន័យ", "លុបទិន្នន័យរបស់ខ្ញុំ"],
    keywords.RATE: ["rate", "/rate", "vote", "vaytamlai", "វាយតម្លៃ", "វាយតំលៃ", "ដាក់ពិន្ទុ"],
    keywords.SCORES: ["scores", "SCORE", "/scores", "pintu", "ពិន្ទុ", "ពិន្ទុ។", "មើល ពិន្ទុ", "លទ្ធផលពិន្ទុ"],
    keywords.JOIN: ["join", "/join", "register", "chuhchhmuah", "ចុះឈ្មោះ"],
    keywords.INVITE: ["invite", "/invite", "anhchern", "អញ្ជើញ", "អញ្ជើញ។"],
    keywords.LINK: ["link", "LINK.", "phchoap", "ភ្ជាប់", "ភ្ជាប់ទូរសព្ទ", "ភ្ជាប់ លេខ"],
    keywords.UNLINK: ["unlink", "phdach", "ផ្ដាច់", "ផ្តាច់", "ឈប់ភ្ជាប់"],
    keywords.PRIVACY: ["privacy", "អនាមិក"],
}


@pytest.mark.parametrize(("word", "text"), [(word, text) for word, texts in SAID.items() for text in texts])
def test_a_keyword_is_understood(word: str, text: str) -> None:
    assert keyword(text) == Keyword(word)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("km", "ខ្មែរ"),
        ("km", "ភាសាខ្មែរ"),
        ("km", "khmer"),
        ("km", "/khmer"),
        ("en", "English"),
        ("en", "អង់គ្លេស"),
    ],
)
def test_a_language_is_asked_for_by_its_name(language: str, text: str) -> None:
    assert keyword(text) == Keyword(keywords.SPEAK, language)


@pytest.mark.parametrize(
    ("word", "text"),
    [
        (keywords.STOP, ZERO_WIDTH + "ឈប់" + ZERO_WIDTH),
        (keywords.STOP, "\u202bឈប់\u202c"),  # right-to-left marks around it
        (keywords.STOP, "\ufeffSTOP\u200e"),
        (keywords.STOP, "S\u200bT\u200bO\u200bP"),
        (keywords.HELP, f"ជំ{ZERO_WIDTH}នួយ"),
        (keywords.HELP, f"ជំ{JOINER}នួយ"),
        (keywords.HELP, "ជំនួយ។"),
        (keywords.BACK, f"ថយ{ZERO_WIDTH}ក្រោយ"),
        (keywords.BACK, "ថយក្រេាយ"),  # the vowel typed in its two halves
        (keywords.BACK, "ថយកេ្រាយ"),  # its first half before the subscript
        (keywords.CANCEL, "បាេះបង់"),  # the halves the wrong way round
        (keywords.RATE, "វាយតម្លៃ" + ZERO_WIDTH),
        (keywords.RATE, "វាយតមៃ្ល"),  # the vowel before the subscript
        (keywords.RATE, "វាយតម្ល" + JOINER + "ៃ"),
        (keywords.JOIN, "ចះុឈ្មោះ"),  # the sign before the vowel
        (keywords.START, "ចាប់ផ្ដេីម"),  # ើ typed as េ and ី
        (keywords.MENU, "មឺ៉នុយ"),  # the shifter after the vowel
        (keywords.MENU, "មុឺនុយ"),  # the shifter typed as the vowel it is drawn as
    ],
)
def test_khmer_is_understood_however_it_was_typed(word: str, text: str) -> None:
    assert text not in SAID[word]
    assert keyword(text) == Keyword(word)


# -- Telegram ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("/rate@samleng_bot", Keyword(keywords.RATE)),
        ("/STOP", Keyword(keywords.STOP)),
        ("/ឈប់", Keyword(keywords.STOP)),
        ("/stop now", Keyword(keywords.STOP)),
        ("/start r_hc080303", Keyword(keywords.START, "r_hc080303")),
        ("/start   r_hc080303  ", Keyword(keywords.START, "r_hc080303")),
        ("/start@samleng_bot r_hc080303", Keyword(keywords.START, "r_hc080303")),
        ("/start r_" + "x" * 62, Keyword(keywords.START, "r_" + "x" * 62)),  # as long as Telegram allows
        ("/english", Keyword(keywords.SPEAK, "en")),
        ("/english please", Keyword(keywords.SPEAK, "en")),  # there is no language "please"
        ("/rate hc080303", Keyword(keywords.RATE)),
    ],
)
def test_a_command_is_understood(text: str, meant: Keyword) -> None:
    assert keyword(text) == meant


@pytest.mark.parametrize("text", ["/", "/ ", "/unknown", "/unknown r_hc080303", "//stop", "/@samleng_bot"])
def test_what_is_no_command_is_no_keyword(text: str) -> None:
    assert keyword(text) is None


def test_every_command_of_telegrams_menu_leads_somewhere() -> None:
    for name, _label in COMMANDS:
        found = keyword(f"/{name}")
        assert found is not None
        assert found.word in FLOWS or found.word == keywords.STOP


# -- What is no keyword -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "please stop the noise at night",
        "stop it",
        "the nurse does not help",
        "I want to go back to school",
        "back door is broken",
        "end of the month there is no medicine",
        "rate 5",
        "menu of the day",
        "សូមឈប់ជក់បារី",  # please stop smoking
        "ឈប់យកលុយ",  # stop taking money
        "សូមជួយយើងផង",  # please help us
        "ពេទ្យមិនជួយអ្នកជំងឺ",
        "គ្រូមិនចេះភាសាអង់គ្លេស",  # the teacher knows no English
        "ខ្មែរយើង",
        "លុបក្ដារខៀន",  # wipe the blackboard
        "ចូលរួមប្រជុំ",  # come to the meeting
        "ពិន្ទុទាប",  # a low score
        "ត្រឡប់មកវិញ",
        "ភ្ជាប់ទឹកស្អាត",  # connect the clean water
        "សូមអញ្ជើញមកប្រជុំ",  # please come to the meeting
        "stopped",
        "helper",
        "",
        "   ",
        "...",
        ZERO_WIDTH,
        "😀",
        "4",
        "៤",
        "stop " * 20_000,
        "ឈប់" * 5_000,
    ],
)
def test_a_sentence_with_a_keyword_in_it_is_no_keyword(text: str) -> None:
    assert keyword(text) is None


def test_no_answer_that_can_be_chosen_is_a_keyword_for_something_else() -> None:
    """A typed label answers its question. "Stop village notices" may stop, "Yes" may not."""
    meant = {"Language": keywords.LANGUAGE, "Help": keywords.HELP, "Main menu": keywords.MENU}
    for chain in catalogues.load().values():
        for label in ("Yes", "No", "Skip", "Female", "Male", "Other", "Change", "About me", "Acceptable"):
            assert keyword(chain.gettext(label)) is None, chain.gettext(label)
        for label, word in meant.items():
            found = keyword(chain.gettext(label))
            assert found is None or found.word == word, chain.gettext(label)


def test_the_ways_out_that_are_offered_by_name_are_keywords() -> None:
    """A person who is lost is told to write these words, in her language."""
    chains = catalogues.load()
    told = {("km", "messages"): "ម៉ឺនុយ ថយក្រោយ ជំនួយ", ("en", "messages"): "MENU BACK HELP"}
    lost = "Write MENU for the menu, BACK for the question before, or HELP."
    for chain, words in told.items():
        for word, meant in zip(words.split(), (keywords.MENU, keywords.BACK, keywords.HELP), strict=True):
            assert word in chains[chain].gettext(lost)
            assert keyword(word) == Keyword(meant)


def test_every_word_of_the_help_text_is_a_keyword() -> None:
    """Each line of the Khmer help begins with the word to write."""
    help_ = "Write RATE to rate a service, INFO to read about it, JOIN to hear of meetings, MENU for everything, BACK to return one question, STOP to get no more messages."
    lines = catalogues.load()["km", "messages"].gettext(help_).splitlines()[1:]
    found = [keyword(line.partition(" – ")[0]) for line in lines]
    wanted = (keywords.RATE, keywords.READ, keywords.JOIN, keywords.MENU, keywords.BACK, keywords.STOP)
    assert [one and one.word for one in found] == list(wanted)


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("SCORES 080303", "080303"),
        ("/scores hc080303", "hc080303"),
        ("score ព្រែកអំពិល", "ព្រែកអំពិល"),
        ("ពិន្ទុ ព្រែកអំពិល", "ព្រែកអំពិល"),
        ("ពិន្ទុព្រែកអំពិល", "ព្រែកអំពិល"),
        ("មើលពិន្ទុ ០៨០៣០៣", "០៨០៣០៣"),
        ("pintu prek ampil", "prek ampil"),
        ("scores", None),
        ("ពិន្ទុ", None),
        ("ដាក់ពិន្ទុ HC 080303", None),
        ("scoreboard 080303", None),
        ("INFO 080303", None),
        ("scores " + "x" * 300, None),
    ],
)
def test_what_follows_the_word_for_scores(text: str, rest: str | None) -> None:
    assert keywords.scores(text) == rest
    assert keyword(text) is None or rest is None

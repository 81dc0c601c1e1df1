"""Words that mean the same wherever a person is: in Khmer, romanised Khmer and English.

A keyword counts only when it is the whole message: "stop" stops, "please stop
the noise at night" is a comment.
"""

from __future__ import annotations

from dataclasses import dataclass

from flows import khmer

START, STOP, HELP, MENU, BACK, CANCEL = "start", "stop", "help", "menu", "back", "cancel"
LANGUAGE, ERASE, RATE, JOIN, PRIVACY = "language", "erase", "rate", "join", "privacy"
ANNOUNCE, MEETINGS, FOLLOW, UNFOLLOW = "announce", "meetings", "follow", "unfollow"
INVITE, LINK, UNLINK = "invite", "link", "unlink"
LISTEN, RECORD, RECORDINGS = "listen", "record", "recordings"
PUBLISH, TEMPLATE = "publish", "template"
READ, SCORES = "read", "scores"
DASHBOARD = "dashboard"
SPEAK = "speak"

# CANCEL, END and QUIT are opt-outs for many SMS services, which act on them before we see them; the last two
# are so for us as well, while CANCEL leaves a conversation.
_SAID = {
    START: "start chabpdem chabpdaem ចាប់ផ្ដើម",
    STOP: "stop stopall unsubscribe end quit chhob chhop chob chop chhup ឈប់ ឈប់ផ្ញើ ឈប់ទទួល ឈប់ទទួលសារ",
    HELP: "help chumnuoy chomnuoy chumnouy jumnuoy ជំនួយ ជួយ ត្រូវការជំនួយ",
    MENU: "menu meny ម៉ឺនុយ មឺនុយ ម៉ីនុយ ម៉ឺនុយមេ",
    BACK: "back thoy troloub thoykroy ថយ ថយក្រោយ ត្រឡប់ ត្រឡប់ក្រោយ",
    CANCEL: "cancel bohbong បោះបង់",
    LANGUAGE: "language pheasa piesa ភាសា",
    ERASE: "erase delete lubtinnoney លុប លុបទិន្នន័យ លុបទិន្នន័យរបស់ខ្ញុំ",
    RATE: "rate vote vaytamlai vaytomlai vaytamlay dakpintu dakpinthu វាយតម្លៃ វាយតំលៃ ដាក់ពិន្ទុ ដាក់ពិន្ទុសេវា",
    READ: "info information i4c informations ptormean potormean porotamean ព័ត៌មាន ពត៌មាន ពត័មាន ព័ត៍មាន អានព័ត៌មាន",
    SCORES: "scores score pintu pinthu pindu binthu pintou meulpintu meulpinthu ពិន្ទុ មើលពិន្ទុ ពិន្ទុសេវា លទ្ធផលពិន្ទុ",
    JOIN: "join register chuhchhmuah ចុះឈ្មោះ ចូលរួម ទទួលដំណឹង",
    ANNOUNCE: "announce prakas brakas prokas ប្រកាស ប្រកាសប្រជុំ ផ្សាយដំណឹង",
    MEETINGS: "meetings meeting prachum brachum ប្រជុំ ការប្រជុំ កិច្ចប្រជុំ",
    FOLLOW: "follow tamdan តាមដាន",
    UNFOLLOW: "unfollow chhobtamdan ឈប់តាមដាន",
    INVITE: "invite anhchern anhcheunh អញ្ជើញ អញ្ជើញអ្នកសម្របសម្រួល",
    PUBLISH: "publish draft drafts preang prieng ព្រាង ផ្សព្វផ្សាយព័ត៌មាន",
    TEMPLATE: "template ឯកសារគំរូ គំរូឯកសារ",
    LINK: "link phchoap phchob phjoap ភ្ជាប់ ភ្ជាប់ទូរសព្ទ ភ្ជាប់លេខ",
    UNLINK: "unlink phdach ផ្ដាច់ ឈប់ភ្ជាប់",
    LISTEN: "listen audio sdab sdap sdabb ស្ដាប់ ស្ដាប់សំឡេង",
    RECORD: "record thot thotsomleng thatsamleng ថតសំឡេង ថតសម្លេង",
    RECORDINGS: "recordings សំឡេងដែលបានថត",
    DASHBOARD: "dashboard phtangtinnoney ផ្ទាំងទិន្នន័យ ផ្ទាំងគ្រប់គ្រង",
    PRIVACY: "privacy អនាមិក ទិន្នន័យរបស់ខ្ញុំ",
}
_LANGUAGES = {"km": "ខ្មែរ ភាសាខ្មែរ khmer", "en": "english អង់គ្លេស ភាសាអង់គ្លេស"}


@dataclass(frozen=True, slots=True)
class Keyword:
    """What was asked for; `rest` is what followed it: a deep link's parameter, or a language code."""

    word: str
    rest: str = ""


def _folded(text: str) -> str:
    return khmer.key(text).replace(" ", "")


_WORDS = {_folded(word): Keyword(keyword) for keyword, said in _SAID.items() for word in said.split()}
_WORDS |= {_folded(word): Keyword(SPEAK, code) for code, said in _LANGUAGES.items() for word in said.split()}

_WORDS.pop("", None)  # a mark that folds to nothing is no word
LONGEST = 64  # characters; a keyword with a deep link's parameter is no longer


def keyword(text: str) -> Keyword | None:
    """The keyword a message consists of; Telegram's commands (/rate, /start r_hc080101, /stop@bot) as well."""
    line = khmer.visible(text).strip()
    if not line or len(line) > LONGEST + len("/start "):
        return None
    if line.startswith("/"):
        command, _, rest = line[1:].partition(" ")
        found = _WORDS.get(_folded(command.partition("@")[0]))
        if found and found.word == START:
            return Keyword(START, rest.strip()[:64])
        # What follows /info and /scores says what about (`information`, `scores`).
        return None if found and found.word in {READ, SCORES} and rest.strip() else found
    if line == "?":
        return Keyword(HELP)
    return _WORDS.get(_folded(line.strip("?!.។៕ ")))


_HEADS = {word: frozenset(_folded(said) for said in _SAID[word].split()) for word in (READ, SCORES)}
_KHMER_HEADS = {word: tuple(head for head in heads if not head.isascii()) for word, heads in _HEADS.items()}
_LONGEST_HEAD = 16  # characters in which the Khmer words for it may be typed
LONGEST_QUESTION = 200  # characters of a question behind the word INFO


def information(text: str) -> str | None:
    """What follows the word INFO at the head of a message: "HC", "birth certificate"; None where it is not there, or
    nothing follows."""
    return _behind(text, READ)


def scores(text: str) -> str | None:
    """The same behind the word SCORES: "080303"."""
    return _behind(text, SCORES)


def _behind(text: str, word: str) -> str | None:
    line = khmer.visible(text).strip().lstrip("/")
    if len(line) > LONGEST_QUESTION:
        return None
    head, _blank, rest = line.partition(" ")
    if len(head) <= _LONGEST_HEAD and _folded(head) in _HEADS[word]:
        return rest.strip() or None
    # Khmer is written without blanks: the word may lead straight into what is asked for.
    if head[:1].isascii() or not _folded(head[:_LONGEST_HEAD]).startswith(_KHMER_HEADS[word]):
        return None
    ends = range(_LONGEST_HEAD, 0, -1)
    return next((line[end:].strip() for end in ends if _folded(line[:end]) in _HEADS[word]), None)

"""Long texts a page at a time: what fits one message, and the question beneath it, whether to read on."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from flows import khmer
from flows.board import Card
from flows.packs import Pack, as_json
from flows.questions import JSON, Attachment, Choice, Option
from flows.segments import affordable, measure
from flows.text import Phrase, _, joined

#: Segments of a page by text message.
MOST_SEGMENTS = 2
#: Letters of a page to be read on a phone's screen, and what stands on it at most.
MOST_LETTERS, MOST_ENTRIES = 1500, 8
#: Letters of a page that stands beneath a picture (limits of the Bot API: a caption has 1,024).
MOST_CAPTION = 1000

_SURELY = 134  # letters that fit two segments of 67
_KHMER = re.compile("[\u1780-\u17ff]")
_OF_TWO = re.compile("[\U00010000-\U0010ffff]")

MORE = Option("more", _("Read on"))
#: The way out where ways are numbered; elsewhere the menu is offered with every question.
OUT = Option("menu", _("menu"))


@dataclass(frozen=True, slots=True)
class Picture:
    """Bars of what was to be reached and what was, drawn when the page is sent: `pack` has nothing but these items."""

    pack: Pack
    language: str

    @property
    def wanted(self) -> JSON:
        """What is to be drawn, as JSON."""
        return {"pack": as_json(self.pack), "language": self.language}


@dataclass(frozen=True, kw_only=True)
class Page(Choice[str]):
    """A page, and the ways on from it. Where ways are numbered, they stand on one line and 0 leads out.

    `subject` and `block`: of which pack and what it is, to count that it was read. `picture` goes with it where
    the channel has pictures; its text says the same. `attachment`: a photo or voice note that goes with it.
    """

    subject: str = ""
    block: str = ""
    picture: Picture | Card | None = None
    attachment: Attachment | None = None

    @property
    def written(self) -> Phrase:
        """The whole of it, where there are no buttons."""
        return joined(self.text, numbered(self.options), separator="\n")

    def numbered(self, number: int) -> str:
        return OUT.value if number == 0 else super().numbered(number)

    def tapped(self, value: str) -> str:
        return OUT.value if value == OUT.value else super().tapped(value)

    def fits(self, answer: object) -> bool:
        return answer == OUT.value or super().fits(answer)

    def unclear(self) -> Phrase:
        if len(self.options) == 1:
            return _("Please answer 1 or 0.")
        return super().unclear()


@dataclass(frozen=True, kw_only=True)
class View(Page):
    """A page whose ways are what it is about: where they are numbered, each stands on a line of its own."""

    @property
    def written(self) -> Phrase:
        ways = (joined(number, option.label) for number, option in enumerate(self.options, 1))
        return joined(self.text, *ways, separator="\n")


def numbered(options: Sequence[Option[str]]) -> Phrase:
    """The ways on and out, on one line."""
    ways = [joined(number, option.label) for number, option in enumerate(options, 1)]
    return joined(*ways, joined(0, OUT.label), separator=", ")


def fits_a_text_message(text: str) -> bool:
    """Whether a page costs no more than it may, as it is sent: without what can't be seen."""
    if len(text) <= _SURELY and _KHMER.search(text) and not _OF_TWO.search(text):
        return True  # every letter costs one unit, and what can't be seen none
    return measure(affordable(khmer.visible(text).strip())).count <= MOST_SEGMENTS


def fits_a_screen(text: str) -> bool:
    """Whether a page is pleasant to read."""
    return len(text) <= MOST_LETTERS


def fits_a_caption(text: str) -> bool:
    """Whether a page can stand beneath its picture."""
    return len(text.encode("utf-16-le")) // 2 <= MOST_CAPTION


@dataclass(frozen=True, slots=True)
class Entry:
    """Something that stands on a page: its text, and what the foot of the page says of it; an entry too long for a page
    is cut, and its parts have the same foot. `item`: its place among what is to be paged."""

    text: str
    foot: str
    item: int


#: Writes a page with its number, "" where it is the only one, and everything around it.
Compose = Callable[[Sequence[Entry], str], str]
Fits = Callable[[str], bool]


class Entries(Protocol):
    """What is to be paged: a list, or something that writes an entry when it is asked for it."""

    def __len__(self) -> int: ...

    def __getitem__(self, place: int, /) -> Entry: ...


@dataclass(frozen=True, slots=True)
class Start:
    """Where a page begins: at the entry of this place, and so many letters into it where it was cut."""

    place: int = 0
    letters: int = 0


def next_page(
    entries: Entries, start: Start, number: str, compose: Compose, fits: Fits, most: int
) -> tuple[list[Entry], Start | None]:
    """The page that begins there, of at most `most` entries and as full as it can be, and where the next one does;
    None where nothing is left.

    An entry that fits no page is cut at a line or word, else between two Khmer clusters; what is left of it begins
    the next page. Where a page ends depends on nothing that comes after.
    """
    page: list[Entry] = []
    place, letters = start.place, start.letters
    while place < len(entries):
        entry = entries[place]
        left = Entry(entry.text[letters:].strip(), entry.foot, entry.item) if letters else entry
        if letters and not left.text:
            place, letters = place + 1, 0
        elif len(page) < most and fits(compose([*page, left], number)):
            page.append(left)
            place, letters = place + 1, 0
        elif page:
            return page, Start(place, letters)
        else:
            part, length = _cut(entry, letters, lambda part: fits(compose([part], number)))
            letters += length
            if part.text:
                done = not entry.text[letters:].strip()
                follows = Start(place + 1) if done else Start(place, letters)
                return [part], follows if follows.place < len(entries) else None
    return page, None


def fill(entries: Sequence[Entry], compose: Compose, fits: Fits, most: int) -> list[list[Entry]]:
    """All pages at once, where there are few; one that is the only one has no number."""
    if not entries or (len(entries) <= most and fits(compose(entries, ""))):
        return [list(entries)]
    pages: list[list[Entry]] = []
    start: Start | None = Start()
    while start is not None:
        page, start = next_page(entries, start, str(len(pages) + 1), compose, fits, most)
        pages.append(page)
    return pages


class Pages:
    """Entries in pages, each made when it is first asked for: nobody waits for those that nobody reads."""

    def __init__(self, entries: Entries, compose: Compose, fits: Fits, most: int) -> None:
        self._entries = entries
        self._compose = compose
        self._fits = fits
        self._most = most
        self._made: list[tuple[str, tuple[int, ...]]] = []
        self._next: Start | None = Start()

    def page(self, number: int) -> tuple[str, tuple[int, ...], bool]:
        """The text of a page, from 1; the places of the items on it; whether there is another one. The last where
        there are fewer."""
        while len(self._made) < number and self._next is not None:
            self._make()
        last = self._next is None and number >= len(self._made)
        return *self._made[min(number, len(self._made)) - 1], not last

    def _make(self) -> None:
        start = self._next
        assert start is not None
        whole = self._whole() if not self._made else None
        if whole is not None:
            self._keep(whole, "")
            self._next = None
            return
        number = str(len(self._made) + 1)
        page, follows = next_page(self._entries, start, number, self._compose, self._fits, self._most)
        self._keep(page, number)
        self._next = follows

    def _whole(self) -> list[Entry] | None:
        """Everything, where it stands on one page, which then has no number."""
        if len(self._entries) > self._most:
            return None
        page = [self._entries[place] for place in range(len(self._entries))]
        return page if not page or self._fits(self._compose(page, "")) else None

    def _keep(self, page: Sequence[Entry], number: str) -> None:
        self._made.append((self._compose(page, number), tuple(dict.fromkeys(entry.item for entry in page))))


def _cut(entry: Entry, letters: int, fits: Callable[[Entry], bool]) -> tuple[Entry, int]:
    """As much of what is left of an entry as fits a page of its own, and its length in letters, blanks counted."""
    left = khmer.clusters(entry.text[letters:])
    end = _reach(left, lambda most: fits(_part(entry, left[:most])))
    end = end if end == len(left) else _good_end(left, end)
    return _part(entry, left[:end]), sum(map(len, left[:end]))


def _reach(clusters: Sequence[str], fits: Callable[[int], bool]) -> int:
    """How many clusters fit, one at least: what fits is short, so it is looked for from the front."""
    low, high = 1, 128
    while high < len(clusters) and fits(high):
        low, high = high, high * 2
    high = min(high, len(clusters))
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if fits(middle) else (low, middle - 1)
    return low


def _part(entry: Entry, clusters: Sequence[str]) -> Entry:
    return Entry("".join(clusters).strip(), entry.foot, entry.item)


def _good_end(clusters: Sequence[str], end: int) -> int:
    """The last line end, else the last space, in the second half of what fits; else `end` itself."""
    for blank in ("\n", " "):
        for place in range(end, end // 2, -1):
            if clusters[place - 1] == blank:
                return place
    return end

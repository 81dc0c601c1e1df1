"""Reading what a facility owes and does: its blocks, page by page, or the line that a question asks for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from flows.library import (
    SERVICES,
    Facility,
    facility_in_short,
    facility_name,
    place_name,
    service_name,
)
from flows.outcomes import Done, Goto, Lives, Outcome, Wished
from flows.packs import Item, Pack, Performance, Price
from flows.packsearch import LONGEST, wanted
from flows.packtext import banner, beneath, block_name, line, price, shortened, source, source_in_short
from flows.pages import (
    MORE,
    MOST_ENTRIES,
    MOST_SEGMENTS,
    Compose,
    Entry,
    Page,
    Pages,
    Picture,
    fits_a_caption,
    fits_a_screen,
    fits_a_text_message,
    numbered,
)
from flows.places import choose_commune, choose_facility
from flows.questions import JSON, Choice, Fact, Given, Heard, Line, Option, Say, Way
from flows.services import CHOICES
from flows.text import Phrase, Words, _, joined
from flows.world import World

if TYPE_CHECKING:
    from datetime import date

#: Says something in the person's language. Pages hold it as long as they are kept, and nothing else of the world.
Speak = Callable[[Phrase | str | int], str]

WHAT = "what"  # the question that is answered by choosing, or in words
OTHER = Option("blocks", _("Other information"))
RATE = Option("rate", _("Rate this service"))
LONGEST_NAME = 40  # letters of a facility's name in a text message
LONGEST_TITLE = 40  # letters of a hit in a list; of one in a text message, half of it


async def read(world: World) -> Outcome:
    """A facility, one of its blocks, and that page by page."""
    given = await Given("facility")
    facility = world.library.facility(str(given or ""))
    if facility is None or facility.retired:
        chosen = await _choose(world)
        if not isinstance(chosen, Facility):
            return chosen
        facility = chosen
    pack = world.pack(facility.code)
    if pack is None or not pack.items:
        general = world.pack(facility.service)
        if await _without(world, facility, general) == "wish":
            return Wished(facility.code)
        assert general is not None  # or it would not have been offered
        pack = general
    block: str = await Choice(
        key="block",
        text=_about(world, facility, pack),
        options=tuple(Option(block, block_name(block)) for block in pack.blocks),
        budget=MOST_SEGMENTS,
    )
    title = _title(world, facility, pack, block)
    on = await turn_pages(world, pack, block, pack.of(block), title, (OTHER, RATE))
    return _on(on, facility)


def _on(way: str, facility: Facility) -> Outcome:
    """Where a way beneath the last page leads."""
    if way == OTHER.value:
        return Goto("read", {"facility": facility.code})
    return Goto("rate", {"facility": facility.code}) if way == RATE.value else Goto("menu")


# -- Whose information ------------------------------------------------------------------------------------


async def _choose(world: World) -> Facility | Outcome:
    """The facility; or what follows instead, since something was asked in words or the commune is to be remembered."""
    library = world.library
    service = await Given("service")
    given = await Given("commune")
    heard = await Given("heard")
    home = world.contact.commune
    commune = str(given) if given and library.place(str(given)) else home
    if service not in SERVICES:
        said = await _what(world, home if not given or given == home else None)
        if isinstance(said, str):
            return _asked(said, {"commune": commune} if given else {}, world)
        if said.code == ELSEWHERE:
            commune = await choose_commune(world)
            return Goto("read", {"commune": commune})
        service = said.code
    if heard is not None and not given:
        commune = await choose_commune(world, Heard.one_of(heard))
    elif commune is None:
        commune = await choose_commune(world, lives=home is None)
        if home is None:
            return Lives(commune, Goto("read", {"service": service, "commune": commune}))
    return await choose_facility(world, commune, service)


ELSEWHERE = "elsewhere"


async def _what(world: World, home: str | None) -> str | Way:
    """A service, or what one wants to know in one's own words."""
    place = world.library.place(home)
    ways = CHOICES
    if place is None:
        text: Phrase = _("What do you want to know about? Choose, or write it, such as: birth certificate")
    else:
        text = _(
            "What do you want to know about in {commune}? Choose, or write it, such as: birth certificate",
            commune=place_name(place),
        )
        ways = (*ways, Option(ELSEWHERE, _("In another commune")))
    return await Line(key=WHAT, text=text, ways=ways, longest=LONGEST, budget=MOST_SEGMENTS)


def _asked(words: str, given: dict[str, JSON], world: World) -> Outcome:
    """What somebody wrote instead of choosing: a service and place by their names, or a question."""
    told = wanted(words, world.library)
    if "query" in told or not told:
        return Goto("ask", {"query": words, **given})
    return Goto("read", {**given, **told})


async def _without(world: World, facility: Facility, general: Pack | None) -> str:
    """A facility has published nothing: its service's general standards, or a word to the commune that people ask."""
    options = [Option("wish", _("Tell them that people ask"))]
    if general is not None and general.items:
        options.insert(0, Option("general", _("Read the general standards")))
    picked: str = await Choice(
        key="nothing",
        text=_("{facility} has not published its information yet.", facility=_name(world, facility)),
        options=tuple(options),
        budget=MOST_SEGMENTS,
    )
    return picked


def _name(world: World, facility: Facility) -> Phrase:
    if world.channel.brief:
        return joined(shortened(world.speak(facility_in_short(facility, world.library)), LONGEST_NAME))
    return facility_name(facility, world.library)


def _about(world: World, facility: Facility, pack: Pack) -> Phrase:
    """Above the blocks: whose they are."""
    whose = _general(facility) if pack.general else _name(world, facility)
    above = [text for text in (banner(pack), whose) if text]
    return joined(*above, _("What do you want to read?"), separator="\n")


def _general(facility: Facility) -> Phrase:
    return _("General standards: {service}", service=service_name(facility.service))


def _title(world: World, facility: Facility | None, pack: Pack, block: str) -> str:
    """Above a page: the block and, where letters cost nothing, whose it is."""
    if world.channel.brief or facility is None:
        return world.speak(block_name(block))
    whose = _general(facility) if pack.general else facility_name(facility, world.library)
    return world.speak(joined(block_name(block), whose, separator=" · "))


# -- Pages ------------------------------------------------------------------------------------------------


async def turn_pages(
    world: World,
    pack: Pack,
    block: str,
    items: tuple[Item, ...],
    title: str,
    last: tuple[Option[str], ...],
    *,
    counts: bool = True,
) -> str:
    """The items page by page; the way that was taken from the last one, or out."""
    last = last[:1] if world.channel.brief else last
    pages = _paged(world, pack, items, title, last)
    number = 0
    while True:
        number += 1
        text, shown, more = pages.page(number)
        way: str = await Page(
            key=f"page.{number}",
            text=joined(text),
            options=(MORE,) if more else last,
            budget=MOST_SEGMENTS,
            subject=pack.subject if counts else "",
            block=block,
            picture=_picture(world, pack, [items[place] for place in shown]),
        )
        if way != MORE.value:
            return way


#: Pages as they were made, since all of them are gone through again for each: by what stands on them, for whom and when.
_MADE: dict[Any, Pages] = {}
_MOST_MADE = 512


def _paged(
    world: World, pack: Pack, items: tuple[Item, ...], title: str, last: tuple[Option[str], ...]
) -> Pages:
    """The items in pages, as far as anybody has read."""
    brief, speak, today = world.channel.brief, world.speak, world.today
    made_for = (items, title, pack.sample, last, world.contact.language, world.channel.wording, today)
    found = _MADE.get(made_for)
    if found is not None:
        return found
    entries = _Entries(items, speak, today, brief=brief)
    if brief:
        # Which of the two lines of ways a page will have is not known yet: room is left for the longer one.
        ways = max((speak(numbered(options)) for options in ((MORE,), last)), key=len)
        compose, fits = _brief(speak, pack, title), lambda text: fits_a_text_message(f"{text}\n{ways}")
    else:
        beneath_bars = world.channel.images and any(isinstance(item, Performance) for item in items)
        compose, fits = _long(speak, pack, title), fits_a_caption if beneath_bars else fits_a_screen
    pages = Pages(entries, compose, fits, MOST_ENTRIES)
    if len(_MADE) >= _MOST_MADE:
        _MADE.clear()
    _MADE[made_for] = pages
    return pages


class _Entries:
    """What stands on pages for each item, written when it is asked for."""

    def __init__(self, items: Sequence[Item], speak: Speak, today: date | None, *, brief: bool) -> None:
        self._items = items
        self._speak = speak
        self._today = today
        self._write = self._in_short if brief else self._in_full
        self._sources: dict[tuple[Words, str], str] = {}  # most items have the same
        self._last: Entry | None = None  # the one that did not fit a page begins the next

    def __len__(self) -> int:
        return len(self._items)

    def __getitem__(self, place: int) -> Entry:
        if self._last is None or self._last.item != place:
            self._last = self._write(self._items[place], place)
        return self._last

    def _in_short(self, item: Item, place: int) -> Entry:
        lines: list[Phrase] = [line(item, ", "), *beneath(item)]
        return Entry("\n".join(map(self._speak, lines)), self._source(item, in_short=True), place)

    def _in_full(self, item: Item, place: int) -> Entry:
        under = [*map(self._speak, beneath(item)), self._source(item, in_short=False)]
        text = "\n".join([f"• {self._speak(line(item))}", *(f"   {said}" for said in under)])
        return Entry(text, "", place)

    def _source(self, item: Item, *, in_short: bool) -> str:
        known = self._sources.get((item.source, item.true_on))
        if known is None:
            speak, today = self._speak, self._today
            said = source_in_short(item, today, speak(item.source)) if in_short else source(item, today)
            known = self._sources[item.source, item.true_on] = speak(said)
        return known


def _brief(speak: Speak, pack: Pack, title: str) -> Compose:
    """A page by text message: its sources once, at the foot."""
    made_up = speak(joined(banner(pack)))

    def compose(page: Sequence[Entry], number: str) -> str:
        feet = dict.fromkeys(entry.foot for entry in page)
        head = " ".join(filter(None, (title, speak(int(number)) if number else "", made_up)))
        return "\n".join(filter(None, (head, *(entry.text for entry in page), *feet)))

    return compose


def _long(speak: Speak, pack: Pack, title: str) -> Compose:
    """A page on a screen."""
    made_up = speak(joined(banner(pack)))

    def compose(page: Sequence[Entry], number: str) -> str:
        head = " ".join(filter(None, (title, f"({speak(int(number))})" if number else "")))
        head = "\n".join(filter(None, (head, made_up)))
        return "\n\n".join((head, *(entry.text for entry in page)))

    return compose


def _picture(world: World, pack: Pack, items: Sequence[Item]) -> Picture | None:
    measured = tuple(item for item in items if isinstance(item, Performance))
    if not measured or not world.channel.images:
        return None
    return Picture(replace(pack, items=measured), world.contact.language)


# -- Asking in words --------------------------------------------------------------------------------------


async def ask(world: World) -> Outcome:
    """The line that a question asks for, among all that the facilities of a commune have published."""
    query = str(await Given("query") or "")
    given = await Given("commune")
    home = world.contact.commune
    commune = str(given) if given and world.library.place(str(given)) else home
    if commune is None:
        commune = await choose_commune(world, lives=True)
        return Lives(commune, Goto("ask", {"query": query, "commune": commune}))
    found = await Fact("found", lambda: [[hit.subject, hit.key] for hit in world.search(commune, query)])
    packs = {subject: world.pack(subject) for subject in dict.fromkeys(subject for subject, _key in found)}
    placed = (_hit(world, commune, packs[subject], subject, key) for subject, key in found)
    hits = [hit for hit in placed if hit is not None]
    if not hits:
        return Goto("not_found", {"commune": commune})
    if len(hits) > 1:
        options = _listed(world, hits)
        chosen: str = await Choice(key="hit", text=WHICH, options=options, budget=MOST_SEGMENTS)
        if chosen == NONE:
            return Goto("read", {"commune": commune})
        hits = [(facility, pack, item) for facility, pack, item in hits if chosen == _code(pack, item)]
    facility, pack, item = hits[0]
    title = _title_of_hit(world, facility, pack)
    way = await turn_pages(world, pack, item.block, (item,), title, (OTHER,))
    return _on(way, facility)


Found = tuple[Facility, Pack, Item]


def _hit(world: World, commune: str, pack: Pack | None, subject: str, key: str) -> Found | None:
    """What was found, if it is still published."""
    item = next((item for item in pack.items if item.key == key), None) if pack else None
    facility = world.library.facility(subject)
    if facility is None and subject in SERVICES:
        facility = next(iter(world.library.facilities(commune, subject)), None)
    return (facility, pack, item) if pack and item and facility else None


WHICH = _("Which one do you mean?")
NONE = "none"


def _code(pack: Pack, item: Item) -> str:
    return f"{pack.subject}.{item.key}"


def _listed(world: World, hits: Sequence[Found]) -> tuple[Option[str], ...]:
    """The hits to choose from; where letters are paid for, as many as a text message holds."""
    options = [
        Option(_code(pack, item), _label(world, facility, item, hits)) for facility, pack, item in hits
    ]
    none = Option(NONE, _("Something else"))
    while world.channel.brief and len(options) > 2:
        lines = [joined(number, option.label) for number, option in enumerate((*options, none), 1)]
        if fits_a_text_message(world.speak(joined(WHICH, *lines, separator="\n"))):
            break
        options.pop()
    return (*options, none)


def _label(world: World, facility: Facility, item: Item, hits: Sequence[Found]) -> Phrase:
    """A hit in a list; with whose it is or what it costs, where two are called the same."""
    called = world.speak(item.text)
    most = LONGEST_TITLE // 2 if world.channel.brief else LONGEST_TITLE
    short = shortened(called, most)
    alike = [whose for whose, _pack, other in hits if world.speak(other.text) == called]
    if len(alike) == 1:
        return joined(short)
    if alike.count(facility) == 1 or not isinstance(item, Price):
        return joined(short, _name(world, facility), separator=", ")
    return joined(short, price(item.riel), separator=", ")


def _title_of_hit(world: World, facility: Facility, pack: Pack) -> str:
    whose = _general(facility) if pack.general else _name(world, facility)
    return world.speak(whose)


async def not_found(world: World) -> Outcome:
    """Nothing of what was asked is published; what is, may be read."""
    await Say(_("I found nothing about that."), budget=MOST_SEGMENTS)
    return Goto("read", {"commune": await Given("commune")})


# -- Before and after -------------------------------------------------------------------------------------


async def wished(world: World) -> Outcome:
    """After somebody wished that a facility would publish something."""
    facility = world.library.facility(str(await Given("facility") or ""))
    general = world.pack(facility.service) if facility else None
    await Say(_("Thank you. We count how many people ask, and tell the commune."), budget=MOST_SEGMENTS)
    if facility is None or general is None or not general.items:
        return Done() if world.channel.brief else Goto("menu")
    chosen = await Choice(
        key="general",
        text=_("Do you want to read the general standards of this service?"),
        options=(Option("read", _("Read")), Option("menu", _("Main menu"))),
        budget=MOST_SEGMENTS,
    )
    if chosen == "read":
        return Goto("read", {"facility": facility.code, "nothing": "general"})
    return Goto("menu")


async def read_on(world: World) -> Outcome:
    """After a rating: what the facility owes and does, where that is known."""
    facility = world.library.facility(str(await Given("facility") or ""))
    pack = (world.pack(facility.code) or world.pack(facility.service)) if facility else None
    if facility is None or pack is None or not pack.items:
        return Goto("menu")
    chosen = await Choice(
        key="on",
        text=_("Do you want to read what {facility} owes you?", facility=_name(world, facility)),
        options=(Option("read", _("Read")), Option("menu", _("Main menu"))),
        budget=MOST_SEGMENTS,
    )
    return Goto("read", {"facility": facility.code}) if chosen == "read" else Goto("menu")

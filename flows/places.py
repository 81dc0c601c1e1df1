"""Choosing a commune: typed as one would write it to a friend, or step by step from a list."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import count
from typing import Protocol

from flows.assent import NO, YES
from flows.finder import Found
from flows.gazetteer import Place as GazetteerPlace
from flows.library import Facility, Library, brief_name, facility_name, full_name, place_name, place_with_unit
from flows.pages import fits_a_text_message
from flows.placekeys import COMMUNE, DISTRICT
from flows.questions import Choice, Heard, Option, Place, Way
from flows.text import Phrase, _, joined
from flows.world import World

LIVES, WHERE = "place.", "where."  # before the number of a question where somebody lives, or something is
NONE = "none"
BROWSE = "browse"
Ways = tuple[Option[str], ...]
MORE = "more"
NEAR = 0.75  # a candidate below this is no resemblance a person would see
WIDER = 0.85  # what the finder gives a district or province of the very name, where no unit was typed
MOST_BRIEF = 4  # candidates in one text message
PAGE = 8  # a page of places and "more" stay within the ten options of a Choice


def hear(library: Library, query: str) -> Heard:
    """What a typed place may be: sure only when it can be no other commune. Who names her district or province in full
    means it, and no commune that is called something like it."""
    found = library.finder.find(query)
    wider = () if query.strip().isdecimal() and len(query.strip()) < 4 else _wider(found)
    exact = [candidate for candidate in found.candidates if candidate.score == 1]
    accepted = library.gazetteer.commune_of(found.accepted) if found.accepted else None
    if accepted and (exact or not wider):
        return Heard((accepted,), found.exact)
    communes = [
        commune
        for candidate in (exact if wider else found.candidates)
        if candidate.score >= NEAR
        for code in candidate.codes
        if (commune := library.gazetteer.commune_of(code))
    ]
    return Heard(tuple(dict.fromkeys(communes)), wider=wider)


def _wider(found: Found) -> tuple[str, ...]:
    """The districts and provinces whose very name was typed, or one that is nearer than any other place."""
    wide = [one for one in found.candidates if len(one.codes[0]) < COMMUNE]
    named = [
        one for one in wide if one.score in {1, WIDER} or (one is found.candidates[0] and one.score > WIDER)
    ]
    return tuple(code for one in named for code in one.codes if one.score == named[0].score)


def _listen(world: World, query: str) -> Heard:
    heard = hear(world.library, query)
    if not heard:
        world.unmatched(query)
    return heard


async def choose_commune(world: World, said: Heard | None = None, *, lives: bool = False) -> str:
    """The code of a commune: found by what is typed and, unless sure, confirmed; or chosen from lists.

    Whatever is offered, another name may be typed instead. `said`: what was understood before it was asked. `lives`: it
    is where she lives, and not just where something is.
    """
    library = world.library
    name = brief_name if world.channel.brief else full_name
    from_list: Ways = (Option(BROWSE, _("Choose from a list")),)
    text: Phrase = _("Which commune or sangkat? Write its name.")
    if lives:
        text = _("Which commune or sangkat do you live in? Write its name.")
    ways = from_list
    for attempt in count(0 if said is not None else 1):
        heard = (
            said
            if said is not None and not attempt
            else await Place(
                key=f"{LIVES if lives else WHERE}{attempt}",
                was=() if lives else (f"{LIVES}{attempt}",),
                text=text,
                find=lambda query: _listen(world, query),
                ways=ways,
                budget=1 if ways is from_list else 2,
            )
        )
        if isinstance(heard, Way):
            if heard.code == BROWSE:
                return await browse(world)
            if heard.code != NONE:
                return await commune_within(world, heard.code)
            text = _("Write the commune and the district, for example: {example}", example=example(library))
            ways = from_list
        elif heard.sure:
            return heard.communes[0]
        elif not heard.communes and len(heard.wider) == 1:
            return await commune_within(world, heard.wider[0])
        elif not heard:
            text = _("I could not find that place. Write the commune, or commune and district.")
            ways = from_list
        elif len(heard.codes) == 1:
            text = _("Is it {place}?", place=name(heard.communes[0], library))
            ways = (replace(YES, value=heard.communes[0]), replace(NO, value=NONE))
        elif len(heard.codes) > (MOST_BRIEF if world.channel.brief else PAGE):
            text = _(
                "Many places have that name. Write the commune and the district, for example: {example}",
                example=brief_name(heard.communes[0], library),
            )
            ways = from_list
        else:
            text, ways = _which(heard, world)
    raise AssertionError("count() does not end")


def _which(heard: Heard, world: World) -> tuple[Phrase, Ways]:
    """One of several. Where each letter is paid for, places of one name are told apart by their district alone."""
    library = world.library
    text: Phrase = _("Which one?")
    name = brief_name if world.channel.brief else full_name
    places = [library.place(code) for code in heard.communes]
    if world.channel.brief and not heard.wider and len({place.km for place in places if place}) == 1:
        text = _("{commune} in which district?", commune=place_name(places[0]))
        options = [Option(code, place_name(library.district_of(code))) for code in heard.communes]
    else:
        options = [Option(code, name(code, library)) for code in heard.communes]
    options += [Option(code, place_with_unit(library.place(code))) for code in heard.wider]
    return text, (*options, Option(NONE, _("Another place")))


def example(library: Library) -> Phrase:
    """A commune and its district, as one may write them."""
    first = next(iter(library.gazetteer.children(library.gazetteer.children("")[0].code)), None)
    communes = library.gazetteer.children(first.code) if first else ()
    return brief_name(communes[0].code, library) if communes else _("commune")


async def browse(world: World) -> str:
    """Province, district, commune: each from a list."""
    province = await choose_from(world, "province", _("Which province?"), _parts(world, ""))
    return await commune_within(world, province)


async def commune_within(world: World, place: str) -> str:
    """A commune of a district or province, from lists; the place itself if it is a commune."""
    if len(place) < DISTRICT:
        place = await choose_from(world, "district", _("Which district?"), _parts(world, place))
    if len(place) < COMMUNE:
        place = await choose_from(world, "commune", _("Which commune?"), _parts(world, place))
    return place


def _parts(world: World, place: str) -> list[Option[str]]:
    return named(world.library.gazetteer.children(place))


async def choose_from(world: World, key: str, text: Phrase, options: Sequence[Option[str]]) -> str:
    """One of many, a page at a time, or typed as it is called; the way from the last page to the first is *back*."""
    way_on = Option(MORE, _("More"))

    def fits(page: Sequence[Option[str]], *, last: bool) -> bool:
        if not world.channel.brief:
            return True
        ways = [*page] if last else [*page, way_on]
        lines = [joined(number, way.label) for number, way in enumerate(ways, 1)]
        return fits_a_text_message(world.speak(joined(text, *lines, separator="\n")))

    pages = list(paged(options, PAGE, fits))
    for number, page in enumerate(pages, 1):
        more: Ways = () if number == len(pages) else (way_on,)
        beyond = tuple(option for option in options if option not in page)
        picked: str = await Choice(
            key=f"{key}.{number}", text=text, options=(*page, *more), beyond=beyond, budget=2
        )
        if picked != MORE:
            return picked
    raise AssertionError("the last page has no 'more'")


async def choose_facility(world: World, commune: str, service: str) -> Facility:
    """A commune's facility of a service; asked for where there are several."""
    facilities = world.library.facilities(commune, service)
    if len(facilities) == 1:
        return facilities[0]
    options = [Option(facility.code, facility_name(facility, world.library)) for facility in facilities]
    picked = await choose_from(world, "facility.pick", _("Which one?"), options)
    return next(facility for facility in facilities if facility.code == picked)


def named(places: Iterable[GazetteerPlace]) -> list[Option[str]]:
    """Places as options, by their bare names: where they lie was chosen before."""
    return [Option(place.code, place_name(place)) for place in places]


class Fits(Protocol):
    """Whether options have room on one page, which leads on to others unless it is the last."""

    def __call__(self, page: Sequence[Option[str]], /, *, last: bool) -> bool: ...


def paged(options: Sequence[Option[str]], size: int, fits: Fits) -> Iterator[Sequence[Option[str]]]:
    """The options in pages of at most `size` that fit; a last page of one joins the page before it."""
    listed = list(options)
    while listed:
        take = len(listed) if len(listed) <= size + 1 else size
        while take > 1 and not fits(listed[:take], last=take == len(listed)):
            take -= 1
        yield listed[:take]
        listed = listed[take:]

"""Choosing a commune: typed as one would write it to a friend, or step by step from a list."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import count

from flows.gazetteer import Place as GazetteerPlace
from flows.library import Library, brief_name, full_name, place_name
from flows.questions import Choice, Heard, Option, Place, Way
from flows.text import Phrase, _
from flows.world import World

NONE = "none"
BROWSE = "browse"
Ways = tuple[Option[str], ...]
MORE = "more"
NEAR = 0.75  # a candidate below this is no resemblance a person would see
MOST_BRIEF = 4  # candidates in one text message
PAGE = 8  # a page of places and "more" stay within the ten options of a Choice


def hear(library: Library, query: str) -> Heard:
    """What a typed place may be, as communes: sure only when it can be no other."""
    found = library.finder.find(query)
    if found.accepted and (commune := library.gazetteer.commune_of(found.accepted)):
        return Heard((commune,), found.exact)
    communes = [
        commune
        for candidate in found.candidates
        if candidate.score >= NEAR
        for code in candidate.codes
        if (commune := library.gazetteer.commune_of(code))
    ]
    return Heard(tuple(dict.fromkeys(communes)), False)


def _listen(world: World, query: str) -> Heard:
    heard = hear(world.library, query)
    if not heard.communes:
        world.unmatched(query)
    return heard


async def choose_commune(world: World, said: Heard | None = None) -> str:
    """The code of a commune: found by what is typed and, unless sure, confirmed; or chosen from lists.

    Whatever is offered, another name may be typed instead. `said`: what was understood before it was asked.
    """
    library = world.library
    name = brief_name if world.channel.brief else full_name
    from_list: Ways = (Option(BROWSE, _("Choose from a list")),)
    text: Phrase = _("Which commune or sangkat do you live in? Write its name.")
    ways = from_list
    for attempt in count(0 if said else 1):
        heard = (
            said
            if said and not attempt
            else await Place(
                key=f"place.{attempt}",
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
                return heard.code
            text = _("Write the commune and the district, for example: {example}", example=example(library))
            ways = from_list
        elif heard.sure:
            return heard.communes[0]
        elif not heard.communes:
            text = _("I could not find that place. Write the commune, or commune and district.")
            ways = from_list
        elif len(heard.communes) == 1:
            text = _("Is it {place}?", place=name(heard.communes[0], library))
            ways = (Option(heard.communes[0], _("Yes")), Option(NONE, _("No")))
        elif len(heard.communes) > (MOST_BRIEF if world.channel.brief else PAGE):
            text = _(
                "Many places have that name. Write the commune and the district, for example: {example}",
                example=brief_name(heard.communes[0], library),
            )
            ways = from_list
        else:
            text, ways = _which(heard.communes, world)
    raise AssertionError("count() does not end")


def _which(communes: tuple[str, ...], world: World) -> tuple[Phrase, Ways]:
    """One of several. Where each letter is paid for, places of one name are told apart by their district alone."""
    library = world.library
    text: Phrase = _("Which one?")
    name = brief_name if world.channel.brief else full_name
    places = [library.place(code) for code in communes]
    if world.channel.brief and len({place.km for place in places if place}) == 1:
        text = _("{commune} in which district?", commune=place_name(places[0]))
        options = [Option(code, place_name(library.district_of(code))) for code in communes]
    else:
        options = [Option(code, name(code, library)) for code in communes]
    return text, (*options, Option(NONE, _("Another place")))


async def yes(key: str, text: Phrase) -> bool:
    """A question of yes or no."""
    return (
        await Choice(key=key, text=text, options=(Option("yes", _("Yes")), Option("no", _("No"))))
    ) == "yes"


def example(library: Library) -> Phrase:
    """A commune and its district, as one may write them."""
    first = next(iter(library.gazetteer.children(library.gazetteer.children("")[0].code)), None)
    communes = library.gazetteer.children(first.code) if first else ()
    return brief_name(communes[0].code, library) if communes else _("commune")


async def browse(world: World) -> str:
    """Province, district, commune: each from a list."""
    gazetteer = world.library.gazetteer
    province = await choose_from("province", _("Which province?"), named(gazetteer.children("")))
    district = await choose_from("district", _("Which district?"), named(gazetteer.children(province)))
    return await choose_from("commune", _("Which commune?"), named(gazetteer.children(district)))


async def choose_from(key: str, text: Phrase, options: Sequence[Option[str]]) -> str:
    """One of many, a page at a time; the way from the last page to the first is *back*."""
    pages = list(paged(options, PAGE))
    for number, page in enumerate(pages, 1):
        more: Ways = () if number == len(pages) else (Option(MORE, _("More")),)
        picked: str = await Choice(key=f"{key}.{number}", text=text, options=(*page, *more), budget=2)
        if picked != MORE:
            return picked
    raise AssertionError("the last page has no 'more'")


def named(places: Iterable[GazetteerPlace]) -> list[Option[str]]:
    """Places as options, by their bare names: where they lie was chosen before."""
    return [Option(place.code, place_name(place)) for place in places]


def paged(options: Sequence[Option[str]], size: int) -> Iterable[Sequence[Option[str]]]:
    """The options in pages of `size`; a last page of one joins the page before it."""
    listed = list(options)
    while listed:
        take = len(listed) if len(listed) <= size + 1 else size
        yield listed[:take]
        listed = listed[take:]

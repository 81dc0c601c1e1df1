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
MORE = "more"
NEAR = 0.75  # a candidate below this is no resemblance a person would see
PAGE = 8  # a page of places and "more" stay within the ten options of a Choice


def hear(library: Library, query: str) -> Heard:
    """What a typed place may be, as communes: sure only when it can be no other."""
    found = library.finder.find(query)
    communes = [
        commune
        for candidate in found.candidates
        if candidate.score >= NEAR
        for code in candidate.codes
        if (commune := library.gazetteer.commune_of(code))
    ]
    if found.accepted and (commune := library.gazetteer.commune_of(found.accepted)):
        return Heard((commune,), found.exact)
    return Heard(tuple(dict.fromkeys(communes))[:PAGE], False)


async def choose_commune(world: World) -> str:
    """The code of a commune: found by what is typed and, unless sure, confirmed; or chosen from lists.

    Whatever is offered, another name may be typed instead.
    """
    library = world.library
    name = brief_name if world.channel.brief else full_name
    from_list = Option(BROWSE, _("Choose from a list"))
    text: Phrase = _("Which commune or sangkat do you live in? Write its name.")
    ways = (from_list,)
    for attempt in count(1):
        heard = await Place(
            key=f"place.{attempt}", text=text, find=lambda query: hear(library, query), ways=ways
        )
        if isinstance(heard, Way):
            if heard.code == BROWSE:
                return await browse(world)
            if heard.code != NONE:
                return heard.code
            text = _("Write the commune and the district, for example: {example}", example=example(library))
            ways = (from_list,)
        elif heard.sure:
            return heard.communes[0]
        elif len(heard.communes) == 1:
            text = _("Is it {place}?", place=name(heard.communes[0], library))
            ways = (Option(heard.communes[0], _("Yes")), Option(NONE, _("No")))
        else:
            text = _("Which one?")
            ways = (
                *(Option(code, name(code, library)) for code in heard.communes),
                Option(NONE, _("Another place")),
            )
    raise AssertionError("count() does not end")


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
    province = await choose_from("province", _("Which province?"), gazetteer.children(""))
    district = await choose_from("district", _("Which district?"), gazetteer.children(province))
    return await choose_from("commune", _("Which commune?"), gazetteer.children(district))


async def choose_from(key: str, text: Phrase, places: Sequence[GazetteerPlace]) -> str:
    """One of many places, a page at a time; the last page leads to the first again only by going back."""
    pages = list(paged(places, PAGE))
    for number, page in enumerate(pages, 1):
        options = [Option(place.code, place_name(place)) for place in page]
        if number < len(pages):
            options.append(Option(MORE, _("More")))
        picked = await Choice(key=f"{key}.{number}", text=text, options=tuple(options))
        if picked != MORE:
            return picked
    raise AssertionError("the last page has no 'more'")


def paged(places: Iterable[GazetteerPlace], size: int) -> Iterable[Sequence[GazetteerPlace]]:
    """The places in pages of `size`; a last page of one joins the page before it."""
    listed = list(places)
    while listed:
        take = len(listed) if len(listed) <= size + 1 else size
        yield listed[:take]
        listed = listed[take:]

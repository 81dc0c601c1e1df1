"""Scores: anybody reads what citizens gave a commune, a facility or, who may, a wider place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from flows import khmer, oneline, scoretext
from flows.board import Card, Part
from flows.library import (
    SERVICES,
    Library,
    facility_name,
    full_name,
    place_name,
    place_with_unit,
    service_in_short,
    service_name,
)
from flows.officials import WIDE
from flows.outcomes import Goto, Lives, Outcome
from flows.packtext import SAMPLE, grouped, shortened
from flows.pages import (
    MORE,
    MOST_ENTRIES,
    MOST_SEGMENTS,
    OUT,
    Entry,
    Page,
    View,
    fill,
    fits_a_caption,
    fits_a_screen,
    fits_a_text_message,
    numbered,
)
from flows.places import choose_commune, choose_from, commune_within, hear, named
from flows.questions import JSON, Given, Heard, Option
from flows.scoretext import Told
from flows.services import CALLED
from flows.text import Phrase, _, decimal, joined
from flows.world import World

NATION = "nation"  # stands for the code of the whole country, which is empty
LONGEST = 80  # characters behind the word SCORES
LONGEST_NAME = 14  # letters of a place in a text message that has room for no more
ALL = Option("all", _("All services"))
RATE = Option("rate", _("Rate this service"))
ELSEWHERE = Option("elsewhere", _("Another commune"))


def meant(rest: str, library: Library) -> dict[str, JSON]:
    """What follows the word SCORES, as answers to begin with: a facility, a place, a service; or what was not found."""
    line = khmer.visible(rest).strip()[:LONGEST]
    if not line:
        return {}
    facility = library.facility(line.replace(" ", ""))
    if facility is not None:
        return {"place": facility.code}
    code = "".join(c for c in khmer.ascii_digits(line) if c.isalnum())
    if code.isdigit() and len(code) in {2, 4, 6, 8} and library.place(code):
        return {"place": code[:6]}
    if code.isdigit() and len(code) < 4:  # a score, more likely than the number in a commune's name
        return {}
    heard = hear(library, line)
    if heard.sure:  # "commune X" is the commune, and not its office
        return {"place": heard.communes[0]}
    read = oneline.read(line, library)
    if read is not None and read.given.keys() <= {"service", "facility", "commune", "heard"}:
        given = dict(read.given)
        if "facility" in given:
            return {"place": given["facility"]}
        if "commune" in given:
            given["place"] = given.pop("commune")
        return given
    return (
        {"place": heard.wider[0]} if len(heard.codes) == 1 and heard.wider else {"heard": list(heard.codes)}
    )


async def scores(world: World) -> Outcome:
    """The services of a place in short, one of them with its criteria, and what else there is of them."""
    subject = await _subject(world)
    if not isinstance(subject, str):
        return subject
    service = await Given("service")
    told = world.board.scores(subject)
    if told is None:
        return Goto("scores", {"heard": []})
    wanted = service in SERVICES and not told.facility
    view = str(service) if wanted else await _overview(world, subject, told)
    if view in SERVICES:
        return await _service(world, subject, told, view)
    match view:
        case "comments":
            return Goto("comments", {"subject": subject})
        case "parts":
            return Goto("scores_within", {"place": subject or NATION})
        case "commune":
            return Goto("scores", {"place": told.place})
        case ELSEWHERE.value:
            return Goto("scores", {"elsewhere": True})
        case RATE.value:
            return Goto("rate", {"facility": told.facility} if told.facility else {"commune": told.place})
        case "dashboard":
            return Goto("dashboard")
    return Goto("menu")


# -- Whose scores -----------------------------------------------------------------------------------------


async def _subject(world: World) -> str | Outcome:
    """The code of a facility or place; or what follows instead, since the commune is to be remembered."""
    given, heard = await Given("place"), await Given("heard")
    view = await Given("elsewhere")
    if view:
        return await choose_commune(world)
    if heard is not None:
        return await choose_commune(world, Heard.one_of(heard))
    if given is None:
        own = _own(world)
        if len(own) > 1:
            named_so = [Option(code or NATION, _name(world, code)) for code in own]
            given = await choose_from(world, "whose", _("Which one?"), named_so)
        elif own:
            given = own[0]
        elif world.contact.commune is not None:
            given = world.contact.commune
        else:
            commune = await choose_commune(world, lives=True)
            service = await Given("service")
            return Lives(commune, Goto("scores", {"place": commune, "service": service}))
    code = "" if given == NATION else str(given)
    facility = world.library.facility(code)
    if facility is not None:
        return facility.code
    if len(code) >= 6:
        return code[:6]
    if wide(world, code):
        return code
    return await commune_within(world, code) if code else await choose_commune(world)


def _own(world: World) -> list[str]:
    """The places and facilities that an official's roles are about."""
    return list(dict.fromkeys(grant.facility or grant.place for grant in world.roles))


def wide(world: World, place: str) -> bool:
    """Whether somebody's roles allow to compare the parts of a district, a province or the nation."""
    return any(grant.role in WIDE and place.startswith(grant.place) for grant in world.roles)


def _name(world: World, code: str) -> Phrase:
    """A facility or place where there is little room."""
    facility = world.library.facility(code)
    if facility is not None:
        return facility_name(facility, world.library)
    return place_with_unit(world.library.place(code)) if code else _("the whole country")


# -- What is seen of them ---------------------------------------------------------------------------------


async def _overview(world: World, subject: str, told: Told) -> str:
    """All services of a place, or the criteria of a facility; which of them to see, or what else."""
    options = [] if told.facility or not told else [_to_service(world, told, code) for code in SERVICES]
    if told and told.facility and world.channel.brief:
        options.append(Option(told.services[0].code, _("Criteria")))
    counted = world.board.counted(subject)
    if counted is not None:
        options.append(Option("comments", _comments(*counted)))
    if len(subject) < 6 and not told.facility:
        options.append(Option("parts", _parts_name(subject)))
    if told.facility:
        options.append(Option("commune", _("Other services of the commune")))
    if told.facility:
        options.append(RATE)
    elif not told:
        options.append(Option(RATE.value, _("Rate a service")))
    if not told.facility:
        options.append(ELSEWHERE)
    if world.roles and not world.channel.brief:
        options.append(Option("dashboard", _("Dashboard")))
    view: str = await View(
        key="view",
        text=_in_short(world, told, options) if world.channel.brief else _at_length(world, told),
        options=tuple(options),
        budget=MOST_SEGMENTS,
        picture=_card(world, subject, told),
    )
    return view


def _to_service(world: World, told: Told, code: str) -> Option[str]:
    """A service to choose; where letters are paid for, with its score."""
    if not world.channel.brief:
        return Option(code, service_name(code), called=CALLED[code])
    service = told.service(code)
    if not told or service is None:
        return Option(code, service_in_short(code), called=CALLED[code])
    if not service.counts:
        return Option(code, joined(service_in_short(code), _("too few")), called=CALLED[code])
    figures = [decimal(service.counts.mean), scoretext.signed(service.change)]
    return Option(
        code, joined(service_in_short(code), *(figure for figure in figures if figure)), called=CALLED[code]
    )


def _comments(every: int, unanswered: int) -> Phrase:
    """How many comments there are, and how many of them wait."""
    if not unanswered:
        return _("Comments ({count})", count=every)
    return _("Comments ({count}, {unanswered} unanswered)", count=every, unanswered=unanswered)


def _parts_name(place: str) -> Phrase:
    match len(place):
        case 0:
            return _("By province")
        case 2:
            return _("By district")
        case _:
            return _("By commune")


def _at_length(world: World, told: Told) -> Phrase:
    said = scoretext.at_length(_lowest_first(told), world.library)
    return said if told else joined(said, _how_to_rate(), separator="\n\n")


def _how_to_rate() -> Phrase:
    return _(
        "Rate the services of your commune yourself, and ask your neighbours to: nobody learns who gave a score."
    )


def _in_short(world: World, told: Told, options: Sequence[Option[str]]) -> Phrase:
    """Above the services, each of which is said by the way to it: whose they are, as far as there is room."""
    name = world.speak(scoretext.subject_in_short(told, world.library))
    bare = (
        world.speak(place_name(world.library.place(told.place))) if told.place and not told.facility else name
    )
    ways = [joined(number, option.label) for number, option in enumerate(options, 1)]
    texts = [_head(world, told, one) for one in (name, bare, shortened(bare, LONGEST_NAME))]
    fitting = (one for one in texts if fits_a_text_message(world.speak(joined(one, *ways, separator="\n"))))
    return next(fitting, texts[-1])


def _head(world: World, told: Told, name: str) -> Phrase:
    if not told:
        return _("{place}: fewer than 5 ratings, too few to show.", place=name)
    round_name = scoretext.rounds_name(told.rounds, world.library)
    if told.facility:
        [service] = told.services
        figures = [decimal(service.counts.mean), scoretext.signed(service.change)]
        name = world.speak(joined(name, *(figure for figure in figures if figure)))
    head = _("Scores {place}, {round}:", place=name, round=round_name)
    return joined(SAMPLE, head, separator=". ") if told.sample else head


def _card(world: World, subject: str, told: Told, service: str = "") -> Card | None:
    if not world.channel.images or not told:
        return None
    return Card(subject, service, told.rounds, told.until, world.contact.language)


# -- One service ------------------------------------------------------------------------------------------


async def _service(world: World, subject: str, told: Told, code: str) -> Outcome:
    """The criteria of one service, the lowest first where there is no room for all; and its facilities."""
    library = world.library
    facilities = library.facilities(subject, code) if len(subject) == 6 else ()
    last = [ALL]
    if len(facilities) > 1:
        last.append(Option("which", _("One of them")))
    last += [] if world.channel.brief or not facilities else [RATE]
    found = told.service(code)
    if found is None or not found.counts:
        last = [RATE, *last[:1]] if facilities else last[:1]
    way = OUT.value
    pages = _paged(world, _criteria(world, told, code), last)
    for number, text in enumerate(pages, 1):
        way = await Page(
            key=f"criteria.{number}",
            text=joined(text),
            options=(MORE,) if number < len(pages) else tuple(last),
            budget=MOST_SEGMENTS,
            picture=_card(world, subject, told, code) if found and found.counts else None,
        )
        if way != MORE.value:
            break
    match way:
        case ALL.value:
            return Goto("scores", {"place": subject or NATION})
        case "which":
            options = [Option(facility.code, facility_name(facility, library)) for facility in facilities]
            return Goto(
                "scores", {"place": await choose_from(world, "facility.pick", _("Which one?"), options)}
            )
        case RATE.value:
            one = {"facility": facilities[0].code} if len(facilities) == 1 else {"commune": subject}
            return Goto("rate", one if len(facilities) == 1 else {**one, "service": code})
    return Goto("menu")


def _criteria(world: World, told: Told, code: str) -> Phrase:
    if world.channel.brief:
        return scoretext.service_in_short_words(told, code, world.library)
    return scoretext.service_at_length(_lowest_first(told), code, world.library)


def _lowest_first(told: Told) -> Told:
    """With the criteria that citizens are least content with above the others."""
    services = []
    for service in told.services:
        scored = service.lowest_first()
        few = [score for score in service.criteria if not score.counts]
        services.append(replace(service, criteria=(*scored, *few)))
    return replace(told, services=tuple(services))


def _paged(world: World, said: Phrase, last: Sequence[Option[str]]) -> list[str]:
    """What is said, in pages that fit with the ways beneath them."""
    ways = max((world.speak(numbered(options)) for options in ((MORE,), last)), key=len)
    ways = ways if world.channel.brief else ""
    fits = (
        fits_a_text_message
        if world.channel.brief
        else fits_a_caption
        if world.channel.images
        else fits_a_screen
    )

    def compose(page: Sequence[Entry], number: str) -> str:
        return "\n".join(filter(None, (*(entry.text for entry in page), ways)))

    pages = fill([Entry(world.speak(said), "", 0)], compose, fits, MOST_ENTRIES)
    return ["\n".join(entry.text for entry in page) for page in pages]


# -- The places within ------------------------------------------------------------------------------------


async def scores_within(world: World) -> Outcome:
    """The parts of a district, a province or the nation one below the other, and from there into one of them."""
    given = str(await Given("place") or "")
    place = "" if given == NATION else given
    if not wide(world, place) or len(place) not in {0, 2, 4}:
        return Goto("scores")
    parts = world.board.parts(place)
    last = (Option("pick", _("See one of them")), ALL)
    pages = _tables(world, place, parts, last)
    for number, text in enumerate(pages, 1):
        ways = (MORE, *last[:1]) if number < len(pages) else last
        way: str = await Page(key=f"page.{number}", text=joined(text), options=ways, budget=MOST_SEGMENTS)
        if way == "pick":
            below = named(world.library.gazetteer.children(place))
            return Goto("scores", {"place": await choose_from(world, "part", _("Which one?"), below)})
        if way == ALL.value:
            return Goto("scores", {"place": place or NATION})
        if way == OUT.value:
            break
    return Goto("menu")


def _tables(world: World, place: str, parts: Sequence[Part], last: Sequence[Option[str]]) -> list[str]:
    """The pages of the table: those with scores in the order of their codes, then how many have none."""
    brief, speak, library = world.channel.brief, world.speak, world.library
    scored = [part for part in parts if part]
    entries = [Entry(speak(_row(world, part)), "", number) for number, part in enumerate(scored)]
    silent = len(parts) - len(scored)
    if silent:
        entries.append(
            Entry(speak(_("Without enough ratings: {places}", places=grouped(silent))), "", len(scored))
        )
    name = full_name(place, library) if place and not brief else _name(world, place)
    services = joined(*(service_in_short(code) for code in SERVICES), separator="/")
    title = joined(name, services, separator=": " if brief else "\n")
    ways = max((speak(numbered(options)) for options in ((MORE, *last[:1]), last)), key=len) if brief else ""

    def compose(page: Sequence[Entry], number: str) -> str:
        head = " ".join(filter(None, (speak(title), speak(joined(int(number))) if number and brief else "")))
        return "\n".join(filter(None, (head, *(entry.text for entry in page), ways)))

    pages = fill(entries, compose, fits_a_text_message if brief else fits_a_screen, MOST_ROWS)
    ways = ""
    numbers = [str(number) if len(pages) > 1 else "" for number in range(1, len(pages) + 1)]
    return [compose(page, number) for page, number in zip(pages, numbers, strict=True)]


MOST_ROWS = 15


def _row(world: World, part: Part) -> Phrase:
    """A place: its scores by service, and how many people rated."""
    name = place_name(world.library.place(part.place))
    scores = joined(
        *(decimal(part.services[code].mean) if part.services.get(code) else "-" for code in SERVICES),
        separator="/",
    )
    if world.channel.brief:
        return joined(name, scores)
    return _("• {name}: {scores} · {people} people", name=name, scores=scores, people=grouped(part.raters))

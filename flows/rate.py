"""A citizen scores one facility, criterion by criterion."""

from __future__ import annotations

from functools import lru_cache
from itertools import count

from flows.assent import AFFIRMED
from flows.library import (
    Criterion,
    Facility,
    Library,
    facility_in_short,
    facility_name,
    full_name,
    place_name,
)
from flows.outcomes import Commented, Done, Goto, Outcome, Rated
from flows.places import choose_commune, choose_facility
from flows.questions import (
    Choice,
    Comment,
    Fact,
    Given,
    Heard,
    Option,
    Question,
    Remark,
    Say,
    Scale,
    says_nothing,
)
from flows.services import CHOICES
from flows.text import Joined, Phrase, _, joined
from flows.world import World

#: How many persons may rate from one phone. Phones are shared in families; a crowd on one phone is not.
MOST_PEOPLE = 5

SCALE = (
    Option(1, _("Very dissatisfied"), "😢"),
    Option(2, _("Dissatisfied"), "😞"),
    Option(3, _("Acceptable"), "😐"),
    Option(4, _("Satisfied"), "😊"),
    Option(5, _("Very satisfied"), "😄"),
)
FACES = {option.value: option.face for option in SCALE}


async def rate(world: World) -> Outcome:
    """Service, facility, one question a criterion, a comment, and a look over it before it is sent.

    Where each message costs, the rating is stored after the last score; the
    thanks say it back and take a comment or a change (`thanks`).
    """
    facility, commune = await _facility(world)
    person = await _person(world, facility)
    criteria = world.library.criteria(facility.service)
    if not world.channel.brief:
        await Say(_("You rate: {facility}", facility=_in_full(facility, commune, world.library)))
    scores: dict[str, int | None] = {}
    for criterion in criteria:
        scores[criterion.code] = await _score(criterion, legend=not scores)
    if world.channel.brief:
        line = await Given("comment")
        return _rated(facility, person, scores, Remark(line["text"]) if line else None, commune)
    remark = await Comment(
        key="comment", text=_("What should be better? Write, or send a voice note or a photo.")
    ).or_skip()
    comment = remark if isinstance(remark, Remark) else None
    for attempt in count(1):
        if not any(scores.values()):
            await Say(_("You left out every question, so there is nothing to send yet."))
            changed = "scores"
        else:
            changed = await Choice(
                key=f"review.{attempt}",
                text=_review(facility, criteria, scores, comment, world.library),
                options=(
                    Option("send", _("Send my rating"), called=AFFIRMED),
                    Option("change", _("Change an answer")),
                ),
            )
        if changed == "send":
            return _rated(facility, person, scores, comment, commune)
        answer = await Choice(
            key=f"change.{attempt}",
            text=_("Which answer do you want to change?"),
            options=(
                *(Option(criterion.code, criterion.label) for criterion in criteria),
                Option("comment", _("Comment")),
            ),
        )
        if answer == "comment":
            remark = await Comment(
                key=f"comment.{attempt}",
                text=_("What should be better? Write, or send a voice note or a photo."),
            ).or_skip()
            comment = remark if isinstance(remark, Remark) else None
        else:
            criterion = next(c for c in criteria if c.code == answer)
            scores[answer] = await _score(criterion, attempt, legend=True)
    raise AssertionError("count() does not end")


async def _facility(world: World) -> tuple[Facility, str]:
    """The facility, and the commune in whose name it is rated."""
    library = world.library
    given = library.facility(str(await Given("facility") or ""))
    if given is not None and not given.retired:
        home = world.contact.commune
        return given, home if home in given.communes else given.communes[0]
    service, commune = await _service_and_commune(world)
    return await choose_facility(world, commune, service), commune


def _in_full(facility: Facility, commune: str, library: Library) -> Phrase:
    """The facility, and the commune with its district and province: nothing is rated by a silent guess."""
    return joined(facility_name(facility, library), full_name(commune, library), separator=" – ")


async def _service_and_commune(world: World) -> tuple[str, str]:
    home = world.library.place(world.contact.commune)
    given = await Given("commune")
    if given is not None and world.library.place(given):
        return await Choice(key="service", text=_("What do you want to rate?"), options=CHOICES), given
    heard = await Given("heard")
    if heard is not None:
        service = await Choice(key="service", text=_("What do you want to rate?"), options=CHOICES)
        return service, await choose_commune(world, Heard.one_of(heard))
    if home is None:
        service = await Choice(key="service", text=_("What do you want to rate?"), options=CHOICES)
        return service, await choose_commune(world, lives=True)
    service = await Choice(
        key="service",
        text=_("What do you want to rate in {commune}?", commune=place_name(home)),
        options=(*CHOICES, Option("elsewhere", _("In another commune"))),
    )
    if service != "elsewhere":
        return service, home.code
    commune = await choose_commune(world)
    return await Choice(
        key="service.elsewhere", text=_("What do you want to rate?"), options=CHOICES
    ), commune


async def _person(world: World, facility: Facility) -> int:
    """Who of those who share the phone is rating, numbered from 1."""
    rated = int(await Fact("rated", lambda: world.rated(facility.code)))
    people = world.contact.people
    if people == 1 and not rated:
        return 1
    options = [
        Option(str(number), _("Person {number}", number=number) if people > 1 else _("Me again"))
        for number in range(1, people + 1)
    ]
    if people < MOST_PEOPLE:
        options.append(Option("new", _("Another person on this phone")))
    who = await Choice(
        key="person",
        text=_("This phone has already rated this place in this round. Who is rating now?")
        if rated
        else _("Who is rating now?"),
        options=tuple(options),
        budget=1 if people < 3 else 2,
    )
    return people + 1 if who == "new" else int(who)


@lru_cache(maxsize=1024)  # asked anew in every replay, and always the same
def _score(criterion: Criterion, attempt: int = 0, *, legend: bool) -> Question[int | None]:
    key = f"score.{criterion.code}" + (f".{attempt}" if attempt else "")
    return Scale(key=key, text=criterion.question, options=SCALE, legend=legend).or_skip()


def _rated(
    facility: Facility, person: int, scores: dict[str, int | None], comment: Remark | None, commune: str
) -> Outcome:
    given = {code: score for code, score in scores.items() if score}
    if not given:
        return Goto("nothing")
    return Rated(facility.code, person, given, comment, commune)


def _review(
    facility: Facility,
    criteria: tuple[Criterion, ...],
    scores: dict[str, int | None],
    comment: Remark | None,
    library: Library,
) -> Joined:
    lines: list[Phrase] = [_("Your rating of {facility}:", facility=facility_name(facility, library))]
    for criterion in criteria:
        score = scores[criterion.code]
        lines.append(
            _("{face} {score} – {criterion}", face=FACES[score], score=score, criterion=criterion.label)
            if score
            else _("– {criterion}: skipped", criterion=criterion.label)
        )
    if comment:
        lines.append(_("Comment: {comment}", comment=_said(comment)))
    return joined(*lines, separator="\n")


def _said(comment: Remark) -> Phrase | str:
    if comment.attachment is None:
        return comment.text if len(comment.text) <= 500 else comment.text[:500] + "…"
    if comment.attachment.kind == "voice":
        return _("a voice note; the council will hear your voice")
    return _("a photo")


async def nothing(world: World) -> Outcome:
    """Every question was left out: say so, store nothing."""
    await Say(_("You left out every question, so there is nothing to send yet."))
    return Done() if world.channel.brief else Goto("menu")


async def thanks(world: World) -> Outcome:
    """After a rating is stored: its reference and, where messages cost, what was understood and what may still be said."""
    facility = await Given("facility")
    person = int(await Given("person") or 1)
    reference = str(await Given("reference"))
    scores = dict(await Given("scores") or {})
    about = None
    if person not in world.contact.asked:
        about = Goto("about", {"facility": facility, "person": person})
    if not world.channel.brief:
        await Say(
            _(
                "Thank you! Your rating is recorded, without your name. Number: {reference}",
                reference=reference,
            )
        )
        if await Given("commented"):
            await Say(_("Send us this number later, and you learn whether your comment was answered."))
        return about or Goto("read_on", {"facility": facility})
    rated = world.library.facility(str(facility))
    assert rated is not None  # a rating of it was stored a moment ago
    ways = [Option("change", _("Change"))]
    if about:
        ways.append(Option("about", _("About me")))
    said_back = {
        "facility": facility_in_short(rated, world.library),
        "scores": joined(
            *(scores.get(c.code, "-") for c in world.library.criteria(rated.service)), separator=""
        ),
        "reference": reference,
    }
    remark = await Comment(
        key="remark",
        text=_("Thank you! {facility}: {scores}, with your comment. Number {reference}.", **said_back)
        if await Given("commented")
        else _(
            "Thank you! {facility}: {scores}. Number {reference}. Anything to add? Write it.", **said_back
        ),
        ways=tuple(ways),
    )
    if isinstance(remark, Remark):
        if says_nothing(remark.text) and remark.attachment is None:
            return Done()
        return Commented(str(facility), person, remark)
    if remark.code == "about" and about:
        return about
    return Goto("correct", {"facility": facility, "person": person, "scores": scores})


async def correct(world: World) -> Outcome:
    """One answer of a rating that is already stored, given anew."""
    facility = world.library.facility(str(await Given("facility")))
    person = int(await Given("person") or 1)
    scores = dict(await Given("scores") or {})
    if facility is None:
        return Goto("menu")
    criteria = world.library.criteria(facility.service)
    code = await Choice(
        key="change",
        text=_("Which answer do you want to change?"),
        options=tuple(Option(criterion.code, criterion.label) for criterion in criteria),
        budget=2,
    )
    criterion = next(criterion for criterion in criteria if criterion.code == code)
    scores[code] = await _score(criterion, legend=True)
    left = {code: score for code, score in scores.items() if score}
    if not left:
        return Goto("nothing")
    commune = world.contact.commune
    return Rated(
        facility.code,
        person,
        left,
        commune=commune if commune in facility.communes else facility.communes[0],
        corrects=True,
    )


async def noted(world: World) -> Outcome:
    """A comment that came after the rating was stored."""
    await Say(_("Your comment is added. Thank you!"))
    return Done()

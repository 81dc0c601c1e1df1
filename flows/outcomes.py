"""What a flow may end in. A flow changes nothing itself: `handlers.outcomes` applies these."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from flows.meetings import Meeting
from flows.questions import JSON, Remark
from flows.sound import Sound
from flows.world import Grant


@dataclass(frozen=True, slots=True)
class Goto:
    """Go on with another flow, perhaps with answers filled in."""

    flow: str
    given: Mapping[str, JSON] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Rated:
    """One person's scores of one facility. `scores`: criterion code to 1..5; skipped ones are left out.

    `corrects`: it changes a rating that is stored, whose comment stays.
    """

    facility: str
    person: int
    scores: Mapping[str, int]
    comment: Remark | None = None
    commune: str | None = None
    corrects: bool | None = None


@dataclass(frozen=True, slots=True)
class Commented:
    """A comment that came after the rating was stored."""

    facility: str
    person: int
    comment: Remark


@dataclass(frozen=True, slots=True)
class Described:
    """What one person said of herself: gender, age, disability, minority, poor. None where skipped."""

    facility: str | None
    person: int
    about: Mapping[str, str | None]


@dataclass(frozen=True, slots=True)
class Joined:
    """Wants to hear of meetings in this commune, perhaps of one village."""

    commune: str
    village: str | None = None


@dataclass(frozen=True, slots=True)
class Lives:
    """Where one lives, said on the way to something else, which goes on."""

    commune: str
    then: Goto


@dataclass(frozen=True, slots=True)
class Wished:
    """Wants a facility that has published nothing to do so."""

    facility: str


@dataclass(frozen=True, slots=True)
class Drafted:
    """A pack was handed in, and nothing is wrong with it. `pack`: as JSON; `name`: of the file."""

    subject: str
    name: str
    pack: Mapping[str, JSON]
    warnings: tuple[JSON, ...] = ()


@dataclass(frozen=True, slots=True)
class Published:
    """A draft is to be shown to everybody."""

    subject: str
    version: int


@dataclass(frozen=True, slots=True)
class Left:
    """Wants no message any more that she did not ask for."""


@dataclass(frozen=True, slots=True)
class Speaks:
    """Wants another language."""

    language: str


@dataclass(frozen=True, slots=True)
class Hears:
    """Wants to hear what is asked, in this language; None: only to read it."""

    language: str | None


@dataclass(frozen=True, slots=True)
class Recorded:
    """Something was read out. `says`: which text of a block; `given`: answers to record the next thing with. The sound
    is in no answer: whoever receives the message puts it here."""

    key: str
    language: str
    commune: str
    says: str
    given: Mapping[str, JSON] = field(default_factory=dict)
    sound: Sound | None = None


@dataclass(frozen=True, slots=True)
class Judged:
    """A recording was listened to: people may hear it, or not."""

    number: int
    approved: bool


@dataclass(frozen=True, slots=True)
class Erased:
    """Wants everything that points to her deleted."""


@dataclass(frozen=True, slots=True)
class Announced:
    """A meeting is to be told to citizens."""

    meeting: Meeting


@dataclass(frozen=True, slots=True)
class Changed:
    """An announced meeting is held otherwise. `notice`: its number."""

    notice: int
    meeting: Meeting


@dataclass(frozen=True, slots=True)
class CalledOff:
    """An announced meeting is not held."""

    notice: int


@dataclass(frozen=True, slots=True)
class Coming:
    """Whether one comes to a meeting one was told of."""

    notice: int
    coming: bool


@dataclass(frozen=True, slots=True)
class Followed:
    """Wants to hear of a facility, or no more."""

    facility: str
    follows: bool = True


@dataclass(frozen=True, slots=True)
class Invited:
    """Somebody is to be invited to a role."""

    grant: Grant


@dataclass(frozen=True, slots=True)
class Linking:
    """Wants a code that links this address with another of hers."""


@dataclass(frozen=True, slots=True)
class Linked:
    """Where one hears of meetings: here, or on the address whose code one gave, which is the contact `other`."""

    other: int
    here: bool


@dataclass(frozen=True, slots=True)
class Unlinked:
    """Wants this address to be for itself again."""


@dataclass(frozen=True, slots=True)
class Entering:
    """Wants a link to the dashboard."""


@dataclass(frozen=True, slots=True)
class Answered:
    """A comment is to be marked as answered. `then`: with which answers to read on."""

    facility: str
    key: str
    then: Mapping[str, JSON] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Done:
    """Nothing to store."""


Outcome = (
    Goto
    | Rated
    | Commented
    | Described
    | Joined
    | Lives
    | Wished
    | Drafted
    | Published
    | Left
    | Speaks
    | Hears
    | Recorded
    | Judged
    | Erased
    | Announced
    | Changed
    | CalledOff
    | Coming
    | Followed
    | Invited
    | Linking
    | Linked
    | Unlinked
    | Entering
    | Answered
    | Done
)

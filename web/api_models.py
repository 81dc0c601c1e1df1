"""What the API says and takes: the shapes of its answers, which its OpenAPI document is made of."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from flows.counts import GROUPS

Service = Literal["ca", "hc", "ps"]
Level = Literal["province", "district", "commune", "village"]
Group = Literal["all", "women", "men", "other", "youth", "disability", "minority", "poor", "village"]

#: An NCDD code; 0 is the nation.
PLACE = r"^(0|[0-9]{2}|[0-9]{4}|[0-9]{6})$"
ANY_PLACE = r"^([0-9]{2}|[0-9]{4}|[0-9]{6}|[0-9]{8})$"
FACILITY = r"^[A-Za-z0-9-]{1,32}$"
CRITERION = r"^[a-z0-9-]{1,40}$"
ROUND = r"^[^\x00-\x1f\x7f]{1,20}$"
CURSOR = r"^[A-Za-z0-9_-]{1,300}$"

RoundCode = Annotated[str, StringConstraints(pattern=ROUND)]
FacilityCode = Annotated[str, StringConstraints(pattern=FACILITY)]
CriterionCode = Annotated[str, StringConstraints(pattern=CRITERION)]
Chosen = Annotated[list[RoundCode], Field(max_length=20)]

#: So much at once.
ITEMS, MOST_ITEMS = 100, 1000
ROWS, MOST_ROWS = 1000, 5000


# -- Questions ----------------------------------------------------------------------------------------------


class Asked(BaseModel):
    """A misspelt parameter is refused: what it should have narrowed would otherwise come back whole."""

    model_config = ConfigDict(extra="forbid")


class PlacesAsked(Asked):
    prefix: str = Field("", pattern=r"^[0-9]{0,8}$", description="What the code begins with, as in 0803.")
    level: Level | None = Field(None, description="Only places of this level.")
    limit: int = Field(ITEMS, ge=1, le=MOST_ITEMS)
    cursor: str | None = Field(None, pattern=CURSOR, description="`next` of the page before.")


class FacilitiesAsked(Asked):
    prefix: str = Field(
        "", pattern=r"^[0-9]{0,6}$", description="What the code of a commune that it serves begins with."
    )
    service: Service | None = None
    retired: bool = Field(False, description="Also those that are no longer rated.")
    limit: int = Field(ITEMS, ge=1, le=MOST_ITEMS)
    cursor: str | None = Field(None, pattern=CURSOR, description="`next` of the page before.")


class CardAsked(Asked):
    round: Chosen = Field(
        default=[], description="One or several, which are summed; by default the newest with scores."
    )


class ScoresAsked(Asked):
    place: str | None = Field(
        None, pattern=PLACE, description="Facilities that serve this place; by default the key's."
    )
    facility: Annotated[list[FacilityCode], Field(max_length=100)] = Field(default=[])
    round: Chosen = Field(default=[], description="By default all.")
    criterion: Annotated[list[CriterionCode], Field(max_length=100)] = Field(default=[])
    group: Annotated[list[Group], Field(max_length=len(GROUPS) + 2)] = Field(
        default=[], description="By default all groups and villages."
    )
    limit: int = Field(ROWS, ge=1, le=MOST_ROWS)
    cursor: str | None = Field(None, pattern=CURSOR, description="`next` of the page before.")


class CompletenessAsked(Asked):
    place: str | None = Field(None, pattern=PLACE, description="By default the key's.")
    round: Chosen = Field(default=[], description="By default the newest with scores.")


# -- Answers ------------------------------------------------------------------------------------------------


class Names(BaseModel):
    km: str
    en: str | None = Field(None, description="In Latin letters; null where there is none.")


class PlaceBrief(BaseModel):
    code: str = Field(description="NCDD's; a string, the leading zero belongs to it. 0 is the nation.")
    kind: Literal[
        "nation", "province", "capital", "district", "town", "khan", "commune", "sangkat", "village"
    ]
    name: Names | None = Field(None, description="null of the nation.")


class Place(PlaceBrief):
    lies_in: list[PlaceBrief] = Field(description="What it lies in, the nearest first.")
    contains: list[PlaceBrief] = Field(description="What lies directly in it.")
    former_codes: list[str] = Field(description="Codes it had before, which may be in circulation.")


class Places(BaseModel):
    items: list[PlaceBrief]
    next: str | None = Field(description="`cursor` of the next page; null after the last.")


class Facility(BaseModel):
    code: str
    service: Service
    name: Names
    communes: list[str] = Field(description="NCDD codes of all communes that it serves.")
    provisional: bool = Field(description="Stands for the commune's own until a registry names the real one.")
    retired: bool


class Facilities(BaseModel):
    items: list[Facility]
    next: str | None


class Criterion(BaseModel):
    code: str
    service: Service
    theme: str
    label: Names
    question: Names
    retired: bool = Field(description="No longer asked; scores of earlier rounds may be of it.")


class Criteria(BaseModel):
    items: list[Criterion]


class Theme(BaseModel):
    code: str
    name: Names
    criteria: list[str]


class Themes(BaseModel):
    items: list[Theme]


class Round(BaseModel):
    code: str
    name: Names
    first_day: str = Field(description="As in 2026-10-01.")
    last_day: str
    current: bool
    published: bool = Field(description="Whether there are scores of it anywhere.")


class Rounds(BaseModel):
    items: list[Round]


class Scores(BaseModel):
    n: int = Field(description="How many people.")
    counts: list[int] = Field(min_length=5, max_length=5, description="How many gave 1, 2, 3, 4, 5.")
    median: float = Field(description="The official score.")
    mean: float
    satisfied: float = Field(description="The share that gave 4 or 5, from 0 to 1.")


class Spread(BaseModel):
    """How the communes' mean scores lie: the quartiles."""

    communes: int
    low: float
    middle: float
    high: float


class Line(BaseModel):
    code: str
    label: Names
    scores: Scores | None = Field(description="null: too few to be shown.")
    before: Scores | None = Field(description="Of the round that `before` of the scorecard names.")
    change: float | None = Field(description="By how much the mean moved.")
    groups: dict[str, Scores] = Field(description="Only those that may be shown.")


class CriterionLine(Line):
    theme: str
    villages: dict[str, Scores] = Field(description="By the village's code; only those that may be shown.")
    district: Spread | None = Field(description="How the communes of the district lie; only of a commune.")
    province: Spread | None


class ServiceCard(BaseModel):
    service: Service
    raters: int = Field(description="How many people scored the criterion that most scored.")
    scores: Scores | None = Field(description="All criteria together.")
    change: float | None
    criteria: list[CriterionLine]


class Card(BaseModel):
    place: PlaceBrief
    facility: Facility | None = Field(description="null where it is of a place and not of one facility.")
    rounds: list[str] = Field(description="Empty: nobody has rated, or too few.")
    before: str | None = Field(description="The round it is compared with.")
    as_of: date | None = Field(description="All ratings before this day were looked at.")
    sample: bool = Field(description="Made-up ratings are among them.")
    communes: int = Field(description="How many lie in the place.")
    communes_rated: int = Field(description="Of how many there are scores.")
    services: list[ServiceCard]
    themes: list[Line]


class ScoreRow(Scores):
    facility: str
    round: str
    criterion: str
    group: Group
    village: str | None = Field(description="The village whose people it is, where the group is village.")
    as_of: date
    sample: bool = Field(description="Made up.")


class ScoreRows(BaseModel):
    items: list[ScoreRow]
    next: str | None


class Rated(BaseModel):
    commune: PlaceBrief
    rated: bool = Field(description="Whether there are scores that may be shown.")
    raters: dict[Service, int] = Field(
        description="By service: how many people scored the criterion that most scored; 0 where too few to be shown."
    )


class Completeness(BaseModel):
    place: PlaceBrief
    rounds: list[str]
    as_of: date | None
    sample: bool
    communes: int
    communes_rated: int
    items: list[Rated]


class Problem(BaseModel):
    """Why there is no answer, and what to do (RFC 9457)."""

    type: str = "about:blank"
    title: str
    status: int
    code: str = Field(description="Permanent, for programs.")
    detail: str = Field(description="The cause.")
    next: str = Field(description="What to do.")

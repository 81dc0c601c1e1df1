"""Ratings and what is counted from them. Nothing here knows a contact."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, NamedTuple

import sqlalchemy as sa

from storage import attachments
from storage.database import PerDialect
from storage.tables import histograms, responses
from storage.vault import Vault, reference

ALL = "all"

_RATED = sa.select(sa.func.count()).where(responses.c.rater.in_(sa.bindparam("raters", expanding=True)))
_FIND = (
    sa.select(
        responses.c.scores,
        responses.c.groups,
        responses.c.comment,
        responses.c.rated_on,
        responses.c.earlier,
        responses.c.answered_on,
    )
    .where(responses.c.rater == sa.bindparam("rater"))
    .with_for_update()
)
#: What a rating that replaces an earlier one leaves as it was, and what it changes.
_STAYS = ("rater", "facility", "round", "reference", "shared")
_CHANGES = ("commune", "scores", "groups", "comment", "rated_on", "village", "earlier", "answered_on")
_STORE = PerDialect(
    lambda insert: (
        lambda statement: statement.on_conflict_do_update(
            index_elements=["rater"],
            set_={name: statement.excluded[name] for name in _CHANGES},
        )
    )(insert(responses).values({name: sa.bindparam(name) for name in (*_STAYS, *_CHANGES)}))
)
_COUNT = PerDialect(
    lambda insert: (
        lambda statement: statement.on_conflict_do_update(
            index_elements=["facility", "round", "criterion", "grp"],
            set_={
                f"s{score}": histograms.c[f"s{score}"] + statement.excluded[f"s{score}"]
                for score in range(1, 6)
            },
        )
    )(
        insert(histograms).values(
            {
                name: sa.bindparam(name)
                for name in ("facility", "round", "criterion", "grp", "s1", "s2", "s3", "s4", "s5")
            }
        )
    )
)


class Called(NamedTuple):
    """Where a rating is, without its scores and words."""

    rater: bytes
    facility: str
    round: str
    rated_on: date
    commented: bool
    answered_on: date | None


_CALLED = sa.select(
    responses.c.rater,
    responses.c.facility,
    responses.c.round,
    responses.c.rated_on,
    responses.c.comment.is_not(None),
    responses.c.answered_on,
).where(responses.c.reference == sa.bindparam("reference"))


def groups_of(about: Mapping[str, str | None]) -> list[str]:
    """The groups that what a person said of herself puts her in. Youth is 15 to 30, by age band."""
    groups = []
    match about.get("gender"):
        case "female":
            groups.append("women")
        case "male":
            groups.append("men")
        case "other":
            groups.append("other")
    if about.get("age") == "15-30":
        groups.append("youth")
    groups += [
        group
        for group, key in (("disability", "disability"), ("minority", "minority"), ("poor", "poor"))
        if about.get(key) == "yes"
    ]
    return groups


def rated(connection: sa.Connection, raters: Iterable[bytes]) -> int:
    """How many of these have rated."""
    return int(connection.execute(_RATED, {"raters": list(raters)}).scalar_one())


def rate(
    connection: sa.Connection,
    vault: Vault,
    rater: bytes,
    *,
    facility: str,
    round_code: str,
    scores: Mapping[str, int],
    groups: Iterable[str] = (),
    comment: dict[str, Any] | None = None,
    commune: str | None = None,
    village: str | None = None,
    shared: bool = False,
    keep_comment: bool = False,
    today: date,
) -> str:
    """Store a rating, or put it in place of the rater's earlier one of this round. Returns its reference.

    `village`: of the rater, where she told us. `keep_comment`: without a new comment the earlier one stays, answered
    or not; else it goes with the rating it belonged to.
    """
    before = connection.execute(_FIND, {"rater": rater}).first()
    groups = sorted(set(groups))
    counts: Counter[tuple[str, str, int]] = Counter()
    _tally(counts, scores, groups, +1)
    if before is not None:
        _tally(counts, before.scores, before.groups, -1)
    called = reference(rater)
    sealed = vault.seal_json(comment) if comment else None
    answered = None
    if sealed is None and keep_comment and before is not None:
        sealed, answered = before.comment, before.answered_on
    connection.execute(
        _STORE.on(connection),
        {
            "rater": rater,
            "facility": facility,
            "round": round_code,
            "reference": called,
            "commune": commune,
            "shared": shared,
            "scores": dict(scores),
            "groups": groups,
            "comment": sealed,
            "rated_on": today,
            "village": village,
            "earlier": _earlier(before, today) if before is not None else None,
            "answered_on": answered,
        },
    )
    _count(connection, facility, round_code, counts)
    if before is not None and sealed is not before.comment:
        _replaced(connection, vault, before.comment)
    return called


def comment(
    connection: sa.Connection, vault: Vault, rater: bytes, said: dict[str, Any], today: date | None = None
) -> bool:
    """Put a comment on a stored rating, which nobody has answered yet; False when there is none. `today`: one of an
    earlier day is then of this day, or whoever reads comments would see when it came."""
    before = connection.execute(_FIND, {"rater": rater}).first()
    if before is None:
        return False
    values: dict[str, Any] = {"comment": vault.seal_json(said), "answered_on": None}
    if today is not None and before.rated_on != today:
        values |= {"rated_on": today, "earlier": _earlier(before, today)}
    connection.execute(sa.update(responses).where(responses.c.rater == rater).values(**values))
    _replaced(connection, vault, before.comment)
    return True


def _replaced(connection: sa.Connection, vault: Vault, sealed: bytes | None) -> None:
    """A comment is gone, and what was sent with it."""
    number = vault.open_json(sealed).get("number") if sealed is not None else None
    if number:
        attachments.drop(connection, bytes.fromhex(number))


def regroup(
    connection: sa.Connection,
    rater: bytes,
    facility: str,
    round_code: str,
    groups: Iterable[str],
    *,
    today: date,
) -> bool:
    """Copy what a person said of herself onto her rating, and count it there; False when there is none."""
    before = connection.execute(_FIND, {"rater": rater}).first()
    if before is None:
        return False
    groups = sorted(set(groups))
    counts: Counter[tuple[str, str, int]] = Counter()
    _tally(counts, before.scores, groups, +1)
    _tally(counts, before.scores, before.groups, -1)
    if groups != before.groups:
        connection.execute(
            sa.update(responses)
            .where(responses.c.rater == rater)
            .values(groups=groups, earlier=_earlier(before, today))
        )
    _count(connection, facility, round_code, counts)
    return True


def _earlier(before: Any, today: date) -> dict[str, int] | None:
    """The scores that a rating, which is now changed, may have been published with, as bits by criterion. Nothing of
    the day it was given on is published before the next."""
    earlier: dict[str, int] = dict(before.earlier or {})
    if before.rated_on != today:
        for criterion, score in before.scores.items():
            earlier[criterion] = earlier.get(criterion, 0) | 1 << score
    return earlier or None


def _tally(
    counts: Counter[tuple[str, str, int]], scores: Mapping[str, int], groups: Iterable[str], sign: int
) -> None:
    for group in (ALL, *groups):
        for criterion, score in scores.items():
            counts[criterion, group, score] += sign


def _count(
    connection: sa.Connection, facility: str, round_code: str, counts: Counter[tuple[str, str, int]]
) -> None:
    """Add to the five counters of each criterion and group, in one order, so that two ratings never deadlock."""
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    for (criterion, group, score), change in counts.items():
        if change:
            row = rows.setdefault(
                (criterion, group),
                {"facility": facility, "round": round_code, "criterion": criterion, "grp": group}
                | {f"s{score}": 0 for score in range(1, 6)},
            )
            row[f"s{score}"] += change
    if rows:
        connection.execute(_COUNT.on(connection), [rows[key] for key in sorted(rows)])


def histogram(connection: sa.Connection, facility: str, round_code: str) -> dict[tuple[str, str], list[int]]:
    """(criterion, group) to how many gave 1, 2, 3, 4, 5."""
    rows = connection.execute(
        sa.select(histograms).where(histograms.c.facility == facility, histograms.c.round == round_code)
    )
    return {
        (row.criterion, row.grp): [row.s1, row.s2, row.s3, row.s4, row.s5]
        for row in rows
        if any((row.s1, row.s2, row.s3, row.s4, row.s5))
    }


def called(connection: sa.Connection, reference: str) -> list[Called]:
    """The ratings of a number; two of the whole country may share it."""
    return [Called(*row) for row in connection.execute(_CALLED, {"reference": reference})]


def find(connection: sa.Connection, vault: Vault, called: str) -> list[dict[str, Any]]:
    """Ratings by the reference their giver was told: facility, round, scores, groups, comment, rated_on."""
    found = []
    for row in connection.execute(sa.select(responses).where(responses.c.reference == called.upper())):
        rating = dict(row._mapping)
        del rating["rater"]
        rating["comment"] = vault.open_json(row.comment) if row.comment is not None else None
        found.append(rating)
    return found

"""Comments as officials read them: masked, by the day, in an order that tells nothing, and without who said them.

Only what was said before today is listed, and within a day in the order of a keyed hash: two looks at the list never
tell at what time somebody wrote. What people wrote is text and nothing else, whatever it looks like.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import cache
from typing import Any

import sqlalchemy as sa

from flows.comments import Comment as Comment
from flows.masking import masked
from storage import attachments
from storage.tables import responses
from storage.vault import Vault


@cache
def _said(by_commune: bool, unanswered: bool) -> tuple[sa.ColumnElement[bool], ...]:
    """What is listed."""
    conditions: list[sa.ColumnElement[bool]] = [
        responses.c.facility.in_(sa.bindparam("facilities", expanding=True)),
        responses.c.comment.is_not(None),
        responses.c.rated_on < sa.bindparam("today"),
    ]
    if by_commune:
        conditions.append(responses.c.commune == sa.bindparam("commune"))
    if unanswered:
        conditions.append(responses.c.answered_on.is_(None))
    return tuple(conditions)


_WAYS = [(by_commune, unanswered) for by_commune in (False, True) for unanswered in (False, True)]
_COUNTED = {
    by_commune: sa.select(
        sa.func.count(), sa.func.count(sa.case((responses.c.answered_on.is_(None), 1)))
    ).where(*_said(by_commune, False))
    for by_commune in (False, True)
}
_DAYS = {
    way: sa.select(responses.c.rated_on, sa.func.count())
    .where(*_said(*way))
    .group_by(responses.c.rated_on)
    .order_by(responses.c.rated_on.desc())
    for way in _WAYS
}
_RATERS = {
    way: sa.select(responses.c.rater, responses.c.rated_on).where(
        *_said(*way),
        responses.c.rated_on.between(sa.bindparam("first"), sa.bindparam("last")),
    )
    for way in _WAYS
}
_ROWS = sa.select(
    responses.c.rater,
    responses.c.facility,
    responses.c.round,
    responses.c.rated_on,
    responses.c.comment,
    responses.c.answered_on,
).where(responses.c.rater.in_(sa.bindparam("raters", expanding=True)))
_OF_FACILITY = sa.select(responses.c.rater).where(*_said(False, False))
_ANSWER = (
    sa.update(responses)
    .where(responses.c.rater == sa.bindparam("whose"), responses.c.answered_on.is_(None))
    .values(answered_on=sa.bindparam("day"))
)


def counted(
    connection: sa.Connection, facilities: Sequence[str], commune: str | None, today: date
) -> tuple[int, int]:
    """How many comments there are from before today, and how many of them nobody has answered."""
    row = connection.execute(_COUNTED[commune is not None], _values(facilities, commune, today)).one()
    return int(row[0]), int(row[1])


def listed(
    connection: sa.Connection,
    vault: Vault,
    facilities: Sequence[str],
    commune: str | None,
    today: date,
    *,
    limit: int,
    offset: int = 0,
    unanswered: bool = False,
) -> list[Comment]:
    """Comments on these facilities from before today, the newest day first; with a commune only those in its name."""
    way = (commune is not None, unanswered)
    values = _values(facilities, commune, today)
    before, first, last, skipped = 0, None, None, 0
    for day, count in connection.execute(_DAYS[way], values):
        if before + count > offset and before < offset + limit:
            if last is None:
                last, skipped = day, before
            first = day
        before += count
    if first is None:
        return []
    ordered = sorted(
        (
            (row.rated_on, vault.comment(bytes(row.rater)), bytes(row.rater))
            for row in connection.execute(_RATERS[way], {**values, "first": first, "last": last})
        ),
        key=lambda found: (-found[0].toordinal(), found[1]),
    )
    wanted = {rater: key for _day, key, rater in ordered[offset - skipped :][:limit]}
    rows = {bytes(row.rater): row for row in connection.execute(_ROWS, {"raters": list(wanted)})}
    opened = {rater: vault.open_json(row.comment) for rater, row in rows.items()}
    states = attachments.states(connection, filter(None, map(_number, opened.values())))
    return [
        _comment(rows[rater], opened[rater], key, states) for rater, key in wanted.items() if rater in rows
    ]


def one(
    connection: sa.Connection,
    vault: Vault,
    facilities: Sequence[str],
    commune: str | None,
    today: date,
    key: str,
) -> Comment | None:
    """The comment that has a key, of those that `listed` has."""
    way = (commune is not None, False)
    values = {**_values(facilities, commune, today), "first": date.min, "last": date.max}
    for rater, _day in connection.execute(_RATERS[way], values):
        if vault.comment(bytes(rater)) == key:
            row = connection.execute(_ROWS, {"raters": [rater]}).one()
            said = vault.open_json(row.comment)
            return _comment(row, said, key, attachments.states(connection, filter(None, [_number(said)])))
    return None


def answer(connection: sa.Connection, vault: Vault, facility: str, key: str, today: date) -> bool:
    """Mark a comment as answered today; False where none has this key (any more), or it is answered already."""
    values = {"facilities": [facility], "today": today}
    for (rater,) in connection.execute(_OF_FACILITY, values):
        if vault.comment(bytes(rater)) == key:
            return connection.execute(_ANSWER, {"whose": rater, "day": today}).rowcount == 1
    return False


def _values(facilities: Sequence[str], commune: str | None, today: date) -> dict[str, Any]:
    values: dict[str, Any] = {"facilities": list(facilities), "today": today}
    return values if commune is None else {**values, "commune": commune}


def _number(said: dict[str, Any]) -> bytes | None:
    """The number of what was sent along."""
    number = said.get("number")
    return bytes.fromhex(number) if number else None


def _comment(row: Any, said: dict[str, Any], key: str, states: dict[bytes, str]) -> Comment:
    number = _number(said)
    kind = said.get("kind")
    state = states.get(number, "refused") if number else "refused" if kind else ""
    return Comment(
        key,
        row.facility,
        row.round,
        row.rated_on,
        masked(str(said.get("text") or "")),
        kind,
        number if state == "kept" else None,
        int(said.get("seconds") or 0),
        row.answered_on,
        state,
    )

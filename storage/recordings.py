"""Recordings: proposed → approved → superseded, or refused. Of a key, language and commune people hear one."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from flows.sound import Recording, Sound
from storage.tables import contacts, conversations, recordings
from storage.vault import Vault

#: Who puts a recording in the place of another does so alone. The lock goes with the transaction.
_ALONE = sa.text("SELECT pg_advisory_xact_lock(5844)")

_SHOWN = (
    recordings.c.id,
    recordings.c.key,
    recordings.c.language,
    recordings.c.commune,
    recordings.c.says,
    recordings.c.state,
    recordings.c.seconds,
    recordings.c.size,
)
_APPROVED = sa.select(*_SHOWN).where(
    recordings.c.key.in_(sa.bindparam("keys", expanding=True)),
    recordings.c.language.in_(sa.bindparam("languages", expanding=True)),
    sa.text("recordings.state = 'approved'"),  # written out: only so is the index of the approved ones used
)
_HEARD = _APPROVED.where(recordings.c.commune.in_(sa.bindparam("communes", expanding=True)))
_LANGUAGES = (
    sa.select(recordings.c.language)
    .where(sa.text("recordings.state = 'approved'"))
    .group_by(recordings.c.language)
)
_LANGUAGES_IN = _LANGUAGES.where(recordings.c.commune.in_(sa.bindparam("communes", expanding=True)))
_RECORDED = (
    sa.select(*_SHOWN)
    .where(
        recordings.c.language == sa.bindparam("language"),
        recordings.c.commune == sa.bindparam("commune"),
        recordings.c.state.in_(("approved", "proposed")),
    )
    .order_by(recordings.c.id)
)
_WAITING = sa.select(*_SHOWN).where(sa.text("recordings.state = 'proposed'")).order_by(recordings.c.id)
_ONE = sa.select(*_SHOWN).where(recordings.c.id == sa.bindparam("number"))
_ADD = sa.insert(recordings).returning(recordings.c.id)
_REPLACE = sa.delete(recordings).where(
    recordings.c.key == sa.bindparam("same_key"),
    recordings.c.language == sa.bindparam("same_language"),
    recordings.c.commune == sa.bindparam("same_commune"),
    recordings.c.author == sa.bindparam("same_author"),
    recordings.c.state == "proposed",
)
_SUPERSEDE = (
    sa.update(recordings)
    .where(
        recordings.c.key == sa.bindparam("same_key"),
        recordings.c.language == sa.bindparam("same_language"),
        recordings.c.commune == sa.bindparam("same_commune"),
        recordings.c.id != sa.bindparam("number"),
        recordings.c.state == "approved",
    )
    .values(state="superseded")
)
_APPROVE = (
    sa.update(recordings)
    .where(recordings.c.id == sa.bindparam("number"))
    .values(state="approved", decided_at=sa.bindparam("now"), says=sa.bindparam("now_says"))
)
_REFUSE = (
    sa.update(recordings)
    .where(recordings.c.id == sa.bindparam("number"), recordings.c.state.in_(("proposed", "approved")))
    .values(state="refused", decided_at=sa.bindparam("now"), sound=None, file_id=None)
    .returning(recordings.c.id)
)
_SAME = sa.select(recordings.c.id).where(
    recordings.c.key == sa.bindparam("same_key"),
    recordings.c.language == sa.bindparam("same_language"),
    recordings.c.commune == sa.bindparam("same_commune"),
    recordings.c.digest == sa.bindparam("digest"),
    recordings.c.state == "approved",
)
_WITHDRAW = (
    sa.update(recordings)
    .where(
        recordings.c.state == "approved",
        recordings.c.source_name.startswith(sa.bindparam("folder"), autoescape=False),
        recordings.c.source_name.not_in(sa.bindparam("names", expanding=True)),
    )
    .values(state="superseded")
    .returning(recordings.c.id)
)
_FILE_ID = sa.select(recordings.c.file_id).where(recordings.c.id == sa.bindparam("number"))
_SOUND = sa.select(recordings.c.sound).where(recordings.c.id == sa.bindparam("number"))
_KEEP_ID = (
    sa.update(recordings)
    .where(recordings.c.id == sa.bindparam("number"), recordings.c.sound.is_not(None))
    .values(file_id=sa.bindparam("known_as"))
)
_LISTED = (
    sa.select(
        *_SHOWN,
        recordings.c.source_name,
        recordings.c.author,
        recordings.c.created_at,
        recordings.c.decided_at,
    )
    .where(recordings.c.state.in_(sa.bindparam("states", expanding=True)))
    .order_by(recordings.c.id)
)
_AT = (
    sa.select(sa.literal(1))
    .select_from(contacts.join(conversations, conversations.c.contact == contacts.c.id))
    .where(
        contacts.c.channel == sa.bindparam("channel"),
        contacts.c.address_hash == sa.bindparam("address_hash"),
        contacts.c.official,
        conversations.c.flow == sa.bindparam("flow"),
        conversations.c.asked == sa.bindparam("asked"),
    )
)


# -- Writing ----------------------------------------------------------------------------------------------


def propose(
    connection: sa.Connection,
    key: str,
    language: str,
    commune: str,
    says: str,
    sound: Sound,
    author: int,
    now: datetime,
) -> int:
    """Keep a recording until it is decided about, in place of what the same person proposed before; its number."""
    _alone(connection)
    connection.execute(_REPLACE, {**_same(key, language, commune), "same_author": author})
    row = _row(key, language, commune, says, sound, now)
    return int(connection.execute(_ADD, {**row, "state": "proposed", "author": author}).scalar_one())


def approve(connection: sa.Connection, number: int, says: str, now: datetime) -> bool:
    """Have people hear it, in place of what they heard before. `says`: what is said now of what it is of. Also one
    that was superseded, or is out of date and holds all the same; False where there is no such sound (any more)."""
    _alone(connection)
    row = one(connection, number)
    if row is None or row.state == "refused":
        return False
    connection.execute(_SUPERSEDE, {**_same(row.key, row.language, row.commune), "number": number})
    connection.execute(_APPROVE, {"number": number, "now": now, "now_says": says})
    return True


def refuse(connection: sa.Connection, number: int, now: datetime) -> bool:
    """Have nobody hear it, and delete its sound. False where it was decided before, or there is none."""
    return connection.execute(_REFUSE, {"number": number, "now": now}).first() is not None


def install(
    connection: sa.Connection,
    key: str,
    language: str,
    commune: str,
    says: str,
    sound: Sound,
    now: datetime,
    source_name: str,
    digest: str,
) -> bool:
    """Have people hear what the operator or a release brings. False when just this file is heard already, even if it
    is out of date: nobody read it out anew."""
    _alone(connection)
    where = _same(key, language, commune)
    if connection.execute(_SAME, {**where, "digest": digest}).first() is not None:
        return False
    connection.execute(_SUPERSEDE, {**where, "number": 0})
    row = _row(key, language, commune, says, sound, now) | {"digest": digest}
    connection.execute(
        _ADD, {**row, "state": "approved", "source_name": source_name[:120], "decided_at": now}
    )
    return True


def withdraw(connection: sa.Connection, folder: str, names: Sequence[str]) -> bool:
    """Have nobody hear what came in a file of this folder that is not among `names`; whether there was any."""
    gone = connection.execute(_WITHDRAW, {"folder": folder, "names": list(names)})
    return gone.first() is not None


def keep_file_id(connection: sa.Connection, number: int, file_id: str | None) -> None:
    """What Telegram calls a recording; None when it knows it no more."""
    connection.execute(_KEEP_ID, {"number": number, "known_as": file_id and file_id[:255]})


def digest(content: bytes) -> str:
    """Tells one file from another."""
    return hashlib.sha256(content).hexdigest()


def _row(key: str, language: str, commune: str, says: str, sound: Sound, now: datetime) -> dict[str, Any]:
    return {
        "key": key,
        "language": language,
        "commune": commune,
        "says": says,
        "seconds": sound.seconds,
        "size": len(sound.content),
        "digest": digest(sound.content),
        "sound": sound.content,
        "created_at": now,
    }


def _same(key: str, language: str, commune: str) -> dict[str, str]:
    return {"same_key": key, "same_language": language, "same_commune": commune}


def _alone(connection: sa.Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(_ALONE)


# -- Reading ----------------------------------------------------------------------------------------------


def heard(
    connection: sa.Connection,
    keys: Collection[str],
    languages: Collection[str],
    communes: Collection[str] | None,
) -> list[Recording]:
    """What people hear of these keys, recorded in these communes ("" is everybody's), or anywhere."""
    given: dict[str, Any] = {"keys": list(keys), "languages": list(languages)}
    if communes is None:
        return _all(connection.execute(_APPROVED, given))
    return _all(connection.execute(_HEARD, {**given, "communes": list(communes)}))


def languages(connection: sa.Connection, communes: Collection[str] | None) -> frozenset[str]:
    """In which there is anything to be heard in these communes, or anywhere."""
    query = _LANGUAGES if communes is None else _LANGUAGES_IN
    given = {} if communes is None else {"communes": list(communes)}
    return frozenset(connection.execute(query, given).scalars())


def recorded(connection: sa.Connection, commune: str, language: str) -> Mapping[str, list[Recording]]:
    """What a commune has in a language, approved and proposed, by key."""
    found: dict[str, list[Recording]] = {}
    for one in _all(connection.execute(_RECORDED, {"commune": commune, "language": language})):
        found.setdefault(one.key, []).append(one)
    return found


def waiting(connection: sa.Connection) -> list[Recording]:
    """What nobody has decided about, the oldest first."""
    return _all(connection.execute(_WAITING))


def one(connection: sa.Connection, number: int) -> Recording | None:
    """A recording by its number."""
    found = _all(connection.execute(_ONE, {"number": number}))
    return found[0] if found else None


def sound(connection: sa.Connection, number: int) -> bytes | None:
    """The sound itself, as Ogg Opus; None where there is none (any more)."""
    found = connection.execute(_SOUND, {"number": number}).scalar()
    return bytes(found) if found is not None else None


def file_id(connection: sa.Connection, number: int) -> str | None:
    """What Telegram calls it, if it was sent before."""
    found: str | None = connection.execute(_FILE_ID, {"number": number}).scalar()
    return found


def listed(connection: sa.Connection, states: Collection[str]) -> list[sa.Row[Any]]:
    """All in these states: id, key, language, commune, says, state, seconds, size, source_name, author, created_at,
    decided_at."""
    return list(connection.execute(_LISTED, {"states": list(states)}))


def is_asked(
    connection: sa.Connection, vault: Vault, channel: str, address: str, flow: str, question: str
) -> bool:
    """Whether somebody with a role was asked this question last: nobody else's voice notes are fetched."""
    whose = {"channel": channel, "address_hash": vault.address_hash(channel, address)}
    return connection.execute(_AT, {**whose, "flow": flow, "asked": question}).first() is not None


def _all(rows: sa.CursorResult[Any]) -> list[Recording]:
    return [Recording(*tuple(row)) for row in rows]

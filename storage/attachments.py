"""Voice notes and photos of comments: which are to be fetched, and those that are kept, sealed.

Each has a number by chance, which stands in its sealed comment and nowhere else. The files lie in a folder or an
object store, under their number; without the secret they are noise.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from storage.tables import attachments
from storage.vault import Vault

WAITING, KEPT, REFUSED, DROPPED = "waiting", "kept", "refused", "dropped"
NUMBER = 16  # bytes

#: How long after each try the next one comes; after the last nobody tries again.
AGAIN = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 30, 120, 600, 1440))
#: Telegram keeps a file longer than that; whoever reads comments has done so.
KEEP = timedelta(days=730)

_ADD = sa.insert(attachments).values(
    number=sa.bindparam("number"),
    kind=sa.bindparam("kind"),
    channel=sa.bindparam("channel"),
    file=sa.bindparam("file"),
    state=WAITING,
    due_at=sa.bindparam("due_at"),
)
#: Written out, not bound: a database uses the index of what waits only where it can see that it may.
_WAITS = sa.text("attachments.state = 'waiting'")
_NEXT = (
    sa.select(
        attachments.c.number,
        attachments.c.kind,
        attachments.c.channel,
        attachments.c.file,
        attachments.c.tries,
    )
    .where(
        _WAITS,
        attachments.c.due_at <= sa.bindparam("now"),
        attachments.c.channel.in_(sa.bindparam("channels", expanding=True)),
    )
    .order_by(attachments.c.due_at)
    .limit(1)
    .with_for_update(skip_locked=True)
)
_TRY = (
    sa.update(attachments)
    .where(attachments.c.number == sa.bindparam("which"))
    .values(tries=sa.bindparam("tried"), due_at=sa.bindparam("again"))
)
_END = (
    sa.update(attachments)
    .where(attachments.c.number == sa.bindparam("which"), _WAITS)
    .values(
        state=sa.bindparam("end"),
        file=b"",
        size=sa.bindparam("bytes"),
        error=sa.bindparam("why"),
        due_at=sa.bindparam("until"),
    )
)
_DROP = (
    sa.update(attachments)
    .where(attachments.c.number == sa.bindparam("which"))
    .values(state=DROPPED, file=b"")
)
_STATES = sa.select(attachments.c.number, attachments.c.state).where(
    attachments.c.number.in_(sa.bindparam("numbers", expanding=True))
)
_KIND = sa.select(attachments.c.kind).where(
    attachments.c.number == sa.bindparam("number"), attachments.c.state == KEPT
)
_PAST = (
    sa.select(attachments.c.number)
    .where(
        sa.or_(
            attachments.c.state == DROPPED,
            sa.and_(attachments.c.state != WAITING, attachments.c.due_at <= sa.bindparam("now")),
        )
    )
    .limit(sa.bindparam("most"))
)
_FORGET = sa.delete(attachments).where(attachments.c.number.in_(sa.bindparam("numbers", expanding=True)))


@dataclass(frozen=True, slots=True)
class Due:
    """One to be fetched. `file`: the provider's id of it; `last`: there will be no further try."""

    number: bytes
    kind: str
    channel: str
    file: str
    last: bool


def add(connection: sa.Connection, vault: Vault, kind: str, channel: str, file: str, now: datetime) -> bytes:
    """Something that came with a comment, to be fetched by the worker; its number."""
    number = os.urandom(NUMBER)
    sealed = vault.seal(file.encode())
    values = {"number": number, "kind": kind, "channel": channel, "file": sealed, "due_at": now}
    connection.execute(_ADD, values)
    return number


def take(connection: sa.Connection, vault: Vault, channels: Iterable[str], now: datetime) -> Due | None:
    """The next that is due on these channels. Whoever takes it and dies leaves it to a later try."""
    row = connection.execute(_NEXT, {"now": now, "channels": list(channels)}).first()
    if row is None:
        return None
    again = now + AGAIN[min(row.tries, len(AGAIN) - 1)]
    connection.execute(_TRY, {"which": row.number, "tried": row.tries + 1, "again": again})
    return Due(
        bytes(row.number), row.kind, row.channel, vault.open(row.file).decode(), row.tries + 1 >= len(AGAIN)
    )


def kept(connection: sa.Connection, number: bytes, size: int, now: datetime) -> bool:
    """It is stored; False where it was dropped meanwhile."""
    # By the day: when it came is nobody's business.
    until = (now + KEEP).replace(hour=0, minute=0, second=0, microsecond=0)
    values = {"which": number, "end": KEPT, "bytes": size, "why": None, "until": until}
    return connection.execute(_END, values).rowcount == 1


def refused(connection: sa.Connection, number: bytes, why: str, now: datetime) -> None:
    """It is not to be had; nobody tries again."""
    until = (now + KEEP).replace(hour=0, minute=0, second=0, microsecond=0)
    values = {"which": number, "end": REFUSED, "bytes": 0, "why": why[:40], "until": until}
    connection.execute(_END, values)


def drop(connection: sa.Connection, number: bytes) -> None:
    """The comment that it came with is gone: the worker deletes the file."""
    connection.execute(_DROP, {"which": number})


def states(connection: sa.Connection, numbers: Iterable[bytes]) -> dict[bytes, str]:
    """What became of each."""
    wanted = list(numbers)
    if not wanted:
        return {}
    return {bytes(row.number): row.state for row in connection.execute(_STATES, {"numbers": wanted})}


def kind(connection: sa.Connection, number: bytes) -> str | None:
    """Whether it is a voice note or a photo; None where it is not kept."""
    found: str | None = connection.execute(_KIND, {"number": number}).scalar()
    return found


def past(connection: sa.Connection, now: datetime, most: int = 100) -> list[bytes]:
    """Those whose file is to be deleted: dropped, or older than they are kept."""
    return [bytes(row.number) for row in connection.execute(_PAST, {"now": now, "most": most})]


def forget(connection: sa.Connection, numbers: Iterable[bytes]) -> None:
    """After their files were deleted."""
    connection.execute(_FORGET, {"numbers": list(numbers)})


def usable(address: str) -> None:
    """ValueError says what to do about the address of a store whose driver is not there."""
    protocol, mark, _path = address.partition("://")
    if not mark:
        return
    from fsspec import get_filesystem_class

    try:
        get_filesystem_class(protocol)
    except (ImportError, ValueError) as error:
        raise ValueError(f"can't be used ({error}); write a folder, or install that") from error


class Store:
    """The files, sealed. `address`: a folder, or a URL that fsspec knows, as in s3://bucket/samleng. Its methods wait
    for what is read and written: call them in a thread."""

    def __init__(self, address: str, vault: Vault) -> None:
        self.address = address
        self._vault = vault
        self._opened: tuple[Any, str] | None = None
        if "://" in address:
            self._open()  # a driver that is not there is said at the start

    def _open(self) -> tuple[Any, str]:
        if self._opened is None:
            # Takes time and memory, and most processes never need it.
            from fsspec.core import url_to_fs

            self._opened = url_to_fs(self.address)
        return self._opened

    def _path(self, number: bytes) -> str:
        _files, root = self._open()
        name = number.hex()
        return f"{root.rstrip('/')}/{name[:2]}/{name}"

    def write(self, number: bytes, content: bytes) -> None:
        """Keep it, in place of what has this number."""
        files, _root = self._open()
        path = self._path(number)
        files.makedirs(path.rpartition("/")[0], exist_ok=True)
        files.pipe_file(path, self._vault.seal(content))

    def read(self, number: bytes) -> bytes | None:
        """What is kept under a number; None where nothing is."""
        files, _root = self._open()
        try:
            sealed: bytes = files.cat_file(self._path(number))
        except FileNotFoundError:
            return None
        return self._vault.open(sealed)

    def remove(self, number: bytes) -> None:
        """Delete it, if it is there."""
        files, _root = self._open()
        path = self._path(number)
        if files.exists(path):
            files.rm_file(path)


@dataclass(frozen=True, slots=True)
class Opened:
    """A voice note (Ogg with Opus) or a photo (JPEG), as it may be shown."""

    kind: str
    content: bytes


def opened(connection: sa.Connection, store: Store, number: bytes) -> Opened | None:
    """What is kept under a number; None where nothing is. Waits for the store: for reads beside the writer only."""
    what = kind(connection, number)
    content = store.read(number) if what is not None else None
    return Opened(what, content) if what is not None and content is not None else None

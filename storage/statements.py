"""Statements that are composed once: for each dialect, and for each run of a turn without SQLAlchemy's share in it."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import import_module
from typing import Any

import sqlalchemy as sa

Values = Mapping[str, Any]


class PerDialect:
    """A statement whose INSERT differs by dialect in nothing but its class (ON CONFLICT)."""

    def __init__(self, make: Callable[[Any], sa.Executable]) -> None:
        self._make = make
        self._made: dict[str, sa.Executable] = {}

    def on(self, connection: sa.Connection) -> sa.Executable:
        name = connection.dialect.name
        made = self._made.get(name)
        if made is None:
            # Made when first used: a process on SQLite never loads the dialect of PostgreSQL.
            insert = import_module(f"sqlalchemy.dialects.{name}").insert
            made = self._made[name] = self._make(insert)
        return made


class Prepared:
    """A statement of every turn, run on the driver's own cursor in the transaction of the connection: what
    SQLAlchemy does at each execution costs more than the driver.

    For a row of values by name. The SQL may not depend on them (no IN), and no column's default be Python's.
    """

    def __init__(self, statement: sa.Executable | Callable[[Any], sa.Executable]) -> None:
        self._statement = PerDialect(statement) if callable(statement) else statement
        self._composed: dict[str, _Composed] = {}

    def first(self, connection: sa.Connection, values: Values) -> Any:
        """Run it; the first row, its columns by name, or None."""
        return self._run(connection, [values])

    def last(self, connection: sa.Connection, values: Values) -> None:
        """Run it when the turns that share the transaction are through, for all of them at once; outside of a
        turn, now. For rows that until then nobody reads but the next turn of the same person."""
        held: Held | None = connection.info.get(HELD)
        if held is None or held.whose is None:
            self._run(connection, [values])
        else:
            held.rows.setdefault(self, []).append(values)

    def _run(self, connection: sa.Connection, rows: Sequence[Values]) -> Any:
        composed = self._composed.get(connection.dialect.name) or self._compose(connection)
        bound = [composed.bound(values) for values in rows]
        cursor = connection.connection.cursor()
        try:
            if len(bound) > 1:
                cursor.executemany(composed.sql, bound)
                row = None
            else:
                cursor.execute(composed.sql, bound[0])
                row = cursor.fetchone() if composed.row else None
        except BaseException as error:
            try:  # raises what SQLAlchemy raises, and empties the pool when the server is gone
                connection._handle_dbapi_exception(error, None, None, cursor, None)
            finally:
                # What the driver prepared may be of another schema than today's: the next one prepares anew.
                if not connection.invalidated:
                    connection.invalidate()
        cursor.close()
        return None if row is None else composed.read(row)

    def _compose(self, connection: sa.Connection) -> _Composed:
        statement = self._statement
        if isinstance(statement, PerDialect):
            statement = statement.on(connection)
        made = self._composed[connection.dialect.name] = _Composed(statement, connection.dialect)
        return made


class _Composed:
    """What a statement is on one dialect: its SQL, and how values get into it and out of it."""

    def __init__(self, statement: Any, dialect: sa.Dialect) -> None:
        compiled = statement.compile(dialect=dialect)
        assert not compiled.post_compile_params and not compiled.literal_execute_params
        assert not (compiled.isinsert and compiled.insert_prefetch)
        self.sql = str(compiled)
        self._fixed = {name: bind.value for name, bind in compiled.binds.items() if not bind.required}
        self._order = [
            (name, compiled.binds[name].type.dialect_impl(dialect).bind_processor(dialect))
            for name in compiled.positiontup
        ]
        columns = statement.exported_columns
        self._reads = [
            column.type.dialect_impl(dialect).result_processor(dialect, None) for column in columns
        ]
        self.row: Callable[..., Any] | None = None
        if columns:
            row = namedtuple("row", columns.keys(), rename=True)  # type: ignore[misc] # names known only here
            self.row = row

    def bound(self, values: Values) -> tuple[Any, ...]:
        known = {**self._fixed, **values}
        return tuple([bind(known[name]) if bind else known[name] for name, bind in self._order])

    def read(self, row: Sequence[Any]) -> Any:
        assert self.row is not None
        return self.row(
            *[read(value) if read else value for read, value in zip(self._reads, row, strict=True)]
        )


HELD = "held"  # in Connection.info


class Held:
    """What the turns that share a transaction write last."""

    def __init__(self) -> None:
        self.whose: Hashable | None = None  # the turn that runs; None: something else
        self.rows: dict[Prepared, list[Values]] = {}
        self.owners: set[Hashable] = set()

    def write(self, connection: sa.Connection) -> None:
        rows, self.rows = self.rows, {}
        self.owners.clear()
        for statement, values in rows.items():
            statement._run(connection, values)


@contextmanager
def holding(connection: sa.Connection) -> Iterator[None]:
    """Within it `Prepared.last` waits for the end."""
    info = connection.info  # asked once: a connection that is lost meanwhile has none
    held = info[HELD] = Held()
    try:
        yield
        held.write(connection)
    finally:
        del info[HELD]


def next_turn(connection: sa.Connection, whose: Hashable | None) -> None:
    """A person's turn begins, or (None) what is no turn: that, and a second one of hers, finds all written."""
    held: Held | None = connection.info.get(HELD)
    if held is not None:
        if whose is None or whose in held.owners:
            held.write(connection)
        held.whose = whose
        held.owners.add(whose)

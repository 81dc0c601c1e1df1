"""Every conversation in tests/transcripts is what really happens. `pytest --update` rewrites them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import sqlalchemy as sa

from handlers.desk import Desk
from storage.database import Connection, Database
from storage.tables import histograms, responses
from tests.story import Story, channel_of

FOLDER = Path(__file__).parent / "transcripts"
FILES = sorted(FOLDER.glob("*.txt"))
STEMS = sorted({file.name.split(".")[0] for file in FILES})


@pytest.mark.anyio
@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
async def test_is_what_happens(
    file: Path, sqlite: Database, desk: Desk, request: pytest.FixtureRequest
) -> None:
    before = file.read_text(encoding="utf-8")
    after = await Story(sqlite, desk, channel_of(file)).play(before)
    if request.config.getoption("--update"):
        file.write_text(after, encoding="utf-8")
    else:
        assert after == before


@pytest.mark.anyio
@pytest.mark.parametrize("stem", STEMS)
async def test_every_channel_stores_the_same(stem: str, database: Database, desk: Desk) -> None:
    """Two files with one stem end with the same scores and comments, on either database."""
    files = [file for file in FILES if file.name.split(".")[0] == stem]
    kept = []
    for file in files:
        story = Story(database, desk, channel_of(file), address=f"{file.name}")
        await story.play(file.read_text(encoding="utf-8"))
        kept.append(await database.transact(_take_all, desk))
    assert all(found == kept[0] for found in kept), json.dumps(kept, ensure_ascii=False, indent=1)


def _take_all(connection: Connection, desk: Desk) -> list[object]:
    """What is stored, without what must differ between two persons; and begin anew for the next file."""
    rows = []
    for row in connection.execute(sa.select(responses).order_by(responses.c.facility, responses.c.shared)):
        comment = desk.vault.open_json(row.comment) if row.comment is not None else None
        rows.append([row.facility, row.round, row.shared, row.scores, row.groups, comment])
    counted = [
        list(row)
        for row in connection.execute(
            sa.select(histograms).order_by(histograms.c.facility, histograms.c.criterion, histograms.c.grp)
        )
        if any(row[4:])
    ]
    connection.execute(sa.delete(responses))
    connection.execute(sa.delete(histograms))
    return [rows, counted]

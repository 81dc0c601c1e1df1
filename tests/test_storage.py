import pytest

from storage.database import Database, alive


@pytest.mark.anyio
async def test_answers(database: Database) -> None:
    assert await database.transact(alive) is None

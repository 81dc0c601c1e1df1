"""People in mid-conversation when a release goes out: their conversation goes on where it was, or is asked anew."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from flows import engine
from flows.engine import Conversation
from flows.library import Library
from flows.registry import FLOWS
from flows.world import Grant
from tests.inflight.surroundings import CHANNELS, surroundings

FILES = sorted((Path(__file__).parent / "inflight").glob("*.json"))
ROWS = [
    pytest.param(row, id=f"{file.stem}-{row['channel']}-{row['flow']}-{row['open']}")
    for file in FILES
    for row in json.loads(file.read_text(encoding="utf-8"))
]


@pytest.mark.parametrize("row", ROWS)
def test_goes_on(row: dict[str, Any], library: Library) -> None:
    roles = [Grant(*role) for role in row.get("roles", ())]
    world = surroundings(CHANNELS[row["channel"]], library, *roles)
    conversation = Conversation(row["flow"], row["answers"], tag="tags")
    turn = engine.again(FLOWS[row["flow"]], conversation, world)
    assert turn.question is not None or turn.outcome is not None
    assert turn.question is not None and row["open"] in {turn.question.key, *turn.question.was}

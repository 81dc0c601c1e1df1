"""Writes tests/inflight/VERSION.json: every kind of conversation that can be under way in this release."""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from pathlib import Path

from bot import catalogues
from flows.channel import SMS, TELEGRAM
from flows.library import Library
from flows.registry import FLOWS
from flows.world import Contact, World
from storage import migrate, reference
from storage.database import connect
from tests.explorer import explore

ROOT = Path(__file__).resolve().parent.parent.parent
GIVEN = {"thanks": {"facility": "hc080303", "person": 1, "reference": "ABC234", "scores": {"hc-price": 4}}}
GIVEN["correct"] = GIVEN["thanks"]
MOST = 40  # of one flow and channel


async def whole_library() -> Library:
    with tempfile.TemporaryDirectory() as folder:
        database = connect(f"sqlite:///{folder}/samleng.db")
        await migrate.migrate(database, ROOT / "content")
        library = await database.transact(reference.read)
        await database.close()
    return library


def main(version: str) -> None:
    file = Path(__file__).parent / f"{version}.json"
    if file.exists():
        sys.exit(f"{file.name} is there already; a new release gets a new file")
    library = asyncio.run(whole_library())
    labels = list(catalogues.load().values())
    rows = []
    for name, flow in FLOWS.items():
        for channel in (TELEGRAM, SMS):
            world = World(Contact(commune="080303"), channel, library, lambda _facility: 1, "2026-Q4")
            kinds: set[str] = set()
            for step in explore(flow, name, world, GIVEN.get(name, {}), labels):
                question = step.turn.question
                if question is None or question.key in kinds or len(kinds) == MOST:
                    continue
                kinds.add(question.key)
                answers = dict(step.turn.conversation.answers)
                rows.append({"flow": name, "channel": channel.name, "answers": answers, "open": question.key})
                if not question.key.startswith(("score.", "comment", "review")) and len(kinds) > MOST // 2:
                    break
    file.write_text(
        "[\n" + ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows) + "\n]\n", encoding="utf-8"
    )


if __name__ == "__main__":
    main(sys.argv[1])

"""Writes tests/inflight/VERSION.json: every kind of conversation that can be under way in this release."""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bot import catalogues
from flows.library import Library
from flows.registry import FLOWS
from flows.world import World
from storage import migrate, reference
from storage.database import connect
from tests.explorer import explore
from tests.inflight.surroundings import CAF, CHANNELS, COUNCIL, FACILITY, HOME, surroundings

ROOT = Path(__file__).resolve().parent.parent.parent
RATED = {"facility": FACILITY, "person": 1, "reference": "ABC234", "scores": {"hc-price": 4}}
CODE = {"code": "SL-7K3M-9QX2", "number": "", "link": ""}
#: How each conversation may have begun, besides with nothing.
GIVEN: dict[str, list[dict[str, Any]]] = {
    "thanks": [RATED],
    "correct": [RATED],
    "announce": [{}, {"commune": HOME, "kind": "village", "scope": "villages"}],
    "change": [{}, {"notice": 12}],
    "follow": [{}, {"facility": FACILITY}],
    "linked": [{"other": 2}],
    "read": [{}, {"facility": FACILITY}, {"facility": "ps080303"}, {"service": "hc"}],
    "ask": [{"query": "one", "commune": HOME}, {"query": "many", "commune": HOME}],
    "wished": [{"facility": "ps080303"}],
    "read_on": [{"facility": FACILITY}],
    "drafted": [{"subject": FACILITY, "version": 2}],
    "published": [{"subject": FACILITY, "done": True}],
    "announced": [{"notice": 12, "people": 300}],
    "changed": [{"people": 300}],
    "not_possible": [{"trouble": "cap"}],
    "followed": [{"facility": FACILITY}],
    "welcomed": [{"role": "caf", "place": HOME, "facility": ""}],
    "invitation": [{"commune": HOME, "days": 30, **CODE}],
    "link_code": [{"minutes": 15, **CODE}],
    "became": [
        {
            "facility": FACILITY,
            "reference": "ABC234",
            "day": "2026-11-22",
            "comment": "read",
            "answered": None,
        }
    ],
    "scores": [{}, {"elsewhere": True}, {"heard": ["130404", "12"]}],
}
#: Conversations that only officials have.
ROLES = {
    **dict.fromkeys(("announce", "meetings", "change"), (CAF,)),
    **dict.fromkeys(("invite", "publish", "template", "drafted", "work"), (COUNCIL,)),
}
MOST = 40  # of one flow and channel


async def whole_library() -> Library:
    with tempfile.TemporaryDirectory() as folder:
        database = connect(f"sqlite:///{folder}/samleng.db")
        await migrate.migrate(database, ROOT / "content")
        library = await database.transact(reference.read)
        await database.close()
    return library


def under_way(name: str, world: World, labels: list[catalogues.Chain]) -> Iterator[dict[str, Any]]:
    """One row for each question of a flow that may be open."""
    roles = [[grant.role, grant.place, grant.facility] for grant in world.roles]
    kinds: set[str] = set()
    for given in GIVEN.get(name, [{}]):
        for step in explore(FLOWS[name], name, world, given, labels):
            question = step.turn.question
            if question is None or question.key in kinds or len(kinds) == MOST:
                continue
            kinds.add(question.key)
            answers = dict(step.turn.conversation.answers)
            row = {"flow": name, "channel": world.channel.name, "answers": answers, "open": question.key}
            yield row | ({"roles": roles} if roles else {})
            if not question.key.startswith(("score.", "comment", "review")) and len(kinds) > MOST // 2:
                break


def main(version: str) -> None:
    file = Path(__file__).parent / f"{version}.json"
    if file.exists():
        sys.exit(f"{file.name} is there already; a new release gets a new file")
    library = asyncio.run(whole_library())
    labels = list(catalogues.load().values())
    rows = [
        row
        for name in FLOWS
        for channel in CHANNELS.values()
        for row in under_way(name, surroundings(channel, library, *ROLES.get(name, ())), labels)
    ]
    file.write_text(
        "[\n" + ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows) + "\n]\n", encoding="utf-8"
    )


if __name__ == "__main__":
    main(sys.argv[1])

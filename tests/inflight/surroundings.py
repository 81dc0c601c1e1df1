"""What people in mid-conversation find around them when it goes on: the same as when it was written down."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from flows.channel import SMS, TELEGRAM, Channel
from flows.library import Library
from flows.meetings import Meeting
from flows.packsearch import Hit
from flows.world import Contact, Grant, World
from tests.packs import general, pack

CHANNELS = {channel.name: channel for channel in (TELEGRAM, SMS)}
HOME, FACILITY = "080303", "hc080303"
CAF, COUNCIL, STAFF = Grant("caf", HOME), Grant("council", HOME), Grant("staff", HOME, FACILITY)
PACKS = {FACILITY: pack(FACILITY), "ca080303": pack("ca080303", sample=True), "ps": general("ps")}
VERSIONS = {1: pack(), 2: replace(pack(), state="draft", version=2)}
HITS = {
    "one": [Hit(FACILITY, "prices-2", 1.0)],
    "many": [Hit(code, f"prices-{n}", 0.9) for n in (1, 3, 4) for code in (FACILITY, "ca080303")],
}
MEETING = Meeting("jaap", HOME, "commune", "2026-12-01", "14:30", "សាលាបុណ្យវត្តព្រែកអំពិល", "")
PLAN: dict[str, Any] = {
    "people": 12_480,
    "segments": 4_860,
    "left": 5_000,
    "out_at": "2026-11-22T09:00",
    "later": False,
    "seconds": 431,
    "villages": [],
    "shown": [[False, "📣 …"], [True, "…"]],
    "trouble": "",
}


def surroundings(channel: Channel, library: Library, *roles: Grant) -> World:
    """The world of one who lives in a commune whose facilities publish something, and may do what the roles allow."""
    return World(
        Contact(commune=HOME),
        channel,
        library,
        lambda _facility: 1,
        "2026-Q4",
        roles=roles,
        today=date(2026, 11, 22),
        now="2026-11-22T09:00",
        upcoming=lambda: [(12, MEETING)],
        plan=lambda meeting, notice: PLAN,
        pack=PACKS.get,
        version=lambda subject, number: VERSIONS.get(number),
        search=lambda commune, query: HITS.get(query, []),
        drafts=lambda: [(FACILITY, 2)],
    )

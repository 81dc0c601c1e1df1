"""A conversation in a terminal, and its form on paper: the transcript.

# Sokha rates her health centre by SMS
> ឃុំព្រែកអំពិល           typed
> [label]                 tapped
< …                       said
  [a] [b]                 buttons
  (UCS-2 66, 1 segment)   the price of an SMS
= Rated {…}               what was stored
~ 3 days                  time passes
anything else             prose
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Iterator
from typing import Any

from flows.channel import Channel
from flows.outcomes import Done, Goto
from flows.questions import RECORDING, Attachment, Said
from flows.segments import measure
from handlers.desk import Part

TYPED, HEARD, STORED, PASSES = "> ", "< ", "= ", "~ "


def shown(part: Part, channel: Channel) -> Iterator[str]:
    """A message as the lines of a transcript; its buttons, or its price."""
    lines = str(part["text"]).split("\n")
    yield (HEARD + lines[0]).rstrip()
    for line in lines[1:]:
        yield "  " + line if line.strip() else HEARD.strip()
    if RECORDING in part:
        yield f"  {{voice {part['seconds']}}}"
    if "template" in part:
        yield f"  {{document {part['template']['facility']}.xlsx}}"
    yield from (f"  {{{kind}}}" for kind in ("picture", "photo", "voice") if kind in part)
    for row in part.get("keyboard", ()):
        yield "  " + " ".join(f"[{label}]" for label, _data in row)
    if channel.brief:
        cost = measure(str(part["text"]))
        plural = "" if cost.count == 1 else "s"
        yield f"  ({cost.encoding} {cost.units}, {cost.count} segment{plural})"


def stored(outcome: Any) -> str | None:
    """What was stored, in one line of JSON; None where nothing was."""
    if isinstance(outcome, (Goto, Done)):
        return None
    fields = {field.name: _plain(getattr(outcome, field.name)) for field in dataclasses.fields(outcome)}
    kept = {name: value for name, value in fields.items() if value is not None}
    # Where it went on; all that a pack says; what is heard; what leads to a comment.
    for long in ("then", "pack", "given", "sound", "key"):
        kept.pop(long, None)
    return f"{STORED}{type(outcome).__name__} {json.dumps(kept, ensure_ascii=False)}"


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {
            field.name: _plain(getattr(value, field.name))
            for field in dataclasses.fields(value)
            if getattr(value, field.name)
        }
    return dict(value) if isinstance(value, dict) else value


def understood(line: str, parts: Iterable[Part]) -> Said:
    """What a typed line stands for: [label] is a tap on a button that is there; {voice 12}, {photo} and
    {document prices.xlsx} are sent."""
    line = line.rstrip("\n")
    text = line.strip()
    if text.startswith("[") and text.endswith("]") and len(text) > 2:
        label = text[1:-1].strip()
        for part in reversed(list(parts)):
            for row in part.get("keyboard", ()):
                for shown_label, data in row:
                    if shown_label == label:
                        key, _equals, value = data.partition("=")
                        return Said(tap=(key, value))
        # No such button now: what was typed is what it says, a mistake included.
        return Said(text=label)
    if text.startswith("{") and text.endswith("}"):
        kind, _space, amount = text[1:-1].strip().partition(" ")
        if kind in {"voice", "photo"}:
            seconds = int(amount) if amount.isdigit() else 0
            return Said(attachment=Attachment(kind, f"{kind}-file", 0, seconds))
        if kind == "document":
            return Said(attachment=Attachment(kind, amount, name=amount), other=kind)
        return Said(other=kind or "unknown")
    return Said(text=line)

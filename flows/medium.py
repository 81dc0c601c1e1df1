"""A channel's way of putting what is said into messages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from flows.channel import Channel
from flows.engine import Reply
from flows.text import Catalogue

#: One message as the channel rendered it: JSON, with at least its `text`.
Part = dict[str, Any]


class Medium(Protocol):
    """Renders for one channel."""

    channel: Channel

    def render(
        self, replies: Sequence[Reply], catalogue: Catalogue, tag: str, nav: Sequence[str]
    ) -> list[Part]:
        """Messages to send, as JSON. `nav`: which ways out to offer, of "back" and "menu"."""
        ...

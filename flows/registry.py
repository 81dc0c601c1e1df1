"""Every conversation by its permanent name."""

from __future__ import annotations

from flows import about, menu, rate, subscribe
from flows.engine import Flow

FLOWS: dict[str, Flow] = {
    flow.__name__: flow
    for flow in (
        menu.menu,
        menu.help,
        menu.language,
        menu.language_set,
        menu.privacy,
        menu.erase,
        menu.erased,
        menu.sorry,
        rate.rate,
        rate.nothing,
        rate.thanks,
        rate.correct,
        rate.noted,
        about.about,
        about.described,
        subscribe.join,
        subscribe.joined,
        subscribe.leave,
        subscribe.left,
    )
}

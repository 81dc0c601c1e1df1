"""Who may see what on the dashboard. Pure; asked anew with every request."""

from __future__ import annotations

from collections.abc import Iterable

from flows.library import Facility
from flows.officials import WIDE
from flows.world import Grant


def sees(roles: Iterable[Grant], place: str) -> bool:
    """Whether somebody may see all of a commune, district, province or the nation (""). A facility's staff sees its
    facility, and of its commune what everybody does."""
    return any(
        (grant.role in WIDE and place.startswith(grant.place))
        or (grant.role == "caf" and grant.place == place)
        for grant in roles
    )


def sees_facility(roles: Iterable[Grant], facility: Facility) -> bool:
    """Whether somebody may see all of a facility: its staff, and whoever sees a commune that it serves."""
    held = tuple(roles)
    return any(grant.role == "staff" and grant.facility == facility.code for grant in held) or any(
        sees(held, commune) for commune in facility.communes
    )

"""Days and times of day as people in Cambodia have them."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta, timezone

#: Phnom Penh, all year: Cambodia has no daylight saving.
LOCAL = timezone(timedelta(hours=7), "Asia/Phnom_Penh")


def instant(on: str, at: str) -> datetime:
    """The instant of the local day 2026-12-01 and the time 08:30."""
    return datetime.combine(date.fromisoformat(on), time.fromisoformat(at), LOCAL)


def day_and_time(instant: datetime) -> tuple[str, str]:
    """The local day 2026-12-01 and the time 08:30 of an instant."""
    local = instant.astimezone(LOCAL)
    return local.date().isoformat(), f"{local:%H:%M}"

"""Our own faults: a message that makes us fail, a database that is away. Nothing is lost, nobody is stuck."""

from __future__ import annotations

from typing import Any

import pytest
from structlog.testing import capture_logs

from bot import marks
from flows.channel import SMS
from flows.library import Library
from flows.registry import FLOWS
from storage import inbox
from storage.database import Away
from tests.doors import door
from tests.served import FACILITY, counted, only_sqlite, serving

pytestmark = pytest.mark.anyio

SORRY = "Something went wrong on our side. We look into it. Please try again later."
SECRET = "ខ្ញុំឈ្មោះ សុខា លេខ 012 345 678"


def wrong(*_args: Any, **_more: Any) -> Any:
    raise ValueError(SECRET)


# -- A message that makes us fail ------------------------------------------------------------------------


async def test_an_update_that_keeps_failing_is_parked_and_the_channel_goes_on(
    database_url: str, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with serving(database_url, library) as service:
        sokha, vanna = service.person(), service.person("វណ្ណា")
        await service.tell(sokha.text(f"/start r_{FACILITY}"))
        for score in "៤៣៥៥២":
            await service.tell(sokha.text(score))
        await service.tell(sokha.text(SECRET))
        before, heard = counted("message_failed"), len(sokha.heard)
        tap = sokha.tap(service.words("Send my rating"))
        with monkeypatch.context() as broken, capture_logs() as logs:
            broken.setattr("storage.responses.rate", wrong)
            assert [(await service.tell(tap)).status_code for _ in range(3)] == [500, 500, 200]
            assert (await service.tell(vanna.text("/start"))).status_code == 200
        assert len(vanna.heard) == 1
        assert [message.text for message in sokha.heard[heard:]] == [service.words(SORRY)]
        # The operator learns what failed and where, and from the log not of whom.
        assert counted("message_failed") == before + 3
        failed = [log for log in logs if log["event"] == "message_failed"]
        assert [(log["failures"], log["parked"]) for log in failed] == [(1, False), (2, False), (3, True)]
        assert {log["error"] for log in failed} == {"ValueError"}
        assert all(word not in repr(logs) for word in ("012 345", "សុខា", str(sokha.id)))
        vault, database = service.app.desk.vault, service.app.database
        [parked] = await database.transact(inbox.parked_messages)
        assert (parked.channel, parked.message, parked.failures) == ("telegram", str(tap["update_id"]), 3)
        assert SECRET not in parked.error
        body = await database.transact(inbox.parked_body, vault, "telegram", parked.message)
        assert body == tap
        # Mended, she taps once more, and is rated.
        await service.tell(sokha.tap(service.words("Send my rating")))
        assert (await service.rating())["comment"] == {"text": SECRET}


@only_sqlite
async def test_an_update_that_fails_once_is_answered_when_it_comes_again(
    database_url: str, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with serving(database_url, library) as service:
        sokha = service.person()
        start = sokha.text("/start")
        with monkeypatch.context() as broken:
            broken.setattr("storage.conversations.save", wrong)
            assert (await service.tell(start)).status_code == 500
        assert (await service.tell(start)).status_code == 200
        assert len(sokha.heard) == 1
        assert await service.app.database.transact(inbox.parked_messages) == []


async def test_a_text_that_keeps_failing_is_answered_with_sorry(
    database_url: str, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with serving(database_url, library) as service:
        sokha, vanna = service.phone(), service.phone()
        form = sokha.text("RATE")
        with monkeypatch.context() as broken, capture_logs() as logs:
            broken.setattr("storage.conversations.save", wrong)
            answered = await service.text(form)
        assert answered.text == service.words(SORRY, SMS)
        assert all(word not in repr(logs) for word in (sokha.number, sokha.number[1:], "RATE"))
        [parked] = await service.app.database.transact(inbox.parked_messages)
        assert (parked.message, parked.failures) == (form["MessageSid"], 3)
        assert (await service.text(vanna.text("RATE"))).text != answered.text
        assert (await service.text(sokha.text("RATE"))).text != answered.text


async def test_a_conversation_that_is_broken_begins_anew(
    database_url: str, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with serving(database_url, library) as service:
        sokha = service.person()
        await service.tell(sokha.text(f"/start r_{FACILITY}"))

        async def broken(_world: object) -> None:
            wrong()

        monkeypatch.setitem(FLOWS, "rate", broken)
        with capture_logs() as logs:
            assert (await service.tell(sokha.text("៤"))).status_code == 200
        sorry = service.words("Something went wrong on our side, not yours. Let us start again.")
        assert sokha.newest.text.startswith(sorry)
        assert service.words("Rate a service") in sokha.newest.labels
        assert "flow_failed" in [log["event"] for log in logs]
        assert "012 345" not in repr(logs)


# -- A database that is away -----------------------------------------------------------------------------


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """SQLite does not wait for a lock."""
    monkeypatch.setattr("storage.database.BUSY_SECONDS", 0)


@pytest.mark.parametrize(
    ("database_url", "how"),
    [("sqlite", "locked"), ("postgresql", "refuses"), ("postgresql", "hangs up"), ("postgresql", "starts")],
    indirect=["database_url"],
)
@pytest.mark.usefixtures("impatient")
async def test_a_database_that_is_away_is_waited_for(database_url: str, library: Library, how: str) -> None:
    async with door(database_url) as way, serving(way.url, library) as service:
        sokha, vanna, dara = service.person(), service.person("វណ្ណា"), service.phone()
        await service.tell(sokha.text(f"/start r_{FACILITY}"))
        await service.settled()
        update, first, form = sokha.text("៤"), vanna.text("/start"), dara.text("RATE")
        heard = len(sokha.heard)
        await way.shut(how)
        for _ in range(2):
            for told in (update, first):
                response = await service.tell(told)
                assert response.status_code == 503
                assert int(response.headers["Retry-After"]) > 0
            assert (await service.text(form)).response.status_code == 503
        assert (await service.tell(sokha.block())).status_code == 503
        sokha.unblock()
        await way.open()
        for told in (update, first, update):
            assert (await service.tell(told)).status_code == 200
        assert len((await service.text(form)).messages) == 1
        assert [len(sokha.heard) - heard, len(vanna.heard)] == [1, 1]
        assert await service.app.database.transact(inbox.parked_messages) == []


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_whoever_watches_learns_that_the_database_is_away(database_url: str, library: Library) -> None:
    async with door(database_url) as way, serving(way.url, library) as service:
        assert (await service.client.get("/healthz")).status_code == 200
        await way.shut("refuses")
        assert (await service.client.get("/healthz")).status_code == 503
        await way.open()
        assert (await service.client.get("/healthz")).status_code == 200
        before = counted("turn_sms")
        await service.text(service.phone().text("RATE"))
        metrics = (await service.client.get("/metrics")).text
        assert f'samleng_events_total{{event="turn_sms"}} {before + 1}' in metrics


@only_sqlite
async def test_what_was_sent_while_the_database_was_away_is_noted_later(
    database_url: str, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with serving(database_url, library) as service:
        database, refused = service.app.database, []
        transact = database.transact

        async def away_once(work: Any, *given: Any, **how: Any) -> Any:
            if work is marks._store and not refused:
                refused.append(work)
                raise Away("gone for a moment")
            return await transact(work, *given, **how)

        monkeypatch.setattr(database, "transact", away_once)
        sokha = service.person()
        await service.tell(sokha.text("/start"))
        await service.settled()
        assert refused
        assert (await service.row("SELECT state FROM outbox")).state == "sent"
        service.clock.passes(minutes=5)
        assert await service.sweep() == 0
        assert len(sokha.heard) == 1


@only_sqlite
async def test_one_mark_that_cannot_be_stored_takes_no_other_with_it(
    database_url: str, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with serving(database_url, library) as service:
        monkeypatch.setattr("storage.contacts.block", wrong)
        sokha, vanna = service.person(), service.person("វណ្ណា")
        updates = [sokha.text("/start"), vanna.text("/start")]
        sokha.block()
        with capture_logs() as logs:
            for update in updates:
                await service.tell(update)
            await service.settled()
        assert sorted(row.state for row in await service.rows("SELECT state FROM outbox")) == [
            "queued",
            "sent",
        ]
        assert "012 345" not in repr(logs)

"""A reply on its way: refusals of the providers, a process that died, receipts. States only move forward."""

from __future__ import annotations

import asyncio

import pytest
import telegram
from structlog.testing import capture_logs

from bot.channels import sms as sms_channel
from bot.channels import telegram as telegram_channel
from bot.sender import MOST_ATTEMPTS
from flows.library import Library
from handlers.desk import Incoming
from handlers.receive import Received, receive
from tests import sms_server, telegram_rules
from tests.served import Service, only_sqlite, serving
from tests.sms_server import Phone, receipt
from tests.telegram_people import Person
from tests.telegram_rules import Refusal
from tests.telegram_server import Fault

pytestmark = pytest.mark.anyio

ROW = "SELECT state, provider_id, error, attempts FROM outbox"
LATER = 61  # seconds; a lease has run out


async def taken(service: Service, person: Person | Phone) -> Received:
    """Her message is taken by a process that dies before it has answered."""
    if isinstance(person, Phone):
        incoming = sms_channel.read(person.text("HELP"))
    else:
        update = telegram.Update.de_json(person.text("/help"), service.app.bot)
        incoming = telegram_channel.read(update)
        assert isinstance(incoming, Incoming)
    return await service.app.database.transact(receive, incoming, service.app.desk)


# -- Telegram ---------------------------------------------------------------------------------------------


async def test_a_reply_waits_as_long_as_telegram_says(database_url: str, library: Library) -> None:
    async with serving(database_url, library) as service:
        sokha = service.person()
        service.telegram.faults = [Fault("sendMessage", telegram_rules.too_many(30))]
        assert (await service.tell(sokha.text("/help"))).status_code == 200
        assert sokha.heard == []
        await service.settled()
        assert (await service.row(ROW)).state == "queued"
        service.clock.passes(seconds=25)
        assert await service.sweep() == 0
        service.clock.passes(seconds=6)
        assert await service.sweep() == 1
        [said] = sokha.heard
        row = await service.row(ROW)
        assert (row.state, row.provider_id) == ("sent", str(said.id))
        service.clock.passes(seconds=LATER)
        assert await service.sweep() == 0


@only_sqlite
@pytest.mark.parametrize("error", [telegram_rules.broken(), telegram_rules.Dropped()], ids=["500", "dropped"])
async def test_a_reply_that_did_not_get_through_is_sent_again(
    database_url: str, library: Library, error: Refusal | telegram_rules.Dropped
) -> None:
    async with serving(database_url, library) as service:
        sokha = service.person()
        service.telegram.faults = [Fault("sendMessage", error, times=2)]
        await service.tell(sokha.text("/help"))
        for _ in range(2):
            service.clock.passes(seconds=LATER)
            assert await service.sweep() == 1
        assert len(sokha.heard) == 1
        assert (await service.row(ROW)).state == "sent"


@only_sqlite
async def test_a_reply_that_never_gets_through_is_given_up(database_url: str, library: Library) -> None:
    async with serving(database_url, library) as service:
        sokha = service.person()
        service.telegram.faults = [Fault("sendMessage", telegram_rules.broken(), times=99)]
        await service.tell(sokha.text("/help"))
        sweeps = 0
        while (await service.row(ROW)).state != "failed":
            service.clock.passes(hours=1)
            sweeps += await service.sweep()
            assert sweeps <= MOST_ATTEMPTS
        assert len(service.telegram.called("sendMessage")) == sweeps + 1
        await service.tell(service.person("វណ្ណា").text("/help"))  # and the others are answered


@pytest.mark.parametrize("why", ["blocked", "gone"])
async def test_who_blocked_us_is_not_written_to(database_url: str, library: Library, why: str) -> None:
    async with serving(database_url, library) as service:
        sokha = service.person()
        update = sokha.text("/help")
        if why == "blocked":
            sokha.block()
        else:
            del service.telegram.chats[sokha.id]
        assert (await service.tell(update)).status_code == 200
        await service.settled()
        assert (await service.row(ROW)).state == "failed"
        assert (await service.row("SELECT blocked FROM contacts")).blocked
        service.clock.passes(hours=1)
        assert await service.sweep() == 0
        assert len(service.telegram.called("sendMessage")) == 1


async def test_a_process_that_dies_leaves_its_reply_to_others(database_url: str, library: Library) -> None:
    async with serving(database_url, library) as service:
        sokha, vanna = service.person(), service.person("វណ្ណា")
        for person in (sokha, vanna):
            await taken(service, person)
        assert await service.sweep() == 0  # held by whoever took the message
        service.clock.passes(seconds=LATER)
        with capture_logs() as logs:
            assert await service.sweep() == 2
        assert [log for log in logs if log["log_level"] == "error"] == []
        assert [len(person.heard) for person in (sokha, vanna)] == [1, 1]
        assert {row.state for row in await service.rows(ROW)} == {"sent"}
        service.clock.passes(seconds=LATER)
        assert await service.sweep() == 0


async def test_two_senders_do_not_send_twice(database_url: str, library: Library) -> None:
    async with serving(database_url, library) as service:
        people = [service.person() for _ in range(6)]
        for person in people:
            await taken(service, person)
        service.clock.passes(seconds=LATER)
        swept = await asyncio.gather(*(service.app.sender.sweep() for _ in range(3)))
        await service.settled()
        assert sum(swept) == 6
        assert [len(person.heard) for person in people] == [1] * 6


# -- SMS --------------------------------------------------------------------------------------------------


async def test_an_sms_of_a_process_that_died_is_sent(database_url: str, library: Library) -> None:
    async with serving(database_url, library) as service:
        sokha = service.phone()
        received = await taken(service, sokha)
        service.clock.passes(seconds=LATER)
        assert await service.sweep() == 1
        [sent] = service.sms.sent
        assert (sent.to, sent.body) == (sokha.number, received.parts[0]["text"])
        assert sent.callback == f"{service.app.settings.public_url}/sms/status"
        assert (await service.row(ROW)).provider_id == sent.sid
        form = receipt(service.sms, sent.sid, "delivered", sokha.number)
        assert (await service.knock("/sms/status", form)).status_code == 204
        assert (await service.row(ROW)).state == "delivered"


@pytest.mark.parametrize(
    "error",
    [sms_server.slow_down(), sms_server.broken(), sms_server.Dropped()],
    ids=["slow down", "500", "dropped"],
)
@only_sqlite
async def test_an_sms_is_tried_again(
    database_url: str, library: Library, error: sms_server.Refusal | sms_server.Dropped
) -> None:
    async with serving(database_url, library) as service:
        await taken(service, service.phone())
        service.sms.faults = [error, error]
        for _ in range(3):
            service.clock.passes(seconds=LATER)
            assert await service.sweep() == 1
        assert (service.sms.asked, len(service.sms.sent)) == (3, 1)
        assert (await service.row(ROW)).state == "sent"


async def test_who_opted_out_is_not_texted(database_url: str, library: Library) -> None:
    async with serving(database_url, library) as service:
        sokha = service.phone()
        service.sms.opted_out = {sokha.number}
        await taken(service, sokha)
        for expected in (1, 0):
            service.clock.passes(seconds=LATER)
            assert await service.sweep() == expected
        assert (await service.row(ROW)).state == "failed"
        assert (await service.row("SELECT blocked FROM contacts")).blocked


# -- Receipts ---------------------------------------------------------------------------------------------

ORDERS = [
    (["sent", "delivered"], "delivered"),
    (["delivered", "sent", "queued", "sending"], "delivered"),
    (["delivered", "delivered", "read"], "delivered"),
    (["sent", "undelivered"], "failed"),
    (["failed", "sent", "delivered"], "failed"),
    (["accepted", "scheduled", "receiving", "no such state", ""], "sent"),
]


@only_sqlite
@pytest.mark.parametrize(("states", "ends"), ORDERS, ids=[" ".join(states) for states, _ends in ORDERS])
async def test_receipts_move_a_message_forward_only(
    database_url: str, library: Library, states: list[str], ends: str
) -> None:
    async with serving(database_url, library) as service:
        sokha = service.phone()
        answered = await service.text(sokha.text("HELP"))
        await service.settled()
        [(_text, action)] = answered.messages
        path = action.removeprefix(service.app.settings.public_url)
        assert path.startswith("/sms/status?n=")
        sid = service.sms.sid()
        for state in states:
            error = "30005" if state in {"failed", "undelivered"} else ""
            form = receipt(service.sms, sid, state, sokha.number, error)
            assert (await service.knock(path, form)).status_code == 204
        row = await service.row(ROW)
        assert row.state == ends
        assert row.error == ("30005" if ends == "failed" else None)
        assert row.provider_id == (sid if ends != "sent" else None)


async def test_a_receipt_may_be_quicker_than_we_are(database_url: str, library: Library) -> None:
    """The service says `delivered` of an answer before we noted that it left; and says it twice at once."""
    async with serving(database_url, library) as service:
        sokha = service.phone()
        received = await taken(service, sokha)
        sid, query = service.sms.sid(), f"/sms/status?n={received.number}"
        form = receipt(service.sms, sid, "delivered", sokha.number)
        await asyncio.gather(*(service.knock(query, form) for _ in range(3)))
        assert received.number is not None
        service.app.sender.sent(received.number)
        await service.settled()
        row = await service.row(ROW)
        assert (row.state, row.provider_id) == ("delivered", sid)
        service.clock.passes(seconds=LATER)
        assert await service.sweep() == 0


@only_sqlite
async def test_a_receipt_of_a_strange_message_changes_nothing(database_url: str, library: Library) -> None:
    async with serving(database_url, library) as service:
        sokha = service.phone()
        await service.text(sokha.text("HELP"))
        await service.settled()
        for path in ("/sms/status", "/sms/status?n=12", "/sms/status?n=x", "/sms/status?n="):
            form = receipt(service.sms, service.sms.sid(), "failed", sokha.number)
            assert (await service.knock(path, form)).status_code == 204
        assert (await service.row(ROW)).state == "sent"

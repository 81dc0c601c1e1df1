"""The stand-ins refuse what the providers refuse, and we understand each refusal."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import telegram
from telegram.error import BadRequest, InvalidToken
from telegram.request import HTTPXRequest

from bot.channels.sms_service import SmsTransport
from bot.channels.telegram import TelegramTransport
from bot.sender import Refused
from tests import sms_server, telegram_rules, telegram_server
from tests.sms_server import SmsServer
from tests.telegram_people import Person
from tests.telegram_server import Fault, TelegramServer

pytestmark = pytest.mark.anyio

TO = "+85512000001"


@pytest.fixture
async def bot_api() -> AsyncIterator[TelegramServer]:
    async with TelegramServer() as server:
        yield server


@pytest.fixture
async def bot(bot_api: TelegramServer) -> AsyncIterator[telegram.Bot]:
    requests = HTTPXRequest(), HTTPXRequest()
    root = f"{bot_api.url}/bot"
    yield telegram.Bot(
        telegram_server.TOKEN, base_url=root, request=requests[0], get_updates_request=requests[1]
    )
    for request in requests:
        await request.shutdown()


@pytest.fixture
def sokha(bot_api: TelegramServer) -> Person:
    person = Person(bot_api, 42, "សុខា")
    bot_api.chat(person.private)
    return person


@pytest.mark.parametrize(
    ("text", "keyboard"),
    [
        ("", []),
        ("   ", []),
        ("ក" * 4097, []),
        ("Well?", [[["label", "ក" * 22]]]),  # 66 bytes
        ("Well?", [[["label", ""]]]),
        ("Well?", [[["", "key=1"]]]),
    ],
)
async def test_telegram_takes_no_message_out_of_its_limits(
    bot: telegram.Bot, sokha: Person, text: str, keyboard: list[list[list[str]]]
) -> None:
    with pytest.raises(Refused) as refused:
        await TelegramTransport(bot).send("42", {"text": text, "keyboard": keyboard}, 1)
    assert refused.value.final
    assert not refused.value.gone
    assert sokha.heard == []


async def test_telegram_takes_what_is_just_within_them(bot: telegram.Bot, sokha: Person) -> None:
    keyboard = [[["label", "ក" * 21 + "x"]]]
    number = await TelegramTransport(bot).send("42", {"text": "ក" * 4096, "keyboard": keyboard}, 1)
    assert str(sokha.newest.id) == number
    assert sokha.newest.labels == ["label"]


@pytest.mark.parametrize(
    ("error", "gone", "final", "after"),
    [
        (telegram_rules.Refusal(403, "Forbidden: bot was blocked by the user"), True, True, None),
        (telegram_rules.Refusal(403, "Forbidden: user is deactivated"), True, True, None),
        (telegram_rules.bad("chat not found"), True, True, None),
        (telegram_rules.too_many(7), False, False, 7),
        (telegram_rules.broken(), False, False, None),
        (telegram_rules.Refusal(502, "Bad Gateway"), False, False, None),
        (telegram_rules.Dropped(), False, False, None),
    ],
    ids=str,
)
async def test_a_refusal_of_telegram_is_understood(
    bot: telegram.Bot,
    bot_api: TelegramServer,
    sokha: Person,
    error: telegram_rules.Refusal | telegram_rules.Dropped,
    gone: bool,
    final: bool,
    after: float | None,
) -> None:
    bot_api.faults = [Fault("sendMessage", error)]
    with pytest.raises(Refused) as refused:
        await TelegramTransport(bot).send("42", {"text": "Well?"}, 1)
    assert (refused.value.gone, refused.value.final, refused.value.after) == (gone, final, after)


async def test_telegram_knows_its_bots_chats_and_messages(bot: telegram.Bot, bot_api: TelegramServer) -> None:
    with pytest.raises(BadRequest, match="Chat not found"):
        await bot.send_message(1, "Well?")
    with pytest.raises(BadRequest, match="query"):
        await bot.answer_callback_query("1")
    with pytest.raises(BadRequest, match=r"(?i)https url"):
        await bot.set_webhook("http://samleng.example/telegram/webhook")
    with pytest.raises(BadRequest, match="unallowed characters"):
        await bot.set_webhook("https://samleng.example/telegram/webhook", secret_token="a secret")
    with pytest.raises(BadRequest, match=r"(?i)bot_command_invalid"):
        await bot.set_my_commands([telegram.BotCommand("Rate", "Rate a service")])
    bot_api.token = "4242:another"
    with pytest.raises(InvalidToken):
        await bot.get_me()


@pytest.mark.parametrize(
    ("error", "gone", "final", "after"),
    [
        (sms_server.opted_out(), True, True, None),
        (sms_server.Refusal(400, 21614, "'To' number is not a valid mobile number"), True, True, None),
        (sms_server.Refusal(400, 30004, "Message blocked"), False, True, None),
        (sms_server.slow_down(), False, False, 5),
        (sms_server.broken(), False, False, None),
        (sms_server.Dropped(), False, False, None),
    ],
    ids=str,
)
async def test_a_refusal_of_the_sms_service_is_understood(
    error: sms_server.Refusal | sms_server.Dropped, gone: bool, final: bool, after: float | None
) -> None:
    async with SmsServer() as server:
        transport = SmsTransport(server.account, server.token, server.sender, server.url)
        server.faults = [error]
        with pytest.raises(Refused) as refused:
            await transport.send(TO, {"text": "Well?"}, 1)
        assert (refused.value.gone, refused.value.final, refused.value.after) == (gone, final, after)
        assert await transport.send(TO, {"text": "ក" * 1600}, 1) == server.sent[0].sid
        for to, text in ((TO, ""), (TO, "ក" * 1601), ("012 345 678", "Well?")):
            with pytest.raises(Refused):
                await transport.send(to, {"text": text}, 1)
        assert len(server.sent) == 1
        await transport.close()


async def test_the_sms_service_knows_its_accounts() -> None:
    async with SmsServer() as server:
        transport = SmsTransport(server.account, "another token", server.sender, server.url)
        with pytest.raises(Refused, match="401/20003"):
            await transport.send(TO, {"text": "Well?"}, 1)
        await transport.close()

"""The least that a message costs: python-telegram-bot's `send_message` in a loop, without a database.

It sends what it is given to chats of its own, through the same connections as our sender, and minds no refusal.

    python -m benchmarks.bare_bot ADDRESS COUNT AT_ONCE < MESSAGE
"""

from __future__ import annotations

import asyncio
import itertools
import json
import sys
import time
from contextlib import suppress
from typing import Any

import telegram
import uvloop
from telegram.error import TelegramError

from benchmarks.people import TOKEN
from bot.channels.telegram import markup
from bot.requests import AiohttpRequest

FIRST = 900_000_000  # chats are numbered from here
WARM = 0.1  # share of the messages that is not timed


async def run(address: str, many: int, at_once: int, part: dict[str, Any]) -> float:
    """Messages a second."""
    request = AiohttpRequest(64)
    bot = telegram.Bot(TOKEN, base_url=f"{address}/bot", request=request)
    chats = itertools.count(FIRST)
    began = time.perf_counter()
    warm = int(many * WARM)

    async def drive() -> None:
        nonlocal began
        while (chat := next(chats)) < FIRST + many:
            if chat == FIRST + warm:
                began = time.perf_counter()
            with suppress(TelegramError):
                await bot.send_message(chat, part["text"], reply_markup=markup(part))

    await asyncio.gather(*(drive() for _ in range(at_once)))
    took = time.perf_counter() - began
    await request.shutdown()
    return (many - warm) / took


def main() -> None:
    address, many, at_once = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    print(json.dumps({"per_second": uvloop.run(run(address, many, at_once, json.load(sys.stdin)))}))


if __name__ == "__main__":
    main()

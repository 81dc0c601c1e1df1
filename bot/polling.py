"""Telegram without a public address: commit, then advance the offset."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import structlog
import telegram
from telegram.error import Conflict, InvalidToken, RetryAfter, TelegramError

from bot.intake import Failed
from storage.database import Away

log = structlog.get_logger(__name__)

WAIT = 25  # seconds Telegram holds the line when there is nothing new
KINDS = ["message", "edited_message", "callback_query", "my_chat_member", "channel_post"]

Take = Callable[[telegram.Update, dict[str, Any]], Awaitable[None]]


async def poll(bot: telegram.Bot, take: Take) -> None:
    """Ask for updates until cancelled. An update is confirmed only by asking for the one after it, so that what
    was not committed comes again, after a crash as well."""
    offset = 0
    pause = 1.0
    while True:
        try:
            updates = await bot.get_updates(
                offset=offset or None, timeout=WAIT, read_timeout=WAIT + 5, allowed_updates=KINDS
            )
        except RetryAfter as error:
            after = error.retry_after
            await asyncio.sleep(after.total_seconds() if hasattr(after, "total_seconds") else after)
            continue
        except InvalidToken:
            log.error(
                "telegram_token_refused", next="write the token BotFather gave to SAMLENG_TELEGRAM_TOKEN"
            )
            await asyncio.sleep(60)
            continue
        except Conflict:
            log.error("telegram_conflict", next="another process polls with this token, or a webhook is set")
            await asyncio.sleep(10)
            continue
        except TelegramError as error:
            log.warning("telegram_unreachable", error=type(error).__name__, again_in=pause)
            await asyncio.sleep(pause)
            pause = min(pause * 2, 30)
            continue
        except Exception as error:  # an update that the library can't read; polling must not end
            log.error("telegram_unreadable", error=type(error).__name__, again_in=pause)
            await asyncio.sleep(pause)
            pause = min(pause * 2, 30)
            continue
        chats = by_chat(updates)
        ended = await asyncio.gather(*(_in_order(chat, take) for chat in chats), return_exceptions=True)
        failures = [type(end).__name__ for end in ended if end is not None]
        if failures:  # nothing is confirmed: all of these come again
            log.error("updates_not_taken", errors=failures, again_in=pause)
            await asyncio.sleep(pause)
            pause = min(pause * 2, 30)
            continue
        pause = 1.0
        if updates:
            offset = updates[-1].update_id + 1


def by_chat(updates: tuple[telegram.Update, ...]) -> list[list[telegram.Update]]:
    """The updates of each chat, in order."""
    chats: dict[int | None, list[telegram.Update]] = {}
    for update in updates:
        chat = update.effective_chat
        chats.setdefault(chat.id if chat else None, []).append(update)
    return list(chats.values())


async def _in_order(updates: list[telegram.Update], take: Take) -> None:
    for update in updates:
        while True:
            try:
                await take(update, update.to_dict())
            except Away:
                await asyncio.sleep(2)
            except Failed:
                continue  # counted; after three times it is parked and taken
            else:
                break

"""The rival: the same conversation on python-telegram-bot's ConversationHandler, as durable as ours.

An update is acknowledged when the state it led to, the answers, the reply and
perhaps the rating are committed; a second delivery changes nothing, and scores
are counted. Updates are handled one after another, as ConversationHandler
wants it, but their commits overlap where the database allows. It does less
than ours: it knows one channel and one language, encrypts nothing, finds a
commune only when its name is spelt as in the list, and can't go back.

    python -m benchmarks.rival DATABASE_URL PORT
"""

from __future__ import annotations

import asyncio
import hmac
import json
import logging
import sys
import warnings
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from weakref import WeakValueDictionary

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from telegram import InlineKeyboardButton, InlineKeyboardMarkup, Update
from telegram.ext import (
    Application,
    CallbackQueryHandler,
    CommandHandler,
    ContextTypes,
    ConversationHandler,
    MessageHandler,
    filters,
)
from telegram.request import BaseRequest
from telegram.warnings import PTBUserWarning

from benchmarks.botapi import ME
from benchmarks.people import SECRET, SERVICES, TOKEN, communes, criteria
from benchmarks.rivalstore import PostgresStore, SqliteStore, SqlPersistence, Store

SERVICE, PLACE, SCORE, COMMENT, REVIEW, ABOUT = range(6)
FACES = {1: "😢", 2: "😞", 3: "😐", 4: "😊", 5: "😄"}
CODES = {name: code for code, name in communes()}
Context = ContextTypes.DEFAULT_TYPE


def say(context: Context, update: Update, text: str, *rows: list[tuple[str, str]]) -> None:
    """Queue a reply, with its buttons as (label, callback data)."""
    buttons = [[InlineKeyboardButton(label, callback_data=data) for label, data in row] for row in rows]
    markup = InlineKeyboardMarkup(buttons).to_json() if buttons else None
    context.application.persistence.reply(update.effective_chat.id, text, markup)


async def begin(update: Update, context: Context) -> int:
    context.user_data.clear()
    rows = [[(service, f"service={service}")] for service in SERVICES]
    say(context, update, "តើអ្នកចង់ដាក់ពិន្ទុសេវាណា?", *rows)
    return SERVICE


async def service(update: Update, context: Context) -> int:
    context.user_data["service"] = update.callback_query.data.partition("=")[2]
    say(context, update, "តើអ្នករស់នៅឃុំ ឬសង្កាត់ណា? សូមសរសេរឈ្មោះ។")
    return PLACE


async def place(update: Update, context: Context) -> int:
    commune = CODES.get(update.message.text.strip())
    if commune is None:
        say(context, update, "រកមិនឃើញទីកន្លែងនោះទេ។ សូមសរសេរឈ្មោះឃុំ។")
        return PLACE
    context.user_data["commune"] = commune
    context.user_data["scores"] = {}
    return ask(update, context)


def ask(update: Update, context: Context) -> int:
    """The next criterion, or the comment after the last."""
    scores = context.user_data["scores"]
    for code, question in criteria(context.user_data["service"]):
        if code not in scores:
            row = [(f"{score} {face}", f"score.{code}={score}") for score, face in FACES.items()]
            say(context, update, question, row)
            return SCORE
    say(context, update, "តើអ្វីគួរកែលម្អ? សូមសរសេរ។", [("រំលង", "comment=")])
    return COMMENT


async def score(update: Update, context: Context) -> int:
    key, _equals, value = update.callback_query.data.partition("=")
    context.user_data["scores"][key.removeprefix("score.")] = int(value)
    return ask(update, context)


async def comment(update: Update, context: Context) -> int:
    message = update.message
    context.user_data["comment"] = message.text if message is not None else None
    scores = context.user_data["scores"]
    lines = [
        f"{FACES[scores[code]]} {scores[code]} – {asked}"
        for code, asked in criteria(context.user_data["service"])
    ]
    choices = [[("ផ្ញើពិន្ទុរបស់ខ្ញុំ", "review.1=send")], [("កែចម្លើយ", "review.1=change")]]
    say(context, update, "\n".join(["ពិន្ទុរបស់អ្នក៖", *lines]), *choices)
    return REVIEW


async def send(update: Update, context: Context) -> int:
    data = context.user_data
    facility = data["service"] + data["commune"]
    context.application.persistence.rate(update.effective_user.id, facility, data["scores"], data["comment"])
    say(context, update, "សូមអរគុណ! សូមសួរ ៥ សំណួរខ្លីអំពីអ្នក។", [("បាទ/ចាស", "willing=yes"), ("ទេ", "willing=no")])
    return ABOUT


async def done(update: Update, context: Context) -> int:
    context.user_data.clear()
    say(context, update, "តើអ្នកចង់ធ្វើអ្វី?", [("ដាក់ពិន្ទុសេវា", "menu=rate")])
    return ConversationHandler.END


async def lost(update: Update, context: Context) -> None:
    say(context, update, "សូមឆ្លើយសំណួរខាងលើ។")


class Offline(BaseRequest):
    """Replies are queued as rows, so the Bot API is asked for nothing but who we are."""

    read_timeout = 5.0

    async def initialize(self) -> None: ...
    async def shutdown(self) -> None: ...
    async def do_request(self, *_given: Any, **_options: Any) -> tuple[int, bytes]:
        return 200, json.dumps({"ok": True, "result": ME}).encode()


def build(store: Store) -> Application[Any, Any, Any, Any, Any, Any]:
    warnings.simplefilter("ignore", PTBUserWarning)  # per_message=False is meant
    persistence = SqlPersistence(store)
    application = (
        Application.builder()
        .token(TOKEN)
        .updater(None)
        .job_queue(None)
        .request(Offline())
        .get_updates_request(Offline())
        .persistence(persistence)
        .build()
    )
    words = filters.TEXT & ~filters.COMMAND
    application.add_handler(
        ConversationHandler(
            entry_points=[CommandHandler("rate", begin)],
            states={
                SERVICE: [CallbackQueryHandler(service, r"^service=")],
                PLACE: [MessageHandler(words, place)],
                SCORE: [CallbackQueryHandler(score, r"^score\.")],
                COMMENT: [CallbackQueryHandler(comment, "^comment=$"), MessageHandler(words, comment)],
                REVIEW: [CallbackQueryHandler(send, r"^review\.1=send$")],
                ABOUT: [CallbackQueryHandler(done, "^willing=")],
            },
            fallbacks=[CommandHandler("rate", begin), MessageHandler(filters.ALL, lost)],
            name="rate",
            persistent=True,
        )
    )
    return application


def web(store: Store) -> Starlette:
    application = build(store)
    persistence: Any = application.persistence
    turn = asyncio.Lock()  # one update at a time in the application
    persons: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()

    @asynccontextmanager
    async def lifespan(_starlette: Starlette) -> AsyncIterator[None]:
        await store.open()
        await persistence.load()
        async with application:
            yield
        await store.close()

    async def webhook(request: Request) -> Response:
        given = request.headers.get("X-Telegram-Bot-Api-Secret-Token", "")
        if not hmac.compare_digest(given.encode(), SECRET.encode()):
            return Response(status_code=403)
        update = Update.de_json(await request.json(), application.bot)
        user = update.effective_user
        # A person's updates are committed in the order in which they were handled.
        async with persons.setdefault(user.id if user else 0, asyncio.Lock()):
            async with turn:
                if persistence.claim(update.update_id):
                    await application.process_update(update)
                    await application.update_persistence()
                writes = persistence.take()
            if writes:
                await store.commit(writes)
        return Response()

    async def health(_request: Request) -> Response:
        return Response()

    return Starlette(
        routes=[Route("/telegram/webhook", webhook, methods=["POST"]), Route("/healthz", health)],
        lifespan=lifespan,
    )


def main() -> None:
    logging.basicConfig(level=logging.WARNING)
    url, port = sys.argv[1:]
    store: Store = SqliteStore(url) if url.startswith("sqlite") else PostgresStore(url)
    uvicorn.run(
        web(store), host="127.0.0.1", port=int(port), log_level="warning", access_log=False, loop="uvloop"
    )


if __name__ == "__main__":
    main()

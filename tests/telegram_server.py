"""A strict stand-in for Telegram's Bot API on 127.0.0.1.

It refuses what Telegram refuses (`telegram_rules`), and at will it has the
faults that Telegram has: 429, 403, 500, a connection that breaks.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

from aiohttp import web

from tests import telegram_rules as rules
from tests.telegram_rules import Dropped, Refusal, bad

TOKEN = "4242:a-token-for-tests-only"
BOT = {"id": 4242, "is_bot": True, "first_name": "Samleng", "username": "samleng_test_bot"}
BEGIN = 1_795_000_000  # the date of the first message
PATIENCE = 20  # seconds until a test that waits in vain fails

Update = dict[str, Any]


@dataclass
class Fault:
    """What happens to `times` calls of a method (to one chat, or any), after `skip` calls that went well."""

    method: str
    error: Refusal | Dropped
    chat: int | None = None
    skip: int = 0
    times: int = 1


@dataclass(frozen=True)
class Call:
    method: str
    given: dict[str, Any]


@dataclass(frozen=True)
class Message:
    """A message as a chat shows it now; an edit puts a new one in its place."""

    id: int
    chat: int
    text: str
    ours: bool  # the bot's
    keyboard: tuple[tuple[dict[str, str], ...], ...] = ()
    body: dict[str, Any] = field(default_factory=dict)

    @property
    def labels(self) -> list[str]:
        return [button["text"] for row in self.keyboard for button in row]


@dataclass
class Chat:
    about: dict[str, Any]
    messages: dict[int, Message] = field(default_factory=dict)
    blocked: bool = False


class TelegramServer:
    """`async with TelegramServer() as telegram:` listens at `telegram.url`."""

    def __init__(self, token: str = TOKEN) -> None:
        self.token = token
        self.url = ""
        self.calls: list[Call] = []
        self.chats: dict[int, Chat] = {}
        self.faults: list[Fault] = []
        self.queries: dict[str, bool] = {}  # callback queries, and whether they were answered
        self.files: dict[str, bytes] = {}
        self.named: dict[str, str] = {}  # as the bot called what it sent
        self.paths: dict[str, str] = {}  # by file: where getFile says it is, where that is not true
        self.redirects: dict[str, str] = {}  # by file: where asking for it leads
        self.downloads: list[str] = []  # which files were asked for
        self.commands: dict[str, list[dict[str, str]]] = {}  # by language code
        self.webhook = ""
        self.secret = ""
        self.allowed: list[str] | None = None
        self.strictness: rules.Strictness | None = None
        self.waiting: list[Update] = []  # what getUpdates has to bring
        self._numbers = itertools.count(1)
        self._updates = itertools.count(7_000_001)
        self._news = asyncio.Condition()
        self._closing = False
        self._methods: dict[str, Callable[[dict[str, Any]], Any]] = {
            "getMe": lambda _given: BOT,
            "sendMessage": self._send_message,
            "sendPhoto": self._send_photo,
            "sendVoice": self._send_voice,
            "sendDocument": self._send_document,
            "editMessageText": self._edit_text,
            "editMessageCaption": self._edit_caption,
            "editMessageReplyMarkup": self._edit_markup,
            "answerCallbackQuery": self._answer_query,
            "setMyCommands": self._set_commands,
            "setWebhook": self._set_webhook,
            "deleteWebhook": self._delete_webhook,
            "getUpdates": self._get_updates,
            "getFile": self._get_file,
        }

    async def __aenter__(self) -> TelegramServer:
        app = web.Application()
        app.router.add_post("/bot{token}/{method}", self._called)
        app.router.add_get("/file/bot{token}/{path:.+}", self._download)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        host, port = self._runner.addresses[0][:2]
        self.url = f"http://{host}:{port}"
        return self

    async def __aexit__(self, *_error: object) -> None:
        self._closing = True
        await self._tell()
        await self._runner.cleanup()

    # -- For tests -------------------------------------------------------------------------------------

    async def until(self, true: Callable[[], object]) -> None:
        """Wait for something that a call to this server makes true."""
        async with asyncio.timeout(PATIENCE), self._news:
            await self._news.wait_for(true)

    async def queue(self, *updates: Update) -> None:
        """Have getUpdates bring these."""
        self.waiting += updates
        await self._tell()

    def called(self, method: str) -> list[dict[str, Any]]:
        """What was given in every call of a method."""
        return [call.given for call in self.calls if call.method == method]

    def update(self, **content: Any) -> Update:
        return {"update_id": next(self._updates), **content}

    def chat(self, about: dict[str, Any]) -> Chat:
        """The chat, known to the bot from now on."""
        return self.chats.setdefault(about["id"], Chat(about))

    def put(self, chat: int, author: dict[str, Any] | None, ours: bool = False, **content: Any) -> Message:
        """Show one more message in a chat."""
        number = next(self._numbers)
        body = {"message_id": number, "date": BEGIN + number, "chat": self.chats[chat].about, **content}
        if author is not None:
            body["from"] = author
        message = Message(
            number, chat, content.get("text", ""), ours, rules.rows(body.get("reply_markup")), body
        )
        self.chats[chat].messages[number] = message
        return message

    # -- The Bot API -----------------------------------------------------------------------------------

    async def _called(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"]
        form = {name: self._field(value) for name, value in (await request.post()).items()}
        call = Call(method, rules.read(form))
        self.calls.append(call)
        await self._tell()
        try:
            if request.match_info["token"] != self.token:
                raise Refusal(401, "Unauthorized")
            if method not in self._methods:
                raise Refusal(404, "Not Found")
            self._fail(call)
            result = self._methods[method](call.given)
            if asyncio.iscoroutine(result):
                result = await result
            answer, status = {"ok": True, "result": result}, 200
        except Refusal as refusal:
            answer = {"ok": False, "error_code": refusal.code, "description": refusal.description}
            answer |= {"parameters": refusal.parameters} if refusal.parameters else {}
            status = refusal.code
        except Dropped:
            assert request.transport is not None
            request.transport.abort()
            answer, status = {}, 500
        await self._tell()
        return web.json_response(answer, status=status)

    def _field(self, value: Any) -> str:
        """A field of a form; a file that is sent along becomes one that the bot can name, whatever comes of the call."""
        if not isinstance(value, web.FileField):
            return str(value)
        name = f"uploaded-{len(self.files)}"
        self.files[name], self.named[name] = value.file.read(), value.filename
        return name

    async def _download(self, request: web.Request) -> web.Response:
        name = request.match_info["path"].removeprefix("files/")
        self.downloads.append(name)
        if name in self.redirects:
            raise web.HTTPFound(self.redirects[name])
        content = self.files.get(name)
        if request.match_info["token"] != self.token or content is None:
            return web.json_response({"ok": False, "error_code": 404, "description": "Not Found"}, status=404)
        return web.Response(body=content)

    async def _tell(self) -> None:
        async with self._news:
            self._news.notify_all()

    def _fail(self, call: Call) -> None:
        for fault in self.faults:
            if fault.method != call.method or fault.chat not in {None, call.given.get("chat_id")}:
                continue
            if fault.skip:
                fault.skip -= 1
            elif fault.times:
                fault.times -= 1
                raise fault.error

    def _open(self, chat: Any) -> Chat:
        """A chat that the bot may write to."""
        found = self.chats.get(chat)
        if found is None:
            raise bad("chat not found")
        if found.blocked:
            kind = "user" if found.about["type"] == "private" else "group"
            raise Refusal(403, f"Forbidden: bot was blocked by the {kind}")
        return found

    def _send_message(self, given: dict[str, Any]) -> dict[str, Any]:
        chat = given.get("chat_id")
        self._open(chat)
        return self._put(chat, given, {"text": rules.text(given)})

    def _send_photo(self, given: dict[str, Any]) -> dict[str, Any]:
        content = {"caption": rules.caption(given), **self._sent_file("photo", given)}
        return self._put(given["chat_id"], given, content)

    def _send_voice(self, given: dict[str, Any]) -> dict[str, Any]:
        content = {"caption": rules.caption(given), **self._sent_file("voice", given)}
        return self._put(given["chat_id"], given, content)

    def _send_document(self, given: dict[str, Any]) -> dict[str, Any]:
        content = {"caption": rules.caption(given), **self._sent_file("document", given)}
        return self._put(given["chat_id"], given, content)

    def _sent_file(self, kind: str, given: dict[str, Any]) -> dict[str, Any]:
        """A file by its id, as a message shows it."""
        self._open(given.get("chat_id"))
        name = given.get(kind, "")
        if name not in self.files:
            raise bad("wrong remote file identifier specified: Wrong string length")
        if kind == "photo":
            rules.photo(self.files[name])
        elif kind == "voice" and name.startswith("uploaded-"):
            rules.voice(self.files[name])
        file = {"file_id": name, "file_unique_id": name, "file_size": len(self.files[name])}
        if kind == "voice":
            return {"voice": {**file, "duration": 1}}
        if kind == "document":
            return {"document": {**file, "file_name": self.named.get(name, "")}}
        return {"photo": [{**file, "width": 800, "height": 800}]}

    def _put(self, chat: int, given: dict[str, Any], content: dict[str, Any]) -> dict[str, Any]:
        if self.strictness is not None:
            self.strictness.judge(chat)
        if "reply_markup" in given:
            content["reply_markup"] = rules.markup(given["reply_markup"])
        return self.put(chat, BOT, ours=True, **content).body

    def _edit_text(self, given: dict[str, Any]) -> dict[str, Any]:
        return self._edit(given, rules.text(given))

    def _edit_caption(self, given: dict[str, Any]) -> dict[str, Any]:
        before = self._open(given.get("chat_id")).messages.get(given.get("message_id", 0))
        if before is not None and "caption" not in before.body:
            raise bad("there is no caption in the message to edit")
        body = self._edit(given, None)
        body["caption"] = rules.caption(given)
        return body

    def _edit_markup(self, given: dict[str, Any]) -> dict[str, Any]:
        return self._edit(given, None)

    def _edit(self, given: dict[str, Any], text: str | None) -> dict[str, Any]:
        messages = self._open(given.get("chat_id")).messages
        before = messages.get(given.get("message_id", 0))
        if before is None:
            raise bad("message to edit not found")
        if not before.ours:
            raise bad("message can't be edited")
        markup = rules.markup(given["reply_markup"]) if "reply_markup" in given else {}
        text = before.text if text is None else text
        if text == before.text and rules.rows(markup) == before.keyboard:
            raise bad("message is not modified: specified new message content and reply markup are the same")
        body = {**before.body, "text": text, "edit_date": BEGIN + next(self._numbers)}
        body.pop("reply_markup", None)
        body |= {"reply_markup": markup} if markup else {}
        messages[before.id] = replace(before, text=text, keyboard=rules.rows(markup), body=body)
        return body

    def _answer_query(self, given: dict[str, Any]) -> bool:
        query = given.get("callback_query_id", "")
        if query not in self.queries:
            raise bad("query is too old and response timeout expired or query ID is invalid")
        self.queries[query] = True
        return True

    def _set_commands(self, given: dict[str, Any]) -> bool:
        language = given.get("language_code", "")
        self.commands[language] = rules.commands(given.get("commands"), language)
        return True

    def _set_webhook(self, given: dict[str, Any]) -> bool:
        rules.webhook(given.get("url", ""), given.get("secret_token", ""))
        self.webhook, self.secret = given["url"], given.get("secret_token", "")
        self.allowed = given.get("allowed_updates", self.allowed)
        return True

    def _delete_webhook(self, given: dict[str, Any]) -> bool:
        self.webhook = self.secret = ""
        return True

    async def _get_updates(self, given: dict[str, Any]) -> list[Update]:
        if self.webhook:
            raise Refusal(409, "Conflict: can't use getUpdates method while webhook is active")
        self.allowed = given.get("allowed_updates", self.allowed)
        offset = given.get("offset", 0)
        self._wanted(offset)
        await self._tell()
        with suppress(TimeoutError):
            async with asyncio.timeout(given.get("timeout", 0)), self._news:
                await self._news.wait_for(lambda: self._wanted(offset) or self._closing)
        return self._wanted(offset)[: given.get("limit", 100)]

    def _wanted(self, offset: int) -> list[Update]:
        """What was not confirmed yet, of the kinds asked for; the rest is forgotten."""
        self.waiting = [
            update
            for update in self.waiting
            if update["update_id"] >= offset and (self.allowed is None or update.keys() & set(self.allowed))
        ]
        return self.waiting

    def _get_file(self, given: dict[str, Any]) -> dict[str, Any]:
        file = given.get("file_id", "")
        if file not in self.files:
            raise bad("invalid file_id")
        size = len(self.files[file])
        path = self.paths.get(file, f"files/{file}")
        return {"file_id": file, "file_unique_id": file, "file_size": size, "file_path": path}

"""Telegram: updates become what was said, replies become texts with inline keyboards.

Callback data is `tag:key=value`, at most 64 bytes, so that a tap on an old
keyboard is known to be old.
"""

from __future__ import annotations

import asyncio
import hashlib
import io
import json
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import structlog
import telegram
import telegram.helpers
from telegram.constants import ChatType, MessageLimit
from telegram.error import BadRequest, Forbidden, InvalidToken, RetryAfter, TelegramError

from bot.errors import where
from bot.sender import Refused
from flows.board import Card
from flows.channel import TELEGRAM, Channel
from flows.comments import KEPT
from flows.engine import Reply
from flows.packs import Performance, from_json
from flows.pages import Page, Picture
from flows.publishing import Template
from flows.questions import RECORDING, SKIP, Attachment, Choice, Open, Option, Question, Said, Say, Scale
from flows.text import Catalogue, _, pieces, spoken
from handlers.deliveries import AGAIN, FINAL, GONE
from handlers.desk import Incoming, Part
from handlers.receive import Received
from storage.database import Away

if TYPE_CHECKING:
    from bot.voices import Recordings

log = structlog.get_logger(__name__)

# The library would warn at every length of time that it gives; with this it gives what it will always give.
os.environ.setdefault("PTB_TIMEDELTA", "1")

LONGEST = int(MessageLimit.MAX_TEXT_LENGTH)
LONGEST_CAPTION = int(MessageLimit.CAPTION_LENGTH)
LONGEST_DATA = 64  # bytes of callback data
SHORT_LABEL = 16  # letters; two such buttons fit a row on a small phone
BACK = _("← Back")
MENU = _("Menu")


class Telegram:
    """Renders for any channel that has buttons."""

    def __init__(self, channel: Channel = TELEGRAM) -> None:
        self.channel = channel

    def render(
        self, replies: Sequence[Reply], catalogue: Catalogue, tag: str, nav: Sequence[str]
    ) -> list[Part]:
        """One message for all that is said in a turn, with the buttons of its question; what goes with it is captioned
        by it, or sent before it where it is too long for that. Of several recordings and a picture, the last."""
        texts: list[str] = []
        question: Question[Any] | None = None
        attached: Attachment | None = None
        recordings: list[dict[str, Any]] = []
        template: Template | None = None
        picture: Picture | Card | None = None
        for reply in replies:
            if isinstance(reply, Say):
                texts.append(spoken(reply.text, catalogue))
                if reply.attachment is not None and reply.attachment.kind == RECORDING:
                    if self.channel.voice:
                        recordings.append(recorded(reply.attachment))
                else:
                    attached = reply.attachment or attached
                template = reply if isinstance(reply, Template) else template
            else:
                question = reply
                texts.append(_asked(reply, catalogue))
                if isinstance(reply, Page):
                    picture, attached = reply.picture, reply.attachment or attached
        parts: list[Part] = [{"text": piece} for piece in pieces("\n\n".join(filter(None, texts)), LONGEST)]
        beside: dict[str, Any] = {}
        if attached is not None and attached.kind in ATTACHED:
            beside = {attached.kind: attached.file}
        elif picture is not None and self.channel.images:
            beside = {PICTURE: picture.wanted}
        elif template is not None and self.channel.documents:
            beside = {TEMPLATE: {"service": template.service, "facility": template.facility}}
        if recordings and not beside:
            beside = recordings.pop()
        if beside:
            if not parts or _units(parts[0]["text"]) > LONGEST_CAPTION or len(parts) > 1:
                parts.insert(0, {"text": ""})
            parts[0] |= beside
        parts = [*({"text": ""} | recording for recording in recordings), *parts]
        keyboard = _keyboard(question, catalogue, tag, nav) if question is not None else []
        if keyboard and parts:
            parts[-1]["keyboard"] = keyboard
        return parts


ATTACHED = ("photo", "voice")
CARD = "card"  # in what is to be drawn: a scorecard
PICTURE = "picture"  # in a part: what is to be drawn when it is sent, its text saying the same
TEMPLATE = "template"  # in a part: whose empty workbook is to be written when it is sent


def recorded(recording: Attachment) -> dict[str, Any]:
    """In a part: a recording of ours, by its number, to be fetched when it is sent."""
    return {RECORDING: int(recording.file), "seconds": recording.seconds}


def _units(text: str) -> int:
    """The length of a text as Telegram counts it, in UTF-16 code units."""
    return len(text.encode("utf-16-le")) // 2


def _asked(question: Question[Any], catalogue: Catalogue) -> str:
    text = spoken(question.text, catalogue)
    if isinstance(question, Scale) and question.legend:
        lines = (
            f"{option.face} {catalogue.number(option.value)} – {spoken(option.label, catalogue)}"
            for option in question.options
        )
        text += "\n\n" + "\n".join(lines)
    return text


def _keyboard(
    question: Question[Any], catalogue: Catalogue, tag: str, nav: Sequence[str]
) -> list[list[list[str]]]:
    rows: list[list[list[str]]] = []
    if isinstance(question, Scale):
        rows.append(
            [
                [f"{catalogue.number(option.value)} {option.face}", data(tag, question.key, option.value)]
                for option in question.options
            ]
        )
    elif isinstance(question, (Choice, Open)):
        options: Sequence[Option[Any]] = question.options if isinstance(question, Choice) else question.ways
        buttons = [
            [spoken(option.label, catalogue), data(tag, question.key, option.value)] for option in options
        ]
        width = 2 if len(buttons) > 1 and all(len(label) <= SHORT_LABEL for label, _data in buttons) else 1
        rows += [buttons[start : start + width] for start in range(0, len(buttons), width)]
    if question.skippable:
        rows.append([[spoken(SKIP, catalogue), data(tag, question.key, "")]])
    labels = {"back": BACK, "menu": MENU}
    if nav:
        rows.append([[spoken(labels[way], catalogue), data(tag, "nav", way)] for way in nav])
    return rows


def data(tag: str, key: str, value: object) -> str:
    """Callback data; a key or value too long for Telegram is a mistake of ours, found by the explorer."""
    made = f"{tag}:{key}={value}"
    if len(made.encode()) > LONGEST_DATA:
        raise ValueError(f"{made!r} is longer than Telegram's {LONGEST_DATA} bytes")
    return made


# -- What arrives -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Blocked:
    """A person blocked the bot, or let it in again."""

    address: str
    blocked: bool


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Somebody talks to the bot in a group or channel, where what one says is not private."""

    chat: str


def read(update: telegram.Update, name: str = TELEGRAM.name) -> Incoming | Blocked | Elsewhere | None:
    """What an update means to us; None for what nobody needs an answer to."""
    if update.my_chat_member is not None:
        return _membership(update.my_chat_member)
    chat = update.effective_chat
    if update.callback_query is not None:
        return _tapped(update, update.callback_query, name)
    message = update.effective_message
    if message is None or chat is None:
        return None
    if chat.type != ChatType.PRIVATE:
        # Only what is meant for the bot is answered; a channel's posts and a group's talk are not.
        meant = update.message is not None and (message.text or "").startswith("/")
        return Elsewhere(str(chat.id)) if meant else None
    edited = update.edited_message is not None
    said = Said(other="edited") if edited else what(message)
    return Incoming(name, str(chat.id), str(update.update_id), said)


def what(message: telegram.Message) -> Said:
    """What was said in a message: text, a voice note, a photo, or something that is not read here."""
    caption = message.caption or ""
    if message.text is not None:
        return Said(text=message.text)
    if message.voice is not None:
        voice = message.voice
        seconds = voice.duration
        length = int(seconds.total_seconds()) if hasattr(seconds, "total_seconds") else int(seconds)
        return Said(caption, attachment=Attachment("voice", voice.file_id, voice.file_size or 0, length))
    if message.photo:
        largest = message.photo[-1]
        return Said(caption, attachment=Attachment("photo", largest.file_id, largest.file_size or 0))
    if message.document is not None:
        file = message.document
        held = Attachment("document", file.file_id, file.file_size or 0, name=file.file_name or "")
        return Said(caption, attachment=held, other="document")
    return Said(other=telegram.helpers.effective_message_type(message) or "unknown")


def _tapped(update: telegram.Update, query: telegram.CallbackQuery, name: str) -> Incoming | None:
    chat = update.effective_chat
    if chat is not None and chat.type != ChatType.PRIVATE:
        return None
    key, _equals, value = (query.data or "").partition("=")
    return Incoming(
        name,
        str(chat.id if chat else query.from_user.id),
        str(update.update_id),
        Said(tap=(key, value)),
    )


def _membership(change: telegram.ChatMemberUpdated) -> Blocked | Elsewhere | None:
    gone = change.new_chat_member.status in {"kicked", "left"}
    if change.chat.type == ChatType.PRIVATE:
        return Blocked(str(change.chat.id), gone)
    was_gone = change.old_chat_member.status in {"kicked", "left"}
    group = change.chat.type in {ChatType.GROUP, ChatType.SUPERGROUP}  # nobody reads an answer in a channel
    return Elsewhere(str(change.chat.id)) if group and was_gone and not gone else None


def quick(raw: Mapping[str, Any]) -> Incoming | None:
    """What `read` makes of a private text or a tap, which nearly all updates are, straight from the JSON and in a
    twentieth of the time; None for anything that wants a closer look."""
    try:
        match raw:
            case {"message": {"text": str(text), "chat": {"id": int(chat), "type": "private"}}}:
                said = Said(text=text)
            case {
                "callback_query": {
                    "data": str(data),
                    "message": {"chat": {"id": int(chat), "type": "private"}},
                }
            }:
                key, _equals, value = data.partition("=")
                said = Said(tap=(key, value))
            case _:
                return None
        return Incoming(TELEGRAM.name, str(chat), str(int(raw["update_id"])), said)
    except (KeyError, TypeError, ValueError):
        return None


def tapped_label(query: Mapping[str, Any]) -> str | None:
    """What stood on the tapped button, read from the message it hangs on."""
    keyboard = ((query.get("message") or {}).get("reply_markup") or {}).get("inline_keyboard") or ()
    for row in keyboard:
        for button in row:
            if button.get("callback_data") == query.get("data"):
                return str(button["text"])
    return None


def markup(part: Part) -> str | None:
    """The keyboard of a rendered message, as Telegram takes it."""
    keyboard = part.get("keyboard")
    if not keyboard:
        return None
    rows = [[{"text": label, "callback_data": made} for label, made in row] for row in keyboard]
    return json.dumps({"inline_keyboard": rows}, ensure_ascii=False)


# -- What leaves ------------------------------------------------------------------------------------------


#: What Telegram refuses for good, by words in its answer, and what that means; other words: the message is final.
REFUSALS = (("chat not found", GONE), ("deactivated", GONE))
#: A photo or voice note that this bot can't use (any more), or that this person does not take.
TAKES_NONE = "voice_messages_forbidden"
UNUSABLE = ("file identifier", "file of type", "type of file", "file reference", TAKES_NONE)
LOCKED_FOR = 60.0  # seconds of quiet when Telegram does not know the bot: somebody must mend the settings


#: A picture that Telegram does not take, whoever it is for.
NO_PICTURE = (*UNUSABLE, "photo_invalid", "image_process_failed")
MOST_PICTURES = 5000  # whose ids are remembered; one takes a hundred bytes


def draw(wanted: dict[str, Any]) -> bytes:
    """The picture that a part asks for, as PNG."""
    from reports.bars import performance_png  # brings Typst with it

    pack = from_json(wanted["pack"])
    items = [item for item in pack.items if isinstance(item, Performance)]
    return performance_png(items, wanted["language"], sample=pack.sample)


def blank(wanted: dict[str, Any]) -> bytes:
    """The template that a part asks for, as .xlsx."""
    from reports.template import write_template  # brings openpyxl with it

    file = io.BytesIO()
    write_template(wanted["service"], file, wanted["facility"])
    return file.getvalue()


class Pictures:
    """What was drawn and sent before, by what it shows: Telegram keeps a file and takes its id instead."""

    def __init__(self) -> None:
        self.sent: dict[str, str] = {}

    def number(self, wanted: dict[str, Any]) -> str:
        """What tells one picture from another."""
        whole = json.dumps(wanted, ensure_ascii=False, sort_keys=True)
        return hashlib.sha256(whole.encode()).hexdigest()

    def keep(self, number: str, sent: Any) -> None:
        """Remember the id that Telegram gave to a photo, of the largest of its sizes, or to a voice note."""
        sizes = (sent.get("photo") or [sent.get("voice")]) if isinstance(sent, dict) else [None]
        if sizes[-1]:
            if len(self.sent) >= MOST_PICTURES:
                self.sent.pop(next(iter(self.sent)))
            self.sent[number] = str(sizes[-1]["file_id"])


class Beside(Protocol):
    """What goes beside a message and is only at hand when it is sent (`bot.beside`)."""

    async def card(self, wanted: dict[str, Any]) -> bytes:
        """A scorecard, as PNG."""
        ...

    async def kept(self, name: str) -> bytes | None:
        """A voice note or photo that we keep, by its name; None where it is gone."""
        ...


class TelegramTransport:
    """Sends through the Bot API and says what a refusal means (limits of the Bot API: 403, 400, 429). `paid`: what
    is sent to many is paid for, and may be more than 30 a second. `recordings`: where those are that are to be heard."""

    def __init__(
        self,
        bot: telegram.Bot,
        *,
        paid: bool = False,
        recordings: Recordings | None = None,
        beside: Beside | None = None,
    ) -> None:
        self.bot = bot
        self.paid = paid
        self.recordings = recordings
        self.beside = beside
        self.pictures = Pictures()

    def weigh(self, part: Part) -> int:
        """Every message is one."""
        return 1

    async def send(self, address: str, part: Part, number: int, *, bulk: bool = False) -> str | None:
        try:
            sent = await self._send(address, part, paid=(self.paid and bulk) or None)
        except Forbidden as error:
            raise Refused(str(error), GONE) from error
        except RetryAfter as error:
            after = error.retry_after
            seconds = after.total_seconds() if hasattr(after, "total_seconds") else float(after)
            raise Refused("too many requests", after=seconds) from error
        except BadRequest as error:
            said = str(error).lower()
            means = next((means for words, means in REFUSALS if words in said), FINAL)
            raise Refused(str(error), means) from error
        except InvalidToken as error:
            log.error("telegram_token_refused", next="see SAMLENG_TELEGRAM_TOKEN")
            raise Refused("token refused", AGAIN, after=LOCKED_FOR) from error
        except TelegramError as error:
            raise Refused(str(error)) from error
        except Away as error:  # a recording can't be fetched just now
            raise Refused("database away") from error
        return str(sent["message_id"]) if sent is not None else None

    async def _send(self, chat: str, part: Part, paid: bool | None) -> Any:
        """What was sent, as Telegram describes it; None where only a file was to be sent, and it can't be."""
        text = part["text"]
        given = {"chat_id": chat, "reply_markup": markup(part), "allow_paid_broadcast": paid}
        if PICTURE in part:
            sent = await self._send_picture(given, part[PICTURE], text)
            if sent is not None or not text:
                return sent
        if RECORDING in part:
            sent = await self._send_recording(given, part, text)
            if sent is not None or not text:
                return sent
        if TEMPLATE in part:
            sent = await self._send_template(given, part[TEMPLATE], text)
            if sent is not None or not text:
                return sent
        kind = next((kind for kind in ATTACHED if kind in part), None)
        if kind is not None:
            sent = await self._send_attached({**given, "caption": text or None}, kind, part[kind])
            if sent is not None or not text:
                return sent
        return await self._call("sendMessage", {**given, "text": text})

    async def _send_attached(self, given: dict[str, Any], kind: str, name: str) -> Any:
        """Send a photo or voice note by its id, or one that we keep: as it was sent before, if it was. None where it
        can't be used any more; the words say the same, or more."""
        method = "sendPhoto" if kind == "photo" else "sendVoice"
        tries = [self.pictures.sent.get(name), None] if name.startswith(KEPT) else [name]
        for known in dict.fromkeys(tries):
            file = known or await self._kept(kind, name)
            if file is None:
                break
            try:
                sent = await self._call(method, {**given, kind: file})
            except BadRequest as error:
                if not any(words in str(error).lower() for words in UNUSABLE):
                    raise
                self.pictures.sent.pop(name, None)
                continue
            if known is None:
                self.pictures.keep(name, sent)
            return sent
        log.warning("attachment_left_out", kind=kind)
        return None

    async def _kept(self, kind: str, name: str) -> telegram.InputFile | None:
        """A file that we keep, to be sent along."""
        try:
            content = await self.beside.kept(name) if self.beside is not None else None
        except Exception as error:  # the store is away, or under another secret: she can read the words
            log.warning("attachment_not_read", error=type(error).__name__, where=where(error))
            return None
        if content is None:
            return None
        return telegram.InputFile(content, filename="photo.jpg" if kind == "photo" else "voice.ogg")

    async def _send_picture(self, given: dict[str, Any], wanted: dict[str, Any], text: str) -> Any:
        """Send what is to be drawn: as it was sent before, if it was. None where it can't be drawn or is not taken;
        the words say the same."""
        given = {**given, "caption": text or None}
        number = self.pictures.number(wanted)
        known = self.pictures.sent.get(number)
        if known is not None:
            try:
                return await self._call("sendPhoto", {**given, "photo": known})
            except BadRequest as error:
                if not any(words in str(error).lower() for words in UNUSABLE):
                    raise
                self.pictures.sent.pop(number, None)
        try:
            if CARD in wanted and self.beside is not None:
                drawn = await self.beside.card(wanted)
            else:
                drawn = await asyncio.to_thread(draw, wanted)
        except Exception as error:  # whatever is wrong with drawing, she can read the words
            log.warning("picture_not_drawn", error=type(error).__name__, where=where(error))
            return None
        file = telegram.InputFile(drawn, filename="performance.png")
        try:
            sent = await self._call("sendPhoto", {**given, "photo": file})
        except BadRequest as error:
            said = str(error).lower()
            if not any(words in said for words in NO_PICTURE):
                raise
            log.warning("picture_left_out")
            return None
        self.pictures.keep(number, sent)
        return sent

    async def _send_recording(self, given: dict[str, Any], part: Part, text: str) -> Any:
        """Send a recording: by its id if it was sent before, else as a file. None where it was deleted meanwhile, or
        this person takes no voice notes; she can read the words."""
        if self.recordings is None:
            return None
        number = int(part[RECORDING])
        given = {**given, "caption": text or None}
        known = await self.recordings.file_id(number)
        if known is not None:
            try:
                return await self._call("sendVoice", {**given, "voice": known})
            except BadRequest as error:
                said = str(error).lower()
                if not any(words in said for words in UNUSABLE):
                    raise
                if TAKES_NONE in said:
                    return None
                await self.recordings.keep(number, None)  # of another bot, or Telegram has lost it
        content = await self.recordings.sound(number)
        if content is None:
            return None
        file = telegram.InputFile(content, filename="voice.ogg")
        try:
            sent = await self._call("sendVoice", {**given, "voice": file, "duration": part["seconds"]})
        except BadRequest as error:
            if not any(words in str(error).lower() for words in UNUSABLE):
                raise
            log.warning("recording_left_out", recording=number)
            return None
        voice = sent.get("voice") if isinstance(sent, dict) else None
        if voice:
            await self.recordings.keep(number, str(voice["file_id"]))
        return sent

    async def _send_template(self, given: dict[str, Any], wanted: dict[str, Any], text: str) -> Any:
        """Send an empty workbook. None where it can't be written."""
        try:
            written = await asyncio.to_thread(blank, wanted)
        except Exception as error:  # she is told the words at least, and the operator what went wrong
            log.error("template_not_written", error=type(error).__name__, where=where(error))
            return None
        file = telegram.InputFile(written, filename=f"{wanted['facility']}.xlsx")
        return await self._call("sendDocument", {**given, "document": file, "caption": text or None})

    async def _call(self, method: str, given: dict[str, Any]) -> Any:
        """The library's own call with its errors, but without the objects that it would make of each answer: half of
        what a message costs."""
        return await self.bot._post(method, given)


async def acknowledge(bot: telegram.Bot, query: Mapping[str, Any], received: Received) -> None:
    """Stop the button's clock; the tapped message keeps its question with the chosen answer, and no buttons.

    `query`: the callback query as Telegram sent it. Nothing here matters enough to be tried again.
    """
    with suppress(TelegramError):
        await bot.answer_callback_query(query["id"])
    label = tapped_label(query)
    if label is None or received.duplicate:
        return
    message = query["message"]
    chat, number, text = message["chat"]["id"], message["message_id"], message.get("text")
    caption = message.get("caption")
    moved = (query.get("data") or "").rpartition(":")[2].startswith("nav=")
    with suppress(TelegramError):
        if text and not moved and not received.stale:
            await bot.edit_message_text(chosen(text, label)[:LONGEST], chat_id=chat, message_id=number)
        elif (
            caption and not moved and not received.stale and _units(chosen(caption, label)) <= LONGEST_CAPTION
        ):
            await bot.edit_message_caption(chat, number, caption=chosen(caption, label))
        else:
            await bot.edit_message_reply_markup(chat, number, reply_markup=None)


def chosen(text: str, label: str) -> str:
    """A question with the answer that was tapped."""
    return f"{text}\n\n➜ {label}"


#: The commands menu, in the order shown.
#: Translators: shown beside /command in Telegram's menu
COMMANDS = (
    ("rate", _("Rate a service")),
    ("scores", _("Scores")),
    ("info", _("Information")),
    ("join", _("Get village notices")),
    ("menu", _("Main menu")),
    ("language", _("Language")),
    ("listen", _("🔊 Listen")),
    ("help", _("Help")),
    ("stop", _("Stop village notices")),
)


async def introduce(bot: telegram.Bot, catalogues: Sequence[Catalogue]) -> None:
    """Tell Telegram the commands in every language; the first is what other languages see."""
    for number, catalogue in enumerate(catalogues):
        commands = [telegram.BotCommand(name, spoken(label, catalogue)) for name, label in COMMANDS]
        await bot.set_my_commands(commands, language_code=catalogue.language if number else "")


async def redirect(bot: telegram.Bot, chat: str, catalogue: Catalogue, link: str) -> None:
    """Point somebody in a group, where what one says is not private, to the private chat."""
    text = _("I only talk in private, so that nobody sees your scores. Write to me here: {link}", link=link)
    with suppress(TelegramError):
        await bot.send_message(int(chat), spoken(text, catalogue))

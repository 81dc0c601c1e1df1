"""People who write to the bot: each makes updates as Telegram would, and sees what the bot answers."""

from __future__ import annotations

from typing import Any

from tests.telegram_server import BEGIN, BOT, Message, TelegramServer, Update


class Person:
    """Somebody with a phone. Every method is something she does; it returns the update that tells of it."""

    def __init__(self, telegram: TelegramServer, number: int, name: str, language: str = "km") -> None:
        self.telegram = telegram
        self.about = {"id": number, "is_bot": False, "first_name": name, "language_code": language}
        self.private = {"id": number, "type": "private", "first_name": name}

    @property
    def id(self) -> int:
        return int(self.about["id"])

    @property
    def heard(self) -> list[Message]:
        """What the bot has said to her, oldest first, as it looks now."""
        chat = self.telegram.chats.get(self.id)
        return [message for message in chat.messages.values() if message.ours] if chat else []

    @property
    def newest(self) -> Message:
        return self.heard[-1]

    def text(self, text: str, chat: dict[str, Any] | None = None) -> Update:
        """She writes, to the bot or in a group."""
        entities = {}
        if text.startswith("/"):
            command = text.split()[0]
            entities = {"entities": [{"type": "bot_command", "offset": 0, "length": len(command)}]}
        return self._message(chat, text=text, **entities)

    def tap(self, label: str, on: Message | None = None) -> Update:
        """She taps a button: of the newest message that has any, or of one that she still saw with it."""
        shown = on or next((message for message in reversed(self.heard) if message.keyboard), None)
        assert shown is not None, "no message has buttons"
        found = [button for row in shown.keyboard for button in row if button["text"] == label]
        assert found, f"there is no [{label}]; there are {shown.labels}"
        query = f"{self.id}{shown.id}{len(self.telegram.queries)}"
        self.telegram.queries[query] = False
        markup = {"inline_keyboard": [list(row) for row in shown.keyboard]}
        body = {
            "id": query,
            "from": self.about,
            "message": {**shown.body, "text": shown.text, "reply_markup": markup},
            "chat_instance": f"-{self.id}",
            "data": found[0]["callback_data"],
        }
        return self.telegram.update(callback_query=body)

    def voice(self, seconds: int = 4, caption: str = "", content: bytes = b"OggS" + b"\0" * 1000) -> Update:
        note = self._file("voice", content)
        return self._message(
            voice={**note, "duration": seconds, "mime_type": "audio/ogg"}, **_caption(caption)
        )

    def voice_of(self, content: bytes, **about: int) -> Update:
        """She sends a voice note that can be played. `about`: what Telegram says of it, where that is something else."""
        note = {**self._file("voice", content), "duration": 3, "mime_type": "audio/ogg", **about}
        return self._message(voice=note)

    def photo(self, caption: str = "", content: bytes = b"\xff\xd8" + b"\0" * 900) -> Update:
        small = {**self._file("photo-small", b"\xff\xd8" + b"\0" * 100), "width": 90, "height": 90}
        large = {**self._file("photo-large", content), "width": 800, "height": 800}
        return self._message(photo=[small, large], **_caption(caption))

    def document(self, name: str, content: bytes, size: int | None = None) -> Update:
        """She sends a file. `size`: what Telegram says of it, where that is something else."""
        held = {**self._file("document", content), "file_name": name}
        return self._message(document=held | ({"file_size": size} if size is not None else {}))

    def sticker(self) -> Update:
        size = {"type": "regular", "width": 512, "height": 512, "is_animated": False, "is_video": False}
        return self._message(sticker={**self._file("sticker", b"RIFF"), **size, "emoji": "👍"})

    def edit(self, text: str) -> Update:
        """She edits the last message that she wrote."""
        mine = [m for m in self.telegram.chats[self.id].messages.values() if not m.ours]
        body = {**mine[-1].body, "text": text, "edit_date": BEGIN + 500}
        return self.telegram.update(edited_message=body)

    def block(self) -> Update:
        self.telegram.chats[self.id].blocked = True
        return self._membership("member", "kicked")

    def unblock(self) -> Update:
        self.telegram.chats[self.id].blocked = False
        return self._membership("kicked", "member")

    def _message(self, chat: dict[str, Any] | None = None, **content: Any) -> Update:
        where = chat or self.private
        self.telegram.chat(where)
        return self.telegram.update(message=self.telegram.put(where["id"], self.about, **content).body)

    def _file(self, kind: str, content: bytes) -> dict[str, Any]:
        name = f"{kind}-{self.id}-{len(self.telegram.files)}"
        self.telegram.files[name] = content
        return {"file_id": name, "file_unique_id": name, "file_size": len(content)}

    def _membership(self, before: str, after: str) -> Update:
        def member(status: str) -> dict[str, Any]:
            return {"user": BOT, "status": status} | ({"until_date": 0} if status == "kicked" else {})

        change = {"chat": self.private, "from": self.about, "date": BEGIN}
        change |= {"old_chat_member": member(before), "new_chat_member": member(after)}
        return self.telegram.update(my_chat_member=change)


def group(number: int = -1001) -> dict[str, Any]:
    return {"id": number, "type": "supergroup", "title": "ភូមិយើង"}


def post(telegram: TelegramServer, text: str, number: int = -1002) -> Update:
    """A channel's post: nobody's, and no conversation."""
    about = {"id": number, "type": "channel", "title": "ដំណឹង"}
    telegram.chat(about)
    return telegram.update(channel_post=telegram.put(number, None, text=text, sender_chat=about).body)


def _caption(text: str) -> dict[str, str]:
    return {"caption": text} if text else {}

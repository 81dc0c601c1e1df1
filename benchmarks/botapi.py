"""A Bot API that accepts every call and drops it, so that replies leave for real and cost what they cost the sender.

python -m benchmarks.botapi PORT
"""

from __future__ import annotations

import asyncio
import itertools
import json
import sys
from typing import cast

import uvloop

MESSAGE_IDS = itertools.count(1)
ME = {"id": 1_000_000, "is_bot": True, "first_name": "Samleng", "username": "samleng_bot"}


class Caller(asyncio.Protocol):
    """One connection of the Bot API's caller."""

    def __init__(self) -> None:
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while True:
            head, found, body = self._buffer.partition(b"\r\n\r\n")
            if not found:
                return
            _before, named, length = head.lower().partition(b"content-length:")
            size = int(length.partition(b"\r\n")[0]) if named else 0
            if len(body) < size:
                return
            self._buffer = body[size:]
            self._answer(head.split(b" ", 2)[1].decode().partition("?")[0])

    def _answer(self, path: str) -> None:
        method = path.rpartition("/")[2]
        result: object = True
        if method == "getMe":
            result = ME
        elif method in {"sendMessage", "editMessageText", "editMessageReplyMarkup"}:
            result = {
                "message_id": next(MESSAGE_IDS),
                "from": ME,
                "chat": {"id": 1, "type": "private", "first_name": "Sokha"},
                "date": 1_795_000_000,
                "text": "…",
            }
        said = json.dumps({"ok": True, "result": result}).encode()
        self._transport.write(
            b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(said)
            + said
        )


async def serve(port: int) -> None:
    server = await asyncio.get_running_loop().create_server(Caller, "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1])))

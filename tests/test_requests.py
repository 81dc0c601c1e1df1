"""python-telegram-bot over aiohttp: forms, files, and what breaks."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import telegram
from aiohttp import web
from telegram.error import NetworkError, TimedOut

from bot.requests import AiohttpRequest

SENT = {"ok": True, "result": {"message_id": 1, "date": 0, "chat": {"id": 5, "type": "private"}}}


@pytest.fixture
async def api() -> AsyncIterator[tuple[str, list[dict[str, object]]]]:
    """A server that writes down each form, and hangs up or is silent when asked to."""
    seen: list[dict[str, object]] = []

    async def take(request: web.Request) -> web.Response:
        form = await request.post()
        seen.append(
            {
                name: (value.filename, value.content_type, value.file.read())
                if isinstance(value, web.FileField)
                else value
                for name, value in form.items()
            }
        )
        if form.get("text") == "hang up":
            assert request.transport is not None
            request.transport.close()
        return web.json_response(SENT)

    application = web.Application()
    application.router.add_post("/{path:.*}", take)
    runner = web.AppRunner(application)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = site._server.sockets[0].getsockname()[1]  # type: ignore[union-attr]
    yield f"http://127.0.0.1:{port}/bot", seen
    await runner.cleanup()


@pytest.mark.anyio
async def test_a_text_goes_as_a_form_and_a_file_in_parts(
    api: tuple[str, list[dict[str, object]]],
) -> None:
    url, seen = api
    request = AiohttpRequest(2)
    bot = telegram.Bot("1:a", base_url=url, request=request)
    await bot.send_message(5, "សួស្តី")
    await bot.send_photo(5, b"\xff\xd8picture", caption="រូប", filename="a.jpg")
    await request.shutdown()
    assert seen[0] == {"chat_id": "5", "text": "សួស្តី"}
    assert seen[1]["caption"] == "រូប"
    files = [value for value in seen[1].values() if isinstance(value, tuple)]
    assert [(name, content) for name, _kind, content in files] == [("a.jpg", b"\xff\xd8picture")]


@pytest.mark.anyio
async def test_what_breaks_may_be_tried_again_and_names_no_token(
    api: tuple[str, list[dict[str, object]]],
) -> None:
    url, _seen = api
    request = AiohttpRequest(2)
    bot = telegram.Bot("1:secret", base_url=url, request=request)
    with pytest.raises(NetworkError) as broken:
        await bot.send_message(5, "hang up")
    assert "secret" not in str(broken.value)
    nobody = telegram.Bot("1:secret", base_url="http://127.0.0.1:9/bot", request=request)
    with pytest.raises(NetworkError) as refused:
        await nobody.send_message(5, "hello")
    assert "secret" not in str(refused.value)
    with pytest.raises(TimedOut):
        await bot.get_updates(timeout=0, read_timeout=1e-9)
    await request.shutdown()

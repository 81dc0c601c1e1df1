"""Performance as a picture on Telegram: drawn when it is sent, sent again by its id, and never in the way of the words."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from bot.channels import telegram as channel
from storage import daily, packs
from storage.database import Connection
from tests.packs import SOURCE, TRUE_ON, pack, said
from tests.scored import DAY, fill
from tests.served import Service, only_sqlite, serving
from tests.telegram_rules import bad
from tests.telegram_server import Fault

pytestmark = pytest.mark.anyio
FACILITY = "hc080304"
BLOCK = "ស្តង់ដារ និងការអនុវត្តជាក់ស្តែង"


async def publish(service: Service, items: int = 2) -> None:
    from dataclasses import replace

    from flows.packs import Performance

    made = pack(FACILITY)
    more = tuple(
        Performance(f"performance-{n}", said(f"សូចនាករទី {n} នៃមណ្ឌលសុខភាព"), SOURCE, TRUE_ON, 100.0, float(n), said("ភាគរយ"), 2025)
        for n in range(1, items + 1)
    )  # fmt: skip
    made = replace(made, items=(*made.of("prices"), *more))

    def work(connection: Connection) -> None:
        now = service.clock()
        packs.publish(connection, FACILITY, packs.keep(connection, made, None, now), now)

    await service.app.database.transact(work)


@only_sqlite
async def test_bars_are_drawn_once_and_sent_again_by_their_id(database_url: str) -> None:
    async with serving(database_url) as service:
        await publish(service)
        for person in (service.person(), service.person("ដារ៉ា")):
            await service.tell(person.text(f"/start p_{FACILITY}"))
            await service.tell(person.tap(BLOCK))
            body = person.newest.body
            assert body["photo"] and "គោលដៅ ១០០ លទ្ធផល ២ ភាគរយ" in body["caption"]
            assert person.newest.labels[-1] == service.words("Menu")
        first, second = service.telegram.called("sendPhoto")
        assert first["photo"] == second["photo"]
        assert service.telegram.files[first["photo"]].startswith(b"\x89PNG")
        assert len(service.telegram.files) == 1
        await service.settled()
        assert await service.rows("SELECT state FROM outbox WHERE state != 'sent'") == []


@only_sqlite
async def test_a_picture_that_telegram_has_lost_is_drawn_again(database_url: str) -> None:
    async with serving(database_url) as service:
        await publish(service)
        sokha = service.person()
        await service.tell(sokha.text(f"/start p_{FACILITY}"))
        await service.tell(sokha.tap(BLOCK))
        service.telegram.files.clear()
        await service.tell(sokha.text(f"/start p_{FACILITY}"))
        await service.tell(sokha.tap(BLOCK))
        assert sokha.newest.body["photo"]
        assert len(service.telegram.files) == 1


@only_sqlite
@pytest.mark.parametrize("why", ["drawing fails", "telegram refuses"])
async def test_without_a_picture_the_words_say_the_same(
    why: str, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(wanted: dict[str, Any]) -> bytes:
        raise RuntimeError("no typst here")

    async with serving(database_url) as service:
        await publish(service)
        sokha = service.person()
        await service.tell(sokha.text(f"/start p_{FACILITY}"))
        if why == "drawing fails":
            monkeypatch.setattr(channel, "draw", broken)
        else:
            service.telegram.faults.append(Fault("sendPhoto", bad("IMAGE_PROCESS_FAILED")))
        await service.tell(sokha.tap(BLOCK))
        assert "photo" not in sokha.newest.body
        assert "គោលដៅ ១០០ លទ្ធផល ២ ភាគរយ" in sokha.newest.text
        assert sokha.newest.keyboard


@only_sqlite
async def test_many_bars_are_several_pages_each_with_its_own_picture(database_url: str) -> None:
    async with serving(database_url) as service:
        await publish(service, 30)
        sokha = service.person()
        await service.tell(sokha.text(f"/start p_{FACILITY}"))
        await service.tell(sokha.tap(BLOCK))
        pages = 1
        while service.words("Read on") in sokha.newest.labels:
            await service.tell(sokha.tap(service.words("Read on")))
            assert sokha.newest.body["photo"]
            pages += 1
        assert pages >= 4
        assert len({given["photo"] for given in service.telegram.called("sendPhoto")}) == pages


@only_sqlite
async def test_scores_are_a_picture_until_they_move(database_url: str) -> None:
    """Drawn from what is published, sent again by its id to others, and drawn anew after a night."""

    def publish(connection: Connection) -> None:
        fill(connection, service.app.desk.library, ["080304"])

    def night(connection: Connection) -> None:
        daily.done(connection, daily.PUBLISHING, DAY + timedelta(days=1))

    async with serving(database_url) as service:
        await service.app.database.transact(publish)
        sokha, dara = service.person(), service.person("ដារ៉ា")
        await service.tell(sokha.text("ពិន្ទុ 080304"))
        body = sokha.newest.body
        assert (
            body["photo"]
            and "កោះចូរ៉ាម" in body["caption"]
            and service.words("Health centre") in body["caption"]
        )
        assert len(service.telegram.files) == 1
        await service.tell(sokha.tap(service.words("Health centre")))
        assert sokha.newest.body["photo"] and len(service.telegram.files) == 2
        await service.tell(dara.text("/start s_080304"))
        assert dara.newest.body["photo"] and len(service.telegram.files) == 2
        await service.app.database.transact(night)
        await service.tell(dara.text("/scores 080304"))
        assert dara.newest.body["photo"] and len(service.telegram.files) == 3
        assert all(file.startswith(b"\x89PNG") for file in service.telegram.files.values())


@only_sqlite
async def test_without_scores_there_is_no_picture(database_url: str) -> None:
    async with serving(database_url) as service:
        sokha = service.person()
        await service.tell(sokha.text("/scores 080304"))
        assert "photo" not in sokha.newest.body
        assert service.words("Rate a service") in sokha.newest.labels

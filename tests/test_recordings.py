"""Recordings as files and as rows: what is taken for one, and which of several people hear."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from flows import recordable
from flows.channel import TELEGRAM
from flows.library import SERVICES, Library
from flows.packs import Pack, Price
from flows.packsearch import Hit
from flows.pages import MORE, Page
from flows.questions import Question
from flows.recordable import ASKED, FIXED, SCALE
from flows.registry import FLOWS
from flows.sound import LANGUAGES, LARGEST, LONGEST, Sound, Sounds
from flows.text import Source, spoken, words
from flows.world import Contact, World
from storage import contacts, packs, recordings, soundfiles
from storage.content import BadContent
from storage.database import Connection, Database
from storage.soundcheck import check
from storage.tables import recordings as table
from storage.vault import Vault
from tests.explorer import explore
from tests.packs import general, pack
from tests.sounds import SERIAL, voice_note

NOW = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
HOME, OTHER = "080303", "080304"


# -- What is a voice note ---------------------------------------------------------------------------------


def test_a_voice_note_is_kept_without_what_else_was_written_into_it() -> None:
    note = voice_note(3.2, title="Sopheap, 012 345 678")
    sound = check(note)
    assert (sound.trouble, sound.seconds) == ("", 4)
    assert b"Sopheap" in note and b"Sopheap" not in sound.content
    assert check(sound.content) == sound, "what is kept is a voice note as well"


@pytest.mark.parametrize(
    ("content", "trouble"),
    [
        (b"", "format"),
        (b"OggS", "format"),
        (b"\x89PNG\r\n\x1a\n", "format"),
        (b"ID3\4", "format"),
        (voice_note(3)[:-3], "format"),
        (voice_note(3)[:60], "format"),
        (voice_note(3).replace(b"OpusHead", b"\1vorbis\0"), "format"),
        (voice_note(3) + b"and more", "format"),
        (voice_note(3) + voice_note(3), "format"),
        (voice_note(3) + voice_note(3, serial=SERIAL + 1), "format"),
        (voice_note(0.4), "short"),
        (voice_note(LONGEST + 1), "long"),
        (voice_note(20 * 60), "long"),
        (voice_note(LONGEST, padding=150), "large"),
        (b"OggS" + b"\0" * 10_000_000, "large"),
    ],
    ids=lambda value: value if isinstance(value, str) else f"{len(value)} bytes",
)
def test_what_is_none_is_refused(content: bytes, trouble: str) -> None:
    assert check(content) == Sound(trouble=trouble)


def test_the_longest_is_taken() -> None:
    note = voice_note(LONGEST - 1, padding=90)
    assert len(note) < LARGEST
    assert check(note).seconds == LONGEST - 1


# -- What can be recorded ---------------------------------------------------------------------------------

#: Keys whose question names a place, a facility or the scores: what is read out says the same without them.
REWORDED = frozenset({"service", "what", "person", "review", "nothing", "on", "home"})
FACILITY = {"facility": "hc080303"}
GIVEN: dict[str, dict[str, Any]] = {
    **dict.fromkeys(("read", "wished", "read_on", "about", "correct"), FACILITY),
    "rate": {"facility": "ps080303"},
    "ask": {"query": "residence", "commune": HOME},
}
HITS = [Hit("hc080303", "prices-3", 1.0), Hit("hc080303", "prices-4", 0.9)]


class Everything(Sounds):
    def languages(self) -> tuple[str, ...]:
        return LANGUAGES


def asked(flow: str, library: Library, home: str | None) -> Iterator[Question[Any]]:
    """What is asked on the ways through a conversation, or on as many of them as it takes."""
    published = {"hc": general("hc")} | ({} if flow == "wished" else {"hc080303": pack()})
    world = World(
        Contact(commune=home),
        TELEGRAM,
        library,
        lambda _facility: 1,
        "2026-Q4",
        pack=published.get,
        search=lambda _commune, _query: HITS,
        sounds=Everything(),
    )
    for given in ({}, GIVEN.get(flow, {})):
        steps = explore(FLOWS[flow], flow, world, given, [])
        for step in islice(steps, 400):
            if step.turn.question is not None:
                yield step.turn.question


def test_every_key_is_of_a_question_that_is_asked(library: Library) -> None:
    flows = sorted({name.partition(".")[0] for name in ASKED} - {"*"})
    met: dict[str, set[str]] = {}
    for flow in flows:
        for home in (None, HOME):
            for question in asked(flow, library, home):
                for key in recordable.keys(flow, question):
                    met.setdefault(key, set()).add(spoken(question.text, Source()))
    assert FIXED.keys() - met.keys() <= {"pick"}, (
        "asked only where a commune has several facilities of a service"
    )
    for key, one in FIXED.items():
        if key in met and key not in REWORDED | {SCALE}:
            assert any(said.endswith(spoken(one.text, Source())) for said in met[key]), key
    scored = {key for key in met if key.startswith("score.")}
    assert scored == {f"score.{c.code}" for service in SERVICES for c in library.criteria(service)}
    assert "block.hc080303.prices" in met


def test_a_key_is_short_and_plain_and_found_again(library: Library) -> None:
    published = {"hc080303": pack()}
    listed = [*recordable.questions(library), *recordable.blocks(pack())]
    assert len({one.key for one in listed}) == len(listed)
    for one in listed:
        assert one.key.isascii() and one.key == one.key.lower() and len(one.key) <= 60
        assert recordable.find(one.key, library, published.get) == one
    for unknown in (
        "",
        "nothing.of.it",
        "score.hc-nothing",
        "block.",
        "block.hc080303.poems",
        "block.x.prices",
    ):
        assert recordable.find(unknown, library, published.get) is None


def test_a_block_is_heard_with_the_first_of_its_pages_and_only_where_it_is_read_whole() -> None:
    page = Page(key="page.1", text=words({"km": "…"}), options=(MORE,), subject="hc080303", block="prices")
    assert recordable.keys("read", page) == ("block.hc080303.prices",)
    assert recordable.keys("read", replace(page, key="page.2")) == ()
    assert recordable.keys("ask", page) == (), "there it is one item of the block"
    assert recordable.keys("drafted", replace(page, subject="")) == ()


def test_a_recording_of_a_block_holds_as_long_as_what_is_read_out() -> None:
    before = pack()
    one = recordable.fingerprint(before, "prices")
    confirmed = replace(
        before, version=7, items=tuple(replace(item, true_on="2026-11-01") for item in before.items)
    )
    assert recordable.fingerprint(confirmed, "prices") == one, "the day is not read out"
    dearer = replace(
        before,
        items=tuple(replace(i, riel=i.riel + 1) if isinstance(i, Price) else i for i in before.items),
    )
    assert recordable.fingerprint(dearer, "prices") != one
    assert recordable.fingerprint(dearer, "rights") == recordable.fingerprint(before, "rights")


# -- Rows -------------------------------------------------------------------------------------------------


def contact(connection: Connection, vault: Vault, name: str) -> int:
    return contacts.find(connection, vault, "telegram", name, NOW.date(), "km").id


def propose(
    connection: Connection, who: int, key: str = "menu", language: str = "cmo", seconds: int = 2
) -> int:
    sound = check(voice_note(seconds))
    return recordings.propose(connection, key, language, HOME, "", sound, who, NOW)


def state(connection: Connection, number: int) -> str | None:
    one = recordings.one(connection, number)
    return one.state if one else None


@pytest.mark.anyio
async def test_a_recording_is_proposed_approved_and_superseded(database: Database, vault: Vault) -> None:
    def work(connection: Connection) -> None:
        sopheap, dara = contact(connection, vault, "sopheap"), contact(connection, vault, "dara")
        first = propose(connection, sopheap)
        assert recordings.heard(connection, ["menu"], ["cmo"], [HOME]) == []
        assert [one.number for one in recordings.waiting(connection)] == [first]
        assert recordings.approve(connection, first, "", NOW)
        [one] = recordings.heard(connection, ["menu"], ["cmo", "km"], ["", HOME])
        assert (one.number, one.seconds, one.commune) == (first, 2, HOME)
        assert recordings.heard(connection, ["menu"], ["cmo"], ["", OTHER]) == []
        assert recordings.heard(connection, ["menu"], ["krr"], None) == []
        assert recordings.languages(connection, ["", HOME]) == {"cmo"}
        assert recordings.languages(connection, ["", OTHER]) == frozenset()
        assert recordings.languages(connection, None) == {"cmo"}

        second = propose(connection, dara, seconds=3)
        assert [one.number for one in recordings.heard(connection, ["menu"], ["cmo"], None)] == [first]
        assert recordings.approve(connection, second, "", NOW)
        assert (state(connection, first), state(connection, second)) == ("superseded", "approved")
        assert recordings.approve(connection, first, "", NOW), "the operator may put an older one back"
        assert (state(connection, first), state(connection, second)) == ("approved", "superseded")

    await database.transact(work)


@pytest.mark.anyio
async def test_two_propose_the_same_and_a_second_try_replaces_ones_own(
    database: Database, vault: Vault
) -> None:
    def work(connection: Connection) -> None:
        sopheap, dara = contact(connection, vault, "sopheap"), contact(connection, vault, "dara")
        first = propose(connection, sopheap)
        other = propose(connection, dara)
        again = propose(connection, sopheap, seconds=4)
        assert state(connection, first) is None
        assert [one.number for one in recordings.waiting(connection)] == [other, again]
        assert recordings.approve(connection, again, "", NOW)
        assert [one.number for one in recordings.waiting(connection)] == [other]
        assert recordings.refuse(connection, other, NOW)
        assert not recordings.refuse(connection, other, NOW)
        assert not recordings.approve(connection, other, "", NOW), "its sound is gone"
        assert recordings.sound(connection, other) is None
        assert recordings.sound(connection, again) == check(voice_note(4)).content

    await database.transact(work)


@pytest.mark.anyio
async def test_who_has_her_data_deleted_takes_her_voice_with_her(database: Database, vault: Vault) -> None:
    def work(connection: Connection) -> None:
        known = contacts.find(connection, vault, "telegram", "sopheap", NOW.date(), "km")
        recordings.approve(connection, propose(connection, known.id), "", NOW)
        propose(connection, known.id, "help")
        contacts.erase(connection, known)
        assert connection.execute(sa.select(table.c.id)).all() == []

    await database.transact(work)


@pytest.mark.anyio
async def test_what_telegram_calls_it_is_remembered_and_forgotten(database: Database, vault: Vault) -> None:
    def work(connection: Connection) -> None:
        number = propose(connection, contact(connection, vault, "sopheap"))
        assert recordings.file_id(connection, number) is None
        recordings.keep_file_id(connection, number, "AwACAgI" * 50)
        assert recordings.file_id(connection, number) == ("AwACAgI" * 50)[:255]
        recordings.refuse(connection, number, NOW)
        recordings.keep_file_id(connection, number, "late")
        assert recordings.file_id(connection, number) is None, "what was refused is not sent by its id either"
        assert recordings.file_id(connection, 999_999) is None

    await database.transact(work)


# -- Files ------------------------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path) -> Callable[..., Path]:
    def write(name: str, content: bytes | None = None) -> Path:
        path = tmp_path / "audio" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(voice_note(2) if content is None else content)
        return tmp_path

    return write


@pytest.mark.anyio
async def test_a_release_brings_recordings_and_takes_them_away(
    database: Database, folder: Callable[..., Path], library: Library
) -> None:
    folder("km/menu.ogg")
    content = folder("cmo/score.hc-medicine.ogg")

    def heard(connection: Connection) -> list[str]:
        keys = ["menu", "score.hc-medicine", "block.hc.standards"]
        return sorted(
            f"{one.language} {one.key}" for one in recordings.heard(connection, keys, LANGUAGES, [""])
        )

    def work(connection: Connection) -> None:
        assert soundfiles.load(connection, content, NOW)
        assert heard(connection) == ["cmo score.hc-medicine", "km menu"]
        assert not soundfiles.load(connection, content, NOW), "safe to repeat"
        folder("km/menu.ogg", voice_note(5))
        assert soundfiles.load(connection, content, NOW)
        [menu] = recordings.heard(connection, ["menu"], ["km"], None)
        assert menu.seconds == 5
        (content / "audio" / "cmo" / "score.hc-medicine.ogg").unlink()
        assert soundfiles.load(connection, content, NOW)
        assert heard(connection) == ["km menu"]

    await database.transact(work)


@pytest.mark.anyio
async def test_the_same_file_does_not_become_current_when_the_pack_changes(
    database: Database, folder: Callable[..., Path]
) -> None:
    """A release with a new pack and the old recording of it."""
    content = folder("km/block.hc080399x.prices.ogg")
    for file in (content / "audio" / "km").iterdir():
        file.rename(file.with_name("block.hc080303.prices.ogg"))

    def publish(connection: Connection, made: Pack) -> str:
        packs.publish(connection, made.subject, packs.keep(connection, made, None, NOW), NOW)
        return recordable.fingerprint(made, "prices")

    def work(connection: Connection) -> None:
        before = publish(connection, pack())
        assert soundfiles.load(connection, content, NOW)
        after = publish(connection, replace(pack(), items=pack().of("prices")[:1]))
        assert before != after
        assert not soundfiles.load(connection, content, NOW + timedelta(days=1))
        [one] = recordings.heard(connection, ["block.hc080303.prices"], ["km"], None)
        assert one.says == before

    await database.transact(work)


@pytest.mark.anyio
async def test_of_a_release_with_a_bad_file_nothing_is_taken(
    database: Database, folder: Callable[..., Path]
) -> None:
    folder("km/menu.ogg")
    folder("km/menue.ogg")
    folder("km/menu.mp3")
    folder("xx/menu.ogg")
    folder("README.md")
    content = folder("krr/help.ogg", b"no sound")

    def work(connection: Connection) -> None:
        with pytest.raises(BadContent) as refused:
            soundfiles.load(connection, content, NOW)
        said = str(refused.value).splitlines()
        assert [line.partition(":")[0] for line in said] == [
            "audio/km/menu.mp3",
            "audio/km/menue.ogg",
            "audio/krr/help.ogg",
            "audio/xx/menu.ogg",
        ]
        assert "samleng audio list" in said[1]
        assert recordings.heard(connection, ["menu"], ["km"], None) == []

    await database.transact(work)

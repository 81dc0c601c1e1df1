"""The kill test: citizens rate by Telegram and SMS while the server is killed again and again.

Like a provider, they bring a message again until it is acknowledged with 200,
and now and then once more after that. After each kill the database is read as
the dead process left it; at the end everybody has finished her conversation,
and every rating must be there once, with the scores that were given.

    python -m benchmarks.chaos --rounds 20 [--postgres] [--seed 5]
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import hashlib
import hmac
import itertools
import random
import sys
import time
from collections.abc import Iterator
from urllib.parse import urlencode

from benchmarks import ledger
from benchmarks.databases import Databases
from benchmarks.ledger import Found, Message
from benchmarks.load import Wire
from benchmarks.people import SMS_TOKEN, STEPS, Person, request, telegram_request
from benchmarks.servers import PUBLIC, Server, bot_api, settings
from benchmarks.turns import SAMLENG

AT_ONCE = 24  # persons who write at the same time
AGAIN = 0.05  # how often an acknowledged message is delivered once more
MOST_ANSWERS = 300  # after which a server is killed
LONGEST_LIFE = 4.0  # seconds after which it is killed in any case
PATIENCE = 60.0  # seconds without an acknowledgement: something is stuck


class Crowd:
    """The persons, what was acknowledged to them, and who finished."""

    def __init__(self, port: int, chance: random.Random) -> None:
        self.port = port
        self.chance = chance
        self.acknowledged: set[Message] = set()
        self.finished: list[tuple[str, Person]] = []
        self.unanswered = 0  # messages under way when a server died, or refused
        self.repeated = 0
        self.last = time.monotonic()
        self._numbers = itertools.count(1)
        self._leaving = False

    async def rate(self) -> None:
        """One person after another, until they are asked to leave; who has begun finishes."""
        wire: Wire | None = None
        while not self._leaving:
            number = next(self._numbers)
            person = Person(number)
            channel = ("telegram", "sms")[number % 2]
            for message, asked in _messages(person, channel):
                wire = await self._bring(wire, asked)
                self.acknowledged.add((channel, message))
                if self.chance.random() < AGAIN:
                    self.repeated += 1
                    wire = await self._bring(wire, asked)
            self.finished.append((channel, person))
        if wire is not None:
            wire.close()

    async def _bring(self, wire: Wire | None, asked: bytes) -> Wire:
        """Deliver a message again and again, until it is acknowledged."""
        while True:
            try:
                if wire is None:
                    wire = await Wire.open(self.port)
                status, _body = await asyncio.wait_for(wire.post(asked), 15)
                if status == 200:
                    self.last = time.monotonic()
                    return wire
            except ConnectionRefusedError:  # nobody is there yet
                await asyncio.sleep(0.05)
                continue
            except (OSError, TimeoutError):
                wire = None
            self.unanswered += 1
            if time.monotonic() - self.last > PATIENCE:
                raise RuntimeError("nothing was acknowledged for a minute")
            await asyncio.sleep(self.chance.uniform(0.01, 0.1))

    def leave(self) -> None:
        self._leaving = True


def _messages(person: Person, channel: str) -> Iterator[tuple[str, bytes]]:
    """Each message's id and the request that brings it."""
    if channel == "telegram":
        for step, update in enumerate(person.telegram()):
            yield str(person.number * STEPS + step), telegram_request(update)
        return
    for form in person.sms():
        signed = f"{PUBLIC}/sms/webhook" + "".join(name + form[name] for name in sorted(form))
        signature = base64.b64encode(hmac.digest(SMS_TOKEN.encode(), signed.encode(), hashlib.sha1)).decode()
        headers = {"content-type": "application/x-www-form-urlencoded", "x-twilio-signature": signature}
        yield form["MessageSid"], request("/sms/webhook", urlencode(form).encode(), headers)


def run(rounds: int, kind: str, seed: int) -> bool:
    """Kill and look, `rounds` times; whether nothing was lost or doubled."""
    print(f"{rounds} kills on {kind}, seed {seed}", flush=True)
    with Databases() as databases:
        url = databases.fresh(kind)
        log = databases.folder / "log"
        with bot_api(log) as api:
            quick = {"SAMLENG_TELEGRAM_PACE": "5000"}  # what is killed is the answering, not the sending
            server = Server([*SAMLENG, "run"], log, settings(url, f"http://127.0.0.1:{api.port}") | quick)
            try:
                return asyncio.run(_rounds(rounds, server, url, random.Random(seed)))
            finally:
                server.stop()


async def _rounds(rounds: int, server: Server, url: str, chance: random.Random) -> bool:
    await asyncio.to_thread(server.start)
    crowd = Crowd(server.port, chance)
    persons = [asyncio.create_task(crowd.rate()) for _ in range(AT_ONCE)]
    wrong = Found(frozenset(), frozenset())
    for number in range(1, rounds + 1):
        life = await _live(crowd, persons, chance.randint(1, MOST_ANSWERS))
        await asyncio.sleep(chance.uniform(0, 0.01))
        server.kill()
        known, finished = set(crowd.acknowledged), list(crowd.finished)
        found = await asyncio.to_thread(_look, url, known, finished, all_of_them=False)
        print(
            f"round {number:>2}: killed after {life:.2f} s · {len(known):,} acknowledged · "
            f"{len(finished):,} persons finished · {_counts(found)}",
            flush=True,
        )
        _complain(found, wrong)
        wrong |= found
        await asyncio.to_thread(server.start)
    crowd.leave()
    await asyncio.gather(*persons)
    server.stop()
    found = await asyncio.to_thread(_look, url, crowd.acknowledged, crowd.finished, all_of_them=True)
    _complain(found, wrong)
    wrong |= found
    print(
        f"in all: {rounds} kills · {len(crowd.acknowledged):,} messages acknowledged "
        f"({crowd.unanswered} brought again because nobody answered, {crowd.repeated} for no reason) · "
        f"{len(crowd.finished):,} ratings · {_counts(wrong)}"
    )
    return not (wrong.lost or wrong.doubled)


async def _live(crowd: Crowd, persons: list[asyncio.Task[None]], answers: int) -> float:
    """Let them write until so many messages are acknowledged; how long that was."""
    began = time.monotonic()
    enough = len(crowd.acknowledged) + answers
    while len(crowd.acknowledged) < enough and time.monotonic() - began < LONGEST_LIFE:
        await asyncio.sleep(0.002)
        for person in persons:
            if person.done():  # only by a failure
                person.result()
    return time.monotonic() - began


def _look(url: str, known: set[Message], finished: list[tuple[str, Person]], *, all_of_them: bool) -> Found:
    return ledger.messages(url, known) | ledger.ratings(url, finished, all_of_them=all_of_them)


def _counts(found: Found) -> str:
    return f"{len(found.lost)} lost · {len(found.doubled)} doubled"


def _complain(found: Found, known: Found) -> None:
    """What is wrong now and was not before."""
    notes = sorted((found.lost | found.doubled) - known.lost - known.doubled)
    for note in notes[:5]:
        print(f"    {note}")
    if len(notes) > 5:
        print(f"    … and {len(notes) - 5} more")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--postgres", action="store_true", help="on PostgreSQL instead of SQLite")
    parser.add_argument("--seed", type=int, default=random.randrange(10_000))
    given = parser.parse_args()
    well = run(given.rounds, "postgres" if given.postgres else "sqlite", given.seed)
    sys.exit(0 if well else 1)


if __name__ == "__main__":
    main()

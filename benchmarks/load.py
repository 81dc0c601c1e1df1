"""A load client in a process of its own: citizens who rate on Telegram, over connections that are kept.

Closed loop: each connection brings one message after another, as fast as they
are acknowledged. Open loop: messages fall due by chance, so many a second on
average, whether or not earlier ones were answered; each is timed from when it
fell due, so that a stall counts for everyone who waited through it.

    python -m benchmarks.load PORT closed --seconds 5
    python -m benchmarks.load PORT open --rate 200 --seconds 10
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import random
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import cast

import uvloop

from benchmarks.people import Person, telegram_request

CONNECTIONS = 32


class Wire(asyncio.Protocol):
    """One kept connection, one request at a time; as little HTTP as is needed to time a server."""

    def __init__(self) -> None:
        self._buffer = b""
        self._answer: asyncio.Future[tuple[int, bytes]] | None = None
        self._transport: asyncio.Transport | None = None

    @classmethod
    async def open(cls, port: int) -> Wire:
        _transport, wire = await asyncio.get_running_loop().create_connection(cls, "127.0.0.1", port)
        return wire

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, found, body = self._buffer.partition(b"\r\n\r\n")
        if not found:
            return
        _before, named, length = head.lower().partition(b"content-length:")
        if named and len(body) < int(length.partition(b"\r\n")[0]):
            return
        self._buffer = b""
        if self._answer is not None and not self._answer.done():
            self._answer.set_result((int(head[9:12]), body))

    def connection_lost(self, _error: Exception | None) -> None:
        self._transport = None
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(ConnectionError("the server hung up"))

    async def post(self, request: bytes) -> tuple[int, bytes]:
        """Status and body of the answer."""
        if self._transport is None:
            raise ConnectionError("the server hung up")
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return await self._answer

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()


@dataclass
class Result:
    """What a run came to. `refused`: answers other than 200. `finished`: persons who reached the end."""

    turns: int = 0
    answered: int = 0  # with those of the warm-up
    per_second: float = 0.0
    p50: float = 0.0  # milliseconds
    p95: float = 0.0
    p99: float = 0.0
    refused: int = 0
    finished: int = 0
    last: int = 0  # the highest number of a person who wrote
    times: list[float] = field(default_factory=list)

    def sum_up(self, seconds: float) -> Result:
        self.times.sort()
        self.turns = len(self.times)
        self.per_second = self.turns / seconds
        if self.times:
            self.p50, self.p95, self.p99 = (
                self.times[min(int(self.turns * share), self.turns - 1)] * 1000 for share in (0.5, 0.95, 0.99)
            )
        return self


async def closed(port: int, first: int, seconds: float, warm: float, connections: int) -> Result:
    """As many turns as the server takes. What is answered in the first `warm` seconds is not counted."""
    result = Result()
    numbers = itertools.count(first)
    begin = time.perf_counter() + warm
    end = begin + seconds

    async def drive() -> None:
        wire = await Wire.open(port)
        while time.perf_counter() < end:
            number = next(numbers)
            result.last = max(result.last, number)
            for update in Person(number).telegram():
                asked = time.perf_counter()
                if asked >= end:
                    break
                status, _body = await wire.post(telegram_request(update))
                answered = time.perf_counter()
                result.refused += status != 200
                result.answered += 1
                if begin <= answered < end:
                    result.times.append(answered - asked)
            else:
                result.finished += 1
        wire.close()

    await asyncio.gather(*(drive() for _ in range(connections)))
    return result.sum_up(seconds)


async def open_loop(port: int, first: int, seconds: float, warm: float, rate: float) -> Result:
    """`rate` turns a second, each timed from when it fell due."""
    result = Result()
    chance = random.Random(first)
    due: asyncio.Queue[tuple[float, asyncio.Lock, bytes] | None] = asyncio.Queue()
    numbers = itertools.count(first)

    def conversation() -> Iterator[bytes]:
        """One person after another, message by message."""
        while True:
            result.last = next(numbers)
            for update in Person(result.last).telegram():
                yield telegram_request(update)
            result.finished += 1

    # A person writes about once a second; who has not been answered yet waits, and the clock runs.
    talks = [(asyncio.Lock(), conversation()) for _ in range(int(rate))]

    async def advance(some: list[tuple[asyncio.Lock, Iterator[bytes]]]) -> None:
        """Bring talks to where people are in them at any moment: somewhere."""
        wire = await Wire.open(port)
        for _order, talk in some:
            for _ in range(chance.randrange(11)):
                await wire.post(next(talk))
                result.answered += 1
        wire.close()

    async def drive() -> None:
        wire = await Wire.open(port)
        while (turn := await due.get()) is not None:
            fell_due, order, request = turn
            async with order:
                status, _body = await wire.post(request)
            result.refused += status != 200
            result.answered += 1
            if fell_due >= begin:
                result.times.append(time.perf_counter() - fell_due)
        wire.close()

    await asyncio.gather(*(advance(talks[start::CONNECTIONS]) for start in range(CONNECTIONS)))
    begin = time.perf_counter() + warm
    workers = [asyncio.create_task(drive()) for _ in range(CONNECTIONS * 4)]
    at = time.perf_counter()
    while (at := at + chance.expovariate(rate)) < begin + seconds:
        order, talk = chance.choice(talks)
        request = next(talk)
        wait = at - time.perf_counter()
        if wait > 0:
            await asyncio.sleep(wait)
        due.put_nowait((at, order, request))
    for _worker in workers:
        due.put_nowait(None)
    await asyncio.gather(*workers)
    return result.sum_up(seconds)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("port", type=int)
    parser.add_argument("loop", choices=("closed", "open"))
    parser.add_argument("--first", type=int, default=1, help="the number of the first person")
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--warm", type=float, default=1.0)
    parser.add_argument("--rate", type=float, default=200.0)
    parser.add_argument("--connections", type=int, default=CONNECTIONS)
    given = parser.parse_args()
    if given.loop == "closed":
        work = closed(given.port, given.first, given.seconds, given.warm, given.connections)
    else:
        work = open_loop(given.port, given.first, given.seconds, given.warm, given.rate)
    result = asdict(uvloop.run(work))
    del result["times"]
    print(json.dumps(result))


if __name__ == "__main__":
    main()

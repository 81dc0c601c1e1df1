"""Many papers set by two processes, and the files they go into."""

from __future__ import annotations

import multiprocessing
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from bot.commands import err, refuse

WORKERS = 2
WAITING = 2 * WORKERS  # files that are prepared before one is done: bounds what is in memory


class Job(NamedTuple):
    """`work`, a function of a module, makes one file of its arguments. `worth`: how many of what is counted."""

    work: Callable[..., None]
    arguments: tuple[Any, ...]
    worth: int = 1


def done_by_two(jobs: Iterable[Job | int]) -> Iterator[int]:
    """Do them in processes of their own, since typesetting takes long; yields how much of what is counted is done. A
    number among the jobs is what needs no work."""
    # Only data goes there. Not forked: this process has threads.
    context = multiprocessing.get_context("spawn")
    waiting: deque[tuple[Future[None], int]] = deque()
    with ProcessPoolExecutor(WORKERS, mp_context=context) as workers:
        try:
            for job in jobs:
                if isinstance(job, int):
                    yield job
                    continue
                waiting.append((workers.submit(job.work, *job.arguments), job.worth))
                while len(waiting) >= WAITING:
                    yield _done(waiting)
            while waiting:
                yield _done(waiting)
        finally:
            workers.shutdown(wait=True, cancel_futures=True)


def _done(waiting: deque[tuple[Future[None], int]]) -> int:
    work, worth = waiting.popleft()
    work.result()
    return worth


def progress(what: str) -> Progress:
    """A bar for long work, on the terminal."""
    columns = (TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=err)


def folder_for(folder: Path) -> Path:
    """The folder, made where there is none."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        refuse(f"{folder} can't be made: {error.strerror}. Choose another folder with -o.")
    return folder


def write(file: Path, content: bytes) -> None:
    """The whole file or none."""
    part = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        part.write_bytes(content)
        part.replace(file)
    except OSError as error:
        part.unlink(missing_ok=True)
        refuse(f"{file} can't be written: {error.strerror}. Choose another file with -o.")

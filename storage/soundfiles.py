"""Recordings in files, LANGUAGE/KEY.ogg: those of a release (`content/audio`), and what the operator imports. All of
them are taken, or, when anything is wrong with one, none."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa

from flows.packs import Pack
from flows.recordable import FIXED, SCORE, fingerprint, of_block
from flows.sound import LANGUAGES, LARGEST, LONGEST, Sound
from storage import packs, recordings
from storage.content import BadContent
from storage.soundcheck import check
from storage.tables import criteria

FOLDER = "audio"
ENDING = ".ogg"

_CRITERIA = sa.select(criteria.c.code).where(criteria.c.retired.is_(False))


@dataclass(frozen=True, slots=True)
class Ready:
    """A file with nothing wrong with it."""

    name: str
    key: str
    language: str
    says: str
    sound: Sound
    digest: str


def files(content: Path) -> list[str]:
    """The files with recordings, by their place in the content."""
    folder = content / FOLDER
    found = gather([folder]) if folder.is_dir() else []
    return sorted(file.relative_to(content).as_posix() for file in found)


def load(connection: sa.Connection, content: Path, now: datetime) -> bool:
    """Have people hear what the files hold; what left the files is no longer heard. Whether anything changed."""
    names = files(content)
    ready, problems = judge(connection, [content / name for name in names], root=content)
    if problems:
        raise BadContent("\n".join(problems))
    changed = bool(install(connection, ready, "", now))
    return recordings.withdraw(connection, f"{FOLDER}/", names) or changed


def gather(paths: Iterable[Path]) -> list[Path]:
    """The files themselves, and those in folders and the folders in them; hidden ones and notes about them are passed
    over."""
    found: list[Path] = []
    for path in paths:
        inside = sorted(path.rglob("*")) if path.is_dir() else [path]
        found += [
            file
            for file in inside
            if file.is_file()
            and not any(part.startswith(".") for part in file.relative_to(path).parts)
            and not file.name.upper().startswith("README")
        ]
    return found


def judge(
    connection: sa.Connection, paths: Sequence[Path], language: str = "", root: Path | None = None
) -> tuple[list[Ready], list[str]]:
    """What can be taken, and what is wrong with each of the others and what to do. `language`: of all of them; else
    it is the name of their folder."""
    stored = _Stored(connection)
    ready: list[Ready] = []
    problems: list[str] = []
    taken: dict[tuple[str, str], str] = {}
    for path in paths:
        spoken = language or path.resolve().parent.name
        name = path.relative_to(root).as_posix() if root else f"{spoken}/{path.name}"
        found = _judge(path, name, spoken, stored)
        before = taken.get((path.stem, spoken))
        if isinstance(found, str):
            problems.append(f"{name}: {found}")
        elif before is not None:
            problems.append(f"{name}: there is another file for it, {before}. Leave out one of the two.")
        else:
            taken[path.stem, spoken] = str(path)
            ready.append(found)
    return ready, problems


def install(connection: sa.Connection, ready: Iterable[Ready], commune: str, now: datetime) -> list[Ready]:
    """Have people hear these; those that are new."""
    return [
        one
        for one in ready
        if recordings.install(
            connection, one.key, one.language, commune, one.says, one.sound, now, one.name, one.digest
        )
    ]


class _Stored:
    """What can be recorded, as this database has it."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection
        self._criteria = {f"{SCORE}.{code}" for code in connection.execute(_CRITERIA).scalars()}

    def pack(self, subject: str) -> Pack | None:
        return packs.published(self._connection, subject, samples=True)

    def says(self, key: str) -> str | None:
        """Which text of a block, "" for what has one text; None where there is nothing with this key."""
        held = of_block(key)
        if held is None:
            return "" if key in FIXED or key in self._criteria else None
        pack = self.pack(held[0])
        return fingerprint(pack, held[1]) if pack is not None and held[1] in pack.blocks else None


def says(connection: sa.Connection, key: str) -> str | None:
    """Which text of a block a key stands for now, "" for what has one text; None where it stands for nothing."""
    return _Stored(connection).says(key)


def _judge(path: Path, name: str, language: str, stored: _Stored) -> Ready | str:
    if path.suffix.lower() != ENDING:
        return f"is no {ENDING} file. Save it as Ogg with Opus, as a voice note is, or leave it out."
    if language not in LANGUAGES:
        return f"there is no language {language}. Put it into a folder named one of {', '.join(LANGUAGES)}, or give --language."
    key = path.stem
    says = stored.says(key)
    if says is None:
        return f"there is nothing with the key {key}. The keys: samleng audio list"
    size = path.stat().st_size
    if size > LARGEST:
        return f"has {size:,} bytes; {LARGEST:,} are taken. Save it at a lower rate, such as 24 kbit/s."
    content = path.read_bytes()
    sound = check(content)
    match sound.trouble:
        case "":
            return Ready(name, key, language, says, sound, recordings.digest(content))
        case "long":
            return f"takes longer than {LONGEST} seconds. Read it out shorter."
        case "short":
            return "takes less than a second. Record it again."
        case _:
            return (
                "is no Ogg file with one Opus sound. Convert it: ffmpeg -i FILE -c:a libopus -b:a 24k KEY.ogg"
            )

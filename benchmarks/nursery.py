"""Begins processes of ours quickly: what they import is imported once, and each is a fork that runs one command.

What is begun is what `samleng work` or `samleng serve` is, with everything it reads from the environment and the
database read anew. For each line on standard input one process; its id is the answer. Whoever wants an end to one
kills it.

    echo '{"command": "work", "environment": {}}' | python -m benchmarks.nursery LOG [MODULE.NAME=SECONDS …]
"""

from __future__ import annotations

import ctypes
import gc
import importlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from benchmarks.databases import ROOT

DIE_WITH_PARENT = 1  # prctl's PR_SET_PDEATHSIG


class Nursery:
    """Starts processes; each is killed or dies with it. `lasting`: spans of time to shorten, as module.NAME to
    seconds."""

    def __init__(
        self, log: Path, environment: Mapping[str, str], lasting: Mapping[str, float] | None = None
    ) -> None:
        self.log = log
        given = {name: value for name, value in os.environ.items() if not name.startswith("SAMLENG_")}
        self._environment = given | dict(environment)
        self._lasting = [f"{name}={seconds}" for name, seconds in (lasting or {}).items()]
        self._process: subprocess.Popen[str] | None = None
        self.alive: list[int] = []

    def __enter__(self) -> Self:
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "benchmarks.nursery", str(self.log), *self._lasting],
                cwd=ROOT,
                env=self._environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        self._hear()  # it is ready
        return self

    def begin(self, command: str, **environment: str) -> int:
        """Start `work` or `serve`; the id of the process."""
        assert self._process is not None and self._process.stdin is not None
        json.dump({"command": command, "environment": environment}, self._process.stdin)
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        pid = int(self._hear())
        self.alive.append(pid)
        return pid

    def kill(self, pid: int) -> None:
        """SIGKILL, and return when it is gone."""
        os.kill(pid, signal.SIGKILL)
        self.alive.remove(pid)
        assert self._process is not None and self._process.stdin is not None
        json.dump({"gone": pid}, self._process.stdin)
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        self._hear()

    def is_alive(self, pid: int) -> bool:
        """Not ended by itself."""
        try:
            return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
        except OSError:
            return False

    def _hear(self) -> str:
        assert self._process is not None and self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            said = self.log.read_text(errors="replace")[-2000:]
            raise RuntimeError(f"the nursery ended:\n{said}")
        return line

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for pid in list(self.alive):
            self.kill(pid)
        assert self._process is not None and self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(10)


def main() -> None:
    log = Path(sys.argv[1])
    import uvicorn  # noqa: F401
    import uvloop  # noqa: F401

    from bot import app, cli  # noqa: F401

    for given in sys.argv[2:]:
        name, _equals, seconds = given.partition("=")
        _shorten(name, float(seconds))
    gc.collect()
    gc.freeze()
    tell = sys.stdout
    print("ready", file=tell, flush=True)
    for line in sys.stdin:
        asked: dict[str, Any] = json.loads(line)
        if "gone" in asked:
            os.waitpid(asked["gone"], 0)
            print("gone", file=tell, flush=True)
            continue
        pid = os.fork()
        if not pid:
            ctypes.CDLL(None).prctl(DIE_WITH_PARENT, signal.SIGKILL)
            _live(asked, log)
        print(pid, file=tell, flush=True)


def _shorten(name: str, seconds: float) -> None:
    """Make a constant smaller, of the kind that it has: what is measured in minutes is tried in seconds."""
    module, _dot, constant = name.rpartition(".")
    owner = importlib.import_module(module)
    kind = type(getattr(owner, constant))
    setattr(owner, constant, timedelta(seconds=seconds) if kind is timedelta else kind(seconds))


def _live(asked: dict[str, Any], log: Path) -> None:
    """The forked process: runs the command, and never returns."""
    status = 1
    try:
        null = os.open(os.devnull, os.O_RDWR)
        out = os.open(log, os.O_WRONLY | os.O_APPEND)
        for number, target in ((0, null), (1, out), (2, out)):
            os.dup2(target, number)
        os.environ.update(asked["environment"])
        from bot import cli, holder

        machine = os.environ.get("MACHINE")  # it is to believe that it runs on another machine than others
        if machine:
            holder.kernel = lambda: machine  # type: ignore[assignment]
        {"work": cli.work, "serve": cli.serve}[asked["command"]]()
        status = 0
    except BaseException:
        import traceback

        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(status)


if __name__ == "__main__":
    main()

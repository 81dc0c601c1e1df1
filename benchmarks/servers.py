"""Starts the processes that are measured, waits until they answer, and ends them: only those started here."""

from __future__ import annotations

import http.client
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from benchmarks.databases import ROOT
from benchmarks.people import SECRET, SMS_TOKEN, TOKEN

PUBLIC = "https://samleng.example.org"
KEY = "the key of the benchmarks only"


class Server:
    """One process on a port of its own. `python -m MODULE …` or, with a script, that of this environment."""

    def __init__(
        self, arguments: Sequence[str], log: Path, environment: Mapping[str, str] | None = None, port: int = 0
    ) -> None:
        self.port = port or free_port()
        self.log = log
        self._arguments = [part.replace("{port}", str(self.port)) for part in arguments]
        given = {name: value for name, value in os.environ.items() if not name.startswith("SAMLENG_")}
        self._environment = given | {"SAMLENG_PORT": str(self.port)} | dict(environment or {})
        self._process: subprocess.Popen[bytes] | None = None
        self.took = 0.0

    def start(self, *, wait: float = 30.0) -> Self:
        """Start, and return when /healthz says 200; `took` is how long that was."""
        began = time.perf_counter()
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, *self._arguments],
                cwd=ROOT,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        while not self.healthy():
            if self._process.poll() is not None or time.perf_counter() - began > wait:
                self.kill()
                said = self.log.read_text(errors="replace")[-2000:]
                raise RuntimeError(f"{' '.join(self._arguments)} did not start:\n{said}")
            time.sleep(0.01)
        self.took = time.perf_counter() - began
        return self

    def healthy(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", "/healthz")
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def resident(self) -> float:
        """Resident memory, in MiB."""
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) / 1024
        raise RuntimeError("the process is gone")

    def cpu(self) -> float:
        """Seconds of processor time it has used: what is compared when a machine is busy with other things."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def kill(self) -> None:
        """SIGKILL, at once."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def stop(self) -> None:
        """SIGTERM, and the time to end well."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(15)
            except subprocess.TimeoutExpired:
                self.kill()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def settings(database: str, telegram_api: str) -> dict[str, str]:
    """The environment of a service in public, with both channels; nothing leaves this machine."""
    return {
        "SAMLENG_DATABASE_URL": database,
        "SAMLENG_SECRET_KEY": KEY,
        "SAMLENG_PUBLIC_URL": PUBLIC,
        "SAMLENG_TELEGRAM_TOKEN": TOKEN,
        "SAMLENG_TELEGRAM_SECRET": SECRET,
        "SAMLENG_TELEGRAM_API": telegram_api,
        "SAMLENG_TELEGRAM_USERNAME": "samleng_bot",
        "SAMLENG_SMS_ACCOUNT_SID": "AC" + "0" * 32,
        "SAMLENG_SMS_AUTH_TOKEN": SMS_TOKEN,
        "SAMLENG_SMS_FROM": "+85500000000",
        "SAMLENG_SMS_API": telegram_api,
    }


def bot_api(log: Path) -> Server:
    """A Bot API that takes everything and keeps nothing."""
    return Server(["-m", "benchmarks.botapi", "{port}"], log)


def load(port: int, loop: str, **options: float) -> dict[str, Any]:
    """Run the load client and return what it found."""
    given = [f"--{name}={value}" for name, value in options.items()]
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.load", str(port), loop, *given],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"the load client failed:\n{done.stderr[-2000:]}")
    found: dict[str, Any] = json.loads(done.stdout)
    if found["refused"]:
        raise RuntimeError(f"{found['refused']} of {found['turns']} turns were not answered with 200")
    return found

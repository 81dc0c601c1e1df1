"""The name by which a process holds something in the database, and whether its owner is known to be dead."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from functools import cache
from hashlib import sha256
from pathlib import Path


@cache
def kernel() -> str:
    """What two processes have in common that see each other's process numbers; empty where that can't be known."""
    with suppress(OSError):
        boot = Path("/proc/sys/kernel/random/boot_id").read_text()
        return sha256(f"{boot}{Path('/proc/self/ns/pid').readlink()}".encode()).hexdigest()[:12]
    return ""


def holder_name() -> str:
    """The name of this process as a holder of lanes and places."""
    return f"{kernel() or 'elsewhere'}.{os.getpid()}.{secrets.token_hex(4)}"


def dead(holder: str) -> bool:
    """Whether a holder is known to be dead: it was a process of this machine, and is no more."""
    where, _dot, rest = holder.partition(".")
    number = rest.partition(".")[0]
    if not number.isdigit() or where != kernel():
        return False
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return False

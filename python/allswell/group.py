"""Which processes are workers of one service: those that one supervisor started. They share a folder in memory."""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import sys
from pathlib import Path

from ._native import Misuse

_AT_IMPORT = os.getpid()


def folder(workers: str, app: str) -> str | None:
    """The folder that the workers of this service share; ``None`` for a service of one process.

    Args:
        workers: ``auto`` finds out, ``single`` says one process, anything else is the folder.
        app: tells services of one supervisor apart.
    """
    if workers == "single":
        return None
    if workers != "auto":
        if "/" not in workers:
            raise Misuse(f"workers is `{workers}`, which is not known; give auto, single, or a folder that the workers share")
        return workers
    leader = _supervisor()
    if leader is None or not sys.platform.startswith("linux"):
        return None
    name = hashlib.sha256(app.encode()).hexdigest()[:12]
    return str(_memory() / f"allswell-{os.getuid()}-{leader}-{_began(leader)}-{name}")


def _supervisor() -> int | None:
    """The process that started us to be one of its workers: uvicorn spawns, gunicorn forks."""
    if multiprocessing.parent_process() is not None or os.getpid() != _AT_IMPORT:
        return os.getppid()
    if os.environ.get("SERVER_SOFTWARE", "").startswith("gunicorn/"):
        return os.getppid()
    return None


def _memory() -> Path:
    shared = Path("/dev/shm")
    return shared if os.access(shared, os.W_OK) else Path(os.environ.get("TMPDIR", "/tmp"))


def _began(pid: int) -> int:
    """When a process began, in the system's ticks."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return int(fields[19])
    except (OSError, ValueError, IndexError):
        return 0

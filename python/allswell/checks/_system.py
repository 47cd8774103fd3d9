"""Checks of the machine the service runs on."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from .._native import Misuse
from ..check import Check
from ..outcome import Outcome


def disk(path: str = "/", *, min_free: str | int = "5%", name: str = "disk", **numbers: Any) -> Check:
    """Fails when the file system of a path has less free space.

    Args:
        path: any path on it.
        min_free: a share, ``"5%"``, or bytes.
        name: the check's name.
        numbers: the fields of ``Check``.

    Raises:
        Misuse: ``min_free`` is neither.
    """
    percent, least = _least(min_free)

    def ask() -> Outcome:
        stat = os.statvfs(path)
        total, free = stat.f_blocks * stat.f_frsize, stat.f_bavail * stat.f_frsize
        share = 100.0 * free / total if total else 100.0
        if share >= percent and free >= least:
            return Outcome.ok()
        return Outcome.fail(f"{share:.1f} % free", f"{free} of {total} bytes free at {path}, {min_free} wanted")

    return Check(name=name, ask=ask, **{"component": "system", "critical": False, **numbers})


def _least(min_free: str | int) -> tuple[float, int]:
    if isinstance(min_free, int):
        return 0.0, min_free
    try:
        if min_free.endswith("%"):
            return float(min_free[:-1]), 0
    except ValueError:
        pass
    raise Misuse(f"min_free is `{min_free}`, which is no amount; give a share like 5% or a number of bytes")


def memory(*, max_used: str = "90%", name: str = "memory", **numbers: Any) -> Check:
    """Warns when the memory of the control group, or of the machine without one, is used up to a share.

    Args:
        max_used: the share, ``"90%"``.
        name: the check's name.
        numbers: the fields of ``Check``.

    Raises:
        Misuse: ``max_used`` is no share.
    """
    most, _ = _least(max_used)

    def ask() -> Outcome:
        used, limit = _usage()
        share = 100.0 * used / limit if limit else 0.0
        if share <= most:
            return Outcome.ok()
        return Outcome.warn(f"{share:.0f} % in use", f"{used} of {limit} bytes in use, {max_used} allowed")

    return Check(name=name, ask=ask, **{"component": "system", "critical": False, "internal": True, **numbers})


def _usage() -> tuple[int, int]:
    group = Path("/sys/fs/cgroup")
    try:
        limit = int((group / "memory.max").read_text())
        used = int((group / "memory.current").read_text())
        inactive = _fields((group / "memory.stat").read_text()).get("inactive_file", 0)
        return used - inactive, limit
    except (OSError, ValueError):
        # No group, or one without a limit.
        machine = _fields(Path("/proc/meminfo").read_text().replace(":", ""))
        return (machine["MemTotal"] - machine["MemAvailable"]) * 1024, machine["MemTotal"] * 1024


def _fields(text: str) -> dict[str, int]:
    return {line.split()[0]: int(line.split()[1]) for line in text.splitlines() if len(line.split()) > 1}

"""Where `faulthandler` writes the stack of a blocked loop, for the native half to read."""

from __future__ import annotations

import fcntl
import os

_BYTES_MAX = 1 << 20

_stacks_at: tuple[int, int] | None = None


def stacks() -> int | None:
    """A file in memory, one in a process, where stacks are written to: a pipe that nobody drains would block its writer."""
    global _stacks_at
    if not hasattr(os, "memfd_create"):
        return None
    if _stacks_at is None or _stacks_at[0] != os.getpid():
        descriptor = os.memfd_create("allswell-stacks", os.MFD_CLOEXEC)
        fcntl.fcntl(descriptor, fcntl.F_SETFL, os.O_APPEND | os.O_NONBLOCK)
        _stacks_at = (os.getpid(), descriptor)
    return _stacks_at[1]


def trim_stacks() -> None:
    """Keeps that file small. Called before a stack is asked for."""
    if _stacks_at is not None and os.fstat(_stacks_at[1]).st_size > _BYTES_MAX:
        os.ftruncate(_stacks_at[1], 0)

"""One thread for what must not be done on the loop: writing the log, telling changes, looking at the loop's stack.

It waits without the interpreter's lock, and asks for it only when there is something to do.
"""

from __future__ import annotations

import atexit
import logging
import sys
import threading
import weakref
from typing import TYPE_CHECKING, Any

from . import _native
from .stacks import trim_stacks

if TYPE_CHECKING:
    from .running import Running

log = logging.getLogger("allswell")

_FRAMES_MAX = 64
_lock = threading.Lock()
_running: weakref.WeakValueDictionary[int, Running] = weakref.WeakValueDictionary()
_thread: threading.Thread | None = None
_ends = False


def serve(running: Running) -> None:
    """Tells this engine what concerns it from now on."""
    global _thread
    with _lock:
        _running[running.engine.number] = running
        if _thread is None or not _thread.is_alive():
            # A daemon, ended before the interpreter is: a thread that waits natively must not come back into one that is gone.
            _thread = threading.Thread(target=_run, name="allswell-helper", daemon=True)
            _thread.start()


def _run() -> None:
    while not _ends:
        event = _native.next_event(0.5)
        if event is not None:
            try:
                _do(*event)
            except Exception:
                log.exception("cannot handle what the native half told")


def _do(kind: str, engine: int, *rest: Any) -> None:
    if kind == "log":
        log.log(rest[0], "%s", rest[1])
        return
    running = _running.get(engine)
    if running is None:
        return
    if kind == "change":
        running.changed(*rest)
    elif kind == "look":
        trim_stacks()
        frame = sys._current_frames().get(running.ident)
        frames: list[tuple[str, int, str]] = []
        while frame is not None and len(frames) < _FRAMES_MAX:
            frames.append((frame.f_code.co_filename, frame.f_lineno or 0, frame.f_code.co_name))
            frame = frame.f_back
        running.engine.looked(rest[0], frames)


@atexit.register
def _end() -> None:
    global _ends
    _ends = True
    if _thread is not None and _thread.is_alive() and _thread is not threading.current_thread():
        _thread.join(2.0)

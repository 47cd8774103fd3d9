"""The life of a service: warm-up before it is ready, a look at its first requests, and the order of its end."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from .check import Check
from .helper import log
from .outcome import Outcome
from .settings import FirstRequests

if TYPE_CHECKING:
    from ._native import Engine
    from .running import Running

_PATIENCE = 30.0
_FIRST_WAIT = 0.1
_LONGEST_WAIT = 5.0


async def warm_up(app: Any, paths: list[str], engine: Engine) -> None:
    """Asks these paths in the process until none is answered with a 5xx; then the hold ``warm-up`` is released."""
    wait = _FIRST_WAIT
    while not await _round(app, paths):
        await asyncio.sleep(wait)
        wait = min(wait * 2, _LONGEST_WAIT)
    engine.release("warm-up")


async def _round(app: Any, paths: list[str]) -> bool:
    for path in paths:
        try:
            status = await asyncio.wait_for(_ask(app, path), _PATIENCE)
        except Exception as error:
            log.warning("warm-up failed; the service is not started: path=%s %s", path, type(error).__name__)
            return False
        if status >= 500:
            log.warning("warm-up failed; the service is not started: path=%s answered %d", path, status)
            return False
    return True


async def _ask(app: Any, target: str) -> int:
    path, _, query = target.partition("?")
    statuses: list[int] = []
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(b"host", b"localhost"), (b"user-agent", b"allswell-warm-up")],
        "client": ("127.0.0.1", 0),
        "server": ("127.0.0.1", 80),
        "state": {},
    }
    asked = False

    async def receive() -> dict[str, Any]:
        nonlocal asked
        if asked:
            await asyncio.Event().wait()
        asked = True
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    await app(scope, receive, send)
    return statuses[0] if statuses else 500


def first_requests(engine: Engine, limits: FirstRequests) -> Check:
    """A check that fails when too many of the first requests did, and passes for good once ten times as many have come."""
    passed = False

    async def ask() -> Outcome:
        nonlocal passed
        total, errors = engine.requests()
        if passed or total < limits.count:
            return Outcome.ok()
        if errors > total * limits.errors:
            return Outcome.fail(f"{errors} of the first {total} requests failed")
        passed = total >= limits.count * 10
        return Outcome.ok()

    return Check(name="first_requests", ask=ask, interval=1.0, failure_threshold=1, internal=True)


def drain_on_sigterm(running: Running, delay: float) -> Callable[[], None]:
    """On SIGTERM: not ready at once, and only after ``delay`` what the server does on it. Returns what undoes this."""
    if threading.current_thread() is not threading.main_thread():
        log.warning("the loop does not run in the main thread: SIGTERM cannot be taken, and the service will not drain")
        return lambda: None
    loop = running.loop
    # asyncio's own handlers are run by the loop; a plain one is called by the interpreter.
    theirs: Any = getattr(loop, "_signal_handlers", {}).get(signal.SIGTERM)
    before = signal.getsignal(signal.SIGTERM)
    begun = False

    def finish() -> None:
        if theirs is not None:
            theirs._run()
        elif callable(before):
            before(signal.SIGTERM, None)
        else:
            signal.signal(signal.SIGTERM, before or signal.SIG_DFL)
            signal.raise_signal(signal.SIGTERM)

    def begin() -> None:
        nonlocal begun
        if begun:
            # A second one is in a hurry.
            finish()
            return
        begun = True
        running.engine.drain()
        loop.call_later(delay, finish)

    if theirs is not None:
        loop.add_signal_handler(signal.SIGTERM, begin)
    else:
        signal.signal(signal.SIGTERM, lambda *_: loop.call_soon_threadsafe(begin))

    def undo() -> None:
        if theirs is None and not begun:
            signal.signal(signal.SIGTERM, before if before is not None else signal.SIG_DFL)

    return undo

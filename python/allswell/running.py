"""What runs in one process on one loop: the engine, the runner of the checks, and what they need from Python."""

from __future__ import annotations

import asyncio
import faulthandler
import gc
import inspect
import os
import signal
import threading
from collections.abc import Callable, Coroutine, Iterable
from typing import Any

from . import helper
from ._native import Engine
from .check import Check
from .runner import Runner
from .settings import Settings
from .stacks import stacks


class Running:
    """Made on the loop, when it runs."""

    def __init__(self, settings: Settings, listeners: list[Callable[[str, str, str], object]]) -> None:
        self.loop = asyncio.get_running_loop()
        self.ident = threading.get_ident()
        self.pid = os.getpid()
        self.engine = Engine(settings)
        self.runner = Runner(self.engine, self.loop)
        self.asks = False
        self.settled = False
        self._awaited: set[str] = set()
        self._listeners = listeners
        self._tasks: set[asyncio.Task[Any]] = set()
        self._at_end: list[Callable[[], None]] = []
        self._timer: asyncio.TimerHandle | None = None
        self._limiter = _thread_limiter()
        self.runner.start()
        helper.serve(self)
        gc.callbacks.append(self._collecting)
        self._register_stacks()
        self._each_second()

    def is_here(self) -> bool:
        """Whether this is of this process, and its loop still runs."""
        if self.loop is asyncio.get_running_loop():
            return self.pid == os.getpid()
        return self.loop.is_running() and self.pid == os.getpid()

    def ask(self, checks: Iterable[Check]) -> None:
        """Has these checks asked from now on."""
        self.asks = True
        for check in checks:
            if check.initial_delay == 0:
                self._awaited.add(check.name)
            self.runner.add(check)
        self.settled = not self._awaited

    async def settle(self, patience: float) -> None:
        """Waits until every check was asked once, as long as a probe may wait."""
        deadline = self.loop.time() + patience
        while not self.settled and self.loop.time() < deadline:
            self._awaited = {name for name in self._awaited if self._is_unknown(name)}
            if not self._awaited:
                break
            await asyncio.sleep(0.002)
        # Whoever hangs at the start makes one round of probes wait, not all.
        self.settled = True

    def _is_unknown(self, name: str) -> bool:
        result = self.engine.result(name)
        return result is not None and result["age_ms"] is None

    def keep(self, work: Coroutine[Any, Any, None]) -> None:
        """Runs this beside the requests, until the end at the latest."""
        task = self.loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def on_end(self, undo: Callable[[], None]) -> None:
        """Calls this at the end."""
        self._at_end.append(undo)

    def changed(self, name: str, before: str, now: str) -> None:
        """A check changed; told in the helper's thread."""
        if self._listeners and not self.loop.is_closed():
            self.loop.call_soon_threadsafe(self._tell, name, before, now)

    def _tell(self, name: str, before: str, now: str) -> None:
        for listener in list(self._listeners):
            try:
                told = listener(name, before, now)
            except Exception:
                helper.log.exception("a listener failed")
                continue
            if inspect.iscoroutine(told):
                self.keep(told)

    def stop_asking(self) -> None:
        """The checks are not asked any more."""
        if self.asks:
            self.asks = False
            self.runner.stop_asking()

    def end(self) -> None:
        """Ends everything that was started here."""
        if self._collecting in gc.callbacks:
            gc.callbacks.remove(self._collecting)
        if self.pid == os.getpid():
            for undo in self._at_end:
                undo()
        if self._timer is not None:
            self._timer.cancel()
        if not self.loop.is_closed():
            self.runner.stop()
            for task in list(self._tasks):
                task.cancel()
        self.engine.stop()

    def _collecting(self, phase: str, info: dict[str, int]) -> None:
        # Only whole collections are long enough to be mistaken for a blocked loop.
        if info["generation"] == 2:
            self.engine.collecting(phase == "start")

    def _each_second(self) -> None:
        if self._limiter is not None:
            now = self._limiter.statistics()
            self.engine.threads(int(now.borrowed_tokens), int(now.total_tokens), now.tasks_waiting)
        self._timer = self.loop.call_later(1.0, self._each_second)

    def _register_stacks(self) -> None:
        number = self.engine.signal
        if number is None or threading.current_thread() is not threading.main_thread():
            return
        descriptor = stacks()
        if descriptor is not None:
            faulthandler.register(signal.SIGRTMIN + number, file=descriptor, all_threads=False, chain=False)
            self.engine.stacks_in(descriptor)


def _thread_limiter() -> Any:
    """What limits the threads that plain handlers run in; it can be had only inside of a task."""
    try:
        import anyio.to_thread

        return anyio.to_thread.current_default_thread_limiter()
    except Exception:
        return None

"""Asks the checks: async ones as tasks of the service's loop, plain ones each in a thread of its own.

The native half says when; one asking of a check is never begun before the one before it has returned, so a hung check holds one
slot, its own.
"""

from __future__ import annotations

import asyncio
import queue
import threading
import time
from collections.abc import Callable
from typing import Any

from ._native import Engine
from .check import Check
from .outcome import FAIL, Outcome, raised, returned

Answered = tuple[int, bytes, bytes]


class Runner:
    """Does on the loop what the native half says is due. One of its own for each engine."""

    def __init__(self, engine: Engine, loop: asyncio.AbstractEventLoop) -> None:
        self._engine = engine
        self._loop = loop
        self._checks: dict[str, Check] = {}
        self._slots: dict[str, _Slot] = {}
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._waiting: dict[int, asyncio.Future[Answered]] = {}

    def start(self) -> None:
        """Watches for what the native half says."""
        self._loop.add_reader(self._engine.descriptor, self._wake)

    def stop(self) -> None:
        """Stops watching, and cancels the askings under way."""
        self._loop.remove_reader(self._engine.descriptor)
        self.stop_asking()
        for waiting in self._waiting.values():
            waiting.cancel()

    def stop_asking(self) -> None:
        """Cancels the askings under way, and begins no more."""
        self._checks.clear()
        for task in list(self._tasks.values()):
            task.cancel()
        for slot in self._slots.values():
            slot.end()
        self._slots.clear()

    def add(self, check: Check) -> None:
        """Has a check asked from now on."""
        self._checks[check.name] = check
        if not check.is_async:
            self._slots[check.name] = _Slot(check, self._finish)
        self._engine.add(check)

    def remove(self, name: str) -> None:
        """Has it not asked any more."""
        self._engine.remove(name)
        self._checks.pop(name, None)
        slot = self._slots.pop(name, None)
        if slot:
            slot.end()

    async def answered(self, token: int) -> Answered:
        """Waits for the answer that was promised under this number."""
        waiting: asyncio.Future[Answered] = self._loop.create_future()
        self._waiting[token] = waiting
        try:
            return await waiting
        finally:
            del self._waiting[token]

    def _wake(self) -> None:
        messages = self._engine.pong()
        if messages is not None:
            for message in messages:
                self._do(*message)

    def _do(self, kind: str, number: Any, *rest: Any) -> None:
        if kind == "ask":
            self._ask(number, rest[0])
        elif kind == "cancel":
            task = self._tasks.get(number)
            if task:
                task.cancel()
        elif kind == "answered":
            waiting = self._waiting.get(number)
            if waiting and not waiting.done():
                waiting.set_result((rest[0], rest[1], rest[2]))
        elif kind == "block":
            time.sleep(number)

    def _ask(self, ticket: int, name: str) -> None:
        check = self._checks.get(name)
        if check is None:
            self._engine.finished(ticket, FAIL, "not asked any more", None)
        elif name in self._slots:
            self._slots[name].ask(ticket)
        else:
            task = self._loop.create_task(self._run(ticket, check), name=f"allswell check {name}")
            self._tasks[ticket] = task
            task.add_done_callback(lambda _: self._tasks.pop(ticket, None))

    async def _run(self, ticket: int, check: Check) -> None:
        # Whatever is raised here, cancellation and exits included, is this check's failure and nobody else's.
        try:
            asking: Any = check.ask()
            outcome = returned(await asking)
        except BaseException as error:
            outcome = raised(error)
        self._finish(ticket, outcome)

    def _finish(self, ticket: int, outcome: Outcome) -> None:
        """Hands over how an asking ended, in whatever thread it did."""
        self._engine.finished(ticket, outcome.verdict, outcome.public, outcome.detail)


class _Slot:
    """The thread of one plain check."""

    def __init__(self, check: Check, finish: Callable[[int, Outcome], None]) -> None:
        self._check = check
        self._finish = finish
        self._tickets: queue.SimpleQueue[int | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    def ask(self, ticket: int) -> None:
        # A daemon, for a check that hangs must not keep the process from ending.
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name=f"allswell-{self._check.name}", daemon=True)
            self._thread.start()
        self._tickets.put(ticket)

    def end(self) -> None:
        self._tickets.put(None)

    def _run(self) -> None:
        while (ticket := self._tickets.get()) is not None:
            try:
                outcome = returned(self._check.ask())
            except BaseException as error:
                outcome = raised(error)
            self._finish(ticket, outcome)

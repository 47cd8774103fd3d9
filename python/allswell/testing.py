"""Health in tests: pytest fixtures that freeze a check, force a result, and assert that the service is ready.

Installed with the package; a test asks for the fixture and gives it the service's ``Health``::

    def test_reports_survive_a_dead_database(allswell_checks, client):
        with allswell_checks(health) as checks:
            checks.force("database", "error", "connection refused")
            assert client.get("/report").status_code == 200
            checks.assert_not_ready("database")
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from types import TracebackType

import pytest

from .check import Check
from .health import Health
from .models import CheckResult, HealthReport
from .outcome import FAIL, PASS, WARN, Outcome

_VERDICTS = {"ok": PASS, "warn": WARN, "error": FAIL}


class Checks:
    """The checks of a service in the hands of a test. What was changed is undone at the end."""

    def __init__(self, health: Health, patience: float = 10.0) -> None:
        self._health = health
        self._patience = patience
        self._real: dict[str, Check] = {}
        self._frozen = threading.Event()

    def __enter__(self) -> Checks:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.restore()

    def force(self, name: str, status: str, message: str = "forced by a test") -> None:
        """The check says this from now on: ``ok``, ``warn`` or ``error``. Waits until it does.

        Raises:
            ValueError: another status.
            Misuse: no check has this name.
        """
        if status not in _VERDICTS:
            raise ValueError(f"`{status}` cannot be forced; give one of: {', '.join(_VERDICTS)}")
        verdict = _VERDICTS[status]

        async def ask() -> Outcome:
            return Outcome(verdict, None if verdict == PASS else message)

        self._replace(name, ask)
        self.wait(name, status)

    def freeze(self, name: str) -> None:
        """The check hangs from now on: it times out, again and again. Waits until it says so."""

        async def ask() -> None:
            while not self._frozen.is_set():
                await asyncio.sleep(0.01)

        self._replace(name, ask, timeout=0.05, interval=0.1)
        self.wait(name, "error")

    def restore(self) -> None:
        """All checks ask again what they really ask."""
        self._frozen.set()
        for name, check in self._real.items():
            self._put(name, check)
        self._real.clear()
        self._frozen = threading.Event()

    def wait(self, name: str, status: str) -> CheckResult:
        """Waits until the check says this.

        Raises:
            AssertionError: it did not in time.
        """
        deadline = time.monotonic() + self._patience
        while (found := self._health.now(name)).status != status:
            assert time.monotonic() < deadline, f"check `{name}` stays {found.status} ({found.message}), {status} awaited"
            time.sleep(0.002)
        return found

    def report(self) -> HealthReport:
        """The whole document."""
        return self._health.report_now()

    def assert_ready(self) -> None:
        """The service may have traffic.

        Raises:
            AssertionError: it may not; the text says why.
        """
        report = self.report()
        assert report.ready, f"not ready: {report.reason}"

    def assert_not_ready(self, because: str = "") -> None:
        """The service may not have traffic, and its reason contains this text.

        Raises:
            AssertionError: it may, or for another reason.
        """
        report = self.report()
        assert not report.ready, "ready"
        assert because in (report.reason or ""), f"not ready for another reason: {report.reason}"

    def _replace(self, name: str, ask: Callable[[], object], **numbers: float) -> None:
        check = self._health.check_named(name)
        real = self._real.setdefault(name, check)
        fields: dict[str, object] = {"interval": min(real.interval, 0.1), "timeout": None, "initial_delay": 0.0, **numbers}
        self._put(name, replace(real, ask=ask, failure_threshold=1, success_threshold=1, max_age=None, **fields))  # type: ignore[arg-type]

    def _put(self, name: str, check: Check) -> None:
        self._health.replace(name, check)


@contextmanager
def checks_of(health: Health, patience: float = 10.0) -> Iterator[Checks]:
    """The checks of this service for a while, outside of pytest."""
    with Checks(health, patience) as checks:
        yield checks


@pytest.fixture
def allswell_checks() -> Iterator[Callable[[Health], Checks]]:
    """Gives ``Checks`` of a service's ``Health``; what tests changed is undone at their end."""
    given: list[Checks] = []

    def of(health: Health) -> Checks:
        given.append(Checks(health))
        return given[-1]

    yield of
    for checks in given:
        checks.restore()

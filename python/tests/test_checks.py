"""How checks are asked: away from requests, never twice at a time, each failure its own."""

from __future__ import annotations

import asyncio
import itertools
import threading
import time
from typing import Any

import pytest
from conftest import served, until
from fastapi import FastAPI

from allswell import Check, Health, Misuse, NotWell, Outcome


def status(health: Health, name: str) -> str:
    return health.now(name).status


def test_async_and_plain_checks_are_asked_before_the_first_probe_is_answered(app: FastAPI, health: Health) -> None:
    threads = []

    @health.check("loop")
    async def on_the_loop() -> None:
        await asyncio.sleep(0)
        threads.append(threading.get_ident())

    @health.check
    def plain() -> bool:
        threads.append(threading.get_ident())
        return True

    with served(app) as client:
        assert client.get("/ready").json()["checks"] == {"loop": "ok", "plain": "ok"}
    assert len(set(threads)) == 2, "each where it belongs"


class Odd(BaseException):
    pass


class Unprintable(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no text")


FAILURES: list[tuple[Any, str]] = [
    (ValueError("hunter2"), "failed"),
    (ConnectionRefusedError("hunter2"), "connection refused"),
    (ExceptionGroup("all", [OSError(111, "hunter2")]) if "ExceptionGroup" in dir(__builtins__) else OSError(111, "x"), "connection refused"),
    (asyncio.CancelledError(), "failed"),
    (KeyboardInterrupt(), "failed"),
    (SystemExit(3), "failed"),
    (GeneratorExit(), "failed"),
    (StopIteration(), "failed"),
    (StopAsyncIteration(), "failed"),
    (Odd("hunter2"), "failed"),
    (Unprintable(), "failed"),
    (TimeoutError(), "timed out"),
    (NotWell("replica lags", "by hunter2"), "replica lags"),
    (RecursionError(), "failed"),
    (MemoryError(), "failed"),
]  # fmt: skip


@pytest.mark.parametrize("plain", [False, True], ids=["async", "plain"])
@pytest.mark.parametrize(("error", "public"), FAILURES, ids=lambda value: type(value).__name__)
def test_whatever_a_check_raises_is_its_own_failure_and_no_secret(error: Any, public: str, plain: bool) -> None:
    app = FastAPI()
    health = Health(app, details="full")

    def raises() -> None:
        raise error

    async def raises_on_the_loop() -> None:
        raise error

    health.add(Check(name="bad", ask=raises if plain else raises_on_the_loop), Check(name="good", ask=lambda: None))
    with served(app) as client:
        answer = client.get("/ready")
        assert answer.status_code == 503
        checks = answer.json()["checks"]
        if isinstance(error, (StopIteration, StopAsyncIteration)) and not plain:
            public = "failed"
        assert (checks["bad"]["status"], checks["bad"]["message"]) == ("error", public)
        assert checks["good"]["status"] == "ok"
        for path in ("/health", "/ready", "/status", "/metrics", "/ready/bad"):
            assert "hunter2" not in client.get(path).text
        assert client.get("/health").status_code == 200


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, "ok"), (True, "ok"), (False, "error"), ("ok", "ok"), ("error", "error"),
        ({"status": "ok"}, "ok"), ({"status": "error", "message": "database timeout"}, "error"),
        (Outcome.ok(), "ok"), (Outcome.warn("lags"), "warn"), (Outcome.fail("full"), "error"), (7, "error"),
    ],
)  # fmt: skip
def test_a_check_says_it_with_what_it_returns(app: FastAPI, health: Health, value: object, expected: str) -> None:
    health.add(Check(name="said", ask=lambda: value))
    with served(app) as client:
        assert client.get("/ready").json()["checks"]["said"] == expected


def test_a_check_that_hangs_fails_alone_and_is_not_asked_again_before_it_returned(app: FastAPI, health: Health) -> None:
    release = threading.Event()
    running = 0
    most = 0

    def hangs() -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        release.wait(20)
        running -= 1

    for number in range(4):
        health.add(Check(name=f"hangs{number}", ask=hangs, interval=0.05, timeout=0.05, failure_threshold=1))
    asked = []
    health.add(Check(name="well", ask=lambda: asked.append(1), interval=0.05))
    with served(app) as client:
        body = until(lambda: client.get("/status").json(), lambda body: len(asked) > 5)
        assert body["checks"] == {**{f"hangs{number}": "error" for number in range(4)}, "well": "ok"}
        assert most == 4, "one slot each"
        release.set()
        until(lambda: [status(health, f"hangs{number}") for number in range(4)], lambda words: set(words) == {"ok"})


def test_an_async_check_is_cancelled_when_its_time_is_over(app: FastAPI, health: Health) -> None:
    cancelled = threading.Event()

    @health.check("slow", timeout=0.05, interval=0.1)
    async def slow() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            cancelled.set()

    with served(app) as client:
        assert until(lambda: client.get("/ready").json()["checks"]["slow"], lambda word: word == "error")
        assert cancelled.wait(20)
        assert health.now("slow").message == "timed out after 0.05 s"


def test_an_async_check_that_refuses_to_be_cancelled_is_never_asked_twice_at_a_time(app: FastAPI, health: Health) -> None:
    running = most = 0
    let_go = threading.Event()

    @health.check("stubborn", timeout=0.02, interval=0.05, failure_threshold=1)
    async def stubborn() -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        while not let_go.is_set():
            try:
                await asyncio.sleep(0.01)
            except asyncio.CancelledError:
                pass
        running -= 1

    with served(app):
        until(lambda: health.now("stubborn").consecutive_failures, lambda failures: failures and failures > 4)
        assert most == 1
        let_go.set()
        until(lambda: status(health, "stubborn"), lambda word: word == "ok")


def test_three_failures_count_and_the_first_outcome_counts_at_once(app: FastAPI, health: Health) -> None:
    well = True
    failures = 0

    @health.check("database", interval=0.05)
    async def database() -> bool:
        nonlocal failures
        failures += not well
        return well

    changes: list[tuple[str, str, str]] = []
    health.on_change(lambda *change: changes.append(change))
    with served(app) as client:
        assert client.get("/ready").status_code == 200
        well = False
        until(lambda: client.get("/ready").status_code, lambda code: code == 503)
        assert failures >= 3
        well = True
        until(lambda: client.get("/ready").status_code, lambda code: code == 200)
        # A machine that gives this process no time makes a result unknown in between; that is no outcome.
        words = lambda: [word for word, _ in itertools.groupby(now for *_, now in changes if now != "unknown")]  # noqa: E731
        until(words, lambda words: words == ["ok", "error", "ok"])
    assert changes[0] == ("database", "unknown", "ok")


def test_a_check_on_demand_is_asked_once_for_all_who_wait(app: FastAPI, health: Health) -> None:
    asked = 0

    @health.check("model", max_age=0.2, timeout=0.5)
    async def model() -> None:
        nonlocal asked
        asked += 1
        await asyncio.sleep(0.05)

    with served(app) as client:
        assert client.get("/ready").status_code == 200
        assert asked == 1
        assert client.get("/ready").status_code == 200
        assert asked == 1, "young enough"
        until(lambda: (health.now("model").age_ms or 0) > 200)
        threads = [threading.Thread(target=client.get, args=("/ready",)) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert asked == 2


def test_a_result_that_nobody_renews_is_unknown(app: FastAPI, health: Health) -> None:
    @health.check("slow", interval=0.05, timeout=0.01)
    async def slow() -> None: ...

    with served(app) as client:
        assert client.get("/ready").status_code == 200
        health.stop_asking()
        body = until(lambda: client.get("/ready").json(), lambda body: body["ready"] is False)
        assert body["checks"]["slow"] in ("unknown", "error")


def test_checks_come_and_go_while_the_service_runs(app: FastAPI, health: Health) -> None:
    with served(app) as client:
        assert client.get("/ready").json().get("checks") is None
        health.add(Check(name="late", ask=lambda: False))
        until(lambda: client.get("/ready").status_code, lambda code: code == 503)
        assert health.remove("late") and not health.remove("late")
        assert client.get("/ready").status_code == 200


@pytest.mark.parametrize(
    ("numbers", "says"),
    [
        ({"name": "a b"}, "has a name that paths and labels cannot carry"),
        ({"liveness": True}, "a restart does not mend"),
        ({"interval": 0}, "has an interval of zero"),
        ({"interval": 1, "timeout": 2}, "has a timeout longer than its interval"),
        ({"interval": -1}, "give a number of seconds"),
        ({"failure_threshold": 0}, "has a failure threshold of zero"),
    ],
)
def test_a_check_that_cannot_work_is_refused_with_a_sentence(numbers: dict[str, Any], says: str) -> None:
    with pytest.raises(Misuse, match=says):
        Check(**{"name": "a", "ask": lambda: None, **numbers})


def test_a_name_is_given_once_and_what_is_asked_for_must_exist(app: FastAPI, health: Health) -> None:
    health.add(Check(name="a", ask=lambda: None))
    with pytest.raises(Misuse, match="registered twice"):
        health.add(Check(name="a", ask=lambda: None))
    with pytest.raises(Misuse, match="no check is named `b`; there are: a"):
        health.now("b")
    with pytest.raises(Misuse, match="given to two endpoints"):
        from allswell import Paths

        Health(FastAPI(), paths=Paths(status=("/health",)))
    with pytest.raises(Misuse, match="out of order"):
        from allswell import Watchdog

        Health(FastAPI(), watchdog=Watchdog(report_after=2))
    with pytest.raises(Misuse, match="is no port"):
        Health(FastAPI(), side_port="nine")


def test_slow_successes_are_warnings(app: FastAPI, health: Health) -> None:
    health.add(Check(name="slow", ask=lambda: time.sleep(0.02), degraded_above=0.01))
    with served(app) as client:
        answer = client.get("/ready")
        assert (answer.status_code, answer.json()["status"], answer.json()["checks"]["slow"]) == (200, "degraded", "warn")

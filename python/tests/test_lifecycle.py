"""Warm-up, first requests, saturation, fixtures for other people's tests."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager

import anyio.to_thread
import pytest
from conftest import served, until
from fastapi import FastAPI
from starlette.responses import PlainTextResponse
from starlette.testclient import TestClient

from allswell import FirstRequests, Health, Misuse
from allswell.testing import Checks


def test_a_service_that_fails_its_own_first_requests_never_gets_a_real_one() -> None:
    asked = 0
    app = FastAPI()
    health = Health(app, warmup=["/items?page=1"])

    @app.get("/items")
    async def items(page: int) -> PlainTextResponse:
        nonlocal asked
        asked += 1
        return PlainTextResponse("x", 200 if asked > 2 else 500)

    with served(app) as client:
        assert client.get("/ready").json()["reason"] == "starting: waiting for warm-up"
        until(lambda: client.get("/ready").status_code, lambda code: code == 200)
        assert asked == 3, "twice in vain, then well"
        assert "/items" not in client.get("/metrics").text, "our own requests are not the service's"
    assert not health.is_ready


def test_a_release_that_fails_its_first_requests_gets_no_more() -> None:
    app = FastAPI()
    Health(app, first_requests=FirstRequests(count=4, errors=0.5))

    @app.get("/")
    async def root() -> PlainTextResponse:
        return PlainTextResponse("x", 500)

    with served(app) as client:
        assert client.get("/ready").status_code == 200
        for _ in range(5):
            client.get("/")
        answer = until(lambda: client.get("/ready"), lambda answer: answer.status_code == 503)
        assert answer.json()["reason"] == "check failed: first_requests"


def test_threads_of_the_pool_show_in_the_metrics(app: FastAPI, health: Health) -> None:
    release = threading.Event()

    @app.get("/slow")
    def slow() -> None:
        release.wait(20)

    with served(app) as client:
        threads = [threading.Thread(target=client.get, args=("/slow",)) for _ in range(3)]
        for thread in threads:
            thread.start()
        until(lambda: "allswell_threads_used 3" in client.get("/metrics").text)
        release.set()
        for thread in threads:
            thread.join()


def test_a_pool_whose_threads_are_all_in_use_for_long_gets_no_more_requests() -> None:
    release = threading.Event()

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        anyio.to_thread.current_default_thread_limiter().total_tokens = 2
        yield

    app = FastAPI(lifespan=lifespan)
    Health(app)

    @app.get("/slow")
    def slow() -> None:
        release.wait(60)

    with served(app) as client, waiting_for(client, "/slow", 5, release):
        answer = until(lambda: client.get("/ready"), lambda answer: answer.status_code == 503)
        assert answer.json()["reason"] == "saturated: all 2 threads in use, 3 requests wait for one"
        assert client.get("/health").status_code == 200
        release.set()
        until(lambda: client.get("/ready").status_code, lambda code: code == 200)


def test_more_requests_in_flight_than_it_may_have_for_long_and_it_gets_no_more() -> None:
    release = threading.Event()
    app = FastAPI()
    Health(app, in_flight_max=2)

    @app.get("/slow")
    async def slow() -> None:
        while not release.is_set():
            await asyncio.sleep(0.01)

    with served(app) as client, waiting_for(client, "/slow", 3, release):
        answer = until(lambda: client.get("/ready"), lambda answer: answer.status_code == 503)
        assert answer.json()["reason"] == "saturated: 3 requests in flight, 2 allowed"
        release.set()
        until(lambda: client.get("/ready").status_code, lambda code: code == 200)


@contextmanager
def waiting_for(client: TestClient, path: str, count: int, release: threading.Event) -> Iterator[None]:
    """So many requests under way; at the end they are let go."""
    threads = [threading.Thread(target=client.get, args=(path,)) for _ in range(count)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        release.set()
        for thread in threads:
            thread.join()


def test_memory_that_grows_towards_its_limit_is_a_warning_and_waves_are_none(app: FastAPI, health: Health) -> None:
    mib = 1 << 20
    with served(app) as client:
        for at in range(100):
            health.engine().remember_memory(1e6 + at * 10.0, (200 + at % 20) * mib, 512 * mib)
        assert client.get("/ready").json()["status"] == "healthy"
        for at in range(100):
            health.engine().remember_memory(2e6 + at * 10.0, int((200 + at * 0.5) * mib), 512 * mib)
        answer = until(lambda: client.get("/ready"), lambda answer: answer.json()["status"] == "degraded")
        assert answer.status_code == 200, "a restart in good time is somebody's decision"
        whole = health.report_now().model_dump()
        assert "memory grows by 3.0 MiB a minute and reaches its limit in" in str(whole)


def test_fixtures_force_freeze_and_put_back(
    app: FastAPI, health: Health, allswell_checks: Callable[[Health], Checks]
) -> None:
    @health.check("database")
    async def database() -> None:
        await asyncio.sleep(0)

    health.check("offers", critical=False)(lambda: True)
    with served(app) as client:
        checks = allswell_checks(health)
        checks.wait("database", "ok")
        checks.assert_ready()
        checks.force("database", "error", "connection refused")
        checks.assert_not_ready("check failed: database")
        assert client.get("/ready").status_code == 503
        checks.force("database", "ok")
        checks.freeze("offers")
        checks.assert_ready()
        assert client.get("/ready").json()["status"] == "degraded"
        with pytest.raises(AssertionError, match="ready"):
            checks.assert_not_ready()
        checks.restore()
        checks.wait("offers", "ok")
        with pytest.raises(ValueError, match="cannot be forced"):
            checks.force("database", "unknown")
        with pytest.raises(Misuse, match="no check is named"):
            checks.force("nothing", "ok")


def test_a_simulated_block_is_seen(app: FastAPI) -> None:
    health = Health(app, side_port=0)
    with served(app) as client:
        until(lambda: health.side_port)
        from processes import get

        side = health.side_port
        assert side is not None
        health.faults.block_loop(0.8)
        answer = until(lambda: get(side, "/ready"), lambda answer: answer.code == 503)
        assert "all workers stuck" in answer.json["reason"]
        until(lambda: get(side, "/ready"), lambda answer: answer.code == 200)
        assert client.get("/ready").status_code == 200

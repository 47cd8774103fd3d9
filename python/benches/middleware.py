"""What a middleware adds to a request, in CPU time, in the process: FastAPI without, with ours, and with its peers.

Rounds of all of them are interleaved, and each is compared with the bare application of the same round: the machine's mood changes
from round to round, and takes all of them along.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

from fastapi import FastAPI
from starlette.middleware.base import BaseHTTPMiddleware

from allswell import Health

ROUNDS, REQUESTS = 40, 400


def bare() -> FastAPI:
    app = FastAPI()

    @app.get("/items/{item}")
    async def item(item: int) -> dict[str, int]:
        return {"item": item}

    return app


def guide() -> FastAPI:
    """As the guide has it: `BaseHTTPMiddleware`, three sums and a header."""
    app = bare()

    class Metrics(BaseHTTPMiddleware):
        count, errors, latency = 0, 0, 0.0

        async def dispatch(self, request: Any, call_next: Any) -> Any:
            start = time.monotonic()
            response = await call_next(request)
            took = time.monotonic() - start
            self.count += 1
            self.latency += took
            self.errors += response.status_code >= 500
            response.headers["X-Response-Time"] = f"{took:.4f}"
            return response

    app.add_middleware(Metrics)
    return app


def ours() -> FastAPI:
    app = bare()
    Health(app, workers="single")
    return app


def instrumentator() -> FastAPI:
    from prometheus_client import CollectorRegistry
    from prometheus_fastapi_instrumentator import Instrumentator

    app = bare()
    Instrumentator(registry=CollectorRegistry()).instrument(app)
    return app


def exporter() -> FastAPI:
    from starlette_exporter import PrometheusMiddleware

    app = bare()
    app.add_middleware(PrometheusMiddleware)
    return app


def opentelemetry() -> FastAPI:
    from opentelemetry.instrumentation.asgi import OpenTelemetryMiddleware
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.metrics.export import InMemoryMetricReader

    app = bare()
    app.add_middleware(OpenTelemetryMiddleware, meter_provider=MeterProvider([InMemoryMetricReader()]))
    return app


PEERS: list[Callable[[], FastAPI]] = [bare, ours, guide, instrumentator, exporter, opentelemetry]


async def ask(app: Any, number: int) -> None:
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET", "scheme": "http",
        "path": f"/items/{number}", "raw_path": b"/items/7", "query_string": b"", "root_path": "",
        "headers": [(b"host", b"localhost"), (b"accept", b"*/*")], "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80),
    }  # fmt: skip

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        assert message.get("status", 200) == 200

    await app(scope, receive, send)


async def main() -> None:
    apps = {}
    for make in PEERS:
        try:
            apps[make.__name__] = make()
        except ImportError as missing:
            print(f"{make.__name__}: not there: {missing}", file=sys.stderr)
    took: dict[str, list[float]] = {name: [] for name in apps}
    for round_ in range(ROUNDS + 2):
        for name, app in apps.items():
            # The watchdog's signs of life are shown between the rounds, not in one of them.
            await asyncio.sleep(0)
            start = time.thread_time()
            for number in range(REQUESTS):
                await ask(app, number)
            each_us = (time.thread_time() - start) / REQUESTS * 1e6
            if round_ >= 2:
                took[name].append(each_us)
    for name, rounds in took.items():
        added = [one - base for one, base in zip(rounds, took["bare"])]
        low, _, high = statistics.quantiles(added, n=4)
        print(f"middleware {name:16} {statistics.median(rounds):7.1f} us/request, added {statistics.median(added):6.1f} [{low:.1f} to {high:.1f}]")


asyncio.run(main())

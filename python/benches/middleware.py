"""What a middleware adds to a request, in CPU time, in the process: FastAPI without, with ours, and with its peers.

The driver is an ASGI server without sockets. Rounds are short and interleaved, in an order that turns, and each is compared with
the bare application of the same round: the machine's mood changes from round to round, and takes all of them along. What others
do on the machine costs its caches, so the quietest quarter of the rounds is looked at.
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
from figures import end, figure, limit

ROUNDS, REQUESTS, ADDED_MAX_US = 600, 40, 6.0


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
    names = list(apps)
    took: dict[str, list[float]] = {name: [] for name in names}
    for round_ in range(ROUNDS + 10):
        turn = round_ % len(names)
        for name in names[turn:] + names[:turn]:
            # The loop shows its signs of life between the rounds, and not in one of them.
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            start = time.thread_time()
            for number in range(REQUESTS):
                await ask(apps[name], number)
            if round_ >= 10:
                took[name].append((time.thread_time() - start) / REQUESTS * 1e6)
    whole = [sum(took[name][at] for name in names) for at in range(ROUNDS)]
    quiet = sorted(range(ROUNDS), key=whole.__getitem__)[: ROUNDS // 4]
    took = {name: [took[name][at] for at in quiet] for name in names}
    figure("FastAPI", f"{statistics.median(took['bare']):.1f} us")
    for name in names[1:]:
        added = [one - base for one, base in zip(took[name], took["bare"])]
        low, median, high = statistics.quantiles(added, n=4)
        value = f"+{median:.1f} [{low:.1f}, {high:.1f}] us"
        if name == "ours":
            limit(f"middleware, {name}", value, f"+{ADDED_MAX_US:g} us of CPU per request", median <= ADDED_MAX_US)
        else:
            figure(f"middleware, {name}", value)


asyncio.run(main())
end()

"""What a middleware adds to a request, in CPU time, in the process: FastAPI without, with ours, and with its peers.

The driver is an ASGI server without sockets. Rounds are short and interleaved, in an order that turns, and each is compared with
the bare application of the same round: the machine's mood changes from round to round, and takes all of them along.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
from collections.abc import Callable

from fastapi import FastAPI

from allswell import Health
from figures import end, figure, limit
from reference import ADDED_US, bare, cost_us, guide, slowness

ROUNDS, REQUESTS, ADDED_MAX_US = 600, 40, 6.0


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
            cost = await cost_us(apps[name], REQUESTS)
            if round_ >= 10:
                took[name].append(cost)
    figure("FastAPI", f"{statistics.median(took['bare']):.1f} us")
    added = {name: [one - base for one, base in zip(took[name], took["bare"])] for name in names[1:]}
    most = ADDED_MAX_US * slowness(added["guide"])
    for name, all_of_it in added.items():
        low, median, high = statistics.quantiles(all_of_it, n=4)
        value = f"+{median:.1f} [{low:.1f}, {high:.1f}] us"
        if name == "ours":
            said = f"+{most:.1f} us of CPU per request ({ADDED_MAX_US:g} where the guide's adds {ADDED_US:g})"
            limit(f"middleware, {name}", value, said, median <= most)
        else:
            figure(f"middleware, {name}", value)


asyncio.run(main())
end()

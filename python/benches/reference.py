"""The guide's middleware on a bare application: what others are held against, and how fast this machine is now.

Limits are times of the machine they were set on, where the guide's middleware added 180 us to a request. Another machine, or the
same one beside others' work, is slower or faster; what the guide's adds in the same run says by how much.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from typing import Any

from fastapi import FastAPI

from guide import Metrics

ADDED_US = 180.0


def bare() -> FastAPI:
    app = FastAPI()

    @app.get("/items/{item}")
    async def item(item: int) -> dict[str, int]:
        return {"item": item}

    return app


def guide() -> FastAPI:
    app = bare()
    app.add_middleware(Metrics)
    return app


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


async def cost_us(app: Any, requests: int) -> float:
    """Microseconds of CPU for a request. The loop shows its signs of life before, and not in between."""
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    start = time.thread_time()
    for number in range(requests):
        await ask(app, number)
    return (time.thread_time() - start) / requests * 1e6


def slowness(added_us: list[float]) -> float:
    """How many times as long as there things take here, from what the guide's middleware added."""
    return statistics.median(added_us) / ADDED_US


def slowness_now() -> float:
    """The same, measured now."""

    async def measure() -> list[float]:
        without, within = bare(), guide()
        costs = [(await cost_us(without, 40), await cost_us(within, 40)) for _ in range(60)]
        return [there - base for base, there in costs[10:]]

    return slowness(asyncio.run(measure()))

"""A service whose handlers block the event loop in each way there is; run by the tests in processes of its own."""

from __future__ import annotations

import asyncio
import gc
import os
import re
import time

from fastapi import FastAPI

from allswell import Health, Watchdog

app = FastAPI()
health = Health(
    app,
    version=os.environ.get("VERSION", "1"),
    side_port=0,
    details="full",
    drain=float(os.environ.get("DRAIN", "0")),
    workers=os.environ.get("WORKERS", "auto"),
    watchdog=Watchdog(by_signal=os.environ.get("BY_SIGNAL", "1") == "1"),
)


@health.check("database", interval=0.2, timeout=0.1)
async def database() -> None: ...


@app.get("/")
async def root() -> dict[str, int | None]:
    return {"pid": os.getpid(), "side_port": health.side_port}


@app.get("/slow")
async def slow(seconds: float) -> int:
    await asyncio.sleep(seconds)
    return os.getpid()


@app.get("/sleep")
async def sleep(seconds: float) -> None:
    time.sleep(seconds)  # blocks: sleep


@app.get("/spin")
async def spin(seconds: float) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:  # blocks: spin
        pass


@app.get("/regex")
async def regex(seconds: float) -> None:
    length = 16
    while (took := timed(length)) < seconds / 8:
        length += 1
    length += max(1, round(3 - (took * 8 / seconds - 1)))
    re.match(r"(a+)+$", "a" * length + "b")  # blocks: regex


def timed(length: int) -> float:
    start = time.monotonic()
    re.match(r"(a+)+$", "a" * length + "b")  # blocks: regex
    return time.monotonic() - start


@app.get("/sum")
async def sum_(seconds: float) -> None:
    start = time.monotonic()
    sum(range(1_000_000))
    sum(range(int(1_000_000 * seconds / (time.monotonic() - start))))  # blocks: sum


@app.get("/native")
async def native(seconds: float) -> None:
    # Multiplying ints is all C, holds the interpreter's lock, and looks at nothing else; its cost grows by 2 ** 1.58.
    start = time.monotonic()
    exponent = 200_000
    3**exponent
    exponent = int(exponent * (seconds / (time.monotonic() - start)) ** (1 / 1.585))
    3**exponent  # blocks: native


class Garbage:
    """What only a collection finds, and what takes its time to go."""

    def __init__(self, seconds: float) -> None:
        self.itself, self.seconds = self, seconds

    def __del__(self) -> None:
        time.sleep(self.seconds)


@app.get("/collect")
async def collect(seconds: float) -> None:
    Garbage(seconds)
    gc.collect()

"""A service on PostgreSQL that says how it is: `/health` looks at the process alone, `/ready` at what it needs.

    DATABASE_URL=postgres://app@127.0.0.1/orders uvicorn service:app --port 8000

Without `DATABASE_URL` it has no database to look at. With `FAULTS=1`, `/simulate_db_failure` lets its database seem down and
`/simulate_db_recovery` up again.
"""

import asyncio
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Literal

import asyncpg
from fastapi import FastAPI, HTTPException, Response
from pydantic import BaseModel

# Less than the timeout of the readiness probe: our own answer says more than the kubelet's.
CHECK_TIMEOUT = 1.0


class Check(BaseModel):
    """How one thing is that the service needs."""

    status: Literal["ok", "error"]
    response_time_ms: float
    message: str | None = None


class Ready(BaseModel):
    """Whether the service may have traffic, and why not."""

    status: Literal["healthy", "unhealthy"]
    checks: dict[str, Check]


class Database:
    """A pool of connections that may come into being later than the service, or never."""

    def __init__(self, url: str | None) -> None:
        self.url = url
        self.pool: asyncpg.Pool | None = None
        self.fails = False

    async def ask(self) -> None:
        """Ask it something small.

        Raises:
            OSError, asyncpg.PostgresError, TimeoutError: it did not answer.
        """
        if self.fails:
            raise ConnectionError("simulated failure")
        if self.url is None:
            return
        async with asyncio.timeout(CHECK_TIMEOUT):
            if self.pool is None:
                self.pool = await asyncpg.create_pool(self.url, min_size=0, max_size=4)
            await self.pool.fetchval("SELECT 1")

    async def check(self) -> Check:
        start = time.monotonic()
        try:
            await self.ask()
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            # The type alone: the text of an error may hold addresses and names that are nobody's business.
            return Check(status="error", response_time_ms=elapsed_ms(start), message=type(error).__name__)
        return Check(status="ok", response_time_ms=elapsed_ms(start))

    async def close(self) -> None:
        if self.pool is not None:
            self.pool.terminate()


def elapsed_ms(start: float) -> float:
    return round((time.monotonic() - start) * 1000, 2)


database = Database(os.environ.get("DATABASE_URL"))


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    yield
    await database.close()


app = FastAPI(title="orders", lifespan=lifespan)


@app.get("/")
async def root() -> dict[str, str]:
    return {"Hello": "World"}


@app.get("/health")
async def health() -> dict[str, str]:
    """Liveness: that the event loop answers is all it says."""
    return {"status": "up"}


@app.get("/ready")
async def ready(response: Response) -> Ready:
    """Readiness: what a request needs."""
    checks = {"database": await database.check()}
    well = all(check.status == "ok" for check in checks.values())
    if not well:
        response.status_code = 503
    return Ready(status="healthy" if well else "unhealthy", checks=checks)


def simulate(fails: bool) -> dict[str, str]:
    """Let the database seem down or up, for whoever tries out what stands around the service."""
    if os.environ.get("FAULTS") != "1":
        raise HTTPException(404)
    database.fails = fails
    return {"message": f"Database connection simulated as {'failed' if fails else 'recovered'}"}


@app.post("/simulate_db_failure")
async def simulate_db_failure() -> dict[str, str]:
    return simulate(True)


@app.post("/simulate_db_recovery")
async def simulate_db_recovery() -> dict[str, str]:
    return simulate(False)

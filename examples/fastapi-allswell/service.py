"""A service on PostgreSQL and Redis, with another service behind it, that says how it is in a few lines.

    DATABASE_URL=postgresql+asyncpg://app@127.0.0.1/app REDIS_URL=redis://127.0.0.1 OFFERS_URL=http://127.0.0.1:8080/ready \
        uvicorn service:app --workers 2

It starts without any of them, and says so: `curl -i http://127.0.0.1:8000/ready`.
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import Depends, FastAPI
from redis.asyncio import Redis
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from allswell import CheckResult, Health, checks

engine = create_async_engine(os.environ.get("DATABASE_URL", "postgresql+asyncpg://app@127.0.0.1/app"))
redis = Redis.from_url(os.environ.get("REDIS_URL", "redis://127.0.0.1"))


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    yield
    await engine.dispose()
    await redis.aclose()


app = FastAPI(title="orders", lifespan=lifespan)
health = Health(
    app,
    version="1.4.2",
    side_port=os.environ.get("SIDE_PORT", "127.0.0.1:9091"),
    drain=float(os.environ.get("DRAIN", "10")),
    # For whoever tries out what stands around the service; off unless a token is given.
    faults=os.environ.get("FAULTS_TOKEN") or False,
)
health.add(
    # No order without the database.
    checks.sqlalchemy(engine, interval=3, timeout=1),
    # Slower without the cache, and without offers there are orders all the same.
    checks.redis(redis, critical=False, interval=3, timeout=1),
    checks.http(os.environ.get("OFFERS_URL", "http://127.0.0.1:8080/ready"), name="offers", critical=False, interval=5, timeout=2),
)


@app.get("/")
async def root(offers: CheckResult = Depends(health.result("offers"))) -> dict[str, object]:
    return {"Hello": "World", "offers": offers.is_up}


@app.get("/orders/count", dependencies=[Depends(health.required("database"))])
async def count() -> dict[str, int]:
    async with engine.connect() as connection:
        return {"orders": int(await connection.scalar(text("SELECT 17")) or 0)}

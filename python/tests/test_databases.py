"""The ready-made checks against real PostgreSQL, MariaDB and Redis: stopped, frozen, exhausted, and well again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import pytest
from conftest import served, until
from fastapi import FastAPI
from mongo import Mongo
from processes import Database, mariadb, postgres, redis_server

from allswell import Check, Health, checks

NUMBERS: dict[str, Any] = {"interval": 0.3, "timeout": 0.25, "failure_threshold": 1}


@pytest.fixture(scope="module")
def pg() -> Iterator[Database]:
    database = postgres()
    yield database
    database.end()


@pytest.fixture(scope="module")
def maria() -> Iterator[Database]:
    database = mariadb()
    yield database
    database.end()


@pytest.fixture(scope="module")
def redis() -> Iterator[Database]:
    database = redis_server()
    yield database
    database.end()


@pytest.fixture(scope="module")
def mongo() -> Iterator[Mongo]:
    server = Mongo()
    yield server
    server.end()


Opened = tuple[Check, Callable[[], Any] | None]
Door = Callable[[int], AbstractAsyncContextManager[Opened]]


@asynccontextmanager
async def sqlalchemy_async(port: int) -> AsyncIterator[Opened]:
    from sqlalchemy.ext.asyncio import create_async_engine

    engine = create_async_engine(f"postgresql+asyncpg://postgres@127.0.0.1:{port}/postgres", pool_size=2, max_overflow=0)
    yield checks.sqlalchemy(engine, **NUMBERS), engine.connect
    await engine.dispose()


@asynccontextmanager
async def sqlalchemy_plain(port: int) -> AsyncIterator[Opened]:
    from sqlalchemy import create_engine

    engine = create_engine(f"postgresql+psycopg://postgres@127.0.0.1:{port}/postgres", pool_size=2, max_overflow=0)
    yield checks.sqlalchemy(engine, **NUMBERS), None
    engine.dispose()


@asynccontextmanager
async def sqlalchemy_mysql(port: int) -> AsyncIterator[Opened]:
    from sqlalchemy.ext.asyncio import create_async_engine

    engine = create_async_engine(f"mysql+aiomysql://root@127.0.0.1:{port}/", pool_size=2, max_overflow=0)
    yield checks.sqlalchemy(engine, **NUMBERS), engine.connect
    await engine.dispose()


@asynccontextmanager
async def asyncpg_pool(port: int) -> AsyncIterator[Opened]:
    import asyncpg

    pool = await asyncpg.create_pool(f"postgres://postgres@127.0.0.1:{port}/postgres", min_size=0, max_size=2)
    yield checks.asyncpg(pool, **NUMBERS), pool.acquire
    pool.terminate()


@asynccontextmanager
async def psycopg_pool_(port: int) -> AsyncIterator[Opened]:
    from psycopg_pool import AsyncConnectionPool

    url = f"postgres://postgres@127.0.0.1:{port}/postgres"
    pool = AsyncConnectionPool(url, min_size=1, max_size=2, open=False, check=AsyncConnectionPool.check_connection)
    await pool.open()
    yield checks.psycopg(pool, **NUMBERS), pool.connection
    await pool.close(timeout=0.1)


@asynccontextmanager
async def tortoise_(port: int) -> AsyncIterator[Opened]:
    from tortoise import Tortoise

    await Tortoise.init(db_url=f"asyncpg://postgres@127.0.0.1:{port}/postgres", modules={"models": ["tortoise_models"]}, _enable_global_fallback=True)
    yield checks.tortoise("default", **NUMBERS), None
    await Tortoise.close_connections()


@asynccontextmanager
async def redis_async(port: int) -> AsyncIterator[Opened]:
    from redis.asyncio import Redis

    client = Redis(host="127.0.0.1", port=port, retry=None)
    yield checks.redis(client, **NUMBERS), None
    await client.aclose()


@asynccontextmanager
async def redis_plain(port: int) -> AsyncIterator[Opened]:
    from redis import Redis

    client = Redis(host="127.0.0.1", port=port, socket_timeout=0.2, retry=None)
    yield checks.redis(client, **NUMBERS), None
    client.close()


@asynccontextmanager
async def mongo_async(port: int) -> AsyncIterator[Opened]:
    from pymongo import AsyncMongoClient

    client: Any = AsyncMongoClient(f"mongodb://127.0.0.1:{port}", directConnection=True, serverSelectionTimeoutMS=200)
    yield checks.mongo(client, **NUMBERS), None
    await client.close()


@asynccontextmanager
async def mongo_plain(port: int) -> AsyncIterator[Opened]:
    from pymongo import MongoClient

    client: Any = MongoClient(f"mongodb://127.0.0.1:{port}", directConnection=True, serverSelectionTimeoutMS=200, socketTimeoutMS=200)
    yield checks.mongo(client, **NUMBERS), None
    client.close()


POSTGRES: list[Door] = [sqlalchemy_async, sqlalchemy_plain, asyncpg_pool, psycopg_pool_, tortoise_]
ALL: list[tuple[Door, str]] = [
    *((door, "pg") for door in POSTGRES), (sqlalchemy_mysql, "maria"), (redis_async, "redis"), (redis_plain, "redis"),
    (mongo_async, "mongo"), (mongo_plain, "mongo"),
]  # fmt: skip


def application(door: Door, port: int) -> tuple[FastAPI, Health]:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with door(port) as (check, connect):
            health.add(check.named("database"))
            app.state.connect = connect
            yield

    app = FastAPI(lifespan=lifespan)
    health = Health(app, details="full")

    @app.get("/exhaust")
    async def exhaust() -> str | None:
        connections = [app.state.connect() for _ in range(2)]
        for connection in connections:
            await connection.__aenter__()
        while health.now("database").status == "ok":
            await asyncio.sleep(0.01)
        message = health.now("database").message
        for connection in connections:
            await connection.__aexit__(None, None, None)
        return message

    return app, health


@pytest.mark.parametrize(("door", "database"), ALL, ids=lambda value: getattr(value, "__name__", value))
def test_a_database_is_stopped_frozen_and_well_again(door: Door, database: str, request: pytest.FixtureRequest) -> None:
    server: Database = request.getfixturevalue(database)
    app, health = application(door, server.port)

    def says(word: str) -> Any:
        return until(lambda: client.get("/ready").json()["checks"]["database"], lambda check: check["status"] == word)

    with served(app) as client:
        says("ok")
        server.freeze()
        assert "timed out" in says("error")["message"]
        assert client.get("/health").status_code == 200
        server.thaw()
        says("ok")
        server.stop()
        until(lambda: says("error")["message"], lambda message: message in ("connection refused", "connection lost", "pool exhausted") or "timed out" in message)
        answer = client.get("/ready")
        assert answer.status_code == 503 and "127.0.0.1" not in answer.text
        server.start()
        says("ok")


@pytest.mark.parametrize("door", [sqlalchemy_async, asyncpg_pool, psycopg_pool_], ids=lambda door: door.__name__)
def test_a_pool_without_a_free_connection_is_told_apart_from_a_database_that_is_down(door: Door, pg: Database) -> None:
    app, _ = application(door, pg.port)
    with served(app) as client:
        until(lambda: client.get("/ready").status_code, lambda code: code == 200)
        assert client.get("/exhaust").json() == "pool exhausted"
        until(lambda: client.get("/ready").status_code, lambda code: code == 200)


def test_no_driver_is_imported_before_it_is_used() -> None:
    import subprocess
    import sys

    program = (
        "import sys, allswell; from allswell import checks;"
        "print([name for name in ('sqlalchemy', 'tortoise', 'redis', 'asyncpg', 'psycopg', 'pymongo', 'fastapi') if name in sys.modules])"
    )
    said = subprocess.run([sys.executable, "-P", "-c", program], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"

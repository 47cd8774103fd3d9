"""Checks of databases, through the pool that the service uses.

They hold one connection at most. A pool without a free connection is told apart from a database that is down: the driver may wait
for one longer than the check has time, so a pool that says it is full is believed before.
"""

from __future__ import annotations

import inspect
from typing import Any

from ..check import Check
from ..outcome import NotWell, Outcome


def sqlalchemy(engine: Any, *, name: str = "database", **numbers: Any) -> Check:
    """Runs ``SELECT 1`` through an SQLAlchemy engine: ``create_engine`` (in a thread) or ``create_async_engine`` (on the loop).

    Args:
        engine: the engine.
        name: the check's name.
        numbers: the fields of ``Check``.
    """
    sync_engine = getattr(engine, "sync_engine", None)
    pool_of = engine.pool if sync_engine is None else sync_engine.pool

    def refuse_when_full() -> None:
        _refuse_full_queue(pool_of)

    if sync_engine is None:

        def ask() -> None:
            refuse_when_full()
            with engine.connect() as connection:
                connection.exec_driver_sql(_select(engine.dialect.name))

        return Check(name=name, ask=ask, **_datastore(numbers))

    async def ask_async() -> None:
        refuse_when_full()
        async with engine.connect() as connection:
            await connection.exec_driver_sql(_select(engine.dialect.name))

    return Check(name=name, ask=ask_async, **_datastore(numbers))


def _select(dialect: str) -> str:
    return "SELECT 1 FROM DUAL" if dialect == "oracle" else "SELECT 1"


def _refuse_full_queue(pool: Any) -> None:
    """SQLAlchemy's queue waits 30 s for a connection, longer than any check may."""
    checked_out = getattr(pool, "checkedout", None)
    size = getattr(pool, "size", None)
    if checked_out is None or size is None:
        return
    limit = size() + max(getattr(pool, "_max_overflow", 0), 0)
    if getattr(pool, "_max_overflow", 0) >= 0 and checked_out() >= limit:
        raise NotWell("pool exhausted", f"{checked_out()} of {limit} connections in use")


def tortoise(connection: str = "default", *, name: str = "database", **numbers: Any) -> Check:
    """Runs ``SELECT 1`` on a connection of Tortoise ORM, looked up by its name at each asking.

    Args:
        connection: the connection's name in Tortoise's configuration.
        name: the check's name.
        numbers: the fields of ``Check``.
    """

    async def ask() -> None:
        try:
            from tortoise.connection import get_connection
        except ImportError:
            from tortoise import connections

            get_connection = connections.get
        await get_connection(connection).execute_query("SELECT 1")

    return Check(name=name, ask=ask, **_datastore(numbers))


def asyncpg(pool: Any, *, name: str = "database", **numbers: Any) -> Check:
    """Runs ``SELECT 1`` through a pool of asyncpg.

    Args:
        pool: the pool, or a function without arguments that gives it, for pools that are made at the start.
        name: the check's name.
        numbers: the fields of ``Check``.
    """

    async def ask() -> None:
        here = _here(pool)
        if here.get_size() >= here.get_max_size() and here.get_idle_size() == 0:
            raise NotWell("pool exhausted", f"{here.get_size()} of {here.get_max_size()} connections in use")
        async with here.acquire() as connection:
            await connection.fetchval("SELECT 1")

    return Check(name=name, ask=ask, **_datastore(numbers))


def psycopg(pool: Any, *, name: str = "database", **numbers: Any) -> Check:
    """Runs ``SELECT 1`` through a pool of psycopg 3: ``AsyncConnectionPool`` (on the loop) or ``ConnectionPool`` (in a thread).

    Args:
        pool: the pool, or a function without arguments that gives it; then it must be an async pool.
        name: the check's name.
        numbers: the fields of ``Check``.
    """

    def refuse_when_full(here: Any) -> None:
        now = here.get_stats()
        if now.get("pool_available", 1) == 0 and now.get("pool_size", 0) >= here.max_size:
            raise NotWell("pool exhausted", f"{now.get('pool_size')} of {here.max_size} connections in use")

    if hasattr(pool, "connection") and not inspect.iscoroutinefunction(pool.getconn):

        def ask() -> None:
            refuse_when_full(pool)
            with pool.connection() as connection:
                connection.execute("SELECT 1")

        return Check(name=name, ask=ask, **_datastore(numbers))

    async def ask_async() -> None:
        here = _here(pool)
        refuse_when_full(here)
        async with here.connection() as connection:
            await connection.execute("SELECT 1")

    return Check(name=name, ask=ask_async, **_datastore(numbers))


def redis(client: Any, *, name: str = "redis", **numbers: Any) -> Check:
    """Sends ``PING`` through a client of redis-py: ``redis.asyncio`` (on the loop) or ``redis`` (in a thread).

    Args:
        client: the client.
        name: the check's name.
        numbers: the fields of ``Check``.
    """
    if inspect.iscoroutinefunction(getattr(client, "execute_command", None)):

        async def ask_async() -> Outcome:
            return _pong(await client.ping())

        return Check(name=name, ask=ask_async, **_datastore(numbers))

    def ask() -> Outcome:
        return _pong(client.ping())

    return Check(name=name, ask=ask, **_datastore(numbers))


def _pong(answer: object) -> Outcome:
    return Outcome.ok() if answer in (True, b"PONG", "PONG") else Outcome.fail("not the answer to PING")


def mongo(client: Any, *, name: str = "mongo", **numbers: Any) -> Check:
    """Sends ``ping`` through a client of PyMongo (``AsyncMongoClient`` or ``MongoClient``) or Motor.

    Args:
        client: the client.
        name: the check's name.
        numbers: the fields of ``Check``.
    """
    plain = type(client).__module__.startswith("pymongo.synchronous")
    if plain:
        return Check(name=name, ask=lambda: _ok(client.admin.command("ping")), **_datastore(numbers))

    async def ask() -> Outcome:
        return _ok(await client.admin.command("ping"))

    return Check(name=name, ask=ask, **_datastore(numbers))


def _ok(answer: Any) -> Outcome:
    return Outcome.ok() if answer.get("ok") == 1 else Outcome.fail("not the answer to ping")


def _here(pool: Any) -> Any:
    here = pool() if callable(pool) and not hasattr(pool, "acquire") and not hasattr(pool, "connection") else pool
    if here is None:
        raise NotWell("no pool yet")
    return here


def _datastore(numbers: dict[str, Any]) -> dict[str, Any]:
    return {"component": "datastore", **numbers}

"""Ready-made checks. Each asks through the service's own pool, and imports nothing that the service does not use already."""

from __future__ import annotations

from ._databases import asyncpg, mongo, psycopg, redis, sqlalchemy, tortoise
from ._http import http
from ._system import disk, memory

__all__ = ["asyncpg", "disk", "http", "memory", "mongo", "psycopg", "redis", "sqlalchemy", "tortoise"]

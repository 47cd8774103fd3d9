"""What one asking of a check gave, made of what its function returned or raised.

A failure has two texts: ``public``, a class that gives nothing away (``connection refused``), and ``detail``, for the log and for
readers with the token. An exception's own text only ever goes to ``detail``; passwords in it are taken out by the native half.
"""

from __future__ import annotations

import errno
import socket
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

PASS: Final = 0
WARN: Final = 1
FAIL: Final = 2

_WORDS: Final = {
    "ok": PASS, "healthy": PASS, "up": PASS, "pass": PASS, "ready": PASS,
    "warn": WARN, "warning": WARN, "degraded": WARN,
    "error": FAIL, "fail": FAIL, "failed": FAIL, "down": FAIL, "unhealthy": FAIL, "critical": FAIL,
}  # fmt: skip

_UNREACHABLE: Final = {errno.EHOSTUNREACH, errno.ENETUNREACH, errno.ENETDOWN, errno.EHOSTDOWN}

# Exceptions of drivers, by name: none of them is imported for this.
_BY_NAME: Final = {
    "sqlalchemy.exc.TimeoutError": "pool exhausted",
    "psycopg_pool.PoolTimeout": "pool exhausted",
    "psycopg_pool.TooManyRequests": "pool exhausted",
    "redis.exceptions.MaxConnectionsError": "pool exhausted",
    "asyncpg.exceptions.TooManyConnectionsError": "too many connections",
    "asyncpg.exceptions.InvalidPasswordError": "authentication failed",
    "asyncpg.exceptions.InvalidAuthorizationSpecificationError": "authentication failed",
    "psycopg.errors.InvalidPassword": "authentication failed",
    "psycopg.errors.TooManyConnections": "too many connections",
    "redis.exceptions.AuthenticationError": "authentication failed",
    "asyncpg.exceptions.CannotConnectNowError": "not accepting connections",
    "asyncpg.exceptions.ConnectionDoesNotExistError": "connection lost",
    "asyncpg.exceptions.AdminShutdownError": "connection lost",
    "psycopg.errors.AdminShutdown": "connection lost",
}  # fmt: skip

# Texts by which drivers tell what their one exception for everything means. They classify, and are shown to nobody.
_BY_TEXT: Final = (
    ("onnection refused", "connection refused"),
    ("Can't connect to MySQL server", "connection refused"),
    ("name or service not known", "name not resolved"),
    ("password authentication failed", "authentication failed"),
    ("Access denied for user", "authentication failed"),
    ("too many clients", "too many connections"),
    ("Too many connections", "pool exhausted"),
    ("connection was closed", "connection lost"),
    ("Connection closed", "connection lost"),
    ("server closed the connection", "connection lost"),
    ("Lost connection to MySQL server", "connection lost"),
    ("terminating connection", "connection lost"),
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one asking gave: ``Outcome.ok()``, ``Outcome.warn("replica lags")``, ``Outcome.fail("queue is full")``."""

    verdict: int
    public: str | None = None
    detail: str | None = None

    @classmethod
    def ok(cls) -> Outcome:
        """All is well."""
        return cls(PASS)

    @classmethod
    def warn(cls, public: str, detail: str | None = None) -> Outcome:
        """It works, but somebody should look.

        Args:
            public: what everybody may read.
            detail: what the log keeps.
        """
        return cls(WARN, public, detail)

    @classmethod
    def fail(cls, public: str, detail: str | None = None) -> Outcome:
        """It does not do its job. Arguments as for ``warn``."""
        return cls(FAIL, public, detail)


class NotWell(Exception):
    """Raised by a check that fails with a text everybody may read."""

    def __init__(self, public: str, detail: str | None = None) -> None:
        super().__init__(public)
        self.public = public
        self.detail = detail


def returned(value: object) -> Outcome:
    """The outcome that a check's return value stands for.

    ``None`` and ``True`` pass, ``False`` fails, an ``Outcome`` is itself. A word (``"ok"``, ``"error"``) and a mapping with such a
    word under ``status`` count as what they say; a ``message`` beside it is a detail.
    """
    if value is None or value is True:
        return Outcome(PASS)
    if isinstance(value, Outcome):
        return value
    if value is False:
        return Outcome(FAIL, "failed")
    word: object = value
    message: object = None
    if isinstance(value, Mapping):
        word, message = value.get("status"), value.get("message")
    verdict = _WORDS.get(word.lower()) if isinstance(word, str) else None
    if verdict is None:
        what = f"returned {type(value).__name__}, which is no outcome; return None, a bool or an Outcome"
        return Outcome(FAIL, "failed", what)
    return Outcome(verdict, None if verdict == PASS else "failed", str(message) if message else None)


def raised(error: BaseException) -> Outcome:
    """The outcome of a check that raised: its class is public, its text is not."""
    if isinstance(error, NotWell):
        return Outcome(FAIL, error.public, error.detail)
    chain = list(_chain(error))
    public = next((named for one in chain if (named := _class_of(one))), "failed")
    return Outcome(FAIL, public, ": ".join(_text(one) for one in chain))


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The exception and what caused it, outermost first, each once."""
    seen: set[int] = set()
    waiting: list[BaseException | None] = [error]
    while waiting:
        one = waiting.pop(0)
        if one is None or id(one) in seen or len(seen) >= 8:
            continue
        seen.add(id(one))
        yield one
        waiting.extend(getattr(one, "exceptions", ()))
        waiting.append(getattr(one, "orig", None))
        waiting.append(one.__cause__ or (None if one.__suppress_context__ else one.__context__))


def _text(error: BaseException) -> str:
    try:
        text = str(error)
    except BaseException:
        text = "(its text cannot be read)"
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _class_of(error: BaseException) -> str | None:
    if isinstance(error, socket.gaierror):
        return "name not resolved"
    if isinstance(error, ConnectionRefusedError):
        return "connection refused"
    if isinstance(error, (ConnectionError, EOFError)):
        return "connection lost"
    if isinstance(error, PermissionError):
        return "permission denied"
    if isinstance(error, FileNotFoundError):
        return "not found"
    for base in type(error).__mro__:
        named = _BY_NAME.get(f"{base.__module__}.{base.__qualname__}")
        if named:
            return named
    if isinstance(error, TimeoutError) or type(error).__name__ in {"TimeoutError", "Timeout"}:
        return "timed out"
    if isinstance(error, OSError):
        if error.errno in _UNREACHABLE:
            return "unreachable"
        if error.errno == errno.ENOSPC:
            return "no space left"
    text = _text(error)
    return next((named for part, named in _BY_TEXT if part in text), None)

"""A check: one question that the service asks about itself or about what it depends on, and the numbers it follows."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias

from . import _native

AsyncAsk: TypeAlias = Callable[[], Awaitable[object]]
SyncAsk: TypeAlias = Callable[[], object]


@dataclass(frozen=True, kw_only=True, slots=True)
class Check:
    """One question asked again and again, and the numbers that turn its outcomes into a status. Times are seconds.

    Without further words a check belongs to readiness, is critical, is asked every 10 s with 5 s of time, fails after three
    failures in a row and recovers with the first success. Its very first outcome counts at once.
    """

    name: str
    """What documents, metrics and logs call it: 1 to 64 letters, digits, ``-``, ``_`` or ``.``."""
    ask: AsyncAsk | SyncAsk
    """Asks: an async function on the service's loop, or a plain one in a thread of its own."""
    critical: bool = True
    """Whether its failure makes the service not ready (503), or only ``degraded`` (200)."""
    timeout: float | None = None
    """The time one asking has: 5 s, or the interval if that is shorter."""
    interval: float = 10.0
    """From one asking to the next. The moments of different checks are spread."""
    max_age: float | None = None
    """Given, it is asked only when a request wants the result and the last one is older than this."""
    failure_threshold: int = 3
    """Failures in a row until its status is ``error``."""
    success_threshold: int = 1
    """Successes in a row until its status is ``ok`` again."""
    initial_delay: float = 0.0
    """How long after the start it is asked for the first time."""
    degraded_above: float | None = None
    """A success slower than this is a warning."""
    startup: bool = False
    """Whether the service is not started before this check passed once."""
    readiness: bool = True
    """Whether readiness looks at it."""
    liveness: bool = False
    """Whether liveness looks at it; refused for what asks outside, see ``internal`` and ``restart_after``."""
    internal: bool = False
    """Says that it looks at this process and at nothing outside."""
    restart_after: float | None = None
    """Liveness fails once it failed without a break for this long: for what only a restart mends."""
    component: Literal["component", "datastore", "system"] = "component"
    """What it is, as ``application/health+json`` names it."""

    def __post_init__(self) -> None:
        _native.validate_check(self)

    @property
    def is_async(self) -> bool:
        """Whether it is asked on the loop."""
        ask: Any = self.ask
        while hasattr(ask, "func"):
            ask = ask.func
        return inspect.iscoroutinefunction(ask) or inspect.iscoroutinefunction(getattr(ask, "__call__", None))

    def named(self, name: str) -> Check:
        """The same under another name."""
        return replace(self, name=name)

    def but(self, **numbers: Any) -> Check:
        """The same with other numbers: ``checks.redis(client).but(critical=False, interval=5)``."""
        return replace(self, **numbers)

"""What a service says of itself: paths, watchdog, and everything else that the native half needs to know."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal, TypeAlias

Style: TypeAlias = Literal["uptime", "kubernetes"]
Details: TypeAlias = Literal["none", "names", "full"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Paths:
    """The paths that are answered; the first of each is the one to write into manifests. Give ``()`` to leave one out."""

    liveness: tuple[str, ...] = ("/health", "/livez", "/health/live")
    readiness: tuple[str, ...] = ("/ready", "/readyz", "/health/ready")
    startup: tuple[str, ...] = ("/startup", "/startupz", "/health/startup")
    status: tuple[str, ...] = ("/status",)
    metrics: tuple[str, ...] = ("/metrics",)

    def below(self, prefix: str) -> Paths:
        """All paths below ``prefix``, which starts with ``/`` and does not end with one."""
        return self._each(lambda paths: tuple(prefix + path for path in paths))

    def without_aliases(self) -> Paths:
        """The first path of each alone, for services that use the others themselves."""
        return self._each(lambda paths: paths[:1])

    def _each(self, change: object) -> Paths:
        assert callable(change)
        names = ("liveness", "readiness", "startup", "status", "metrics")
        return replace(self, **{name: change(getattr(self, name)) for name in names})


@dataclass(frozen=True, kw_only=True, slots=True)
class Watchdog:
    """When a blocked event loop counts, in seconds."""

    report_after: float = 0.25
    """A loop that is silent for longer is reported, with the line that keeps it. A service of one worker is not ready then."""
    unready_after: float = 1.0
    """A service with one of several workers blocked for longer is not ready."""
    dead_after: float = 60.0
    """A service with all workers blocked for longer is to be restarted. Busy is not dead."""
    by_signal: bool = True
    """Whether the line may be asked for by signal ``SIGRTMIN+5`` while C code holds the interpreter's lock."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FirstRequests:
    """When the first requests of a new release fail, the service is not ready: what failed to deploy gets no more traffic."""

    count: int = 20
    """How many requests must have come."""
    errors: float = 0.5
    """The share of 5xx answers above which it counts."""


@dataclass(kw_only=True, slots=True)
class Settings:
    """All of it, as the native half reads it."""

    version: str | None = None
    release_id: str | None = None
    instance: str | None = None
    style: Style = "uptime"
    details: Details = "names"
    details_token: str | None = None
    paths: Paths = field(default_factory=Paths)
    probe_deadline: float = 0.8
    watchdog: Watchdog | None = field(default_factory=Watchdog)
    in_flight_max: int | None = None
    fault_token: str | None = None
    faults: bool = False
    holds: list[str] = field(default_factory=list)
    groups: list[tuple[str, list[str]]] = field(default_factory=list)
    side_port: str | None = None
    group: str | None = None

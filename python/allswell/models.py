"""The documents as Pydantic models, for handlers and for the OpenAPI document. The endpoints write them natively."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any, Literal, TypeAlias

from pydantic import BaseModel, Field

Status: TypeAlias = Literal["ok", "warn", "error", "unknown"]


class CheckResult(BaseModel):
    """What is held to be true of one check now."""

    status: Status
    """``ok``; ``warn``: somebody should look; ``error``; ``unknown``: no result yet, or one that is too old."""
    response_time_ms: float | None = None
    """How long the last asking took."""
    message: str | None = None
    """Why it is not well, as everybody may read it."""
    critical: bool = True
    """Whether its failure makes the service not ready."""
    time: datetime | None = None
    """When the last asking ended."""
    age_ms: int | None = None
    """How long ago that was."""
    consecutive_failures: int | None = None
    """Failures in a row; left out when there is none."""
    since: datetime | None = None
    """When the status that is shown began."""

    @property
    def is_up(self) -> bool:
        """Whether it does its job, perhaps with a warning."""
        return self.status in ("ok", "warn")


class WorkerReport(BaseModel):
    """A worker process of the service."""

    pid: int
    loop_lag_ms: float = 0.0
    """How late its event loop was, or is, when asked for a sign of life."""
    in_flight: int = 0
    """Requests that began and did not end."""
    blocked_in: str | None = None
    """The line that blocks its loop, ``app.py:46 in report``."""


class HealthReport(BaseModel):
    """What a service says of itself: the body of ``/health``, ``/ready``, ``/startup`` and ``/status``."""

    status: str
    """``healthy``, ``degraded`` or ``unhealthy``; in the style of Kubernetes ``up``, ``ready``, ``started`` or why not."""
    up: bool
    """The process is alive."""
    ready: bool
    """It may have traffic."""
    started: bool
    """It started."""
    reason: str | None = None
    """Why it is not well."""
    detail: str | None = None
    """One sentence for people, in the style of Kubernetes."""
    timestamp: datetime
    """When this was written."""
    version: str | None = None
    """The version people speak of."""
    release_id: str | None = None
    """The commit or image."""
    started_at: datetime
    """When the process started."""
    instance: str
    """Host and process."""
    checks: dict[str, Status | CheckResult] = Field(default_factory=dict)
    """The checks by their names: a word each, or everything."""
    workers: list[WorkerReport] = Field(default_factory=list)
    """The workers of the service; for trusted readers."""


class NotAvailable(BaseModel):
    """What a 503 says in one sentence."""

    detail: str


def check_result(raw: dict[str, Any]) -> CheckResult:
    """The model of what the native half knows of a check."""
    return CheckResult(
        status=raw["status"],
        response_time_ms=raw["response_time_ms"],
        message=raw["message"],
        critical=raw["critical"],
        time=_moment(raw["time_ms"]),
        age_ms=raw["age_ms"],
        consecutive_failures=raw["consecutive_failures"] or None,
        since=_moment(raw["since_ms"]),
    )


def unknown(critical: bool) -> CheckResult:
    """What is known of a check before the service runs."""
    return CheckResult(status="unknown", message="no result yet", critical=critical)


def _moment(ms: int | None) -> datetime | None:
    return None if ms is None else datetime.fromtimestamp(ms / 1000, timezone.utc)

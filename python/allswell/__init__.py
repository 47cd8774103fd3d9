"""Health from inside a FastAPI or Starlette service.

Three lines give a service ``/health``, ``/ready``, ``/startup`` and ``/metrics`` that tell the truth, and that still answer on the
side port while the event loop is blocked::

    from allswell import Health, checks

    health = Health(app, version="1.4.2", side_port=9091)
    health.add(checks.sqlalchemy(engine))
"""

from . import checks
from ._native import Misuse
from .check import Check
from .health import Health
from .models import CheckResult, HealthReport, WorkerReport
from .outcome import NotWell, Outcome
from .settings import FirstRequests, Paths, Watchdog

__all__ = [
    "Check",
    "CheckResult",
    "FirstRequests",
    "Health",
    "HealthReport",
    "Misuse",
    "NotWell",
    "Outcome",
    "Paths",
    "Watchdog",
    "WorkerReport",
    "checks",
]

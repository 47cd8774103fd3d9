"""Simulated faults, for trying out how everything around a service reacts. Each ends by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .health import Health


class Faults:
    """Makes the service misbehave on purpose, for a while. Over HTTP only when ``Health(faults=...)`` allows it."""

    ALIASES = frozenset(
        {
            "/simulate_db_failure",
            "/simulate_db_recovery",
            "/simulate_external_service_failure",
            "/simulate_external_service_recovery",
        }
    )

    def __init__(self, health: Health) -> None:
        self._health = health

    def fail(self, check: str, for_: float = 60.0) -> None:
        """The check says ``error`` from now on, whatever it finds, for so many seconds.

        Raises:
            Misuse: no check has this name; so for the others.
        """
        self._health.engine().fault("fail", check, for_)

    def slow(self, check: str, by: float, for_: float = 60.0) -> None:
        """The check takes so many seconds longer."""
        self._health.engine().fault("slow", check, for_, by)

    def hang(self, check: str, for_: float = 60.0) -> None:
        """The check does not return; its timeout ends it."""
        self._health.engine().fault("hang", check, for_)

    def recover(self, check: str) -> None:
        """Ends what was done to the check."""
        self._health.engine().fault("recover", check, 0)

    def refuse(self, for_: float = 60.0) -> None:
        """Readiness is 503, as if the service refused its work."""
        self._health.engine().fault("refuse", None, for_)

    def block_loop(self, for_: float) -> None:
        """The event loop does nothing else, as with a call that blocks in an async function."""
        self._health.engine().fault("block", None, for_)

    def leak(self, size: int, for_: float = 60.0) -> None:
        """So many bytes of memory are taken, and given back afterwards."""
        self._health.engine().fault("leak", None, for_, size)

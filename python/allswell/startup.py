"""Holds of a service's start: it is not ready before all are released."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .health import Health


class Startup:
    """``health.startup.hold("model")`` and later ``health.startup.release("model")``; a start that is over is over for good."""

    def __init__(self, health: Health) -> None:
        self._health = health
        self._held: list[str] = []

    def hold(self, name: str) -> None:
        """The service is not started before this is released. Holds of one name count each for itself."""
        self._held.append(name)
        engine = self._health.engine_or_none()
        if engine is not None:
            engine.hold(name)

    def release(self, name: str) -> bool:
        """Releases a hold; ``False`` when none has this name."""
        if name not in self._held:
            return False
        self._held.remove(name)
        engine = self._health.engine_or_none()
        if engine is not None:
            engine.release(name)
        return True

    def pending(self) -> list[str]:
        """What holds the start."""
        return list(self._held)

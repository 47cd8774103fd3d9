"""Our metrics inside of a registry of prometheus_client, for services that have one already."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from ._native import Engine


class Collector:
    """To be registered: ``REGISTRY.register(health.collector())``. Empty while the service does not run."""

    def __init__(self, engine: Callable[[], Engine | None]) -> None:
        self._engine = engine

    def collect(self) -> Iterable[Any]:
        """The families, read from our own text."""
        from prometheus_client.parser import text_string_to_metric_families

        engine = self._engine()
        return text_string_to_metric_families(engine.metrics()) if engine else ()

    def describe(self) -> Iterable[Any]:
        """Nothing: names are known when they are collected."""
        return ()

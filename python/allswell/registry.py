"""The checks of a service: registered, replaced, removed, and who is told of their changes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar, overload

from ._native import Misuse
from .check import Check
from .running import Running

Function = TypeVar("Function", bound=Callable[[], object])
Listener = Callable[[str, str, str], object]


class Registry:
    """What a service says of its checks, before it runs and while it does."""

    def __init__(self) -> None:
        self._checks: dict[str, Check] = {}
        self._listeners: list[Listener] = []
        self.present: Running | None = None

    @overload
    def check(self, name: Function, /) -> Function: ...

    @overload
    def check(self, name: str | None = None, /, **numbers: Any) -> Callable[[Function], Function]: ...

    def check(self, name: Any = None, /, **numbers: Any) -> Any:
        """Registers the function below as a check: ``@health.check("database", critical=True, timeout=5, interval=10)``.

        Args:
            name: the check's name; the function's unless given.
            numbers: the fields of ``Check``.

        Raises:
            Misuse: a name twice, a dependency in liveness, numbers that cannot work.
        """
        if callable(name):
            return self.check()(name)

        def register(ask: Function) -> Function:
            self.add(Check(name=name or getattr(ask, "__name__", ""), ask=ask, **numbers))
            return ask

        return register

    def add(self, *checks: Check) -> None:
        """Registers checks, also while the service runs; documents show them in this order.

        Raises:
            Misuse: as ``check`` does.
        """
        for check in checks:
            if check.name in self._checks:
                raise Misuse(f"check `{check.name}` is registered twice; give each check a name of its own with .named(...)")
            self._checks[check.name] = check
            if self.present and self.present.asks:
                self.present.runner.add(check)

    def remove(self, name: str) -> bool:
        """Removes a check; ``False`` when none has this name."""
        if self._checks.pop(name, None) is None:
            return False
        if self.present and self.present.asks:
            self.present.runner.remove(name)
        return True

    def check_named(self, name: str) -> Check:
        """The check with this name.

        Raises:
            Misuse: there is none.
        """
        check = self._checks.get(name)
        if check is None:
            names = ", ".join(self._checks) or "none"
            raise Misuse(f"no check is named `{name}`; there are: {names}")
        return check

    def replace(self, name: str, check: Check) -> None:
        """Puts another check in the place of this one; what was known is forgotten.

        Raises:
            Misuse: none has this name.
        """
        self.check_named(name)
        self._checks[name] = replace(check, name=name)
        if self.present and self.present.asks:
            self.present.runner.remove(name)
            self.present.runner.add(self._checks[name])

    def on_change(self, listener: Listener) -> Listener:
        """Calls ``listener(check, before, now)`` on the loop whenever a check changes; it may be an async function."""
        self._listeners.append(listener)
        return listener

"""Figures beside their limits, as the Rust benches print them, and the exit code that says whether all of them hold."""

from __future__ import annotations

import sys

_failed: list[str] = []


def figure(name: str, value: str) -> None:
    """Prints a figure."""
    print(f"{name:<34} {value:>24}", flush=True)


def limit(name: str, value: str, limit: str, holds: bool) -> None:
    """Prints a figure with its limit."""
    print(f"{name:<34} {value:>24}   {'PASS' if holds else 'FAIL'} limit {limit}", flush=True)
    if not holds:
        _failed.append(name)


def end() -> None:
    """Ends the program: with 1 when a limit does not hold."""
    sys.exit(1 if _failed else 0)

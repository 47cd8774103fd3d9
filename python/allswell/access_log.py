"""Keeps successes of our own paths out of uvicorn's access log: a prober writes thousands of lines a day that say nothing."""

from __future__ import annotations

import logging
from collections.abc import Callable


def quiet_access_log(owns: Callable[[str], bool]) -> None:
    """Drops what was asked of these paths and answered well. Failures stay; changes of a check are logged once by themselves."""
    logging.getLogger("uvicorn.access").addFilter(_Quiet(owns))


class _Quiet(logging.Filter):
    def __init__(self, owns: Callable[[str], bool]) -> None:
        super().__init__()
        self._owns = owns

    def filter(self, record: logging.LogRecord) -> bool:
        arguments = record.args
        if not isinstance(arguments, tuple) or len(arguments) < 5:
            return True
        path, status = arguments[2], arguments[4]
        if not isinstance(path, str) or not isinstance(status, int):
            return True
        return status >= 400 or not self._owns(path.partition("?")[0])

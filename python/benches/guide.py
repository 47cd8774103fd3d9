"""The middleware of the guide, as it has it: `BaseHTTPMiddleware`, three sums and a header."""

from __future__ import annotations

import time
from typing import Any

from starlette.middleware.base import BaseHTTPMiddleware


class Metrics(BaseHTTPMiddleware):
    count, errors, latency = 0, 0, 0.0

    async def dispatch(self, request: Any, call_next: Any) -> Any:
        start = time.monotonic()
        response = await call_next(request)
        took = time.monotonic() - start
        self.count += 1
        self.latency += took
        self.errors += response.status_code >= 500
        response.headers["X-Response-Time"] = f"{took:.4f}"
        return response

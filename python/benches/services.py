"""The services that `wire.py` measures: the guide's health endpoint alone, the same in its whole app, and ours."""

from __future__ import annotations

import os
import time
from datetime import datetime, timezone
from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel

from allswell import Health
from guide import Metrics

guide = FastAPI()


class HealthResponse(BaseModel):
    status: str
    timestamp: str
    version: str


@guide.get("/health", response_model=HealthResponse)
async def guide_health() -> HealthResponse:
    return HealthResponse(status="healthy", timestamp=datetime.now(timezone.utc).isoformat(), version="1.0.0")


whole = FastAPI()
whole.get("/health", response_model=HealthResponse)(guide_health)
whole.add_middleware(Metrics)

ours = FastAPI()
health = Health(ours, version="1.0.0", side_port=0)
health.check("database")(lambda: True)


@ours.get("/where")
async def where() -> dict[str, Any]:
    return {"pid": os.getpid(), "side_port": health.side_port}


@ours.get("/block")
async def block(seconds: float) -> float:
    start = time.monotonic()
    time.sleep(seconds)
    return start


@ours.get("/items/{item}")
async def item(item: int) -> int:
    return item

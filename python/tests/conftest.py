"""What the tests share: a served application, a client, waiting on a condition."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from allswell import Health

PATIENCE = 20.0

T = TypeVar("T")


def until(what: Callable[[], T], wanted: Callable[[T], object] = bool) -> T:
    """Asks again and again until the answer is as wanted."""
    deadline = time.monotonic() + PATIENCE
    while True:
        answer = what()
        if wanted(answer):
            return answer
        assert time.monotonic() < deadline, f"stays {answer!r}"
        time.sleep(0.005)


@contextmanager
def served(app: Any, **options: Any) -> Iterator[TestClient]:
    """The application with its lifespan."""
    with TestClient(app, raise_server_exceptions=False, **options) as client:
        yield client


@pytest.fixture
def app() -> FastAPI:
    return FastAPI()


@pytest.fixture
def health(app: FastAPI) -> Health:
    return Health(app, version="1.4.2")

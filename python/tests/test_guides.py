"""Every answer that the two guides show, given by a service that says it in our three lines."""

from __future__ import annotations

import re
from typing import Any

from conftest import served
from fastapi import Depends, FastAPI

from allswell import CheckResult, Health, NotWell, Outcome


def subset(body: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: body[name] for name in names}


def test_the_basic_check_has_status_timestamp_and_version() -> None:
    app = FastAPI()
    Health(app, version="1.0.0", details="none")
    with served(app) as client:
        body = client.get("/health").json()
    assert subset(body, "status", "version") == {"status": "healthy", "version": "1.0.0"}
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+\+00:00", body["timestamp"])


def test_readiness_with_database_and_redis_in_full() -> None:
    app = FastAPI()
    health = Health(app, details="full")
    well = True

    @health.check("database", failure_threshold=1, interval=0.05)
    async def database() -> None:
        if not well:
            raise ConnectionRefusedError("at 10.0.0.7")

    @health.check("redis", failure_threshold=1, interval=0.05)
    async def redis() -> bool:
        return True

    with served(app) as client:
        answer = client.get("/ready")
        assert answer.status_code == 200 and answer.json()["status"] == "healthy"
        one = answer.json()["checks"]["redis"]
        assert subset(one, "status", "message") == {"status": "ok", "message": None} and one["response_time_ms"] >= 0
        well = False
        while (answer := client.get("/ready")).status_code == 200:
            pass
        assert answer.json()["status"] == "unhealthy"
        one = answer.json()["checks"]["database"]
        assert subset(one, "status", "message") == {"status": "error", "message": "connection refused"}


def test_functions_that_return_the_guides_mappings_are_checks() -> None:
    app = FastAPI()
    health = Health(app)

    @health.check("sqlalchemy")
    async def check_database() -> dict[str, str]:
        return {"status": "ok"}

    @health.check("tortoise", critical=False)
    async def check_tortoise() -> dict[str, str]:
        return {"status": "error", "message": "database timeout"}

    @health.check("redis")
    async def get_redis_status() -> str:
        return "ok"

    with served(app) as client:
        body = client.get("/ready").json()
    assert (body["status"], body["checks"]) == ("degraded", {"sqlalchemy": "ok", "tortoise": "error", "redis": "ok"})


def test_dependency_injection_composes_results_of_checks() -> None:
    app = FastAPI()
    health = Health(app, details="names")
    health.check("database")(lambda: True)
    health.check("redis")(lambda: False)

    def everything(
        database: CheckResult = Depends(health.result("database")), redis: CheckResult = Depends(health.result("redis"))
    ) -> dict[str, Any]:
        return {"database": database.status, "redis": redis.status, "all_healthy": database.is_up and redis.is_up}

    @app.get("/composed")
    async def composed(status: dict[str, Any] = Depends(everything)) -> dict[str, Any]:
        return status

    with served(app) as client:
        full = client.get("/health?full")
        assert full.status_code == 503
        assert subset(full.json(), "status", "checks") == {"status": "unhealthy", "checks": {"database": "ok", "redis": "error"}}
        assert client.get("/composed").json() == {"database": "ok", "redis": "error", "all_healthy": False}


def test_metrics_are_those_of_the_installed_middleware() -> None:
    app = FastAPI()
    Health(app)

    @app.get("/")
    async def root() -> dict[str, str]:
        return {"Hello": "World"}

    with served(app) as client:
        for _ in range(21):
            assert re.fullmatch(r"\d+\.\d{4}", client.get("/").headers["X-Response-Time"])
        body = client.get("/metrics", headers={"accept": "application/json"}).json()
    assert set(body) == {"requests_total", "errors_total", "avg_latency_seconds"}
    assert (body["requests_total"], body["errors_total"]) == (21, 0)


def test_kubernetes_words_and_simulated_failures() -> None:
    app = FastAPI()
    health = Health(app, style="kubernetes", faults=True)

    @app.get("/status")
    async def status() -> dict[str, str]:
        return {"status": "ok"}

    health.check("database")(lambda: True)
    health.check("external_service")(lambda: True)
    with served(app) as client:
        assert client.get("/status").json() == {"status": "ok"}, "the guide's own path stays its own"
        assert client.get("/health").json()["status"] == "up"
        assert client.get("/ready").json()["status"] == "ready"
        for what, detail, words in (
            ("db", "Database not available", ("Database connection simulated as failed", "Database connection simulated as recovered")),
            (
                "external_service",
                "External service not available",
                ("External service simulated as unavailable", "External service simulated as available"),
            ),
        ):
            assert client.post(f"/simulate_{what}_failure").json() == {"message": words[0]}
            answer = client.get("/ready")
            assert (answer.status_code, answer.json()["detail"]) == (503, detail)
            assert client.get("/health").status_code == 200
            assert client.post(f"/simulate_{what}_recovery").json() == {"message": words[1]}
            assert client.get("/ready").status_code == 200


def test_texts_of_errors_are_for_the_log_alone() -> None:
    app = FastAPI()
    health = Health(app, details="full")

    @health.check("database")
    async def database() -> Outcome:
        raise NotWell("database timeout", "postgresql+asyncpg://user:pass@localhost/db")

    with served(app) as client:
        text = client.get("/ready").text
    assert "database timeout" in text and "pass@" not in text and "localhost" not in text

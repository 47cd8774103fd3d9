"""The endpoints in real applications: routers, mounts, other people's routes and middleware, bare Starlette."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from conftest import served
from fastapi import APIRouter, Depends, FastAPI
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route
from starlette.testclient import TestClient

from allswell import CheckResult, Health, HealthReport, Paths

ALIASES = ["/health", "/livez", "/health/live", "/ready", "/readyz", "/health/ready", "/startup", "/startupz", "/health/startup"]


def test_every_path_answers_get_and_head_and_is_not_stored(app: FastAPI, health: Health) -> None:
    with served(app) as client:
        for path in [*ALIASES, "/status", "/metrics", "/health?full"]:
            answer, head = client.get(path), client.head(path)
            assert (answer.status_code, head.status_code, head.text) == (200, 200, ""), path
            assert answer.headers["cache-control"] == "no-store"
        assert client.get("/health").headers["content-length"] == str(len(client.get("/health").content))
        assert client.post("/health").status_code == 405
        assert client.get("/nothing").status_code == 404


def test_a_bare_starlette_service_with_a_lifespan_of_its_own() -> None:
    told: list[str] = []

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[dict[str, int]]:
        told.append("up")
        yield {"pool": 7}
        told.append("down")

    async def pool(request: Request) -> PlainTextResponse:
        return PlainTextResponse(str(request.state.pool))

    app = Starlette(routes=[Route("/pool", pool)], lifespan=lifespan)
    health = Health(app, version="2")
    asked_when: list[list[str]] = []
    health.check("after")(lambda: asked_when.append(list(told)))
    with served(app) as client:
        assert client.get("/pool").text == "7"
        assert client.get("/ready").json()["checks"] == {"after": "ok"}
        assert health.is_ready
    assert told == ["up", "down"]
    assert asked_when[0] == ["up"], "no check before the service's own start"


def test_the_service_is_not_started_before_its_own_start_is_over() -> None:
    seen: list[tuple[int, str]] = []

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        code, _, body = await health.answer("GET", "/ready", b"", None, None)
        seen.append((code, body.decode()))
        yield

    app = FastAPI(lifespan=lifespan)
    health = Health(app)
    with served(app) as client:
        assert client.get("/ready").status_code == 200
    assert seen[0][0] == 503 and "starting: waiting for application" in seen[0][1]


def test_routes_of_the_service_stay_its_own(app: FastAPI) -> None:
    @app.get("/status")
    async def mine() -> str:
        return "mine"

    Health(app)

    @app.get("/livez")
    async def later() -> str:
        return "later"

    with served(app) as client:
        assert client.get("/status").json() == "mine"
        assert client.get("/livez").json() == "later"
        assert client.get("/health").json()["status"] == "healthy"


def test_a_mounted_service_answers_below_its_mount_and_behind_a_proxy() -> None:
    inner = FastAPI()
    Health(inner, version="inner")
    outer = Starlette(routes=[Mount("/api", app=inner)])
    with served(outer) as client:
        assert client.get("/api/health").json()["version"] == "inner"
    with served(inner, root_path="/proxied") as client:
        assert client.get("/health").json()["version"] == "inner"
        assert client.get("/proxied/ready").status_code == 200


def test_probes_are_answered_whatever_middleware_stands_around_the_routes() -> None:
    app = FastAPI(middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=["example.com"])])
    Health(app)

    @app.middleware("http")
    async def refuses(request: Request, call_next: object) -> PlainTextResponse:
        return PlainTextResponse("no", 401)

    with served(app) as client:
        assert client.get("/ready").status_code == 200
        assert client.get("/else").status_code in (400, 401)


def test_without_a_lifespan_the_first_request_starts_it(app: FastAPI, health: Health) -> None:
    health.check("database")(lambda: True)
    client = TestClient(app)
    for _ in range(3):
        # Each request of this client has a loop of its own.
        assert client.get("/ready").json()["checks"] == {"database": "ok"}
    health.end()


def test_the_paths_can_be_moved(app: FastAPI) -> None:
    Health(app, paths=Paths().below("/internal").without_aliases())
    with served(app) as client:
        assert client.get("/internal/health").status_code == 200
        assert client.get("/internal/livez").status_code == 404
        assert client.get("/health").status_code == 404


def test_handlers_take_results_as_they_take_anything_else(app: FastAPI, health: Health) -> None:
    asked = 0

    @health.check("database")
    def database() -> bool:
        nonlocal asked
        asked += 1
        return False

    router = APIRouter(prefix="/v1")

    @router.get("/soft")
    async def soft(found: CheckResult = Depends(health.result("database"))) -> str:
        return found.status

    @router.get("/hard", dependencies=[Depends(health.required("database"))])
    async def hard() -> str:
        return "served"

    @router.get("/report")
    async def report(found: HealthReport = Depends(health.report)) -> HealthReport:
        return found

    app.include_router(router)
    with served(app) as client:
        client.get("/ready")
        for _ in range(5):
            assert client.get("/v1/soft").json() == "error"
        hard_answer = client.get("/v1/hard")
        assert (hard_answer.status_code, hard_answer.json()) == (503, {"detail": "Database not available"})
        assert client.get("/v1/report").json()["checks"]["database"]["message"] == "failed"
        assert asked == 1, "reading asks nothing"
        app.dependency_overrides[health.result("database")] = lambda: CheckResult(status="ok")
        app.dependency_overrides[health.required("database")] = lambda: None
        assert client.get("/v1/soft").json() == "ok"
        assert client.get("/v1/hard").json() == "served"


def test_a_result_of_a_check_that_does_not_exist_is_refused_at_the_start(app: FastAPI, health: Health) -> None:
    health.result("databse")
    with pytest.raises(ValueError, match="no check is named `databse`"), TestClient(app):
        pass


def test_the_openapi_document_has_both_answers(app: FastAPI, health: Health) -> None:
    document = app.openapi()
    for path in ("/health", "/ready", "/startup", "/status"):
        for code in ("200", "503"):
            schema = document["paths"][path]["get"]["responses"][code]["content"]["application/json"]["schema"]
            assert schema == {"$ref": "#/components/schemas/HealthReport"}, (path, code)
    assert {"HealthReport", "CheckResult", "WorkerReport"} <= set(document["components"]["schemas"])
    with served(app) as client:
        served_document = client.get("/status").json()
        assert set(served_document) <= set(HealthReport.model_fields)
        HealthReport.model_validate(served_document)


def test_strangers_read_classes_and_the_token_reads_texts_without_secrets(app: FastAPI) -> None:
    health = Health(app, details="full", details_token="sesame", side_port=0)

    @health.check("database")
    def database() -> None:
        raise ConnectionRefusedError("postgres://app:hunter2@db/orders refused, password=hunter2")

    with served(app) as client:
        for path in ("/health", "/ready", "/status", "/ready/database", "/ready?verbose", "/ready?format=spring", "/ready?format=health"):
            stranger = client.get(path).text
            assert "orders" not in stranger and "hunter2" not in stranger
            trusted = client.get(path, headers={"authorization": "Bearer sesame"}).text
            assert "hunter2" not in trusted
            assert ("***@db/orders refused" in trusted) == (path != "/health")
            assert "orders" not in client.get(path, headers={"authorization": "Bearer sesamf"}).text


def test_holds_keep_the_service_from_starting_and_faults_end(app: FastAPI, health: Health) -> None:
    health.startup.hold("model")
    health.check("database")(lambda: True)
    with served(app) as client:
        assert client.get("/startup").json()["reason"] == "starting: waiting for model"
        assert client.get("/health").status_code == 200, "starting is no reason to be restarted"
        assert health.startup.release("model") and not health.startup.release("model")
        assert client.get("/startup").status_code == client.get("/ready").status_code == 200
        health.faults.fail("database", for_=60)
        assert client.get("/ready").json()["reason"] == "check failed: database"
        health.faults.recover("database")
        assert client.get("/ready").status_code == 200
        health.faults.refuse(for_=60)
        assert client.get("/ready").json()["reason"] == "simulated refusal"


def test_groups_answer_for_some_checks_together(app: FastAPI) -> None:
    health = Health(app, groups={"core": ["database"], "all": ["database", "offers"]})
    health.check("database")(lambda: True)
    health.check("offers")(lambda: False)
    with served(app) as client:
        assert client.get("/ready/core").json()["checks"] == {"database": "ok"}
        assert (client.get("/ready/core").status_code, client.get("/ready/all").status_code) == (200, 503)
        assert client.get("/ready/none").status_code == 404
    lost = FastAPI()
    Health(lost, groups={"core": ["nothing"]})
    with pytest.raises(ValueError, match="names check `nothing`, which is not registered"), TestClient(lost):
        pass


def test_a_simulated_refusal_refuses_the_services_own_requests(app: FastAPI, health: Health) -> None:
    @app.get("/")
    async def root() -> str:
        return "x"

    with served(app) as client:
        assert client.get("/").status_code == 200
        health.faults.refuse(for_=60)
        assert (client.get("/").status_code, client.get("/ready").status_code, client.get("/health").status_code) == (503, 503, 200)


def test_faults_over_http_are_off_until_allowed_and_ask_for_their_token() -> None:
    closed, open_ = FastAPI(), FastAPI()
    Health(closed)
    health = Health(open_, style="kubernetes", faults="sesame")
    health.check("database")(lambda: True)
    with served(closed) as client:
        assert client.post("/simulate_db_failure").status_code == 404
    token = {"authorization": "Bearer sesame"}
    with served(open_) as client:
        assert client.post("/simulate_db_failure").status_code == 401
        answer = client.post("/simulate_db_failure", headers=token)
        assert answer.json() == {"message": "Database connection simulated as failed"}
        assert client.get("/ready").json()["detail"] == "Database not available"
        assert client.post("/simulate_db_recovery", headers=token).status_code == 200
        assert client.get("/ready").json()["status"] == "ready"
        assert client.post("/faults/fail/database?for=30s", headers=token).status_code == 200
        assert client.get("/ready").status_code == 503

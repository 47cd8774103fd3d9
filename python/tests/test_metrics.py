"""Request metrics: true route templates, bounded labels, streams and exceptions counted right, nothing else disturbed."""

from __future__ import annotations

import asyncio
import contextvars
import re
from collections.abc import AsyncIterator

import pytest
from conftest import served, until
from fastapi import APIRouter, BackgroundTasks, FastAPI, WebSocket
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.testclient import TestClient

from allswell import Health


def counts(client: TestClient) -> dict[tuple[str, str, str], int]:
    """How many requests ended, by method, route and class."""
    pattern = r'http_request_duration_seconds_count\{method="(.*?)",route="(.*?)",status="(.*?)"\} (\d+)'
    return {(m, r, s): int(n) for m, r, s, n in re.findall(pattern, client.get("/metrics").text)}


def test_routes_are_named_by_their_whole_template() -> None:
    app = FastAPI()
    inner, middle = APIRouter(prefix="/things"), APIRouter(prefix="/v2")

    @inner.get("/{tid}")
    async def thing(tid: int) -> int:
        return tid

    middle.include_router(inner)
    app.include_router(middle, prefix="/api")
    app.include_router(middle, prefix="/old")
    sub = FastAPI()

    @sub.get("/of/{name}")
    async def of(name: str) -> str:
        return name

    app.mount("/tenants/{tenant}", sub)
    Health(app)
    with served(app) as client:
        for path in ("/api/v2/things/9", "/old/v2/things/9", "/api/v2/things/10", "/tenants/acme/of/x", "/tenants/zeta/of/y"):
            assert client.get(path).status_code == 200, path
        for path in ("/wp-login.php", "/.env", "/api/v2/other"):
            assert client.get(path).status_code == 404
        client.request("FOOBAR", "/nowhere")
        client.delete("/api/v2/things/9")
        assert counts(client) == {
            ("GET", "/api/v2/things/{tid}", "2xx"): 2,
            ("GET", "/old/v2/things/{tid}", "2xx"): 1,
            ("GET", "/tenants/{tenant}/of/{name}", "2xx"): 2,
            ("GET", "_unmatched", "4xx"): 3,
            ("_OTHER", "_unmatched", "4xx"): 1,
            ("DELETE", "/api/v2/things/{tid}", "4xx"): 1,
        }


def test_bare_starlette_routes_mounts_and_files(tmp_path: object) -> None:
    async def item(request: object) -> PlainTextResponse:
        return PlainTextResponse("x")

    app = Starlette(
        routes=[
            Route("/items/{id:int}", item),
            Mount("/sub", routes=[Route("/deep/{x}", item)]),
            Mount("/files", app=StaticFiles(directory=str(tmp_path))),
        ]
    )
    Health(app)
    with served(app) as client:
        client.get("/items/1"), client.get("/sub/deep/3"), client.get("/files/none.css"), client.get("/files/other.css")
        assert counts(client) == {
            ("GET", "/items/{id}", "2xx"): 1,
            ("GET", "/sub/deep/{x}", "2xx"): 1,
            ("GET", "/files", "4xx"): 2,
        }


def test_what_goes_wrong_is_counted_as_what_it_is(app: FastAPI, health: Health) -> None:
    @app.get("/raises")
    async def raises() -> None:
        raise RuntimeError("x")

    @app.get("/breaks")
    async def breaks() -> StreamingResponse:
        async def body() -> AsyncIterator[bytes]:
            yield b"some"
            raise RuntimeError("x")

        return StreamingResponse(body())

    with served(app) as client:
        answer = client.get("/raises")
        assert (answer.status_code, "x-response-time" in answer.headers) == (500, True)
        try:
            client.get("/breaks")
        except Exception:
            pass
        until(lambda: len(counts(client)) == 2)
        assert counts(client) == {("GET", "/raises", "5xx"): 1, ("GET", "/breaks", "2xx"): 1}
        assert 'http_requests_cut_total{method="GET",route="/breaks"} 1' in client.get("/metrics").text


def test_a_stream_is_measured_to_its_last_byte_and_background_tasks_are_not(app: FastAPI, health: Health) -> None:
    done = asyncio.Event()

    @app.get("/stream")
    async def stream() -> StreamingResponse:
        async def body() -> AsyncIterator[bytes]:
            for _ in range(3):
                await asyncio.sleep(0.05)
                yield b"x"

        return StreamingResponse(body())

    @app.get("/later")
    async def later(tasks: BackgroundTasks) -> str:
        async def work() -> None:
            await asyncio.sleep(0.3)
            done.set()

        tasks.add_task(work)
        return "soon"

    with served(app) as client:
        assert float(client.get("/stream").headers["x-response-time"]) < 0.1
        client.get("/later")
        until(lambda: done.is_set())
        text = client.get("/metrics").text
        sums = dict(re.findall(r'seconds_sum\{method="GET",route="(.*?)",status="2xx"\} (\S+)', text))
        assert float(sums["/stream"]) >= 0.15
        assert float(sums["/later"]) < 0.3
        assert re.search(r'http_requests_in_flight\{pid="\d+"\} 0\n', text)


def test_the_forms_of_the_metrics(app: FastAPI, health: Health) -> None:
    @app.get("/")
    async def root() -> str:
        return "x"

    @app.get("/bad")
    async def bad() -> PlainTextResponse:
        return PlainTextResponse("x", 503)

    with served(app) as client:
        answer = client.get("/")
        assert re.fullmatch(r"\d+\.\d{4}", answer.headers["x-response-time"])
        client.get("/bad")
        short = client.get("/metrics", headers={"accept": "application/json"}).json()
        assert (short["requests_total"], short["errors_total"]) == (2, 1)
        assert 0 <= short["avg_latency_seconds"] < 1
        assert client.get("/metrics").headers["content-type"].startswith("text/plain; version=0.0.4")
        open_metrics = client.get("/metrics", headers={"accept": "application/openmetrics-text"})
        assert open_metrics.text.endswith("# EOF\n")
        from prometheus_client.openmetrics.parser import text_string_to_metric_families as read_open
        from prometheus_client.parser import text_string_to_metric_families as read

        assert {family.name for family in read(client.get("/metrics").text)} >= {"http_request_duration_seconds", "allswell_up"}
        assert {family.name for family in read_open(open_metrics.text)} >= {"http_request_duration_seconds", "allswell_loop_lag_seconds"}


def test_a_registry_of_prometheus_client_shows_ours_too(app: FastAPI, health: Health) -> None:
    from prometheus_client import CollectorRegistry, generate_latest

    registry = CollectorRegistry()
    registry.register(health.collector())
    assert generate_latest(registry) == b"", "nothing before the service runs"
    with served(app) as client:
        client.get("/nothing")
        assert b'allswell_ready 1.0' in generate_latest(registry)
        assert b'http_request_duration_seconds_count{method="GET",route="_unmatched",status="4xx"} 1.0' in generate_latest(registry)


def test_context_variables_of_the_endpoint_are_seen_outside(app: FastAPI, health: Health) -> None:
    user: contextvars.ContextVar[str] = contextvars.ContextVar("user", default="nobody")
    seen: list[str] = []

    class Outer:
        def __init__(self, app: object) -> None:
            self.app = app

        async def __call__(self, scope: object, receive: object, send: object) -> None:
            await self.app(scope, receive, send)  # type: ignore[operator]
            seen.append(user.get())

    @app.get("/")
    async def root() -> str:
        user.set("ada")
        return "x"

    with served(Outer(app)) as client:
        client.get("/")
    assert seen[1:2] == ["ada"] or "ada" in seen


def test_websockets_pass_uncounted(app: FastAPI, health: Health) -> None:
    @app.websocket("/ws")
    async def ws(socket: WebSocket) -> None:
        await socket.accept()
        await socket.send_text("hello")
        await socket.close()

    with served(app) as client:
        with client.websocket_connect("/ws") as socket:
            assert socket.receive_text() == "hello"
        assert counts(client) == {}


@pytest.mark.parametrize("header", [True, False])
def test_the_header_can_be_left_out(header: bool) -> None:
    app = FastAPI()
    Health(app, response_time_header=header)
    with served(app) as client:
        assert ("x-response-time" in client.get("/nothing").headers) == header

"""Our endpoints in the service's OpenAPI document, and which of our paths the service answers itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match, Mount

from .models import HealthReport

if TYPE_CHECKING:
    from .health import Health

_OURS = "allswell"

_SUMMARIES = (
    ("liveness", "Is the process alive?", "The process is alive.", "It must be restarted."),
    ("readiness", "May it have traffic?", "It may have traffic.", "It may not; `reason` says why."),
    ("startup", "Did it start?", "It started, for good.", "Not yet; `reason` says what it waits for."),
    ("status", "How is everything?", "All is well, or `degraded`.", "It is not well."),
)


def add_to_openapi(app: Any, health: Health) -> None:
    """Describes the first path of each endpoint. They are answered before routing; a route asked all the same does so too."""
    if not hasattr(app, "add_api_route"):
        return

    async def answer(request: Request) -> Response:
        headers = request.headers
        accept, authorization = headers.get("accept"), headers.get("authorization")
        code, media_type, body = await health.answer(
            request.method,
            request.url.path.removeprefix(request.scope.get("root_path", "")),
            request.scope.get("query_string", b""),
            accept.encode("latin-1") if accept else None,
            authorization.encode("latin-1") if authorization else None,
        )
        return Response(body, code, {"cache-control": "no-store"}, media_type.decode())

    answer.__dict__[_OURS] = True
    for kind, summary, well, ill in _SUMMARIES:
        for path in getattr(health.paths, kind)[:1]:
            app.add_api_route(
                path,
                answer,
                methods=["GET"],
                response_model=HealthReport,
                response_description=well,
                responses={503: {"model": HealthReport, "description": ill}},
                summary=summary,
                tags=["health"],
                name=f"health_{kind}",
                operation_id=f"health_{kind}",
            )
    for path in health.paths.metrics[:1]:
        app.add_api_route(
            path,
            answer,
            methods=["GET"],
            response_class=_Metrics,
            response_description="The metrics of all workers.",
            summary="Request metrics",
            tags=["health"],
            name="health_metrics",
            operation_id="health_metrics",
        )


class _Metrics(Response):
    media_type = "text/plain"


def served_by_others(app: Any, paths: list[str]) -> frozenset[str]:
    """Those of the paths for which the service has routes of its own. Mounts do not count: they would take everything."""

    def is_theirs(path: str) -> bool:
        scope: dict[str, Any] = {"type": "http", "method": "GET", "path": path, "root_path": "", "headers": []}
        for route in app.routes:
            if isinstance(route, Mount) or not hasattr(route, "matches"):
                continue
            match, child = route.matches(dict(scope))
            endpoint = child.get("endpoint")
            if match is Match.FULL and not getattr(endpoint, _OURS, False) and not _takes_everything(route):
                return True
        return False

    return frozenset(path for path in paths if is_theirs(path))


def leave_out_of_openapi(app: Any, paths: frozenset[str]) -> None:
    """Takes our routes of these paths away again: the service has routes of its own for them."""
    if paths:
        routes = app.router.routes
        routes[:] = [route for route in routes if not (_is_ours(route) and route.path in paths)]
        app.openapi_schema = None


def _is_ours(route: Any) -> bool:
    return bool(getattr(getattr(route, "endpoint", None), _OURS, False))


def _takes_everything(route: Any) -> bool:
    """`/{path:path}` and the like stand for all paths, so they name none of ours."""
    template = getattr(route, "path", None) or ""
    return ":path}" in template

"""The outermost ASGI layer of a service: answers our own paths, counts all other requests, and follows the service's life.

Pure ASGI: nothing is buffered, context variables pass, background tasks are not waited for. A request is counted when the last
byte of its answer was handed over.
"""

from __future__ import annotations

from asyncio import get_running_loop
from collections.abc import Awaitable, Callable, MutableMapping
from time import perf_counter
from typing import TYPE_CHECKING, Any, TypeAlias

from starlette.routing import Mount

if TYPE_CHECKING:
    from .health import Health

Scope: TypeAlias = MutableMapping[str, Any]
Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
App: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]

_NO_STORE = (b"cache-control", b"no-store")


class Middleware:
    """Stands around everything else the service does, its own error handling included."""

    def __init__(self, app: App, health: Health) -> None:
        self.app = app
        self._health = health
        self._header = health.response_time_header

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request, one connection, or the life of the service."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self._lifespan(scope, receive, send)
            else:
                await self.app(scope, receive, send)
            return
        health = self._health
        running = health.present
        # The loop of this process: after a fork there is none.
        if running is None or running.loop is not get_running_loop():
            running = health.running()
        path: str = scope["path"]
        root: str = scope.get("root_path", "")
        if root and path.startswith(root):
            path = path[len(root) :]
        if path in health.own_paths or path.startswith(health.own_prefixes):
            await self._answer(path, scope, send)
            return

        engine = running.engine
        refused = engine.began()
        start = perf_counter()
        status = 0
        counted = False
        with_header = self._header

        async def measured(message: Message) -> None:
            nonlocal status, counted
            kind = message["type"]
            if kind == "http.response.start":
                status = message["status"]
                if with_header:
                    value = b"%.4f" % (perf_counter() - start)
                    message["headers"] = [*message.get("headers", ()), (b"x-response-time", value)]
                await send(message)
            elif kind == "http.response.body" and not message.get("more_body", False):
                await send(message)
                if not counted:
                    counted = True
                    engine.ended(route_of(scope, root), scope["method"], status, perf_counter() - start, False, False)
            else:
                await send(message)

        failed = False
        try:
            await (_refuse if refused else self.app)(scope, receive, measured)
        except Exception:
            failed = True
            raise
        finally:
            if not counted:
                # Nobody took the last byte: an exception, a cancellation, a client that went away.
                took = perf_counter() - start
                engine.ended(route_of(scope, root), scope["method"], status, took, failed, status != 0)

    async def _answer(self, path: str, scope: Scope, send: Send) -> None:
        accept = authorization = None
        for name, value in scope["headers"]:
            if name == b"accept":
                accept = value if accept is None else accept + b"," + value
            elif name == b"authorization":
                authorization = value
        head = scope["method"] == "HEAD"
        method = "GET" if head else scope["method"]
        query = scope.get("query_string", b"")
        code, media_type, body = await self._health.answer(method, path, query, accept, authorization)
        headers = [(b"content-type", media_type), (b"content-length", b"%d" % len(body)), _NO_STORE]
        await send({"type": "http.response.start", "status": code, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if head else body})

    async def _lifespan(self, scope: Scope, receive: Receive, send: Send) -> None:
        health = self._health
        health.begin(held=True)

        async def received() -> Message:
            message = await receive()
            if message["type"] == "lifespan.shutdown":
                # Before the service closes its pools.
                health.stop_asking()
            return message

        async def sent(message: Message) -> None:
            if message["type"] == "lifespan.startup.complete":
                # After the service opened its pools, and before the first request.
                health.started()
            await send(message)

        try:
            await self.app(scope, received, sent)
        finally:
            health.end()


async def _refuse(_: Scope, __: Receive, send: Send) -> None:
    """What a simulated refusal answers."""
    await send({"type": "http.response.start", "status": 503, "headers": [(b"content-length", b"0")]})
    await send({"type": "http.response.body", "body": b""})


def route_of(scope: Scope, root: str) -> str | None:
    """The template of the route that a request was answered by, with all prefixes and mounts; ``None`` when there was none.

    FastAPI keeps the whole template of included routers beside the route, which knows only its own part. A mount shows in
    ``root_path`` with its parameters filled in; they are taken out again, for labels must be bounded.
    """
    route = scope.get("route")
    if route is None:
        return None
    mounted: str = scope.get("root_path", "")[len(root) :]
    if mounted:
        values = {str(value): name for name, value in scope.get("path_params", {}).items()}
        parts = mounted.split("/")
        mounted = "/".join(f"{{{values[part]}}}" if part in values else part for part in parts)
    context = scope.get("fastapi", {}).get("effective_route_context")
    if context is not None and getattr(context, "original_route", None) is route:
        template = getattr(context, "path_format", None) or context.path
    elif isinstance(route, Mount):
        return mounted or "/"
    else:
        template = getattr(route, "path_format", None) or getattr(route, "path", None)
    return None if template is None else mounted + template

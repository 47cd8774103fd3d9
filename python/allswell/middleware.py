"""The outermost ASGI layer of a service: answers our own paths, follows all other requests, and follows the service's life.

Pure ASGI: nothing is buffered, context variables pass, background tasks are not waited for. A request is counted when the last
message of its answer is handed to the server.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from .health import Health

Scope: TypeAlias = MutableMapping[str, Any]
Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
App: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]

_NO_STORE = (b"cache-control", b"no-store")


class Layer:
    """Stands around everything else the service does, its own error handling included."""

    def __init__(self, app: App, health: Health) -> None:
        self.app = app
        self._begin = health.door.begin
        self._health = health

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request, one connection, or the life of the service."""
        exchange = self._begin(scope, send)
        if exchange is None:
            await self._other(scope, receive, send)
            return
        try:
            await self.app(scope, receive, exchange)
        except BaseException as error:
            exchange.broken(isinstance(error, Exception))
            raise

    async def _other(self, scope: Scope, receive: Receive, send: Send) -> None:
        kind = scope["type"]
        if kind == "lifespan":
            await self._lifespan(scope, receive, send)
        elif kind != "http":
            await self.app(scope, receive, send)
        elif refused := self._health.door.refuse(scope, send):
            await refused({"type": "http.response.start", "status": 503, "headers": [(b"content-length", b"0")]})
            await refused({"type": "http.response.body", "body": b""})
        else:
            path: str = scope["path"].removeprefix(scope.get("root_path", ""))
            await self._answer(path, scope, send)

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

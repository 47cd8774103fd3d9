"""The health of a service: the handle that everything hangs on."""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from . import _native, group, lifecycle
from ._native import Misuse
from .access_log import quiet_access_log
from .collector import Collector
from .endpoints import add_to_openapi, leave_out_of_openapi, served_by_others
from .faults import Faults
from .middleware import Layer
from .models import CheckResult, HealthReport, check_result, unknown
from .registry import Registry
from .running import Running
from .settings import Details, FirstRequests, Paths, Settings, Style, Watchdog
from .startup import Startup

if TYPE_CHECKING:
    from starlette.applications import Starlette

_numbers = itertools.count()


class Health(Registry):
    """The health of a FastAPI or Starlette service: endpoints, checks, request metrics, watchdog, side port.

    Args:
        app: the service; its own lifespan, middleware and routes stay as they are.
        version: the version people speak of; FastAPI's own unless given.
        release_id: the commit or image; else the variables that platforms set are looked at.
        instance: the name of this instance; host name and process id unless given.
        paths: the paths that are answered. What the service answers itself stays its own.
        style: ``uptime`` says healthy, degraded, unhealthy; ``kubernetes`` says up and ready, and a ``detail`` with each 503.
        details: how much strangers read: ``none``, ``names`` of checks with a word each, or ``full``: times and classes of errors.
        details_token: whoever sends it as ``Authorization: Bearer`` reads everything.
        side_port: a second port, ``9091`` or ``"0.0.0.0:9091"``, that answers natively while the event loop is blocked.
            Its readers see everything.
        watchdog: when a blocked loop counts; ``None`` never looks.
        workers: ``auto`` finds out whether there are several, ``single`` says there are not, or a folder they share.
        in_flight_max: not ready while more requests than this are in flight for ten seconds.
        probe_deadline: how long a request waits for checks that are asked on demand.
        response_time_header: whether answers carry ``X-Response-Time``.
        warmup: paths that are asked in the process before the service is ready; a 5xx keeps it from it.
        groups: names under `/ready/{group}` for some checks together, ``{"core": ["database", "redis"]}``.
        first_requests: when failures of the first requests make it not ready.
        drain: seconds to go on serving, not ready, after SIGTERM.
        faults: allows to simulate faults over HTTP: a token, or ``True`` for everybody.
        openapi: whether the endpoints are in the service's OpenAPI document.
        quiet: keeps successes of our own paths out of uvicorn's access log.

    Raises:
        Misuse: what was said cannot work; the sentence says what to do.
    """

    def __init__(
        self,
        app: Starlette,
        *,
        version: str | None = None,
        release_id: str | None = None,
        instance: str | None = None,
        paths: Paths | None = None,
        style: Style = "uptime",
        details: Details = "names",
        details_token: str | None = None,
        side_port: int | str | None = None,
        watchdog: Watchdog | None = Watchdog(),
        workers: str = "auto",
        in_flight_max: int | None = None,
        probe_deadline: float = 0.8,
        response_time_header: bool = True,
        warmup: Iterable[str] = (),
        groups: Mapping[str, Iterable[str]] | None = None,
        first_requests: FirstRequests | None = None,
        drain: float = 0.0,
        faults: bool | str = False,
        openapi: bool = True,
        quiet: bool = True,
    ) -> None:
        super().__init__()
        # Workers of one service make their Health objects in the same order.
        self._number = next(_numbers)
        self.app = app
        self.door = _native.Door(self.running, response_time_header)
        self.startup = Startup(self)
        self.faults = Faults(self)
        self._settings = Settings(
            version=version or _version_of(app),
            release_id=release_id,
            instance=instance,
            style=style,
            details=details,
            details_token=details_token,
            paths=paths or Paths(),
            probe_deadline=probe_deadline,
            watchdog=watchdog,
            in_flight_max=in_flight_max,
            fault_token=faults if isinstance(faults, str) else None,
            faults=faults is not False,
            side_port=_address(side_port),
        )
        _native.validate_settings(self._settings)
        # After that, for the native half knows no checks yet, and would find none of the members.
        self._settings.groups = [(name, list(members)) for name, members in (groups or {}).items()]
        self._workers = workers
        self._warmup = list(warmup)
        self._first_requests = first_requests
        self._drain = drain
        self._results: dict[str, Callable[[], Awaitable[CheckResult]]] = {}
        self._required: dict[str, Callable[[], Awaitable[CheckResult]]] = {}
        self._install(openapi, quiet)

    # What a service says.

    def warmup(self, *paths: str) -> None:
        """Has these paths asked in the process before the service is ready."""
        self._warmup.extend(paths)

    def drain(self, delay: float = 10.0) -> None:
        """On SIGTERM, says not ready and goes on serving for so many seconds before the server closes its listener."""
        self._drain = delay

    def start_draining(self) -> None:
        """Says not ready from now on; everything else goes on."""
        self.engine().drain()

    # What handlers read: cached, no I/O.

    def result(self, name: str) -> Callable[[], Awaitable[CheckResult]]:
        """A dependency that gives what is known of a check: ``Depends(health.result("database"))``.

        The same function for the same name, so that ``app.dependency_overrides`` finds it.
        """

        async def result() -> CheckResult:
            return self.now(name)

        return self._results.setdefault(name, result)

    def required(self, name: str) -> Callable[[], Awaitable[CheckResult]]:
        """As ``result``, and 503 while the check is not well."""

        async def required() -> CheckResult:
            from starlette.exceptions import HTTPException

            found = self.now(name)
            if not found.is_up:
                words = name.replace("_", " ").replace("-", " ")
                raise HTTPException(503, detail=f"{words[:1].upper()}{words[1:]} not available")
            return found

        return self._required.setdefault(name, required)

    async def report(self) -> HealthReport:
        """A dependency that gives the whole document, with everything in it: ``Depends(health.report)``."""
        return self.report_now()

    def report_now(self) -> HealthReport:
        """The whole document, outside of handlers.

        Raises:
            Misuse: the service does not run.
        """
        return HealthReport.model_validate(json.loads(self.engine().document("status")))

    def now(self, name: str) -> CheckResult:
        """What is held to be true of a check now. Asks nothing.

        Raises:
            Misuse: no check has this name.
        """
        check = self.check_named(name)
        raw = self.present.engine.result(name) if self.present else None
        return check_result(raw) if raw else unknown(check.critical)

    @property
    def is_ready(self) -> bool:
        """Whether the service may have traffic."""
        return self.present is not None and self.present.engine.is_ready()

    @property
    def side_port(self) -> int | None:
        """The side port, once this process serves it: one of several workers does."""
        return self.present.engine.side_port if self.present else None

    def metrics(self) -> str:
        """The metrics of all workers as Prometheus' text."""
        return self.engine().metrics()

    # What the middleware, the life cycle and tests use.

    def owns(self, path: str) -> bool:
        """Whether we answer this path."""
        return path in self.own_paths or path.startswith(self.own_prefixes)

    async def answer(
        self, method: str, path: str, query: bytes, accept: bytes | None, authorization: bytes | None
    ) -> tuple[int, bytes, bytes]:
        """The answer to a request for one of our paths: status, media type, body."""
        running = self.running()
        if not running.settled:
            await running.settle(self._settings.probe_deadline)
        answer = running.engine.answer(method, path, query, accept, authorization)
        return answer if isinstance(answer, tuple) else await running.runner.answered(answer)

    def running(self) -> Running:
        """What runs in this process and on this loop; started by the first request where there is no lifespan."""
        running = self.present
        if running is None or not running.is_here():
            self.end()
            running = self.begin(held=False)
            self.started()
        return running

    def begin(self, held: bool) -> Running:
        """Starts the native thread in this process. ``held``: the service's own start is not over."""
        if self.present is not None:
            self.end()
        holds = self.startup.pending() + (["application"] if held else []) + (["warm-up"] if self._warmup else [])
        shared = group.folder(self._workers, f"{os.getcwd()}:{self._number}")
        self.present = Running(replace(self._settings, holds=holds, group=shared), self._listeners)
        self._find_own_paths()
        self.door.open(self.present.engine, self.present.loop, list(self.own_paths), list(self.own_prefixes))
        return self.present

    def started(self) -> None:
        """The service's own start is over: the checks begin."""
        running = self.present
        if running is None:
            return
        self._refuse_unknown_names()
        self._refuse_groups_that_cannot_work()
        checks = list(self._checks.values())
        if self._first_requests is not None:
            checks.append(lifecycle.first_requests(running.engine, self._first_requests))
        running.ask(checks)
        running.engine.release("application")
        if self._warmup:
            running.keep(lifecycle.warm_up(self._inside(), self._warmup, running.engine))
        if self._drain > 0:
            running.on_end(lifecycle.drain_on_sigterm(running, self._drain))

    def stop_asking(self) -> None:
        """The service closes what the checks ask through."""
        if self.present is not None:
            self.present.stop_asking()

    def end(self) -> None:
        """Ends the native thread."""
        running, self.present = self.present, None
        self.door.close()
        if running is not None:
            running.end()

    def _install(self, openapi: bool, quiet: bool) -> None:
        build: Callable[[], Any] = self.app.build_middleware_stack
        # Around everything, whatever middleware is added later: probes are answered before authentication and host checks, and
        # answers of the outermost error handler are counted.
        self.app.build_middleware_stack = lambda: Layer(build(), self)  # type: ignore[method-assign]
        if self.app.middleware_stack is not None:
            self.app.middleware_stack = Layer(self.app.middleware_stack, self)
        self._find_own_paths()
        if openapi:
            add_to_openapi(self.app, self)
        if quiet:
            quiet_access_log(self.owns)

    def _find_own_paths(self) -> None:
        paths = self._settings.paths
        lists = (paths.liveness, paths.readiness, paths.startup, paths.status, paths.metrics)
        theirs = served_by_others(self.app, [path for each in lists for path in each])
        leave_out_of_openapi(self.app, theirs)
        self.own_paths = frozenset(path for each in lists for path in each) - theirs
        prefixes = [f"{path}/" for path in paths.readiness[:1] if path not in theirs]
        if self._settings.faults:
            prefixes.append("/faults/")
            self.own_paths |= Faults.ALIASES
        self.own_prefixes = tuple(prefixes)

    def _inside(self) -> Any:
        stack = self.app.middleware_stack
        return stack.app if isinstance(stack, Layer) else self.app

    def _refuse_unknown_names(self) -> None:
        for name in (*self._results, *self._required):
            if name not in self._checks:
                self.now(name)

    def _refuse_groups_that_cannot_work(self) -> None:
        for name, members in self._settings.groups:
            if not name or name in self._checks:
                raise Misuse(f"group `{name}` has no name, or that of a check; both are asked for by name, so give it its own")
            if not members:
                raise Misuse(f"group `{name}` has no members; name its checks, or take the group away")
            for member in members:
                if member not in self._checks:
                    known = ", ".join(self._checks) or "none"
                    raise Misuse(f"group `{name}` names check `{member}`, which is not registered; there are: {known}")

    def collector(self) -> Collector:
        """Our metrics for a registry of prometheus_client: ``REGISTRY.register(health.collector())``."""
        return Collector(self.engine_or_none)

    @property
    def paths(self) -> Paths:
        """The paths that are answered."""
        return self._settings.paths

    def engine(self) -> _native.Engine:
        """The native half of the service that runs; may be asked in any thread.

        Raises:
            Misuse: it does not run.
        """
        if self.present is None:
            raise Misuse("the service does not run, so there is nothing to ask or change; enter its lifespan first")
        return self.present.engine

    def engine_or_none(self) -> _native.Engine | None:
        """The native half of the service, if it runs."""
        return self.present.engine if self.present else None


def _version_of(app: Any) -> str | None:
    version = getattr(app, "version", None)
    # FastAPI's own default says nothing.
    return version if isinstance(version, str) and version != "0.1.0" else None


def _address(port: int | str | None) -> str | None:
    if isinstance(port, int):
        return f"127.0.0.1:{port}"
    if port is not None and not port.rpartition(":")[2].isdigit():
        raise Misuse(f"side_port is `{port}`, which is no port; give 9091 or an address with one, 0.0.0.0:9091")
    return port if port is None or ":" in port else f"127.0.0.1:{port}"

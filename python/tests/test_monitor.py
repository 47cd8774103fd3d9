"""Both doors together: `allswell serve` watches the README's example, and its incident and its message name what failed."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from processes import get, pasted, postgres, until


@contextmanager
def hook() -> Iterator[tuple[int, list[str]]]:
    """A webhook's other side: its port, and the bodies that came."""
    bodies: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            bodies.append(self.rfile.read(int(self.headers["content-length"])).decode())
            self.send_response(204)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None: ...

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_port, bodies
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def monitor(folder: Path, target: int, channel: int) -> Iterator[int]:
    """`allswell serve` with one monitor; its own port."""
    binary = os.environ.get("ALLSWELL_TEST_BINARY")
    if not binary:
        pytest.skip("no ALLSWELL_TEST_BINARY; `cargo xtask test` builds it")
    configuration = folder / "allswell.yaml"
    configuration.write_text(
        f'channels:\n  hook: {{ type: webhook, url: "http://127.0.0.1:{channel}/" }}\n'
        f'monitors:\n  - name: orders\n    http: {{ url: "http://127.0.0.1:{target}/ready" }}\n'
        "    interval: 1s\n    timeout: 1s\n    channels: [hook]\n"
    )
    command = [binary, "serve", "--config", str(configuration), "--data", str(folder / "data"), "--listen", "127.0.0.1:0"]
    said: list[str] = []
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert process.stdout is not None
    threading.Thread(target=lambda lines: said.extend(lines), args=(process.stdout,), daemon=True).start()
    try:
        found = until(lambda: re.search(r"web\s+http://127\.0\.0\.1:(\d+)/", "".join(said)))
        assert found is not None
        yield int(found.group(1))
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)
        assert "hunter2" not in "".join(said)


def incidents(port: int) -> list[Any]:
    return list(get(port, "/api/v1/incidents").json["incidents"])


def test_the_monitor_names_the_database_that_is_stopped_in_its_incident_and_in_its_message(tmp_path: Path) -> None:
    database = postgres()
    try:
        with pasted(tmp_path, database.port) as service, hook() as (channel, bodies), monitor(tmp_path, service.port, channel) as web:
            until(lambda: get(web, "/api/v1/monitors").json["monitors"][0]["status"], lambda status: status == "up")
            assert incidents(web) == []
            database.stop()
            incident = until(lambda: incidents(web), lambda found: found)[0]
            assert (incident["monitor"], incident["open"]) == ("orders", True)
            assert "database" in incident["cause"], incident
            opened = until(lambda: bodies, lambda bodies: bodies)[0]
            assert "database" in opened, opened
            database.start()
            closed = until(lambda: incidents(web)[0], lambda incident: not incident["open"])
            assert closed["id"] == incident["id"]
            until(lambda: bodies, lambda bodies: len(bodies) >= 2)
            whole = json.dumps([bodies, get(web, f"/api/v1/incidents/{incident['id']}").json])
            assert "hunter2" not in whole, "the password of the pool's URL is nobody's business"
    finally:
        database.end()

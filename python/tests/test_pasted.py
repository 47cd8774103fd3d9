"""What people paste works: the README's example served by two workers, the pages' code, the example's service."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from conftest import served, until
from processes import ROOT, Service, blocks, get, pasted, postgres, redis_server

def test_the_readme_pasted_and_served_by_two_workers_names_the_database_that_is_stopped(tmp_path: Path) -> None:
    database = postgres()
    try:
        with pasted(tmp_path, database.port) as service:
            assert get(service.port, "/ready").json["checks"] == {"database": "ok"}
            database.stop()
            # Each worker has a pool of its own, and finds out for itself.
            answers = until(lambda: [get(service.port, "/ready") for _ in range(12)], lambda answers: all(answer.code == 503 for answer in answers))
            answer = answers[0]
            assert answer.json["reason"] == "check failed: database"
            binary = os.environ.get("ALLSWELL_TEST_BINARY")
            if binary:
                said = subprocess.run([binary, "check", f"http://127.0.0.1:{service.port}/ready"], capture_output=True, text=True)
                assert said.returncode != 0 and "database" in said.stdout + said.stderr, said
                assert "hunter2" not in said.stdout + said.stderr
            assert get(service.port, "/health").code == 200
            assert "hunter2" not in "".join(service.log) + answer.body
            database.start()
            until(lambda: get(service.port, "/ready").code, lambda code: code == 200)
    finally:
        database.end()


@pytest.mark.parametrize("page", ["docs/health-for-a-fastapi-service.md", "python/README.md"])
def test_the_code_of_the_pages_works(page: str) -> None:
    names: dict[str, Any] = {"__name__": "page"}
    for block in blocks(page):
        exec(compile(block.replace("9091", "0"), page, "exec"), names)
    health = names["health"]
    from allswell.testing import Checks

    names["health"].remove("recommendations")
    # What asks for a fixture is called with it.
    test = names.get("test_reports_survive_a_dead_database")
    health._drain = 0.0
    with served(names["app"]) as client:
        checks = Checks(health)
        checks.force("database", "ok")
        until(lambda: client.get("/ready").status_code, lambda code: code == 200)
        assert client.get("/report").json() == {"database": "ok"}
        if test is not None:
            test(lambda _: checks, client)
        checks.restore()


def test_the_example_starts_without_what_it_needs_and_is_ready_with_it(tmp_path: Path) -> None:
    database, redis = postgres(), redis_server()
    environment = {
        "DATABASE_URL": f"postgresql+asyncpg://postgres@127.0.0.1:{database.port}/postgres",
        "REDIS_URL": f"redis://127.0.0.1:{redis.port}",
        "SIDE_PORT": "127.0.0.1:0",
        "DRAIN": "0",
        "OFFERS_URL": "http://127.0.0.1:1/",
    }
    folder = str(ROOT / "examples" / "fastapi-allswell")
    service = Service(["uvicorn", "--app-dir", folder, "service:app", "--port", "0"], **environment)
    try:
        answer = get(service.port, "/ready")
        assert answer.json["status"] == "degraded"
        assert answer.json["checks"] == {"database": "ok", "redis": "ok", "offers": "error"}
        assert get(service.port, "/").json == {"Hello": "World", "offers": False}
        assert get(service.port, "/orders/count").json == {"orders": 17}
    finally:
        service.stop()
        database.end()
        redis.end()


def test_the_types_of_the_package_are_there_for_others(tmp_path: Path) -> None:
    program = tmp_path / "typed.py"
    program.write_text(
        "from fastapi import FastAPI\nfrom allswell import Check, CheckResult, Health, checks\n"
        "health = Health(FastAPI(), side_port=1)\n"
        "@health.check('a', critical=False)\nasync def a() -> bool:\n    return True\n"
        "found: CheckResult = health.now('a')\nreveal_type(a)\nreveal_type(checks.disk('/'))\n"
    )
    said = subprocess.run([sys.executable, "-m", "mypy", "--strict", str(program)], capture_output=True, text=True, cwd=tmp_path)
    assert "def () -> typing.Coroutine[Any, Any, builtins.bool]" in said.stdout or "Coroutine" in said.stdout, said.stdout
    assert "error" not in said.stdout, said.stdout


def test_the_examples_manifest_has_no_mistakes() -> None:
    binary = os.environ.get("ALLSWELL_TEST_BINARY")
    if not binary:
        pytest.skip("no ALLSWELL_TEST_BINARY; `cargo xtask test` builds it")
    manifest = ROOT / "examples" / "fastapi-allswell" / "kubernetes.yaml"
    said = subprocess.run([binary, "lint", str(manifest)], capture_output=True, text=True)
    assert said.returncode == 0, said.stdout + said.stderr
    assert json.dumps(said.stdout)

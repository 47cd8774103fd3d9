"""The cases in `spec/health-answers`, which the crate `allswell` passes too."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from conftest import served
from fastapi import FastAPI

from allswell import Check, Health, Outcome

CASES = sorted((Path(__file__).parents[2] / "spec" / "health-answers").glob("*.json"))


def test_there_are_cases() -> None:
    assert len(CASES) > 20


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_every_shared_case_is_answered_as_it_says(path: Path) -> None:
    case = json.loads(path.read_text())
    app = FastAPI()
    said = dict(case["service"])
    holds = said.pop("holds", [])
    health = Health(app, details_token=said.pop("token", None), **said)
    for hold in holds:
        health.startup.hold(hold)
    for check in case["checks"]:
        health.add(asked(check))
    request, expected = case["request"], case["answer"]
    headers = {name: request[name] for name in ("accept", "authorization") if name in request}
    with served(app) as client:
        answer = client.request(request.get("method", "GET"), request["path"], headers=headers)
    assert answer.status_code == expected["code"]
    if "media_type" in expected:
        assert answer.headers["content-type"] == expected["media_type"]
    assert answer.headers["cache-control"] == "no-store"
    if isinstance(expected["body"], str):
        assert answer.text == expected["body"]
        return
    body = answer.json()
    holds_in(body, expected["body"])
    assert not set(expected.get("without", ())) & set(body)


def asked(case: dict[str, Any]) -> Check:
    async def ask() -> Outcome:
        return Outcome.ok() if case["outcome"] == "pass" else Outcome.fail(case["public"], case["detail"])

    return Check(name=case["name"], ask=ask, critical=case.get("critical", True))


def holds_in(body: Any, expected: Any) -> None:
    """Every field that is named is there."""
    if isinstance(expected, dict):
        for key, value in expected.items():
            holds_in(body[key], value)
    elif isinstance(expected, list):
        assert len(body) == len(expected)
        for one, wanted in zip(body, expected):
            holds_in(one, wanted)
    else:
        assert body == expected

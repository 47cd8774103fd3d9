"""A blocked event loop: seen, named by its line, answered by the side port meanwhile, in each of the five ways there are."""

from __future__ import annotations

import re
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import served
from fastapi import FastAPI
from processes import Service, control_group, get, until, uvicorn

from allswell import Health

LINES = {
    line.rpartition("# blocks: ")[2]: number
    for number, line in reversed(list(enumerate((Path(__file__).parent / "blocking.py").read_text().splitlines(), 1)))
    if "# blocks: " in line
}


@pytest.fixture(scope="module", params=["uvloop", "asyncio"])
def blocking(request: pytest.FixtureRequest) -> Iterator[Service]:
    with uvicorn("blocking:app", "--no-access-log", "--loop", request.param) as running:
        yield running


def blocked(service: Service, kind: str, seconds: float = 1.2) -> Any:
    """The worker's report while the loop is blocked, once its line is known."""
    side = service.side_port()
    request = threading.Thread(target=get, args=(service.port, f"/{kind}?seconds={seconds}"))
    request.start()
    try:

        def worker() -> Any:
            answer = get(side, "/status")
            return answer.json["workers"][0] | {"code": answer.code, "up": answer.json["up"]}

        return until(worker, lambda worker: worker.get("blocked_in"))
    finally:
        request.join()
        until(lambda: get(side, "/ready").code, lambda code: code == 200)


@pytest.mark.parametrize("kind", ["sleep", "spin", "sum", "native", "regex"])
def test_the_line_that_blocks_is_named_while_it_does(blocking: Service, kind: str) -> None:
    worker = blocked(blocking, kind)
    assert worker["code"] == 503
    assert worker["up"] is True, "busy is not dead"
    function = "sum_" if kind == "sum" else kind
    expected = {f"blocking.py:{LINES[kind]} in {function}"}
    if kind == "regex":
        # Finding out how long it takes blocks as well.
        expected = {f"blocking.py:{number} in {name}" for number, name in regex_lines()}
    assert worker["blocked_in"] in expected
    until(lambda: any("the event loop moves again" in line and worker["blocked_in"] in line for line in blocking.log))


def regex_lines() -> set[tuple[int, str]]:
    text = (Path(__file__).parent / "blocking.py").read_text().splitlines()
    numbers = [number for number, line in enumerate(text, 1) if "# blocks: regex" in line]
    return {(numbers[0], "regex"), (numbers[1], "timed")}


def test_waiting_is_not_blocking(blocking: Service) -> None:
    side = blocking.side_port()
    threads = [threading.Thread(target=get, args=(blocking.port, "/slow?seconds=0.6")) for _ in range(20)]
    for thread in threads:
        thread.start()
    seen = until(lambda: get(side, "/status"), lambda answer: answer.json["workers"][0]["in_flight"] == 20)
    assert seen.code == 200 and "blocked_in" not in seen.json["workers"][0]
    for thread in threads:
        thread.join()
    until(lambda: get(side, "/status").json["workers"][0]["in_flight"], lambda number: number == 0)


def test_checks_that_a_blocked_loop_could_not_ask_are_not_said_to_fail(blocking: Service) -> None:
    side = blocking.side_port()
    request = threading.Thread(target=get, args=(blocking.port, "/sleep?seconds=1"))
    request.start()
    words = set()
    while request.is_alive():
        words.add(get(side, "/status").json["checks"]["database"]["status"])
    assert "error" not in words
    until(lambda: get(side, "/status").json["checks"]["database"]["status"], lambda word: word == "ok")


def test_without_the_signal_the_line_is_known_where_python_can_be_asked() -> None:
    with uvicorn("blocking:app", BY_SIGNAL="0") as running:
        assert blocked(running, "spin")["blocked_in"] == f"blocking.py:{LINES['spin']} in spin"


def test_a_process_that_was_stopped_did_not_block_its_loop(blocking: Service) -> None:
    side = blocking.side_port()
    said = len(blocking.log)
    blocking.process.send_signal(signal.SIGSTOP)
    try:
        # As long as another service's loop needs to be seen blocked, and to be seen well again.
        health = Health(app := FastAPI(), side_port=0)
        with served(app):
            port = until(lambda: health.side_port)
            assert port is not None
            health.faults.block_loop(1.5)
            until(lambda: get(port, "/ready").code, lambda code: code == 503)
            until(lambda: get(port, "/ready").code, lambda code: code == 200)
    finally:
        blocking.process.send_signal(signal.SIGCONT)
    until(lambda: get(side, "/ready").code, lambda code: code == 200)
    # A machine that gives the loop no time for a moment is another matter.
    lasted = [int(found.group(1)) for line in blocking.log[said:] if (found := re.search(r"moves again.* lasted_ms=(\d+)", line))]
    assert all(lasted_ms < 450 for lasted_ms in lasted), lasted


def test_a_collection_of_garbage_is_told_apart_from_the_line_that_it_stopped_in(blocking: Service) -> None:
    assert blocked(blocking, "collect")["blocked_in"] == "garbage collection"


def test_a_control_group_without_processor_time_is_told_apart_from_the_line_that_ran_meanwhile() -> None:
    with control_group() as group, uvicorn("blocking:app", "--no-access-log", before=group.enter()) as running:
        running.side_port()
        group.limit(percent=10)
        try:
            assert blocked(running, "spin", 4)["blocked_in"].startswith("CPU throttling by the control group (")
        finally:
            group.limit(percent=200)

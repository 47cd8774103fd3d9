"""Several workers: their counts are one, the dead are counted, one that is blocked is seen from all, and all of them drain."""

from __future__ import annotations

import os
import re
import signal
import socket
import threading
from collections.abc import Callable
from typing import Any

import pytest
from processes import Service, get, service, until, uvicorn

SERVERS: dict[str, Callable[..., Any]] = {
    "uvicorn": lambda **environment: uvicorn("blocking:app", "--workers", "2", **environment),
    "gunicorn": lambda **environment: gunicorn(**environment),
    "preloaded": lambda **environment: gunicorn("--preload", **environment),
}


def gunicorn(*arguments: str, **environment: str) -> Any:
    worker = ["-k", "uvicorn_worker.UvicornWorker", "-w", "2", "-b", "127.0.0.1:0"]
    return service("gunicorn", "blocking:app", *worker, *arguments, **environment)


def requests_total(running: Service) -> int:
    return int(get(running.port, "/metrics", accept="application/json").json["requests_total"])


@pytest.mark.parametrize("server", SERVERS)
def test_counts_are_summed_and_the_dead_are_kept(server: str) -> None:
    with SERVERS[server]() as running:
        workers = until(running.workers, lambda workers: len(workers) == 2)
        before = requests_total(running)
        pids = {get(running.port, "/slow?seconds=0").json for _ in range(40)}
        # Whoever answers: what a worker counted within the last tenth of a second is known to itself alone.
        until(lambda: min(requests_total(running) for _ in range(12)), lambda total: total >= before + 40)
        victim = sorted(pids)[0]
        until(lambda: {line for line in gauges(running) if str(victim) in line})
        asked = before + 40
        os.kill(victim, signal.SIGKILL)
        until(running.workers, lambda now: len(now) == 2 and victim not in now)
        total = until(lambda: requests_total(running), lambda total: total >= asked)
        assert total < asked + 500, "nobody is counted twice"
        until(lambda: gauges(running), lambda gauges: not any(str(victim) in line for line in gauges))
        assert workers != running.workers()


def test_checks_of_all_workers_are_in_the_metrics_of_each_and_the_askings_of_the_dead_are_kept() -> None:
    with SERVERS["uvicorn"]() as running:
        workers = until(running.workers, lambda workers: len(workers) == 2)
        until(lambda: {pid for pid, status in statuses(running) if status == "ok"}, lambda pids: pids == workers)
        victim = sorted(workers)[0]
        before = until(lambda: runs(running), lambda count: count >= 4)
        os.kill(victim, signal.SIGKILL)
        until(running.workers, lambda now: len(now) == 2 and victim not in now)
        assert runs(running) >= before
        until(lambda: statuses(running), lambda now: victim not in {pid for pid, _ in now})


def statuses(running: Service) -> set[tuple[int, str]]:
    text = get(running.port, "/metrics").body
    found = re.findall(r'allswell_check_status\{check="database",status="(.*?)",pid="(\d+)"\} 1\n', text)
    return {(int(pid), status) for status, pid in found}


def runs(running: Service) -> int:
    found = re.search(r'allswell_check_runs_total\{check="database",outcome="pass"\} (\d+)', get(running.port, "/metrics").body)
    return int(found.group(1)) if found else 0


@pytest.mark.parametrize("server", ["uvicorn", "gunicorn"])
def test_connections_that_nobody_accepts_are_counted(server: str) -> None:
    start = {
        "uvicorn": lambda: uvicorn("blocking:app", "--backlog", "16"),
        "gunicorn": lambda: gunicorn("-w", "1", "--backlog", "16"),
    }[server]
    with start() as running:
        side = running.side_port()
        request = threading.Thread(target=get, args=(running.port, "/sleep?seconds=4"))
        request.start()
        until(lambda: get(side, "/ready").code, lambda code: code == 503)
        waiting = [socket.create_connection(("127.0.0.1", running.port)) for _ in range(5)]
        until(lambda: queue(side), lambda queue: queue == (5, 16))
        request.join()
        for connection in waiting:
            connection.close()
        until(lambda: queue(side), lambda queue: queue == (0, 16))


def queue(side: int) -> tuple[int, int] | None:
    text = get(side, "/metrics").body
    found = re.search(r"\nallswell_accept_queue_connections (\d+)\n(?:#.*\n)*allswell_accept_queue_limit_connections (\d+)\n", text)
    return (int(found.group(1)), int(found.group(2))) if found else None


def gauges(running: Service) -> list[str]:
    return re.findall(r"http_requests_in_flight\{pid=.*", get(running.side_port(), "/metrics").body)


def test_one_blocked_worker_of_two_is_seen_from_the_other_and_named() -> None:
    with SERVERS["uvicorn"]() as running:
        until(running.workers, lambda workers: len(workers) == 2)
        side = running.side_port()
        request = threading.Thread(target=get, args=(running.port, "/sleep?seconds=3"))
        request.start()
        # Before that second is over, the blocked one may miss a fresh result of its own check.
        answer = until(lambda: get(side, "/ready"), lambda answer: "workers stuck" in answer.json.get("reason", ""))
        found = re.fullmatch(r"workers stuck: worker (\d+) in blocking.py:\d+ in sleep for [\d.]+ s", answer.json["reason"])
        assert found, answer
        # Whoever of the workers still takes requests says the same by the service's own port.
        main = until(lambda: ready(running.port), lambda answer: answer is not None)
        assert main.json["reason"].startswith(f"workers stuck: worker {found.group(1)} in ")
        assert get(side, "/health").code == 200, "busy is not dead"
        request.join()
        until(lambda: get(side, "/ready").code, lambda code: code == 200)


def ready(port: int) -> Any:
    try:
        answer = get(port, "/ready", timeout=0.3)
    except OSError:
        return None
    return answer if "workers stuck" in answer.json.get("reason", "") else None


def test_another_worker_takes_the_side_port_over() -> None:
    with SERVERS["uvicorn"]() as running:
        until(running.workers, lambda workers: len(workers) == 2)
        first = until(lambda: get(running.port, "/").json, lambda told: told["side_port"])
        os.kill(first["pid"], signal.SIGKILL)
        second = until(lambda: told(running.port), lambda told: told and told["side_port"] and told["pid"] != first["pid"])
        until(lambda: get(second["side_port"], "/status").code, lambda code: code == 200)


def told(port: int) -> Any:
    try:
        return get(port, "/").json
    except OSError:
        return None


@pytest.mark.parametrize("server", ["single", "uvicorn", "gunicorn", "preloaded"])
def test_on_sigterm_it_is_not_ready_and_still_serves_and_then_ends(server: str) -> None:
    start = {"single": lambda **environment: uvicorn("blocking:app", **environment), **SERVERS}[server]
    with start(DRAIN="0.7") as running:
        side = running.side_port()
        slow = threading.Thread(target=get, args=(running.port, "/slow?seconds=1"))
        slow.start()
        running.process.send_signal(signal.SIGTERM)
        # A loop that the slow request holds may have left a check without a fresh result before the signal came.
        until(lambda: get(side, "/ready"), lambda answer: answer.code == 503 and answer.json["reason"] == "shutting down")
        assert get(running.port, "/").code == 200, "still serving"
        assert get(side, "/health").code == 200, "alive"
        slow.join()
        running.process.wait(20)

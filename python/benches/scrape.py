"""A scrape when 64 workers are gone and 4 live, beside the multiprocess mode of prometheus_client."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time

from figures import end, figure, limit

WORKER = """
import asyncio, os, pathlib, sys, types
from allswell._native import Door, Engine
from allswell.settings import Settings
print_nothing = lambda message: None
async def main():
    engine = Engine(Settings(group=sys.argv[1]))
    loop = asyncio.get_running_loop()
    loop.add_reader(engine.descriptor, engine.pong)
    door = Door(lambda: None, False)
    door.open(engine, loop, [], [])
    for number in range(10):
        route = types.SimpleNamespace(path_format=f"/route{number}")
        for method in ("GET", "POST"):
            for code in (200, 404):
                exchange = door.begin({"type": "http", "path": "/", "method": method, "route": route}, print_nothing)
                exchange({"type": "http.response.start", "status": code})
                exchange({"type": "http.response.body"})
    # Until what was counted stands in the file that is shared.
    while not [file for file in pathlib.Path(sys.argv[1]).glob(f"{os.getpid()}.*") if file.read_bytes().count(b"/route") >= 20]:
        await asyncio.sleep(0.01)
    print("ready", flush=True)
    if sys.argv[2] == "live":
        sys.stdin.read()
asyncio.run(main())
"""

PEER = """
import os, sys
os.environ["PROMETHEUS_MULTIPROC_DIR"] = sys.argv[1]
from prometheus_client import Histogram
times = Histogram("http_request_duration_seconds", "x", ["method", "route", "code"])
for number in range(10):
    for method in ("GET", "POST"):
        for code in ("200", "404"):
            times.labels(method, f"/route{number}", code).observe(0.01)
"""


def ours() -> float:
    from allswell._native import Engine
    from allswell.group import _began
    from allswell.settings import Settings

    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        group = f"{folder}/allswell-0-{os.getpid()}-{_began(os.getpid())}-bench"
        command = [sys.executable, "-c", WORKER, group]
        for _ in range(16):
            dead = [subprocess.Popen([*command, "dead"], stdout=subprocess.PIPE) for _ in range(4)]
            for one in dead:
                one.wait()
        live = [subprocess.Popen([*command, "live"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) for _ in range(3)]
        for one in live:
            assert one.stdout is not None
            one.stdout.readline()
        engine = Engine(Settings(group=group))
        took = [timed(engine.metrics) for _ in range(50)]
        text = engine.metrics()
        # Everything that the dead and the living counted is there.
        assert 'http_request_duration_seconds_count{method="GET",route="/route3",status="2xx"} 67' in text, text[:2000]
        for one in live:
            one.kill()
            one.wait()
        engine.stop()
        return statistics.median(took)


def peer() -> float:
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        for _ in range(17):
            for one in [subprocess.Popen([sys.executable, "-c", PEER, folder]) for _ in range(4)]:
                one.wait()
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder
        from prometheus_client import CollectorRegistry, generate_latest
        from prometheus_client.multiprocess import MultiProcessCollector

        registry = CollectorRegistry()
        MultiProcessCollector(registry, folder)
        return statistics.median([timed(lambda: generate_latest(registry)) for _ in range(10)])


def timed(work: object) -> float:
    start = time.perf_counter()
    work()  # type: ignore[operator]
    return (time.perf_counter() - start) * 1e3


took = ours()
limit("scrape, ours", f"{took:.2f} ms", "5 ms, in a thread of its own", took < 5)
figure("scrape, prometheus_client", f"{peer():.2f} ms, on the loop")
end()

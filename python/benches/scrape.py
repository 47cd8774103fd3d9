"""A scrape when 64 workers are gone and 4 live, beside the multiprocess mode of prometheus_client."""

from __future__ import annotations

import multiprocessing
import os
import statistics
import subprocess
import sys
import tempfile
import time

SERIES = [(method, f"/route{number}", code) for number in range(10) for method in ("GET", "POST") for code in (200, 404)]

WORKER = """
import asyncio, sys
from allswell._native import Engine
from allswell.settings import Settings
async def main():
    engine = Engine(Settings(group=sys.argv[1]))
    loop = asyncio.get_running_loop()
    loop.add_reader(engine.descriptor, engine.pong)
    for number in range(10):
        for method in ("GET", "POST"):
            for code in (200, 404):
                engine.began(); engine.ended(f"/route{number}", method, code, 0.01, False, False)
    await asyncio.sleep(0.3)
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
    from allswell.settings import Settings

    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        group = f"{folder}/allswell-0-{os.getpid()}-0-bench"
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


if __name__ == "__main__":
    multiprocessing.freeze_support()
    print(f"scrape of 64 dead and 4 live workers, ours              {ours():7.2f} ms, off the loop (below 5)")
    print(f"scrape of 64 dead and 4 live workers, prometheus_client {peer():7.2f} ms, on it")

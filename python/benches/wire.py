"""What endpoints cost over the wire, how soon a blocked loop is seen, and what watching costs: real servers, real sockets."""

from __future__ import annotations

import http.client
import json
import re
import shutil
import statistics
import subprocess
import sys
import threading
import time
from pathlib import Path

from figures import end, figure, limit
from reference import ADDED_US, slowness_now

HERE = Path(__file__).parent

#: What an answer of the side port may cost, in CPU.
SIDE_MAX_US = 12.0

#: After how many milliseconds a blocked loop counts, by default.
THRESHOLD_MS = 250


def cpu_s(pid: int) -> float:
    """CPU time of all threads that a process ever had, to the nanosecond where the kernel says it."""
    total = 0.0
    for task in Path(f"/proc/{pid}/task").iterdir():
        total += int((task / "schedstat").read_text().split()[0]) / 1e9
    return total


class Server:
    def __init__(self, app: str) -> None:
        command = [sys.executable, "-m", "uvicorn", f"services:{app}", "--port", "0", "--no-access-log"]
        self.process = subprocess.Popen(command, cwd=HERE, stderr=subprocess.PIPE, text=True)
        assert self.process.stderr is not None
        for line in self.process.stderr:
            found = re.search(r"running on http://127\.0\.0\.1:(\d+)", line)
            if found:
                self.port = int(found.group(1))
                break
        threading.Thread(target=self.process.stderr.read, daemon=True).start()

    def get(self, path: str, port: int | None = None) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", port or self.port, timeout=30)
        connection.request("GET", path)
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        return answer.status, body

    def end(self) -> None:
        self.process.terminate()
        self.process.wait()


def wrk(port: int, path: str, seconds: int, connections: int) -> int:
    """How many requests were answered."""
    said = subprocess.run(
        ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", f"http://127.0.0.1:{port}{path}"], capture_output=True, text=True, check=True
    ).stdout
    found = re.search(r"(\d+) requests in", said)
    assert found, said
    return int(found.group(1))


def per_request(server: Server, path: str) -> tuple[float, float]:
    """Microseconds of CPU for a request, and requests a second."""
    before = cpu_s(server.process.pid)
    count = wrk(server.port, path, 2, 16)
    return (cpu_s(server.process.pid) - before) / count * 1e6, count / 2


def endpoints(guide: Server, whole: Server, ours: Server) -> None:
    costs = {"guide": [], "whole": [], "ours": []}  # type: dict[str, list[tuple[float, float]]]
    for _ in range(5):
        for name, server in (("guide", guide), ("whole", whole), ("ours", ours)):
            costs[name].append(per_request(server, "/health"))
    # By CPU: how many requests one core answers. Requests a second on a machine that others use too say little.
    bare, theirs, mine = (statistics.median(cost for cost, _ in costs[name]) for name in ("guide", "whole", "ours"))
    rate = {name: statistics.median(rate for _, rate in costs[name]) for name in costs}
    figure("/health of the guide, alone", f"{bare:.1f} us, {rate['guide']:.0f}/s")
    figure("/health of the guide's app", f"{theirs:.1f} us, {rate['whole']:.0f}/s")
    figure("/health of ours", f"{mine:.1f} us, {rate['ours']:.0f}/s")
    times, alone = rate["ours"] / rate["whole"], rate["ours"] / rate["guide"]
    limit("requests a second", f"{times:.1f} x", "2 x those of the guide's app under the same uvicorn", times >= 2)
    figure("the same without its middleware", f"{alone:.1f} x")


def side_port(ours: Server, side: int) -> None:
    """While the loop sleeps, all CPU of the process is the side port's and the watchdog's."""
    costs, most = [], []
    for _ in range(5):
        most.append(SIDE_MAX_US * slowness_now())
        blocked = threading.Thread(target=ours.get, args=("/block?seconds=4",))
        blocked.start()
        until_code(ours, side, 503)
        before = cpu_s(ours.process.pid)
        count = wrk(side, "/health", 2, 16)
        costs.append((cpu_s(ours.process.pid) - before) / count * 1e6)
        blocked.join()
    cost, limit_us = statistics.median(costs), statistics.median(most)
    said = f"{limit_us:.1f} us of CPU per request ({SIDE_MAX_US:g} where the guide's middleware adds {ADDED_US:g})"
    limit("side port, loop blocked", f"{cost:.1f} us", said, cost <= limit_us)


def detection(ours: Server, side: int) -> None:
    """From the moment the handler blocks, as it tells itself on the same clock, to the first 503, asked for again and again."""
    late = []
    for _ in range(20):
        until_code(ours, side, 200)
        connection = http.client.HTTPConnection("127.0.0.1", side)
        told: list[float] = []
        blocked = threading.Thread(target=lambda: told.append(float(ours.get("/block?seconds=0.6")[1])))
        blocked.start()
        while True:
            connection.request("GET", "/ready")
            answer = connection.getresponse()
            answer.read()
            if answer.status == 503:
                break
        seen = time.monotonic()
        blocked.join()
        connection.close()
        late.append((seen - told[0]) * 1e3 - THRESHOLD_MS)
    late.sort()
    value = f"+{statistics.median(late):.1f}, at most +{late[-1]:.1f} ms"
    limit("a blocked loop is seen", value, "20 ms after the threshold", late[-1] <= 20)


def until_code(ours: Server, side: int, code: int) -> None:
    while ours.get("/ready", side)[0] != code:
        pass


def idle(guide: Server, ours: Server) -> None:
    shares = []
    for server in (guide, ours):
        before, start = cpu_s(server.process.pid), time.monotonic()
        time.sleep(20)
        shares.append((cpu_s(server.process.pid) - before) / (time.monotonic() - start) * 100)
    figure("idle, the guide's service", f"{shares[0]:.2f} % of a core")
    figure("idle, ours", f"{shares[1]:.2f} % of a core")
    added = shares[1] - shares[0]
    limit("signs of life", f"{added:.2f} % of a core", "0.3 %", added < 0.3)


def false_alarms(ours: Server, side: int, minutes: float) -> None:
    count = wrk(ours.port, "/items/7", int(minutes * 60), 64)
    text = ours.get("/metrics", side)[1].decode()
    found = re.search(r"^allswell_loop_blocks_total (\d+)", text, re.MULTILINE)
    assert found, text
    figure("load", f"{count} requests in {minutes:g} min")
    limit("false alarms", found.group(1), "0", found.group(1) == "0")


PARTS = ("endpoints", "idle", "side", "detection", "calm")


def main() -> None:
    if shutil.which("wrk") is None:
        sys.exit("wrk is not there; install the package of this name")
    minutes = float(sys.argv[1]) if len(sys.argv) > 1 else 1.0
    parts = sys.argv[2:] or PARTS
    servers = [Server(name) for name in ("guide", "whole", "ours")]
    guide, whole, ours = servers
    try:
        side = None
        while side is None:
            side = json.loads(ours.get("/where")[1])["side_port"]
        # The load first: what comes after blocks the loop on purpose.
        if "calm" in parts:
            false_alarms(ours, side, minutes)
        if "endpoints" in parts:
            endpoints(guide, whole, ours)
        if "idle" in parts:
            idle(guide, ours)
        if "side" in parts:
            side_port(ours, side)
        if "detection" in parts:
            detection(ours, side)
    finally:
        for server in servers:
            server.end()


main()
end()

"""What endpoints cost over the wire, how soon a blocked loop is seen, and what watching costs: real servers, real sockets."""

from __future__ import annotations

import http.client
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import threading
import time
from pathlib import Path

HERE = Path(__file__).parent
TICK = os.sysconf("SC_CLK_TCK")


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


def per_request(server: Server, path: str, rounds: int = 5) -> tuple[float, float]:
    """Microseconds of CPU for a request, and requests a second; the medians."""
    costs, rates = [], []
    for _ in range(rounds):
        before = cpu_s(server.process.pid)
        count = wrk(server.port, path, 2, 16)
        costs.append((cpu_s(server.process.pid) - before) / count * 1e6)
        rates.append(count / 2)
    return statistics.median(costs), statistics.median(rates)


def endpoints(guide: Server, ours: Server) -> None:
    theirs, mine = per_request(guide, "/health"), per_request(ours, "/health")
    print(f"/health of the guide's app   {theirs[0]:6.1f} us CPU/request, {theirs[1]:7.0f} requests/s")
    print(f"/health of ours, main port   {mine[0]:6.1f} us CPU/request, {mine[1]:7.0f} requests/s = {mine[1] / theirs[1]:.1f} x (at least 2)")


def side_port(ours: Server, side: int) -> None:
    """While the loop sleeps, all CPU of the process is the side port's and the watchdog's."""
    costs = []
    for _ in range(3):
        blocked = threading.Thread(target=ours.get, args=("/block?seconds=4",))
        blocked.start()
        while ours.get("/ready", side)[0] != 503:
            pass
        before = cpu_s(ours.process.pid)
        count = wrk(side, "/health", 2, 1)
        costs.append((cpu_s(ours.process.pid) - before) / count * 1e6)
        blocked.join()
    print(f"/health on the side port     {statistics.median(costs):6.1f} us CPU/request while the loop is blocked (at most 12)")


def detection(ours: Server, side: int) -> None:
    """From the request that blocks to the first 503, asked again and again on one connection."""
    late = []
    for _ in range(20):
        connection = http.client.HTTPConnection("127.0.0.1", side)
        start = time.monotonic()
        blocked = threading.Thread(target=ours.get, args=("/block?seconds=0.6",))
        blocked.start()
        while True:
            connection.request("GET", "/ready")
            answer = connection.getresponse()
            answer.read()
            if answer.status == 503:
                break
            time.sleep(0.001)
        late.append((time.monotonic() - start) * 1e3 - 250)
        blocked.join()
        connection.close()
        while ours.get("/ready", side)[0] != 200:
            pass
    late.sort()
    print(f"a blocked loop is seen       {statistics.median(late):6.1f} ms after the threshold, at most {late[-1]:.1f} (at most 20)")


def heartbeat(ours: Server) -> None:
    before, start = cpu_s(ours.process.pid), time.monotonic()
    time.sleep(20)
    share = (cpu_s(ours.process.pid) - before) / (time.monotonic() - start) * 100
    print(f"an idle service of ours      {share:6.2f} % of a core")


def idle(guide: Server) -> None:
    before, start = cpu_s(guide.process.pid), time.monotonic()
    time.sleep(20)
    share = (cpu_s(guide.process.pid) - before) / (time.monotonic() - start) * 100
    print(f"an idle service of the guide {share:6.2f} % of a core; the difference is to be below 0.3")


def false_alarms(ours: Server, side: int, minutes: float) -> None:
    wrk(ours.port, "/items/7", int(minutes * 60), 64)
    text = ours.get("/metrics", side)[1].decode()
    found = re.search(r"^allswell_loop_blocks_total (\d+)", text, re.MULTILINE)
    print(f"false alarms in {minutes:g} minutes of load: {found.group(1) if found else '?'} (0)")


def main() -> None:
    if shutil.which("wrk") is None:
        sys.exit("wrk is not there; install the package of this name")
    minutes = float(sys.argv[1]) if len(sys.argv) > 1 else 1.0
    guide, ours = Server("guide"), Server("ours")
    try:
        side = None
        while side is None:
            side = json.loads(ours.get("/where")[1])["side_port"]
        endpoints(guide, ours)
        heartbeat(ours)
        idle(guide)
        false_alarms(ours, side, minutes)
        side_port(ours, side)
        detection(ours, side)
    finally:
        guide.end()
        ours.end()


main()

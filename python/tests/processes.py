"""Services and databases as child processes: started on ports of their own, stopped, frozen and thawed by the tests."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from conftest import PATIENCE, until

HERE = Path(__file__).parent
ROOT = HERE.parents[1]


class Answer:
    """What came back."""

    def __init__(self, code: int, body: str) -> None:
        self.code = code
        self.body = body

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    def __repr__(self) -> str:
        return f"{self.code} {self.body}"


_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def get(port: int, path: str, timeout: float = PATIENCE, **headers: str) -> Answer:
    """Asks, on a connection of its own."""
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers=headers)
    try:
        with _opener.open(request, timeout=timeout) as answer:
            return Answer(answer.status, answer.read().decode())
    except urllib.error.HTTPError as answer:
        with answer:
            return Answer(answer.code, answer.read().decode())


class Service:
    """A server with its workers."""

    def __init__(self, command: list[str], python: str = sys.executable, before: Sequence[str] = (), **environment: str) -> None:
        self.log: list[str] = []
        self.process = subprocess.Popen(
            [*before, python, "-u", "-m", *command],
            cwd=HERE,
            env={**os.environ, "PYTHONWARNINGS": "ignore", **environment},
            stderr=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            text=True,
        )
        threading.Thread(target=self._read, daemon=True).start()
        self.port = int(until(self._port))
        until(lambda: self._answers())

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.log.append(line)

    def _port(self) -> str | None:
        assert self.process.poll() is None, "".join(self.log)
        found = re.search(r"(?:running on|Listening at:) http://127\.0\.0\.1:(\d+)", "".join(self.log))
        return found.group(1) if found else None

    def _answers(self) -> bool:
        try:
            return get(self.port, "/ready").code == 200
        except OSError:
            return False

    def side_port(self) -> int:
        """The side port, which one of the workers serves."""
        return int(until(lambda: get(self.port, "/").json["side_port"]))

    def workers(self) -> set[int]:
        """The processes that serve, as they tell themselves."""
        side = self.side_port()
        return {worker["pid"] for worker in get(side, "/status").json["workers"]}

    def stop(self, patience: float = PATIENCE) -> int:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(patience)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise


@contextmanager
def service(*command: str, before: Sequence[str] = (), **environment: str) -> Iterator[Service]:
    """Runs it for a while; ``before`` is a command that runs it."""
    running = Service(list(command), before=before, **environment)
    try:
        yield running
    finally:
        running.stop()


def uvicorn(app: str, *arguments: str, **options: Any) -> Any:
    """A service run by uvicorn."""
    return service("uvicorn", app, "--port", "0", *arguments, **options)


class ControlGroup:
    """A control group for processor time; of version 1 where there is one, else of version 2."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()

    def enter(self) -> list[str]:
        """What starts a process in it."""
        return ["sh", "-c", f'echo $$ > {self.folder}/cgroup.procs && exec "$@"', "sh"]

    def limit(self, percent: int) -> None:
        """How much of a processor it gets."""
        quota = percent * 1_000
        if (self.folder / "cpu.max").exists():
            (self.folder / "cpu.max").write_text(f"{quota} 100000")
        else:
            (self.folder / "cpu.cfs_quota_us").write_text(str(quota))


@contextmanager
def control_group() -> Iterator[ControlGroup]:
    """One of our own, where we may have one."""
    root = Path("/sys/fs/cgroup")
    root = root / "cpu" if (root / "cpu" / "cpu.cfs_quota_us").exists() or (root / "cpu" / "cpu.shares").exists() else root
    try:
        group = ControlGroup(root / f"allswell-test-{os.getpid()}")
        group.limit(percent=200)
    except OSError as error:
        pytest.skip(f"cannot make a control group that limits processor time: {error}")
    try:
        yield group
    finally:
        until(lambda: not (group.folder / "cgroup.procs").read_text())
        group.folder.rmdir()


def blocks(page: str) -> list[str]:
    """The Python code of a page."""
    return re.findall(r"```py(?:thon)?\n(.*?)```", (ROOT / page).read_text(), re.DOTALL)


@contextmanager
def pasted(folder: Path, database: int) -> Iterator[Service]:
    """The README's example as people paste it, with this port's PostgreSQL, run by two workers out of an environment that has
    nothing but the wheel and what the example imports, where there is one."""
    code = next(block for block in blocks("README.md") if "allswell" in block)
    code = code.replace("9091", "0").replace("interval=5", "interval=0.5").replace("timeout=2", "timeout=0.4")
    (folder / "app.py").write_text(code)
    url = f"postgresql+asyncpg://postgres:hunter2@127.0.0.1:{database}/postgres"
    python = os.environ.get("ALLSWELL_TEST_CLEAN_PYTHON", sys.executable)
    command = ["uvicorn", "--app-dir", str(folder), "app:app", "--workers", "2", "--port", "0"]
    running = Service(command, python, DATABASE_URL=url)
    try:
        yield running
    finally:
        running.stop()


class Database:
    """A database that ends with the test."""

    def __init__(self, command: list[str], port: int, folder: Path, ends_by: int = signal.SIGKILL, user: str | None = None) -> None:
        self.port, self.folder, self.command, self.ends_by, self.user = port, folder, command, ends_by, user
        self.start()

    def start(self) -> None:
        quiet: dict[str, Any] = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        self.process = subprocess.Popen(self.command, user=self.user, **quiet)
        until(self.listens)

    def listens(self) -> bool:
        assert self.process.poll() is None, f"{self.command} ended at once"
        with socket.socket() as client:
            return client.connect_ex(("127.0.0.1", self.port)) == 0

    def freeze(self) -> None:
        """Every process of it stays where it is: connections stay open and nobody answers."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    def stop(self) -> None:
        """Its port refuses from now on. It ends as quickly as it can be started again afterwards."""
        os.kill(self.process.pid, self.ends_by)
        self.process.wait(PATIENCE)

    def _signal(self, number: int) -> None:
        pids = [self.process.pid]
        for pid in pids:
            children = Path(f"/proc/{pid}/task/{pid}/children")
            pids += [int(child) for child in children.read_text().split()] if children.exists() else []
        for pid in pids:
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                pass

    def end(self) -> None:
        if self.process.poll() is None:
            self.thaw()
            self._signal(signal.SIGKILL)
            self.process.wait(PATIENCE)
        shutil.rmtree(self.folder, ignore_errors=True)


def tool(variable: str, usual: str) -> str:
    """Where a program is; a test that needs one that is not there is skipped where it may be."""
    path = os.environ.get(variable) or shutil.which(usual) or (usual if Path(usual).exists() else None)
    if path is None:
        pytest.skip(f"no {usual}; `cargo xtask test` installs it, or set {variable}")
    return path


def free_port() -> int:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        return int(server.getsockname()[1])


def postgres() -> Database:
    """PostgreSQL with the user `postgres`, which needs no password. It does not run as root: its own user does."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    programs = Path(tool("ALLSWELL_TEST_POSTGRES", str(folders[-1]) if folders else "postgres"))
    folder, port = Path(tempfile.mkdtemp()), free_port()
    user = "postgres" if os.geteuid() == 0 else None
    if user:
        shutil.chown(folder, user)
    data = str(folder / "data")
    initdb = [str(programs / "initdb"), "--auth=trust", "--username=postgres", "--no-sync", "--no-instructions", "-D", data]
    subprocess.run(initdb, check=True, capture_output=True, user=user)
    settings = ["-c", "unix_socket_directories=", "-c", "max_connections=20"]
    command = [str(programs / "postgres"), "-D", data, "-p", str(port), "-h", "127.0.0.1", "-F", *settings]
    return Database(command, port, folder, signal.SIGQUIT, user)


def redis_server() -> Database:
    folder, port = Path(tempfile.mkdtemp()), free_port()
    program = tool("ALLSWELL_TEST_REDIS", "redis-server")
    settings = ["--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", str(folder)]
    return Database([program, "--port", str(port), *settings], port, folder)


def mariadb() -> Database:
    folder, port = Path(tempfile.mkdtemp()), free_port()
    program = tool("ALLSWELL_TEST_MARIADB", "/usr/sbin/mariadbd")
    paths = [f"--datadir={folder}", f"--socket={folder / 's'}", f"--pid-file={folder / 'p'}"]
    settings = ["--no-defaults", "--skip-grant-tables", "--user=root", "--bind-address=127.0.0.1", f"--port={port}"]
    return Database([program, *settings, *paths], port, folder, signal.SIGTERM)

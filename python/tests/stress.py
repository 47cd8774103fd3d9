"""A hundred thousand stacks asked for by signal, while threads and frames come and go. Run by itself, on any CPython.

Only the native half and what reads stacks are loaded, so that it needs no other package.
"""

from __future__ import annotations

import asyncio
import faulthandler
import importlib
import os
import signal
import sys
import threading
import types
from collections.abc import Iterator

COUNT = int(sys.argv[2]) if len(sys.argv) > 2 else 100_000

package = types.ModuleType("allswell")
package.__path__ = [sys.argv[1]]
sys.modules["allswell"] = package
native = importlib.import_module("allswell._native")
settings = importlib.import_module("allswell.settings")
stacks = importlib.import_module("allswell.stacks")

NUMBER = signal.SIGRTMIN + 5
done = False


def frames(depth: int) -> Iterator[int]:
    """Frames that are made and gone again, code objects too."""
    namespace: dict[str, object] = {}
    exec(f"def made{depth % 7}(n):\n    return n if n == 0 else made{depth % 7}(n - 1)", namespace)
    yield namespace[f"made{depth % 7}"](depth)  # type: ignore[operator]


def churn() -> None:
    while not done:
        thread = threading.Thread(target=lambda: [list(frames(n)) for n in range(20)])
        thread.start()
        thread.join()


def send(descriptor: int, sent: list[int]) -> None:
    for number in range(COUNT):
        os.kill(os.getpid(), NUMBER)
        if number % 5_000 == 0:
            stacks.trim_stacks()
    sent.append(COUNT)


async def main() -> None:
    global done
    engine = native.Engine(settings.Settings(side_port="127.0.0.1:0"))
    loop = asyncio.get_running_loop()
    loop.add_reader(engine.descriptor, engine.pong)
    descriptor = stacks.stacks()
    faulthandler.register(NUMBER, file=descriptor, all_threads=False, chain=False)
    engine.stacks_in(descriptor)
    sent: list[int] = []
    threads = [threading.Thread(target=churn) for _ in range(2)] + [threading.Thread(target=send, args=(descriptor, sent))]
    for thread in threads:
        thread.start()
    while not sent:
        for n in range(5):
            list(frames(n))
        await asyncio.sleep(0)
    done = True
    for thread in threads:
        thread.join()
    written = os.fstat(descriptor).st_size
    engine.stop()
    assert written > 0, "no stack was written"
    print(f"{sys.version.split()[0]}: {COUNT} signals, last {written} bytes of stacks, no crash")


asyncio.run(main())

"""Signals by the thousand do no harm, on every CPython of this machine that the wheel is for."""

from __future__ import annotations

import glob
import os
import re
import subprocess
import sys
from pathlib import Path

import allswell

PACKAGE = Path(allswell.__file__).parent


def pythons() -> list[str]:
    """One interpreter of each version from 3.10 on, this one first."""
    found = {sys.version_info[:2]: sys.executable}
    places = [*glob.glob(os.path.expanduser("~/.pyenv/versions/*/bin/python3")), *glob.glob("/usr/bin/python3.*"), *glob.glob("/usr/local/bin/python3.*")]
    for program in places:
        said = subprocess.run([program, "--version"], capture_output=True, text=True).stdout
        version = re.fullmatch(r"Python (\d+)\.(\d+)\.\d+\s*", said)
        if version and (3, 10) <= (int(version[1]), int(version[2])):
            found.setdefault((int(version[1]), int(version[2])), program)
    return list(found.values())


def test_a_hundred_thousand_signals_do_no_harm_on_any_python_that_is_here() -> None:
    for program in pythons():
        said = subprocess.run([program, str(Path(__file__).parent / "stress.py"), str(PACKAGE)], capture_output=True, text=True, timeout=120)
        assert said.returncode == 0 and "no crash" in said.stdout, f"{program}: {said.returncode}\n{said.stdout}\n{said.stderr[-2000:]}"
        print(said.stdout, end="")

"""`./prosaas test`: the checks and tests, by pytest."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from cli.settings import ROOT

_MOST_AT_ONCE = 4  # a test starts processes of its own, and a browser needs a core


def test(argv: list[str]) -> int:
    """Run pytest with these arguments; paths are the caller's, whatever folder that is.

    All tests together run on several cores; those that are named run one after the other, as they are watched.
    """
    arguments = [_absolute(argument) for argument in argv]
    if all(argument.startswith("--") for argument in argv):
        arguments += ["-n", str(min(_MOST_AT_ONCE, os.cpu_count() or 1)), "--dist", "loadscope"]
    os.chdir(ROOT)
    os.execv(sys.executable, [sys.executable, "-m", "pytest", *arguments])


def _absolute(argument: str) -> str:
    path, mark, test_name = argument.partition("::")
    if argument.startswith("-") or not Path(path).exists():
        return argument
    return f"{Path(path).absolute()}{mark}{test_name}"

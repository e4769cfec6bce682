"""`./prosaas test`: the checks and tests, by pytest."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from cli.settings import ROOT


def test(argv: list[str]) -> int:
    """Run pytest with these arguments; paths are the caller's, whatever folder that is."""
    arguments = [_absolute(argument) for argument in argv]
    os.chdir(ROOT)
    os.execv(sys.executable, [sys.executable, "-m", "pytest", *arguments])


def _absolute(argument: str) -> str:
    path, mark, test_name = argument.partition("::")
    if argument.startswith("-") or not Path(path).exists():
        return argument
    return f"{Path(path).absolute()}{mark}{test_name}"

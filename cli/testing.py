"""`./prosaas test`: the checks and tests, by pytest."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from cli.settings import ROOT, needs_checkout

_MOST_AT_ONCE = 4  # a test starts processes of its own, and a browser needs a core
_FEW = 12  # more than these is no matter of a busy machine
_SOME_FAILED = 1  # pytest's exit code


def test(argv: list[str]) -> int:
    """Run pytest with these arguments; paths are the caller's, whatever folder that is.

    All tests together run on several cores; those that are named run one after the other, as they are watched.
    A few that fail beside others run once more on a free machine, which tells a fault from a machine that was
    too busy; the last lines name them. Not in the nightly run: there each must hold at once.
    """
    needs_checkout()
    arguments = [_absolute(argument) for argument in argv]
    os.chdir(ROOT)
    together = all(argument.startswith("--") for argument in argv)
    if not together:
        os.execv(sys.executable, _pytest(arguments))
    most = min(_MOST_AT_ONCE, os.cpu_count() or 1)
    code = subprocess.call(_pytest([*arguments, "-n", str(most), "--dist", "loadscope"]))
    failed = _last_failed() if code == _SOME_FAILED and "--nightly" not in argv else []
    if not 0 < len(failed) <= _FEW or not all("::" in name for name in failed):
        return code
    print(f"\n{len(failed)} failed beside others; once more, on a free machine:", flush=True)
    code = subprocess.call(_pytest([*arguments, *failed]))
    print("\n".join(["failed beside others, whatever came of the second time:", *failed]), flush=True)
    return code


def _pytest(arguments: list[str]) -> list[str]:
    return [sys.executable, "-m", "pytest", *arguments]


def _last_failed() -> list[str]:
    """What pytest noted of the run before: names of tests, or of what could not be gathered."""
    noted = ROOT / ".pytest_cache" / "v" / "cache" / "lastfailed"
    return sorted(json.loads(noted.read_text(encoding="utf-8"))) if noted.exists() else []


def _absolute(argument: str) -> str:
    path, mark, test_name = argument.partition("::")
    if argument.startswith("-") or not Path(path).exists():
        return argument
    return f"{Path(path).absolute()}{mark}{test_name}"

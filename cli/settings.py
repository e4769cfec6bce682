"""Where the commands get their settings: the environment and the project folder's `.env`."""

from __future__ import annotations

import os
from pathlib import Path

import config

ROOT = Path(__file__).resolve().parent.parent

# honcho gives its n-th process PORT + 100 n; PORT means the web process's everywhere here.
_HONCHO_STEP = 100
_HONCHO_ORDER = ("web", "calls", "worker")


def load() -> config.Config:
    """The settings of this installation, wherever the command is called from; Tellable `bad_setting`."""
    return config.load(_environment(), ROOT)


def _environment() -> dict[str, str]:
    environment = dict(os.environ)
    process, _, number = environment.get("HONCHO_PROCESS_NAME", "").partition(".")
    port = environment.get("PORT", "")
    if process in _HONCHO_ORDER and number.isdigit() and port.isdigit():
        environment["PORT"] = str(int(port) - _HONCHO_STEP * _HONCHO_ORDER.index(process) - (int(number) - 1))
    return environment

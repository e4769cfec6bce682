"""Where the commands get their settings: the environment and the `.env` of the project's folder."""

from __future__ import annotations

import os
from pathlib import Path

import config
from errors import Tellable

ROOT = Path(__file__).resolve().parent.parent
BUNDLE = "bundle.json"  # what `./prosaas build` writes beside the code of its one file
FILE = "PROSAAS_FILE"  # set by the one file for all that it starts: where it lies

# honcho gives its n-th process PORT + 100 n; PORT means the web process's everywhere here.
_HONCHO_STEP = 100
_HONCHO_ORDER = ("web", "calls", "worker")


def load() -> config.Config:
    """The settings of this installation, wherever the command is called from; Tellable `bad_setting`."""
    return config.load(_environment(), home())


def one_file() -> Path | None:
    """The one file that this was started from; None in a checkout."""
    named = os.environ.get(FILE)
    return Path(named) if named and (ROOT / BUNDLE).is_file() else None


def home() -> Path:
    """The folder of `.env`, of relative paths and of what people add: the checkout, or where the one file lies."""
    file = one_file()
    return file.parent if file else ROOT


def needs_checkout() -> None:
    """For what works on the sources: Tellable `needs_checkout` in the one file, which holds the product alone."""
    if one_file() is not None:
        raise Tellable("needs_checkout", "This file holds the product alone; that command needs a checkout.")


def _environment() -> dict[str, str]:
    environment = dict(os.environ)
    process, _, number = environment.get("HONCHO_PROCESS_NAME", "").partition(".")
    port = environment.get("PORT", "")
    if process in _HONCHO_ORDER and number.isdigit() and port.isdigit():
        environment["PORT"] = str(int(port) - _HONCHO_STEP * _HONCHO_ORDER.index(process) - (int(number) - 1))
    return environment

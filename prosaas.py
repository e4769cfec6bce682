"""The way in: the Bottle app put together, and the command line."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import bottle

    from config import Config


def app(config: Config | None = None) -> bottle.Bottle:
    """The whole web application as one WSGI callable; the environment's settings unless given."""
    import web.app
    from cli.settings import load

    return web.app.build(config or load())


def main(argv: list[str]) -> int:
    """Run a command line without its program name; gives the exit status."""
    from cli.main import run

    return run(argv)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

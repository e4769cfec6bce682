"""The command line: which command is where, one line of help each, and what a failure looks like."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from dataclasses import dataclass

from cli import lifeline
from errors import Tellable


@dataclass(frozen=True)
class Command:
    """A command: its line of help, and the function `module:name(argv) -> int` behind it."""

    help: str
    target: str
    with_config: bool = False  # the function wants (argv, config)
    hidden: bool = False


COMMANDS = {
    "demo": Command("try it: everything, with a sample mailbox, in ./data-demo", "cli.demo:demo"),
    "up": Command("run everything on this machine", "cli.up:up"),
    "web": Command("run the web process in the foreground", "cli.processes:web"),
    "calls": Command("run the calls process in the foreground", "cli.processes:calls"),
    "worker": Command("run the worker in the foreground", "cli.processes:worker"),
    "migrate": Command("bring the database's schema up to date", "cli.up:migrate"),
    "doctor": Command("check the installation; a remedy for each fault (--json)", "cli.doctor:doctor"),
    "backup": Command("everything but the keys to one file: FILE [--key-out FILE]", "cli.backups:backup", True),
    "restore": Command("a backup back into an empty place: FILE [--key FILE]", "cli.backups:restore", True),
    "move-to": Command("a SQLite installation into PostgreSQL: postgresql://...", "cli.moving:move", True),
    "systemd": Command("units for systemd: [--out FOLDER] [--workers N]", "cli.systemd:systemd", True),
    "rotate-key": Command("encrypt every secret under a new key", "cli.backups:rotate_key", True),
    "sync": Command("fetch new mail: --business B [--from D --to D] [--wait]", "cli.accounts:sync", True),
    "import": Command("mail and documents from files: PATH --business B", "cli.importing:run", True),
    "export": Command("into a file: --business B --month YYYY-MM --format F --out FILE", "cli.exporting:run", True),
    "archive": Command("out|in FILE: a business as one open file, and back in", "cli.archiving:run", True),
    "user": Command("add E-MAIL: a person's account", "cli.accounts:user", True),
    "business": Command("add NAME: a business", "cli.accounts:business", True),
    "token": Command("new --business B --name N [--role R]: an API token", "cli.accounts:token", True),
    "read": Command("read receipts from files, without a database: FILE... --json", "cli.read:main"),
    "gmail-standin": Command("the local Gmail stand-in: --mail FOLDER --port N", "demo.standin:main"),
    "bench": Command("measure: NAME [--quick] [--json]", "cli.bench:bench"),
    "build": Command("everything as one executable file: [--without-ocr]", "cli.build:build"),
    "audit": Command("known vulnerabilities of the packages: [--if-reachable]", "cli.audit:audit"),
    "test": Command("run the checks and tests; takes pytest's arguments", "cli.testing:test"),
    "redis": Command("the embedded Redis alone", "cli.embedded_redis:serve", hidden=True),
    "redis-keeper": Command("the embedded Redis while anybody uses it", "cli.embedded_redis:keep", hidden=True),
    "first-run": Command("data folder, key, schema, owner's link", "cli.up:first_run", hidden=True),
    "demo-data": Command("the demo's business, mailbox and first sync", "cli.demo:fill", hidden=True),
}


def run(argv: list[str]) -> int:
    """Run one command; 0 done, 1 a check failed, 2 a sentence says what was wrong, 130 interrupted."""
    for stream in (sys.stdout, sys.stderr):
        # Sentences carry signs that a C locale's encoding lacks.
        getattr(stream, "reconfigure", lambda **_: None)(encoding="utf-8", errors="backslashreplace")
    lifeline.hold()
    name = argv[0] if argv else "--help"
    if name in {"--help", "-h", "help"}:
        print(usage())
        return 0 if argv else 2
    if name == "--version":
        print(f"ProSaaS {version()}")
        return 0
    command = COMMANDS.get(name)
    if command is None:
        kind = "an option" if name.startswith("-") else "a command"
        print(f"prosaas: “{name}” is not {kind}; ./prosaas --help lists them all.", file=sys.stderr)
        return 2
    try:
        return _call(command, argv[1:])
    except Tellable as error:
        print(f"prosaas: {error.sentence} ({error.code})", file=sys.stderr)
        return 2
    except SystemExit as stop:  # argparse's, and a signal's
        return stop.code if isinstance(stop.code, int) else int(stop.code is not None)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # The reader went away (`| head`); nothing is left to tell it, not even at exit.
        sys.stdout = None
        return 1


def usage() -> str:
    """What --help prints: every command with one line."""
    shown = {name: command.help for name, command in COMMANDS.items() if not command.hidden}
    width = max(map(len, shown))
    return "\n".join(
        [
            "ProSaaS: receipts out of the mail, reviewed and handed over.",
            "",
            "usage: ./prosaas COMMAND [...]",
            "",
            *(f"  {name:<{width}}  {text}" for name, text in shown.items()),
            "",
            "./prosaas COMMAND --help says more. Settings: docs/settings.md",
        ]
    )


def version() -> str:
    """The project's version, from pyproject.toml."""
    import tomllib

    from cli.settings import ROOT

    return str(tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"])


def _call(command: Command, argv: list[str]) -> int:
    module, _, name = command.target.partition(":")
    function: Callable[..., int] = getattr(importlib.import_module(module), name)
    if not command.with_config:
        return function(argv)
    from cli.settings import load

    return function(argv, load())

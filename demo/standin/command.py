"""The command line of the stand-in."""

from __future__ import annotations

import argparse
import signal
import threading
from pathlib import Path

from demo.standin.call import Habits
from demo.standin.oauth import Terms
from demo.standin.server import StandIn
from demo.standin.world import DEFAULT_ACCOUNT, Options
from errors import Tellable


def main(argv: list[str]) -> int:
    """Serve until Ctrl-C or SIGTERM; the first line printed ends with the address."""
    args = _parser().parse_args(argv)
    accounts: dict[str, Path | None] = {}
    if args.mail or not args.account:
        accounts[DEFAULT_ACCOUNT] = args.mail
    for text in args.account:
        address, mark, folder = text.partition("=")
        if "@" not in address:
            raise Tellable("standin_bad_account", f"“{text}” is not an account; write ADDRESS=FOLDER.")
        accounts[address] = Path(folder) if mark else None
    clients = dict(text.partition(":")[::2] for text in args.client)
    options = Options(
        accounts=accounts,
        quota=args.quota,
        seed=args.seed,
        synthetic=args.synthetic,
        synthetic_kind=args.synthetic_kind,
        state=args.state,
        terms=Terms(clients=clients, refresh_token_expires_in=args.refresh_token_expires_in),
        habits=Habits(latency_s=args.latency_ms / 1000, index_lag_s=args.index_lag),
    )
    standin = StandIn(port=args.port, bind=args.bind, options=options)
    done = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: done.set())
    with standin:
        for address, mailbox in standin.world.mailboxes.items():
            print(f"Gmail stand-in: {address} with {len(mailbox.messages)} mails at {standin.url}", flush=True)
        for name, value in standin.client.environment.items():
            print(f"{name}={value}", flush=True)
        done.wait()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="prosaas gmail-standin", description="A stand-in for Gmail, for development and tests."
    )
    add = parser.add_argument
    add("--mail", type=Path, metavar="FOLDER", help=f"folder of .eml files of {DEFAULT_ACCOUNT}")
    add("--port", type=int, default=0, metavar="N", help="port to listen on (default: a free one)")
    add("--bind", default="127.0.0.1", metavar="ADDRESS", help="address to listen on (default: 127.0.0.1)")
    add("--account", action="append", default=[], metavar="ADDRESS=FOLDER", help="another account; may be repeated")
    add(
        "--quota", choices=("standard", "legacy", "off"), default="standard", help="Google's limits (default: standard)"
    )
    add("--latency-ms", type=float, default=0, metavar="MS", help="how long every call takes")
    add("--index-lag", type=float, default=0, metavar="S", help="seconds until new mail shows in lists")
    add("--seed", type=int, default=1, metavar="N", help="seed of all that is random")
    add("--synthetic", type=int, default=0, metavar="N", help="so many made-up mails besides")
    add("--synthetic-kind", choices=("text", "pdf"), default="text", help="what the made-up mails hold")
    add("--state", type=Path, metavar="FILE", help="keep the state in this file across restarts")
    add("--client", action="append", default=[], metavar="ID:SECRET", help="the Google client to accept (default: any)")
    add(
        "--refresh-token-expires-in", type=int, metavar="S",
        help="life of a refresh token in seconds; 604799 is what Testing status gives",
    )  # fmt: skip
    return parser

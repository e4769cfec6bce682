"""The commands about accounts: people, businesses, tokens, and a sync from the command line."""

from __future__ import annotations

import argparse
import sys
import time
from typing import TYPE_CHECKING

import clock
from errors import Tellable

if TYPE_CHECKING:
    from config import Config
    from models import SyncRun

_POLL_S = 0.5


def user(argv: list[str], config: Config) -> int:
    """`./prosaas user add E-MAIL`: an account and a link that signs in once; `user password E-MAIL`: a new password."""
    parser = argparse.ArgumentParser(prog="./prosaas user", description="People who may sign in.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="add|password")
    lost = commands.add_parser("password", help="print a link with which somebody sets a new password, for an hour")
    lost.add_argument("email", metavar="E-MAIL")
    lost.add_argument("--factor-off", action="store_true", help="switch their second factor off too (a lost phone)")
    add = commands.add_parser("add", help="make an account (or find it) and print a one-time sign-in link")
    add.add_argument("email", metavar="E-MAIL")
    add.add_argument("--name", default="", help="how the screen calls them")
    add.add_argument("--business", metavar="B", help="short name of a business they shall belong to")
    add.add_argument("--role", default=None, metavar="R", help="owner, member or accountant (default: owner)")
    add.add_argument("--operator", action="store_true", help="may look after the whole installation")
    given = parser.parse_args(argv)
    from store import audit, people, second_factor

    _open(config)
    if given.command == "password":
        known = people.find_user(given.email)
        with audit.acting(audit.CLI):
            if given.factor_off:
                second_factor.off(known.id)
            print(people.password_link(known, config.public_url))
        return 0
    business = people.find_business(given.business) if given.business else None
    if given.role is not None:
        people.check_role(given.role)
        if business is None:
            raise Tellable("bad_value", "A role belongs to a business; name it with --business.")
    person = people.add_user(given.email, given.name, operator=given.operator)
    if business is not None:
        people.add_member(business, person, given.role or "owner")
    print(people.sign_in_link(person, config.public_url))
    return 0


def business(argv: list[str], config: Config) -> int:
    """`./prosaas business add NAME` and `./prosaas business list`."""
    parser = argparse.ArgumentParser(prog="./prosaas business", description="Businesses, each with its own receipts.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="add|list")
    add = commands.add_parser("add", help="make a business and print its short name")
    add.add_argument("name", metavar="NAME")
    add.add_argument("--slug", metavar="S", help="its short name in addresses; made from NAME otherwise")
    add.add_argument("--owner", metavar="E-MAIL", help="an account that shall own it")
    add.add_argument("--country", default="IL", help="ISO 3166, two capitals (default: IL)")
    add.add_argument("--time-zone", default="Asia/Jerusalem", help="IANA name (default: Asia/Jerusalem)")
    add.add_argument("--currency", default="ILS", help="ISO 4217 (default: ILS)")
    add.add_argument("--language", default="en", help="en, he, de or fr (default: en)")
    commands.add_parser("list", help="print all of them")
    given = parser.parse_args(argv)
    from store import people

    _open(config)
    if given.command == "list":
        for one in people.businesses():
            print(f"{one.slug}\t{one.name}")
        return 0
    owner = people.find_user(given.owner) if given.owner else None
    made = people.add_business(
        given.name,
        given.slug,
        country=given.country,
        time_zone=given.time_zone,
        base_currency=given.currency,
        language=given.language,
    )
    if owner is not None:
        people.add_member(made, owner, "owner")
    print(made.slug)
    return 0


def token(argv: list[str], config: Config) -> int:
    """`./prosaas token new --business B --name N [--role R]`: prints the token, this once."""
    parser = argparse.ArgumentParser(prog="./prosaas token", description="Bearer tokens for scripts.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="new")
    new = commands.add_parser("new", help="make a token and print it; it is kept nowhere")
    new.add_argument("--business", required=True, metavar="B", help="short name of the business")
    new.add_argument("--name", required=True, metavar="N", help="what it is for")
    new.add_argument("--role", default="member", metavar="R", help="owner, member or accountant (default: member)")
    new.add_argument("--operator", action="store_true", help="may read metrics and diagnostics of the installation")
    given = parser.parse_args(argv)
    from store import people

    _open(config)
    business = people.find_business(given.business)
    print(people.new_token(business, given.name, given.role, operator=given.operator))
    return 0


def sync(argv: list[str], config: Config) -> int:
    """`./prosaas sync --business B`: what the button does; with --wait, 0 when it completed and 1 when it did not."""
    parser = argparse.ArgumentParser(prog="./prosaas sync", description="Fetch new mail and read it.")
    parser.add_argument("--business", required=True, metavar="B", help="short name of the business")
    parser.add_argument("--mode", default="incremental", help="incremental or full (default: incremental)")
    parser.add_argument("--from", dest="first", metavar="D", help="first day, YYYY-MM-DD")
    parser.add_argument("--to", dest="last", metavar="D", help="last day, included")
    parser.add_argument("--wait", action="store_true", help="show the progress until it is over")
    given = parser.parse_args(argv)
    first = clock.parse_day(given.first) if given.first else None
    last = clock.parse_day(given.last) if given.last else None
    if given.mode not in {"incremental", "full"}:
        raise Tellable("bad_mode", "The mode must be incremental or full.")
    import tasks
    from store import people, runs
    from web.queueing import Queue

    _open(config)
    tasks.configure(config)
    queue = Queue(config)
    queue.check()
    owner = people.find_business(given.business)
    try:
        run = runs.request(owner, mode=given.mode, from_date=first, to_date=last, requested_by="cli")
    except Tellable as error:
        running = runs.active(owner)
        if error.code != "sync_running" or running is None or not given.wait:
            raise
        run = running
        _say(f"Run {run.id} is under way already; it was asked to look again.")
    if queue.ring(run.id, owner.id):
        runs.mark_rung(run.id)
    if not queue.state().worker_alive:
        _say("No worker is running; the run waits for one (./prosaas up, or ./prosaas worker).")
    if given.wait:
        return _watch(run.id)
    print(f"run {run.id} queued")
    return 0


def _watch(run_id: int) -> int:
    """Print the counters whenever they move, until the run is over."""
    from models import SyncRun

    told = ""
    while True:
        run: SyncRun = SyncRun.get_by_id(run_id)
        line = (
            f"run {run.id} {run.status}: found {run.found}, fetched {run.fetched}, receipts {run.receipts}, "
            f"skipped {run.skipped}, failed {run.failed}, left {run.left}"
        )
        if line != told:
            print(line, flush=True)
            told = line
        if run.status in {"completed", "failed", "cancelled"}:
            if run.error_text:
                _say(f"{run.error_text} ({run.error_code})")
            return 0 if run.status == "completed" else 1
        time.sleep(_POLL_S)


def _open(config: Config) -> None:
    from store import schema

    schema.open_database(config)


def _say(sentence: str) -> None:
    print(f"prosaas: {sentence}", file=sys.stderr, flush=True)

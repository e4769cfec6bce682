"""Our Gmail client against a stand-in: made with one call, its waits short and counted."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from demo.standin import Client, Options
from errors import Tellable
from sources import oauth
from sources.gmail import Gmail
from sources.gmail_api import GmailApi
from sources.quota import LocalLimiter, Plan
from tests.support.standin import mail, standin_thread

REDIRECT = "http://localhost:5000/api/gmail/oauth/callback"


def google(client: Client) -> oauth.GoogleClient:
    """The Google client that a stand-in knows."""
    names = client.environment
    return oauth.GoogleClient(
        names["GOOGLE_CLIENT_ID"],
        names["GOOGLE_CLIENT_SECRET"],
        names["GOOGLE_AUTH_URL"],
        names["GOOGLE_TOKEN_URL"],
        names["GOOGLE_REVOKE_URL"],
    )


@dataclass
class Waits:
    """A sleep that does not wait but remembers; it and `now` are the client's time."""

    slept: list[float] = field(default_factory=list)
    at: float = 0.0

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.at += seconds

    def now(self) -> float:
        return self.at


@dataclass
class Desk:
    """A stand-in, its control client, our client on one of its mailboxes, and what was waited."""

    sim: Client
    gmail: Gmail
    api: GmailApi
    tokens: oauth.TokenSource
    waits: Waits

    def calls(self, method: str = "*") -> list[dict[str, Any]]:
        """The journal's calls of a method, since the last forget()."""
        return [row for row in self.sim.journal() if method in {"*", row["method"]}]

    def forget(self) -> None:
        self.sim.reset_stats()


@contextmanager
def desk(
    mails: int = 0, *, plan: Plan | None = None, options: Options | None = None, folder: Path | None = None, **api: Any
) -> Iterator[Desk]:
    """A stand-in with so many small mails, connected. `api` are GmailApi's own arguments."""
    with standin_thread(folder, options=options or Options(quota="off")) as standin:
        sim = standin.client
        for number in range(mails):
            sim.deliver(mail(f"Mail {number}"))
        grant = sim.grant()
        # with its token at hand, so that a test's first call is the one it makes
        access = oauth.Access(grant["access_token"], datetime.now(UTC) + timedelta(seconds=grant["expires_in"]))
        tokens = oauth.TokenSource(functools.partial(oauth.refresh, google(sim), grant["refresh_token"]), access)
        waits = Waits()
        limiter = LocalLimiter(plan, clock=waits.now) if plan else LocalLimiter(clock=waits.now)
        settings: dict[str, Any] = {"limiter": limiter, "sleep": waits.sleep, "now": waits.now, **api}
        calls = GmailApi(tokens, sim.url, **settings)
        yield Desk(sim, Gmail(calls), calls, tokens, waits)


def refusal(call: Callable[[], object]) -> Tellable:
    """The error that the call ends in, which must be fit to be told."""
    with pytest.raises(Tellable) as raised:
        call()
    assert raised.value.sentence.endswith(".")
    assert "@" not in raised.value.sentence
    return raised.value

"""`./prosaas demo`: everything, with the Gmail stand-in and the sample mailbox, in ./data-demo."""

from __future__ import annotations

import argparse
import os
import socket
import urllib.error
import urllib.request
from urllib.parse import parse_qs, urlencode, urlsplit

import config as settings
from cli import up
from cli.settings import ROOT, load
from cli.supervisor import Process, Supervisor
from errors import Tellable

SLUG = "demo"
NAME = "Kedem Studio"
OWNER = "owner@demo.example"
ACCOUNT = "me@example.com"  # the stand-in's
MAILBOX = ROOT / "demo" / "mailbox"

_READY_S = 60.0
# Settings of a real installation that the demo must not touch.
_UNSET = (
    "REDIS_URL", "DATABASE_URL", "BLOB_URL", "ENCRYPTION_KEY", "PUBLIC_URL", "SMTP_URL", "N8N_URL", "LLM_URL",
    "TRANSCRIBE_URL", "TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", "TWILIO_API_URL",
)  # fmt: skip


def demo(argv: list[str]) -> int:
    """`./prosaas demo`."""
    text = "Run ProSaaS with a sample mailbox; data in ./data-demo. PORT and CALLS_PORT move its ports."
    argparse.ArgumentParser(prog="./prosaas demo", description=text).parse_args(argv)
    mail_port = _free_port()
    os.environ.update(_environment(mail_port))
    config = load()
    with up.alone(config):
        up.check_ports(config)
        supervisor = Supervisor(environment=dict(os.environ))
        with supervisor.signals():
            mail = up.prosaas("gmail-standin", "--mail", str(MAILBOX), "--port", str(mail_port))
            supervisor.start(Process("gmail", mail))
            ready = up.start_redis(supervisor, config) and supervisor.wait_for(
                lambda: _listens("127.0.0.1", mail_port), _READY_S
            )
            if not ready:
                return 0 if supervisor.stopping else 2
            status, link = supervisor.call(up.prosaas("demo-data"))
            if status or supervisor.stopping:
                return 0 if supervisor.stopping else status
            up.start_procfile(supervisor)
            if supervisor.wait_for(lambda: _healthy(config), _READY_S):
                up.say(f"ProSaaS demo: {link.strip()}  (Ctrl-C stops it)")
            return supervisor.run()


def fill(argv: list[str]) -> int:
    """`./prosaas demo-data`: schema, business, owner, connected mailbox and a sync; prints a sign-in link."""
    del argv
    config = load()
    settings.make_key(config.data_dir)
    config = load()
    from store import mailboxes, people, runs, schema

    schema.open_database(config)
    known = [business for business in people.businesses() if business.slug == SLUG]
    business = known[0] if known else people.add_business(NAME, SLUG)
    owner = people.add_user(OWNER, "Noa", operator=True)
    people.add_member(business, owner, "owner")
    grant = _consent(config)
    mailboxes.connect_gmail(business, address=ACCOUNT, refresh_token=grant)
    try:
        runs.request(business)
    except Tellable as error:
        if error.code != "sync_running":  # the last demo was stopped in the middle of one: it goes on
            raise
    print(people.sign_in_link(owner, config.public_url))
    return 0


def _environment(mail_port: int) -> dict[str, str]:
    """The demo's settings: its own folder, and the stand-in where Google would be."""
    mail = f"http://127.0.0.1:{mail_port}"
    return {
        **dict.fromkeys(_UNSET, ""),
        "DATA_DIR": str(ROOT / "data-demo"),
        "PRODUCTION": "0",
        "GOOGLE_CLIENT_ID": "demo.apps.example",
        "GOOGLE_CLIENT_SECRET": "demo-client-secret",
        "GOOGLE_AUTH_URL": f"{mail}/o/oauth2/v2/auth",
        "GOOGLE_TOKEN_URL": f"{mail}/token",
        "GOOGLE_REVOKE_URL": f"{mail}/revoke",
        "GMAIL_API_URL": mail,
        "GMAIL_QUOTA": "off",
    }


def _consent(config: settings.Config) -> str:
    """Connect the sample mailbox as a person would: the consent page, approved; gives the refresh token."""
    from sources import oauth

    client = oauth.GoogleClient(
        config.google_client_id,
        config.google_client_secret,
        config.google_auth_url,
        config.google_token_url,
        config.google_revoke_url,
    )
    callback = f"{config.public_url}/api/gmail/oauth/callback"
    asked = oauth.authorization(client, callback, ACCOUNT)
    form = urlencode({"account": ACCOUNT, "scope": oauth.SCOPE, "approve": "1"}).encode()
    answer = parse_qs(urlsplit(_redirect(asked.url, form)).query)
    return oauth.exchange(client, answer["code"][0], asked.verifier, callback).refresh_token


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        """Not followed: the address is what we want."""


def _redirect(url: str, form: bytes) -> str:
    try:
        urllib.request.build_opener(_NoRedirect).open(url, form, timeout=10)
    except urllib.error.HTTPError as answer:
        where = answer.headers.get("Location")
        if where:
            return where
    raise Tellable("standin_failed", "The Gmail stand-in did not approve the sample mailbox.")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _listens(host: str, port: int) -> bool:
    try:
        socket.create_connection((host, port), timeout=1).close()
    except OSError:
        return False
    return True


def _healthy(config: settings.Config) -> bool:
    host = "127.0.0.1" if config.bind in {"0.0.0.0", "::", ""} else config.bind  # noqa: S104 - read, not bound
    return _listens(host, config.port)

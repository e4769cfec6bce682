"""`./prosaas demo`: everything, with the Gmail stand-in and the sample mailbox, in ./data-demo."""

from __future__ import annotations

import argparse
import http.client
import os
import shlex
import socket
from urllib.parse import parse_qs, urlsplit

import config as settings
from cli import up
from cli.settings import ROOT, home, load
from cli.supervisor import Process, Supervisor
from errors import Tellable

SLUG = "demo"
NAME = "Kedem Studio"
OWNER = "owner@demo.example"
ACCOUNT = "me@example.com"  # the stand-in's
MAILBOX = ROOT / "demo" / "mailbox"
FOLDER = "data-demo"

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
            mail = ["gmail-standin", "--mail", str(MAILBOX), "--port", str(mail_port), "--quota", "off"]
            state = ["--state", str(config.data_dir / "gmail-standin.json")]
            # What it prints is for those who run it alone.
            supervisor.start(Process("gmail", f"exec {shlex.join(up.prosaas(*mail, *state))} >/dev/null"))
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
    from store import mailboxes, people, runs, schema

    schema.open_database(config)
    known = [business for business in people.businesses() if business.slug == SLUG]
    business = known[0] if known else people.add_business(NAME, SLUG)
    owner = people.add_user(OWNER, "Noa", operator=True)
    people.add_member(business, owner, "owner")
    mailboxes.connect_gmail(business, address=ACCOUNT, refresh_token=_consent(config))
    try:
        runs.request(business)
    except Tellable as error:
        if error.code != "sync_running":  # the last demo was stopped in the middle of one: it goes on
            raise
    print(people.sign_in_link(owner, config.public_url))
    return 0


def _environment(mail_port: int) -> dict[str, str]:
    """The demo's settings: its own folder, and the stand-in where Google would be."""
    # Written out: importing the stand-in would put all of it into the supervisor's memory.
    mail = f"http://127.0.0.1:{mail_port}"
    return {
        **dict.fromkeys(_UNSET, ""),
        "DATA_DIR": str(home() / FOLDER),
        "PRODUCTION": "0",
        "GMAIL_QUOTA": "off",
        "ECB_URL": "off",
        "GOOGLE_CLIENT_ID": "demo.apps.example",
        "GOOGLE_CLIENT_SECRET": "demo-secret",
        "GOOGLE_AUTH_URL": f"{mail}/o/oauth2/v2/auth",
        "GOOGLE_TOKEN_URL": f"{mail}/token",
        "GOOGLE_REVOKE_URL": f"{mail}/revoke",
        "GMAIL_API_URL": mail,
    }


def _consent(config: settings.Config) -> str:
    """Connect the sample mailbox as a person would: the consent page, approved; gives the refresh token."""
    from demo.standin.client import Client
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
    answer = Client(config.gmail_api_url).consent(asked.url, account=ACCOUNT)
    code = parse_qs(urlsplit(answer).query)["code"][0]
    return oauth.exchange(client, code, asked.verifier, callback).refresh_token


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
    host = "127.0.0.1" if config.bind in {"0.0.0.0", "::"} else config.bind  # noqa: S104 - asked, not bound
    connection = http.client.HTTPConnection(host, config.port, timeout=5)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()

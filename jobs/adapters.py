"""Which adapter a mailbox is read through, and where its access token is kept."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from errors import Tellable
from jobs.blob_stores import blob_folder as blob_folder
from jobs.blob_stores import blob_store as blob_store
from jobs.blob_stores import blobs_at as blobs_at
from sources import egress, oauth
from sources.gmail import Gmail
from sources.gmail_api import GmailApi
from sources.imap import Imap, ImapAccount
from sources.oauth import GoogleClient
from sources.ports import MailSource, NeedsReconnect
from sources.quota import PLANS, Limiter, LocalLimiter, RedisLimiter
from store import mailboxes

if TYPE_CHECKING:
    from redis import Redis

    from config import Config
    from models import Mailbox

PATIENCE_S = 3.0  # a call that has to wait longer gives its worker back, and the run wakes later


def opener(config: Config, client: Redis) -> Callable[[Mailbox], MailSource]:
    """A function that opens mailboxes and keeps them open, with their connections, from step to step.

    Args:
        config: where Google is, and our client there.
        client: keeps the quota that all workers share.
    """
    google = GoogleClient(
        config.google_client_id,
        config.google_client_secret,
        config.google_auth_url,
        config.google_token_url,
        config.google_revoke_url,
    )
    opened: dict[int, tuple[datetime | None, MailSource]] = {}
    lock = threading.Lock()

    def open_source(mailbox: Mailbox) -> MailSource:
        if mailbox.kind not in {"gmail", "imap"}:
            raise Tellable("no_source", "This mailbox has no mail of its own to fetch.")
        with lock:
            known = opened.get(mailbox.id)
            # A mailbox that was connected anew has another token.
            if known is None or known[0] != mailbox.connected_at:
                source = _imap(config, mailbox) if mailbox.kind == "imap" else _gmail(config, google, client, mailbox)
                known = opened[mailbox.id] = (mailbox.connected_at, source)
            return known[1]

    return open_source


def _gmail(config: Config, google: GoogleClient, client: Redis, mailbox: Mailbox) -> Gmail:
    refresh_token, account = mailbox.refresh_token, mailbox.service_account
    if not refresh_token and not account:
        raise NeedsReconnect("needs_reconnect", "The mailbox has to be connected again.")
    key: dict[str, str] = json.loads(account) if account else {}

    def renewal() -> oauth.Access:
        try:
            if key:
                access = oauth.delegated(key, mailbox.address, config.google_token_url)
            else:
                access = oauth.refresh(google, refresh_token)
        except NeedsReconnect as error:
            # At once, for if this worker dies now, the next one must not ask again.
            mailboxes.needs_reconnect(mailbox.id, error)
            raise
        mailboxes.keep_access(mailbox.id, access.token, access.expires_at)
        return access

    access = None
    if mailbox.access_token and mailbox.access_expires_at:
        access = oauth.Access(mailbox.access_token, mailbox.access_expires_at)
    plan = PLANS[config.gmail_quota]
    limiter: Limiter = LocalLimiter(plan)
    if plan.per_mailbox is not None:
        project = key.get("project_id") or key.get("client_email") or config.google_client_id
        limiter = RedisLimiter(client, plan, mailbox=str(mailbox.id), project=project)
    # One service account reads many mailboxes: each is charged under a name of its own.
    user = f"mailbox-{mailbox.id}" if key else None
    tokens = oauth.TokenSource(renewal, access)
    return Gmail(GmailApi(tokens, config.gmail_api_url, limiter=limiter, quota_user=user, patience_s=PATIENCE_S))


def _imap(config: Config, mailbox: Mailbox) -> Imap:
    if not mailbox.password:
        raise NeedsReconnect("needs_reconnect", "The mailbox has to be connected again.")
    told = mailbox.settings
    egress.check(told["host"], told["port"], config.private_hosts)
    return Imap(ImapAccount(told["host"], told["user"], mailbox.password, port=told["port"], tls=told["tls"]))

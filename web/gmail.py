"""Connecting Gmail: away to Google and back, the state of the connection, disconnecting."""

from __future__ import annotations

import functools
import logging
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import clock
from errors import Tellable
from models import Mailbox
from sources import oauth
from store import consents, mailboxes, people, runs
from web import answers, auth, shapes, values
from web.routing import PUBLIC, route

if TYPE_CHECKING:
    from config import Config
    from web.call import Call

log = logging.getLogger("web")
CALLBACK = "/api/gmail/oauth/callback"
_PATIENCE_S = 10.0  # a browser is waiting
_WHICH = {"mailbox": values.row_id("one of the business's mailboxes")}


@functools.cache
def client(config: Config) -> oauth.GoogleClient:
    """The operator's own client at Google; Tellable `google_client_missing`."""
    if not config.google_client_id or not config.google_client_secret:
        raise Tellable(
            "google_client_missing",
            "Gmail cannot be connected yet: GOOGLE_CLIENT_ID and GOOGLE_CLIENT_SECRET are not set (docs/gmail.md).",
        )
    return oauth.GoogleClient(
        config.google_client_id,
        config.google_client_secret,
        config.google_auth_url,
        config.google_token_url,
        config.google_revoke_url,
    )


@route(
    "GET",
    "/api/gmail/oauth/start",
    role="owner",
    summary="Where to send the browser for Google's consent",
    tag="mailboxes",
    query={"mailbox": values.row_id("the one to reconnect")},
    answers={200: shapes.obj(auth_url=shapes.TEXT)},
)
def start(call: Call) -> dict[str, Any]:
    """Each click begins a consent of its own, bound to this session."""
    wanted = call.query["mailbox"]
    reconnecting = Mailbox.find(call.business_id, wanted) if wanted is not None else None
    hint = reconnecting.address if reconnecting is not None else None
    asked = oauth.authorization(client(call.site.config), call.site.config.public_url + CALLBACK, hint)
    consents.begin(asked.state, asked.verifier, call.who.session_id, call.business_id, reconnecting)
    return {"auth_url": asked.url}


@route(
    "GET",
    CALLBACK,
    role=PUBLIC,
    summary="Where Google sends the browser back to",
    tag="mailboxes",
    query={name: values.text(4000) for name in ("state", "code", "error", "scope")},
    answers={303: None},
)
def callback(call: Call) -> bytes:
    """Back to the page, connected or with the code of what went wrong."""
    page = "/app/receipts"
    token = auth.cookie(call)
    person = people.session(token) if token else None
    if person is None:
        return answers.redirect(f"{page}?error=signed_out")
    try:
        consent = consents.take(call.query["state"] or "", person.session_id, person.user_id)
        page = f"/app/b/{consent.business.slug}/receipts"
        _connect(call, consent, f"user:{person.user_id}")
    except Tellable as error:
        log.warning("Gmail was not connected code=%s", error.code)
        return answers.redirect(f"{page}?error={quote(error.code)}")
    return answers.redirect(f"{page}?connected=1")


def _connect(call: Call, consent: consents.Consent, actor: str) -> None:
    """The grant into the mailbox's row, then a first sync."""
    if not consent.allowed:
        raise Tellable("forbidden", "Only an owner may connect a mailbox.")
    config = call.site.config
    if call.query["error"] or not call.query["code"]:
        raise oauth.not_granted(call.query["error"] or "no_code")
    google = client(config)
    grant = oauth.exchange(google, call.query["code"], consent.verifier, config.public_url + CALLBACK)
    address = address_of(config, grant.access_token)
    try:
        mailbox = mailboxes.connect_gmail(
            consent.business,
            address=address,
            refresh_token=grant.refresh_token,
            access_token=grant.access_token,
            access_expires_at=grant.expires_at,
            token_expires_at=grant.refresh_expires_at,
            reconnecting=consent.reconnecting,
        )
    except Tellable:
        revoke(call, grant.refresh_token)  # the other account's permission is not kept by us
        raise
    log.info("Gmail connected mailbox=%s business=%s", mailbox.id, consent.business.id)
    try:
        run = runs.request(consent.business, mailbox=mailbox, requested_by=actor)
    except Tellable as error:
        if error.code != "sync_running":  # the running one was asked to look again
            raise
    else:
        call.site.queue.ring(run.id, consent.business.id)


def address_of(config: Config, access_token: str) -> str:
    """Whose mailbox this is."""
    from sources.gmail import Gmail
    from sources.gmail_api import GmailApi

    api = GmailApi(lambda: access_token, config.gmail_api_url, patience_s=_PATIENCE_S)
    return Gmail(api).profile().address


def revoke(call: Call, token: str) -> None:
    """Give a permission back to Google; that it could not be is only told in the log."""
    try:
        oauth.revoke(client(call.site.config), token)
    except Tellable as error:
        log.warning("A permission could not be given back to Google code=%s", error.code)


@route(
    "GET",
    "/api/gmail/oauth/status",
    role="accountant",
    summary="Whether Gmail is connected",
    tag="mailboxes",
    query=_WHICH,
    answers={
        200: shapes.obj(
            connected=shapes.BOOL,
            status=shapes.TEXT,
            email=shapes.OPT_TEXT,
            last_sync_at=shapes.OPT_TIME,
            error=shapes.OPT_TEXT,
        )
    },
)
def status(call: Call) -> dict[str, Any]:
    """Of one mailbox, else of the one that needs somebody most."""
    row = _chosen(call)
    if row is None:
        return {"connected": False, "status": "disconnected", "email": None, "last_sync_at": None, "error": None}
    return {
        "connected": row.status == "connected",
        "status": row.status,
        "email": row.address,
        "last_sync_at": clock.iso(row.last_sync_at),
        "error": row.error_text,
    }


@route(
    "DELETE",
    "/api/gmail/oauth/disconnect",
    role="owner",
    summary="Disconnect Gmail",
    tag="mailboxes",
    query=_WHICH,
    answers={204: None},
)
def disconnect(call: Call) -> None:
    """The permission is given back; receipts and ledger stay."""
    row = _chosen(call)
    if row is None:
        raise Tellable("not_found", "There is no such thing here.")
    token = mailboxes.disconnect(row)
    if token:
        revoke(call, token)


def _chosen(call: Call) -> Mailbox | None:
    wanted = call.query["mailbox"]
    if wanted is not None:
        row: Mailbox = Mailbox.find(call.business_id, wanted)
        if row.kind != "gmail":
            raise Tellable("not_found", "There is no such thing here.")
        return row
    order = ("needs_reconnect", "connected", "disconnected")
    rows = [row for row in mailboxes.listing(call.business_id) if row.kind == "gmail"]
    return min(rows, key=lambda row: order.index(row.status), default=None)

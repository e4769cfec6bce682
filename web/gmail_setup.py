"""What a person needs for setting Gmail up: the values for Google's form, the seven-day trap, the service account."""

from __future__ import annotations

import ipaddress
import json
import logging
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import clock
from errors import Tellable
from models import Mailbox
from sources import oauth
from store import mailboxes
from web import answers, briefs, shapes, values
from web.gmail import CALLBACK, address_of
from web.mail import look_everywhere
from web.routing import route
from web.sync import queued

if TYPE_CHECKING:
    from web.call import Call

log = logging.getLogger("web")
# Google gives a client in Testing seven days; a person may also choose a time of their own on the consent page.
_TESTING = timedelta(days=7, hours=1)
_KEY_FIELDS = ("type", "project_id", "private_key_id", "private_key", "client_email", "client_id")


@route(
    "GET",
    "/api/gmail/setup",
    role="owner",
    summary="What Google's form asks for, and how long the permission lasts",
    tag="mailboxes",
    answers={
        200: shapes.obj(
            client_configured=shapes.BOOL,
            redirect_uri=shapes.TEXT,
            javascript_origin=shapes.TEXT,
            problem=shapes.either(shapes.NOTE),
            testing_suspected=shapes.BOOL,
            token_expires_at=shapes.OPT_TIME,
            seconds_left=shapes.OPT_WHOLE,
        )
    },
)
def setup(call: Call) -> dict[str, Any]:
    """The end is the earliest of the business's mailboxes; null where Google set none."""
    config = call.site.config
    ours = urlsplit(config.public_url)
    ending = [row for row in mailboxes.listing(call.business_id) if row.token_expires_at and row.kind == "gmail"]
    first: Mailbox | None = min(ending, key=lambda row: row.token_expires_at, default=None)
    left = None if first is None else max(0, int((first.token_expires_at - clock.now()).total_seconds()))
    return {
        "client_configured": bool(config.google_client_id and config.google_client_secret),
        "redirect_uri": config.public_url + CALLBACK,
        "javascript_origin": f"{ours.scheme}://{ours.netloc}",
        "problem": _problem(config.public_url),
        "testing_suspected": any(row.token_expires_at - row.connected_at <= _TESTING for row in ending),
        "token_expires_at": clock.iso(first.token_expires_at) if first is not None else None,
        "seconds_left": left,
    }


def _problem(public_url: str) -> dict[str, str] | None:
    """Why Google would not take our address as a redirect URI, by its published rules."""
    parts = urlsplit(public_url)
    host = parts.hostname or ""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        address = None
    if host == "localhost" or (address is not None and address.is_loopback):
        return None
    if address is not None:
        text = "Google takes no bare IP address: give this server a name and set PUBLIC_URL to it."
        return {"code": "public_url_is_an_ip", "text": text}
    if parts.scheme != "https":
        text = "Google takes only https addresses, localhost excepted: set PUBLIC_URL to one that starts with https://."
        return {"code": "public_url_not_https", "text": text}
    if "." not in host or host.endswith((".local", ".lan", ".internal", ".home.arpa")):
        text = "Google takes only names of the public internet, localhost excepted: set PUBLIC_URL to such a name."
        return {"code": "public_url_not_public", "text": text}
    return None


@route(
    "POST",
    "/api/gmail/delegated",
    role="owner",
    summary="Connect a Workspace mailbox through a service account",
    tag="mailboxes",
    body={
        "service_account": values.free(about="the JSON key that Google gave for the service account").needed(),
        "subject": values.text(320, shortest=3, about="the mailbox's address").needed(),
    },
    answers={201: shapes.ref("Mailbox")},
)
def delegated(call: Call) -> bytes:
    """Asks Google for access once to see that it works; the first sync begins by itself."""
    given, subject = call.body["service_account"], call.body["subject"].strip()
    key = {name: given[name] for name in _KEY_FIELDS if isinstance(given.get(name), str)}
    if key.get("type") != "service_account":
        raise Tellable("bad_service_key", "That is not the JSON key of a service account; download it from Google.")
    if "@" not in subject:
        raise Tellable("bad_email", "That is not an e-mail address.")
    config = call.site.config
    access = oauth.delegated(key, subject, config.google_token_url)
    address = address_of(config, access.token)
    mailbox = mailboxes.connect_delegated(
        call.business_id,
        address=address,
        service_account=json.dumps(key),
        access_token=access.token,
        access_expires_at=access.expires_at,
    )
    log.info("Gmail connected by delegation mailbox=%s business=%s", mailbox.id, call.business_id)
    queued(call, look_everywhere(call), "The first sync begins.")
    return answers.json(briefs.mailbox(mailbox), 201)

"""Mail out: one message through the operator's SMTP server."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, make_msgid, parseaddr
from urllib.parse import parse_qs, unquote, urlsplit

import clock
from errors import Tellable, Temporary

_TIMEOUT_S = 20.0
_PORTS = {"smtp": 587, "smtps": 465}


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file of a mail."""

    name: str
    media_type: str
    data: bytes


def send(
    smtp_url: str,
    to: Sequence[str],
    subject: str,
    text: str,
    *,
    attachments: Sequence[Attachment] = (),
    message_id: str | None = None,
) -> None:
    """Hand one mail to the server of SMTP_URL: smtp://user:password@host:587?from=receipts@example.com, or smtps://.

    With smtp:// the connection is encrypted wherever the server can; a password is never sent without that, but to
    this very machine. Tellable `mail_off` without an address, `mail_refused` when the server says no for good;
    Temporary `mail_unreachable` when it may be otherwise later.
    """
    if not smtp_url:
        raise Tellable("mail_off", "No mail can be sent: SMTP_URL is not set (docs/settings.md).")
    parts = urlsplit(smtp_url)
    host, port = parts.hostname or "", parts.port or _PORTS.get(parts.scheme, 25)
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    sender = parse_qs(parts.query).get("from", [""])[0] or (user if "@" in user else f"prosaas@{host}")
    mail = _message(sender, to, subject, text, attachments, message_id)
    try:
        with _connected(parts.scheme, host, port) as server:
            if user:
                server.login(user, password)
            server.send_message(mail, parseaddr(sender)[1], list(to))
    except (smtplib.SMTPRecipientsRefused, smtplib.SMTPAuthenticationError, smtplib.SMTPResponseException) as error:
        raise _refused(error) from error
    except (OSError, smtplib.SMTPException) as error:
        raise Temporary(
            "mail_unreachable", f"The mail server did not take the mail ({type(error).__name__}).", retry_after_s=60
        ) from error


def _message(
    sender: str, to: Sequence[str], subject: str, text: str, attachments: Sequence[Attachment], message_id: str | None
) -> EmailMessage:
    mail = EmailMessage(policy=SMTP)
    mail["From"], mail["To"] = sender, ", ".join(to)
    mail["Subject"] = " ".join(subject.split())
    mail["Date"] = format_datetime(clock.now())
    mail["Message-ID"] = message_id or make_msgid(domain=parseaddr(sender)[1].rpartition("@")[2] or "prosaas.invalid")
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(text)
    for one in attachments:
        kind, _, subtype = one.media_type.partition("/")
        mail.add_attachment(one.data, maintype=kind, subtype=subtype or "octet-stream", filename=one.name)
    return mail


def _connected(scheme: str, host: str, port: int) -> smtplib.SMTP:
    if scheme == "smtps":
        return smtplib.SMTP_SSL(host, port, timeout=_TIMEOUT_S, context=ssl.create_default_context())
    server = smtplib.SMTP(host, port, timeout=_TIMEOUT_S)
    try:
        server.ehlo()
        if server.has_extn("starttls"):
            server.starttls(context=ssl.create_default_context())
            server.ehlo()
        elif host not in {"localhost", "127.0.0.1", "::1"}:
            server.esmtp_features.pop("auth", None)  # login then refuses: nothing secret goes in the clear
    except BaseException:
        server.close()
        raise
    return server


def _refused(error: smtplib.SMTPException) -> Tellable:
    code = getattr(error, "smtp_code", 0)
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code = max((one[0] for one in error.recipients.values()), default=550)
    if 400 <= code < 500 and not isinstance(error, smtplib.SMTPAuthenticationError):
        return Temporary("mail_unreachable", f"The mail server put the mail off ({code}).", retry_after_s=300)
    return Tellable("mail_refused", f"The mail server refused the mail ({code}); look at SMTP_URL and the address.")

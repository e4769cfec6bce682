"""Mailboxes: connecting, losing and keeping the permission to read them."""

from __future__ import annotations

from datetime import datetime, timedelta

import clock
from errors import Tellable
from models import Business, Mailbox, write
from store import events

END_IS_NEAR = timedelta(hours=48)
FILES = ("upload", "message")  # hold files as they are, not mail
LOCAL = (*FILES, "import")  # hold what is here already; nothing is fetched


def connect_gmail(
    business: Business | int,
    *,
    address: str,
    refresh_token: str,
    access_token: str | None = None,
    access_expires_at: datetime | None = None,
    token_expires_at: datetime | None = None,
    reconnecting: Mailbox | None = None,
) -> Mailbox:
    """The connected mailbox of that address, made or found again with its ledger and cursor kept.

    Tellable `other_account` when `reconnecting` names a mailbox of another address.
    """
    if reconnecting is not None and reconnecting.address.casefold() != address.casefold():
        raise Tellable(
            "other_account",
            "That is another Google account than the one to be reconnected; choose the same one.",
        )
    with write():
        mailbox = Mailbox.get_or_none(Mailbox.business == business, Mailbox.kind == "gmail", Mailbox.address == address)
        if mailbox is None:
            mailbox = Mailbox(business=business, kind="gmail", address=address)
        mailbox.status = "connected"
        mailbox.error_code = mailbox.error_text = None
        mailbox.refresh_token, mailbox.service_account = refresh_token, None
        mailbox.access_token, mailbox.access_expires_at = access_token, access_expires_at
        mailbox.token_expires_at, mailbox.end_told_at = token_expires_at, None
        mailbox.connected_at = clock.now()
        mailbox.save()
    return mailbox


def connect_delegated(
    business: Business | int, *, address: str, service_account: str, access_token: str, access_expires_at: datetime
) -> Mailbox:
    """The connected mailbox of that address, read by a service account (its JSON key) from now on."""
    with write():
        mailbox = Mailbox.get_or_none(Mailbox.business == business, Mailbox.kind == "gmail", Mailbox.address == address)
        mailbox = mailbox or Mailbox(business=business, kind="gmail", address=address)
        mailbox.status = "connected"
        mailbox.error_code = mailbox.error_text = None
        mailbox.refresh_token, mailbox.service_account = None, service_account
        mailbox.access_token, mailbox.access_expires_at = access_token, access_expires_at
        mailbox.token_expires_at = mailbox.end_told_at = None
        mailbox.connected_at = clock.now()
        mailbox.save()
    return mailbox


def disconnect(mailbox: Mailbox) -> str | None:
    """Forget the permission and give the token to be revoked; receipts and ledger stay."""
    token: str | None = mailbox.refresh_token
    with write():
        Mailbox.update(
            status="disconnected",
            refresh_token=None,
            service_account=None,
            access_token=None,
            token_expires_at=None,
            password=None,
            error_code=None,
            error_text=None,
        ).where(Mailbox.id == mailbox.id).execute()
    return token


def needs_reconnect(mailbox_id: int, error: Tellable) -> None:
    """The permission is over: no further call until a person connects again."""
    with write():
        before = Mailbox.get_or_none(Mailbox.id == mailbox_id)
        Mailbox.update(
            status="needs_reconnect", error_code=error.code, error_text=error.sentence, access_token=None
        ).where(Mailbox.id == mailbox_id).execute()
        if before is not None and before.status != "needs_reconnect":
            events.mailbox(Mailbox.get_by_id(mailbox_id), events.NEEDS_RECONNECT)


def ends_soon(mailbox: Mailbox) -> timedelta | None:
    """How long Google still lets us read a mailbox, where that is less than two days; else None."""
    if mailbox.status != "connected" or mailbox.token_expires_at is None:
        return None
    left: timedelta = mailbox.token_expires_at - clock.now()
    return max(left, timedelta(0)) if left < END_IS_NEAR else None


def tell_ends() -> list[int]:
    """Tell the outside world, once for each permission, that Google ends it soon; ids of these mailboxes."""
    near = Mailbox.select().where(
        Mailbox.status == "connected",
        Mailbox.token_expires_at < clock.now() + END_IS_NEAR,
        Mailbox.end_told_at.is_null(),
    )
    return [row.id for row in near if _tell_end(row)]


def _tell_end(row: Mailbox) -> bool:
    with write():
        untold = (Mailbox.id == row.id, Mailbox.end_told_at.is_null())
        if not Mailbox.update(end_told_at=clock.now()).where(*untold).execute():
            return False  # another worker was quicker
        events.mailbox(row, events.ENDS_SOON)
    return True


def refused(mailbox_id: int, error: Tellable) -> None:
    """Google refuses for a reason that a person can mend; the connection itself stays."""
    with write():
        Mailbox.update(error_code=error.code, error_text=error.sentence).where(Mailbox.id == mailbox_id).execute()


def keep_access(mailbox_id: int, token: str, expires_at: datetime) -> None:
    """Keep a fresh access token, so that every worker uses the same one."""
    with write():
        Mailbox.update(access_token=token, access_expires_at=expires_at).where(Mailbox.id == mailbox_id).execute()


def synced(mailbox_id: int) -> None:
    """A run went through this mailbox to its end."""
    with write():
        Mailbox.update(last_sync_at=clock.now(), error_code=None, error_text=None).where(
            Mailbox.id == mailbox_id
        ).execute()


def uploads(business: Business | int) -> Mailbox:
    """The mailbox that holds what people upload to the business."""
    return _local(business, "upload")


def messages(business: Business | int) -> Mailbox:
    """The mailbox that holds what people send to the business's number."""
    return _local(business, "message")


def imports(business: Business | int) -> Mailbox:
    """The mailbox that holds the mail of imported files."""
    return _local(business, "import")


def _local(business: Business | int, kind: str) -> Mailbox:
    with write():
        mailbox = Mailbox.get_or_none(Mailbox.business == business, Mailbox.kind == kind)
        if mailbox is None:
            mailbox = Mailbox.create(business=business, kind=kind, connected_at=clock.now())
    return mailbox


def connect_imap(business: Business | int, *, host: str, port: int, tls: str, user: str, password: str) -> Mailbox:
    """The connected IMAP mailbox of that server and user, made or found again."""
    with write():
        address = user if "@" in user else f"{user}@{host}"
        mailbox = Mailbox.get_or_none(Mailbox.business == business, Mailbox.kind == "imap", Mailbox.address == address)
        mailbox = mailbox or Mailbox(business=business, kind="imap", address=address)
        mailbox.settings = {"host": host, "port": port, "tls": tls, "user": user}
        mailbox.password = password
        mailbox.status, mailbox.error_code, mailbox.error_text = "connected", None, None
        mailbox.connected_at = clock.now()
        mailbox.save()
    return mailbox


def listing(business: Business | int) -> list[Mailbox]:
    """All mailboxes of the business, oldest first."""
    return list(Mailbox.select().where(Mailbox.business == business).order_by(Mailbox.id))


def audit_is_due(business: Business | int, every: timedelta) -> bool:
    """Whether a mailbox that was compared with the ledger once was not compared again since."""
    return (
        Mailbox.select()
        .where(
            Mailbox.business == business,
            Mailbox.status == "connected",
            Mailbox.kind.not_in(LOCAL),
            Mailbox.audited_at < clock.now() - every,
        )
        .exists()
    )


def businesses_to_sync() -> list[int]:
    """Ids of the businesses with a mailbox that the schedule shall sync."""
    query = Mailbox.select(Mailbox.business).where(Mailbox.status == "connected", Mailbox.kind.not_in(LOCAL)).distinct()
    return [row.business_id for row in query]

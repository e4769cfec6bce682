"""Invitations: a link that lets somebody join a business in a role, once, within two weeks."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Any

import clock
from errors import Tellable
from models import Business, Invitation, Membership, User, digest, write
from store import audit, people

LIFE = timedelta(days=14)


def invite(business_id: int, email: str, role: str, invited_by: int | None) -> tuple[Invitation, str]:
    """A new invitation, in place of an earlier one of that address, and its token, which is kept nowhere.

    Tellable `bad_email`, `bad_role`, or `member_already`.
    """
    address = people.address(email)
    people.check_role(role)
    token = secrets.token_urlsafe(32)
    with write():
        here = Membership.select().join(User).where(Membership.business == business_id, User.email == address)
        if here.exists():
            raise Tellable("member_already", "This person belongs to the business already.")
        _open(business_id).where(Invitation.email == address).execute()
        row: Invitation = Invitation.create(
            business=business_id,
            email=address,
            role=role,
            token_sha256=digest(token),
            invited_by=invited_by,
            expires_at=clock.now() + LIFE,
        )
        audit.note(business_id, "invitation.made", "invitation", row.id, label=address, changes={"role": [None, role]})
    return row, token


def _open(business_id: int) -> Any:
    return Invitation.delete().where(Invitation.business == business_id, Invitation.accepted_at.is_null())


def listing(business_id: int) -> list[Invitation]:
    """Invitations that can still be accepted, the newest first."""
    wanted = (
        Invitation.business == business_id,
        Invitation.accepted_at.is_null(),
        Invitation.expires_at > clock.now(),
    )
    return list(Invitation.select().where(*wanted).order_by(Invitation.id.desc()))


def withdraw(business_id: int, id_: object) -> None:
    """The link no longer works; Tellable `not_found`."""
    with write():
        row = Invitation.find(business_id, id_)
        if row.accepted_at is not None:
            raise Tellable("not_found", "There is no such thing here.")
        row.delete_instance()
        audit.note(business_id, "invitation.withdrawn", "invitation", row.id, label=row.email)


def look(token: str) -> dict[str, Any]:
    """What an invitation offers: business, role, email, and whether there is an account of that address.

    Tellable `bad_invitation`.
    """
    row = _found(token)
    return {
        "business": Business.get_by_id(row.business_id).name,
        "role": row.role,
        "email": row.email,
        "known": people.knows(row.email),
    }


def _found(token: str) -> Invitation:
    row: Invitation | None = Invitation.get_or_none(
        Invitation.token_sha256 == digest(token), Invitation.accepted_at.is_null(), Invitation.expires_at > clock.now()
    )
    if row is None:
        raise Tellable("bad_invitation", "This invitation was used already, withdrawn, or is too old; ask for another.")
    return row


def accept(
    token: str, *, user_id: int | None, name: str = "", password: str | None = None, language: str = "en"
) -> User:
    """Join: as the person who is signed in, else with a new account of the invited address and a password.

    Tellable `bad_invitation`, `weak_password`, or `sign_in_first` where there is an account of that address.
    """
    from store import passwords

    hashed = passwords.hashed(password) if password is not None else None
    with write():
        row = _found(token)
        if user_id is None and people.knows(row.email):
            raise Tellable(
                "sign_in_first", "There is an account of this address already; sign in, then open the link again."
            )
        if user_id is None and hashed is None:
            raise Tellable("account_needed", "Tell your name and a password to make your account.")
        user = User.get_by_id(user_id) if user_id is not None else people.add_user(row.email, name, language=language)
        if user_id is None:
            User.update(password_hash=hashed).where(User.id == user.id).execute()
        member = Membership.get_or_none(Membership.business == row.business_id, Membership.user == user.id)
        if member is None:  # an invitation never takes anything away
            people.add_member(row.business_id, user.id, row.role)
        Invitation.update(accepted_at=clock.now()).where(Invitation.id == row.id).execute()
        audit.note(row.business_id, "invitation.accepted", "user", user.id, label=user.name or user.email)
    return user

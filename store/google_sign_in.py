"""Signing in with Google: ways there and back under way, and the link between a person and their Google account."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import timedelta

import peewee

import clock
from errors import Tellable
from models import GoogleSignIn, User, digest, write
from store import audit

LIFE = timedelta(minutes=10)
TOKEN_LIFE = timedelta(minutes=5)  # to type the second factor's code


@dataclass(frozen=True, slots=True)
class Way:
    """A way to Google that a browser has come back from."""

    id: int
    session_id: int | None  # set: a signed-in person wants to link their account
    nonce: str = field(repr=False)
    verifier: str = field(repr=False)


def begin(state: str, verifier: str, nonce: str, *, browser: str, session_id: int | None = None) -> None:
    """Remember that this browser is sent to Google; with a session, to link that person's account."""
    now = clock.now()
    with write():
        GoogleSignIn.delete().where(GoogleSignIn.expires_at < now).execute()
        GoogleSignIn.create(
            state_sha256=digest(state),
            browser_sha256=digest(browser),
            session=session_id,
            nonce=nonce,
            verifier=verifier,
            expires_at=now + LIFE,
        )


def come_back(state: str, browser: str) -> Way:
    """The way of that state, once, for the browser that began it; Tellable `bad_state`."""
    with write():
        row = GoogleSignIn.get_or_none(GoogleSignIn.state_sha256 == digest(state))
        if row is not None:  # whoever brings it: a state works once
            GoogleSignIn.update(state_sha256=None).where(GoogleSignIn.id == row.id).execute()
    if row is None or row.expires_at < clock.now() or not _same(row.browser_sha256, browser):
        raise Tellable("bad_state", "This sign-in was begun elsewhere or too long ago; please try again.")
    return Way(row.id, row.session_id, row.nonce, row.verifier)


def vouched(way: Way, subject: str) -> str:
    """A token with which the same browser signs in the person of that Google account; Tellable `google_unknown`.

    Only the account's lasting id counts. An address proves nothing here: whoever can make a Google account with
    somebody's address, or is given it later, is not that person.
    """
    user = User.get_or_none(User.google_id == subject)
    if user is None:
        raise Tellable(
            "google_unknown",
            "This Google account is connected to nobody here. Sign in with your password or link, then connect it "
            "under Settings, Signing in.",
        )
    token = secrets.token_urlsafe(32)
    with write():
        GoogleSignIn.update(token_sha256=digest(token), user=user.id, expires_at=clock.now() + TOKEN_LIFE).where(
            GoogleSignIn.id == way.id
        ).execute()
    return token


def redeem(token: str, browser: str) -> User:
    """The person that the token signs in, in the browser that it was made for; Tellable `bad_link`."""
    row = GoogleSignIn.get_or_none(GoogleSignIn.token_sha256 == digest(token), GoogleSignIn.expires_at > clock.now())
    if row is None or row.user_id is None or not _same(row.browser_sha256, browser):
        raise Tellable("bad_link", "This sign-in was used already or is too old; please try again.")
    user: User = User.get_by_id(row.user_id)
    return user


def used(token: str) -> None:
    """It has signed somebody in, and does no more; Tellable `bad_link` where another request was quicker."""
    with write():
        if not GoogleSignIn.delete().where(GoogleSignIn.token_sha256 == digest(token)).execute():
            raise Tellable("bad_link", "This sign-in was used already or is too old; please try again.")


def link(user_id: int, subject: str) -> None:
    """From now on this Google account signs in this person; Tellable `google_taken`."""
    try:
        with write():
            User.update(google_id=subject).where(User.id == user_id).execute()
            audit.note(None, "person.google_connected", "user", user_id)
    except peewee.IntegrityError as error:
        raise Tellable("google_taken", "This Google account signs in somebody else here.") from error


def unlink(user_id: int) -> None:
    """Google signs this person in no more; Tellable `password_missing` where nothing else would."""
    with write():
        user = User.get_by_id(user_id)
        if not user.password_hash:
            raise Tellable("password_missing", "Set a password first; without one you could not sign in any more.")
        User.update(google_id=None).where(User.id == user_id).execute()
        audit.note(None, "person.google_disconnected", "user", user_id)


def _same(kept: str, browser: str) -> bool:
    return bool(browser) and secrets.compare_digest(kept, digest(browser))

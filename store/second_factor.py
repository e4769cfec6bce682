"""The second factor: codes of an authenticator app (TOTP), each once, and codes for the day that the phone is lost."""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass

import pyotp

import clock
from errors import Tellable
from models import User, digest, write
from store import audit

_STEP_S = 30
_SLACK = 1  # steps that a phone's clock may be off, either way
_CODES = 10
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"


@dataclass(frozen=True, slots=True)
class Begun:
    """A factor that waits for its first code: the secret, and the address that an app takes it from."""

    secret: str
    uri: str


def begin(user_id: int) -> Begun:
    """A new secret for the person, asked for from the first right code on; Tellable `factor_on`."""
    user = User.get_by_id(user_id)
    if user.totp_since is not None:
        raise Tellable("factor_on", "A second factor is on already; switch it off first.")
    secret = pyotp.random_base32()
    with write():
        User.update(totp_secret=secret).where(User.id == user_id, User.totp_since.is_null()).execute()
    return Begun(secret, pyotp.TOTP(secret).provisioning_uri(name=user.email, issuer_name="ProSaaS"))


def confirm(user_id: int, code: str) -> list[str]:
    """Switch it on: the codes for a lost phone, shown only now; Tellable `factor_on`, `bad_code`."""
    codes = ["".join(secrets.choice(_ALPHABET) for _ in range(10)) for _ in range(_CODES)]
    with write():
        user = User.get_by_id(user_id)
        if user.totp_since is not None:
            raise Tellable("factor_on", "A second factor is on already; switch it off first.")
        step = _matching(user, code)
        if step is None:
            raise _wrong()
        kept = [digest(one) for one in codes]
        User.update(totp_since=clock.now(), totp_step=step, recovery=kept).where(User.id == user_id).execute()
        audit.note(None, "person.factor_on", "user", user_id)
    return [f"{one[:5]}-{one[5:]}" for one in codes]


def check(user: User, code: str | None) -> None:
    """Take the code of a sign-in; Tellable `code_needed` without one, `bad_code` for a wrong or used one."""
    if user.totp_since is None:
        return
    if not code:
        raise Tellable("code_needed", "Tell the code of your authenticator app too, or one of your recovery codes.")
    plain = "".join(char for char in code if char.isalnum()).lower()
    with write():
        now: User = User.get_by_id(user.id)
        step = _matching(now, plain)
        if step is not None:
            User.update(totp_step=step).where(User.id == user.id).execute()
            return
        hashed = digest(plain)
        if hashed in now.recovery:
            left = [one for one in now.recovery if one != hashed]
            User.update(recovery=left).where(User.id == user.id).execute()
            audit.note(None, "person.recovery_code_used", "user", user.id, changes={"left": [len(left) + 1, len(left)]})
            return
    raise _wrong()


def off(user_id: int) -> None:
    """Switch it off; the secret is forgotten."""
    with write():
        User.update(totp_secret=None, totp_since=None, totp_step=0, recovery=[]).where(User.id == user_id).execute()
        audit.note(None, "person.factor_off", "user", user_id)


def _matching(user: User, code: str) -> int | None:
    """The half-minute whose code this is; None where it is none of now's, or was used before."""
    if user.totp_secret is None or not (len(code) == 6 and code.isascii() and code.isdigit()):
        return None
    totp, now = pyotp.TOTP(user.totp_secret), int(clock.now().timestamp())
    for step in range(now // _STEP_S - _SLACK, now // _STEP_S + _SLACK + 1):
        if step > user.totp_step and hmac.compare_digest(totp.at(step * _STEP_S), code):
            return step
    return None


def _wrong() -> Tellable:
    return Tellable("bad_code", "This code is wrong or was used already; wait for the next one.")

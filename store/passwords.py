"""Passwords: argon2id hashes with a memory price that a small machine can pay."""

from __future__ import annotations

import functools
import secrets
import threading

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from errors import Tellable

SHORTEST = 10
LONGEST = 1024
# OWASP's second recommendation (19 MiB, two passes); one at a time, so that a burst of sign-ins is no burst of memory.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_ONE_AT_A_TIME = threading.Lock()


def hashed(password: str) -> str:
    """The hash to keep; Tellable `weak_password` when it is too short or absurdly long."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise Tellable("weak_password", f"A password must have at least {SHORTEST} characters.")
    with _ONE_AT_A_TIME:
        return _HASHER.hash(password)


def matches(password_hash: str | None, password: str) -> bool:
    """Whether the password is the one of the hash; takes as long without a hash."""
    if len(password) > LONGEST:
        return False
    with _ONE_AT_A_TIME:
        try:
            return _HASHER.verify(password_hash or _nobody(), password) and password_hash is not None
        except (VerificationError, InvalidHashError):
            return False


@functools.cache
def _nobody() -> str:
    """A hash that no password fits, compared when there is no such person."""
    return _HASHER.hash(secrets.token_urlsafe(32))

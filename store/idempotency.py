"""A request that is repeated under the same key is answered as the first time, and done once."""

from __future__ import annotations

from datetime import timedelta

import peewee

import clock
from errors import Tellable
from models import Replayed, decrypt, digest, encrypt, write

LIFE = timedelta(days=1)
_STUCK = timedelta(minutes=2)  # who began it and never ended is gone
_LONGEST = 1_000_000


def begin(business_id: int | None, actor: str, key: str, request: str) -> tuple[int, tuple[int, str] | None]:
    """The row of this key, and the answer that was given already (status, body) or None: then it is to be done now.

    Tellable `key_reused` where the key belonged to another request, `key_busy` while the first one is under way.
    """
    hashed = digest(request)
    now = clock.now()
    with write():
        Replayed.delete().where(Replayed.created_at < now - LIFE).execute()
        row = Replayed.get_or_none(Replayed.actor == actor, Replayed.key == key)
        if row is None:
            row = Replayed(business=business_id, actor=actor, key=key, request_sha256=hashed, created_at=now)
            try:
                row.save()
            except peewee.IntegrityError as error:
                raise _busy() from error
            return row.id, None
        if row.request_sha256 != hashed:
            raise Tellable("key_reused", "This Idempotency-Key belonged to another request; take a new one.")
        if row.status is None:
            if row.created_at > now - _STUCK:
                raise _busy()
            Replayed.update(created_at=now).where(Replayed.id == row.id).execute()
            return row.id, None
    return row.id, (row.status, decrypt(row.body))


def _busy() -> Tellable:
    return Tellable("key_busy", "The first request of this Idempotency-Key is still under way.", retry_after_s=2)


def keep(row_id: int, status: int, body: str) -> None:
    """The answer for whoever repeats the request; encrypted, for it may hold what is shown only once."""
    with write():
        if len(body) <= _LONGEST:
            Replayed.update(status=status, body=encrypt(body)).where(Replayed.id == row_id).execute()
        else:
            Replayed.delete().where(Replayed.id == row_id).execute()


def drop(row_id: int) -> None:
    """Nothing came of it: the key may be used again."""
    with write():
        Replayed.delete().where(Replayed.id == row_id).execute()

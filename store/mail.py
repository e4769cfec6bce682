"""The ledger's read side: every mail seen, what became of it and why, page by page."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

import orjson

from errors import Tellable
from models import Mail
from store import search, sql

OUTCOMES = ("waiting", "receipt", "not_receipt", "duplicate", "failed", "gone", "skipped")
_NAMES = (
    "id", "mailbox_id", "from_name", "from_address", "subject", "received_at", "first_seen_at", "read_at", "outcome",
    "reason_code", "reason_text", "reasons", "labels", "tries", "next_try_at", "size", "raw_sha256",
    "deleted_at_source",
)  # fmt: skip
_WHEN = "coalesce(m.received_at, m.first_seen_at)"  # mail that was only listed yet has no time of its own
_SELECT = f"select {', '.join(f'm.{name}' for name in _NAMES)} from mail m "


def page(
    business_id: int,
    *,
    outcomes: tuple[str, ...] = (),
    q: str | None = None,
    mailbox: int | None = None,
    limit: int = 50,
    cursor: str | None = None,
) -> tuple[list[dict[str, Any]], str | None]:
    """One page of mails, the last discovered first, each with its receipts' ids and documents; and the next cursor.

    Tellable `bad_cursor`.
    """
    terms = ["m.business_id = ?"]
    params: list[object] = [business_id]
    if len(outcomes) == 1:
        terms.append("m.outcome = ?")
        params.append(outcomes[0])
    elif outcomes:
        terms.append(f"m.outcome in ({sql.marks(outcomes)})")
        params.extend(outcomes)
    if mailbox is not None:
        terms.append("m.mailbox_id = ?")
        params.append(mailbox)
    if q:
        found_words = search.mails(business_id, q)
        terms.append(found_words.term)
        params.extend(found_words.params)
        if found_words.few:  # the sign keeps the planner from walking the whole ledger
            terms[0] = "+m.business_id = ?"
    before = _decoded(cursor)
    if before is not None:
        terms.append(f"({_WHEN}, m.id) < (?, ?)")
        params.extend(before)
    found = sql.fetch(
        f"select {', '.join(f'm.{name}' for name in _NAMES)}, {_WHEN} from mail m where {' and '.join(terms)} "
        f"order by {_WHEN} desc, m.id desc limit ?",
        [*params, limit + 1],
    )
    more, found = len(found) > limit, found[:limit]
    following = urlsafe_b64encode(orjson.dumps([found[-1][-1], found[-1][0]])).decode() if more else None
    return _with_children([dict(zip(_NAMES, row, strict=False)) for row in found]), following


def _decoded(cursor: str | None) -> tuple[int, int] | None:
    if cursor is None:
        return None
    try:
        moment, id_ = orjson.loads(urlsafe_b64decode(cursor))
        if isinstance(moment, int) and isinstance(id_, int) and max(abs(moment), abs(id_)) < 2**63:
            return moment, id_
    except (ValueError, TypeError):
        pass
    raise Tellable("bad_cursor", "This cursor does not belong to this list; begin without one.")


def one(business_id: int, id_: object) -> dict[str, Any]:
    """One mail, as in the list; Tellable `not_found`."""
    row = sql.one(_SELECT + "where m.id = ?", [Mail.find(business_id, id_).id])
    return _with_children([dict(zip(_NAMES, row or (), strict=True))])[0]


def _with_children(mails: list[dict[str, Any]]) -> list[dict[str, Any]]:
    by_id = {mail["id"]: mail for mail in mails}
    for mail in mails:
        mail["receipts"], mail["documents"] = [], []
    listed = sql.ids(by_id)
    for mail_id, id_ in sql.fetch(
        f"select mail_id, id from receipt where mail_id in ({listed}) and deleted_at is null order by id"
    ):
        by_id[mail_id]["receipts"].append(id_)
    names = ("mail_id", "id", "filename", "media_type", "pages", "size", "part")
    for row in sql.fetch(f"select {', '.join(names)} from document where mail_id in ({listed}) order by id"):
        by_id[row[0]]["documents"].append(dict(zip(names[1:], row[1:], strict=True)))
    return mails

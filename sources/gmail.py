"""Gmail as a source of mail: full passes, history and whole messages over Google's REST API."""

from __future__ import annotations

import re
from binascii import a2b_base64
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import ceil, floor
from typing import Any, TypeVar
from urllib.parse import urlencode

from errors import Tellable, Temporary
from sources.batch import MOST, PATH, decode, encode
from sources.gmail_api import ROOT, Answer, GmailApi, Params, Request, cut
from sources.google_errors import BadRequest, Unauthorized, told
from sources.many import Fetched, Group, concerns_one, fetch_many, one_by_one
from sources.ports import (
    LIKELY,
    SET_ASIDE,
    Change,
    CursorExpired,
    Found,
    Gone,
    NeedsReconnect,
    Page,
    RateLimited,
    RawMail,
    Refused,
    Unfetchable,
)
from sources.quota import LEGACY

T = TypeVar("T")

_PAGE = 500  # the most that Gmail gives, and the price does not depend on it
_PASSES = 3  # of a listing, which is no snapshot: repeated until one adds nothing
_RESTARTS = 2  # of a listing whose page token was refused
_LISTING_WAIT_S = 70.0  # for the quota's next minute
_EMPTY_PAGES = 50  # of history or of a list in a row, before we say that it leads nowhere
_MESSAGE = "id,threadId,labelIds"
_LIST_FIELDS = "messages(id,threadId),nextPageToken"
_HISTORY_FIELDS = (
    f"history(messagesAdded(message({_MESSAGE})),messagesDeleted(message({_MESSAGE})),labelsAdded(message({_MESSAGE})),"
    f"labelsRemoved(message({_MESSAGE}))),historyId,nextPageToken"
)
_RAW = re.compile(rb'"raw"\s*:\s*"([\w-]*)(?:=|\\u003[dD])*"')  # no quote or escape can stand within base64
_STANDARD_BASE64 = bytes.maketrans(b"-_", b"+/")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_PIECE = 1 << 20  # a multiple of four
_RAW_FIELDS = "id,threadId,labelIds,historyId,internalDate,sizeEstimate,raw"
_HISTORY_TYPES = ("messageAdded", "messageDeleted", "labelAdded", "labelRemoved")
_EVENTS = (
    ("messagesAdded", Change.ADDED),
    ("labelsAdded", Change.LABELS),
    ("labelsRemoved", Change.LABELS),
    ("messagesDeleted", Change.DELETED),
)


@dataclass(frozen=True, slots=True)
class Profile:
    """Whose mailbox it is, and where it stands."""

    address: str
    history_id: str
    messages_total: int  # an alarm at most: it is not exact


class Gmail:
    """A MailSource over Gmail, for any number of threads; its cursors are history ids: compare them as int."""

    def __init__(self, api: GmailApi) -> None:
        """Take the calls to one mailbox."""
        self._api = api
        self._plan = api.limiter.plan

    def profile(self) -> Profile:
        """Address and present history id (1 unit)."""

        def read(answer: Answer) -> Profile:
            profile = answer.json()
            return Profile(
                address=_need(profile, "emailAddress"),
                history_id=str(_number(profile, "historyId")),
                messages_total=int(profile.get("messagesTotal") or 0),
            )

        return self._get("/profile", {}, self._plan.profile, read)

    def mark(self) -> str:
        """The history id of this moment."""
        return self.profile().history_id

    def everything(
        self, start: datetime | None = None, end: datetime | None = None, *, query: str = ""
    ) -> Iterator[Page]:
        """As the port says; a few messages of the second before `start` may be named too.

        First the labels that set a message aside are listed one by one, so that the pass over all mail can
        tell which message has which of them. Listings are no snapshots: the pass is repeated until one adds
        nothing. Messages that only a repeated pass finds come with labels None.

        Args:
            start: first moment.
            end: the moment after the last.
            query: further terms of Gmail's search language, to rank likely messages first; never to leave
                others out.
        """
        q = " ".join(term for term in (_range(start, end), query) if term)
        aside: dict[str, frozenset[str]] = {}
        threads: dict[str, str] = {}
        for label in sorted(SET_ASIDE):
            for messages in self._listing(q, label):
                for message_id, thread_id in messages:
                    aside[message_id] = aside.get(message_id, frozenset()) | {label}
                    threads[message_id] = thread_id
                yield Page(())
        seen: set[str] = set()
        for number in range(_PASSES):
            before = len(seen)
            for messages in self._listing(q):
                fresh = {message_id: thread_id for message_id, thread_id in messages if message_id not in seen}
                seen.update(fresh)
                others = None if number else frozenset[str]()
                yield Page(
                    tuple(Found(each, thread_id, labels=aside.get(each, others)) for each, thread_id in fresh.items())
                )
            if number and len(seen) == before:
                break
        # the index of a label can be ahead of the one over all mail
        if missed := [message_id for message_id in aside if message_id not in seen]:
            yield Page(tuple(Found(each, threads[each], labels=aside[each]) for each in missed))

    def likely(self, start: datetime | None = None, end: datetime | None = None) -> Iterator[list[str]]:
        """As the port says, by Gmail's search."""
        query = f"{LIKELY} -in:spam -in:trash"
        for messages in self._listing(" ".join(term for term in (_range(start, end), query) if term)):
            yield [message_id for message_id, _ in messages]

    def changes(self, cursor: str) -> Iterator[Page]:
        """As the port says; the last page's cursor is the history id that the first page told.

        Label events carry all labels that the message has after them. CursorExpired also when Gmail's own
        count is behind the cursor, or when history leads nowhere.
        """
        if not (cursor.isascii() and cursor.isdigit()):
            raise _expired("bad_cursor", "The place where the last sync ended is not known.")
        for restart in range(_RESTARTS + 1):
            try:
                yield from self._history(int(cursor))
            except BadRequest as error:
                # a page token that is no longer taken; reading again from the start costs 2 units and changes
                # nothing
                if restart == _RESTARTS:
                    raise _expired(
                        "history_refused", "Gmail does not tell what changed since the last sync."
                    ) from error
            else:
                return

    def fetch(self, message_id: str) -> RawMail:
        """The whole message in one call; as the port says."""
        if not _is_id(message_id):
            raise _bad_id()
        try:
            return self._get(
                f"/messages/{message_id}",
                {"format": "raw", "fields": _RAW_FIELDS},
                self._plan.message,
                lambda answer: raw_mail(answer, message_id),
            )
        except BadRequest as error:
            raise _bad_id() from error

    def fetch_many(
        self,
        ids: Iterable[str],
        workers: int = 4,
        *,
        batch: int | None = None,
        stop: Callable[[], bool] = lambda: False,
    ) -> Iterator[Fetched]:
        """Messages as they arrive; see sources.many.fetch_many for the errors.

        Args:
            ids: of the messages.
            workers: calls at a time.
            batch: messages in one call; by itself 10 where the quota allows more than single calls fetch, else 1.
            stop: once true, nothing new is begun.
        """
        if batch is None:
            batch = 10 if self._plan.name == LEGACY.name else 1
        fetch = one_by_one(self.fetch) if batch == 1 else self._fetch_batch
        return fetch_many(fetch, ids, workers=workers, size=min(batch, MOST), stop=stop)

    def _fetch_batch(self, ids: Sequence[str]) -> Group:
        """The messages in as few calls as it takes: only the parts that failed are asked for again."""
        fetched: list[Fetched] = [(each, _bad_id()) for each in ids if not _is_id(each)]
        left = {f"m{number}": each for number, each in enumerate(ids) if _is_id(each)}
        asked: list[str] = []
        query = urlencode(self._api.query({"format": "raw", "fields": _RAW_FIELDS}))

        def build() -> Request:
            asked[:] = list(left)[: self._api.pace.allowed]
            content_type, body = encode({key: f"{ROOT}/messages/{left[key]}?{query}" for key in asked})
            units = self._plan.message * len(asked)
            return Request("POST", PATH, units, data=body, content_type=content_type, calls=len(asked))

        def read(answer: Answer) -> None:
            parts = decode(answer, asked)
            faults: list[Tellable] = []
            for key in asked:
                try:
                    result: RawMail | Tellable = _part(parts.get(key), left[key])
                except (Gone, Unfetchable) as error:
                    result = error
                except Tellable as error:
                    faults.append(error)
                    continue
                fetched.append((left.pop(key), result))
            if faults:
                raise max(faults, key=_gravity)

        while left:
            try:
                self._api.call(build, read)
            except Tellable as error:
                if concerns_one(error):
                    return Group((*fetched, *((each, error) for each in left.values())))
                return Group(tuple(fetched), error)
        return Group(tuple(fetched))

    def _history(self, start: int) -> Iterator[Page]:
        token, mark, empty = "", None, 0
        while True:
            page = self._history_page(start, token)
            mark = _number(page, "historyId") if mark is None else mark
            records = page.get("history") or ()
            token = str(page.get("nextPageToken") or "")
            found = tuple(each for record in records for each in _events(record))
            if not token:
                yield Page(found, cursor=str(self._forward(start, mark)))
                return
            yield Page(found)
            empty = 0 if records else empty + 1
            if empty >= _EMPTY_PAGES:
                raise _expired("history_stuck", "Gmail keeps telling that more changed, but not what.")

    def _history_page(self, start: int, token: str) -> dict[str, Any]:
        params: dict[str, str | int | Sequence[str]] = {
            "startHistoryId": str(start),  # the same for all pages, or changes in between would be lost
            "historyTypes": _HISTORY_TYPES,
            "maxResults": _PAGE,
            "fields": _HISTORY_FIELDS,
        }
        if token:
            params["pageToken"] = token
        try:
            return self._get("/history", params, self._plan.history, _with_history_id)
        except Gone as error:
            raise _expired("history_expired", "Gmail no longer knows what changed since the last sync.") from error

    def _forward(self, start: int, mark: int) -> int:
        """The new cursor: never behind the old one, unless the mailbox itself was set back."""
        if mark >= start:
            return mark
        if int(self.mark()) < start:
            raise _expired("history_set_back", "Gmail's count of changes was set back.")
        return start

    def _listing(self, q: str, label: str = "") -> Iterator[list[tuple[str, str]]]:
        """Pages of (id, thread id), spam and trash in them; they may overlap, and start over if refused.

        The quota is waited for here, with empty pages as a sign of life: a caller that came back later would have to
        begin the listing anew, and of a very large mailbox never see its end.
        """
        token, restarts, empty = "", 0, 0
        while True:
            params: dict[str, str | int] = {
                "maxResults": _PAGE,
                "includeSpamTrash": "true",
                "fields": _LIST_FIELDS,
            }
            params |= {"q": q} if q else {}
            params |= {"labelIds": label} if label else {}
            params |= {"pageToken": token} if token else {}
            try:
                page = self._get("/messages", params, self._plan.list, Answer.json)
            except BadRequest as error:
                if not token or restarts == _RESTARTS:
                    raise Refused("google_refused", "Gmail refuses to list the mailbox.") from error
                token, restarts = "", restarts + 1
                continue
            except RateLimited as error:
                wait = error.retry_after_s or 1.0
                if wait > _LISTING_WAIT_S:
                    raise
                for _ in range(ceil(wait)):
                    yield []
                    self._api.sleep(min(1.0, wait))
                continue
            messages = page.get("messages") or ()
            yield [(each["id"], each.get("threadId", "")) for each in messages]
            token = page.get("nextPageToken") or ""
            if not token:
                return
            empty = 0 if messages else empty + 1
            if empty >= _EMPTY_PAGES:
                raise Temporary(
                    "google_error", "Gmail's list of the mailbox leads nowhere. It is tried again by itself."
                )

    def _get(self, path: str, params: Params, units: int, read: Callable[[Answer], T]) -> T:
        return self._api.get(path, params, units, read)


def raw_mail(answer: Answer, message_id: str) -> RawMail:
    """The message of a `format=raw` answer; Temporary when it is not whole.

    The message is decoded out of the answer's bytes piece by piece: as a JSON string it would be in memory five times.
    """
    found = _RAW.search(answer.body)
    if found is None or found.start(1) == found.end(1):
        raise cut()
    rest = bytes(answer.body[: found.start(1)]) + bytes(answer.body[found.end() - 1 :])
    message = Answer(answer.status, answer.headers, rest).json()
    if message.get("raw") != "" or message.get("id") != message_id:
        raise cut()
    return RawMail(
        id=message_id,
        thread_id=str(message.get("threadId") or ""),
        labels=_labels(message),
        received_at=_moment(message),
        raw=_decoded(memoryview(answer.body)[found.start(1) : found.end(1)]),
    )


def _decoded(text: memoryview) -> bytes:
    """Base64url without its padding, which may be there or not; Temporary when it cannot be."""
    pieces = []
    try:
        for start in range(0, len(text), _PIECE):
            piece = bytes(text[start : start + _PIECE]).translate(_STANDARD_BASE64)
            pieces.append(a2b_base64(piece + b"=" * (-len(piece) % 4), strict_mode=True))
    except ValueError as error:
        raise cut() from error
    return b"".join(pieces)


def _part(answer: Answer | None, message_id: str) -> RawMail:
    """The message of a batch's part; its errors are those of a call of its own."""
    if answer is None:
        raise cut()
    if answer.status >= 300:
        error = told(answer.status, answer.headers, answer.body)
        raise _bad_id() if isinstance(error, BadRequest) else error
    return raw_mail(answer, message_id)


def _gravity(error: Tellable) -> int:
    """Which of several faults in one batch decides how it goes on."""
    order = (Tellable, Temporary, Unauthorized, RateLimited, Refused, NeedsReconnect)
    return max(number for number, kind in enumerate(order) if isinstance(error, kind))


def _is_id(message_id: str) -> bool:
    return message_id.isascii() and message_id.isalnum()


def _bad_id() -> Unfetchable:
    return Unfetchable("bad_mail_id", "Gmail knows no message by this id.")


def _events(record: dict[str, Any]) -> Iterator[Found]:
    for name, change in _EVENTS:
        for event in record.get(name) or ():
            message = event["message"]
            yield Found(
                id=message["id"],
                thread_id=message.get("threadId", ""),
                change=change,
                labels=None if change is Change.DELETED else _labels(message),
            )


def _labels(message: dict[str, Any]) -> frozenset[str]:
    return frozenset(message.get("labelIds") or ())


def _with_history_id(answer: Answer) -> dict[str, Any]:
    page = answer.json()
    _number(page, "historyId")
    return page


def _number(answer: dict[str, Any], name: str) -> int:
    """A 64-bit integer, which Google writes as a string; without it the answer is not whole."""
    try:
        return int(answer[name])
    except (KeyError, TypeError, ValueError) as error:
        raise cut() from error


def _moment(message: dict[str, Any]) -> datetime:
    try:
        return _EPOCH + timedelta(milliseconds=_number(message, "internalDate"))
    except OverflowError as error:  # beyond all years
        raise cut() from error


def _need(answer: dict[str, Any], name: str) -> str:
    value = answer.get(name)
    if not isinstance(value, str) or not value:
        raise cut()
    return value


def _range(start: datetime | None, end: datetime | None) -> str:
    """In epoch seconds, for days would be taken as midnight in California.

    Whether `after:` holds its own second is not documented, so it is sent one second early.
    """
    terms = []
    if start is not None:
        terms.append(f"after:{max(floor(start.timestamp()) - 1, 0)}")
    if end is not None:
        terms.append(f"before:{ceil(end.timestamp())}")
    return " ".join(terms)


def _expired(code: str, sentence: str) -> CursorExpired:
    return CursorExpired(code, f"{sentence} The whole mailbox is compared once more.")

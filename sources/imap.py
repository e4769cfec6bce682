"""Any IMAP server as a source of mail; on Gmail's, messages carry the same ids as over its API."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, TypeVar

from imapclient import IMAPClient, SocketTimeout
from imapclient.exceptions import IMAPClientAbortError, IMAPClientError, LoginError, ProtocolError

from sources.imap_errors import login_refusal, trouble, unreachable
from sources.many import Fetched, fetch_many, one_by_one
from sources.ports import (
    LIKELY,
    LIKELY_WORDS,
    SET_ASIDE,
    Change,
    CursorExpired,
    Found,
    Gone,
    NeedsReconnect,
    Page,
    RawMail,
    Refused,
    Unfetchable,
)

T = TypeVar("T")

_PAGE = 500
_OVERLAP = 50  # UIDs read again: one can become visible later than a higher one
_GMAIL_FOLDER_LIMITS = {1000, 2000, 5000, 10000}  # what Gmail's setting may cut a folder's view to
_SPECIAL = {b"\\junk": "SPAM", b"\\trash": "TRASH", b"\\drafts": "DRAFT", b"\\sent": "SENT"}
_VIEWS = {b"\\all", b"\\flagged", b"\\important"}  # show what lies in other folders
_NO_MAIL = {b"\\noselect", b"\\nonexistent"}
_BY_NAME = {
    "spam": "SPAM",
    "junk": "SPAM",
    "junk e-mail": "SPAM",
    "junk email": "SPAM",
    "trash": "TRASH",
    "deleted items": "TRASH",
    "deleted messages": "TRASH",
    "drafts": "DRAFT",
    "sent": "SENT",
    "sent items": "SENT",
    "sent messages": "SENT",
}
_GMAIL_LABELS = {b"\\inbox": "INBOX", b"\\sent": "SENT", b"\\draft": "DRAFT", b"\\drafts": "DRAFT"}


@dataclass(frozen=True, slots=True)
class ImapAccount:
    """Where a mailbox is and how to sign in; `tls` is "tls", "starttls" or "off" (the same machine only)."""

    host: str
    user: str
    password: str = field(repr=False)  # with Gmail an app password
    port: int = 993
    tls: str = "tls"


@dataclass(frozen=True, slots=True)
class ImapProfile:
    """What a server says of itself and the mailbox."""

    address: str
    messages_total: int
    gmail: bool
    maybe_cut: bool  # Gmail's own setting may hide all but the newest messages from IMAP


@dataclass(frozen=True, slots=True)
class _Folder:
    name: str
    label: str  # of SET_ASIDE, or ""


@dataclass(frozen=True, slots=True)
class _Row:
    id: str
    thread_id: str
    labels: frozenset[str]
    at: datetime | None  # only where it was asked for


class _Line:
    """One connection and the folder that is open on it."""

    def __init__(self, client: IMAPClient) -> None:
        self.client = client
        self.folder = ""
        self.validity = 0

    def leave(self) -> None:
        """Look into no folder: of the one that is open, a server may tell its state of before."""
        if self.folder:
            self.folder = ""
            self.client.close_folder()  # opened readonly, so it expunges nothing

    def open(self, name: str) -> int:
        """Look into the folder, without marking anything as read; its UIDVALIDITY."""
        if self.folder != name:
            self.folder = ""
            self.validity = int(self.client.select_folder(name, readonly=True)[b"UIDVALIDITY"])
            self.folder = name
        return self.validity


class Imap:
    """A MailSource over IMAP, for any number of threads.

    A message's id is Gmail's own where the server is Gmail; elsewhere "UIDVALIDITY.UID.folder", so that a message
    that moves gets another id, and all of a folder whose UIDVALIDITY changes do: their content tells that they are
    known. Cursors hold UIDVALIDITY and the next UID of each folder. Deletions are not told.
    """

    def __init__(
        self,
        account: ImapAccount,
        *,
        connections: int = 3,
        timeout_s: tuple[float, float] = (10.0, 60.0),
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        """Take the account.

        Args:
            account: where and who.
            connections: at most so many at a time; servers allow few (Gmail 15).
            timeout_s: to connect, and for a server that says nothing.
            ssl_context: other than the usual one, for a server with a certificate of its own.
        """
        self._account = account
        self._timeout = SocketTimeout(*timeout_s)
        self._ssl = ssl_context
        self._idle: list[_Line] = []
        self._room = threading.BoundedSemaphore(connections)
        self._lock = threading.Lock()
        self._over: NeedsReconnect | None = None
        self._gmail: bool | None = None
        self._known: list[_Folder] = []  # as last listed

    def profile(self) -> ImapProfile:
        """Who it is and how much there is."""

        def ask(line: _Line) -> ImapProfile:
            sizes = []
            for folder in self._folders(line):
                with suppress(IMAPClientError):
                    sizes.append(int(line.client.folder_status(folder.name, ["MESSAGES"])[b"MESSAGES"]))
            gmail = self._is_gmail(line)
            cut = gmail and any(size in _GMAIL_FOLDER_LIMITS for size in sizes)
            return ImapProfile(self._account.user, sum(sizes), gmail, cut)

        return self._with(ask)

    def mark(self) -> str:
        """The next UIDs of this moment."""
        return _written(self._with(self._readable)[1])

    def everything(self, start: datetime | None = None, end: datetime | None = None) -> Iterator[Page]:
        """As the port says, by the moment the server received the message."""
        criteria = _days(start, end)

        def kept(received: datetime | None) -> bool:
            return received is None or ((start is None or start <= received) and (end is None or received < end))

        folders, _ = self._with(self._readable)
        for folder in folders:
            validity, uids = self._with(partial(self._search, name=folder.name, criteria=criteria or ["ALL"]))
            for some in _chunks(uids):
                rows = self._with(
                    partial(self._rows, folder=folder, validity=validity, uids=some, dated=bool(criteria))
                )
                yield Page(
                    tuple(Found(row.id, row.thread_id, labels=row.labels & SET_ASIDE) for row in rows if kept(row.at))
                )

    def likely(self, start: datetime | None = None, end: datetime | None = None) -> Iterator[list[str]]:
        """As the port says: by Gmail's search on Gmail, by words of the subject elsewhere; whole days."""
        folders, _ = self._with(self._readable)
        for folder in folders:
            if folder.label:
                continue
            for criteria in self._likely_criteria(_days(start, end)):
                validity, uids = self._with(partial(self._search, name=folder.name, criteria=criteria))
                for some in _chunks(uids):
                    ask = partial(self._rows, folder=folder, validity=validity, uids=some, dated=False)
                    yield [row.id for row in self._with(ask)]

    def changes(self, cursor: str) -> Iterator[Page]:
        """As the port says: what has arrived in each folder since; a new folder, or one of new UIDVALIDITY, whole."""
        before = _read(cursor)
        folders, states = self._with(self._readable)
        for folder in folders:
            now, then = states[folder.name], before.get(folder.name)
            if now == then:
                continue
            first = max(1, then[1] - _OVERLAP) if then is not None and then[0] == now[0] else 1
            validity, uids = self._with(partial(self._search, name=folder.name, criteria=["UID", f"{first}:*"]))
            for some in _chunks(uids):
                rows = self._with(partial(self._rows, folder=folder, validity=validity, uids=some, dated=False))
                yield Page(tuple(Found(row.id, row.thread_id, Change.ADDED, row.labels) for row in rows))
        yield Page((), cursor=_written(states))

    def fetch(self, message_id: str) -> RawMail:
        """As the port says; what the fetch reads is not marked as read."""
        return self._with(partial(self._fetch, message_id=message_id))

    def fetch_many(
        self, ids: Iterable[str], workers: int = 3, *, stop: Callable[[], bool] = lambda: False
    ) -> Iterator[Fetched]:
        """Messages as they arrive, over as many connections; see sources.many.fetch_many."""
        return fetch_many(one_by_one(self.fetch), ids, workers=workers, stop=stop)

    def close(self) -> None:
        """End all connections that are not at work."""
        with self._lock:
            lines, self._idle = self._idle, []
        for line in lines:
            _hang_up(line)

    # -- what is asked of a connection

    def _is_gmail(self, line: _Line) -> bool:
        if self._gmail is None:
            self._gmail = bool(line.client.has_capability("X-GM-EXT-1"))
        return self._gmail

    def _folders(self, line: _Line) -> list[_Folder]:
        """Every folder that holds mail of its own. On Gmail all mail, spam and trash hold everything once."""
        gmail = self._is_gmail(line)
        folders = []
        for flags, delimiter, name in line.client.list_folders():
            known = {flag.lower() for flag in flags}
            label = next((_SPECIAL[flag] for flag in known if flag in _SPECIAL), "")
            if known & _NO_MAIL or (known & _VIEWS and not gmail):
                continue
            if gmail and b"\\all" not in known and label not in {"SPAM", "TRASH"}:
                continue
            if not label and not gmail:
                label = _BY_NAME.get(name.rsplit((delimiter or b"/").decode(), 1)[-1].lower(), "")
            folders.append(_Folder(name, label))
        if gmail and not folders:
            raise Refused(
                "imap_folder_hidden",
                "Gmail does not show the folder of all mail over IMAP. Switch it on under Settings, Labels.",
            )
        self._known = folders
        return folders

    def _readable(self, line: _Line) -> tuple[list[_Folder], dict[str, tuple[int, int]]]:
        """The folders that may be read, and their UIDVALIDITY and UIDNEXT.

        One that cannot be asked at the moment is left out, and comes whole once it can.
        """
        folders, states = [], {}
        line.leave()
        for folder in self._folders(line):
            try:
                told = line.client.folder_status(folder.name, ["UIDVALIDITY", "UIDNEXT"])
            except IMAPClientAbortError:
                raise
            except IMAPClientError:
                continue
            folders.append(folder)
            states[folder.name] = (int(told[b"UIDVALIDITY"]), int(told[b"UIDNEXT"]))
        return folders, states

    def _likely_criteria(self, days: list[Any]) -> Iterator[list[Any]]:
        if self._gmail:
            yield [*days, "X-GM-RAW", LIKELY]
            return
        for word in LIKELY_WORDS:
            yield [*days, "SUBJECT", word]

    def _search(self, line: _Line, name: str, criteria: Sequence[Any]) -> tuple[int, list[int]]:
        """UIDVALIDITY and the UIDs that fit."""
        charset = None if all(str(each).isascii() for each in criteria) else "UTF-8"
        return line.open(name), [int(uid) for uid in line.client.search(list(criteria), charset)]

    def _rows(self, line: _Line, folder: _Folder, validity: int, uids: Sequence[int], *, dated: bool) -> list[_Row]:
        """What the server tells of messages in a folder, short of their content."""
        if line.open(folder.name) != validity:
            return []  # renumbered in between: the next look finds all of it anew
        gmail = self._is_gmail(line)
        own = _own_labels(folder, gmail=gmail)
        wanted = ["INTERNALDATE"] if dated else []
        wanted += ["X-GM-MSGID", "X-GM-THRID", "X-GM-LABELS"] if gmail else []
        if not wanted:
            return [_Row(f"{validity}.{uid}.{folder.name}", "", own, None) for uid in uids]
        rows = []
        for uid, told in line.client.fetch(list(uids), wanted).items():
            at = told[b"INTERNALDATE"].astimezone(UTC) if b"INTERNALDATE" in told else None
            if not gmail:
                rows.append(_Row(f"{validity}.{uid}.{folder.name}", "", own, at))
            elif b"X-GM-MSGID" in told:
                labels = own | _gmail_labels(told.get(b"X-GM-LABELS"))
                rows.append(_Row(f"{told[b'X-GM-MSGID']:x}", f"{told.get(b'X-GM-THRID', 0):x}", labels, at))
        return rows

    def _fetch(self, line: _Line, message_id: str) -> RawMail:
        for folder, uid in self._places(line, message_id):
            gmail = self._is_gmail(line)
            parts = ["BODY.PEEK[]", "INTERNALDATE", *(["X-GM-THRID", "X-GM-LABELS"] if gmail else [])]
            message = line.client.fetch([uid], parts).get(uid)
            if not message or b"BODY[]" not in message:
                continue
            if not message[b"BODY[]"]:
                raise Unfetchable("empty_mail", "The server has this message without any content.")
            return RawMail(
                id=message_id,
                thread_id=f"{message[b'X-GM-THRID']:x}" if b"X-GM-THRID" in message else "",
                labels=_own_labels(folder, gmail=gmail) | _gmail_labels(message.get(b"X-GM-LABELS")),
                received_at=message[b"INTERNALDATE"].astimezone(UTC),
                raw=message[b"BODY[]"],
            )
        raise Gone("gone", "The server has no such message any more.")

    def _places(self, line: _Line, message_id: str) -> Iterator[tuple[_Folder, int]]:
        """Where the message may lie: folder, opened, and UID."""
        if self._is_gmail(line):
            try:
                number = int(message_id, 16)
            except ValueError as error:
                raise Unfetchable("bad_mail_id", "Gmail knows no message by this id.") from error
            for folder in self._known or self._folders(line):
                line.open(folder.name)
                for uid in line.client.search(["X-GM-MSGID", str(number)]):
                    yield folder, int(uid)
            return
        validity, _, rest = message_id.partition(".")
        uid, _, name = rest.partition(".")
        if not (validity.isdigit() and uid.isdigit() and name):
            raise Unfetchable("bad_mail_id", "The server knows no message by this id.")
        known = self._known if any(folder.name == name for folder in self._known) else self._folders(line)
        for folder in known:
            if folder.name == name and line.open(name) == int(validity):
                yield folder, int(uid)

    # -- connections

    def _with(self, ask: Callable[[_Line], T]) -> T:
        """Ask on a connection; one that has died of age is replaced once. Errors as the port has them."""
        with self._room:
            while True:
                line, fresh = self._line()
                try:
                    answer = ask(line)
                except (IMAPClientAbortError, ProtocolError, OSError) as error:
                    _hang_up(line)
                    if fresh:
                        raise unreachable(error) from error
                    continue
                except IMAPClientError as error:
                    _hang_up(line)
                    raise trouble(error) from error
                except BaseException:
                    _hang_up(line)
                    raise
                with self._lock:
                    self._idle.append(line)
                return answer

    def _line(self) -> tuple[_Line, bool]:
        with self._lock:
            if self._over is not None:
                raise NeedsReconnect(self._over.code, self._over.sentence)
            if self._idle:
                return self._idle.pop(), False
        return _Line(self._connect()), True

    def _connect(self) -> IMAPClient:
        account = self._account
        try:
            client = IMAPClient(
                account.host,
                port=account.port,
                ssl=account.tls == "tls",
                ssl_context=self._ssl or ssl.create_default_context(),
                timeout=self._timeout,
            )
        except ssl.SSLCertVerificationError as error:
            raise Refused(
                "imap_certificate", f"The certificate of {account.host} is not trusted; check the server's name."
            ) from error
        except (IMAPClientError, OSError, ProtocolError) as error:
            raise unreachable(error) from error
        client.normalise_times = False  # aware moments, please
        try:
            if account.tls == "starttls":
                client.starttls(self._ssl or ssl.create_default_context())
            client.login(account.user, account.password)
        except LoginError as error:
            client.shutdown()
            refusal = login_refusal(str(error))
            if isinstance(refusal, NeedsReconnect):
                with self._lock:
                    self._over = refusal  # asking again with a wrong password locks accounts
            raise refusal from error
        except (IMAPClientError, OSError, ProtocolError) as error:
            with suppress(OSError):
                client.shutdown()
            raise unreachable(error) from error
        return client


def _hang_up(line: _Line) -> None:
    with suppress(IMAPClientError, ProtocolError, OSError):
        line.client.shutdown()


def _days(start: datetime | None, end: datetime | None) -> list[Any]:
    """Search terms of a range: whole days of a zone that nobody tells, so one more on either side."""
    since = ["SINCE", (start - timedelta(days=1)).date()] if start is not None else []
    return [*since, *(["BEFORE", (end + timedelta(days=2)).date()] if end is not None else [])]


def _own_labels(folder: _Folder, *, gmail: bool) -> frozenset[str]:
    """What lying in the folder says of a message."""
    if folder.label:
        return frozenset({folder.label})
    if gmail:
        return frozenset()  # it lies in all mail, and its labels are told one by one
    return frozenset({"INBOX" if folder.name.upper() == "INBOX" else folder.name})


def _gmail_labels(told: Iterable[bytes] | None) -> frozenset[str]:
    return frozenset(
        _GMAIL_LABELS.get(label.lower(), label.decode("utf-8", "replace").lstrip("\\")) for label in told or ()
    )


def _chunks(uids: Sequence[T]) -> Iterator[Sequence[T]]:
    for start in range(0, len(uids), _PAGE):
        yield uids[start : start + _PAGE]


def _written(states: dict[str, tuple[int, int]]) -> str:
    return json.dumps(states, ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def _read(cursor: str) -> dict[str, tuple[int, int]]:
    try:
        return {str(name): (int(validity), int(uid)) for name, (validity, uid) in json.loads(cursor).items()}
    except (ValueError, TypeError, AttributeError) as error:
        raise CursorExpired(
            "bad_cursor", "The place where the last sync ended is not known. The whole mailbox is compared once more."
        ) from error

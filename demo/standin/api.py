"""The API's way in: credentials, arguments, faults, limits, then the method, then the answer's form."""

from __future__ import annotations

import gzip
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import orjson

from demo.standin import batch, fields, methods, reading, writing
from demo.standin.call import Answer, Call, Json, Request
from demo.standin.faults import REFUSED, Rule
from demo.standin.oauth import Access
from demo.standin.refusals import (
    Refusal,
    bad_request,
    delegation_denied,
    insufficient_scopes,
    login_required,
    not_built,
    not_found,
    precondition_failed,
    user_rate_429,
)

if TYPE_CHECKING:
    from demo.standin.mailbox import Mailbox
    from demo.standin.world import World

_PREFIX = "/gmail/v1/users/"
_UPLOAD = "/upload"
_CODE: dict[str, Callable[[Call], Json | None]] = {
    "getProfile": reading.get_profile,
    "labels.list": reading.list_labels,
    "labels.get": reading.get_label,
    "labels.create": writing.create_label,
    "messages.list": reading.list_messages,
    "messages.get": reading.get_message,
    "messages.insert": writing.insert_message,
    "messages.import": writing.import_message,
    "messages.batchModify": writing.batch_modify,
    "messages.batchDelete": writing.batch_delete,
    "messages.modify": writing.modify_message,
    "messages.trash": writing.trash_message,
    "messages.untrash": writing.untrash_message,
    "messages.delete": writing.delete_message,
    "messages.attachments.get": reading.get_attachment,
    "history.list": reading.list_history,
    "watch": writing.watch,
    "stop": writing.stop,
    "threads.list": reading.list_threads,
    "threads.get": reading.get_thread,
    "drafts.list": reading.list_drafts,
    "drafts.get": reading.get_draft,
    "drafts.create": writing.create_draft,
    "drafts.update": writing.update_draft,
    "drafts.delete": writing.delete_draft,
}
_SHOWN_PARAMS = (
    "id", "messageId", "q", "pageToken", "maxResults", "labelIds", "includeSpamTrash", "format", "startHistoryId",
    "historyTypes", "labelId", "fields",
)  # fmt: skip
_GZIP_FROM = 200


class Api:
    """Answers what comes in under /gmail/v1 and /batch."""

    def __init__(self, world: World) -> None:
        self.world = world

    def one(self, request: Request) -> Answer:
        """One request or one part of a batch; never raises Refusal."""
        started = time.monotonic()
        note = _Note()
        try:
            answer = self._served(request, note)
        except Refusal as refused:
            answer = refused_answer(refused, request)
            if note.fault is not None and note.fault.spoils():
                answer.fault = note.fault
        finally:
            if note.entered:
                self.world.quota.leave(note.user)
        if not request.in_batch:
            pack(answer, request)
        if note.user:
            self.world.quota.sent(note.user, len(answer.body), self.world.clock.now())
        self.world.journal.add(
            at=self.world.clock.now(),
            method=note.method,
            account=note.account,
            status=answer.status,
            units=note.units,
            bytes=len(answer.body),
            ms=round((time.monotonic() - started) * 1000, 3),
            in_batch=request.in_batch,
            gzip="Content-Encoding" in answer.headers,
            fault=note.fault.kind if note.fault else "",
            params=note.params,
        )
        return answer

    def many(self, request: Request) -> Answer:
        """A batch: every part counts and costs like a request of its own."""
        world = self.world
        rule = world.faults.strike("batch", "", in_batch=False, now=world.clock.now())
        try:
            if rule is not None and rule.kind in REFUSED:
                raise REFUSED[rule.kind]()
            pieces = batch.take_apart(request)
        except Refusal as refused:
            answer = refused_answer(refused, request)
        else:
            world.delay()
            answer = self._parts(request, pieces, rule)
        if rule is not None and rule.spoils():
            answer.fault = rule
        pack(answer, request)
        world.journal.add(
            at=world.clock.now(),
            method="batch",
            status=answer.status,
            bytes=len(answer.body),
            gzip="Content-Encoding" in answer.headers,
            fault=rule.kind if rule else "",
        )
        return answer

    def _parts(self, request: Request, pieces: list[batch.Piece], rule: Rule | None) -> Answer:
        world = self.world
        kind = rule.kind if rule else ""
        count = int(rule.param("count", 1)) if rule else 0
        failing = self._chosen(len(pieces), count) if kind == "batch_fail_parts" else set()
        answers: dict[int, tuple[str, Answer]] = {}
        user = self._user_of(request)
        held = world.quota.hold(user, len(pieces))  # parts run side by side, so all are in flight at once
        try:
            order = list(range(len(pieces)))
            world.random.shuffle(order)
            for place, index in enumerate(order):
                piece = pieces[index]
                if piece.request is None:
                    answer = refused_answer(bad_request("Failed to parse batch request part."), request)
                elif place >= held:
                    answer = self._crowded(piece.request, request)
                elif index in failing and rule:
                    answer = refused_answer(REFUSED[str(rule.param("part_kind", "error_503"))](), request)
                else:
                    answer = self.one(piece.request)
                answers[index] = (piece.content_id, answer)
        finally:
            world.quota.release(user, held)
        shown = [answers[index] for index in range(len(pieces))]
        if kind == "batch_shuffle":
            world.random.shuffle(shown)
        if kind == "batch_drop_part":
            for _ in range(min(count, len(shown))):
                shown.pop(world.random.randrange(len(shown)))
        return batch.put_together(shown)

    def _chosen(self, of: int, count: int) -> set[int]:
        return set(self.world.random.sample(range(of), min(count, of)))

    # -- one request

    def _served(self, request: Request, note: _Note) -> Answer:
        world = self.world
        upload = request.path.startswith(_UPLOAD + _PREFIX)
        path = request.path.removeprefix(_UPLOAD) if upload else request.path
        user_id, *segments = path.removeprefix(_PREFIX).split("/")
        found = methods.find(request.verb, [unquote(segment) for segment in segments])
        if found is None or (upload and not found[0].upload):
            raise not_found() if found is None else not_built("This upload")
        method, in_path = found
        note.method = method.name
        access = self._access(request)
        note.account = note.user = access.grant.account
        args = methods.arguments(method, request.query) | in_path
        note.params = {name: args[name] for name in _SHOWN_PARAMS if name in args}
        if access.grant.service_account:
            note.user = str(args.get("quotaUser") or access.grant.service_account)
        mailbox = self._mailbox(access, unquote(user_id), method)
        now = world.clock.now()
        rule = note.fault = world.faults.strike(method.name, note.account, in_batch=request.in_batch, now=now)
        self._refuse(rule, note, now)
        if not request.in_batch:
            world.quota.enter(note.user)
            note.entered = True
        units = method.units(world.quota.limits.mode)
        world.quota.charge(note.user, units, now)
        note.units = units
        if not request.in_batch:
            world.delay()
        mask = fields.parse(args["fields"], method.shape) if args.get("fields") and method.shape else None
        call = Call(
            method, args, request, mailbox, frozenset(access.scopes), world.seal, world.habits, mask, rule, upload
        )
        value = _CODE[method.name](call)
        if value is None:
            return Answer(204, fault=rule if rule and rule.spoils() else None)
        if mask is not None:
            value = fields.apply(mask, value)
        answer = Answer(200, rendered(value, pretty=args.get("prettyPrint", True)), dict(_JSON_HEADERS))
        if rule is not None and rule.spoils():
            answer.fault = rule
        return answer

    def _access(self, request: Request) -> Access:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            token = (request.query.get("access_token") or request.query.get("oauth_token") or [""])[-1]
        if not token:
            raise login_required()
        return self.world.oauth.check(token.strip())

    def _mailbox(self, access: Access, user_id: str, method: methods.Method) -> Mailbox:
        address = access.grant.account
        if user_id not in {"me", address}:
            raise delegation_denied(user_id)
        if not method.scopes & set(access.scopes):
            raise insufficient_scopes(method.name)
        mailbox = self.world.mailboxes.get(address)
        if mailbox is None:
            raise precondition_failed()
        return mailbox

    def _refuse(self, rule: Rule | None, note: _Note, now: float) -> None:
        if rule is None:
            return
        if rule.kind in REFUSED:
            raise REFUSED[rule.kind]()
        if rule.kind == "user_rate_429":
            raise user_rate_429(now + float(rule.param("retry_s", 5)))
        if rule.kind == "eat_quota":
            self.world.quota.eat(note.user, int(rule.param("units", 1000)), now)

    def _user_of(self, request: Request) -> str:
        try:
            return self._access(request).grant.account
        except Refusal:
            return ""

    def _crowded(self, part: Request, outer: Request) -> Answer:
        world = self.world
        world.quota.refused["concurrent"] += 1
        answer = refused_answer(REFUSED["concurrent_429"](), outer)
        found = methods.find(part.verb, part.path.removeprefix(_PREFIX).split("/")[1:])
        world.journal.add(
            at=world.clock.now(),
            method=found[0].name if found else "unknown",
            status=429,
            bytes=len(answer.body),
            account=self._user_of(part),
            in_batch=True,
            params=found[1] if found else {},
        )
        return answer


class _Note:
    """What the journal is to know of a call, as far as it came."""

    def __init__(self) -> None:
        self.method = "unknown"
        self.account = ""
        self.user = ""
        self.units = 0
        self.entered = False
        self.fault: Rule | None = None
        self.params: dict[str, Any] = {}


_JSON_HEADERS = {"Content-Type": "application/json; charset=UTF-8", "Vary": "Origin, X-Origin, Referer"}


def rendered(value: Any, *, pretty: bool = True) -> bytes:
    """JSON as Google sends it: indented unless asked otherwise."""
    return orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE if pretty else None)


def refused_answer(refused: Refusal, request: Request) -> Answer:
    """A refusal as an answer."""
    if isinstance(refused.body, str):
        return Answer(refused.status, refused.body.encode(), {"Content-Type": "text/html; charset=UTF-8"})
    pretty = request.query.get("prettyPrint", ["true"])[-1].lower() not in {"false", "0"}
    return Answer(refused.status, rendered(refused.body, pretty=pretty), {**_JSON_HEADERS, **refused.headers})


def pack(answer: Answer, request: Request) -> None:
    """Compress when the caller asked for it in both places; compressed answers are chunked."""
    if len(answer.body) >= _GZIP_FROM and request.wants_gzip():
        answer.body = gzip.compress(answer.body, 1, mtime=0)
        answer.headers["Content-Encoding"] = "gzip"
        answer.framing = "chunked"

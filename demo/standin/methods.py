"""Gmail's methods: path, parameters, units, scopes and the shape of the answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from demo.standin import shapes
from demo.standin.refusals import Refusal, bad_request

_AUTH = "https://www.googleapis.com/auth/gmail."
FULL = "https://mail.google.com/"
READONLY = _AUTH + "readonly"
MODIFY = _AUTH + "modify"
METADATA = _AUTH + "metadata"
_INSERT = _AUTH + "insert"
_LABELS = _AUTH + "labels"
_COMPOSE = _AUTH + "compose"
_READ = frozenset({FULL, READONLY, MODIFY})
_LOOK = _READ | {METADATA}
_WRITE = frozenset({FULL, MODIFY})
_DRAFT = frozenset({FULL, MODIFY, _COMPOSE})

FORMATS = ("minimal", "full", "raw", "metadata")
_HISTORY_TYPES = ("messageAdded", "messageDeleted", "labelAdded", "labelRemoved")
_DATE_SOURCES = ("receivedTime", "dateHeader")


@dataclass(frozen=True, slots=True)
class Param:
    """One query parameter: its kind (`string`, `int`, `bool`, `uint64`), allowed values, repeatable or not."""

    kind: str = "string"
    values: tuple[str, ...] = ()
    repeated: bool = False
    type: str = ""


@dataclass(frozen=True, slots=True)
class Method:
    """One method of the API; `path` is what follows `/gmail/v1/users/{userId}/`."""

    name: str
    verb: str
    path: str
    standard: int
    legacy: int
    scopes: frozenset[str]
    params: Mapping[str, Param] = field(default_factory=dict)
    shape: shapes.Shape | None = None
    upload: bool = False

    def units(self, mode: str) -> int:
        """What one call costs."""
        return self.legacy if mode == "legacy" else self.standard


_TEXT, _INT, _BOOL = Param(), Param("int"), Param("bool")
_FORMAT = Param(values=FORMATS)
_LISTING = {"q": _TEXT, "pageToken": _TEXT, "maxResults": _INT, "includeSpamTrash": _BOOL}
_BY_LABEL = {**_LISTING, "labelIds": Param(repeated=True)}
_GET = {"format": _FORMAT, "metadataHeaders": Param(repeated=True)}
_THREAD = {**_GET, "format": Param(values=("full", "metadata", "minimal"))}
_ARRIVAL = {"internalDateSource": Param(values=_DATE_SOURCES), "deleted": _BOOL}
_HISTORY = {
    "startHistoryId": Param("uint64"),
    "pageToken": _TEXT,
    "maxResults": _INT,
    "labelId": _TEXT,
    "historyTypes": Param(values=_HISTORY_TYPES, repeated=True),
}
_IMPORT = {**_ARRIVAL, "neverMarkSpam": _BOOL, "processForCalendar": _BOOL}
_M = shapes.MESSAGE

METHODS = (
    Method("getProfile", "GET", "profile", 1, 1, _LOOK | {_COMPOSE}, {}, shapes.PROFILE),
    Method("labels.list", "GET", "labels", 1, 1, _LOOK | {_LABELS}, {}, shapes.LABELS),
    Method("labels.get", "GET", "labels/{id}", 1, 1, _LOOK | {_LABELS}, {}, shapes.LABEL),
    Method("labels.create", "POST", "labels", 5, 5, _WRITE | {_LABELS}, {}, shapes.LABEL),
    Method("messages.list", "GET", "messages", 5, 5, _LOOK, _BY_LABEL, shapes.MESSAGES),
    Method("messages.get", "GET", "messages/{id}", 20, 5, _LOOK, _GET, _M),
    Method("messages.insert", "POST", "messages", 25, 25, _WRITE | {_INSERT}, _ARRIVAL, _M, upload=True),
    Method("messages.import", "POST", "messages/import", 25, 25, _WRITE | {_INSERT}, _IMPORT, _M, upload=True),
    Method("messages.batchModify", "POST", "messages/batchModify", 50, 50, _WRITE),
    Method("messages.batchDelete", "POST", "messages/batchDelete", 50, 50, frozenset({FULL})),
    Method("messages.modify", "POST", "messages/{id}/modify", 5, 5, _WRITE, {}, _M),
    Method("messages.trash", "POST", "messages/{id}/trash", 5, 5, _WRITE, {}, _M),
    Method("messages.untrash", "POST", "messages/{id}/untrash", 5, 5, _WRITE, {}, _M),
    Method("messages.delete", "DELETE", "messages/{id}", 10, 10, frozenset({FULL})),
    Method("messages.attachments.get", "GET", "messages/{messageId}/attachments/{id}", 20, 5, _READ, {}, shapes.BODY),
    Method("history.list", "GET", "history", 2, 2, _LOOK, _HISTORY, shapes.HISTORY),
    Method("watch", "POST", "watch", 100, 100, _LOOK, {}, shapes.WATCH),
    Method("stop", "POST", "stop", 50, 50, _LOOK),
    Method("threads.list", "GET", "threads", 10, 10, _LOOK, _BY_LABEL, shapes.THREADS),
    Method("threads.get", "GET", "threads/{id}", 40, 10, _LOOK, _THREAD, shapes.THREAD),
    Method("drafts.list", "GET", "drafts", 5, 5, _READ | {_COMPOSE}, _LISTING, shapes.DRAFTS),
    Method("drafts.get", "GET", "drafts/{id}", 5, 5, _READ | {_COMPOSE}, {"format": _FORMAT}, shapes.DRAFT),
    Method("drafts.create", "POST", "drafts", 10, 10, _DRAFT, {}, shapes.DRAFT, upload=True),
    Method("drafts.update", "PUT", "drafts/{id}", 15, 15, _DRAFT, {}, shapes.DRAFT, upload=True),
    Method("drafts.delete", "DELETE", "drafts/{id}", 10, 10, _DRAFT),
)

_COMMON = {
    "alt": Param(values=("json", "media", "proto")),
    "fields": _TEXT,
    "prettyPrint": _BOOL,
    "quotaUser": _TEXT,
    "key": _TEXT,
    "access_token": _TEXT,
    "oauth_token": _TEXT,
    "callback": _TEXT,
    "uploadType": _TEXT,
    "upload_protocol": _TEXT,
    "$.xgafv": Param(values=("1", "2")),
}
_ROUTES: dict[tuple[str, int], list[tuple[list[str], Method]]] = {}
for _method in METHODS:
    _segments = _method.path.split("/")
    _ROUTES.setdefault((_method.verb, len(_segments)), []).append((_segments, _method))


def find(verb: str, segments: list[str]) -> tuple[Method, dict[str, str]] | None:
    """The method of a path (what follows the user) and the values in that path."""
    for pattern, method in _ROUTES.get((verb, len(segments)), ()):
        values = {}
        for wanted, got in zip(pattern, segments, strict=True):
            if wanted.startswith("{"):
                values[wanted[1:-1]] = got
            elif wanted != got:
                break
        else:
            return method, values
    return None


def arguments(method: Method, query: Mapping[str, list[str]]) -> dict[str, Any]:
    """The query as typed values, checked against the method; Refusal 400 for what Google would not take."""
    known = method.params
    args: dict[str, Any] = {}
    for name, values in query.items():
        param = known.get(name) or _COMMON.get(name)
        if param is None:
            raise bad_request(
                f'Invalid JSON payload received. Unknown name "{name}": Cannot bind query parameter. '
                f"Field '{name}' could not be found in request message."
            )
        typed = [_typed(name, value, param) for value in values]
        args[name] = typed if param.repeated else typed[-1]
    if args.get("alt", "json") != "json":
        raise bad_request(f"alt={args['alt']} is not supported by this method.")
    return args


def _typed(name: str, value: str, param: Param) -> str | int | bool:
    if param.values and value not in param.values and value not in {item.upper() for item in param.values}:
        raise _wrong(name, value, "TYPE_ENUM")
    if param.kind == "bool":
        if value.lower() not in {"true", "false", "1", "0", ""}:
            raise _wrong(name, value, "TYPE_BOOL")
        return value.lower() in {"true", "1", ""}
    if param.kind == "int":
        if not (value.isascii() and value.isdigit() and int(value) < 2**32):
            raise _wrong(name, value, "TYPE_UINT32")
        return int(value)
    if param.kind == "uint64":
        if not (value.isascii() and value.isdigit() and int(value) < 2**64):
            raise _wrong(name, value, "TYPE_UINT64")
        return int(value)
    return next((item for item in param.values if item.upper() == value), value)


def _wrong(name: str, value: str, kind: str) -> Refusal:
    return bad_request(f"Invalid value at '{name}' ({kind}), \"{value}\"")

"""Google's own description of the Gmail API, and answers of the stand-in held against it."""

from __future__ import annotations

import base64
import binascii
import gzip
import json
import re
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from demo.standin import Options, StandIn
from demo.standin.call import Answer, Request

_INTEGERS = {"int32": (-(2**31), 2**31 - 1), "uint32": (0, 2**32 - 1)}
_LONG = {"int64": (-(2**63), 2**63 - 1), "uint64": (0, 2**64 - 1)}
_MASKED = {"fields"}


@cache
def document() -> Any:
    """The discovery document of gmail v1, as it ships with Google's client library."""
    folder = files("googleapiclient") / "discovery_cache" / "documents"
    return json.loads((folder / "gmail.v1.json").read_text(encoding="utf-8"))


def methods() -> Iterator[tuple[str, Any]]:
    """Every method below `users`, by its id without `gmail.users.`."""

    def walk(resource: Any) -> Iterator[tuple[str, Any]]:
        for method in resource.get("methods", {}).values():
            yield method["id"].removeprefix("gmail.users."), method
        for inner in resource.get("resources", {}).values():
            yield from walk(inner)

    yield from walk(document()["resources"]["users"])


@cache
def _paths() -> tuple[tuple[str, re.Pattern[str], Any], ...]:
    found = []
    for _, method in methods():
        pattern = re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(method["flatPath"]))
        found.append((method["httpMethod"], re.compile(pattern), method))
    return tuple(sorted(found, key=lambda entry: entry[1].pattern.count("[^/]+")))  # literal paths first


def method_of(request: Request) -> Any:
    """The described method of a request, or None."""
    path = unquote(request.path).removeprefix("/upload").lstrip("/")
    for verb, pattern, method in _paths():
        if verb == request.verb and pattern.fullmatch(path):
            return method
    return None


def faults_in(value: Any, schema: str) -> list[str]:
    """What in an answer does not fit the schema of that name."""
    return list(_check(value, {"$ref": schema}, schema))


def _check(value: Any, schema: Any, where: str) -> Iterator[str]:
    if "$ref" in schema:
        schema = document()["schemas"][schema["$ref"]]
    kind, form = schema.get("type"), schema.get("format", "")
    if kind == "object":
        if not isinstance(value, dict):
            yield f"{where}: not an object"
            return
        for name, inner in value.items():
            if name in schema.get("properties", {}):
                yield from _check(inner, schema["properties"][name], f"{where}.{name}")
            else:
                yield f"{where}: unknown property {name}"
    elif kind == "array":
        if not isinstance(value, list) or not value:
            yield f"{where}: not an array with something in it"
            return
        for index, item in enumerate(value):
            yield from _check(item, schema["items"], f"{where}[{index}]")
    elif kind == "integer":
        low, high = _INTEGERS[form]
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            yield f"{where}: not {form}: {value!r}"
    elif kind == "boolean":
        if not isinstance(value, bool):
            yield f"{where}: not a boolean"
    elif not isinstance(value, str):
        yield f"{where}: not a string: {value!r}"
    elif form in _LONG:
        low, high = _LONG[form]
        if not re.fullmatch(r"-?\d+", value) or not low <= int(value) <= high:
            yield f"{where}: not {form} as a string: {value!r}"
    elif form == "byte" and not _is_base64url(value):
        yield f"{where}: not base64url"
    elif "enum" in schema and value not in schema["enum"]:
        yield f"{where}: not one of {schema['enum']}: {value!r}"


def _is_base64url(value: str) -> bool:
    if not re.fullmatch(r"[A-Za-z0-9_\-]*={0,2}", value):
        return False
    try:
        base64.urlsafe_b64decode(value + "=" * (-len(value) % 4))
    except binascii.Error:
        return False
    return True


def _error_faults(value: Any, status: int) -> Iterator[str]:
    """Google's envelope is not in the discovery document; this is how it is documented."""
    error = value.get("error")
    if not isinstance(error, dict) or error.get("code") != status:
        yield f"no error with code {status}"
        return
    if not isinstance(error.get("message"), str) or not re.fullmatch("[A-Z_]+", str(error.get("status"))):
        yield "an error without message or status"
    for inner in error.get("errors", [{}]):
        if not {"message", "domain", "reason"} <= inner.keys():
            yield "errors[] without message, domain or reason"


class Checked(StandIn):
    """A stand-in whose every answer is held against the description; `wrong` says what does not fit."""

    def __init__(self, mail: Path | None = None, *, options: Options | None = None) -> None:
        super().__init__(mail, options=options)
        self.wrong: list[str] = []
        self.checked = 0
        serve = self.api.one

        def one(request: Request) -> Answer:
            answer = serve(request)
            self._hold(request, answer)
            return answer

        self.api.one = one  # type: ignore[method-assign]

    def _hold(self, request: Request, answer: Answer) -> None:
        method = method_of(request)
        if answer.headers.get("Content-Type", "").startswith("text/html"):
            return
        body = gzip.decompress(answer.body) if answer.headers.get("Content-Encoding") == "gzip" else answer.body
        self.checked += 1
        name = method["id"] if method else request.path
        if answer.status == 204 or not body:
            if method and "response" in method:
                self.wrong.append(f"{name}: no body")
        elif answer.status >= 400:
            self.wrong += [f"{name}: {what}" for what in _error_faults(json.loads(body), answer.status)]
        elif method is None or "response" not in method:
            self.wrong.append(f"{name}: an answer that the description does not have")
        else:
            self.wrong += [f"{name}: {what}" for what in faults_in(json.loads(body), method["response"]["$ref"])]

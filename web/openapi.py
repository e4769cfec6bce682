"""/api/openapi.json: made from the declared routes, so that it can say nothing else than what is there."""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING, Any

from web import answers, examples, shapes
from web.pages import send
from web.routing import PERSON, PUBLIC, ROUTES, Route, route
from web.values import object_schema

if TYPE_CHECKING:
    from web.call import Call

_REFUSALS = {
    400: "The request could not be understood.",
    401: "Nobody is signed in, or the token is unknown.",
    403: "The role is not enough, or the CSRF header is missing.",
    404: "There is no such thing, or it is another tenant's.",
    409: "Something is in the way, as `code` says.",
    413: "The request is too large.",
    422: "Understood, but impossible.",
    429: "Too many tries.",
    503: "Redis or the database does not answer.",
}


@route("GET", "/api/openapi.json", role=PUBLIC, summary="This description", answers={200: shapes.FREE})
def openapi(call: Call) -> bytes:
    """OpenAPI 3.1."""
    return answers.polled(document(call.site.version))


@route("GET", "/api/docs", role=PUBLIC, summary="This description, to be read by people", media="text/html")
def page(call: Call) -> bytes:
    """Every route with its values, an example, and a line for curl; searchable."""
    assets = call.site.assets
    return send(assets.file("apidocs.html", assets.release), "no-store")


@functools.cache
def document(version: str) -> dict[str, Any]:
    """The whole description."""
    paths: dict[str, dict[str, Any]] = {}
    for one in ROUTES:
        if one.path.startswith("/api/"):
            paths.setdefault(one.template, {})[one.method.lower()] = _operation(one)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "ProSaaS",
            "version": version,
            "description": "Receipts from mail: found, read, reviewed, handed over. Every error has one shape.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "/"}],
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": shapes.COMPONENTS,
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer", "description": "A token of one business."},
                "session": {"type": "apiKey", "in": "cookie", "name": "prosaas"},
                "csrf": {"type": "apiKey", "in": "header", "name": "X-CSRF-Token"},
            },
        },
    }


def _operation(one: Route) -> dict[str, Any]:
    name = re.sub(r"\W+", "_", one.template.removeprefix("/api/")).strip("_")
    operation: dict[str, Any] = {
        "operationId": f"{one.method.lower()}_{name}",
        "summary": one.summary,
        "tags": [one.tag],
        "description": f"{(one.handler.__doc__ or '').strip()}\n\nNeeds: {one.role}.".strip(),
        "x-role": one.role,
        "parameters": [_parameter(one, name) for name in one.parameters] + _query(one),
        "responses": _responses(one),
        "security": _security(one),
    }
    if one.path == "/api/receipts/<id:int>" and one.method == "PATCH":
        operation["parameters"].append(
            {"name": "If-Match", "in": "header", "required": True, "schema": {"type": "string"}}
        )
    if one.raw:
        files = {
            "type": "object",
            "properties": {"file": {"type": "array", "items": {"type": "string", "format": "binary"}}},
        }
        operation["requestBody"] = {"required": True, "content": {"multipart/form-data": {"schema": files}}}
    elif one.body:
        schema = object_schema(one.body)
        operation["requestBody"] = {
            "required": "required" in schema,
            "content": {"application/json": {"schema": schema, "example": one.example or examples.of(schema)}},
        }
    return operation


def _parameter(one: Route, name: str) -> dict[str, Any]:
    whole = f"<{name}:int>" in one.path
    schema = {"type": "integer", "minimum": 1} if whole else {"type": "string"}
    return {"name": name, "in": "path", "required": True, "schema": schema, "example": examples.of(schema, name)}


def _query(one: Route) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "in": "query",
            "required": False,
            "description": value.about,
            "schema": value.schema,
            "example": examples.of(value.schema, name),
            **({"style": "form", "explode": False} if value.schema.get("type") == "array" else {}),
        }
        for name, value in one.query.items()
    ]


def _responses(one: Route) -> dict[str, Any]:
    media = one.media or "application/json"
    good = dict(one.answers) or {200: {"type": "string"}}
    responses = {str(status): _response(status, schema, media) for status, schema in good.items()}
    for status, sentence in _REFUSALS.items():
        if status == 409 and one.method == "GET":
            continue
        responses.setdefault(
            str(status), {"description": sentence, "content": {"application/json": {"schema": shapes.ref("Error")}}}
        )
    return responses


def _response(status: int, schema: shapes.Schema | None, media: str) -> dict[str, Any]:
    words = {200: "As asked.", 201: "Made.", 202: "Accepted; a worker will do it.", 204: "Done.", 303: "Elsewhere."}
    answer: dict[str, Any] = {"description": words.get(status, "See code and error.")}
    if schema is None:
        return answer
    example = {"example": examples.of(schema)} if media == "application/json" else {}
    return {**answer, "content": {media: {"schema": schema, **example}}}


def _security(one: Route) -> list[dict[str, list[str]]]:
    if one.role == PUBLIC:
        return []
    session: dict[str, list[str]] = {"session": []} if one.method == "GET" else {"session": [], "csrf": []}
    return [session] if one.role == PERSON else [{"token": []}, session]

"""What the API says of itself: the OpenAPI file, the documentation, and answers that fit their own schemas."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import models
from store import contacts, events, people, webhooks
from store import tasks as work
from tests.support import installation
from tests.support.web import Web, receipt, serving
from web import permissions
from web.app import declared
from web.openapi import document
from web.routing import ACCESS
from web.values import read_all

SPEC = document("test") if declared() else {}
JSON_GETS = [
    path
    for path, methods in SPEC["paths"].items()
    if "get" in methods
    and "application/json" in methods["get"]["responses"].get("200", {}).get("content", {})
    and not re.search(r"/(start|words)$", path)
]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    with serving(tmp_path_factory.mktemp("web")) as web:
        yield web


def faults(value: Any, schema: dict[str, Any], at: str = "$") -> list[str]:
    """Where a value does not fit a JSON schema (of the words that ours use)."""
    if "$ref" in schema:
        return faults(value, SPEC["components"]["schemas"][schema["$ref"].rpartition("/")[2]], at)
    if "allOf" in schema:
        return [fault for one in schema["allOf"] for fault in faults(value, one, at)]
    if "anyOf" in schema:
        tried = [faults(value, one, at) for one in schema["anyOf"]]
        return [] if any(not one for one in tried) else tried[0]
    if "const" in schema:
        return [] if value == schema["const"] else [f"{at} is {value!r}, not {schema['const']!r}"]
    kinds: dict[str, Any] = {
        "string": str, "integer": int, "number": (int, float), "boolean": bool, "array": list, "object": dict,
        "null": type(None),
    }  # fmt: skip
    wanted = schema.get("type", "object")
    wanted = wanted if isinstance(wanted, list) else [wanted]
    fits = any(isinstance(value, kinds[one]) and (one == "boolean" or not isinstance(value, bool)) for one in wanted)
    if not fits:
        return [f"{at} is a {type(value).__name__}, not {wanted}"]
    found = []
    if isinstance(value, dict):
        found += [f"{at}.{name} is missing" for name in schema.get("required", ()) if name not in value]
        for name, part in schema.get("properties", {}).items():
            if name in value:
                found += faults(value[name], part, f"{at}.{name}")
    if isinstance(value, list) and "items" in schema:
        found += [
            fault for number, one in enumerate(value) for fault in faults(one, schema["items"], f"{at}[{number}]")
        ]
    return found


def test_the_file_is_whole() -> None:
    assert SPEC["openapi"].startswith("3.1")
    operations = [operation for methods in SPEC["paths"].values() for operation in methods.values()]
    names = [operation["operationId"] for operation in operations]
    assert len(names) == len(set(names))
    assert {one.template for one in declared() if one.path.startswith("/api/")} == set(SPEC["paths"])
    for path, methods in SPEC["paths"].items():
        for method, operation in methods.items():
            in_path = [one["name"] for one in operation["parameters"] if one["in"] == "path"]
            assert sorted(in_path) == sorted(re.findall(r"\{(\w+)\}", path)), path
            assert operation["summary"], (method, path)
            assert any(status.startswith(("2", "3")) for status in operation["responses"]), (method, path)
            if operation["x-role"] != "public":
                assert {"401", "403"} <= operation["responses"].keys(), (method, path)
                assert operation["security"], (method, path)


def test_every_example_fits_its_schema_and_nothing_is_without_one() -> None:
    for path, methods in SPEC["paths"].items():
        for method, operation in methods.items():
            contents = [one.get("content", {}) for one in operation["responses"].values()]
            for content in (*contents, operation.get("requestBody", {}).get("content", {})):
                if "application/json" in content:
                    part = content["application/json"]
                    if "$ref" not in part["schema"] or "Error" not in part["schema"]["$ref"]:
                        assert "example" in part, (method, path)
                        assert faults(part["example"], part["schema"]) == [], (method, path)
            for one in operation["parameters"]:
                if one["in"] != "header":
                    assert faults(one["example"], one["schema"]) == [], (method, path, one["name"])


def test_every_body_in_the_examples_is_read() -> None:
    for route in declared():
        operation = SPEC["paths"].get(route.template, {}).get(route.method.lower(), {})
        body = operation.get("requestBody", {}).get("content", {}).get("application/json")
        if body is not None and route.body:
            assert read_all(body["example"], route.body), route.path


def test_every_reference_leads_somewhere() -> None:
    def walk(node: Any) -> None:
        if isinstance(node, dict):
            if "$ref" in node:
                assert node["$ref"].rpartition("/")[2] in SPEC["components"]["schemas"]
            for one in node.values():
                walk(one)
        elif isinstance(node, list):
            for one in node:
                walk(one)

    walk(SPEC)


def test_every_writing_route_names_its_values() -> None:
    for one in declared():
        if one.method in {"POST", "PATCH"} and one.path.startswith("/api/"):
            assert one.body is not None or one.raw, one.path
            assert one.answers, one.path


def test_the_published_table_is_written_from_what_the_check_reads() -> None:
    text = (Path(__file__).parent.parent / "docs" / "permissions.md").read_text(encoding="utf-8")
    assert text == permissions.page(declared()), "write it anew: python -m web.permissions > docs/permissions.md"
    assert all(one.role in ACCESS for one in declared())


@pytest.mark.parametrize("path", JSON_GETS)
def test_an_answer_fits_its_own_schema(site: Web, path: str) -> None:
    business = site.business()
    owner = site.browser(business, operator=True)
    installation.mailbox(business, address="fit@example.com")
    flag = {"field": "total", "code": "two_totals", "text": "?"}
    box = {"page": 0, "x0": 0.1, "y0": 0.2, "x1": 0.3, "y1": 0.25}
    field = {"value": "1", "confidence": 0.5, "why": "x", "quote": None, "box": box}
    run = models.SyncRun.create(business=business, mode="full", status="running", error_code="x", error_text="y")
    row = receipt(
        business,
        run=run,
        flags=[flag],
        tax=[{"rate": "18", "base_minor": 1, "amount_minor": None}],
        items=[{"description": "Soup", "quantity": None, "amount_minor": 5}],
        fields={"total": {**field, "candidates": [{**field, "text": "1"}]}},
    )
    people.add_token(business, "script", "member")
    owner.post("/api/senders", {"sender": "shop.example", "verdict": "take"})
    owner.post("/api/views", {"name": "A view", "query": "status=ready"})
    with models.write():
        hook = webhooks.add(business.id, "https://hook.example/", ["*"])
        events.told(business.id, [("export.ready", {})])
    contact = contacts.add(business.id, {"name": "Alma", "phones": ["+97231234567"], "tags": ["vip"]})
    contacts.note(business.id, contact.id, "A note", "system")
    task = work.add(business.id, {"title": "Call", "due_on": datetime.date(2026, 11, 24), "contact_id": contact.id})
    ids = {"/api/webhooks/{id}/deliveries": hook.id, "/api/receipts/{id}": row.id, "/api/mail/{id}": row.mail_id}
    ids |= {"/api/contacts/{id}": contact.id, "/api/contacts/{id}/timeline": contact.id, "/api/tasks/{id}": task.id}
    answer = owner.get(path.replace("{id}", str(ids.get(path))))
    schemas = SPEC["paths"][path]["get"]["responses"]
    assert str(answer.status_code) in schemas, answer.text
    schema = schemas[str(answer.status_code)]["content"]["application/json"]["schema"]
    assert faults(answer.json(), schema) == []
    assert answer.json() or path == "/api/openapi.json"


def test_the_served_file_is_this_one(site: Web) -> None:
    served = site.script(site.business()).get("/api/openapi.json")
    assert served.json()["paths"].keys() == SPEC["paths"].keys()

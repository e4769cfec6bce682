"""The workflows for n8n: whole files whose events, addresses and fields are those of the product."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from store import events
from tests.support.processes import ROOT
from web.app import declared
from web.openapi import document

SPEC = document("test") if declared() else {}
FOLDER = ROOT / "docs" / "n8n"
FLOWS = sorted(FOLDER.glob("*.json"))
PARTS = {"receipt", "export", "call"}  # of an event's data


def flow(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def fields(schema: dict[str, Any]) -> set[str]:
    """The names that a schema has, also behind a reference."""
    if "$ref" in schema:
        schema = SPEC["components"]["schemas"][schema["$ref"].rsplit("/", 1)[-1]]
    names = set(schema.get("properties", {}))
    for one in schema.get("allOf", []):
        names |= fields(one)
    return names


def answer(path: str) -> dict[str, Any]:
    """The schema of what a GET answers."""
    found: dict[str, Any] = SPEC["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    return found


def test_there_are_the_three_of_them() -> None:
    assert [path.stem for path in FLOWS] == ["missed-call-to-task", "month-pack-to-mail", "receipts-to-sheet"]
    guide = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert all(path.name in guide for path in FLOWS)


@pytest.mark.parametrize("path", FLOWS, ids=lambda path: path.stem)
def test_every_node_is_there_once_and_linked(path: Path) -> None:
    found = flow(path)
    names = [node["name"] for node in found["nodes"]]
    assert len(names) == len(set(names)) == len({node["id"] for node in found["nodes"]})
    reached = {link["node"] for outs in found["connections"].values() for out in outs["main"] for link in out}
    assert reached | set(found["connections"]) <= set(names)
    working = {node["name"] for node in found["nodes"] if not node["type"].endswith(".stickyNote")}
    assert working - reached == {"ProSaaS event"}
    quoted = set(re.findall(r"\$\('([^']+)'\)", json.dumps(found, ensure_ascii=False)))
    assert quoted <= set(names)


@pytest.mark.parametrize("path", FLOWS, ids=lambda path: path.stem)
def test_nothing_is_done_before_the_signature_is_checked(path: Path) -> None:
    found = flow(path)
    nodes = {node["name"]: node for node in found["nodes"]}
    at, way = "ProSaaS event", []
    while at != "Genuine and fresh?":
        way.append(nodes[at]["type"].rsplit(".", 1)[-1])
        ((link,),) = found["connections"][at]["main"]
        at = link["node"]
    assert way == ["webhook", "extractFromFile", "crypto"]
    hook, sign, check = nodes["ProSaaS event"], nodes["Our signature"], nodes["Genuine and fresh?"]
    assert hook["parameters"]["options"]["rawBody"] is True
    assert (sign["parameters"]["action"], sign["parameters"]["type"]) == ("hmac", "SHA256")
    assert "x-prosaas-signature" in json.dumps(check)
    refused = found["connections"]["Genuine and fresh?"]["main"][1][0]["node"]
    assert nodes[refused]["parameters"]["options"]["responseCode"] == 401
    assert refused not in found["connections"]


@pytest.mark.parametrize("path", FLOWS, ids=lambda path: path.stem)
def test_its_events_addresses_and_fields_are_the_products(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    found = flow(path)
    asked = [
        one["rightValue"]
        for node in found["nodes"]
        for one in node["parameters"].get("conditions", {}).get("conditions", [])
        if one["leftValue"].endswith("body.type }}")
    ]
    assert asked
    assert all(any(kind.startswith(one) for kind in events.TYPES) for one in asked)
    calls = [node["parameters"] for node in found["nodes"] if node["type"].endswith(".httpRequest")]
    for call in calls:
        bare = "/api/" + call["url"].partition("/api/")[2]
        bare = re.sub(r"\{\{.*?\}\}", "{id}", bare)
        assert call["method"].lower() in SPEC["paths"][bare], bare
    known = {
        "receipt": fields(answer("/api/receipts/{id}")), "export": fields(answer("/api/exports/{id}")),
        "call": fields(answer("/api/calls/{id}")),
    }  # fmt: skip
    for part, name in re.findall(r"\.data\.(\w+)\.(\w+)", text):
        assert part in PARTS
        assert name in known[part], name


def test_a_task_is_made_of_fields_that_a_task_has() -> None:
    node = next(one for one in flow(FOLDER / "missed-call-to-task.json")["nodes"] if one["name"] == "Make the task")
    named = set(re.findall(r"(\w+): ", node["parameters"]["jsonBody"].replace("{ zone: $json.zone }", "")))
    body = SPEC["paths"]["/api/tasks"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert {"title", "due_on", "contact_id"} <= named <= fields(body)
    assert "Idempotency-Key" in json.dumps(node)

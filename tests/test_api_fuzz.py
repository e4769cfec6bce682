"""schemathesis over the whole OpenAPI file, as every kind of asker: no 500, no other tenant's byte, one error shape."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import Any

import hypothesis
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.core.errors import SchemathesisError

import models
from store import contacts
from store import tasks as work
from tests.support import installation
from tests.support.web import Browser, Web, receipt, serving
from web.app import declared
from web.openapi import document

MARK = "Zanzibar-Secret"
ASKERS = ("owner", "member", "accountant", "stranger", "nobody")
SPEC = document("test") if declared() else {}
# Left to tests of their own: they go out to other machines, end the session, or erase what the others need.
LEFT_OUT = {
    ("POST", "/api/mailboxes"),
    ("POST", "/api/gmail/delegated"),
    ("POST", "/api/webhooks/{id}/test"),
    ("POST", "/api/webhooks/{id}/deliveries/{delivery}/replay"),
    ("DELETE", "/api/session"),
    ("DELETE", "/api/me"),
    ("DELETE", "/api/me/sessions"),
    ("DELETE", "/api/business"),
}
OPERATIONS = [
    (method.upper(), path)
    for path, methods in SPEC["paths"].items()
    for method in methods
    if (method.upper(), path) not in LEFT_OUT
]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    with serving(tmp_path_factory.mktemp("web"), API_RATE="0") as web:
        yield web


@pytest.fixture(scope="module")
def askers(site: Web) -> dict[str, Browser]:
    """One of each, beside a business of somebody else whose every row bears the mark."""
    theirs, ours = site.business(name=f"{MARK} Ltd"), site.business(name="Ours")
    mailbox = installation.mailbox(theirs, address=f"{MARK}@example.com".lower())
    for _ in range(3):
        receipt(theirs, vendor=MARK, note=MARK, mail={"subject": MARK}, mailbox=mailbox)
        receipt(ours)
    for business, name in ((theirs, MARK), (ours, "Alma")):
        contact = contacts.add(business.id, {"name": name, "phones": ["+97231234567"]})
        work.add(business.id, {"title": name, "contact_id": contact.id})
    found: dict[str, Browser] = {role: site.script(ours, role) for role in ("owner", "member", "accountant")}
    return {**found, "stranger": site.browser(site.business(name="Stranger")), "nobody": Browser(site)}


def _ask(asker: Browser, case: schemathesis.Case) -> Any:
    """Send the case as this asker does."""
    for name, value in case.path_parameters.items():
        if isinstance(value, int):
            case.path_parameters[name] = value % 9 + 1  # rows that are there: our own, and theirs
    given = case.as_transport_kwargs(base_url=asker.site.url)
    headers = dict(given.pop("headers", None) or {})
    given.pop("cookies", None)
    path = given.pop("url").removeprefix(asker.site.url)
    headers = {name: value for name, value in headers.items() if name.lower() not in {"authorization", "x-csrf-token"}}
    method = given.pop("method")
    return asker.call(method, path, headers=headers, **given)


@pytest.mark.parametrize(("method", "path"), OPERATIONS, ids=lambda value: value)
def test_whatever_is_asked_is_answered_in_shape(
    askers: dict[str, Browser], request: pytest.FixtureRequest, method: str, path: str
) -> None:
    nightly = request.config.getoption("--nightly")
    operation = schemathesis.openapi.from_dict(SPEC)[path][method]
    # In the ordinary run each operation is asked as one or two of them, the next ones as others.
    start = zlib.crc32(f"{method}{path}".encode()) % len(ASKERS)
    whose = ASKERS if nightly else ("owner", ASKERS[start])

    @settings(
        max_examples=60 if nightly else 4,
        deadline=None,
        derandomize=not nightly,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @hypothesis.given(case=operation.as_strategy())
    def walk(case: schemathesis.Case) -> None:
        for name in whose:
            answer = _ask(askers[name], case)
            said = f"{name}: {method} {answer.request.url} {answer.request.body!r:.300} -> {answer.text[:300]}"
            assert answer.status_code < 500 or answer.status_code == 503, said
            assert MARK.lower().encode() not in answer.content.lower(), said
            if answer.status_code >= 400 and path != "/api/health":
                body = answer.json()
                assert body["success"] is False, said
                assert body["error"], said
                assert body["code"].isidentifier(), said

    try:
        walk()
    except SchemathesisError as error:
        pytest.fail(str(error))


def test_nothing_of_theirs_was_changed(askers: dict[str, Browser]) -> None:
    assert askers
    rows = list(models.Receipt.select().where(models.Receipt.vendor == MARK))
    assert [(row.version, row.note, row.deleted_at) for row in rows] == [(1, MARK, None)] * 3
    contact = models.Contact.get(models.Contact.name == MARK, models.Contact.source == "hand")
    assert (contact.version, contact.deleted_at) == (1, None)
    assert models.Task.get(models.Task.title == MARK).done_at is None

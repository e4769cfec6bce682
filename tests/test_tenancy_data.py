"""What leaves the installation or lies beside the rows, and that nothing another tenant has changes what one sees."""

from __future__ import annotations

import io
import json
import logging
import re
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import pypdfium2
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import clock
import models
from jobs import archive
from store import contacts, exports, people, phone, webhooks
from store import tasks as work
from store.receipt_filter import Filter
from tests.support import exports as making
from tests.support.web import Script, Web, receipt, serving
from web.app import declared
from web.routing import OPERATOR, PERSON, PUBLIC

THEIRS, OURS = "Aardwolf", "Zebrafinch"  # the marks that everything of the one and of the other bears
LISTS = [
    route.path
    for route in declared()
    if route.method == "GET" and route.path.startswith("/api/") and not route.parameters
    if route.role not in {PUBLIC, PERSON, OPERATOR} and "oauth" not in route.path
]
ASKED = [
    *LISTS,
    f"/api/receipts?q={THEIRS}",
    f"/api/receipts?q={OURS}&sort=total",
    "/api/receipts?vendor=Kiosk&status=ready,to_review&limit=3",
    f"/api/receipts/counts?q={THEIRS}",
    f"/api/search?q={THEIRS}",
    "/api/search?q=Kiosk",
    f"/api/vendors?q={THEIRS[:4]}",
    f"/api/contacts?q={THEIRS}",
    f"/api/mail?q={THEIRS}",
]
PASSES = re.compile(r'"(?:cursor|last_seen_s|checked_at|generated_at|now|at)": ?[^,}]+')  # moves with time


@dataclass(frozen=True)
class Tenants:
    """Two businesses of one installation, and a script of ours."""

    site: Web
    theirs: models.Business
    ours: models.Business
    script: Script


def _fill(site: Web, business: models.Business, mark: str) -> list[models.Receipt]:
    rows = [
        making.receipt(
            site.config, business, making.pdf(f"{mark} {number}"), vendor=mark, number=f"{mark}-{number}", note=mark,
            category=mark, status="approved", approved_at=clock.now(), total_minor=1000 + number,
            mail={"subject": mark, "from_name": mark, "from_address": f"{mark}@shop.example".lower()},
            file={"filename": f"{mark}.pdf"},
        )
        for number in range(3)
    ]  # fmt: skip
    contact = contacts.add(business.id, {"name": mark, "emails": [f"{mark}@person.example".lower()], "notes": mark})
    work.add(business.id, {"title": mark, "contact_id": contact.id})
    phone.change(business.id, {"greeting": mark})
    return rows


@pytest.fixture(scope="module")
def tenants(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tenants]:
    with serving(tmp_path_factory.mktemp("web"), API_RATE="0") as site:
        theirs, ours = site.business(name=f"{THEIRS} Ltd"), site.business(name=f"{OURS} Ltd")
        for business, mark in ((theirs, THEIRS), (ours, OURS)):
            _fill(site, business, mark)
        yield Tenants(site, theirs, ours, Script(site, people.new_token(ours, "test", "owner")))


def _everything_in(data: bytes) -> str:
    """The text of a file and of whatever is packed in it."""
    told = data.decode("utf-8", "replace") + data.decode("utf-16-le", "replace")
    if data.startswith(b"%PDF"):
        with pypdfium2.PdfDocument(data) as document:
            told += "".join(page.get_textpage().get_text_bounded() for page in document)
    with suppress(zipfile.BadZipFile), zipfile.ZipFile(io.BytesIO(data)) as packed:
        for name in packed.namelist():
            told += name + _everything_in(packed.read(name))
    return told


@pytest.mark.parametrize("name", exports.FORMATS)
def test_no_export_of_ours_holds_a_byte_of_theirs_whatever_ids_are_asked_for(tenants: Tenants, name: str) -> None:
    foreign = [row.id for row in models.Receipt.select().where(models.Receipt.business == tenants.theirs)]
    own = [row.id for row in models.Receipt.select().where(models.Receipt.business == tenants.ours)]
    config = tenants.site.config
    for ids in ([], own + foreign):
        made = making.made(config, exports.ask(tenants.ours, name, Filter(), ids=ids, new_since_last=False, mark=False))
        assert made.status == "ready", made.error_text
        told = "".join(_everything_in(making.content(config, made, at)) for at in range(len(made.files)))
        assert THEIRS.lower() not in told.lower()
        assert OURS.lower() in told.lower()


def test_no_archive_of_ours_holds_a_byte_of_theirs(tenants: Tenants) -> None:
    out = io.BytesIO()
    archive.write(tenants.ours, making.shop(tenants.site.config).blobs, out, made_at=clock.now())
    told = _everything_in(out.getvalue())
    assert OURS in told
    assert THEIRS.lower() not in told.lower()


def test_what_we_do_is_told_to_our_endpoints_alone(tenants: Tenants) -> None:
    theirs = webhooks.add(tenants.theirs.id, "https://hook.example/theirs", ["*"])
    ours = webhooks.add(tenants.ours.id, "https://hook.example/ours", ["*"])
    row = receipt(tenants.ours, vendor=OURS, note=OURS)
    answer = tenants.script.patch(f"/api/receipts/{row.id}", {"status": "approved"}, row.version)
    assert answer.status_code == 200, answer.text
    told = list(models.Delivery.select().where(models.Delivery.endpoint == ours))
    assert told
    assert all(OURS in json.dumps(one.event.data) for one in told if "receipt" in one.event.type)
    assert not models.Delivery.select().where(models.Delivery.endpoint == theirs).exists()
    assert not models.Event.select().where(models.Event.business == tenants.theirs).exists()
    models.Endpoint.update(active=False).execute()


def test_no_line_of_the_log_holds_a_word_of_anybody(tenants: Tenants, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        for path in ASKED:
            tenants.script.get(path)
        made = making.made(tenants.site.config, exports.ask(tenants.ours, "csv", Filter(), new_since_last=False))
        contacts.add(tenants.ours.id, {"name": f"{OURS} again"})
        assert made.status == "ready"
    ours = [
        record for record in caplog.records if record.name in {"web", "worker", "work", "sync", "export", "exports"}
    ]
    assert ours
    for record in ours:
        assert THEIRS.lower() not in record.getMessage().lower()
        assert OURS.lower() not in record.getMessage().lower()


@pytest.mark.parametrize("word", [THEIRS, THEIRS[:5], f"{THEIRS}-1", f"{THEIRS}@shop.example", THEIRS.lower()])
def test_their_words_are_found_by_them_and_by_nobody_else(tenants: Tenants, word: str) -> None:
    them = tenants.site.script(tenants.theirs)
    for path in (f"/api/receipts?q={word}", f"/api/search?q={word}"):
        assert THEIRS.lower() not in tenants.script.get(path).text.lower()
        assert tenants.script.get(path).json()["items"] == []
    assert them.get(f"/api/receipts?q={word}").json()["items"], "the search would prove nothing"


def _seen(script: Script) -> dict[str, Any]:
    answers = {path: script.get(path) for path in ASKED}
    return {path: (answer.status_code, PASSES.sub("", answer.text)) for path, answer in answers.items()}


_ROW = st.fixed_dictionaries(
    {
        "vendor": st.sampled_from(["Kiosk", THEIRS, OURS, "Zebra", "קפה"]),
        "number": st.sampled_from([f"{OURS}-1", "1", None]),
        "date": st.sampled_from(["2026-11-23", "2026-01-01", None]),
        "total_minor": st.sampled_from([1001, 18400, 0, None]),
        "currency": st.sampled_from(["ILS", "EUR", None]),
        "status": st.sampled_from(["ready", "to_review", "approved", "rejected", "not_receipt"]),
        "category": st.sampled_from([OURS, None]),
    }
)


@settings(
    max_examples=4, deadline=None, derandomize=True, database=None,
    phases=[Phase.explicit, Phase.generate], suppress_health_check=list(HealthCheck),
)  # fmt: skip
@given(rows=st.lists(_ROW, min_size=1, max_size=8))
def test_nothing_that_another_tenant_gets_changes_what_one_sees(tenants: Tenants, rows: list[dict[str, Any]]) -> None:
    before = _seen(tenants.script)
    for row in rows:
        receipt(tenants.theirs, **row, mail={"subject": OURS, "from_address": f"{OURS}@shop.example".lower()})
    contacts.add(tenants.theirs.id, {"name": OURS, "emails": [f"{OURS}@person.example".lower()]})
    assert len(before) > 40
    for path, told in _seen(tenants.script).items():
        different = [
            pair for pair in zip(told[1].split(","), before[path][1].split(","), strict=False) if pair[0] != pair[1]
        ]
        assert told == before[path], (path, different[:3])

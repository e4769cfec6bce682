"""Exports over HTTP and from the command line: asked for, watched, downloaded in parts, taken back."""

from __future__ import annotations

import csv
import datetime as dt
import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

import clock
from models import Business, Export, Receipt, write
from store import exports
from tests.support import exports as making
from tests.support import installation
from tests.support.processes import environment, run
from tests.support.web import Browser, Web, receipt, serving


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    with serving(tmp_path_factory.mktemp("exports")) as web:
        yield web


@pytest.fixture
def business(site: Web) -> Business:
    return site.business()


def _made(site: Web, browser: Browser, **body: object) -> dict[str, object]:
    answer = browser.post("/api/exports", body)
    assert answer.status_code == 202, answer.text
    asked = answer.json()
    assert asked["status"] == "queued"
    making.done(site.config, Export.get_by_id(asked["id"]).work_id)
    return dict(browser.get(f"/api/exports/{asked['id']}").json())


def test_the_accountants_read_only_seat_exports_what_is_on_screen(site: Web, business: Business) -> None:
    for number in range(3):
        receipt(business, number=f"N{number}", date=f"2026-10-0{number + 1}")
    receipt(business, number="later", date="2026-11-01")
    browser = site.browser(business, role="accountant")
    seen = browser.get("/api/exports/preview?from_date=2026-10-01&to_date=2026-10-31").json()
    assert (seen["count"], seen["first"], seen["last"]) == (3, "2026-10-01", "2026-10-03")
    assert seen["currencies"] == [
        {"currency": "ILS", "count": 3, "total": {"minor": 55200, "currency": "ILS", "text": "552.00"}}
    ]
    made = _made(site, browser, format="csv", from_date="2026-10-01", to_date="2026-10-31")
    assert (made["status"], made["count"], made["progress_percentage"]) == ("ready", 3, 100)
    file = browser.get(f"/api/exports/{made['id']}/file")
    rows = list(csv.DictReader(io.StringIO(file.content.decode("utf-8-sig"), newline="")))
    assert [row["Number"] for row in rows] == ["N0", "N1", "N2"]
    assert file.headers["X-Content-Type-Options"] == "nosniff"
    assert "attachment" in file.headers["Content-Disposition"]
    part = browser.get(f"/api/exports/{made['id']}/file", headers={"Range": "bytes=3-9"})
    assert (part.status_code, part.content) == (206, file.content[3:10])
    assert browser.get("/api/receipts?exported=1").json()["items"][0]["exported_at"] is not None
    assert browser.get("/api/receipts/counts?exported=0").json()["all"] == 1
    back = browser.post(f"/api/exports/{made['id']}/undo", {})
    assert back.status_code == 200
    assert back.json()["undone_at"]
    assert browser.get("/api/receipts/counts?exported=0").json()["all"] == 4
    assert browser.post(f"/api/exports/{made['id']}/redo", {}).json()["undone_at"] is None
    listed = browser.get("/api/exports?limit=1").json()
    assert [one["id"] for one in listed["items"]] == [made["id"]]


def test_a_file_is_offered_only_when_it_is_whole(site: Web, business: Business) -> None:
    receipt(business)
    browser = site.browser(business)
    asked = browser.post("/api/exports", {"format": "csv"}).json()
    early = browser.get(f"/api/exports/{asked['id']}/file")
    assert (early.status_code, early.json()["code"]) == (409, "not_ready")
    assert browser.post(f"/api/exports/{asked['id']}/undo", {}).status_code == 409
    over = browser.post(f"/api/exports/{asked['id']}/cancel", {})
    assert over.json()["status"] == "cancelled"
    assert browser.get(f"/api/exports/{asked['id']}/file").status_code == 409


def test_files_that_are_no_longer_kept_are_told(site: Web, business: Business) -> None:
    receipt(business)
    browser = site.browser(business)
    made = _made(site, browser, format="csv")
    assert (made["expired_at"], str(made["expires_at"]) > str(made["ready_at"])) == (None, True)
    Export.update(ready_at=clock.now() - exports.KEEP - dt.timedelta(seconds=1)).where(
        Export.id == made["id"]
    ).execute()
    with write():
        exports.expire()
    late = browser.get(f"/api/exports/{made['id']}/file")
    assert (late.status_code, late.json()["code"]) == (410, "export_expired")
    told = browser.get(f"/api/exports/{made['id']}").json()
    assert (told["status"], told["count"], told["files"]) == ("ready", 1, made["files"])
    assert told["expired_at"]


def test_what_makes_no_sense_is_told(site: Web, business: Business) -> None:
    browser = site.browser(business)
    assert browser.post("/api/exports", {"format": "docx"}).json()["code"] == "bad_format"
    assert browser.post("/api/exports", {}).json()["code"] == "field_missing"
    assert browser.post("/api/exports", {"format": "csv", "from_date": "2026-02-30"}).json()["code"] == "bad_date"
    assert browser.post("/api/exports", {"format": "csv", "deleted": True}).status_code == 400
    assert browser.get("/api/exports/999999/file").status_code == 404
    assert browser.get("/api/exports?cursor=x").json()["code"] == "bad_cursor"


def test_a_hebrew_vendor_and_name_survive_the_download(site: Web) -> None:
    business = site.business(name="קדם סטודיו")
    receipt(business, vendor="דפוס כהן")
    browser = site.browser(business)
    made = _made(site, browser, format="zip", language="he")
    file = browser.get(f"/api/exports/{made['id']}/file")
    assert "filename*=UTF-8''" in file.headers["Content-Disposition"]
    with zipfile.ZipFile(io.BytesIO(file.content)) as archive:
        text = archive.read("receipts.csv").decode("utf-8-sig")
    assert text.startswith("קבלה,")
    assert "דפוס כהן" in text


def test_the_command_line_hands_a_month_over_without_a_worker(tmp_path: Path) -> None:
    config = installation.settings(tmp_path)
    with installation.database(config):
        business = installation.business()
        making.receipt(config, business, number="X1", date="2026-10-05")
        making.receipt(config, business, number="X2", date="2026-11-05")
    env = environment(tmp_path, ENCRYPTION_KEY=installation.KEY)
    out = tmp_path / "out.csv"
    command = ["export", "--business", "kedem", "--format", "csv", "--out", str(out)]
    done = run(*command, "--month", "2026-10", env=env)
    assert (done.returncode, done.stderr) == (0, "")
    assert "X1" in out.read_text(encoding="utf-8-sig")
    assert "X2" not in out.read_text(encoding="utf-8-sig")
    assert (tmp_path / "out-lines.csv").exists()
    wrong = run(*command, "--month", "2026-13", env=env)
    assert (wrong.returncode, "bad_date" in wrong.stderr) == (2, True)
    with installation.database(config):
        assert Receipt.select().where(Receipt.exported_at.is_null(is_null=False)).count() == 1

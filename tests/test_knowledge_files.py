"""Locked, broken and foreign files: what is taken, what a person is told, and the password that opens a document."""

from __future__ import annotations

import io
import logging
import zipfile
from collections.abc import Iterator

import pytest

import models
from receipts.child import Reader
from tests.support.papers import mail, pdf
from tests.support.web import Script, Web, serving
from tests.support.workroom import Workroom

LINES = ["Alma Cafe Ltd", "Tax invoice no. A-00041", "Date: 2026-10-05", "Coffee 118.00", "Total USD 118.00"]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    with serving(tmp_path_factory.mktemp("web")) as web:
        yield web


@pytest.fixture(scope="module")
def room(site: Web) -> Iterator[Workroom]:
    with Reader() as reader:
        yield Workroom(site.config, reader)


@pytest.fixture
def business(site: Web) -> models.Business:
    return site.business()


@pytest.fixture
def script(site: Web, business: models.Business) -> Script:
    return site.script(business)


def archive(**files: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        for name, data in files.items():
            made.writestr(name, data)
    return out.getvalue()


def test_a_locked_document_is_opened_by_a_password_that_is_kept_for_the_next_one(
    site: Web, room: Workroom, business: models.Business, script: Script
) -> None:
    def locked(number: str) -> bytes:
        data = pdf([*LINES[:1], f"Tax invoice no. {number}", *LINES[2:]], password="secret-4417")
        file = (f"invoice-{number}.pdf", "application/pdf", data)
        return mail("Your invoice is attached.", subject=f"Your invoice {number}", files=[file],
                    sender="Alma <billing@alma-cafe.example>", date="Mon, 23 Nov 2026 09:30:00 +0200")  # fmt: skip

    paper = locked("A-00041")
    (first,) = room.receipts(business, paper)
    told = script.get(f"/api/receipts/{first.id}").json()
    assert [flag["code"] for flag in told["flags"]] == ["document_locked"]
    assert (told["status"], told["total"]) == ("to_review", None)
    assert script.get(f"/api/receipts/{first.id}/preview").json()["code"] == "document_locked"
    wrong = script.post(f"/api/receipts/{first.id}/unlock", {"password": "guess"})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "wrong_document_password")
    assert script.get("/api/passwords").json()["items"] == []
    assert script.post(f"/api/receipts/{first.id}/unlock", {"password": "secret-4417"}).status_code in {202, 503}
    room.work(business)
    told = script.get(f"/api/receipts/{first.id}").json()
    assert (told["number"], told["total"]["text"]) == ("A-00041", "118.00")
    assert "document_locked" not in [flag["code"] for flag in told["flags"]]
    assert script.get(f"/api/receipts/{first.id}/preview").status_code == 200
    other = site.business()
    (same,) = room.receipts(other, paper)
    unread = site.script(other).get(f"/api/receipts/{same.id}/preview")
    assert unread.json()["code"] == "document_locked", "another business saw the pages that this one had opened"
    (second,) = room.receipts(business, locked("A-00042"))
    assert script.get(f"/api/receipts/{second.id}").json()["number"] == "A-00042"
    (kept,) = script.get("/api/passwords").json()["items"]
    assert kept["domain"] == "alma-cafe.example"
    assert "secret" not in str(kept)
    raw = models.db.execute_sql("select password from document_password").fetchall()
    assert "secret-4417" not in str(raw)
    assert script.delete(f"/api/passwords/{kept['id']}").status_code == 204
    assert script.get("/api/passwords").json()["items"] == []


def test_a_locked_letter_that_is_no_receipt_stays_in_the_ledger_until_somebody_takes_it(
    room: Workroom, business: models.Business, script: Script
) -> None:
    file = ("plans.pdf", "application/pdf", pdf(["Our plans"], password="x"))
    (row,) = room.deliver(business, mail("See you on Sunday.", subject="Plans", files=[file]))
    assert (row.outcome, row.reason_code) == ("not_receipt", "pdf_password")
    assert models.Receipt.select().where(models.Receipt.mail == row).count() == 0
    assert script.post(f"/api/mail/{row.id}/take", {}).status_code in {202, 503}
    room.work(business)
    taken = models.Receipt.get(models.Receipt.mail == row)
    assert [flag["code"] for flag in taken.flags] == ["document_locked"]  # it asks for the password, not for all fields


@pytest.mark.parametrize(
    ("name", "data", "code"),
    [
        ("setup.exe", b"MZ\x90\x00\x03\x00\x00\x00\x04\x00" + bytes(range(256)) * 8, "not_a_document"),
        ("invoice.pdf", b"MZ\x90\x00\x03\x00\x00\x00\x04\x00" + bytes(range(256)) * 8, "not_a_document"),
        ("letter.docx", archive(**{"word/document.xml": b"<w/>"}), "not_a_document"),
        ("papers.zip", b"PK\x03\x04 and then nothing", "broken_file"),
        ("papers.zip", archive(), "not_a_document"),
        ("song.mp3", b"ID3\x04\x00\x00" + bytes(range(256)) * 4, "not_a_document"),
    ],
    ids=["program", "program called a PDF", "Word", "broken zip", "empty zip", "song"],
)
def test_a_file_that_holds_no_document_is_refused_in_words(
    business: models.Business, script: Script, name: str, data: bytes, code: str
) -> None:
    answer = script.call("POST", "/api/receipts", files={"file": (name, data)})
    assert answer.status_code == 202
    (item,) = answer.json()["items"]
    assert (item["code"], item["mail_id"]) == (code, None)
    assert item["error"].endswith(".")
    assert models.Mail.select().where(models.Mail.business == business).count() == 0


def test_a_broken_pdf_is_told_in_the_ledger_and_is_no_receipt_until_somebody_insists(
    room: Workroom, business: models.Business, script: Script
) -> None:
    answer = script.call("POST", "/api/receipts", files={"file": ("invoice.pdf", b"%PDF-1.7\nand then nothing of it")})
    assert answer.status_code in {202, 503}
    room.work(business)
    (row,) = models.Mail.select().where(models.Mail.business == business)
    assert (row.outcome, row.reason_code) == ("failed", "pdf_broken")
    assert script.get("/api/receipts").json()["items"] == []
    script.post(f"/api/mail/{row.id}/take", {})
    room.work(business)
    (item,) = script.get("/api/receipts").json()["items"]
    assert [flag["code"] for flag in item["flags"]] == ["nothing_read"]


def test_the_log_calls_a_reading_of_files_by_its_name(
    room: Workroom, business: models.Business, script: Script, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        script.call("POST", "/api/receipts", files={"file": ("invoice.pdf", pdf(LINES))})
        room.work(business)
    lines = [record.getMessage() for record in caplog.records if "JOB_" in record.getMessage()]
    assert any("JOB_START: Reading of files" in line for line in lines)
    assert not any("Gmail" in line for line in lines)


def test_the_file_that_a_receipt_waits_for_closes_it_and_keeps_what_was_set_by_hand(
    room: Workroom, business: models.Business, script: Script
) -> None:
    (row,) = room.receipts(
        business,
        mail(
            html='<p>Hello, your invoice for October is ready.</p><p><a href="https://alma-cafe.example/i/41">'
            "Download your invoice</a></p>",
            subject="Your invoice is ready",
            sender="Alma Cafe <billing@alma-cafe.example>",
            date="Mon, 23 Nov 2026 09:30:00 +0200",
        ),
    )
    told = script.get(f"/api/receipts/{row.id}").json()
    assert told["waiting_for_document"] is True
    assert told["fields"]["link"]["value"] == "https://alma-cafe.example/i/41"
    assert [one["id"] for one in script.get("/api/receipts?flag=waiting_for_document").json()["items"]] == [row.id]
    script.patch(f"/api/receipts/{row.id}", {"category": "meals", "vendor": "Café Alma"}, told["version"])
    where = f"/api/receipts/{row.id}/document"
    assert script.call("POST", where, files={"file": ("x.exe", b"MZ\x00\x01" * 40)}).json()["code"] == "not_a_document"
    assert script.call("POST", where, files={"file": ("invoice.pdf", pdf(LINES))}).status_code in {202, 503}
    room.work(business)
    told = script.get(f"/api/receipts/{row.id}").json()
    assert (told["waiting_for_document"], told["total"]["text"], told["number"]) == (False, "118.00", "A-00041")
    assert (told["vendor"], told["category"]) == ("Café Alma", "meals")
    assert told["document"]["filename"] == "invoice.pdf"
    assert "waiting_document" not in [flag["code"] for flag in told["flags"]]
    assert [one["id"] for one in script.get("/api/receipts").json()["items"]] == [row.id]
    for again in (f"/api/receipts/{row.id}/reread", f"/api/mail/{row.mail_id}/retry"):
        script.post(again, {})
        room.work(business)
        told = script.get(f"/api/receipts/{row.id}").json()
        assert (told["waiting_for_document"], told["number"], told["status"]) == (False, "A-00041", told["status"])
    assert len(script.get("/api/receipts").json()["items"]) == 1
    answer = script.call("POST", where, files={"file": ("more.pdf", pdf([*LINES, "more"]))})
    assert (answer.status_code, answer.json()["code"]) == (409, "not_waiting")

"""Documents over HTTP: bytes, ranges, page images, PDFs, words; and files that people upload."""

from __future__ import annotations

import contextlib
import hashlib
import io
from collections.abc import Iterator
from email.message import EmailMessage
from typing import Any

import pytest
from fpdf import FPDF
from PIL import Image

import models
from jobs.adapters import blob_store
from store import uploads
from tests.support.web import Script, Web, receipt, serving
from web.drawing import renderer, turn


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    with serving(tmp_path_factory.mktemp("web")) as web:
        yield web
    renderer().close()
    renderer.cache_clear()


@pytest.fixture(scope="module")
def pdf() -> bytes:
    document = FPDF()
    document.set_font("Helvetica", size=14)
    for page in ("Total 184.00", "Page two"):
        document.add_page()
        document.cell(text=page)
    return bytes(document.output())


def kept(site: Web, business: models.Business, data: bytes, media_type: str, **values: Any) -> models.Receipt:
    sha256 = blob_store(site.config).put(data)
    document = {"sha256": sha256, "media_type": media_type, "size": len(data), "filename": "חשבונית “7”.pdf"}
    return receipt(business, document=document, **values)


def test_who_waits_for_pictures_keeps_nobody_else_waiting(site: Web, pdf: bytes) -> None:
    business = site.business()
    row = kept(site, business, pdf + b"%waiting", "application/pdf")
    script = site.script(business)
    with contextlib.ExitStack() as others:
        for _ in range(6):
            others.enter_context(turn(small=True))
        refused = script.get(f"/api/receipts/{row.id}/thumbnail")
        assert script.get(f"/api/receipts/{row.id}/preview").status_code == 200
    assert (refused.status_code, refused.json()["code"], refused.headers["Retry-After"]) == (503, "drawing_busy", "1")
    assert script.get(f"/api/receipts/{row.id}/thumbnail").status_code == 200


def test_the_original_is_the_same_byte_for_byte_and_never_shown_as_a_page(site: Web, pdf: bytes) -> None:
    business = site.business()
    row = kept(site, business, pdf, "application/pdf")
    answer = site.script(business).get(f"/api/receipts/{row.id}/original")
    assert answer.content == pdf
    headers = answer.headers
    assert headers["Content-Type"] == "application/pdf"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Security-Policy"].startswith("sandbox;")
    assert headers["Content-Disposition"].startswith("attachment; ")
    assert "filename*=UTF-8''%D7%97%D7%A9%D7%91%D7%95%D7%A0%D7%99%D7%AA" in headers["Content-Disposition"]
    assert "no-store" not in headers["Cache-Control"]
    assert site.script(business).call("HEAD", f"/api/receipts/{row.id}/original").headers["Content-Length"] == str(
        len(pdf)
    )


@pytest.mark.parametrize(
    ("asked", "status", "start", "end"),
    [
        ("bytes=0-9", 206, 0, 10),
        ("bytes=10-", 206, 10, None),
        ("bytes=-20", 206, -20, None),
        ("bytes=5-99999999", 206, 5, None),
        ("bytes=0-", 200, 0, None),
        ("bytes=0-1,4-5", 200, 0, None),
        ("lines=1-2", 200, 0, None),
        ("bytes=99999999-", 416, 0, 0),
        ("bytes=-0", 416, 0, 0),
        ("bytes=9-3", 200, 0, None),
    ],
)
def test_ranges_are_served(site: Web, pdf: bytes, asked: str, status: int, start: int, end: int | None) -> None:
    business = site.business()
    row = kept(site, business, pdf, "application/pdf")
    answer = site.script(business).get(f"/api/receipts/{row.id}/original", headers={"Range": asked})
    assert answer.status_code == status
    if status == 416:
        assert answer.headers["Content-Range"] == f"bytes */{len(pdf)}"
        assert answer.json()["code"] == "bad_range"
    else:
        assert answer.content == pdf[start:end]
    if status == 206:
        first = start % len(pdf)
        assert answer.headers["Content-Range"] == f"bytes {first}-{first + len(answer.content) - 1}/{len(pdf)}"


def test_an_unchanged_file_is_not_sent_again(site: Web, pdf: bytes) -> None:
    business = site.business()
    row = kept(site, business, pdf, "application/pdf")
    script = site.script(business)
    tag = script.get(f"/api/receipts/{row.id}/original").headers["ETag"]
    again = script.get(f"/api/receipts/{row.id}/original", headers={"If-None-Match": tag})
    assert (again.status_code, again.content) == (304, b"")
    changed = script.get(f"/api/receipts/{row.id}/original", headers={"Range": "bytes=0-3", "If-Range": '"old"'})
    assert (changed.status_code, len(changed.content)) == (200, len(pdf))


@pytest.mark.parametrize("media_type", ["text/html", "image/svg+xml", "nonsense\r\nX-Evil: 1", "text/html; charset=x"])
def test_a_mailed_page_is_only_ever_a_download(site: Web, media_type: str) -> None:
    business = site.business()
    row = kept(site, business, b"<script>alert(1)</script>", media_type)
    answer = site.script(business).get(f"/api/receipts/{row.id}/original")
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert "X-Evil" not in answer.headers
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_pages_are_pictures_of_the_asked_width_and_kept(site: Web, pdf: bytes) -> None:
    business = site.business()
    row = kept(site, business, pdf, "application/pdf")
    script = site.script(business)
    first = script.get(f"/api/receipts/{row.id}/preview?page=0&width=390")
    assert (first.headers["Content-Type"], first.headers["X-Pages"]) == ("image/webp", "2")
    assert Image.open(io.BytesIO(first.content)).size[0] == 400
    assert models.Document.get_by_id(row.document_id).pages == 2
    assert script.get(f"/api/receipts/{row.id}/preview?page=1&width=390").content != first.content
    renderer().close()  # what comes now was kept
    again = script.get(f"/api/receipts/{row.id}/preview?page=0&width=390&v=1")
    assert again.content == first.content
    assert "immutable" in again.headers["Cache-Control"]
    renderer.cache_clear()
    missing = script.get(f"/api/receipts/{row.id}/preview?page=2")
    assert (missing.status_code, missing.json()["code"]) == (404, "not_found")


def test_a_thumbnail_is_small(site: Web, pdf: bytes) -> None:
    business = site.business()
    row = kept(site, business, pdf, "application/pdf")
    answer = site.script(business).get(f"/api/receipts/{row.id}/thumbnail?b={business.slug}")
    assert answer.headers["Content-Type"] == "image/webp"
    assert len(answer.content) <= 4096
    assert Image.open(io.BytesIO(answer.content)).size[0] == 96


def test_a_mail_becomes_a_pdf_and_its_evidence_a_place_on_the_page(site: Web) -> None:
    business = site.business()
    html = b"<h1>Deli</h1><p>Soup 20.00</p><p>Total to pay <b>184.00</b></p>"
    fields = {
        "total": {
            "value": "184.00",
            "confidence": 0.9,
            "why": "x",
            "quote": "Total to pay 184.00",
            "box": None,
            "candidates": [],
        }
    }
    row = kept(site, business, html, "text/html", fields=fields)
    script = site.script(business)
    made = script.get(f"/api/receipts/{row.id}/pdf")
    assert made.content.startswith(b"%PDF-")
    assert made.headers["Content-Type"] == "application/pdf"
    words = script.get(f"/api/receipts/{row.id}/words?page=0").json()["words"]
    total = next(word for word in words if word[0] == "184.00")
    box = script.get(f"/api/receipts/{row.id}").json()["fields"]["total"]["box"]
    assert box["page"] == 0
    assert box["y0"] < (total[2] + total[4]) / 2 < box["y1"]  # both ways of looking agree on the line


def test_a_mails_own_text_is_drawn_with_its_head_lines_and_its_pictures(site: Web) -> None:
    picture = io.BytesIO()
    Image.new("RGB", (300, 200), "#c01010").save(picture, "PNG")
    message = EmailMessage()
    message["From"], message["Subject"] = "Shop <shop@vendor.example>", "Receipt Zebra"
    html = '<p>Total 12.00 EUR</p><img src="cid:logo" width="300" height="200">'
    message.set_content(html, subtype="html")
    message.add_related(picture.getvalue(), "image", "png", cid="<logo>")
    blobs = blob_store(site.config)
    business = site.business()
    body = {"sha256": blobs.put(html.encode()), "media_type": "text/html", "filename": "message.html", "part": "1"}
    row = receipt(business, document=body, mail={"raw_sha256": blobs.put(message.as_bytes())})
    script = site.script(business)
    words = [word[0] for word in script.get(f"/api/receipts/{row.id}/words").json()["words"]]
    assert "Zebra" in words
    shown = Image.open(io.BytesIO(script.get(f"/api/receipts/{row.id}/preview?width=400").content)).convert("RGB")
    reds = sum(count for count, (r, g, b) in shown.getcolors(1 << 20) or [] if r > 150 and g < 60 and b < 60)
    assert reds > 1000
    assert script.get(f"/api/receipts/{row.id}/original").content == html.encode()


def test_a_photo_has_a_page_and_no_words(site: Web) -> None:
    business = site.business()
    picture = io.BytesIO()
    Image.new("RGB", (600, 900), "white").save(picture, "JPEG")
    row = kept(site, business, picture.getvalue(), "image/jpeg")
    script = site.script(business)
    assert script.get(f"/api/receipts/{row.id}/preview").headers["X-Pages"] == "1"
    words = script.get(f"/api/receipts/{row.id}/words")
    assert (words.status_code, words.json()) == (200, {"words": []})


def test_a_damaged_document_is_a_sentence(site: Web) -> None:
    business = site.business()
    row = kept(site, business, b"%PDF-1.7 nonsense", "application/pdf")
    script = site.script(business)
    for kind in ("preview", "thumbnail"):
        answer = script.get(f"/api/receipts/{row.id}/{kind}")
        assert (answer.status_code, answer.json()["code"]) == (422, "document_damaged")
    assert script.get(f"/api/receipts/{row.id}/original").status_code == 200
    assert script.get(f"/api/receipts/{row.id}").status_code == 200


def test_a_missing_file_is_told_as_such(site: Web) -> None:
    business = site.business()
    row = receipt(business)
    answer = site.script(business).get(f"/api/receipts/{row.id}/original")
    assert (answer.status_code, answer.json()["code"]) == (404, "blob_missing")


def test_a_receipt_without_a_document_shows_its_mail(site: Web) -> None:
    business = site.business()
    raw = b"From: a@shop.example\r\nSubject: Receipt\r\n\r\nTotal 12.00 EUR\r\n"
    sha256 = blob_store(site.config).put(raw)
    row = receipt(business, mail={"raw_sha256": sha256})
    models.Receipt.update(document=None).where(models.Receipt.id == row.id).execute()
    script = site.script(business)
    answer = script.get(f"/api/receipts/{row.id}/original")
    assert answer.content == raw
    assert f"mail-{row.mail_id}.eml" in answer.headers["Content-Disposition"]
    assert script.get(f"/api/receipts/{row.id}/preview").headers["Content-Type"] == "image/webp"


def test_a_mail_and_its_documents_can_be_saved_from_the_ledger(site: Web, pdf: bytes) -> None:
    business = site.business()
    raw = b"From: a@shop.example\r\n\r\nHello\r\n"
    sha256 = blob_store(site.config).put(raw)
    row = kept(site, business, pdf, "application/pdf", mail={"raw_sha256": sha256, "outcome": "not_receipt"})
    script = site.script(business)
    whole = script.get(f"/api/mail/{row.mail_id}/original")
    assert (whole.content, whole.headers["Content-Type"]) == (raw, "message/rfc822")
    assert script.get(f"/api/mail/{row.mail_id}/original?document={row.document_id}").content == pdf
    other = receipt(business)
    assert script.get(f"/api/mail/{other.mail_id}/original?document={row.document_id}").status_code == 404
    assert script.get(f"/api/mail/{other.mail_id}/original").json()["code"] == "no_document"


# --- uploads


def upload(script: Script, *files: tuple[str, bytes]) -> Any:
    return script.call("POST", "/api/receipts", files=[("file", (name, data)) for name, data in files])


def test_uploaded_files_are_kept_and_a_run_is_asked_to_read_them(site: Web, pdf: bytes) -> None:
    business = site.business()
    answer = upload(site.script(business), ("קבלה.pdf", pdf), ("b.txt", b"Total 3.00 EUR"), ("empty.pdf", b""))
    assert answer.status_code == 202
    body = answer.json()
    assert [(item["filename"], item["code"]) for item in body["items"]] == [
        ("קבלה.pdf", "taken"),
        ("b.txt", "taken"),
        ("empty.pdf", "empty_file"),
    ]
    mail = models.Mail.get_by_id(body["items"][0]["mail_id"])
    sha256 = hashlib.sha256(pdf).hexdigest()
    assert (mail.source_id, mail.raw_sha256, mail.state, mail.outcome) == (sha256, sha256, "fetched", "waiting")
    assert (mail.subject, mail.mailbox.kind) == ("קבלה.pdf", "upload")
    assert blob_store(site.config).get(sha256) == pdf
    run = models.SyncRun.get_by_id(body["run_id"])
    assert (run.business_id, run.mode, run.status) == (business.id, "upload", "queued")


def test_the_same_bytes_are_taken_once(site: Web) -> None:
    business = site.business()
    script = site.script(business)
    first = upload(script, ("a.txt", b"Total 5.00 EUR"), ("same.txt", b"Total 5.00 EUR")).json()
    assert [item["code"] for item in first["items"]] == ["taken", "duplicate"]
    second = upload(script, ("again.txt", b"Total 5.00 EUR"))
    assert second.status_code == 202
    assert second.json()["run_id"] is None
    assert second.json()["items"][0]["code"] == "duplicate"
    assert second.json()["items"][0]["mail_id"] == first["items"][0]["mail_id"]
    assert models.Mail.select().where(models.Mail.business == business).count() == 1
    other = upload(site.script(site.business()), ("a.txt", b"Total 5.00 EUR")).json()
    assert other["items"][0]["code"] == "taken"


def test_a_file_that_failed_is_tried_again(site: Web) -> None:
    business = site.business()
    script = site.script(business)
    mail_id = upload(script, ("a.txt", b"Total 6.00 EUR")).json()["items"][0]["mail_id"]
    models.Mail.update(outcome="failed", state="done").where(models.Mail.id == mail_id).execute()
    assert upload(script, ("a.txt", b"Total 6.00 EUR")).json()["items"][0]["code"] == "taken"
    assert models.Mail.get_by_id(mail_id).outcome == "waiting"


def test_an_upload_during_a_run_is_read_by_that_run(site: Web) -> None:
    business = site.business()
    run = models.SyncRun.create(business=business, mode="incremental", status="running")
    assert upload(site.script(business), ("a.txt", b"Total 7.00 EUR")).json()["run_id"] == run.id
    assert models.SyncRun.get_by_id(run.id).look_again is True


@pytest.mark.parametrize(
    ("name", "clean"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\me\\receipt.pdf", "receipt.pdf"),
        ("a\x00b\nc.pdf", "a b c.pdf"),
        ("", "file"),
        ("x" * 300, "x" * 200),
        ("e\u0301.pdf", "é.pdf"),
        ("bad\udce9.pdf", "bad?.pdf"),
    ],
)
def test_a_files_name_is_only_a_name(name: str, clean: str) -> None:
    assert uploads.clean_name(name) == clean


def test_what_is_no_upload_is_a_400(site: Web) -> None:
    script = site.script(site.business())
    for more in (
        {"json": {}},
        {"data": b"x", "headers": {"Content-Type": "multipart/form-data; boundary=b"}},
        {"data": b"--b\r\nbroken", "headers": {"Content-Type": "multipart/form-data; boundary=b"}},
        {"data": b"x", "headers": {"Content-Type": "multipart/form-data"}},
        {"data": {"name": "value"}},
    ):
        answer = script.call("POST", "/api/receipts", **more)
        assert answer.status_code == 400, more
        assert answer.json()["code"] in {"no_files", "bad_multipart"}


def test_an_upload_that_is_too_large_is_a_413(site: Web) -> None:
    script = site.script(site.business())
    answer = script.call(
        "POST", "/api/receipts", data=iter([]), headers={"Content-Type": "multipart/form-data; boundary=b"}
    )
    assert answer.status_code == 400
    big = upload(script, ("big.bin", b"\0" * (52 * 1024 * 1024)))
    assert (big.status_code, big.json()["code"]) == (413, "too_large")

"""Exports: exactly the filter, whole or not at all, marked and undone, in every format."""

from __future__ import annotations

import csv
import io
import os
import re
import shutil
import subprocess
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pikepdf
import pytest

import clock
import models
from blobs import BlobWriter, FolderBlobs
from config import Config
from errors import Tellable, Temporary
from jobs import expiring, exporting
from jobs import work as steps
from jobs.adapters import blob_folder
from jobs.kinds import KINDS
from models import Business, Export, Receipt, Work
from store import export_plans, export_sets, exports, work
from store.receipt_filter import Filter
from tests.support import exports as making
from tests.support import installation

EVIL = "=cmd|' /C calc'!A0"


@pytest.fixture
def config(tmp_path: Path) -> Iterator[Config]:
    settings = installation.settings(tmp_path)
    with installation.database(settings):
        yield settings


@pytest.fixture
def business(config: Config) -> Business:
    return installation.business()


def _three(config: Config, business: Business) -> list[Receipt]:
    return [
        making.receipt(config, business, number="A1", date="2026-10-02", total_minor=11800, status="approved"),
        making.receipt(config, business, number="A2", date="2026-10-30", vendor="Nordlicht", currency="EUR"),
        making.receipt(config, business, number="A3", date="2026-11-01", vendor="דפוס כהן", status="to_review"),
    ]


def _table(config: Config, row: Export, number: int = 0) -> list[dict[str, str]]:
    text = making.content(config, row, number).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def _numbers(config: Config, row: Export) -> list[str]:
    return [one["Number"] for one in _table(config, row)]


def test_a_csv_holds_the_filter_in_order_and_its_second_file_the_lines(config: Config, business: Business) -> None:
    _three(config, business)
    making.receipt(
        config, business, number="A0", date="2026-10-01", total_minor=118, net_minor=100, tax_minor=18,
        tax=[{"rate": "18", "base_minor": 100, "amount_minor": 18}],
        items=[{"description": "Ink", "quantity": "2", "amount_minor": 118}], discount_minor=50, payment_method="card",
        card_last4="4242", billed_to="Levi Studio Ltd", allocation_number="123456789",
    )  # fmt: skip
    october = Filter(from_date=date(2026, 10, 1), to_date=date(2026, 10, 31))
    row = making.made(config, exports.ask(business, "csv", october))
    assert (row.status, row.count, _numbers(config, row)) == ("ready", 3, ["A0", "A1", "A2"])
    assert [file["name"] for file in row.files] == ["Kedem 2026-10.csv", "Kedem 2026-10-lines.csv"]
    first = _table(config, row)[0]
    paid = [first[name] for name in ("Discount", "Tip", "Paid by", "Card ends in", "Billed to", "Allocation number")]
    assert paid == ["0.50", "", "Card", "4242", "Levi Studio Ltd", "123456789"]
    lines = _table(config, row, 1)
    assert [(line["Line"], line["Rate %"], line["Description"], line["Amount"]) for line in lines] == [
        ("tax", "18", "", "0.18"),
        ("item", "", "Ink", "1.18"),
    ]
    assert making.content(config, row)[:3] == b"\xef\xbb\xbf"


def test_what_is_rejected_deleted_or_a_duplicate_is_no_expense(config: Config, business: Business) -> None:
    first, *_ = _three(config, business)
    making.receipt(config, business, number="R", status="rejected")
    making.receipt(config, business, number="N", status="not_receipt")
    making.receipt(config, business, number="D", duplicate_of=first)
    making.receipt(config, business, number="T", deleted_at=models.Receipt.deleted_at.python_value(1))
    row = making.made(config, exports.ask(business, "csv", Filter()))
    assert _numbers(config, row) == ["A1", "A2", "A3"]
    rejected = making.made(config, exports.ask(business, "csv", Filter(statuses=("rejected",))))
    assert _numbers(config, rejected) == ["R"]
    assert export_sets.preview(business.id, Filter())["duplicates"] == 1


def test_export_undo_export_gives_the_same_set_and_new_since_last_is_empty_after_it(
    config: Config, business: Business
) -> None:
    _three(config, business)
    first = making.made(config, exports.ask(business, "csv", Filter()))
    assert _numbers(config, first) == ["A1", "A2", "A3"]
    assert Receipt.select().where(Receipt.exported_at.is_null()).count() == 0
    empty = making.made(config, exports.ask(business, "csv", Filter()))
    assert (empty.status, empty.count) == ("ready", 0)
    exports.undo(business.id, first.id)
    assert Receipt.select().where(Receipt.exported_at.is_null()).count() == 3
    again = making.made(config, exports.ask(business, "csv", Filter()))
    assert making.content(config, again) == making.content(config, first)
    assert export_sets.preview(business.id, Filter(exported=False))["count"] == 0


def test_only_what_came_since_is_new(config: Config, business: Business) -> None:
    _three(config, business)
    making.made(config, exports.ask(business, "csv", Filter()))
    making.receipt(config, business, number="A4")
    assert _numbers(config, making.made(config, exports.ask(business, "csv", Filter()))) == ["A4"]
    everything = making.made(config, exports.ask(business, "csv", Filter(), new_since_last=False))
    assert everything.count == 4


def test_a_receipt_in_two_exports_is_new_only_once_both_are_undone(config: Config, business: Business) -> None:
    _three(config, business)
    one = making.made(config, exports.ask(business, "csv", Filter()))
    two = making.made(config, exports.ask(business, "csv", Filter(), new_since_last=False))
    exports.undo(business.id, one.id)
    assert Receipt.select().where(Receipt.exported_at.is_null()).count() == 0
    exports.undo(business.id, two.id)
    assert Receipt.select().where(Receipt.exported_at.is_null()).count() == 3
    exports.undo(business.id, two.id, undone=False)
    assert Receipt.select().where(Receipt.exported_at.is_null()).count() == 0


def test_an_export_for_oneself_marks_nothing(config: Config, business: Business) -> None:
    _three(config, business)
    making.made(config, exports.ask(business, "csv", Filter(), mark=False))
    assert Receipt.select().where(Receipt.exported_at.is_null()).count() == 3


def test_another_tenants_receipts_are_never_in_it(config: Config, business: Business) -> None:
    _three(config, business)
    other = installation.business("other")
    making.receipt(config, other, number="Z")
    row = making.made(config, exports.ask(other, "csv", Filter()))
    assert _numbers(config, row) == ["Z"]
    with pytest.raises(Tellable, match="no such thing"):
        exports.one(business.id, row.id)


@pytest.mark.parametrize("format_", [one for one in exports.FORMATS if one not in {"csv", "pdf"}])
def test_every_format_is_made_and_offered(config: Config, business: Business, format_: str) -> None:
    _three(config, business)
    row = making.made(config, exports.ask(business, format_, Filter()))
    assert (row.status, row.error_text, len(row.files)) == ("ready", None, 1)
    assert row.files[0]["size"] == len(making.content(config, row)) > 100


def test_the_workbooks_totals_are_those_of_the_database(config: Config, business: Business) -> None:
    _three(config, business)
    row = making.made(config, exports.ask(business, "xlsx", Filter()))
    book = openpyxl.load_workbook(io.BytesIO(making.content(config, row)), data_only=True)
    sheet = book.worksheets[0]
    head = [cell.value for cell in sheet[1]]
    found: dict[str, Decimal] = {}
    for line in sheet.iter_rows(min_row=2, values_only=True):
        values = dict(zip(head, line, strict=True))
        if values["Receipt"] is not None:
            found[values["Currency"]] = found.get(values["Currency"], Decimal(0)) + Decimal(str(values["Total"]))
    assert found == {one["currency"]: Decimal(one["total_minor"]) / 100 for one in row.sums}


@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not installed")
def test_libreoffice_opens_the_workbook_and_sums_as_the_database_does(
    config: Config, business: Business, tmp_path: Path
) -> None:
    _three(config, business)
    row = making.made(config, exports.ask(business, "xlsx", Filter(), language="he"))
    bare = tmp_path / "book.xlsx"  # without the sums that we worked out: the formulas have to give them
    with zipfile.ZipFile(io.BytesIO(making.content(config, row))) as book, zipfile.ZipFile(bare, "w") as copy:
        for name in book.namelist():
            copy.writestr(name, re.sub(rb"(</f>)<v>[^<]*</v>", rb"\1", book.read(name)))
    tables = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false,false,false,1"
    command = ["soffice", f"-env:UserInstallation=file://{tmp_path}/office", "--headless", "--convert-to", tables]
    subprocess.run([*command, "--outdir", str(tmp_path), str(bare)], check=True, capture_output=True, timeout=300)
    (table,) = tmp_path.glob("book*.csv")
    lines = list(csv.reader(io.StringIO(table.read_text(encoding="utf-8"), newline="")))
    at, total = (lines[0].index(name) for name in ("מטבע", "סכום כולל"))
    sums = {line[at]: Decimal(line[total]) for line in lines[1:] if line[at] and not line[0]}
    assert sums == {one["currency"]: Decimal(one["total_minor"]) / 100 for one in row.sums}


def test_a_zip_names_its_originals_and_tells_what_is_missing(config: Config, business: Business) -> None:
    originals = {b"first": "A/1", b"second": "A/1"}
    for data, number in originals.items():
        making.receipt(config, business, data, number=number, vendor="../..\u202e/Café 🧾", date="2026-10-02")
    lost = making.receipt(config, business, number="LOST", vendor="Gone Ltd", date="2026-10-03")
    (Path(config.blob_url.removeprefix("file://")) / _place(lost.document.sha256)).unlink()
    row = making.made(config, exports.ask(business, "zip", Filter()))
    archive = zipfile.ZipFile(io.BytesIO(making.content(config, row)))
    documents = sorted(name for name in archive.namelist() if name.startswith("documents/"))
    assert documents == [
        "documents/2026-10-02_Café_184.00_ILS_A 1 (2).pdf",
        "documents/2026-10-02_Café_184.00_ILS_A 1.pdf",
    ]
    assert {archive.read(name) for name in documents} == set(originals)
    assert len(row.left_out) == 1
    assert "Gone Ltd" in row.left_out[0]["text"]
    assert "Gone Ltd" in archive.read("left-out.txt").decode("utf-8-sig")


def _place(key: str) -> str:
    return f"{key[:2]}/{key[2:4]}/{key}"


def test_a_report_is_made_in_parts_and_says_on_its_cover_what_it_lacks(config: Config, business: Business) -> None:
    _three(config, business)
    making.receipt(config, business, b"%PDF-1.4 broken", number="BAD", vendor="Damaged Ltd")
    locked = io.BytesIO()
    with pikepdf.open(io.BytesIO(making.pdf("L"))) as pdf:
        pdf.save(locked, encryption=pikepdf.Encryption(user="secret", owner="secret"))
    making.receipt(config, business, locked.getvalue(), number="LOCK", vendor="Locked Ltd")
    row = exports.ask(business, "pdf", Filter())
    slow = replace(making.shop(config), step_seconds=0.0)  # a document a step
    parts = 0
    while Export.get_by_id(row.id).status == "making" and parts < 50:
        steps.step(slow, row.work_id or 0, KINDS)
        parts += 1
    assert parts >= 5
    row = exports.one(business.id, row.id)
    assert (row.status, row.error_text) == ("ready", None)
    told = " ".join(one["text"] for one in row.left_out)
    assert "Damaged Ltd" in told
    assert "Locked Ltd" in told
    with pikepdf.open(io.BytesIO(making.content(config, row))) as report:
        assert len(report.pages) == 2 + 3
    assert list((config.data_dir / "exports").glob("*")) == []


def test_a_name_that_is_a_formula_stays_text(config: Config, business: Business) -> None:
    making.receipt(config, business, vendor=EVIL, number="+1")
    row = making.made(config, exports.ask(business, "csv", Filter()))
    (line,) = _table(config, row)
    assert (line["Vendor"], line["Number"]) == (f"'{EVIL}", "'+1")


def test_a_full_disk_leaves_nothing_and_is_told(
    config: Config, business: Business, monkeypatch: pytest.MonkeyPatch
) -> None:
    _three(config, business)

    def full(self: BlobWriter, data: Any) -> int:
        raise Temporary("disk_full", "The data folder could not be written (No space left on device).")

    row = exports.ask(business, "csv", Filter())
    monkeypatch.setattr(BlobWriter, "write", full)
    over = making.made(config, row)
    assert (over.status, over.files, over.error_code) == ("failed", [], "disk_full")
    assert Receipt.select().where(Receipt.exported_at.is_null()).count() == 3
    left = list(Path(config.blob_url.removeprefix("file://")).rglob(".new-*"))
    assert left == []


def test_a_stopping_worker_gives_the_export_back_and_the_next_one_makes_it(config: Config, business: Business) -> None:
    _three(config, business)
    row = exports.ask(business, "csv", Filter())
    steps.step(replace(making.shop(config), stopping=lambda: True), row.work_id or 0, KINDS)
    assert Export.get_by_id(row.id).status == "making"
    assert Work.get_by_id(row.work_id).status == "running"
    assert making.made(config, row).status == "ready"


def test_a_cancelled_export_offers_nothing(config: Config, business: Business) -> None:
    _three(config, business)
    row = exports.cancel(business.id, exports.ask(business, "csv", Filter()).id)
    assert (row.status, row.files) == ("cancelled", [])
    making.done(config, row.work_id)
    assert exports.one(business.id, row.id).status == "cancelled"


def test_an_export_whose_work_crashed_says_so(
    config: Config, business: Business, monkeypatch: pytest.MonkeyPatch
) -> None:
    _three(config, business)
    row = exports.ask(business, "csv", Filter())
    monkeypatch.setattr(exporting, "about_of", lambda *_: 1 / 0)
    over = making.made(config, row)
    assert (over.status, over.error_code) == ("failed", "work_crashed")


def test_accounts_of_the_bookkeeping_program_go_into_its_format(config: Config, business: Business) -> None:
    making.receipt(config, business, category="meals", currency="EUR", number="M1", date="2026-10-02")
    export_plans.change(business.id, {"books": {"datev": {"accounts": {"meals": "4650"}, "tax_keys": {"19": "9"}}}})
    row = making.made(config, exports.ask(business, "datev", Filter()))
    assert row.status == "ready"
    business_eur = Business.update(base_currency="EUR").where(Business.id == business.id).execute()
    assert business_eur == 1
    row = making.made(config, exports.ask(business, "datev", Filter(), new_since_last=False))
    assert b"4650" in making.content(config, row)
    with pytest.raises(Tellable, match="not known"):
        export_plans.change(business.id, {"books": {"datev": {"colour": "red"}}})


def test_what_a_bookkeeping_format_cannot_take_is_told_and_stays_new(config: Config, business: Business) -> None:
    making.receipt(config, business, number="GOOD", date="2026-10-02")
    lost = making.receipt(config, business, number="NODATE", date=None, vendor="Undated Ltd")
    row = making.made(config, exports.ask(business, "xero", Filter()))
    assert (row.status, row.count, [one["receipt_id"] for one in row.left_out]) == ("ready", 1, [lost.id])
    assert "Undated Ltd" in row.left_out[0]["text"]
    assert [one.number for one in Receipt.select().where(Receipt.exported_at.is_null())] == ["NODATE"]


def test_a_chosen_few_are_exported_and_no_others(config: Config, business: Business) -> None:
    rows = _three(config, business)
    other = making.receipt(config, installation.business("other"), number="Z")
    row = making.made(config, exports.ask(business, "csv", Filter(), ids=[rows[0].id, rows[2].id, other.id]))
    assert _numbers(config, row) == ["A1", "A3"]


def test_a_filter_is_kept_and_read_again_as_it_was() -> None:
    wanted = Filter(
        statuses=("approved", "ready"), q="ink", from_date=date(2026, 10, 1), min_amount=Decimal("1.50"), exported=False
    )
    assert export_sets.read(export_sets.written(wanted)) == wanted
    assert export_sets.read(export_sets.written(Filter())) == Filter()


def test_a_blob_is_kept_only_when_it_is_done(tmp_path: Path) -> None:
    blobs = FolderBlobs(tmp_path / "blobs")
    with blobs.writer() as out:
        out.write(b"half")
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
    with blobs.writer() as out:
        out.write(b"wh")
        out.write(b"ole")
        key = out.done()
    assert (blobs.get(key), key, out.size) == (b"whole", blobs.put(b"whole"), 5)


def test_prune_and_lists_know_exports_whose_work_is_forgotten(config: Config, business: Business) -> None:
    row = exports.ask(business, "csv", Filter())
    Work.delete().execute()
    assert [(one.id, one.status) for one in exports.listing(business.id, 10)] == [(row.id, "failed")]
    assert work.get(row.work_id or 0) is None


def test_files_are_let_go_of_after_their_time_and_the_row_stays(config: Config, business: Business) -> None:
    making.receipt(config, business, number="1")
    old, young = (
        making.made(config, exports.ask(business, "csv", Filter(), new_since_last=False, language=language))
        for language in ("en", "he")
    )
    key = old.files[0]["sha256"]
    blobs = FolderBlobs(blob_folder(config))
    Export.update(ready_at=clock.now() - exports.KEEP - timedelta(hours=1)).where(Export.id == old.id).execute()
    for path in Path(config.data_dir).rglob(key):
        os.utime(path, (0, 0))  # not kept anew within the last hour
    ((row, new),) = expiring.plan()
    assert new
    assert making.done(config, row.id).status == "done"
    for one in Work.select().where(Work.kind == "erase_files"):
        making.done(config, one.id)
    assert not blobs.has(key)
    assert all(blobs.has(file["sha256"]) for file in exports.one(business.id, young.id).files)
    told = exports.facts(exports.one(business.id, old.id))
    assert (told["status"], told["count"], [file["name"] for file in told["files"]]) == (
        "ready", 1, [file["name"] for file in old.files],
    )  # fmt: skip
    assert told["expired_at"] is not None
    assert exports.undo(business.id, old.id).undone_at is not None
    assert [created for _, created in expiring.plan()] == [False]  # once a day

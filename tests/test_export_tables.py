"""CSV, XLSX and ZIP: typed, summed per currency, safe to open, complete."""

from __future__ import annotations

import csv
import io
import tracemalloc
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from errors import Tellable
from receipts.export import csv_export, labels, xlsx, zip_export
from receipts.export.rows import ExportDocument, ExportRow
from receipts.export.text import cell, file_name
from receipts.export.totals import totals_of
from tests.support.export_rows import ABOUT, HEBREW, document, rows


def table(data: bytes) -> list[list[str]]:
    """A CSV's lines."""
    assert data.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))


def test_csv_has_one_line_a_receipt_and_the_same_columns_in_every_language() -> None:
    out, hebrew = io.BytesIO(), io.BytesIO()
    assert csv_export.write(rows(), ABOUT, out).rows == 8
    csv_export.write(rows(), HEBREW, hebrew)
    lines, other = table(out.getvalue()), table(hebrew.getvalue())
    assert lines[0][:8] == ["Receipt", "Date", "Vendor", "Number", "Kind", "Category", "Currency", "Total"]
    assert other[0][:3] == ["קבלה", "תאריך", "ספק"]
    assert {len(line) for line in lines} == {len(other[0])}
    first = dict(zip(lines[0], lines[1], strict=True))
    assert first["Date"] == "2026-10-04"
    assert (first["Total"], first["Tax"], first["To pay"]) == ("184.00", "28.07", "0.00")
    assert first["Received"] == "2026-10-04T12:00:00+00:00"
    assert first["Document"] == "cafe-alma.pdf"
    assert first["Kind"] == "Invoice and receipt"
    last = dict(zip(lines[0], lines[8], strict=True))
    assert (last["Date"], last["Total"], last["Currency"]) == ("", "", "")
    assert last["Open questions"] == "The date is missing. No total was found."
    assert dict(zip(lines[0], lines[5], strict=True))["Total"] == "-24.50"


def test_the_second_file_holds_tax_lines_and_items() -> None:
    out = io.BytesIO()
    csv_export.write_lines(rows(), ABOUT, out)
    lines = table(out.getvalue())
    assert lines[1] == ["1", "2026-10-04", "Café Alma", "20418", "ILS", "tax", "", "", "18", "155.93", "28.07"]
    assert lines[2] == ["1", "2026-10-04", "Café Alma", "20418", "ILS", "item", "Espresso", "2", "", "", "28.00"]
    assert [line[0] for line in lines[1:]] == ["1", "1", "1", "2", "3", "3", "5"]


@pytest.mark.parametrize("bad", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "＝1", "\u200b=1", "\ufeff=1"])
def test_text_that_a_spreadsheet_takes_for_a_formula_is_quoted(bad: str) -> None:
    assert cell(bad).startswith("'")


@given(st.text(max_size=30))
def test_no_text_at_all_becomes_a_formula(text: str) -> None:
    out = cell(text)
    assert not out.lstrip().startswith(("=", "+", "-", "@"))
    assert "\0" not in out


def test_a_vendor_that_is_a_command_opens_as_text() -> None:
    out = io.BytesIO()
    csv_export.write(rows(), ABOUT, out)
    line = dict(zip(*[table(out.getvalue())[i] for i in (0, 4)], strict=True))
    assert line["Vendor"] == "'=cmd|' /C calc'!A0"
    assert line["Number"] == "'+1-2"
    assert line["Note"] == "'@SUM(1+1)\nsecond line"
    book = io.BytesIO()
    xlsx.write(rows(), ABOUT, book)
    cells = openpyxl.load_workbook(book)["Receipts"]
    assert cells["C5"].value == "=cmd|' /C calc'!A0"
    assert cells["C5"].data_type == "s" or cells["C5"].quotePrefix


def test_csv_keeps_no_receipt_in_memory() -> None:
    class Nowhere(io.RawIOBase):
        def write(self, data: object) -> int:
            return len(data)  # type: ignore[arg-type]

    first = rows()[0]

    def many(count: int) -> Iterator[ExportRow]:
        for number in range(count):
            yield replace(first, id=number)

    tracemalloc.start()
    csv_export.write(many(1000), ABOUT, Nowhere())  # type: ignore[arg-type]
    few = tracemalloc.get_traced_memory()[1]
    tracemalloc.reset_peak()
    csv_export.write(many(3000), ABOUT, Nowhere())  # type: ignore[arg-type]
    lots = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert lots < few + 100_000


def test_totals_never_mix_currencies() -> None:
    totals = totals_of(rows())
    assert {c: s.total for c, s in totals.currencies.items()} == {
        "ILS": Decimal("1354.00"),
        "EUR": Decimal("337.40"),
        "USD": Decimal("12.50"),
        "GBP": Decimal("-24.50"),
        "JPY": Decimal(1000),
    }
    assert totals.count == 8
    assert totals.without_total == 1
    assert totals.base_total == Decimal("2205.02")
    assert totals.unconverted == 3
    assert totals.rates[Decimal(18), "ILS"].amount == Decimal("206.54")
    assert totals.months["2026-11", "EUR"].total == Decimal("99.00")


# --- XLSX ---------------------------------------------------------------------------------------------------------


def test_the_workbook_has_typed_cells_totals_and_a_frozen_header() -> None:
    out = io.BytesIO()
    assert xlsx.write(rows(), ABOUT, out).rows == 8
    book = openpyxl.load_workbook(out)
    assert book.sheetnames == ["Receipts", "Tax and items", "Totals"]
    sheet = book["Receipts"]
    head = {cell.value: cell.column for cell in sheet[1]}
    assert sheet.freeze_panes == "D2"
    assert sheet.cell(2, head["Date"]).value == datetime(2026, 10, 4)  # noqa: DTZ001
    assert sheet.cell(2, head["Date"]).is_date
    assert sheet.cell(2, head["Total"]).value == 184
    assert "0.00" in sheet.cell(2, head["Total"]).number_format
    assert isinstance(sheet.cell(2, head["Number"]).value, str)
    assert sheet.cell(9, head["Total"]).value is None
    values = openpyxl.load_workbook(out, data_only=True)["Receipts"]
    sums = {values.cell(r, head["Currency"]).value: values.cell(r, head["Total"]).value for r in range(11, 16)}
    assert sums == {"EUR": 337.4, "GBP": -24.5, "ILS": 1354, "JPY": 1000, "USD": 12.5}
    assert str(sheet.cell(11, head["Total"]).value).startswith("=SUMIFS(")
    assert book["Tax and items"].max_row == 8


def test_a_hebrew_workbook_runs_from_right_to_left() -> None:
    out = io.BytesIO()
    xlsx.write(rows(), HEBREW, out)
    book = openpyxl.load_workbook(out)
    assert all(sheet.sheet_view.rightToLeft for sheet in book)
    assert book["קבלות"]["C1"].value == "ספק"
    assert book["סיכומים"]["A1"].value == "סטודיו קדם (עיצוב)"


def test_an_empty_workbook_opens() -> None:
    out = io.BytesIO()
    xlsx.write([], ABOUT, out)
    assert openpyxl.load_workbook(out)["Receipts"].max_row == 1


def test_signs_that_xml_cannot_hold_are_left_out() -> None:
    out = io.BytesIO()
    xlsx.write([replace(rows()[0], vendor="a\x00b\x0bc\ud800d\ufffe")], ABOUT, out)
    assert openpyxl.load_workbook(out)["Receipts"]["C2"].value == "abcd"


# --- ZIP ----------------------------------------------------------------------------------------------------------


class Pipe(io.RawIOBase):
    """A stream that can only be written to, as a socket or an upload."""

    def __init__(self) -> None:
        super().__init__()
        self.data = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        self.data += data  # type: ignore[operator]
        return len(data)  # type: ignore[arg-type]


def test_the_archive_holds_tables_and_originals_under_telling_names() -> None:
    pipe, receipts = Pipe(), rows()
    written = zip_export.write(receipts, ABOUT, pipe)  # type: ignore[arg-type]
    assert (written.rows, written.left_out) == (8, ())
    archive = zipfile.ZipFile(io.BytesIO(pipe.data))
    assert archive.testzip() is None
    assert archive.namelist() == [
        "documents/2026-10-04_Café Alma_184.00_ILS_20418.pdf",
        "documents/2026-10-04_דפוס כהן ובניו (1987) בע מ_1170.00_ILS_12-34.pdf",
        "documents/2026-10-19_Nordlicht Papier GmbH_238.40_EUR_R-2026 77.pdf",
        "documents/2026-10-31_=cmd ' C calc'!A0_12.50_USD_+1-2.png",
        "documents/2026-11-05_A B C evil Ltd_99.00_EUR.jpg",
        "documents/2026-11-05_A B C evil Ltd_99.00_EUR.pdf",
        "receipts.csv",
        "lines.csv",
    ]
    lines = table(archive.read("receipts.csv"))
    paths = [path for line in lines[1:] for path in line[-1].split(" | ") if path]
    assert sorted(paths) == sorted(name for name in archive.namelist() if name.startswith("documents/"))
    assert archive.read(paths[0]) == receipts[0].documents[0].open().read()


def test_names_that_meet_are_told_apart_whatever_their_case() -> None:
    row = rows()[0]
    twins = [replace(row, id=n, vendor=v) for n, v in enumerate(("Shop", "Shop", "SHOP"))]
    pipe = Pipe()
    zip_export.write(twins, ABOUT, pipe)  # type: ignore[arg-type]
    names = zipfile.ZipFile(io.BytesIO(pipe.data)).namelist()[:3]
    assert names == [
        "documents/2026-10-04_Shop_184.00_ILS_20418.pdf",
        "documents/2026-10-04_Shop_184.00_ILS_20418 (2).pdf",
        "documents/2026-10-04_SHOP_184.00_ILS_20418 (3).pdf",
    ]


def test_a_missing_original_is_named_and_the_rest_goes_in() -> None:
    def gone() -> io.BytesIO:
        raise Tellable("blob_missing", "The file is missing.")

    broken = replace(rows()[1], documents=(ExportDocument("lost.pdf", "application/pdf", gone),))
    pipe = Pipe()
    written = zip_export.write([rows()[0], broken], ABOUT, pipe)  # type: ignore[arg-type]
    assert [one.row_id for one in written.left_out] == [2]
    archive = zipfile.ZipFile(io.BytesIO(pipe.data))
    note = archive.read("left-out.txt").decode("utf-8-sig")
    assert "lost.pdf" in note
    assert "12-34" in note
    assert "The file is missing." in note
    assert len(archive.namelist()) == 4


def test_an_error_in_the_middle_ends_the_archive_with_that_error() -> None:
    def full(done: int) -> None:
        if done == 2:
            raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        zip_export.write(rows(), ABOUT, Pipe(), step=full)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("a/b\\c", "a b c"), ("..", ""), ("CON", "CON file"), ("\u202eabc\u202c", "abc"), ("🎉 party", "party"),
        ("x" * 200, "x" * 60), ("אבג" * 40, ("אבג" * 40)[:60]), ("name.", "name"), ("\n\t", ""),
    ],
)  # fmt: skip
def test_names_of_files_fit_every_system(text: str, name: str) -> None:
    assert file_name(text) == name


@given(st.text(max_size=80))
def test_no_text_at_all_escapes_the_folder(text: str) -> None:
    name = file_name(text)
    assert not set(name) & set('/\\:*?"<>|\0')
    assert name not in {".", ".."}
    assert len(name.encode()) <= 250


def test_every_word_stands_in_every_language() -> None:
    assert {frozenset(words) for words in labels.LANGUAGES.values()} == {frozenset(labels.LANGUAGES["en"])}
    assert all(row.date is None or isinstance(row.date, date) for row in rows())
    assert document().open().read().startswith(b"%PDF")

"""Bookkeeping formats: each against its golden file, and read by its own program where there is one."""

from __future__ import annotations

import csv
import io
import os
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from ofxtools.Parser import OFXTree

from receipts.export import beancount, datev, hledger, ofx, quickbooks, xero
from receipts.export.parts import parts_of
from receipts.export.rows import About, ExportRow, ExportTax, Written
from tests.support.documents import tool
from tests.support.export_rows import ABOUT, EURO, rows

GOLDEN = Path(__file__).parent / "data" / "export"


def made(
    module: Any, about: About = ABOUT, chosen: list[ExportRow] | None = None, **named: object
) -> tuple[bytes, Written]:
    """A format's file of the sample rows."""
    out = io.BytesIO()
    written = module.write(chosen if chosen is not None else rows(), about, out, **named)
    return out.getvalue(), written


@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("quickbooks.csv", lambda: made(quickbooks)),
        ("xero.csv", lambda: made(xero)),
        ("datev.csv", lambda: made(datev, EURO)),
        ("receipts.beancount", lambda: made(beancount)),
        ("receipts.journal", lambda: made(hledger)),
        ("receipts.ofx", lambda: made(ofx)),
    ],
)
def test_a_format_matches_its_golden_file(name: str, make: Callable[[], tuple[bytes, Written]]) -> None:
    data, _ = make()
    if os.environ.get("WRITE_GOLDEN"):
        (GOLDEN / name).write_bytes(data)
    assert data == (GOLDEN / name).read_bytes()


@pytest.mark.parametrize("module", [quickbooks, xero, beancount, hledger, ofx, datev])
def test_what_cannot_be_booked_is_left_out_by_name(module: Any) -> None:
    _, written = made(module, EURO)
    left = {one.row_id: one.sentence for one in written.left_out}
    assert "no date and no total and no currency and no vendor" in left[8]
    assert all(sentence.endswith(".") for sentence in left.values())
    assert written.rows + len(left) == 8


@pytest.mark.parametrize("module", [quickbooks, xero, beancount, hledger, ofx, datev])
def test_nothing_to_export_is_a_file_too(module: Any) -> None:
    data, written = made(module, chosen=[])
    assert written.rows == 0
    assert data


def test_beancount_reads_its_file_and_finds_it_balanced(tmp_path: Path) -> None:
    file = tmp_path / "receipts.beancount"
    file.write_bytes(made(beancount)[0])
    check = Path(sys.executable).with_name("bean-check")
    done = subprocess.run([check, "--no-cache", file], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")
    broken = tmp_path / "broken.beancount"
    broken.write_bytes(file.read_bytes().replace(b"-184.00 ILS", b"-185.00 ILS"))
    assert subprocess.run([check, "--no-cache", broken], capture_output=True, check=False).returncode == 1


def test_hledger_reads_its_file_and_sums_as_we_do(tmp_path: Path) -> None:
    file = tmp_path / "receipts.journal"
    file.write_bytes(made(hledger)[0])
    program = tool("hledger")
    environment = {**os.environ, "LC_ALL": "C.UTF-8"}
    done = subprocess.run(
        [program, "-f", file, "balance", "liabilities", "-O", "csv", "--layout", "bare"],
        capture_output=True, text=True, check=False, env=environment,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    sums = {
        line[1]: Decimal(line[2]) for line in csv.reader(io.StringIO(done.stdout)) if line[0] == "liabilities:payable"
    }
    assert sums == {
        "ILS": Decimal(-1354), "EUR": Decimal("-337.40"), "USD": Decimal("-12.50"), "GBP": Decimal("24.50"),
        "JPY": Decimal(-1000),
    }  # fmt: skip


def test_ofxtools_reads_the_statements() -> None:
    tree = OFXTree()
    tree.parse(io.BytesIO(made(ofx)[0]))
    found = tree.convert()
    assert found.sonrs.language == "ENG"
    statements = {one.curdef: one for one in found.statements}
    assert set(statements) == {"ILS", "EUR", "USD", "GBP", "JPY"}
    shekel = statements["ILS"]
    assert [t.trnamt for t in shekel.transactions] == [Decimal("-184.00"), Decimal("-1170.00")]
    assert shekel.transactions[0].name == "Café Alma"
    assert shekel.transactions[0].fitid == "receipt-1"
    assert shekel.ledgerbal.balamt == Decimal("-1354.00")
    assert statements["GBP"].transactions[0].trntype == "CREDIT"


# What DATEV's description of the format allows in the fields that are filled; every other one is empty.
DATEV_FIELDS = {
    1: r"(?!0{1,10},00)\d{1,10},\d{2}", 2: r'"[SH]"', 3: r'"[A-Z]{3}"', 7: r"(?!0{1,9}$)\d{1,9}",
    8: r"(?!0{1,9}$)\d{1,9}", 9: r'"\d{0,4}"', 10: r"\d{4}", 11: r'"[\w$%&*+\-/]{0,36}"',
    14: r'".{0,60}"', 114: r"[01]",
}  # fmt: skip


def test_datev_fields_are_as_its_description_allows() -> None:
    data, written = made(datev, EURO)
    lines = data.decode("cp1252").split("\r\n")
    head = lines[0].split(";")
    assert len(head) == 31
    assert head[:5] == ['"EXTF"', "700", "21", '"Buchungsstapel"', "13"]
    assert re.fullmatch(r"\d{17}", head[5])
    assert (head[12], head[14], head[15]) == ("20260101", "20261004", "20261105")
    assert len(lines[1].split(";")) == 125
    bookings = [next(csv.reader([line], delimiter=";", quoting=csv.QUOTE_NONE)) for line in lines[2:-1]]
    assert len(bookings) == 6  # one of the receipts has two rates
    for booking in bookings:
        assert len(booking) == 125
        for number, value in enumerate(booking, 1):
            assert re.fullmatch(DATEV_FIELDS.get(number, ""), value), (number, value)
    assert written.rows == 5
    assert {one.row_id for one in written.left_out} == {4, 7, 8}
    assert [b[0] for b in bookings if b[10] == '"R-2026/77"'] == ["174,13", "64,27"]
    assert next(b for b in bookings if b[10] == '"CN-9"')[1] == '"H"'


def test_datev_takes_one_business_year_at_a_time() -> None:
    row = rows()[2]
    assert row.date is not None
    _, written = made(datev, EURO, [row, replace(row, id=99, date=row.date.replace(year=2025))])
    assert [one.row_id for one in written.left_out] == [99]
    assert "another business year" in written.left_out[0].sentence
    _, written = made(
        datev,
        EURO,
        [row, replace(row, id=99, date=row.date.replace(year=2027, month=3))],
        books=datev.Books(year_starts=4),
    )
    assert written.rows == 2


def test_xero_and_quickbooks_lines_add_up_to_the_receipt() -> None:
    for module, column in ((xero, "*UnitAmount"), (quickbooks, None)):
        lines = list(csv.DictReader(io.StringIO(made(module)[0].decode())))
        number = "*InvoiceNumber" if module is xero else "Bill no"
        of_three = [line for line in lines if line[number] == "R-2026/77"]
        assert len(of_three) == 2
        if column:
            assert sum(Decimal(line[column]) for line in of_three) == Decimal("238.40")
        else:
            total = sum(Decimal(line["Line amount"]) + Decimal(line["Line tax amount"]) for line in of_three)
            assert total == Decimal("238.40")
        assert not any(value.startswith(("=", "+", "@")) for line in lines for value in line.values())


def test_accounts_and_tax_names_come_from_the_books() -> None:
    books = xero.Books(accounts={"meals": "420"}, tax_types={Decimal(18): "Israel 18%"})
    line = next(csv.DictReader(io.StringIO(made(xero, books=books)[0].decode())))
    assert (line["*AccountCode"], line["*TaxType"], line["*DueDate"]) == ("420", "Israel 18%", "04/10/2026")
    ledger = made(beancount, books=beancount.Books(accounts={"meals": "Expenses:Food"}))[0].decode()
    assert "Expenses:Food  155.93 ILS" in ledger


def test_parts_always_add_up_and_fall_back_to_one() -> None:
    row = rows()[2]
    assert [part.gross for part in parts_of(row)] == [Decimal("174.13"), Decimal("64.27")]
    off = replace(row, total=Decimal("238.42"))
    assert sum(part.gross for part in parts_of(off)) == Decimal("238.42")
    wrong = replace(row, total=Decimal("500.00"))
    assert [(part.net, part.tax) for part in parts_of(wrong)] == [(Decimal("468.00"), Decimal("32.00"))]
    half = replace(row, tax=None, tax_lines=(ExportTax(Decimal(19), None, Decimal("10.00")),))
    assert [(part.rate, part.net, part.tax) for part in parts_of(half)] == [
        (Decimal(19), Decimal("228.40"), Decimal("10.00"))
    ]

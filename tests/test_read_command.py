"""`./prosaas read`: one object a line, as outsiders score it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cli.read import main
from tests.support.papers import mail, pdf

PAPER = pdf(["Acme Ltd", "Invoice No. 7712-A", "Date: 2 May 2025", "Net £40.00", "VAT 10% £4.00", "Total £44.00"])
KEYS = {"kind", "vendor", "vendor_tax_id", "number", "date", "due_date", "currency", "total", "payable", "net"}


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> list[dict[str, object]]:
    assert main([str(a) for a in arguments]) == 0
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_each_file_gives_one_object_with_the_contracts_names(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.pdf").write_bytes(PAPER)
    (tmp_path / "b.eml").write_bytes(mail("Hello there", subject="Lunch?"))
    first, second = run(capsys, tmp_path / "a.pdf", tmp_path / "b.eml", "--json")
    assert (first["file"], first["is_receipt"], second["is_receipt"]) == (str(tmp_path / "a.pdf"), True, False)
    (receipt,) = first["receipts"]  # type: ignore[misc]
    assert {*KEYS, "tax", "items", "flags", "confidence", "evidence"} <= receipt.keys()
    assert (receipt["total"], receipt["date"], receipt["number"]) == ("44.00", "2025-05-02", "7712-A")
    assert receipt["tax"] == [{"rate": "10", "base": "40.00", "amount": "4.00"}]
    assert receipt["due_date"] is None
    assert second["reasons"]


def test_names_come_from_a_list_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.pdf").write_bytes(PAPER)
    (tmp_path / "list").write_text(f"{tmp_path / 'a.pdf'}\n")
    assert len(run(capsys, "--from", tmp_path / "list", "--json")) == 1


def test_words_replace_the_reading_of_a_picture(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [
        "HARBOUR TOOLS SDN BHD",
        "TAX INVOICE NO 88142",
        "02/05/2025 10:11",
        "TOTAL 44.00",
        "CASH 50.00",
        "CHANGE 6.00",
    ]
    lines = [f"10,{y},200,{y},200,{y + 20},10,{y + 20},{text}" for y, text in enumerate(rows)]
    (tmp_path / "w.csv").write_text("\n".join(line.replace(",0,", ",0,") for line in lines))
    spread = [f"10,{40 * i},300,{40 * i},300,{40 * i + 20},10,{40 * i + 20},{text}" for i, text in enumerate(rows)]
    (tmp_path / "w.csv").write_text("\n".join(spread))
    (tmp_path / "s.jpg").write_bytes(b"\xff\xd8\xff")
    (told,) = run(capsys, tmp_path / "s.jpg", "--words", tmp_path / "w.csv", "--json")
    (receipt,) = told["receipts"]  # type: ignore[misc]
    assert (receipt["total"], receipt["vendor"], receipt["date"]) == ("44.00", "HARBOUR TOOLS SDN BHD", "2025-05-02")


def test_without_json_it_is_told_to_a_person(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.pdf").write_bytes(PAPER)
    assert main([str(tmp_path / "a.pdf")]) == 0
    out = capsys.readouterr().out
    assert "total" in out
    assert "44.00" in out


def test_a_file_that_is_not_there_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path / "none.pdf"), "--json"]) == 2
    assert "none.pdf" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [[], ["--from", "/nonexistent/list"], ["a", "b", "--words", "w.csv"]])
def test_a_wrong_call_is_a_sentence(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    assert capsys.readouterr().err.strip().endswith(".")

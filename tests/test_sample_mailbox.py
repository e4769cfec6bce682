"""The sample mailbox: whole, of one piece with its truth, and with nothing real in it."""

import email
import email.message
import email.policy
import json
import re
from collections import Counter
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from stdnum import luhn
from stdnum.eu import vat as eu_vat
from stdnum.gb import vat as gb_vat

from demo.mailbox_maker import broken, letter
from demo.mailbox_maker.formats import STYLES, day, filled, number
from demo.mailbox_maker.layouts import LAYOUTS
from demo.mailbox_maker.sale import sale_of

FOLDER = Path(__file__).parent.parent / "demo" / "mailbox"
TODAY = date(2026, 11, 23)
HIDDEN_LABELS = {"SPAM", "TRASH", "SENT", "DRAFT"}

TRUTH: dict[str, Any] = json.loads((FOLDER / "truth.json").read_text("utf-8"))
LABELS: dict[str, Any] = json.loads((FOLDER / "labels.json").read_text("utf-8"))
MAILS: dict[str, Any] = TRUTH["mails"]
ROWS = [(name, row) for name, mail in MAILS.items() for row in mail["receipts"]]


def parsed(name: str) -> email.message.Message:
    return email.message_from_bytes((FOLDER / name).read_bytes())


def parts(message: email.message.Message) -> Iterator[tuple[str, bytes]]:
    """Media type and bytes of each leaf, nested mails included."""
    for part in message.walk():
        if not part.is_multipart():
            data = part.get_payload(decode=True)
            yield part.get_content_type(), data if isinstance(data, bytes) else b""


def said(name: str) -> str:
    """All that a mail says in text, its PDFs included, without spaces and marks of direction."""
    out = []
    for media_type, data in parts(parsed(name)):
        if data.startswith(b"%PDF"):
            pdf = pypdfium2.PdfDocument(data)
            out += [pdf[i].get_textpage().get_text_range() for i in range(len(pdf))]
        elif media_type.startswith(("text/", "application/xml")):
            for charset in ("utf-8", "cp1255", "iso-8859-15"):
                try:
                    out.append(data.decode(charset))
                    break
                except UnicodeDecodeError:
                    continue
    return squeezed(" ".join(out).replace("&pound;", "£").replace("&nbsp;", " "))


def squeezed(text: str) -> str:
    return re.sub(r"[\s\u00a0\u202f\u200e\u200f]+", "", text)


def test_there_are_about_300_mails_of_many_kinds() -> None:
    outcomes = Counter(mail["outcome"] for mail in MAILS.values())
    assert set(outcomes) == {"receipt", "not_receipt", "waiting_document", "skipped"}
    assert 290 <= len(MAILS) <= 360
    assert outcomes["receipt"] >= 80
    assert outcomes["not_receipt"] + outcomes["skipped"] >= 170
    assert {row["language"] for _, row in ROWS} == {"he", "en", "de", "fr"}
    assert {row["currency"] for _, row in ROWS} == {"ILS", "EUR", "USD", "GBP"}
    assert {row["source"] for _, row in ROWS} == {"pdf", "html", "text", "photo", "xml"}
    assert len({row["vendor"] for _, row in ROWS}) >= 45
    assert len(LAYOUTS) >= 30


def test_the_counts_in_the_truth_are_those_of_its_rows() -> None:
    counts = TRUTH["counts"]
    assert counts["mails"] == len(MAILS)
    assert counts["receipts"] == len(ROWS)
    assert counts["bytes"] == sum(path.stat().st_size for path in FOLDER.glob("*.eml"))
    for key in ("kind", "source", "language", "currency"):
        assert counts[key] == Counter(row[key] for _, row in ROWS)


def test_truth_and_folder_name_the_same_files() -> None:
    assert set(MAILS) == {path.name for path in FOLDER.glob("*.eml")}
    assert set(LABELS) <= set(MAILS)


def test_a_mail_is_skipped_exactly_where_its_label_hides_it() -> None:
    hidden = {name for name, entry in LABELS.items() if HIDDEN_LABELS & set(entry.get("labels", []))}
    assert hidden == {name for name, mail in MAILS.items() if mail["outcome"] == "skipped"}


def test_only_receipts_have_rows_and_each_has_one() -> None:
    for name, mail in MAILS.items():
        assert bool(mail["receipts"]) == (mail["outcome"] == "receipt"), name
        assert mail["note"], name


@pytest.mark.parametrize(("name", "row"), ROWS, ids=[f"{name}-{i}" for i, (name, _) in enumerate(ROWS)])
def test_net_and_tax_and_tip_make_the_total(name: str, row: dict[str, Any]) -> None:
    total = Decimal(row["total"])
    assert total < 0 if row["kind"] == "credit_note" else total > 0
    taxes = [Decimal(tax["amount"]) for tax in row["tax"]]
    if row["net"] is not None:
        assert Decimal(row["net"]) + sum(taxes) + Decimal(row["tip"] or 0) == total
    for tax in row["tax"]:
        assert abs(Decimal(tax["base"]) * Decimal(tax["rate"]) / 100 - Decimal(tax["amount"])) <= Decimal("0.02")
    if row["payable"] is not None:
        assert 0 < Decimal(row["payable"]) <= total
    assert date.fromisoformat(row["date"]) <= TODAY
    assert row["due_date"] is None or row["due_date"] >= row["date"]


@pytest.mark.parametrize(
    ("name", "row"),
    [pair for pair in ROWS if pair[1]["source"] != "photo"],
    ids=[f"{name}-{i}" for i, (name, row) in enumerate(ROWS) if row["source"] != "photo"],
)
def test_total_and_number_stand_in_the_mail(name: str, row: dict[str, Any]) -> None:
    text = said(name)
    total = abs(Decimal(row["total"]))
    assert any(squeezed(number(total, style)) in text for style in STYLES), f"{total} is not in {name}"
    numbers = [row["number"], *row["number_alternatives"]]
    assert any(squeezed(one) in text for one in numbers if one) or not row["number"], f"{numbers} not in {name}"


@pytest.mark.parametrize("tax_id", sorted({row["vendor_tax_id"] for _, row in ROWS if row["vendor_tax_id"]}))
def test_tax_numbers_have_valid_check_digits(tax_id: str) -> None:
    if tax_id.isdigit():
        assert len(tax_id) == 9
        luhn.validate(tax_id)
    elif tax_id.startswith("GB"):
        gb_vat.validate(tax_id)
    else:
        eu_vat.validate(tax_id)


def test_one_tax_number_belongs_to_one_vendor() -> None:
    owners: dict[str, set[str]] = {}
    for _, row in ROWS:
        if row["vendor_tax_id"]:
            names = {row["vendor"], *row["vendor_alternatives"]}
            known = owners.setdefault(row["vendor_tax_id"], names)
            assert known & names, f"{row['vendor_tax_id']}: {known} and {names}"
            known |= names


def test_a_second_mail_of_a_purchase_points_to_the_first() -> None:
    pairs = [(name, row) for name, row in ROWS if row["same_purchase_as"]]
    assert len(pairs) >= 3
    for name, row in pairs:
        others = MAILS[row["same_purchase_as"]]["receipts"]
        assert row["same_purchase_as"] < name
        assert [(o["total"], o["currency"]) for o in others] == [(row["total"], row["currency"])]


def test_the_same_pdf_comes_twice_byte_for_byte() -> None:
    def pdfs(name: str) -> list[bytes]:
        return [data for _, data in parts(parsed(name)) if data.startswith(b"%PDF")]

    assert pdfs("2026-11-21-dfus-cohen-1.eml") == pdfs("2026-11-22-dfus-cohen-again.eml") != []
    assert pdfs("2026-10-05-gasthof-linde.eml") == pdfs("2026-10-12-fwd-gasthof.eml") != []


def test_every_mail_parses_and_those_without_headers_are_damaged_on_purpose() -> None:
    for name, mail in MAILS.items():
        message = parsed(name)
        whole = bool(message["From"] and message["Date"] and message["Message-ID"])
        assert whole or mail.get("damage") in {"no_headers", "no_date", "nothing"}, name
        assert not message.defects or mail.get("damage"), f"{name}: {message.defects}"


def test_no_mail_is_of_the_future_and_most_are_of_the_last_months() -> None:
    months = Counter[str]()
    for name, mail in MAILS.items():
        if mail.get("damage") in {"no_headers", "no_date", "nothing", "bad_date"}:
            assert LABELS[name]["internal_date_ms"] > 0
            continue
        when = parsedate_to_datetime(str(parsed(name)["Date"]))
        assert when.date() <= TODAY, name
        assert abs((when.date() - date.fromisoformat(name[:10])).days) <= 3, name
        months[f"{when:%Y-%m}"] += 1
    assert min(months) == "2025-12"
    assert len(months) == 12
    assert sum(months[m] for m in ("2026-09", "2026-10", "2026-11")) > len(MAILS) / 2


def test_nobody_in_it_is_real() -> None:
    for name in MAILS:
        head = (FOLDER / name).read_bytes().partition(b"\r\n\r\n")[0]
        raw = head + b"\n" + b"\n".join(data for kind, data in parts(parsed(name)) if kind.startswith("text/"))
        for domain in re.findall(rb"[\w.+-]@([A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+)", raw):
            assert re.search(rb"(\.example|(^|\.)example\.com)(\.|$|[A-Z])", domain + b"."), (name, domain)
        for host in re.findall(rb"https?://([A-Za-z0-9.-]+)", raw):
            assert host.endswith((b".example", b"schema.org", b"w3.org", b"github.com")), (name, host)


def test_it_stays_small() -> None:
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) < 6_000_000
    photos = [len(data) for name in MAILS for kind, data in parts(parsed(name)) if kind == "image/jpeg"]
    assert len(photos) >= 10
    assert max(photos) <= 120_000


def test_the_tables_make_exactly_these_files() -> None:
    made = {f"{table['file']}.eml" for table in letter.tables() if not table.get("hidden")}
    assert made == set(MAILS)


def test_letters_without_files_are_the_bytes_that_their_tables_make() -> None:
    seen = 0
    for table in letter.tables():
        if table.get("hidden") or table.keys() & {"papers", "pictures", "files", "forwards"}:
            continue  # fonts and picture libraries change from release to release
        made = broken.damaged(table, letter.write(table, {}))
        assert made.raw == (FOLDER / made.file).read_bytes(), made.file
        seen += 1
    assert seen > 150


def test_the_same_sale_gives_the_same_pdf() -> None:
    table = next(table for table in letter.tables() if table["file"] == "2026-10-02-werkbank")
    made = [LAYOUTS["din_letter"](sale_of(table["papers"][0])) for _ in range(2)]
    assert made[0] == made[1]
    pdf = pypdfium2.PdfDocument(made[0])
    assert pdf.count_attachments() == 1
    xml = bytes(pdf.get_attachment(0).get_data())
    assert b"<ram:DuePayableAmount>1194.60</ram:DuePayableAmount>" in xml


def test_amounts_are_written_as_their_country_does() -> None:
    amount = Decimal("1234.56")
    assert number(amount, "de") == "1.234,56"
    assert number(amount, "fr") == "1\u202f234,56"
    assert number(amount, "ch") == "1'234.56"
    assert number(-amount, "he") == "-1,234.56"
    assert day(date(2026, 3, 4), "fr:%-d %B %Y") == "4 mars 2026"
    assert filled("{{a|de}} on {{b|%d.%m.%Y}}", {"a": "5", "b": "2026-11-23"}) == "5,00 on 23.11.2026"

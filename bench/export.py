"""Exports: a report of 1,000 receipts, a CSV of 100,000, an archive of a thousand documents; beside the plain ways."""

from __future__ import annotations

import csv
import io
import os
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import BinaryIO

from fpdf import FPDF

from bench import report
from models import Receipt
from receipts.export import csv_export, pdf_report, zip_export
from receipts.export.columns import RECEIPTS
from receipts.export.rows import About, ExportDocument, ExportRow, ExportTax
from receipts.render import Renderer
from receipts.rendering.fonts import FOLDER

ABOUT = About("Kedem Studio", "ILS", datetime(2026, 11, 23, 9, 30, tzinfo=UTC))
_VENDORS = ("Café Alma", "דפוס כהן ובניו (1987)", "Nordlicht Papier GmbH", "Bazaro", "Nuage Clair")
_ZIP_BYTES = 250_000  # of a scanned page


def rows(count: int, documents: Sequence[Path] = ()) -> Iterator[ExportRow]:
    """Receipts in any number, each with its document where there are any."""
    for number in range(count):
        total = Decimal(number * 37 % 90_000).scaleb(-2) + 5
        tax = (total * 18 / 118).quantize(Decimal("0.01"))
        own: tuple[ExportDocument, ...] = ()
        if documents:
            path = documents[number % len(documents)]
            own = (ExportDocument(f"{number}.pdf", "application/pdf", lambda path=path: path.open("rb")),)  # type: ignore[misc]
        yield ExportRow(
            number, date(2026, 1, 1) + timedelta(number % 300), _VENDORS[number % 5], total,
            ("ILS", "EUR", "USD")[number % 3], number=f"{10_000 + number}", net=total - tax, tax=tax,
            tax_lines=(ExportTax(Decimal(18), total - tax, tax),), category=("meals", "office", "software")[number % 3],
            documents=own,
        )  # fmt: skip


def one_page_documents(folder: Path, count: int) -> list[Path]:
    """Different PDFs of one page each, with an embedded font."""
    out = []
    for number in range(count):
        pdf = FPDF(unit="pt", format=(595.28, 841.89))
        pdf.add_page()
        pdf.add_font("arimo", "", FOLDER / "Arimo-Regular.ttf")
        pdf.set_font("arimo", size=11)
        for line in range(40):
            pdf.text(50, 60 + 18 * line, f"Invoice {number}, line {line}, {number * line % 997}.00")
        out.append(folder / f"{number}.pdf")
        out[-1].write_bytes(bytes(pdf.output()))
    return out


# --- what is measured, each in a process of its own ---------------------------------------------------------------


def _report(count: int, folder: Path) -> None:
    renderer = Renderer()

    def bind(document: ExportDocument) -> bytes:
        with document.open() as file:
            return renderer.bindable(file.read(), document.media_type)

    documents = sorted(folder.glob("*.pdf"))
    with (folder / "out").open("wb") as out:
        written = pdf_report.write(rows(count, documents), ABOUT, out, bind=bind)
    renderer.close()
    assert (written.rows, written.left_out) == (count, ())


def _report_plain(count: int, folder: Path) -> None:
    """The plain way: FPDF.table(), and every document's page as a picture."""
    import pypdfium2

    pdf = FPDF()
    pdf.add_font("arimo", "", FOLDER / "Arimo-Regular.ttf")
    pdf.add_font("arimo", "B", FOLDER / "Arimo-Bold.ttf")
    pdf.set_font("arimo", size=8)
    pdf.add_page()
    documents = sorted(folder.glob("*.pdf"))
    with pdf.table() as table:
        for row in rows(count):
            line = table.row()
            for value in (row.date, row.vendor, row.number, row.category, row.total, row.currency):
                line.cell(str(value))
    for number in range(count):
        found = pypdfium2.PdfDocument(documents[number % len(documents)])
        pdf.add_page()
        pdf.image(found[0].render(scale=150 / 72).to_pil(), 0, 0, pdf.w)
        found.close()
    (folder / "out").write_bytes(bytes(pdf.output()))


def _csv(count: int, folder: Path) -> None:
    with (folder / "out").open("wb") as out:
        csv_export.write(rows(count), ABOUT, out)


def _csv_plain(count: int, folder: Path) -> None:
    """The plain way: dictionaries gathered, then written by DictWriter."""
    gathered = [{column.name: column.value(row, ABOUT) for column in RECEIPTS} for row in rows(count)]
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(gathered[0]))
    writer.writeheader()
    writer.writerows(gathered)
    (folder / "out").write_text(text.getvalue(), encoding="utf-8-sig")


def _zip(count: int, folder: Path) -> None:
    with Path(os.devnull).open("wb") as out:
        zip_export.write(rows(count, sorted(folder.glob("*.bin"))), ABOUT, out)


def _zip_plain(count: int, folder: Path) -> None:
    """The plain way: the archive grows in memory."""
    out: BinaryIO = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for row in rows(count, sorted(folder.glob("*.bin"))):
            with row.documents[0].open() as file:
                archive.writestr(f"{row.id}.pdf", file.read())


def _job(count: int, folder: Path) -> None:
    """The whole way: receipts of a database settled, written in both CSV files into the blob store, and marked."""
    from store import exports
    from store.receipt_filter import Filter
    from tests.support import exports as making
    from tests.support import installation

    config = installation.settings(folder / "job")
    with installation.database(config):
        business = installation.business()
        fill(business.id, making.receipt(config, business, number="0", tax=[_TAX]), count)
        start, cpu = time.monotonic(), time.process_time()
        row = making.made(config, exports.ask(business, "csv", Filter()))
        (folder / "job.s").write_text(f"{time.monotonic() - start} {time.process_time() - cpu}")
    assert (row.status, row.count) == ("ready", count)


_TAX = {"rate": "18", "base_minor": 15593, "amount_minor": 2807}


def _columns() -> list[str]:
    return [field.column_name for field in Receipt._meta.sorted_fields]


def fill(business_id: int, first: Receipt, count: int) -> None:
    """So many receipts, copies of the first one on other days, each with its row in the ledger."""
    from models import Mail, write
    from store import sql

    kept = {
        name: value for name, value in Mail.get_by_id(first.mail_id).__data__.items() if name not in {"id", "source_id"}
    }
    columns = [name for name in _columns() if name not in {"id", "mail_id", "number", "date"}]
    with write():
        for start in range(1, count, 500):
            some = [{**kept, "source_id": f"b{number}"} for number in range(start, min(start + 500, count))]
            Mail.insert_many(some).execute()
        names = ", ".join(columns)
        sql.run(
            f"insert into receipt (mail_id, number, date, {names}) select m.id, 'N' || m.id, "  # noqa: S608
            f"date('2026-01-01', '+' || (m.id % 300) || ' days'), {', '.join(f'r.{name}' for name in columns)} "
            "from mail m, receipt r where r.id = ? and m.id <> r.mail_id and m.business_id = ?",
            [first.id, business_id],
        )


PARTS: dict[str, Callable[[int, Path], None]] = {
    "report": _report, "report_plain": _report_plain, "csv": _csv, "csv_plain": _csv_plain, "zip": _zip,
    "zip_plain": _zip_plain, "job": _job,
}  # fmt: skip


def measured(part: str, count: int, folder: Path) -> tuple[float, float]:
    """Seconds and greatest memory (MB, of the process and its children) of one part."""
    start = time.monotonic()
    process = subprocess.Popen([sys.executable, "-m", "bench.export", "--part", part, str(count), str(folder)])
    peak = 0.0
    while process.poll() is None:
        peak = max(peak, report.memory_mb(process.pid))
        time.sleep(0.05)
    if process.returncode:
        raise SystemExit(process.returncode)
    return time.monotonic() - start, peak


def main(argv: list[str]) -> int:
    """Measure and publish."""
    if argv[:1] == ["--part"]:
        PARTS[argv[1]](int(argv[2]), Path(argv[3]))
        return 0
    options = report.parser("export", __doc__ or "").parse_args(argv)
    share = 10 if options.quick else 1
    with tempfile.TemporaryDirectory(prefix="bench-export-") as name:
        folder = Path(name)
        one_page_documents(folder, 1000 // share)
        figures: dict[str, report.Figure] = {}
        seconds, memory = measured("report", 1000 // share, folder)
        figures["report_1000_s"], figures["report_1000_mb"] = seconds * share, memory
        figures["report_file_mb"] = (folder / "out").stat().st_size / 1e6 * share
        seconds, memory = measured("report_plain", 1000 // share, folder)
        figures["report_1000_plain_s"], figures["report_1000_plain_mb"] = seconds * share, memory
        figures["report_file_plain_mb"] = (folder / "out").stat().st_size / 1e6 * share
        seconds, memory = measured("csv", 100_000 // share, folder)
        figures["csv_100k_s"], figures["csv_100k_mb"] = seconds * share, memory
        seconds, memory = measured("csv_plain", 100_000 // share, folder)
        figures["csv_100k_plain_s"], figures["csv_100k_plain_mb"] = seconds * share, memory
        figures["job_csv_100k_mb"] = measured("job", 100_000 // share, folder)[1]  # with making the rows
        seconds, cpu = map(float, (folder / "job.s").read_text().split())
        figures["job_csv_100k_s"], figures["job_csv_100k_cpu_s"] = seconds * share, cpu * share
        for number in range(100):
            (folder / f"{number}.bin").write_bytes(os.urandom(_ZIP_BYTES))
        figures["zip_peak_mb"] = measured("zip", 1000 // share, folder)[1]
        figures["zip_peak_plain_mb"] = measured("zip_plain", 1000 // share, folder)[1]
    report.publish("export", figures, as_json=options.json, quick=options.quick)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))

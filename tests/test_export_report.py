"""The PDF report: sums on the cover, every document's pages behind the table, links, bookmarks, what is left out."""

from __future__ import annotations

import io
import re
import resource
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pikepdf
import pypdfium2
import pytest

from errors import Tellable
from receipts.export import pdf_report
from receipts.export.report_pages import ROWS_PER_PAGE, Pages
from receipts.export.rows import About, ExportDocument, ExportRow, Written
from receipts.export.sheet import Blank
from receipts.export.totals import totals_of
from receipts.render import bindable, page_image
from tests.support.documents import opened, pdf
from tests.support.export_rows import ABOUT, HEBREW, document, rows


def bind(found: ExportDocument) -> bytes:
    """As the worker does it, without the child process."""
    return bindable(found.open().read(), found.media_type)


def report(
    chosen: list[ExportRow], about: About = ABOUT, make: Callable[[ExportDocument], bytes] = bind
) -> tuple[bytes, Written]:
    """A report's bytes and what it holds."""
    out = io.BytesIO()
    written = pdf_report.write(chosen, about, out, bind=make)
    return out.getvalue(), written


def texts(data: bytes) -> list[str]:
    """The text of each page."""
    return [page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(data)]


def test_the_report_has_a_cover_a_table_and_every_page_of_every_document() -> None:
    data, written = report(rows())
    assert written == Written(8)
    pages = texts(data)
    assert len(pages) == 1 + 1 + 8  # cover, table, 1 + 1 + 3 + 1 + 2 pages of documents
    cover = pages[0]
    for said in ("Kedem Studio", "2026-10-01 – 2026-11-30", "1,354.00", "337.40", "-24.50", "1,000", "2,205.02"):
        assert said in cover
    assert "3 without a rate" in cover
    assert "1,147.46" in cover  # what was taxed at 18 %
    assert "Rechnung page 3" in pages[6]
    for number, text in enumerate(pages, 1):
        assert f"{number} of {len(pages)}" in text
    assert "R-2026/77" in pages[1]


def test_rows_link_to_their_pages_and_pages_back_and_bookmarks_name_them() -> None:
    data, _ = report(rows())
    with pikepdf.open(io.BytesIO(data)) as found:
        targets = {}
        for index, page in enumerate(found.pages):
            for note in page.get("/Annots", []):
                if note.get("/Subtype") == "/Link":
                    goal = next(n for n, p in enumerate(found.pages) if p.obj.objgen == note.Dest[0].objgen)
                    targets.setdefault(index, []).append(goal)
        assert targets[1] == [2, 3, 4, 7, 8]  # five of the receipts have documents
        assert all(targets[n] == [1] for n in range(2, 10))
        with found.open_outline() as outline:
            names = [str(item.title) for item in outline.root]
            assert names == ["Summary", "Receipts", "Documents"]
            assert [str(item.title) for item in outline.root[2].children][:2] == [
                "1. Café Alma 2026-10-04",
                '2. דפוס כהן ובניו (1987) בע"מ 2026-10-04',
            ]


def test_a_hebrew_report_stands_from_right_to_left() -> None:
    data, _ = report(rows(), HEBREW)
    page = pypdfium2.PdfDocument(data)[0].get_textpage()
    left = page.search("1,354.00").get_next()
    assert left is not None
    box = page.get_charbox(left[0])
    assert box[0] > 300  # the sum stands on the right half
    assert "דוח קבלות" in texts(data)[0] or "תולבק חוד" in texts(data)[0]
    assert opened(page_image(data, "application/pdf", width=400)).width == 400


def test_a_negative_amount_keeps_its_sign_before_it_in_hebrew() -> None:
    data, _ = report(rows(), HEBREW)
    page = pypdfium2.PdfDocument(data)[0].get_textpage()
    for amount in ("-24.50", "-4.08"):
        found = page.search(amount)
        for index, _ in iter(found.get_next, None):
            assert page.get_charbox(index)[0] < page.get_charbox(index + 1)[0]  # left of its first figure


def test_a_year_in_three_currencies_fits_the_cover_and_the_table_ends_with_sums() -> None:
    first = rows()[:3]
    months = [
        replace(row, id=number, documents=(), date=date(2026, 1 + number // 3, 1), total=Decimal(100), tax=Decimal(18))
        for number, row in enumerate(first[index % 3] for index in range(30))
    ]
    months = [replace(row, currency=("ILS", "EUR", "USD")[row.id % 3]) for row in months]
    data, _ = report(months)
    pages = texts(data)
    assert len(pages) == 2
    assert "2026-10" in pages[0]
    assert [pages[1].count(f"1,000.00 {currency}") for currency in ("ILS", "EUR", "USD")] == [1, 1, 1]


def test_a_cover_that_needs_more_pages_leaves_no_row_alone_and_repeats_its_heads() -> None:
    class Seen(Blank):
        """What is written, page by page."""

        def __init__(self) -> None:
            super().__init__()
            self.pages: list[list[str]] = []

        def page(self, *, lying: bool = False) -> None:
            super().page(lying=lying)
            self.pages.append([])

        def text(self, x: float, y: float, text: str, **more: Any) -> float:
            assert y < 842 - 17
            self.pages[-1].append(text)
            return super().text(x, y, text, **more)

    first, split = rows()[0], 0
    for count in range(20, 130):  # as many months on the cover
        months = [
            replace(first, date=date(1900 + number, 1, 1), currency="ILS", total=Decimal(number))
            for number in range(count)
        ]
        seen = Seen()
        Pages(seen, ABOUT, 0).cover(totals_of(months), [])
        shown = [sum(text.endswith("-01") and len(text) == 7 for text in page) for page in seen.pages]
        assert sum(shown) == count
        assert all(here == 0 or here >= 3 for here in shown), (count, shown)
        assert all("Month" in page for page, here in zip(seen.pages, shown, strict=True) if here)
        split += len(seen.pages) > 1
    assert split > 50


def test_a_locked_and_a_damaged_document_are_left_out_and_the_cover_says_so() -> None:
    locked = replace(rows()[0], documents=(document("locked.pdf", pdf(password="x")),))
    broken = replace(rows()[1], documents=(document("broken.pdf", b"%PDF-1.4 nothing"), document("good.pdf")))
    data, written = report([locked, broken])
    assert [(one.row_id, one.document) for one in written.left_out] == [(1, "locked.pdf"), (2, "broken.pdf")]
    pages = texts(data)
    assert len(pages) == 3
    assert "locked.pdf of Café Alma of 2026-10-04" in pages[0].replace("\r\n", " ")
    assert "broken.pdf" in pages[0]
    assert "good.pdf page 1" in pages[2]


def test_what_cannot_even_be_opened_after_binding_is_left_out_too() -> None:
    data, written = report(rows()[:1], make=lambda _: b"%PDF-1.4\nnothing")
    assert [one.row_id for one in written.left_out] == [1]
    assert len(texts(data)) == 2


def test_an_error_that_is_nobodys_to_tell_ends_the_report() -> None:
    def full(_: ExportDocument) -> bytes:
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        report(rows(), make=full)


def test_a_missing_file_is_told_on_the_cover() -> None:
    def missing(_: ExportDocument) -> bytes:
        raise Tellable("blob_missing", "The document's file is missing from the data folder.")

    data, written = report(rows()[:2], make=missing)
    assert len(written.left_out) == 2
    assert "missing from the data folder" in texts(data)[0].replace("\r\n", " ")


def test_an_empty_report_says_so() -> None:
    data, written = report([])
    assert written == Written(0)
    assert "No receipts." in texts(data)[0]


def test_a_landscape_page_lies_and_a_rotated_one_stands_upright() -> None:
    turned = io.BytesIO()
    with pikepdf.open(io.BytesIO(pdf(text="turned"))) as found:
        found.pages[0].Rotate = 90
        found.save(turned)
    data, _ = report([replace(rows()[0], documents=(document("t.pdf", turned.getvalue()),))])
    page = pypdfium2.PdfDocument(data)[2]
    assert page.get_width() > page.get_height()
    assert "turned page 1" in page.get_textpage().get_text_range()


def test_forms_and_notes_of_a_document_are_drawn_into_its_pages() -> None:
    form = io.BytesIO()
    with pikepdf.open(io.BytesIO(pdf(text="form"))) as found:
        look = found.make_stream(b"1 0 0 rg 0 0 100 50 re f")
        look.update({"/Type": pikepdf.Name.XObject, "/Subtype": pikepdf.Name.Form, "/BBox": [0, 0, 100, 50]})
        note = pikepdf.Dictionary(
            Type=pikepdf.Name.Annot, Subtype=pikepdf.Name.Stamp, Rect=[100, 400, 200, 450], F=4,
            AP=pikepdf.Dictionary(N=look),
        )  # fmt: skip
        found.pages[0].Annots = pikepdf.Array([found.make_indirect(note)])
        found.Root.OpenAction = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS=pikepdf.String("app.alert(1)"))
        found.save(form)
    data, _ = report([replace(rows()[0], documents=(document("f.pdf", form.getvalue()),))])
    image = opened(page_image(data, "application/pdf", page=2))
    assert (255, 0, 0) in {color for _, color in image.getcolors(1_000_000) or []}
    with pikepdf.open(io.BytesIO(data)) as found:
        assert "/OpenAction" not in found.Root or "/JS" not in str(found.Root.get("/OpenAction"))


def test_many_receipts_fill_many_pages_and_the_numbers_still_agree() -> None:
    first = rows()[0]
    few = [replace(first, id=n, total=Decimal(n), documents=()) for n in range(2 * ROWS_PER_PAGE + 1)]
    few[-1] = replace(few[-1], documents=(document("last.pdf"),))
    data, _ = report(few)
    pages = texts(data)
    assert len(pages) == 1 + 3 + 1
    assert "last.pdf page 1" in pages[4]
    assert re.search(rf"{2 * ROWS_PER_PAGE}\.00\s+ILS\s+5", pages[3].replace("\r\n", " "))


def test_a_hundred_documents_need_neither_open_files_nor_much_memory() -> None:
    first, one = rows()[0], document("d.pdf", pdf(text="same"))
    many = [replace(first, id=n, documents=(one,)) for n in range(250)]
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(before[0], 120), before[1]))
    try:
        data, written = report(many)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
    assert written.rows == 250
    assert len(pypdfium2.PdfDocument(data)) > 250

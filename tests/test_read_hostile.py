"""Files that mean harm or are broken inside: each gets a typed answer at once, from the text child and the other."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from receipts.child import Reader
from receipts.documents import html
from receipts.types import Outcome

HEAD = b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages"
TAIL = b"endobj\ntrailer<</Root 1 0 R>>\n%%EOF"
BROKEN_PAGES = {
    "a loop": HEAD + b"/Kids[2 0 R 2 0 R]/Count 2/Parent 2 0 R>>" + TAIL,
    "a page that is a number": HEAD + b"/Kids[3 0 R]/Count 1>>endobj\n3 0 obj 7 " + TAIL,
    "a page that is not there": HEAD + b"/Kids[9 0 R]/Count 3>>" + TAIL,
}


@pytest.fixture(scope="module")
def reader() -> Iterator[Reader]:
    with Reader(ocr="auto") as one:
        yield one


@pytest.mark.parametrize("pages", BROKEN_PAGES)
def test_a_pdf_whose_pages_cannot_be_drawn_is_called_broken(reader: Reader, pages: str) -> None:
    reading = reader.read_file(BROKEN_PAGES[pages], "broken.pdf")
    assert reading.outcome in {Outcome.FAILED, Outcome.NOT_RECEIPT}
    assert not {r.code for r in reading.reasons} & {"reader_error", "reader_crashed", "reader_timeout"}


@pytest.mark.parametrize("tag", ["div", "span", "x-cell", "table><tr><td"])
def test_a_page_nested_past_all_measure_keeps_its_words(tag: str) -> None:
    text = html.read(f"<{tag}>" * 60_000 + "Total $44.00")
    assert text.text == "Total $44.00"


def test_a_page_with_many_tags_side_by_side_stays_as_it_is() -> None:
    row = "<tr><td>Item<td><b>$1.00</b></tr>"
    text = html.read("<table>" + row * 3000 + "<tr><td>Total<td>$3,000.00</table><p>Thank you")
    assert text.lines[0].text == text.lines[2999].text == "Item  $1.00"
    assert [line.text for line in text.lines[-2:]] == ["Total  $3,000.00", "Thank you"]

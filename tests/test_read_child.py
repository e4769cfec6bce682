"""The reader's child process: the same answers, its limits, and pictures in a child of their own."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from datetime import date
from decimal import Decimal

import pytest
from PIL import Image, ImageDraw, ImageFont

from receipts import engines, reader, wire
from receipts.child import Reader
from receipts.documents import image
from receipts.types import Outcome
from tests.support.papers import FONTS, mail, pdf, table

ORDER = mail(
    html=table([["Order number", "NL-48213"], ["Order date", "4 March 2025"], ["Total", "$117.00"]]),
    subject="Thank you for your order",
)


@pytest.fixture(scope="module")
def child() -> Iterator[Reader]:
    with Reader() as one:
        yield one


def slip(rotate: float = 0) -> bytes:
    picture = Image.new("RGB", (620, 760), "white")
    draw = ImageDraw.Draw(picture)
    font = ImageFont.truetype(str(FONTS / "Cousine-Regular.ttf"), 26)
    lines = [
        "HARBOUR TOOLS LTD",
        "11 Marine Road, Hull",
        "VAT Reg GB312045415",
        "",
        "Receipt No: 0088142",
        "06/10/2026 09:04",
        "",
        "Screwdriver       £14.99",
        "Tape              £12.75",
        "",
        "TOTAL             £27.74",
        "CASH              £30.00",
        "CHANGE             £2.26",
        "",
        "Thank you",
    ]
    for number, line in enumerate(lines):
        draw.text((40, 40 + 44 * number), line, fill="black", font=font)
    if rotate:
        picture = picture.rotate(rotate, expand=True, fillcolor="white")
    import io

    out = io.BytesIO()
    picture.save(out, "JPEG", quality=92)
    return out.getvalue()


def test_the_child_answers_as_the_function_does(child: Reader) -> None:
    paper = pdf(["Acme Ltd", "Invoice No. 7712-A", "Net £40.00", "VAT £4.00", "Total £44.00"])
    assert child.read_message(ORDER, today=date(2025, 3, 5)) == reader.read_message(ORDER, today=date(2025, 3, 5))
    assert child.read_file(paper, "i.pdf") == reader.read_file(paper, "i.pdf")
    assert child.read_message(b"") == reader.read_message(b"")


def test_what_goes_over_the_pipe_comes_back_the_same() -> None:
    reading = reader.read_message(ORDER)
    plain, blobs = wire.dump(reading)
    assert wire.load(plain, blobs) == reading
    assert reading.receipts[0].date.value == date(2025, 3, 4)


def test_a_child_that_was_killed_is_replaced(child: Reader) -> None:
    child.read_message(ORDER)
    ((pid,), _) = child.pids
    os.kill(pid, signal.SIGKILL)
    outcomes = {child.read_message(ORDER).outcome for _ in range(3)}
    assert Outcome.RECEIPT in outcomes
    assert child.pids[0] != [pid]


def test_a_mail_that_takes_too_long_is_given_up_and_the_next_one_read() -> None:
    with Reader(seconds=0.001) as hasty:
        late = hasty.read_message(ORDER)
    assert (late.outcome, late.reasons[0].code) == (Outcome.FAILED, "reader_timeout")
    assert late.reasons[0].text.endswith(".")


def test_text_is_read_without_the_engine_for_pictures(child: Reader) -> None:
    child.read_message(ORDER)
    with Reader() as other:
        other.read_message(ORDER)
        assert other.pids[1] == []


def test_a_photographed_slip_is_read(child: Reader) -> None:
    reading = child.read_message(mail("lunch", subject="slip", files=[("IMG_1.jpg", "image/jpeg", slip(rotate=3))]))
    (receipt,) = reading.receipts
    assert (receipt.total.value, receipt.currency.value, receipt.number.value) == (Decimal("27.74"), "GBP", "0088142")
    assert receipt.vendor.value == "HARBOUR TOOLS LTD"
    assert str(receipt.date.value) == "2026-10-06"
    assert receipt.total.box is not None
    assert "total" not in {f.field for f in receipt.flags}
    assert child.pids[1] != []


@pytest.mark.parametrize(("rotate", "across", "down"), [(0, 0.59, 0.65), (90, 0.65, 0.41), (6, 0.597, 0.631)])
def test_a_slip_that_lies_askew_or_on_its_side_is_read_and_shown_where_it_stands(
    rotate: float, across: float, down: float
) -> None:
    text = engines.Rapid().read(image.frames(slip(rotate=rotate))[0])
    assert "TOTAL" in text.text
    place = next(box for s in text.segments if "27.74" in s.text and (box := text.box(s)))
    assert (place.x0 + place.x1) / 2 == pytest.approx(across, abs=0.015)
    assert (place.y0 + place.y1) / 2 == pytest.approx(down, abs=0.015)


def test_with_ocr_off_a_photo_is_kept_and_flagged() -> None:
    with Reader(ocr="off") as blind:
        reading = blind.read_message(
            mail("see the slip", subject="Receipt for lunch", files=[("IMG_1.jpg", "image/jpeg", slip())])
        )
        loose = blind.read_file(slip(), "IMG_1.jpg")
        assert blind.pids[1] == []
    assert [f.code for f in reading.receipts[0].flags] == ["not_read"]
    assert reading.documents[0].filename == "IMG_1.jpg"
    assert (loose.outcome, loose.receipts) == (Outcome.NOT_RECEIPT, ())


def test_a_picture_bomb_is_refused() -> None:
    head = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x01\x86\xa0\x00\x01\x86\xa0\x08\x02\x00\x00\x00"
    with pytest.raises(image.ImageError):
        image.frames(head + bytes(2000))

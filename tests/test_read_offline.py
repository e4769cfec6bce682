"""Reading without a network, without Tesseract and with OCR off: what is promised still holds."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from receipts import engines
from receipts.child import Reader
from receipts.types import Outcome
from tests.support.papers import mail, pdf, table
from tests.test_read_child import slip

ROOT = Path(__file__).resolve().parents[1]
PAPER = pdf(["Acme Ltd", "Invoice No. 7712-A", "Date 2 May 2025", "Net £40.00", "VAT 10% £4.00", "Total £44.00"])
REMOTE = "<link rel=stylesheet href='http://127.0.0.1:9/x.css'><img src='http://127.0.0.1:9/x.png'>"
ALONE = """
import json, os, sys
asked = []
def hook(event, arguments):
    if event in ("socket.connect", "socket.sendto", "socket.getaddrinfo", "socket.gethostbyname", "socket.bind"):
        if event != "socket.bind":  # a library looks whether this machine knows IPv6
            asked.append(event)
        raise PermissionError(event)
sys.addaudithook(hook)
os.environ["PATH"] = "/nonexistent"
from receipts import engines, reader
ocr = engines.choose("auto", "eng+heb")
out = {}
for path in sys.argv[1:]:
    data = open(path, "rb").read()
    reading = reader.read_file(data, os.path.basename(path), ocr=ocr)
    out[os.path.basename(path)] = [str(receipt.total.value) for receipt in reading.receipts]
print(json.dumps({"asked": asked, "read": out}))
"""


def test_without_a_network_and_without_tesseract_all_kinds_are_read(tmp_path: Path) -> None:
    files = {
        "paper.pdf": PAPER,
        "slip.jpg": slip(),
        "order.eml": mail(
            html=REMOTE + table([["Order number", "NL-48213"], ["Total", "$117.00"]]), subject="Your order confirmation"
        ),
    }
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    done = subprocess.run(
        [sys.executable, "-c", ALONE, *(str(tmp_path / name) for name in files)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=True,
    )
    told = json.loads(done.stdout)
    assert told["asked"] == []
    assert told["read"] == {"paper.pdf": ["44.00"], "slip.jpg": ["27.74"], "order.eml": ["117.00"]}


def test_where_the_one_engine_that_was_named_is_missing_a_photo_is_kept_and_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    assert not engines.Tesseract("eng+heb").installed
    from receipts.reader import read_message

    raw = mail("see the slip", subject="Receipt for lunch", files=[("IMG_1.jpg", "image/jpeg", slip())])
    (receipt,) = read_message(raw, ocr=engines.choose("tesseract", "eng+heb")).receipts
    assert [flag.code for flag in receipt.flags] == ["not_read"]


def test_with_ocr_off_text_is_read_as_ever_and_no_picture_is() -> None:
    with Reader(ocr="off") as blind:
        (receipt,) = blind.read_file(PAPER, "paper.pdf").receipts
        assert str(receipt.total.value) == "44.00"
        assert blind.read_file(slip(), "slip.jpg").outcome is Outcome.NOT_RECEIPT
        assert blind.pids[1] == []


@pytest.fixture(scope="module")
def engine() -> engines.Auto:
    return engines.Auto("eng+heb")


@pytest.mark.skipif(not engines.Tesseract("heb").has("heb"), reason="no Tesseract with Hebrew is installed")
@pytest.mark.parametrize("turn", [90, 180])
def test_a_hebrew_slip_is_read_whichever_way_it_lies(engine: engines.Auto, turn: int) -> None:
    from PIL import Image, ImageDraw, ImageFont

    from tests.support.papers import FONTS

    lines = [
        ("מאפיית השרון", ""),
        ("חשבונית מס/קבלה", "20418"),
        ("תאריך", "06/03/2026"),
        ("לחם שיפון", "24.90"),
        ("חלה מתוקה", "32.00"),
        ('סה"כ לתשלום', "56.90"),
        ("מזומן", "60.00"),
        ("עודף", "3.10"),
    ]
    picture = Image.new("RGB", (640, 480), "white")
    draw = ImageDraw.Draw(picture)
    font = ImageFont.truetype(str(FONTS / "Arimo-Regular.ttf"), 30, layout_engine=ImageFont.Layout.BASIC)
    for number, (label, value) in enumerate(lines):
        shown = label[::-1]
        draw.text((600 - draw.textlength(shown, font=font), 30 + 54 * number), shown, fill="black", font=font)
        draw.text((40, 30 + 54 * number), value, fill="black", font=font)
    text = engine.read(picture.rotate(turn, expand=True))
    assert 'סה"כ' in text.text
    place = next(box for s in text.segments if "56.90" in s.text and (box := text.box(s)))
    across, down = (place.x0 + place.x1) / 2, (place.y0 + place.y1) / 2
    x, y = 75 / 640, 318 / 480  # of the upright picture
    want = {90: (y, 1 - x), 180: (1 - x, 1 - y)}[turn]
    assert (across, down) == pytest.approx(want, abs=0.04)

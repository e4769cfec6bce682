"""Receipts by message: a photo from a known number is filed, answered in its thread, and corrected by the reply."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pytest
from PIL import Image, ImageDraw, ImageFont

from models import AuditEntry, Mail, Receipt, TextMessage
from tests.support.papers import FONTS, pdf
from tests.support.phone import NUMBER, PERSON, House, house
from tests.support.processes import until
from tests.support.twilio_standin import ACCOUNT, Twilio, sid

BILL = ["Café Alma Ltd", "Tax invoice no. 20418", "Date 23/11/2026", "Total to pay ILS 184.00"]


def slip(total: str = "184.00") -> bytes:
    """A photograph of a slip, as JPEG."""
    picture = Image.new("RGB", (620, 560), "white")
    draw = ImageDraw.Draw(picture)
    font = ImageFont.truetype(str(FONTS / "Cousine-Regular.ttf"), 26)
    lines = [
        "CAFE ALMA LTD", "4 Market Street, Hull", "VAT Reg GB312045415", "", "Receipt No: 0020418", "23/11/2026 13:04",
        "", f"Lunch             £{total}", "", f"TOTAL             £{total}", "", "Thank you",
    ]  # fmt: skip
    for number, line in enumerate(lines):
        draw.text((40, 30 + 42 * number), line, fill="black", font=font)
    out = io.BytesIO()
    picture.rotate(2, expand=True, fillcolor="white").save(out, "JPEG", quality=92)
    return out.getvalue()


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with house(tmp_path_factory.mktemp("phone")) as found:
        found.start()
        found.start_worker()
        yield found


def _answer(home: House, number: int) -> dict[str, str]:
    """The message with that number that went out."""
    until(lambda: len(home.twilio.sent) > number, "the answer is sent", 120)
    return home.twilio.sent[number]


def test_a_photo_of_a_slip_becomes_a_receipt_is_answered_and_corrected_by_the_reply(home: House) -> None:
    sent = len(home.twilio.sent)
    assert home.twilio.message(NUMBER, PERSON, files=(("image/jpeg", slip()),)).status_code == 200
    answer = _answer(home, sent)
    assert (answer["To"], answer["From"]) == (PERSON, NUMBER)
    assert "184.00" in answer["Body"]
    assert answer["Body"].endswith("Reply 1 to confirm, or the right total.")
    receipt = Receipt.get(Receipt.source == "message")
    assert (receipt.business_id, receipt.total_minor, receipt.status) == (home.business.id, 18400, receipt.status)
    home.twilio.message(NUMBER, PERSON, "179.90")
    assert "179.90" in _answer(home, sent + 1)["Body"]
    corrected = Receipt.get_by_id(receipt.id)
    assert corrected.total_minor == 17990
    assert "total" in corrected.hand_set
    home.twilio.message(NUMBER, PERSON, "1")
    assert _answer(home, sent + 2)["Body"].startswith("Confirmed: £179.90")
    assert Receipt.get_by_id(receipt.id).status == "approved"
    who = {row.actor for row in AuditEntry.select().where(AuditEntry.object_id == receipt.id)}
    assert f"message:{PERSON}" in who


def test_the_same_message_twice_and_the_same_file_again_are_one_receipt(home: House) -> None:
    sent, before = len(home.twilio.sent), Receipt.select().count()
    paper = pdf(BILL)
    message = sid("MM")
    for _ in range(2):
        assert home.twilio.message(
            NUMBER, f"whatsapp:{PERSON}", files=(("application/pdf", paper),), message=message
        ).ok
    first = _answer(home, sent)
    assert first["To"] == f"whatsapp:{PERSON}"
    assert "₪184.00" in first["Body"]
    assert home.twilio.message(NUMBER, f"whatsapp:{PERSON}", files=(("application/pdf", paper),)).ok
    assert _answer(home, sent + 1)["Body"] == first["Body"]
    assert Receipt.select().count() == before + 1
    assert TextMessage.select().where(TextMessage.sid == message).count() == 1


def test_a_stranger_gets_one_polite_sentence_and_nothing_is_kept(home: House) -> None:
    sent, before = len(home.twilio.sent), (TextMessage.select().count(), Mail.select().count())
    answer = home.twilio.message(NUMBER, "+972509999999", "hello", files=(("image/jpeg", slip("99.00")),))
    assert answer.text.count("<Message>") == 1
    assert "Nothing was kept" in answer.text
    other = home.twilio.message("+97239999999", PERSON, "hello")
    assert "<Message>" not in other.text
    home.twilio.message(NUMBER, PERSON, "what?")
    _answer(home, sent)
    assert (TextMessage.select().count() - 1, Mail.select().count()) == before
    assert not [path for path in home.twilio.fetched if "9999" in path]


def test_words_that_are_no_amount_and_files_that_are_no_receipt_are_answered_too(home: House) -> None:
    sent = len(home.twilio.sent)
    home.twilio.message(NUMBER, PERSON, files=(("audio/ogg", b"OggS"),))
    assert "photo or a PDF" in _answer(home, sent)["Body"]
    home.twilio.message(NUMBER, PERSON, "thanks a lot")
    until(lambda: len(home.twilio.sent) > sent + 1, "an answer", 60)
    assert "photo or a PDF" in _answer(home, sent + 1)["Body"] or "not understood" in _answer(home, sent + 1)["Body"]


def test_a_file_that_is_not_at_twilio_is_never_asked_for(home: House) -> None:
    sent = len(home.twilio.sent)
    form = {"MessageSid": sid("MM"), "AccountSid": ACCOUNT, "From": PERSON, "To": NUMBER, "Body": "", "NumMedia": "1"}
    form |= {"MediaUrl0": "http://169.254.169.254/latest/meta-data", "MediaContentType0": "image/jpeg"}
    assert home.twilio.post("/webhook/message", form).ok
    assert "not at Twilio" in _answer(home, sent)["Body"]


def test_another_account_s_message_is_403(home: House) -> None:
    other = Twilio(home.url, home.twilio.public_url, token="not ours")
    assert other.message(NUMBER, PERSON, "1").status_code == 403

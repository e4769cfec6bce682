"""Whatever the bytes: an outcome and a reason, never an exception, nothing found where nothing is."""

from __future__ import annotations

from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from receipts.reader import read_file, read_message
from receipts.types import MessageReading, Outcome
from tests.support.papers import mail, pdf, table

PAPER = pdf(["Acme Ltd", "Invoice No. 7712-A", "Total £44.00"])
SEEDS = [
    mail(html=table([["Total", "$44.00"]]), subject="Your receipt", files=[("a.pdf", "application/pdf", PAPER)]),
    PAPER,
    b"<Invoice><ID>7</ID><LegalMonetaryTotal><PayableAmount>9</PayableAmount></LegalMonetaryTotal></Invoice>",
    b"<html><body><table><tr><td>Total<td>$44.00</table>",
]
QUICK = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


def sound(reading: MessageReading) -> None:
    assert reading.reasons
    assert all(reason.text.endswith(".") for reason in reading.reasons)
    assert (reading.outcome is Outcome.RECEIPT) == bool(reading.receipts)
    parts = {document.part for document in reading.documents}
    assert all(receipt.part in parts for receipt in reading.receipts)
    for receipt in reading.receipts:
        for field in (receipt.vendor, receipt.number):
            str(field.value).encode("utf-8")


@QUICK
@given(st.binary(max_size=3000))
def test_random_bytes_hold_no_receipt(data: bytes) -> None:
    for reading in (read_message(data), read_file(data, "x")):
        sound(reading)
        assert reading.receipts == ()


@QUICK
@given(st.sampled_from(SEEDS), st.lists(st.tuples(st.integers(0, 30_000), st.binary(max_size=6)), max_size=12))
def test_damaged_documents_get_a_typed_answer(seed: bytes, damage: list[tuple[int, bytes]]) -> None:
    data = bytearray(seed)
    for place, junk in damage:
        at = place % (len(data) + 1)
        data[at : at + len(junk)] = junk
    sound(read_message(bytes(data)))
    sound(read_file(bytes(data), "x.pdf"))


@QUICK
@given(st.text(max_size=1500), st.text(max_size=80))
def test_any_text_gets_a_typed_answer(body: str, subject: str) -> None:
    head = f"Subject: {subject}\nContent-Type: text/plain; charset=utf-8\n\n".encode("utf-8", "surrogatepass")
    sound(read_message(head + body.encode("utf-8", "surrogatepass")))


@QUICK
@given(
    st.lists(
        st.sampled_from(
            [
                "<table>",
                "<tr>",
                "<td>",
                "</table>",
                "<div style='display:none'>",
                "Total",
                "$44.00",
                "\x00",
                "<a href=x>",
                "&#0;",
                'סה"כ',
                "<!--",
            ]
        ),
        max_size=60,
    )
)
def test_any_html_gets_a_typed_answer(pieces: list[str]) -> None:
    sound(read_file("".join(pieces).encode(), "x.html"))


def test_every_mail_of_the_sample_mailbox_cut_in_half_gets_a_typed_answer() -> None:
    folder = Path(__file__).resolve().parents[1] / "demo" / "mailbox"
    for path in sorted(folder.glob("*.eml"))[::9]:
        raw = path.read_bytes()
        sound(read_message(raw[: len(raw) // 2]))

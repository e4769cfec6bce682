"""QR codes of bills: EPC, Swiss QR-bill, ZATCA, Portugal; their payloads, and codes on pages and in photos."""

from __future__ import annotations

import base64
import datetime as dt
import io
from decimal import Decimal

import fpdf
import pytest
import segno
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from receipts.documents import codes, payloads, plain
from receipts.fields import extract
from receipts.layout import Text
from receipts.reader import read_file
from receipts.types import Headers, Kind, Reading

NO_HEADERS = Headers("", "", "", "", "", None)


def epc(amount: str = "EUR119.00", name: str = "Alma Handels GmbH", told: str = "Rechnung R-2025-77") -> str:
    lines = ["BCD", "002", "1", "SCT", "COBADEFFXXX", name, "DE89370400440532013000", amount, "", "", told, ""]
    return "\n".join(lines)


def swiss(amount: str = "1949.75", currency: str = "CHF", info: str = "") -> str:
    creditor = ["K", "Robert Muster AG", "Bahnhofstrasse 7", "2501 Biel", "", "", "CH"]
    debtor = ["K", "Pia Rutschmann", "Marktgasse 28", "9400 Rorschach", "", "", "CH"]
    head = ["SPC", "0200", "1", "CH4431999123000889012", *creditor, *[""] * 7, amount, currency, *debtor]
    return "\r\n".join([*head, "QRR", "210000000003139471430009017", "Auftrag vom 15.06.2020", "EPD", info])


def zatca(total: str = "115.00", tax: str = "15.00", seller: str = "شركة ألما للتجارة") -> str:
    values = (seller, "310122393500003", "2025-11-12T15:30:00Z", total, tax)
    data = b"".join(bytes((n, len(v.encode()))) + v.encode() for n, v in enumerate(values, 1))
    return base64.b64encode(data).decode()


def portuguese(total: str = "12.30", kind: str = "FS", number: str = "FS A1/55") -> str:
    return (
        f"A:509442013*B:999999990*C:PT*D:{kind}*E:N*F:20251112*G:{number}*H:CSDF7T5H-55*I1:PT*I7:10.00*I8:2.30*"
        f"N:2.30*O:{total}*Q:YhGV*R:9999"
    )


# --- payloads


def test_an_epc_code_states_who_is_to_be_paid_how_much() -> None:
    code = payloads.read(epc())
    assert code is not None
    assert (code.standard, code.vendor, code.payable, code.currency) == (
        "EPC", "Alma Handels GmbH", Decimal("119.00"), "EUR",
    )  # fmt: skip
    assert code.text == "Rechnung R-2025-77"
    assert not code.fiscal


def test_a_swiss_bill_states_debtor_and_swicos_information() -> None:
    info = "//S1/10/10201409/11/190512/20/1400.000-53/30/106017086/31/180508/32/7.7:100;2.5:50.20/40/2:10;0:30"
    code = payloads.read(swiss(info=info))
    assert code is not None
    assert (code.vendor, code.billed_to, code.payable, code.currency) == (
        "Robert Muster AG", "Pia Rutschmann", Decimal("1949.75"), "CHF",
    )  # fmt: skip
    assert (code.number, code.date, code.due_date) == ("10201409", dt.date(2019, 5, 12), dt.date(2019, 6, 11))
    assert code.vendor_tax_id == "CHE106017086"
    assert [(t.rate, t.base, t.amount) for t in code.taxes] == [
        (Decimal("7.7"), Decimal(100), Decimal("7.70")), (Decimal("2.5"), Decimal("50.20"), Decimal("1.26")),
    ]  # fmt: skip


def test_a_swiss_bill_without_an_amount_states_none() -> None:
    code = payloads.read(swiss(amount=""))
    assert code is not None
    assert (code.payable, code.currency, code.date) == (None, None, None)


def test_a_zatca_code_states_seller_time_total_and_tax() -> None:
    code = payloads.read(zatca())
    assert code is not None
    assert (code.vendor, code.vendor_tax_id, code.date) == (
        "شركة ألما للتجارة", "310122393500003", dt.date(2025, 11, 12),
    )  # fmt: skip
    assert (code.total, code.currency, code.fiscal) == (Decimal("115.00"), "SAR", True)
    assert [(t.rate, t.base, t.amount) for t in code.taxes] == [(Decimal(15), Decimal("100.00"), Decimal("15.00"))]


def test_a_portuguese_code_states_number_total_and_taxes_that_add_up() -> None:
    code = payloads.read(portuguese())
    assert code is not None
    assert (code.vendor_tax_id, code.number, code.date) == ("509442013", "FS A1/55", dt.date(2025, 11, 12))
    assert (code.total, code.currency, code.kind) == (Decimal("12.30"), "EUR", Kind.INVOICE)
    assert [(t.rate, t.base, t.amount) for t in code.taxes] == [(Decimal(23), Decimal("10.00"), Decimal("2.30"))]


@pytest.mark.parametrize(
    "payload",
    [
        "https://example.com/?amount=12.30",
        epc(amount="USD119.00"),
        epc(amount="EUR1e9"),
        epc().replace("DE89", "DE88"),  # its check digits do not hold
        swiss(currency="USD"),
        swiss(amount="12,50"),
        zatca(total="15.00", tax="15.00"),
        zatca()[:-8],
        portuguese(total="99.00"),  # not what its parts add up to
        portuguese().replace("E:N", "E:A"),  # cancelled
        portuguese().replace("F:2025", "F:1025"),
    ],
)
def test_what_a_standard_does_not_allow_is_no_code(payload: str) -> None:
    assert payloads.read(payload) is None


@settings(max_examples=60, deadline=None)
@given(
    st.one_of(
        st.text(max_size=300),
        st.binary(max_size=200).map(lambda data: base64.b64encode(data).decode()),
        st.lists(st.text(max_size=20), max_size=40).map(lambda lines: "\n".join(["SPC", "0200", "1", *lines])),
        st.lists(st.text(max_size=20), max_size=14).map(lambda lines: "\n".join(["BCD", "002", *lines])),
        st.text(max_size=120).map(lambda text: "A:509442013*B:9*" + text),
        st.tuples(st.sampled_from([epc(), swiss(), zatca(), portuguese()]), st.integers(0, 300), st.characters()).map(
            lambda made: made[0][: made[1]] + made[2] + made[0][made[1] + 1 :]
        ),
    )
)
def test_any_payload_is_a_code_or_none(payload: str) -> None:
    code = payloads.read(payload)
    assert code is None or (code.total or code.payable or Decimal(0)) >= 0


# --- codes on pages and in pictures


def picture(payload: str, scale: int = 4) -> bytes:
    out = io.BytesIO()
    segno.make(payload, error="m", micro=False).save(out, kind="png", scale=scale, border=4)
    return out.getvalue()


def page(payload: str, how: str) -> bytes:
    """A PDF with the code as a picture, as a square a module, or as a run a row."""
    pdf = fpdf.FPDF()
    pdf.add_page()
    pdf.set_font("helvetica", size=11)
    for line in ("Alma Handels GmbH", "Rechnung R-2025-77 vom 12.11.2025", "Beratung  100,00", "Summe netto  100,00",
                 "USt 19%  19,00", "Gesamtbetrag EUR  119,00"):  # fmt: skip
        pdf.cell(text=line, new_x="LMARGIN", new_y="NEXT")
    if how == "picture":
        pdf.image(io.BytesIO(picture(payload)), x=140, y=200, w=45)
    else:
        for y, row in enumerate(segno.make(payload, error="m", micro=False).matrix):
            for x, dark in enumerate(row):
                if dark:
                    pdf.rect(140 + x, 200 + y, 1, 1, style="F")
    return bytes(pdf.output())


@pytest.mark.parametrize("how", ["picture", "modules"])
def test_a_code_on_a_page_is_found_where_it_stands(how: str) -> None:
    reading = read_file(page(epc(), how), "bill.pdf").receipts[0]
    assert (reading.total.value, reading.payable.value) == (Decimal("119.00"), Decimal("119.00"))
    assert reading.payable.why == "stated by the QR code (EPC)"
    told = next(c for c in reading.payable.candidates if c.why.startswith("stated by the QR"))
    box = told.box
    assert box is not None
    assert box.page == 0


def test_the_codes_place_is_the_evidence_where_the_text_does_not_show_the_value() -> None:
    reading = read_file(page(swiss(amount="119.00"), "picture"), "bill.pdf").receipts[0]
    box = reading.billed_to.box
    assert reading.billed_to.value == "Pia Rutschmann"
    assert box is not None
    assert 140 / 210 - 0.01 < box.x0 < box.x1 < 185 / 210 + 0.01
    assert 200 / 297 - 0.01 < box.y0 < box.y1 < 245 / 297 + 0.01


def test_a_page_without_anything_square_is_not_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    pdf = fpdf.FPDF()
    pdf.add_page()
    pdf.set_font("helvetica", size=11)
    pdf.cell(text="Invoice 1  Total EUR 12.00")
    for y in range(40, 200, 4):
        pdf.line(10, y, 200, y)
    monkeypatch.setattr(codes, "_decoded", lambda *_: pytest.fail("it was drawn"))
    read_file(bytes(pdf.output()), "bill.pdf")


def test_a_code_in_a_photo_is_read_tilted_and_shadowed() -> None:
    code = Image.open(io.BytesIO(picture(portuguese(), 6))).convert("L").resize((420, 420))
    photo = Image.new("L", (1200, 1600), 190)
    photo.paste(code, (400, 900))
    photo = photo.rotate(7, expand=True, fillcolor=190).point(lambda v: int(v * 0.7) + 20)
    found = codes.of_picture(photo.convert("RGB"))
    assert [one.number for one in found] == ["FS A1/55"]
    assert found[0].box is not None
    assert 0.3 < found[0].box.x0 < found[0].box.x1 < 0.8


# --- what a code does to a reading


def told(text: str, *payloads_: str) -> Reading:
    known = tuple(code for one in payloads_ if (code := payloads.read(one)))
    assert len(known) == len(payloads_)
    document: Text = plain.read(text)
    document.codes = known
    return extract.read(document, "1", NO_HEADERS).reading


BILL = "Alma Handels GmbH\nRechnung R-2025-77 vom 12.11.2025\nBeratung  100,00\nUSt 19%  19,00\n"


def flags(reading: Reading, field: str) -> set[str]:
    return {flag.code for flag in reading.flags if flag.field == field}


def test_what_is_asked_for_settles_which_amount_is_the_total() -> None:
    text = BILL + "Gesamt  119,00\nGesamt  149,00\n"
    assert flags(told(text), "total")
    reading = told(text, epc())
    assert (reading.total.value, flags(reading, "total")) == (Decimal("119.00"), set())


def test_a_number_that_the_payer_is_to_quote_is_sure() -> None:
    reading = told(BILL + "Gesamtbetrag EUR 119,00\n", epc())
    assert (reading.number.value, flags(reading, "number")) == ("R-2025-77", set())


def test_a_part_payment_is_due_and_not_the_total() -> None:
    reading = told(BILL + "Gesamtbetrag EUR 119,00\n", epc(amount="EUR50.00"))
    assert (reading.total.value, reading.payable.value) == (Decimal("119.00"), Decimal("50.00"))


def test_a_code_that_asks_for_more_than_the_text_makes_the_total_doubtful() -> None:
    reading = told(BILL + "Gesamtbetrag EUR 119,00\n", epc(amount="EUR150.00"))
    assert (reading.total.value, flags(reading, "total")) == (Decimal("119.00"), {"total_rivals"})
    assert Decimal("150.00") in {c.value for c in reading.total.candidates}


def test_a_beneficiary_of_another_name_does_not_become_the_vendor() -> None:
    reading = told(BILL + "Gesamtbetrag EUR 119,00\n", epc(name="Factoring Nord AG"))
    assert reading.vendor.value == "Alma Handels GmbH"
    assert "Factoring Nord AG" in {c.value for c in reading.vendor.candidates}


def test_a_fiscal_code_answers_for_a_slip_of_which_little_is_legible() -> None:
    reading = told("Pastelaria Alma Lda\nOBRIGADO", portuguese())
    assert (reading.total.value, reading.currency.value) == (Decimal("12.30"), "EUR")
    assert (reading.date.value, reading.number.value) == (dt.date(2025, 11, 12), "FS A1/55")
    assert (reading.net.value, reading.tax[0].rate) == (Decimal("10.00"), Decimal(23))
    assert not {flag.field for flag in reading.flags} & {"total", "date", "currency", "number", "tax"}


def test_a_fiscal_code_against_a_sure_total_is_a_doubt() -> None:
    text = "Pastelaria Alma Lda\nFatura FT A/9  12-11-2025\nBolo  20,00\nTotal EUR  20,00\n"
    reading = told(text, portuguese())
    assert (reading.total.value, flags(reading, "total")) == (Decimal("20.00"), {"total_rivals"})


def test_a_fiscal_credit_note_counts_the_other_way() -> None:
    reading = told("Pastelaria Alma Lda\nNota\n", portuguese(kind="NC", number="NC A1/2"))
    assert (reading.kind.value, reading.total.value) == (Kind.CREDIT_NOTE, Decimal("-12.30"))
    assert (reading.tax[0].amount, reading.net.value) == (Decimal("-2.30"), Decimal("-10.00"))


def test_two_bills_on_one_document_leave_the_figures_to_the_text() -> None:
    reading = told(BILL + "Gesamtbetrag EUR 119,00\n", epc(), epc(amount="EUR77.00"))
    assert reading.payable.value != Decimal("77.00")
    assert all("QR code" not in c.why for c in reading.total.candidates)


def test_a_photo_with_a_fiscal_code_is_a_receipt() -> None:
    class Blind:
        def ready(self) -> None:
            """Nothing."""

        def read(self, picture: Image.Image, *, page: int = 0) -> Text:
            """No word."""
            return Text([], "ocr", sizes=((float(picture.width), float(picture.height)),))

    photo = Image.new("RGB", (900, 1200), "white")
    photo.paste(Image.open(io.BytesIO(picture(zatca(), 5))).convert("RGB"), (200, 500))
    out = io.BytesIO()
    photo.save(out, "PNG")
    answer = read_file(out.getvalue(), "slip.png", ocr=Blind())
    assert [r.total.value for r in answer.receipts] == [Decimal("115.00")]
    assert answer.receipts[0].vendor.value == "شركة ألما للتجارة"
    assert "fiscal_code" in {reason.code for reason in answer.reasons}

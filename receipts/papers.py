"""One document of a mail, or its body: recognised, read, judged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Any, TypeVar

from receipts import detect, llm, sniff, split
from receipts.charsets import decode_bytes
from receipts.documents import einvoice, html, plain
from receipts.documents.pdf import Pdf, PdfError
from receipts.fields import asked, extract, stated
from receipts.fields.choice import none
from receipts.layout import Text
from receipts.llm import Told
from receipts.ocr import Ocr, OcrUnavailable
from receipts.types import Candidate, Document, Field, Flag, Headers, Kind, Reading, Reason

T = TypeVar("T")
_PHOTO_BYTES = 15_000
_OCR_PAGES = 3
_TEXT = 60_000  # signs of a document's text that are handed on
_FIELDS = ("vendor", "vendor_tax_id", "number", "date", "due_date", "currency", "total", "payable", "net")


@dataclass
class Options:
    """What a reading may use."""

    passwords: Sequence[str] = ()
    ocr: Ocr | None = None
    today: date | None = None
    ignore_xml: bool = False
    texts: bool = False  # whether doubtful readings carry the text that they were read from
    told: Mapping[str, str] = field(default_factory=dict)  # a language model's answers by part

    def answer(self, part: str) -> Told | None:
        """What the model said of this part."""
        return llm.parse(self.told[part]) if part in self.told else None

    def kept(self, got: extract.Extract) -> Reading:
        """The reading, with its text where that is wanted and a second opinion may help."""
        if not self.texts or not asked.wanted(got.reading):
            return got.reading
        return replace(got.reading, text=got.scan.text.text[:_TEXT])


@dataclass
class Found:
    """One document's outcome: a reading when it is a receipt, the reasons either way."""

    document: Document
    readings: list[Reading]
    reasons: list[Reason]
    exact: bool = False
    body: bool = False


def read_body(document: Document, text: Text, headers: Headers, options: Options, *, bulk: bool) -> Found:
    """Read a mail's own text."""
    got = extract.read(text, document.part, headers, today=options.today, told=options.answer(document.part))
    verdict = detect.judge(got, headers, body=True, bulk=bulk)
    found = Found(document, [], verdict.reasons, body=True)
    if verdict.receipt:
        found.readings = _orders(got, headers, options)
    elif link := detect.waiting(got, headers, verdict):
        found.readings = [_waiting(got.reading, link)]
        found.reasons = [
            Reason("link", "It says that an invoice is to be fetched behind a link.", 1.0),
            *verdict.reasons,
        ]
    return found


def _orders(got: extract.Extract, headers: Headers, options: Options) -> list[Reading]:
    """One reading, or one for each of several orders in a mail."""
    if several := stated.each(got.reading, got.scan.text.sales):
        return several
    parts = [extract.read(t, got.reading.part, headers, today=options.today).reading for t in split.sections(got.scan)]
    if parts and all(p.total.value is not None for p in parts):
        return parts
    if got.reading.total.value is not None:
        shares = split.shares(got.scan, got.reading.total.value)
        if shares:
            why = "the sum of the items that stand with this order's number"
            return [
                replace(
                    got.reading,
                    number=Field(number, 0.8, "labelled as the order's number"),
                    total=Field(share, 0.85, why, candidates=(Candidate(share, 0.85, why),)),
                    payable=none(why),
                    net=none(why),
                    tax=(),
                    flags=tuple(f for f in got.reading.flags if f.field not in {"total", "tax", "number"}),
                )
                for number, share in shares.items()
            ]
    return [options.kept(got)]


def _waiting(reading: Reading, link: str) -> Reading:
    """A receipt whose document lies behind a link: what the mail tells, and the flag."""
    flag = Flag("*", "waiting_document", "The mail only links to its document; fetch it there and drop the file here.")
    return replace(reading, flags=(flag, *reading.flags), link=link, kind=Field(Kind.INVOICE, 0.5, "the mail says so"))


def read_document(
    document: Document, headers: Headers, options: Options, *, words: Text | None = None, in_mail: bool = True
) -> Found:
    """Read one file.

    Args:
        document: the file.
        headers: of the mail that brought it.
        options: what may be used.
        words: a picture's words, in place of OCR.
        in_mail: False for a file that somebody chose.
    """
    kind = document.media_type
    if words is not None:
        return _read_text(document, words, headers, options, in_mail=in_mail)
    if kind == sniff.PDF:
        return _pdf(document, headers, options, in_mail=in_mail)
    if kind == sniff.XML or (kind in {sniff.TEXT, sniff.OTHER} and einvoice.looks_like(document.data)):
        return _xml(document)
    if kind == sniff.HTML:
        text = html.read(html.decode(document.data))
        got = _extracted(document, text, headers, options)
        verdict = detect.judge(got, headers, body=True, bulk=False, filename=document.filename, in_mail=in_mail)
        return Found(document, _orders(got, headers, options) if verdict.receipt else [], verdict.reasons)
    if kind.startswith("image/"):
        return _image(document, headers, options, in_mail=in_mail)
    if kind == sniff.TEXT:
        return _read_text(document, plain.read(decode_bytes(document.data, "")), headers, options, in_mail=in_mail)
    return Found(document, [], [Reason("unknown_type", "A file of a kind that holds no receipt.", -0.3)])


def _read_text(document: Document, text: Text, headers: Headers, options: Options, *, in_mail: bool) -> Found:
    got = _extracted(document, text, headers, options)
    verdict = detect.judge(got, headers, body=False, bulk=False, filename=document.filename, in_mail=in_mail)
    return Found(document, [options.kept(got)] if verdict.receipt else [], verdict.reasons)


def _extracted(document: Document, text: Text, headers: Headers, options: Options) -> extract.Extract:
    told = options.answer(document.part)
    return extract.read(text, document.part, headers, filename=document.filename, today=options.today, told=told)


def _pdf(document: Document, headers: Headers, options: Options, *, in_mail: bool) -> Found:
    try:
        with Pdf(document.data, options.passwords) as pdf:
            if not options.ignore_xml:
                for attachment in pdf.attachments():
                    if einvoice.looks_like(attachment.data):
                        try:
                            return _exact(document, einvoice.parse(attachment.data))
                        except einvoice.XmlRefused:
                            continue
            text = pdf.text()
            if sum(len(s.text) for s in text.segments) < 25 and pdf.pages:
                return _scanned(document, pdf, headers, options, in_mail=in_mail)
            text.codes = pdf.codes()
    except PdfError as error:
        return Found(document, [], [Reason(error.code, error.sentence, -1.0)])
    return _read_text(document, text, headers, options, in_mail=in_mail)


def _scanned(document: Document, pdf: Pdf, headers: Headers, options: Options, *, in_mail: bool) -> Found:
    if options.ocr is None:
        return _unread(
            document, headers, options, "The PDF holds a picture only, and reading of pictures is off.", in_mail=in_mail
        )
    from receipts.documents import image

    try:
        options.ocr.ready()
        pictures = [pdf.picture(n) for n in range(min(pdf.pages, _OCR_PAGES))]
        pages = [options.ocr.read(picture, page=n) for n, picture in enumerate(pictures)]
    except OcrUnavailable:
        return _unread(
            document,
            headers,
            options,
            "The PDF holds a picture only, and no engine that reads pictures is installed.",
            in_mail=in_mail,
        )
    text = image.joined(pages, pdf.pages)
    text.codes = image.codes_of(pictures)
    return _read_text(document, text, headers, options, in_mail=in_mail)


def _image(document: Document, headers: Headers, options: Options, *, in_mail: bool) -> Found:
    from receipts.documents import image

    if options.ocr is None:
        return _unread(document, headers, options, "Reading of pictures is off.", in_mail=in_mail)
    try:
        text = image.read(document.data, options.ocr)
    except image.ImageError as error:
        return Found(document, [], [Reason(error.code, error.sentence, -0.6)])
    except OcrUnavailable:
        return _unread(document, headers, options, "No engine that reads pictures is installed.", in_mail=in_mail)
    if text is None:
        return Found(document, [], [Reason("decoration", "A small picture without text.", -0.3)])
    return _read_text(document, text, headers, options, in_mail=in_mail)


def _unread(document: Document, headers: Headers, options: Options, sentence: str, *, in_mail: bool) -> Found:
    """A picture that could not be read: a receipt to be looked at when the mail says that it is one."""
    said = detect.words(f"{headers.subject} {document.filename}")
    spoken = (
        any(c.startswith("k.") and c not in {"k.quote", "k.statement", "k.delivery_note"} for c in said)
        or "x.bought" in said
    )
    reason = Reason("not_read", sentence, 0.1)
    if not (in_mail and spoken) or len(document.data) < _PHOTO_BYTES:
        return Found(document, [], [replace(reason, weight=-0.3)])
    blank: dict[str, Any] = dict.fromkeys(_FIELDS, none("it was not read"))
    reading = Reading(
        part=document.part,
        kind=Field(Kind.RECEIPT, 0.4, "the mail says so"),
        **blank,
        flags=(Flag("*", "not_read", sentence),),
        source="none",
    )
    if told := options.answer(document.part):
        reading = asked.unread(reading, told)
    return Found(document, [reading], [reason, Reason("subject", "The mail speaks of a receipt.", 0.6)])


# -- exact sources ---------------------------------------------------------------------------------


def _xml(document: Document) -> Found:
    try:
        invoice = einvoice.parse(document.data)
    except einvoice.XmlRefused as error:
        return Found(document, [], [Reason(error.code, error.sentence, -0.8)])
    return _exact(document, invoice)


def _exact(document: Document, invoice: einvoice.EInvoice) -> Found:
    why = f"stated by the e-invoice ({invoice.syntax})"

    def known(value: T | None) -> Field[T]:
        if value is None:
            return none("the e-invoice does not state it")
        # What it states is printed too: where, is looked up when somebody wants to see it.
        quote = str(value) if isinstance(value, (str, Decimal)) and not isinstance(value, Kind) else None
        return Field(value, 0.99, why, None, quote, (Candidate(value, 0.99, why, None, quote),))

    flags = [
        Flag(name, f"{name}_missing", f"The e-invoice states no {name}.")
        for name in ("total", "currency", "date", "vendor", "number")
        if getattr(invoice, name) is None
    ]
    flags += [
        Flag("total", "total_mismatch", "The sums of the e-invoice do not agree: " + doubt + ".")
        for doubt in invoice.doubts
    ]
    reading = Reading(
        part=document.part,
        kind=known(invoice.kind),
        vendor=known(invoice.vendor),
        vendor_tax_id=known(invoice.vendor_tax_id),
        number=known(invoice.number),
        date=known(invoice.date),
        due_date=known(invoice.due_date),
        currency=known(invoice.currency),
        total=known(invoice.total),
        payable=known(invoice.payable),
        net=known(invoice.net),
        discount=known(abs(invoice.discount) if invoice.discount else None),
        payment_method=known(invoice.payment_method),
        card_last4=known(invoice.card_last4),
        billed_to=known(invoice.buyer),
        tax=tuple(invoice.taxes),
        items=tuple(invoice.items),
        flags=tuple(flags),
        source="einvoice",
    )
    reading = extract.negative(reading)
    return Found(document, [reading], [Reason("einvoice", f"It is an e-invoice ({invoice.syntax}).", 3.0)], exact=True)

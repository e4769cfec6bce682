"""The way in: a mail's or a file's bytes to readings with evidence; never raises for any bytes."""

from __future__ import annotations

import traceback
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import TypeVar

from receipts import detect, mime, sniff, split
from receipts.charsets import decode_bytes
from receipts.documents import einvoice, html, plain
from receipts.documents.pdf import Pdf, PdfError
from receipts.fields import extract, labels
from receipts.fields.choice import none
from receipts.layout import Text
from receipts.ocr import Ocr, OcrDeferred, OcrUnavailable
from receipts.types import (
    Candidate,
    Document,
    Field,
    Flag,
    Headers,
    Kind,
    MessageReading,
    Outcome,
    Reading,
    Reason,
)

T = TypeVar("T")
_NO_HEADERS = Headers("", "", "", "", "", None)
_INVOICES = frozenset({Kind.INVOICE, Kind.TAX_INVOICE, Kind.INVOICE_RECEIPT})
_MAX_DOCUMENTS = 40
_PHOTO_BYTES = 15_000
_OCR_PAGES = 3


@dataclass
class Options:
    """What a reading may use."""

    passwords: Sequence[str] = ()
    ocr: Ocr | None = None
    today: date | None = None
    ignore_xml: bool = False


@dataclass
class _Found:
    """One document's outcome: a reading when it is a receipt, the reasons either way."""

    document: Document
    readings: list[Reading]
    reasons: list[Reason]
    exact: bool = False
    body: bool = False


def read_message(
    raw: bytes,
    *,
    passwords: Sequence[str] = (),
    ocr: Ocr | None = None,
    today: date | None = None,
    ignore_xml: bool = False,
) -> MessageReading:
    """Read a mail.

    Args:
        raw: the mail as RFC 5322 bytes.
        passwords: tried on locked PDFs.
        ocr: reads pictures; None leaves them unread, but told apart.
        today: no document is younger.
        ignore_xml: leave e-invoice XML within PDFs aside.
    """
    options = Options(passwords, ocr, today, ignore_xml)
    headers = _NO_HEADERS
    try:
        message = mime.parse(raw)
        headers = message.headers
        return _message(message, options)
    except (MemoryError, OcrDeferred):
        raise
    except RecursionError:
        return _failed(headers, "too_deep", "The mail is nested too deeply to be read.")
    except Exception as error:  # noqa: BLE001 - whatever a mail makes a parser raise becomes a sentence
        return _failed(headers, "reader_error", f"The mail could not be read ({_place(error)}).")


def read_file(
    data: bytes,
    filename: str,
    *,
    media_type: str = "",
    passwords: Sequence[str] = (),
    ocr: Ocr | None = None,
    today: date | None = None,
    ignore_xml: bool = False,
    words: Text | None = None,
) -> MessageReading:
    """Read a loose file: PDF, picture, XML, HTML, text or .eml.

    Args:
        data: its bytes.
        filename: its name.
        media_type: as declared by whoever brought it; the bytes have the last word.
        passwords: tried on locked PDFs.
        ocr: reads pictures.
        today: no document is younger.
        ignore_xml: leave e-invoice XML within PDFs aside.
        words: a picture's words, in place of OCR.
    """
    options = Options(passwords, ocr, today, ignore_xml)
    try:
        kind = sniff.media_type(data, filename, media_type)
        if kind == sniff.EML and words is None:
            return read_message(data, passwords=passwords, ocr=ocr, today=today, ignore_xml=ignore_xml)
        name = mime.safe_name(filename)
        if kind in {sniff.ZIP, sniff.TNEF}:
            return _container(data, name, options)
        document = Document("1", name, kind, data)
        found = _document(document, _NO_HEADERS, options, words=words, in_mail=False)
        return _answer(_NO_HEADERS, [found], [], [])
    except (MemoryError, OcrDeferred):
        raise
    except RecursionError:
        return _failed(_NO_HEADERS, "too_deep", "The file is nested too deeply to be read.")
    except Exception as error:  # noqa: BLE001 - whatever a file makes a parser raise becomes a sentence
        return _failed(_NO_HEADERS, "reader_error", f"The file could not be read ({_place(error)}).")


def _container(data: bytes, name: str, options: Options) -> MessageReading:
    """An archive read as if a mail had brought its files."""
    message = mime.Message(_NO_HEADERS)
    mime.open_container(mime.Part("1", sniff.media_type(data, name, ""), name, data), message)
    return _message(message, options)


def _failed(headers: Headers, code: str, sentence: str, defects: Sequence[str] = ()) -> MessageReading:
    return MessageReading(Outcome.FAILED, (Reason(code, sentence, -1.0),), headers, (), (), tuple(defects))


def _place(error: BaseException) -> str:
    """Class and place of an error, never its text, which may hold the mail's."""
    own = [f for f in traceback.extract_tb(error.__traceback__) if "receipts" in f.filename]
    last = own[-1] if own else None
    return f"{type(error).__name__} in {Path(last.filename).name}:{last.lineno}" if last else type(error).__name__


# -- a whole mail ----------------------------------------------------------------------------------


def _message(message: mime.Message, options: Options) -> MessageReading:
    files: list[_Found] = []
    bodies: list[_Found] = []
    defects = list(message.defects)
    for one in message.walk():
        headers = _told(message.headers, one.headers)
        for part in one.files:
            if len(files) >= _MAX_DOCUMENTS:
                break
            document = Document(part.path, part.filename or _name_for(part), part.media_type, part.data)
            files.append(_document(document, headers, options))
        body = _body(one)
        if body:
            bodies.append(_read_body(body[0], body[1], one, headers, options))
    return _answer(message.headers, files, bodies, defects)


def _told(outer: Headers, inner: Headers) -> Headers:
    """Headers that speak for a nested mail: its own where it has them, the outer mail's date and recipient."""
    if inner is outer or not (inner.from_address or inner.subject):
        return outer
    return replace(inner, date=inner.date or outer.date, to=inner.to or outer.to)


def _name_for(part: mime.Part) -> str:
    endings = {
        sniff.PDF: "pdf",
        sniff.XML: "xml",
        sniff.HTML: "html",
        sniff.TEXT: "txt",
        "image/jpeg": "jpg",
        "image/png": "png",
        "image/tiff": "tif",
        "image/heic": "heic",
        "image/webp": "webp",
        "image/gif": "gif",
    }
    return f"document-{part.path.replace('/', '-')}.{endings.get(part.media_type, 'bin')}"


def _body(message: mime.Message) -> tuple[Document, Text] | None:
    """The mail's own text: HTML where it says something, else plain."""
    pages = [p for p in message.bodies if p.media_type == sniff.HTML]
    texts = [p for p in message.bodies if p.media_type != sniff.HTML]
    for part in pages:
        text = html.read(html.decode(part.data, part.charset))
        if sum(len(s.text) for s in text.segments) > 20:
            return Document(part.path, "message.html", sniff.HTML, part.data), text
    if texts:
        whole = "\n".join(decode_bytes(p.data, p.charset) for p in texts)
        text = plain.read(whole)
        if text.lines:
            return Document(texts[0].path, "message.txt", sniff.TEXT, texts[0].data), text
    return None


def _read_body(document: Document, text: Text, message: mime.Message, headers: Headers, options: Options) -> _Found:
    got = extract.read(text, document.part, headers, today=options.today)
    verdict = detect.judge(got, headers, body=True, bulk=message.bulk)
    found = _Found(document, [], verdict.reasons, body=True)
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
    return [got.reading]


def _waiting(reading: Reading, link: str) -> Reading:
    """A receipt whose document lies behind a link: what the mail tells, and the flag."""
    flag = Flag("*", "waiting_document", "The mail only links to its document; fetch it there and drop the file here.")
    return replace(reading, flags=(flag, *reading.flags), link=link, kind=Field(Kind.INVOICE, 0.5, "the mail says so"))


def _answer(headers: Headers, files: list[_Found], bodies: list[_Found], defects: Sequence[str]) -> MessageReading:
    """The whole mail's outcome: files that are receipts, else bodies that are."""
    good = _merged([f for f in files if f.readings])
    if not good:
        told = [b for b in bodies if b.readings]
        good = sorted(told, key=lambda b: any(f.code == "waiting_document" for r in b.readings for f in r.flags))[:1]
    documents = tuple(f.document for f in files) + tuple(b.document for b in bodies if b.readings and b in good)
    if good:
        readings = tuple(r for f in good for r in f.readings)
        strongest = sorted({(r.code, r.text, r.weight) for f in good for r in f.reasons}, key=lambda r: (-r[2], r[0]))
        return MessageReading(
            Outcome.RECEIPT, tuple(Reason(*r) for r in strongest), headers, documents, readings, tuple(defects)
        )
    broken = [
        r
        for f in files
        for r in f.reasons
        if r.code in {"pdf_broken", "pdf_password", "xml_broken", "xml_entities", "image_broken"}
    ]
    reasons_all = [r for f in [*files, *bodies] for r in f.reasons]
    told = {r.code: r for r in sorted(reasons_all, key=lambda r: r.weight, reverse=True)}
    reasons = [*broken, *(r for r in sorted(told.values(), key=lambda r: r.weight) if r not in broken)]
    if not reasons:
        reasons = [Reason("nothing_found", "Nothing in it looks like a receipt.", -1.0)]
    elif all(r.weight >= 0 for r in reasons):
        reasons.insert(0, Reason("too_few_signals", "Too little in it speaks for a receipt.", -0.5))
    outcome = Outcome.FAILED if broken and len(broken) == len(files) and not bodies else Outcome.NOT_RECEIPT
    return MessageReading(outcome, tuple(reasons), headers, documents, (), tuple(defects))


def _merged(found: list[_Found]) -> list[_Found]:
    """One purchase in two files is one reading: the exact one, else the invoice, stays.

    XML beside its PDF, a PDF and its picture, an invoice and the receipt of its payment.
    """
    out: list[_Found] = []
    for one in sorted(
        found,
        key=lambda f: (not f.exact, f.readings[0].kind.value not in _INVOICES, f.document.media_type != sniff.PDF),
    ):
        if any(_same(a, b) for kept in out for a in kept.readings for b in one.readings):
            continue
        out.append(one)
    return out


def _same(a: Reading, b: Reading) -> bool:
    if a.total.value is None or b.total.value is None or abs(a.total.value) != abs(b.total.value):
        return a.source == b.source == "none"
    days = a.date.value is None or b.date.value is None or abs((a.date.value - b.date.value).days) <= 3
    if a.number.value and b.number.value and labels.squeeze(a.number.value) != labels.squeeze(b.number.value):
        kinds = {a.kind.value, b.kind.value}
        paid = kinds == {Kind.RECEIPT, Kind.INVOICE} or kinds == {Kind.RECEIPT, Kind.TAX_INVOICE}
        named = _names(a, b.number.value) or _names(b, a.number.value)
        return days and (paid or named)
    return days


def _names(reading: Reading, number: str) -> bool:
    """Whether a reading's document names this number too."""
    return any(labels.squeeze(c.value) == labels.squeeze(number) for c in reading.number.candidates)


# -- one document ----------------------------------------------------------------------------------


def _document(
    document: Document, headers: Headers, options: Options, *, words: Text | None = None, in_mail: bool = True
) -> _Found:
    kind = document.media_type
    if words is not None:
        return _read_text(document, words, headers, options, in_mail=in_mail)
    if kind == sniff.PDF:
        return _pdf(document, headers, options, in_mail=in_mail)
    if kind == sniff.XML or (kind in {sniff.TEXT, sniff.OTHER} and einvoice.looks_like(document.data)):
        return _xml(document)
    if kind == sniff.HTML:
        text = html.read(html.decode(document.data))
        got = extract.read(text, document.part, headers, filename=document.filename, today=options.today)
        verdict = detect.judge(got, headers, body=True, bulk=False, filename=document.filename, in_mail=in_mail)
        return _Found(document, _orders(got, headers, options) if verdict.receipt else [], verdict.reasons)
    if kind.startswith("image/"):
        return _image(document, headers, options, in_mail=in_mail)
    if kind == sniff.TEXT:
        return _read_text(document, plain.read(decode_bytes(document.data, "")), headers, options, in_mail=in_mail)
    return _Found(document, [], [Reason("unknown_type", "A file of a kind that holds no receipt.", -0.3)])


def _read_text(document: Document, text: Text, headers: Headers, options: Options, *, in_mail: bool) -> _Found:
    got = extract.read(text, document.part, headers, filename=document.filename, today=options.today)
    verdict = detect.judge(got, headers, body=False, bulk=False, filename=document.filename, in_mail=in_mail)
    return _Found(document, [got.reading] if verdict.receipt else [], verdict.reasons)


def _pdf(document: Document, headers: Headers, options: Options, *, in_mail: bool) -> _Found:
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
    except PdfError as error:
        return _Found(document, [], [Reason(error.code, error.sentence, -1.0)])
    return _read_text(document, text, headers, options, in_mail=in_mail)


def _scanned(document: Document, pdf: Pdf, headers: Headers, options: Options, *, in_mail: bool) -> _Found:
    if options.ocr is None:
        return _unread(
            document, headers, "The PDF holds a picture only, and reading of pictures is off.", in_mail=in_mail
        )
    lines, sizes = [], []
    try:
        for number in range(min(pdf.pages, _OCR_PAGES)):
            page = options.ocr.read(pdf.picture(number), page=number)
            lines += page.lines
            sizes += list(page.sizes[-1:])
    except OcrUnavailable:
        return _unread(
            document,
            headers,
            "The PDF holds a picture only, and no engine that reads pictures is installed.",
            in_mail=in_mail,
        )
    return _read_text(document, Text(lines, "ocr", tuple(sizes), pages=pdf.pages), headers, options, in_mail=in_mail)


def _image(document: Document, headers: Headers, options: Options, *, in_mail: bool) -> _Found:
    from receipts.documents import image

    if options.ocr is None:
        return _unread(document, headers, "Reading of pictures is off.", in_mail=in_mail)
    try:
        text = image.read(document.data, options.ocr)
    except image.ImageError as error:
        return _Found(document, [], [Reason(error.code, error.sentence, -0.6)])
    except OcrUnavailable:
        return _unread(document, headers, "No engine that reads pictures is installed.", in_mail=in_mail)
    if text is None:
        return _Found(document, [], [Reason("decoration", "A small picture without text.", -0.3)])
    return _read_text(document, text, headers, options, in_mail=in_mail)


def _unread(document: Document, headers: Headers, sentence: str, *, in_mail: bool) -> _Found:
    """A picture that could not be read: a receipt to be looked at when the mail says that it is one."""
    said = detect.words(f"{headers.subject} {document.filename}")
    spoken = (
        any(c.startswith("k.") and c not in {"k.quote", "k.statement", "k.delivery_note"} for c in said)
        or "x.bought" in said
    )
    reason = Reason("not_read", sentence, 0.1)
    if not (in_mail and spoken) or len(document.data) < _PHOTO_BYTES:
        return _Found(document, [], [replace(reason, weight=-0.3)])
    empty = "it was not read"
    reading = Reading(
        document.part, Field(Kind.RECEIPT, 0.4, "the mail says so"), none(empty), none(empty), none(empty), none(empty), none(empty), none(empty), none(empty), none(empty), none(empty),
        flags=(Flag("*", "not_read", sentence),), source="none",
    )  # fmt: skip
    return _Found(document, [reading], [reason, Reason("subject", "The mail speaks of a receipt.", 0.6)])


# -- exact sources ---------------------------------------------------------------------------------


def _xml(document: Document) -> _Found:
    try:
        invoice = einvoice.parse(document.data)
    except einvoice.XmlRefused as error:
        return _Found(document, [], [Reason(error.code, error.sentence, -0.8)])
    return _exact(document, invoice)


def _exact(document: Document, invoice: einvoice.EInvoice) -> _Found:
    why = f"stated by the e-invoice ({invoice.syntax})"

    def known(value: T | None) -> Field[T]:
        if value is None:
            return none("the e-invoice does not state it")
        return Field(value, 0.99, why, candidates=(Candidate(value, 0.99, why),))

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
        tax=tuple(invoice.taxes),
        items=tuple(invoice.items),
        flags=tuple(flags),
        source="einvoice",
    )
    reading = extract.negative(reading)
    return _Found(document, [reading], [Reason("einvoice", f"It is an e-invoice ({invoice.syntax}).", 3.0)], exact=True)

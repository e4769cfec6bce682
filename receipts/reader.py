"""The way in: a mail's or a file's bytes to readings with evidence; never raises for any bytes."""

from __future__ import annotations

import traceback
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

from receipts import mime, sniff
from receipts.charsets import decode_bytes
from receipts.documents import html, plain
from receipts.fields import labels
from receipts.layout import Text
from receipts.ocr import Ocr, OcrDeferred
from receipts.papers import Found, Options, read_body, read_document
from receipts.types import Document, Headers, Kind, MessageReading, Outcome, Reading, Reason

_NO_HEADERS = Headers("", "", "", "", "", None)
_INVOICES = frozenset({Kind.INVOICE, Kind.TAX_INVOICE, Kind.INVOICE_RECEIPT})
_MAX_DOCUMENTS = 40


def read_message(
    raw: bytes,
    *,
    passwords: Sequence[str] = (),
    ocr: Ocr | None = None,
    today: date | None = None,
    ignore_xml: bool = False,
    texts: bool = False,
    told: Mapping[str, str] | None = None,
) -> MessageReading:
    """Read a mail.

    Args:
        raw: the mail as RFC 5322 bytes.
        passwords: tried on locked PDFs.
        ocr: reads pictures; None leaves them unread, but told apart.
        today: no document is younger.
        ignore_xml: leave e-invoice XML within PDFs aside.
        texts: doubtful readings carry the text that they were read from.
        told: a language model's answers, by the part they are about.
    """
    options = Options(passwords, ocr, today, ignore_xml, texts, told or {})
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
    texts: bool = False,
    told: Mapping[str, str] | None = None,
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
        texts: as in read_message.
        told: as in read_message.
    """
    options = Options(passwords, ocr, today, ignore_xml, texts, told or {})
    try:
        kind = sniff.media_type(data, filename, media_type)
        if kind == sniff.EML and words is None:
            return read_message(
                data, passwords=passwords, ocr=ocr, today=today, ignore_xml=ignore_xml, texts=texts, told=told
            )
        name = mime.safe_name(filename)
        if kind in {sniff.ZIP, sniff.TNEF}:
            return _container(data, name, options)
        document = Document("1", name, kind, data)
        found = read_document(document, _NO_HEADERS, options, words=words, in_mail=False)
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
    files: list[Found] = []
    bodies: list[Found] = []
    defects = list(message.defects)
    for one in message.walk():
        headers = _told(message.headers, one.headers)
        for part in one.files:
            if len(files) >= _MAX_DOCUMENTS:
                break
            document = Document(part.path, part.filename or _name_for(part), part.media_type, part.data)
            files.append(read_document(document, headers, options))
        body = _body(one)
        if body:
            bodies.append(read_body(body[0], body[1], headers, options, bulk=one.bulk))
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
        if sum(len(s.text) for s in text.segments) > 20 or text.links:
            return Document(part.path, "message.html", sniff.HTML, part.data), text
    if texts:
        whole = "\n".join(decode_bytes(p.data, p.charset) for p in texts)
        text = plain.read(whole)
        if text.lines:
            return Document(texts[0].path, "message.txt", sniff.TEXT, texts[0].data), text
    return None


def _answer(headers: Headers, files: list[Found], bodies: list[Found], defects: Sequence[str]) -> MessageReading:
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
    every = [r for f in [*files, *bodies] for r in f.reasons]
    by_code = {r.code: r for r in sorted(every, key=lambda r: r.weight, reverse=True)}
    reasons = [*broken, *(r for r in sorted(by_code.values(), key=lambda r: r.weight) if r not in broken)]
    if not reasons:
        reasons = [Reason("nothing_found", "Nothing in it looks like a receipt.", -1.0)]
    elif all(r.weight >= 0 for r in reasons):
        reasons.insert(0, Reason("too_few_signals", "Too little in it speaks for a receipt.", -0.5))
    outcome = Outcome.FAILED if broken and len(broken) == len(files) and not bodies else Outcome.NOT_RECEIPT
    return MessageReading(outcome, tuple(reasons), headers, documents, (), tuple(defects))


def _merged(found: list[Found]) -> list[Found]:
    """One purchase in two files is one reading: the exact one, else the invoice, stays.

    XML beside its PDF, a PDF and its picture, an invoice and the receipt of its payment.
    """
    out: list[Found] = []
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

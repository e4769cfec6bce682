"""Small mails and documents for the tests of the reading."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from email.message import EmailMessage
from pathlib import Path

from fpdf import FPDF

from receipts.documents.words import from_words
from receipts.layout import Word
from receipts.reader import read_file
from receipts.types import Reading

FONTS = Path(__file__).resolve().parents[2] / "receipts" / "fonts"


def mail(
    text: str = "",
    *,
    html: str = "",
    subject: str = "",
    sender: str = "Northlight Shop <orders@northlight.example>",
    date: str = "Tue, 04 Mar 2025 09:30:00 +0200",
    headers: Mapping[str, str] | None = None,
    files: Iterable[tuple[str, str, bytes]] = (),
) -> bytes:
    """A mail as bytes; `files` are (name, media type, bytes)."""
    message = EmailMessage()
    message["From"], message["To"], message["Subject"], message["Date"] = sender, "me@example.com", subject, date
    for name, value in (headers or {}).items():
        message[name] = value
    message.set_content(text or "See below.")
    if html:
        message.add_alternative(html, subtype="html")
    for name, kind, data in files:
        main, _, sub = kind.partition("/")
        message.add_attachment(data, maintype=main, subtype=sub, filename=name)
    return message.as_bytes()


def table(rows: Sequence[Sequence[str]]) -> str:
    """An HTML table."""
    cells = ("".join(f"<td>{cell}</td>" for cell in row) for row in rows)
    return "<table>" + "".join(f"<tr>{row}</tr>" for row in cells) + "</table>"


def pdf(lines: Sequence[str | Sequence[tuple[float, str]]], *, rotate: int = 0, password: str = "") -> bytes:
    """A page of text; a line is a text, or (millimetres from the left, text) for each of its columns."""
    paper = FPDF(unit="mm", format="A4")
    paper.add_page()
    paper.set_font("Helvetica", size=11)
    y = 20.0
    for line in lines:
        for x, text in [(20.0, line)] if isinstance(line, str) else line:
            paper.text(x, y, text)
        y += 7
    if password:
        paper.set_encryption(owner_password="owner", user_password=password)
    data = bytes(paper.output())
    if rotate:
        import pypdfium2

        document = pypdfium2.PdfDocument(data)
        document[0].set_rotation(rotate)
        out = io.BytesIO()
        document.save(out)
        data = out.getvalue()
    return data


def read(*lines: str | tuple[str, str]) -> Reading:
    """The one receipt of a page with these lines; a pair is a label and its value."""
    rows = [line if isinstance(line, str) else [(20.0, line[0]), (150.0, line[1])] for line in lines]
    (receipt,) = read_file(pdf(rows), "paper.pdf").receipts
    return receipt


def slip(*lines: str) -> Reading:
    """A slip as OCR gives it: one box for each part of a line that two blanks set apart."""
    words = []
    for row, line in enumerate(lines):
        for column, text in enumerate(part for part in line.split("  ") if part):
            left = 20.0 + 260 * column
            words.append(Word(text.strip(), left, 30.0 * row, left + 9 * len(text), 30.0 * row + 20))
    (receipt,) = read_file(b"\xff\xd8\xff", "slip.jpg", words=from_words(words)).receipts
    return receipt

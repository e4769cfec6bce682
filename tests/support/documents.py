"""Documents for the tests of rendering: PDFs, pictures and mails made on the spot."""

from __future__ import annotations

import io
import shutil
from email.message import EmailMessage

import pytest
from fpdf import FPDF
from fpdf.enums import AccessPermission, EncryptionMethod
from PIL import Image, ImageDraw

from receipts.rendering.fonts import FOLDER


def tool(name: str) -> str:
    """A program of the system's that CI installs; elsewhere the test is skipped without it."""
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed")
    return found


def pdf(
    pages: int = 1, *, text: str = "Total 12.00", size: tuple[float, float] = (595, 842), password: str = ""
) -> bytes:
    """A PDF with a line of text on each page, locked where a password is given."""
    out = FPDF(unit="pt", format=size)
    out.set_auto_page_break(auto=False)
    out.add_font("arimo", "", FOLDER / "Arimo-Regular.ttf")
    out.set_font("arimo", size=20)
    for number in range(pages):
        out.add_page()
        out.text(50, 100, f"{text} page {number + 1}")
    if password:
        out.set_encryption(
            "owner",
            user_password=password,
            encryption_method=EncryptionMethod.AES_128,
            permissions=AccessPermission.none(),
        )
    return bytes(out.output())


def picture(
    kind: str = "PNG",
    size: tuple[int, int] = (300, 200),
    color: object = (255, 0, 0),
    mode: str = "RGB",
    **options: object,
) -> bytes:
    """A picture whose top left quarter is black."""
    image = Image.new(mode, size, color)  # type: ignore[arg-type]
    ImageDraw.Draw(image).rectangle((0, 0, size[0] // 2, size[1] // 2), fill=0 if mode == "L" else (0, 0, 0))
    out = io.BytesIO()
    image.save(out, kind, **options)  # type: ignore[arg-type]
    return out.getvalue()


def opened(webp: bytes) -> Image.Image:
    """A WebP page image as pixels."""
    image = Image.open(io.BytesIO(webp))
    assert image.format == "WEBP"
    return image.convert("RGB")


def mail(html: str, *, subject: str = "Your receipt", pictures: dict[str, bytes] | None = None) -> bytes:
    """A mail with an HTML body and pictures by Content-ID."""
    message = EmailMessage()
    message["From"] = "Café Alma <billing@alma.example>"
    message["To"] = "me@example.com"
    message["Subject"] = subject
    message["Date"] = "Thu, 12 Nov 2026 09:30:00 +0200"
    message.set_content("plain words")
    message.add_alternative(html, subtype="html")
    body = message.get_payload()[1]  # type: ignore[index]
    for name, data in (pictures or {}).items():
        body.add_related(data, "image", "png", cid=f"<{name}>")  # type: ignore[union-attr]
    return message.as_bytes()

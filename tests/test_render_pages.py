"""Page images and thumbnails of PDFs and pictures, hostile ones among them."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image, ImageOps

from errors import Tellable
from receipts.render import page_count, page_image, thumbnail, to_pdf
from receipts.rendering import pages
from tests.support.documents import opened, pdf, picture


def code(call: object, *arguments: object, **named: object) -> str:
    """The code of the Tellable that a call raises."""
    with pytest.raises(Tellable) as caught:
        call(*arguments, **named)  # type: ignore[operator]
    return caught.value.code


def test_a_pdfs_pages_are_counted_and_shown_at_the_width_asked_for() -> None:
    data = pdf(3)
    assert page_count(data, "application/pdf") == 3
    first, last = (opened(page_image(data, "application/pdf", page=n, width=800)) for n in (0, 2))
    assert first.size == (800, 1133)
    assert first.tobytes() != last.tobytes()
    assert first.getpixel((5, 5)) == (255, 255, 255)
    assert first.convert("L").getextrema()[0] < 60


def test_the_bytes_decide_what_a_document_is_not_its_name() -> None:
    assert page_count(pdf(2), "application/octet-stream") == 2
    assert page_count(picture(), "application/pdf") == 1


def test_a_missing_page_is_told_with_the_number_of_pages() -> None:
    with pytest.raises(Tellable) as caught:
        page_image(pdf(2), "application/pdf", page=2)
    assert (caught.value.code, caught.value.details) == ("page_missing", {"page": 2, "pages": 2})
    assert code(page_image, picture(), "image/png", page=1) == "page_missing"
    assert code(page_image, pdf(), "application/pdf", page=-1) == "page_missing"


def test_a_locked_pdf_is_told_and_opens_with_one_of_the_passwords() -> None:
    data = pdf(password="hunter2")
    assert code(page_image, data, "application/pdf") == "document_locked"
    assert code(page_count, data, "application/pdf", passwords=["no", "nor this"]) == "document_locked"
    assert opened(page_image(data, "application/pdf", passwords=["no", "hunter2"])).width == 1200


@pytest.mark.parametrize(
    ("data", "media_type"),
    [
        (b"%PDF-1.7\ngarbage", "application/pdf"),
        (b"", "application/pdf"),
        (pdf()[:400], "application/pdf"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 50, "image/png"),
        (picture("JPEG")[:300], "image/jpeg"),
        (b"II*\0" + b"\xff" * 40, "image/tiff"),
        (b"\0\0\0\x18ftypheic" + b"\0" * 40, "image/heic"),
        (b"not a picture", "image/png"),
    ],
)
def test_damaged_documents_are_told(data: bytes, media_type: str) -> None:
    assert code(page_image, data, media_type) == "document_damaged"


def test_a_page_of_huge_size_stays_within_the_bounds() -> None:
    wide = opened(page_image(pdf(size=(14_000, 200)), "application/pdf", width=2400))
    tall = opened(page_image(pdf(size=(200, 14_000)), "application/pdf", width=2400))
    assert wide.width == 2400
    for image in (wide, tall):
        assert image.width * image.height <= 1.01 * pages.MAX_PIXELS
        assert max(image.size) <= pages.MAX_SIDE + 1


def test_ten_thousand_pages_cost_no_more_than_the_one_shown() -> None:
    leaves = b"".join(
        b"%d 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]>>endobj\n" % n for n in range(3, 10_003)
    )
    kids = b" ".join(b"%d 0 R" % n for n in range(3, 10_003))
    data = (
        b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Count 10000/Kids["
        + kids
        + b"]>>endobj\n"
        + leaves
        + b"trailer<</Root 1 0 R>>\n%%EOF"
    )
    assert page_count(data, "application/pdf") == 10_000
    assert opened(page_image(data, "application/pdf", page=9_999, width=200)).size == (200, 200)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_photo_is_turned_upright_by_its_exif_data(orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = picture("JPEG", (400, 200), exif=exif)
    image = opened(page_image(data, "image/jpeg"))
    upright = ImageOps.exif_transpose(Image.open(io.BytesIO(data)))
    assert image.size == upright.size
    for x, y in ((0.2, 0.2), (0.8, 0.2), (0.2, 0.8), (0.8, 0.8)):
        place = (int(x * image.width), int(y * image.height))
        assert image.getpixel(place) == pytest.approx(upright.getpixel(place), abs=12)


def test_what_is_transparent_becomes_white() -> None:
    image = Image.new("RGBA", (100, 100), (0, 0, 0, 0))
    out = io.BytesIO()
    image.save(out, "PNG")
    assert opened(page_image(out.getvalue(), "image/png")).getpixel((50, 50)) == (255, 255, 255)


def test_a_tiffs_pages_are_pages_and_a_gifs_frames_are_not() -> None:
    frames = [Image.new("RGB", (80, 60), (n * 100, 0, 0)) for n in range(3)]
    for kind, count in (("TIFF", 3), ("GIF", 1)):
        out = io.BytesIO()
        frames[0].save(out, kind, save_all=True, append_images=frames[1:])
        assert page_count(out.getvalue(), f"image/{kind.lower()}") == count
    out = io.BytesIO()
    frames[0].save(out, "TIFF", save_all=True, append_images=frames[1:])
    assert opened(page_image(out.getvalue(), "image/tiff", page=2)).getpixel((10, 10))[0] > 190  # type: ignore[index]


@pytest.mark.parametrize("mode", ["1", "L", "P", "CMYK", "I;16", "LA"])
def test_every_kind_of_pixels_is_shown(mode: str) -> None:
    out = io.BytesIO()
    Image.new(mode, (60, 40)).save(out, "JPEG" if mode == "CMYK" else "PNG")
    assert opened(page_image(out.getvalue(), "")).size == (60, 40)


def test_a_phones_heic_photo_is_shown() -> None:
    image = opened(page_image((Path(__file__).parent / "data/photo.heic").read_bytes(), "image/heic"))
    assert image.size == (240, 160)
    assert sum(image.getpixel((20, 20))) < 60  # type: ignore[arg-type]
    assert min(image.getpixel((200, 140))) > 220  # type: ignore[type-var]


def test_a_decompression_bomb_is_refused_and_a_large_jpeg_is_reduced_while_it_is_read() -> None:
    out = io.BytesIO()
    Image.new("1", (12_000, 12_000)).save(out, "PNG")
    assert len(out.getvalue()) < 100_000
    assert code(page_image, out.getvalue(), "image/png") == "document_too_large"
    large = picture("JPEG", (3000, 4000))
    assert opened(page_image(large, "image/jpeg", width=1200)).size == (1200, 1600)


def test_a_small_picture_is_not_blown_up() -> None:
    assert opened(page_image(picture(size=(300, 200)), "image/png", width=1200)).size == (300, 200)


def test_an_svg_is_not_drawn() -> None:
    data = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
    assert code(page_image, data, "image/svg+xml") == "document_unsupported"
    assert code(to_pdf, b"\x00\x01\x02\x03" * 100, "application/octet-stream") == "document_unsupported"


@pytest.mark.parametrize("data", [pdf(), picture(size=(900, 3000)), picture("JPEG", (50, 50)), pdf(size=(2000, 90))])
def test_a_thumbnail_has_one_size_and_less_than_four_kilobytes(data: bytes) -> None:
    out = thumbnail(data, "")
    assert len(out) < 4096
    assert opened(out).size == (96, 118)


def test_even_noise_makes_a_thumbnail_under_four_kilobytes() -> None:
    out = io.BytesIO()
    Image.effect_noise((960, 1180), 200).convert("RGB").save(out, "PNG")
    assert len(thumbnail(out.getvalue(), "image/png")) < 4096


def test_a_page_of_text_costs_little_and_is_sharp() -> None:
    out = page_image(pdf(text="Invoice 2026-11-12, total 184.00 " * 3), "application/pdf")
    assert len(out) < 40_000
    assert opened(out).convert("L").getextrema() == (0, 255)


def test_a_picture_becomes_a_pdf_of_one_page_lying_as_it_does() -> None:
    upright, lying = to_pdf(picture("JPEG", (600, 900)), ""), to_pdf(picture("JPEG", (900, 600)), "")
    assert upright.startswith(b"%PDF-")
    assert opened(page_image(upright, "", width=500)).height > 500 > opened(page_image(lying, "", width=500)).height


def test_a_pdf_passes_through_byte_for_byte() -> None:
    data = pdf()
    assert to_pdf(data, "application/pdf", title="other", headers=[("From", "x")]) == data

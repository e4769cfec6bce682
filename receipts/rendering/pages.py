"""Pages of PDFs and pictures as WebP images, whatever size or trick the document comes with."""

from __future__ import annotations

import contextlib
import io
import math
import warnings
from collections.abc import Iterator, Sequence
from typing import Final

import pypdfium2 as pdfium
from PIL import Image, UnidentifiedImageError
from pypdfium2 import raw as pdfium_c

from errors import Tellable
from receipts.rendering.formats import PICTURES
from receipts.rendering.kinds import is_heif

MAX_WIDTH: Final = 2400
MAX_PIXELS: Final = 16_000_000  # of a page image
MAX_SIDE: Final = 16_000  # WebP ends at 16,383
MAX_PICTURE_PIXELS: Final = 50_000_000  # decoded in one piece; JPEG is reduced while it is decoded
THUMBNAIL: Final = (96, 118)
THUMBNAIL_BYTES: Final = 4096
_TURNS: Final = {  # EXIF's orientations
    2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180, 4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_270, 7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}  # fmt: skip
_LOSSLESS_BYTES: Final = 200_000
_WHITE: Final = (255, 255, 255, 255)

Image.MAX_IMAGE_PIXELS = None  # the bound below holds instead: a warning helps nobody


def damaged() -> Tellable:
    """The error of a document that cannot be opened."""
    return Tellable("document_damaged", "This document is damaged and cannot be shown. Download the original.")


def locked() -> Tellable:
    """The error of a document that needs a password."""
    return Tellable("document_locked", "This document is locked with a password. Add its password in Settings.")


def no_page(page: int, count: int) -> Tellable:
    """The error of a page that is not there."""
    return Tellable("page_missing", f"This document has {count} pages.", page=page, pages=count)


def too_large() -> Tellable:
    """The error of a picture that would need too much memory."""
    return Tellable("document_too_large", "This picture is too large to be shown. Download the original.")


@contextlib.contextmanager
def open_pdf(data: bytes, passwords: Sequence[str] = ()) -> Iterator[pdfium.PdfDocument]:
    """A PDF, opened without a password or with the first that fits.

    Raises:
        Tellable: document_locked, document_damaged.
    """
    document = None
    for password in (None, *passwords):
        try:
            document = pdfium.PdfDocument(data, password=password)
        except pdfium.PdfiumError as error:
            if error.err_code == pdfium_c.FPDF_ERR_PASSWORD:
                continue
            # An unknown kind of lock (a certificate's) is a lock too, not a damage.
            raise (locked() if error.err_code == pdfium_c.FPDF_ERR_SECURITY else damaged()) from None
        break
    if document is None:
        raise locked()
    with contextlib.closing(document):
        # Figures of filled-in forms are drawn only with a form environment. A broken form is no reason to fail.
        with contextlib.suppress(pdfium.PdfiumError), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # XFA forms: their plain twins are drawn
            document.init_forms()
        yield document


def pdf_page_count(data: bytes, passwords: Sequence[str] = ()) -> int:
    """How many pages a PDF has."""
    with open_pdf(data, passwords) as document:
        return len(document)


def pdf_page(data: bytes, page: int, width: int, passwords: Sequence[str] = ()) -> Image.Image:
    """One page of a PDF, `width` pixels wide; narrower where the page would exceed the bounds."""
    with open_pdf(data, passwords) as document:
        if not 0 <= page < len(document):
            raise no_page(page, len(document))
        try:
            leaf = document[page]
        except pdfium.PdfiumError:
            raise damaged() from None
        try:
            size = leaf.get_size()
            if not all(math.isfinite(side) and side > 0 for side in size):
                raise damaged()
            scale = (fitting(size, width) - 1e-6) / size[0]  # the bitmap's sides are rounded up
            bitmap = leaf.render(
                scale=scale,
                fill_color=_WHITE,
                prefer_bgrx=True,
                rev_byteorder=True,
                optimize_mode=None,
                limit_image_cache=True,
            )
            try:
                picture: Image.Image = bitmap.to_pil().convert("RGB")
                return picture
            finally:
                bitmap.close()
        finally:
            leaf.close()


def fitting(size: tuple[float, float], width: float) -> float:
    """The width, at most `width`, at which a page of this size stays within the bounds."""
    ratio = size[1] / size[0]
    return max(1.0, min(float(width), MAX_WIDTH, MAX_SIDE / ratio, math.sqrt(MAX_PIXELS / ratio)))


@contextlib.contextmanager
def _picture(data: bytes) -> Iterator[Image.Image]:
    formats = PICTURES
    if is_heif(data):
        formats = ("HEIF",)
        import pi_heif  # only phones' photos need it, and it takes 30 ms to load

        pi_heif.register_heif_opener()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of broken EXIF data and the like
            picture = Image.open(io.BytesIO(data), formats=formats)
        with picture:
            yield picture
    except UnidentifiedImageError:
        raise damaged() from None
    except (OSError, SyntaxError, ValueError, EOFError, KeyError, IndexError, TypeError):
        raise damaged() from None  # Pillow's decoders raise all of these on broken files


def picture_page_count(data: bytes) -> int:
    """How many pages a picture has: a TIFF's, else one."""
    with _picture(data) as picture:
        return _frames(picture)


def picture_page(data: bytes, page: int, width: int) -> Image.Image:
    """One page of a picture, upright, on white, at most `width` pixels wide and never enlarged."""
    with _picture(data) as picture:
        if not 0 <= page < _frames(picture):
            raise no_page(page, _frames(picture))
        if page:
            picture.seek(page)
        wide, high = picture.size
        if wide < 1 or high < 1:
            raise damaged()
        orientation = picture.getexif().get(0x0112, 1)
        sideways = orientation in {5, 6, 7, 8}
        size = (high, wide) if sideways else (wide, high)
        target = min(fitting(size, width), size[0])
        goal = (round(target), max(1, round(target * size[1] / size[0])))
        lying = goal[::-1] if sideways else goal
        if picture.format in {"JPEG", "MPO"}:
            # Decode at 1/2, 1/4 or 1/8: quicker, and a bomb stays small.
            picture.draft("RGB", lying)
        if picture.size[0] * picture.size[1] > MAX_PICTURE_PIXELS:
            raise too_large()
        image: Image.Image = picture
        factor = min(picture.size[0] // lying[0], picture.size[1] // lying[1], 16)
        if factor >= 2 and picture.mode in {"L", "LA", "RGB", "RGBA", "CMYK"}:
            image = picture.reduce(factor)  # before copies are made, which would not fit
        if image.mode in {"RGBA", "LA"}:  # laid on white when it is small
            image = image.resize(lying, Image.Resampling.LANCZOS)
        image = _flattened(image).resize(lying, Image.Resampling.LANCZOS, reducing_gap=2)
        return image.transpose(_TURNS[orientation]) if orientation in _TURNS else image


def _frames(picture: Image.Image) -> int:
    return int(getattr(picture, "n_frames", 1)) if picture.format == "TIFF" else 1


def _flattened(picture: Image.Image) -> Image.Image:
    if picture.mode == "RGB" and "transparency" not in picture.info:
        return picture  # a copy of a large one would not fit
    if picture.mode.startswith("I") or picture.mode == "F":  # 16 bits a sample
        picture = picture.convert("I").point(lambda v: v / 256).convert("L")
    if picture.has_transparency_data:
        picture = picture.convert("RGBA")
        white = Image.new("RGBA", picture.size, _WHITE)
        return Image.alpha_composite(white, picture).convert("RGB")
    return picture.convert("RGB")


def webp(picture: Image.Image, *, photo: bool = False) -> bytes:
    """The picture as WebP: a page of text without loss (crisp, and the quickest), a photo or a scan with."""
    if not photo:
        # 25 ms and about 100 KB for a page of 1200 pixels; with loss it is 45 ms and no smaller.
        out = _encoded(picture, lossless=True, quality=20, method=1)
        if len(out) <= _LOSSLESS_BYTES:
            return out
    return _encoded(picture, quality=78, method=2)


def _encoded(picture: Image.Image, **options: bool | int) -> bytes:
    out = io.BytesIO()
    picture.save(out, "WEBP", **options)
    return out.getvalue()


def thumbnail_of(page: Image.Image) -> bytes:
    """The top of a page as WebP under 4 KB, 96 by 118 pixels; a short page is filled up with white."""
    wide, high = THUMBNAIL
    scaled = page.resize(
        (wide, max(1, round(page.height * wide / page.width))), Image.Resampling.LANCZOS, reducing_gap=2
    )
    canvas = Image.new("RGB", THUMBNAIL, _WHITE[:3])
    canvas.paste(scaled.crop((0, 0, wide, min(high, scaled.height))))
    for quality in (72, 55, 40, 25, 10, 0):
        out = _encoded(canvas, quality=quality, method=4)
        if len(out) < THUMBNAIL_BYTES:
            return out
    return _encoded(Image.new("RGB", THUMBNAIL, _WHITE[:3]), quality=0)

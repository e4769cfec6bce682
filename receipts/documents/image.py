"""Pictures: opened within limits, turned upright, read by an OCR engine."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from PIL import Image, ImageOps, ImageSequence

from receipts.documents import codes
from receipts.documents.payloads import Code
from receipts.layout import Text
from receipts.ocr import Ocr

MAX_PIXELS = 80_000_000
_LEAST = 150  # pixels of the shorter side; what is smaller is decoration
_LONGEST = 3000
_FRAMES = 4


class ImageError(Exception):
    """The picture cannot be opened; `code` is `image_broken` or `image_too_large`."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence


def frames(data: bytes) -> list[Image.Image]:
    """The pictures of a file, upright, in RGB, at most 3000 pixels long; raises ImageError."""
    out: list[Image.Image] = []
    try:
        with _opened(data) as picture:
            picture.draft("RGB", (_LONGEST, _LONGEST))
            single = picture.format not in {"TIFF"}
            for number, frame in enumerate(ImageSequence.Iterator(picture)):
                if number >= (1 if single else _FRAMES):
                    break
                upright = ImageOps.exif_transpose(frame) or frame
                if upright.mode in {"RGBA", "LA", "P"}:
                    upright = upright.convert("RGBA")
                    ground = Image.new("RGB", upright.size, "white")
                    ground.paste(upright, mask=upright.getchannel("A"))
                    upright = ground
                upright = upright.convert("RGB")
                upright.thumbnail((_LONGEST, _LONGEST))
                out.append(upright)
    except ImageError:
        if not out:
            raise
    return out


@contextmanager
def _opened(data: bytes) -> Iterator[Image.Image]:
    """A picture of which no more than the head has been read; whatever goes wrong with it is an ImageError."""
    try:
        if data[4:8] == b"ftyp":
            import pi_heif  # HEIC: only phones' photos need it, and it takes 30 ms to load

            pi_heif.register_heif_opener()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(data)) as picture:
                _bounded(picture)
                yield picture
    except ImageError:
        raise
    except Exception as error:
        raise ImageError("image_broken", "The picture is broken or of an unknown kind.") from error


def _bounded(picture: Image.Image) -> None:
    if picture.width * picture.height > MAX_PIXELS:
        raise ImageError("image_too_large", "The picture has more than 80 million pixels.")


def read(data: bytes, ocr: Ocr) -> Text | None:
    """The words of a picture; None where it is too small to hold any."""
    with _opened(data) as picture:
        if min(picture.size) < _LEAST:
            return None
    ocr.ready()
    pictures = frames(data)
    text = joined([ocr.read(picture, page=number) for number, picture in enumerate(pictures)])
    text.codes = codes_of(pictures)
    return text


def codes_of(pictures: Sequence[Image.Image]) -> tuple[Code, ...]:
    """What the QR codes in a document's pages state."""
    return tuple(code for number, picture in enumerate(pictures) for code in codes.of_picture(picture, number))


def joined(texts: Sequence[Text], pages: int = 0) -> Text:
    """Pictures read one after another as one document of so many pages."""
    lines = [line for text in texts for line in text.lines]
    sizes = [text.sizes[-1] if text.sizes else (0.0, 0.0) for text in texts]
    turns = [text.turns[-1] if text.turns else 0 for text in texts]
    slopes = [text.slopes[-1] if text.slopes else 0.0 for text in texts]
    return Text(lines, "ocr", tuple(sizes), turns=tuple(turns), slopes=tuple(slopes), pages=pages or len(texts))

"""Pictures: opened within limits, turned upright, read by an OCR engine."""

from __future__ import annotations

import io
import warnings

from PIL import Image, ImageOps, ImageSequence

from receipts.layout import Line, Text
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
    out = []
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(data)) as picture:
                _bounded(picture)
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
        raise
    except Exception as error:
        if out:
            return out
        raise ImageError("image_broken", "The picture is broken or of an unknown kind.") from error
    return out


def _bounded(picture: Image.Image) -> None:
    if picture.width * picture.height > MAX_PIXELS:
        raise ImageError("image_too_large", "The picture has more than 80 million pixels.")


def read(data: bytes, ocr: Ocr) -> Text | None:
    """The words of a picture; None where it is too small to hold any."""
    lines: list[Line] = []
    sizes: list[tuple[float, float]] = []
    for number, picture in enumerate(frames(data)):
        if min(picture.size) < _LEAST:
            return None
        text = ocr.read(picture, page=number)
        lines += text.lines
        sizes.append(text.sizes[-1] if text.sizes else (float(picture.width), float(picture.height)))
    return Text(lines, "ocr", tuple(sizes), pages=len(sizes))

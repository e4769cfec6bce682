"""The kinds of pictures that are opened, and no others: Pillow knows fifty, each with decoders of its own."""

from __future__ import annotations

from typing import Final

# Image.open() knows a format by name only once its module is loaded.
from PIL import (
    BmpImagePlugin,
    GifImagePlugin,
    JpegImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)

_MODULES: Final = (
    (JpegImagePlugin, "JPEG"), (PngImagePlugin, "PNG"), (GifImagePlugin, "GIF"),
    (WebPImagePlugin, "WEBP"), (BmpImagePlugin, "BMP"), (TiffImagePlugin, "TIFF"),
)  # fmt: skip
PICTURES: Final = tuple(name for _, name in _MODULES)
IN_MAILS: Final = tuple(name for name in PICTURES if name != "TIFF")

"""Port for engines that read pictures, and which of them is at hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from PIL.Image import Image

    from receipts.layout import Text


class OcrUnavailable(Exception):
    """No engine that reads pictures is installed."""


class OcrDeferred(Exception):
    """A picture is to be read, and this process is not the one to do it."""


class Ocr(Protocol):
    """Reads a picture's words with their places."""

    def ready(self) -> None:
        """Called before a picture is opened, which costs time and memory; raises OcrDeferred."""
        ...

    def read(self, picture: Image, *, page: int = 0) -> Text:
        """Lines of the picture; `page` is the number that they get. Raises OcrUnavailable."""
        ...

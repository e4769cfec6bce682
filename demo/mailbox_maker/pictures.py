"""Pictures that decorate mail: logos, banners, tracking pixels, a snapshot that is no receipt."""

from __future__ import annotations

import io
from collections.abc import Mapping
from random import Random
from typing import Any

from PIL import Image, ImageDraw, ImageFilter, ImageFont

from demo.mailbox_maker.paper import FONTS


def picture(spec: Mapping[str, Any]) -> tuple[bytes, str]:
    """The picture of a table with `kind` (logo, banner, pixel, snapshot, empty) and its media type."""
    return _KINDS[str(spec.get("kind", "logo"))](spec)


def _logo(spec: Mapping[str, Any]) -> tuple[bytes, str]:
    colour = tuple(int(str(spec.get("colour", "0b6656"))[i : i + 2], 16) for i in (0, 2, 4))
    width, height = int(spec.get("width", 220)), int(spec.get("height", 56))
    image = Image.new("RGB", (width * 2, height * 2), (255, 255, 255))
    pen = ImageDraw.Draw(image)
    pen.rounded_rectangle((6, 6, height * 2 - 6, height * 2 - 6), 22, fill=colour)
    pen.ellipse((height * 0.6, height * 0.6, height * 1.4, height * 1.4), fill=(255, 255, 255))
    face = ImageFont.truetype(str(FONTS / "Rubik-Bold.ttf"), int(height * 0.95))
    pen.text((height * 2 + 16, height * 0.42), str(spec.get("text", "")), colour, face)
    image = image.resize((width, height), Image.Resampling.LANCZOS)
    if spec.get("grain"):  # a logo of nine kilobytes, as designers export them
        dice = Random(str(spec.get("text")))
        for _ in range(int(spec["grain"])):
            image.putpixel(
                (dice.randrange(width), dice.randrange(height)), tuple(dice.randint(150, 255) for _ in range(3))
            )
    return _png(image)


def _banner(spec: Mapping[str, Any]) -> tuple[bytes, str]:
    image = Image.new("RGB", (600, 180))
    pen = ImageDraw.Draw(image)
    one, two = (
        tuple(int(str(spec.get(key, default))[i : i + 2], 16) for i in (0, 2, 4))
        for key, default in (("colour", "d94f30"), ("second", "f2b441"))
    )
    for x in range(600):
        pen.line((x, 0, x, 180), fill=tuple(int(a + (b - a) * x / 600) for a, b in zip(one, two, strict=True)))
    pen.text(
        (36, 56), str(spec.get("text", "")), (255, 255, 255), ImageFont.truetype(str(FONTS / "Rubik-Bold.ttf"), 46)
    )
    out = io.BytesIO()
    image.save(out, "JPEG", quality=78)
    return out.getvalue(), "image/jpeg"


def _pixel(_spec: Mapping[str, Any]) -> tuple[bytes, str]:
    image = Image.new("P", (1, 1))
    out = io.BytesIO()
    image.save(out, "GIF")
    return out.getvalue(), "image/gif"


def _snapshot(spec: Mapping[str, Any]) -> tuple[bytes, str]:
    """A holiday picture: sky, sea, hills."""
    dice = Random(str(spec.get("name")))
    image = Image.new("RGB", (900, 640))
    pen = ImageDraw.Draw(image)
    for y in range(640):
        tone = (120 + y // 6, 170 + y // 9, 220) if y < 340 else (40 + (y - 340) // 6, 90 + (y - 340) // 5, 130)
        pen.line((0, y, 900, y), fill=tone)
    pen.ellipse((640, 90, 740, 190), fill=(255, 240, 190))
    points = [(0, 360)] + [(x, 330 - dice.randint(0, 90)) for x in range(60, 900, 60)] + [(900, 360)]
    pen.polygon(points, fill=(60, 90, 80))
    image = image.filter(ImageFilter.GaussianBlur(1.4))
    out = io.BytesIO()
    image.save(out, "JPEG", quality=70)
    return out.getvalue(), "image/jpeg"


def _empty(_spec: Mapping[str, Any]) -> tuple[bytes, str]:
    return b"", "application/pdf"


def _png(image: Image.Image) -> tuple[bytes, str]:
    out = io.BytesIO()
    image.save(out, "PNG", optimize=True)
    return out.getvalue(), "image/png"


_KINDS = {"logo": _logo, "banner": _banner, "pixel": _pixel, "snapshot": _snapshot, "empty": _empty}

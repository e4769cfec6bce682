"""Photographs of till slips: a strip of paper printed, laid on a table, seen at an angle, with shadow and noise."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from random import Random

from bidi.algorithm import get_display
from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageFont

from demo.mailbox_maker.paper import FONTS, HEBREW

Colour = tuple[int, int, int]
Row = tuple[
    str, ...
]  # ("c"|"l"|"r", text[, "big"|"bold"]), ("p", left, right[, "bold"|"big"]), ("-",), ("bars", code), ("gap",)
TABLES: dict[str, tuple[Colour, Colour]] = {
    "oak": ((150, 112, 74), (118, 84, 52)),
    "slate": ((74, 78, 84), (54, 58, 64)),
    "linen": ((196, 188, 172), (176, 168, 152)),
    "dash": ((42, 42, 46), (30, 30, 33)),
    "marble": ((222, 222, 220), (198, 199, 201)),
    "desk": ((92, 62, 44), (70, 46, 32)),
}


def printed(
    rows: Sequence[Row], *, rtl: bool = False, font: str = "Cousine", width: int = 620, fade: int = 40
) -> Image.Image:
    """The strip of paper with the rows on it; `fade` is how grey the ink has gone."""
    margin, base = 34, 27
    faces: dict[tuple[int, bool], ImageFont.FreeTypeFont] = {}

    def face(size: int, bold: bool) -> ImageFont.FreeTypeFont:
        key = (size, bold)
        if key not in faces:
            path = FONTS / f"{font}-{'Bold' if bold else 'Regular'}.ttf"
            faces[key] = ImageFont.truetype(str(path), size, layout_engine=ImageFont.Layout.BASIC)
        return faces[key]

    def shown(text: str) -> str:
        return get_display(text, base_dir="R" if rtl else "L") if HEBREW.search(text) else text

    heights = {"-": 22, "gap": 18, "bars": 92}
    height = 60 + sum(heights.get(row[0], 56 if "big" in row[2:] else 37) for row in rows) + 60
    strip = Image.new("L", (width, height), 250)
    pen = ImageDraw.Draw(strip)
    y = 50
    for row in rows:
        kind = row[0]
        style = row[-1] if row[-1] in ("big", "bold") else ""
        type_ = face(38 if style == "big" else base, bool(style))
        if kind == "-":
            for x in range(margin, width - margin, 14):
                pen.line((x, y + 8, x + 7, y + 8), fill=fade + 20, width=2)
        elif kind == "bars":
            x = margin + 30
            for bit in "".join(f"{ord(c) * 37 % 256:08b}" for c in row[1]):
                if bit == "1":
                    pen.rectangle((x, y, x + 3, y + 66), fill=fade)
                x += 4
        elif kind == "p":
            start, end = shown(row[1]), shown(row[2])
            if rtl:
                pen.text((width - margin - pen.textlength(start, type_), y), start, fade, type_)
                pen.text((margin, y), end, fade, type_)
            else:
                pen.text((margin, y), start, fade, type_)
                pen.text((width - margin - pen.textlength(end, type_), y), end, fade, type_)
        elif kind != "gap":
            text = shown(row[1])
            length = pen.textlength(text, type_)
            side = kind if kind != "s" else ("r" if rtl else "l")
            x_at = {"c": (width - length) / 2, "l": margin, "r": width - margin - length}[side]
            pen.text((x_at, y), text, fade, type_)
        y += heights.get(kind, 56 if style == "big" else 37)
    return strip


def photographed(
    strip: Image.Image, dice: Random, *, table: str = "oak", turn: float = 3, lean: float = 0.05, limit: int = 84_000
) -> bytes:
    """A JPEG of the strip on a table: turned by degrees, leaning, in uneven light; at most `limit` bytes."""
    paper = _paper(strip, dice)
    scale = min(1.0, 1180 / paper.height)
    paper = paper.resize((int(paper.width * scale), int(paper.height * scale)), Image.Resampling.LANCZOS)
    width, height = paper.width + 260, paper.height + 200
    scene = _table(width, height, table, dice)
    mask = Image.new("L", paper.size, 255)
    corners = _corners(paper.size, (width, height), turn, lean, dice)
    where = _perspective(corners, paper.size)
    method = Image.Transform.PERSPECTIVE
    laid = paper.transform((width, height), method, where, Image.Resampling.BICUBIC)
    shape = mask.transform((width, height), method, where, Image.Resampling.BICUBIC)
    shadow = ImageChops.offset(shape, 14, 18).filter(ImageFilter.GaussianBlur(16)).point(lambda v: int(v * 0.55))
    scene.paste((8, 8, 10), (0, 0), shadow)
    scene.paste(laid, (0, 0), shape)
    scene = ImageChops.multiply(scene, _light(width, height, dice))
    scene = _noise(scene, dice)
    for quality in (72, 64, 56, 48, 40, 34):
        out = io.BytesIO()
        scene.save(out, "JPEG", quality=quality, optimize=True)
        if out.tell() <= limit:
            break
    return out.getvalue()


def _paper(strip: Image.Image, dice: Random) -> Image.Image:
    """Warm white paper with two folds and a torn lower edge."""
    ink = strip.filter(ImageFilter.GaussianBlur(0.6))
    paper = Image.merge("RGB", (ink, ink.point(lambda v: int(v * 0.985)), ink.point(lambda v: int(v * 0.955))))
    pen = ImageDraw.Draw(paper, "RGBA")
    for part in (0.36, 0.7):
        y = int(paper.height * (part + dice.uniform(-0.04, 0.04)))
        for i in range(10):
            pen.line((0, y + i, paper.width, y + i + dice.randint(-1, 1)), fill=(0, 0, 0, 16 - i))
        pen.line((0, y - 2, paper.width, y - 2), fill=(255, 255, 255, 90), width=2)
    return paper


def _table(width: int, height: int, name: str, dice: Random) -> Image.Image:
    light, dark = TABLES[name]
    scene = Image.new("RGB", (width, height), light)
    pen = ImageDraw.Draw(scene, "RGBA")
    if name in ("oak", "desk"):
        for _ in range(130):
            y, tone = dice.randint(-20, height), dice.randint(10, 46)
            bend = dice.uniform(-14, 14)
            pen.line(
                [(x, y + bend * math.sin(x / width * 3)) for x in range(0, width + 40, 40)],
                fill=(*dark, tone),
                width=dice.randint(2, 12),
            )
    else:
        for _ in range(240):
            x, y, r = dice.randint(0, width), dice.randint(0, height), dice.randint(20, 130)
            pen.ellipse((x - r, y - r, x + r, y + r), fill=(*dark, 10))
    return scene.filter(ImageFilter.GaussianBlur(2))


def _corners(
    size: tuple[int, int], room: tuple[int, int], turn: float, lean: float, dice: Random
) -> list[tuple[float, float]]:
    w, h = size
    angle = math.radians(turn)
    out = []
    for x, y in ((-w / 2, -h / 2), (w / 2, -h / 2), (w / 2, h / 2), (-w / 2, h / 2)):
        shrink = 1 - lean * (0.5 - y / h)
        px = x * shrink + dice.uniform(-5, 5)
        py = y * 0.97 + dice.uniform(-5, 5)
        out.append(
            (
                room[0] / 2 + px * math.cos(angle) - py * math.sin(angle),
                room[1] / 2 + px * math.sin(angle) + py * math.cos(angle),
            )
        )
    return out


def _perspective(corners: Sequence[tuple[float, float]], size: tuple[int, int]) -> tuple[float, ...]:
    """The eight numbers that Pillow wants: where each point of the scene lies on the paper."""
    w, h = size
    rows: list[list[float]] = []
    for (x, y), (u, v) in zip(corners, ((0, 0), (w, 0), (w, h), (0, h)), strict=True):
        rows.append([x, y, 1, 0, 0, 0, -u * x, -u * y, u])
        rows.append([0, 0, 0, x, y, 1, -v * x, -v * y, v])
    for i in range(8):  # Gauss elimination with pivots
        pivot = max(range(i, 8), key=lambda r: abs(rows[r][i]))
        rows[i], rows[pivot] = rows[pivot], rows[i]
        rows[i] = [value / rows[i][i] for value in rows[i]]
        for r in range(8):
            if r != i:
                factor = rows[r][i]
                rows[r] = [a - factor * b for a, b in zip(rows[r], rows[i], strict=True)]
    return tuple(row[8] for row in rows)


def _light(width: int, height: int, dice: Random) -> Image.Image:
    """Light from one side, and the soft shadow of a hand in a corner."""
    small = Image.new("L", (32, 32))
    gx, gy = dice.uniform(-1, 1), dice.uniform(-1, 1)
    cx, cy = dice.choice(((2, 30), (30, 30), (30, 3)))
    values = []
    for y in range(32):
        for x in range(32):
            side = 232 + 20 * (gx * (x - 16) + gy * (y - 16)) / 32
            hand = 70 * math.exp(-((x - cx) ** 2 + (y - cy) ** 2) / 60)
            values.append(max(0, min(255, int(side - hand))))
    small.putdata(values)
    big = small.resize((width, height), Image.Resampling.BICUBIC)
    return Image.merge("RGB", (big, big, big.point(lambda v: max(0, v - 4))))


def _noise(scene: Image.Image, dice: Random) -> Image.Image:
    grain = Image.frombytes(
        "L", (scene.width // 2, scene.height // 2), dice.randbytes((scene.width // 2) * (scene.height // 2))
    )
    grain = grain.resize(scene.size, Image.Resampling.BILINEAR).point(lambda v: 118 + v * 20 // 255)
    noisy = ImageChops.add(scene, Image.merge("RGB", (grain, grain, grain)), scale=1, offset=-128)
    return noisy.filter(ImageFilter.GaussianBlur(0.5))

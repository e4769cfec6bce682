"""Engines that read pictures: RapidOCR, which the installation brings along, and Tesseract where it is installed."""

from __future__ import annotations

import csv
import io
import logging
import math
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from receipts.documents.words import from_words
from receipts.fields import labels
from receipts.layout import Text, Word, clean, is_rtl
from receipts.ocr import Ocr, OcrDeferred, OcrUnavailable

if TYPE_CHECKING:
    from PIL.Image import Image

_SIDE = 960  # pixels of the longer side in which text is looked for; more costs time and finds no more
_RUN = [3, 48, 160]  # channels, height and least width of a run of text; short ones are padded to it, at its cost
_RUNS = 2  # runs read at once: the shorter one is padded to the longer one
_FEW = 3  # known words that a slip shows at least
_SURE = 0.5  # words below this are noise
_TESSERACT_SECONDS = 25
NAMES = ("auto", "off", "rapidocr", "tesseract")


def choose(name: str, languages: str) -> Ocr | None:
    """The engine of this name; None where reading of pictures is off.

    Args:
        name: one of NAMES; "auto" takes what is installed.
        languages: Tesseract's codes joined by "+".
    """
    if name == "off":
        return None
    if name == "tesseract":
        return Tesseract(languages)
    if name == "rapidocr":
        return Rapid()
    return Auto(languages)


class Deferred:
    """Stands in for an engine in a process that must stay small: says that one is wanted."""

    def ready(self) -> None:
        """Raise OcrDeferred."""
        raise OcrDeferred

    def read(self, picture: Image, *, page: int = 0) -> Text:  # noqa: ARG002 - it is the port's
        """Raise OcrDeferred."""
        raise OcrDeferred


@dataclass(frozen=True)
class _Box:
    """One run of text as the engine sees it."""

    word: Word
    score: float
    slope: float | None


class Rapid:
    """PP-OCR on ONNX Runtime: Latin letters with all accents, digits and signs of money; no Hebrew."""

    def __init__(self) -> None:
        self._engine: Any = None
        self.slope = 0.0  # how far the lines of the picture that was read last sink per pixel
        self.turn = 0  # by how many degrees that picture was turned to stand upright

    def ready(self) -> None:
        """Nothing is to be done before."""

    def read(self, picture: Image, *, page: int = 0) -> Text:
        """The words of a picture, turned upright when it lies on its side."""
        boxes = self._boxes(picture)
        turned, turn = picture, 0
        if boxes and sum(b.word.y1 - b.word.y0 > 1.4 * (b.word.x1 - b.word.x0) for b in boxes) > 0.6 * len(boxes):
            tries = [(p := picture.rotate(angle, expand=True), self._boxes(p), angle) for angle in (90, 270)]
            turned, boxes, turn = max(tries, key=lambda t: _weight(t[1]))
        elif boxes and sum(b.score for b in boxes) / len(boxes) < 0.72:
            upside = picture.rotate(180)
            other = self._boxes(upside)
            if _weight(other) > 1.15 * _weight(boxes):
                turned, boxes, turn = upside, other, 180
        self.slope, self.turn = _slant(boxes), turn
        size = (float(turned.width), float(turned.height))
        text = from_words([box.word for box in boxes], size, page, slope=self.slope)
        return replace(text, turns=(0,) * page + (turn,))

    def _boxes(self, picture: Image) -> list[_Box]:
        import numpy

        engine = self._load()
        found = engine(numpy.asarray(picture.convert("RGB"))[:, :, ::-1])
        if found is None or found.txts is None:
            return []
        out = []
        for box, text, score in zip(found.boxes, found.txts, found.scores, strict=True):
            text = " ".join(clean(text).split())
            if text and score >= _SURE:
                out.append(_Box(_word(box, text), float(score), _slope(box)))
        return out

    def _load(self) -> Any:
        if self._engine is None:
            if find_spec("rapidocr") is None or find_spec("onnxruntime") is None:
                raise OcrUnavailable
            logging.getLogger("RapidOCR").setLevel(logging.CRITICAL)
            try:
                from rapidocr import RapidOCR
            except ImportError as error:
                raise OcrUnavailable from error
            self._engine = RapidOCR(
                params={
                    "Det.limit_type": "max",
                    "Det.limit_side_len": _SIDE,
                    "Rec.rec_img_shape": _RUN,
                    "Rec.rec_batch_num": _RUNS,
                    "Global.use_cls": False,
                    "Global.log_level": "critical",
                    "EngineConfig.onnxruntime.intra_op_num_threads": 1,
                    "EngineConfig.onnxruntime.inter_op_num_threads": 1,
                    "EngineConfig.onnxruntime.enable_cpu_mem_arena": True,  # else pages are asked for again and again
                }
            )
        return self._engine


class Tesseract:
    """The tesseract program, for the alphabets whose data is installed."""

    def __init__(self, languages: str) -> None:
        self._wanted = [code for code in languages.split("+") if code.isascii() and code.replace("_", "").isalnum()]
        self._path = shutil.which("tesseract")
        self._languages: str | None = None

    def ready(self) -> None:
        """Nothing is to be done before."""

    @property
    def installed(self) -> bool:
        """Whether the program is there with at least one of the languages."""
        return bool(self._path and self._known())

    def has(self, code: str) -> bool:
        """Whether it is there and reads this language."""
        return self.installed and code in self._known().split("+")

    def read(self, picture: Image, *, page: int = 0) -> Text:
        """The words of a picture."""
        if self._path is None or not self.installed:
            raise OcrUnavailable
        raw = io.BytesIO()
        picture.convert("L").save(raw, "PNG")
        command = [self._path, "stdin", "stdout", "-l", self._known(), "--psm", "6", "--dpi", "200", "tsv"]
        try:
            done = subprocess.run(  # noqa: S603 - a program found on PATH, arguments of our own
                command,
                input=raw.getvalue(),
                capture_output=True,
                timeout=_TESSERACT_SECONDS,
                check=True,
                env={"OMP_THREAD_LIMIT": "1"},
            )
        except (subprocess.SubprocessError, OSError) as error:
            raise OcrUnavailable from error
        return from_words(
            _tsv(done.stdout.decode("utf-8", "replace")), (float(picture.width), float(picture.height)), page, gap=0.9
        )

    def _known(self) -> str:
        if self._languages is None:
            self._languages = ""
            if self._path:
                try:
                    listed = subprocess.run(  # noqa: S603 - a program found on PATH
                        [self._path, "--list-langs"], capture_output=True, text=True, timeout=10, check=True
                    )
                except (subprocess.SubprocessError, OSError):
                    return ""
                have = set(listed.stdout.split())
                self._languages = "+".join(code for code in self._wanted if code in have)
        return self._languages


class Auto:
    """RapidOCR first; Tesseract where the first is missing, or where its words are none (Hebrew)."""

    def __init__(self, languages: str) -> None:
        self._rapid = Rapid()
        self._tesseract = Tesseract(languages)

    def ready(self) -> None:
        """Nothing is to be done before."""

    def read(self, picture: Image, *, page: int = 0) -> Text:
        """The words of a picture by the engine that sees more of them."""
        try:
            first = self._rapid.read(picture, page=page)
        except OcrUnavailable:
            return self._tesseract.read(picture, page=page)
        if wordy(first) or not self._tesseract.installed:
            return first
        second = self._in_other_letters(picture, page)
        return first if second is None or _known(second) <= _known(first) else second

    def _in_other_letters(self, picture: Image, page: int) -> Text | None:
        """The words by the second engine; which way is up, letters that the first cannot read do not tell."""
        from PIL.Image import Resampling

        slope, best = self._rapid.slope, None
        for turn in (self._rapid.turn, (self._rapid.turn + 180) % 360):
            upright = picture.rotate(turn, expand=True) if turn else picture
            straight = upright
            if abs(slope) > 0.006:
                angle = math.degrees(math.atan(slope))
                straight = upright.rotate(angle, fillcolor="white", resample=Resampling.BICUBIC)
            try:
                text = self._tesseract.read(straight, page=page)
            except OcrUnavailable:
                return best
            if straight is not upright:
                text = _back(text, slope, upright.width / 2)
            text = replace(text, turns=(0,) * page + (turn,))
            if best is None or _known(text) > _known(best):
                best = text
            if wordy(best):
                break
        return best


def _back(text: Text, slope: float, middle: float) -> Text:
    """Places in the picture as it was before its lines were levelled around its middle."""
    for segment in text.segments:
        segment.y0 -= slope * middle
        segment.y1 -= slope * middle
        for word in segment.words:
            word.y0 -= slope * middle
            word.y1 -= slope * middle
    return replace(text, slopes=tuple(s + slope for s in text.slopes))


def wordy(text: Text) -> bool:
    """Whether a slip shows words that slips show, in an alphabet that the engine knows."""
    return _known(text) >= _FEW


def _known(text: Text) -> int:
    found = 0
    for segment in text.segments:
        least = 2 if is_rtl(segment.text) else 3
        found += sum(hit.end - hit.start > least for hit in labels.find(segment.text, loose=True))
    return found


def _weight(boxes: Sequence[_Box]) -> float:
    return sum(box.score * len(box.word.text) for box in boxes)


def _slope(corners: Any) -> float | None:
    """How a box's upper edge slants; None where it is too short to tell."""
    (ax, ay), (bx, by), _, (_, dy) = ((float(x), float(y)) for x, y in corners)
    return (by - ay) / (bx - ax) if bx - ax > 4 * max(1.0, dy - ay) else None


def _slant(boxes: Sequence[_Box]) -> float:
    slopes = sorted(box.slope for box in boxes if box.slope is not None)
    return slopes[len(slopes) // 2] if len(slopes) > 2 else 0.0


def _word(box: Any, text: str) -> Word:
    """A box, corners clockwise from the top left, by its middle and true height: a slant must not make it taller."""
    (ax, ay), (bx, by), (cx, cy), (dx, dy) = ((float(x), float(y)) for x, y in box)
    height = (math.hypot(dx - ax, dy - ay) + math.hypot(cx - bx, cy - by)) / 2
    middle = (ay + by + cy + dy) / 4
    left, right = min(ax, dx), max(bx, cx)
    if right - left < height and (bx - ax) < abs(by - ay):  # it runs upwards
        return Word(text, min(ax, bx, cx, dx), min(ay, by, cy, dy), max(ax, bx, cx, dx), max(ay, by, cy, dy))
    return Word(text, left, middle - height / 2, right, middle + height / 2)


def _tsv(table: str) -> list[Word]:
    words = []
    for row in csv.DictReader(io.StringIO(table), delimiter="\t", quoting=csv.QUOTE_NONE):
        try:
            confidence = float(row["conf"])
            x, y, w, h = (float(row[k]) for k in ("left", "top", "width", "height"))
        except (KeyError, TypeError, ValueError):
            continue
        text = clean(row.get("text") or "").strip()
        if text and confidence > 25:
            words.append(Word(text, x, y, x + w, y + h))
    return words

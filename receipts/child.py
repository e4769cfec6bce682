"""Reads mail in child processes that can be killed: `Reader` is the parent's side."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from receipts import wire
from receipts.childproc import Child, ChildCrashed, ChildFault, ChildTimeout, Pool, serve
from receipts.types import Headers, MessageReading, Outcome, Reason

_NO_HEADERS = Headers("", "", "", "", "", None)
OCR_ADDRESS_MB = 4096  # address space, most of it mapped and never touched; it works in less than 1 GB
OCR_IDLE_SECONDS = 60


class Reader:
    """Reads in child processes: started when first needed, reused, killed and replaced when late or dead.

    A small child reads text. What holds a picture to be read is asked again of one child with the OCR engine, which
    ends when it has been idle for a minute and so gives its memory back.

    Args:
        memory_mb: limit of the child that reads text.
        seconds: a mail that takes longer is given up; text may take half of it, pictures what is left.
        processes: how many mails may be read at once.
        ocr: "auto", "off" or an engine's name.
        ocr_languages: Tesseract's language codes, joined by "+".
        idle_seconds: after this time without a mail the text child ends too.
    """

    def __init__(
        self,
        memory_mb: int = 1024,
        seconds: float = 28,
        *,
        processes: int = 1,
        ocr: str = "auto",
        ocr_languages: str = "eng+heb",
        idle_seconds: float = 600,
    ) -> None:
        """Start nothing yet."""
        self._seconds = seconds
        self._texts = Pool(
            processes,
            lambda: Child(
                "receipts.child",
                seconds=seconds / 2,
                memory_mb=memory_mb,
                idle_seconds=idle_seconds,
                arguments=("--ocr=off" if ocr == "off" else "--ocr=deferred",),
            ),
        )
        self.pictures_read = (0, 0.0)  # how many messages and files went to the engine, and the seconds it took
        self._counting = threading.Lock()
        self._pictures = Child(
            "receipts.child",
            seconds=seconds,
            memory_mb=OCR_ADDRESS_MB,
            idle_seconds=OCR_IDLE_SECONDS,
            arguments=(f"--ocr={ocr}", f"--ocr-languages={ocr_languages}"),
        )

    def read_message(
        self,
        raw: bytes,
        *,
        passwords: Sequence[str] = (),
        today: date | None = None,
        ignore_xml: bool = False,
        texts: bool = False,
        told: Mapping[str, str] | None = None,
    ) -> MessageReading:
        """As receipts.reader.read_message, within the limits."""
        more = {"texts": texts, "told": dict(told or {})}
        return self._ask({"do": "message", **_options(passwords, today, ignore_xml=ignore_xml), **more}, raw)

    def read_file(
        self,
        data: bytes,
        filename: str,
        *,
        media_type: str = "",
        passwords: Sequence[str] = (),
        today: date | None = None,
        ignore_xml: bool = False,
        texts: bool = False,
        told: Mapping[str, str] | None = None,
    ) -> MessageReading:
        """As receipts.reader.read_file, within the limits."""
        names = {"do": "file", "filename": filename, "media_type": media_type, "texts": texts, "told": dict(told or {})}
        return self._ask({**names, **_options(passwords, today, ignore_xml=ignore_xml)}, data)

    def close(self) -> None:
        """End the children."""
        self._texts.close()
        self._pictures.close()

    @property
    def pids(self) -> tuple[list[int], list[int]]:
        """Process ids of the running children: those that read text, those that read pictures."""
        pictures = self._pictures.pid
        return self._texts.pids, [pictures] if pictures is not None else []

    def __enter__(self) -> Reader:
        """The reader itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the children."""
        self.close()

    def _ask(self, question: dict[str, Any], data: bytes) -> MessageReading:
        start = time.monotonic()
        try:
            answer, blobs = self._texts.call(question, [data])
            if answer.get("deferred"):
                answer, blobs = self._read_pictures(question, data, self._seconds - (time.monotonic() - start))
        except ChildTimeout:
            return _failed("reader_timeout", "Reading took too long and was given up.")
        except ChildCrashed as error:
            if error.memory:
                return _failed("reader_memory", "Reading took too much memory and was given up.")
            return _failed("reader_crashed", "Reading broke off; the document is damaged or hostile.")
        except ChildFault as error:
            return _failed("reader_crashed", f"Reading broke off ({error.kind} at {error.where}).")
        return wire.load(answer["reading"], blobs)

    def _read_pictures(self, question: dict[str, Any], data: bytes, left: float) -> Any:
        began = time.monotonic()
        try:
            return self._pictures.call(question, [data], seconds=max(1.0, left))
        finally:
            with self._counting:
                count, seconds = self.pictures_read
                self.pictures_read = (count + 1, seconds + time.monotonic() - began)


def _options(passwords: Sequence[str], today: date | None, *, ignore_xml: bool) -> dict[str, Any]:
    return {"passwords": list(passwords), "today": today.isoformat() if today else None, "ignore_xml": ignore_xml}


def _failed(code: str, sentence: str) -> MessageReading:
    return MessageReading(Outcome.FAILED, (Reason(code, sentence, -1.0),), _NO_HEADERS, (), ())


class _Handler:
    """The child's side: the engine for pictures is loaded when the first one comes."""

    def __init__(self, arguments: Sequence[str]) -> None:
        words = dict(word[2:].split("=", 1) for word in arguments if word.startswith("--") and "=" in word)
        self._name, self._languages = words.get("ocr", "off"), words.get("ocr-languages", "eng")
        self._ocr: Any = None

    @property
    def writes(self) -> bool:
        """Whether the engine starts a program of its own, as Tesseract is one."""
        return self._name not in {"off", "deferred", "rapidocr"}

    def __call__(self, question: dict[str, Any], blobs: list[bytes]) -> tuple[dict[str, Any], Sequence[bytes]]:
        from receipts import engines, reader
        from receipts.ocr import OcrDeferred

        if self._ocr is None:
            self._ocr = engines.Deferred() if self._name == "deferred" else engines.choose(self._name, self._languages)
        today = date.fromisoformat(question["today"]) if question["today"] else None
        options = {
            "passwords": question["passwords"],
            "ocr": self._ocr,
            "today": today,
            "ignore_xml": question["ignore_xml"],
            "texts": question["texts"],
            "told": question["told"],
        }
        try:
            if question["do"] == "message":
                reading = reader.read_message(blobs[0], **options)
            else:
                reading = reader.read_file(blobs[0], question["filename"], media_type=question["media_type"], **options)
        except OcrDeferred:
            return {"deferred": True}, ()
        plain, documents = wire.dump(reading)
        return {"reading": plain}, documents


if __name__ == "__main__":
    handler = _Handler(sys.argv)
    serve(handler, sys.argv, writes=handler.writes)

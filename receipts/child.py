"""Reads mail in a child process that can be killed: `Reader` is the parent's side."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import date
from typing import Any

from receipts import wire
from receipts.childproc import Child, ChildCrashed, ChildFault, ChildTimeout, Pool, serve
from receipts.types import Headers, MessageReading, Outcome, Reason

_NO_HEADERS = Headers("", "", "", "", "", None)


class Reader:
    """Reads in child processes: started when first needed, reused, killed and replaced when late or dead.

    Args:
        memory_mb: a child's limit.
        seconds: a mail that takes longer is given up.
        processes: how many mails may be read at once.
        ocr: "auto", "off" or an engine's name.
        ocr_languages: Tesseract's language codes, joined by "+".
    """

    def __init__(
        self,
        memory_mb: int = 1024,
        seconds: float = 30,
        *,
        processes: int = 1,
        ocr: str = "auto",
        ocr_languages: str = "eng+heb",
        idle_seconds: float = 60,
    ) -> None:
        """Start nothing yet."""
        arguments = (f"--ocr={ocr}", f"--ocr-languages={ocr_languages}")
        self._pool = Pool(
            processes,
            lambda: Child(
                "receipts.child", seconds=seconds, memory_mb=memory_mb, idle_seconds=idle_seconds, arguments=arguments
            ),
        )

    def read_message(
        self, raw: bytes, *, passwords: Sequence[str] = (), today: date | None = None, ignore_xml: bool = False
    ) -> MessageReading:
        """As receipts.reader.read_message, within the limits."""
        return self._ask(
            {
                "do": "message",
                "passwords": list(passwords),
                "today": today and today.isoformat(),
                "ignore_xml": ignore_xml,
            },
            raw,
        )

    def read_file(
        self,
        data: bytes,
        filename: str,
        *,
        media_type: str = "",
        passwords: Sequence[str] = (),
        today: date | None = None,
        ignore_xml: bool = False,
    ) -> MessageReading:
        """As receipts.reader.read_file, within the limits."""
        question = {
            "do": "file",
            "filename": filename,
            "media_type": media_type,
            "passwords": list(passwords),
            "today": today and today.isoformat(),
            "ignore_xml": ignore_xml,
        }
        return self._ask(question, data)

    def close(self) -> None:
        """End the children."""
        self._pool.close()

    def __enter__(self) -> Reader:
        """The reader itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the children."""
        self.close()

    def _ask(self, question: dict[str, Any], data: bytes) -> MessageReading:
        try:
            answer, blobs = self._pool.call(question, [data])
        except ChildTimeout:
            return _failed("reader_timeout", "Reading took too long and was given up.")
        except ChildCrashed as error:
            if error.memory:
                return _failed("reader_memory", "Reading took too much memory and was given up.")
            return _failed("reader_crashed", "Reading broke off; the document is damaged or hostile.")
        except ChildFault as error:
            return _failed("reader_crashed", f"Reading broke off ({error.kind} at {error.where}).")
        return wire.load(answer["reading"], blobs)


def _failed(code: str, sentence: str) -> MessageReading:
    return MessageReading(Outcome.FAILED, (Reason(code, sentence, -1.0),), _NO_HEADERS, (), ())


class _Handler:
    """The child's side: the engine for pictures is made when the first one comes."""

    def __init__(self, arguments: Sequence[str]) -> None:
        from receipts import engines

        words = dict(word[2:].split("=", 1) for word in arguments if word.startswith("--") and "=" in word)
        self._ocr = engines.choose(words.get("ocr", "auto"), words.get("ocr-languages", "eng"))

    def __call__(self, question: dict[str, Any], blobs: list[bytes]) -> tuple[dict[str, Any], Sequence[bytes]]:
        from receipts import reader

        today = date.fromisoformat(question["today"]) if question["today"] else None
        if question["do"] == "message":
            reading = reader.read_message(
                blobs[0], passwords=question["passwords"], ocr=self._ocr, today=today, ignore_xml=question["ignore_xml"]
            )
        else:
            reading = reader.read_file(
                blobs[0],
                question["filename"],
                media_type=question["media_type"],
                passwords=question["passwords"],
                ocr=self._ocr,
                today=today,
                ignore_xml=question["ignore_xml"],
            )
        plain, documents = wire.dump(reading)
        return {"reading": plain}, documents


if __name__ == "__main__":
    serve(_Handler(sys.argv), sys.argv)

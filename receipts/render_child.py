"""The child process behind receipts.render.Renderer."""

from __future__ import annotations

import hashlib
import sys
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any

from errors import Tellable
from receipts import render
from receipts.childproc import serve
from receipts.rendering.kinds import DocumentKind, kind_of

_KEPT = 4  # made PDFs: thumbnail, count and each page are asked for one after the other
_KEPT_BYTES = 8 << 20
_made: OrderedDict[bytes, bytes] = OrderedDict()


def answer(question: dict[str, Any], blobs: list[bytes]) -> tuple[dict[str, Any], Sequence[bytes]]:
    """Do one call of the Renderer."""
    try:
        return _answer(question, blobs)
    except Tellable as error:
        return {"tellable": {"code": error.code, "sentence": error.sentence, "details": error.details}}, ()


def _answer(question: dict[str, Any], blobs: list[bytes]) -> tuple[dict[str, Any], Sequence[bytes]]:
    data, media_type = blobs[0], question["media_type"]
    pictures = dict(zip(question["pictures"], blobs[1:], strict=True))
    if question["do"] == "to_pdf":
        headers = [(name, value) for name, value in question["headers"]]
        made = render.to_pdf(data, media_type, title=question["title"], headers=headers, pictures=pictures)
        return {}, [made]
    passwords = question["passwords"]
    if question["do"] == "bindable":
        return {}, [render.bindable(data, media_type, passwords=passwords, pictures=pictures)]
    if question["do"] == "locate":
        boxes = render.locate(data, question["quote"], passwords=passwords)
        return {"boxes": [[b.page, b.x0, b.y0, b.x1, b.y1] for b in boxes]}, ()
    if question["do"] == "words":
        return {"words": render.words(data, question["page"], passwords=passwords)}, ()
    if kind_of(data, media_type) not in {DocumentKind.PDF, DocumentKind.IMAGE}:
        data, media_type = _pdf_of(data, media_type, pictures), "application/pdf"
    match question["do"]:
        case "page_count":
            return {"count": render.page_count(data, media_type, passwords=passwords)}, ()
        case "page_image":
            page, width = question["page"], question["width"]
            return {}, [render.page_image(data, media_type, page=page, width=width, passwords=passwords)]
        case "thumbnail":
            return {}, [render.thumbnail(data, media_type, passwords=passwords)]
    raise ValueError(question["do"])


def _pdf_of(data: bytes, media_type: str, pictures: Mapping[str, bytes]) -> bytes:
    digest = hashlib.sha256(media_type.encode() + b"\0" + data)
    for name, picture in sorted(pictures.items()):
        digest.update(name.encode("utf-8", "surrogatepass") + b"\0" + hashlib.sha256(picture).digest())
    key = digest.digest()
    if key in _made:
        _made.move_to_end(key)
        return _made[key]
    pdf = render.to_pdf(data, media_type, pictures=pictures)
    if len(pdf) <= _KEPT_BYTES:
        _made[key] = pdf
        while len(_made) > _KEPT:
            _made.popitem(last=False)
    return pdf


if __name__ == "__main__":
    serve(answer, sys.argv)

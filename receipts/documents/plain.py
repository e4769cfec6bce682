"""Plain text as lines with columns."""

from __future__ import annotations

import re

from receipts.layout import Text, lines_from_cells

MAX_CHARS = 2_000_000
_CELL = re.compile(r"\S+(?:[ ]\S+)*")
_PARTS = re.compile(r"\t|\s\|\s|\|")
_LINK = re.compile(r"https?://[^\s<>\"')\]]+")


def read(text: str) -> Text:
    """Lines of the text; two spaces, a tab or a bar part two columns."""
    rows = []
    text = text[:MAX_CHARS]
    for raw in text.replace("\r\n", "\n").replace("\r", "\n").split("\n"):
        line = (
            raw.expandtabs(8).replace("\xa0", " ").lstrip("> ")
            if raw.startswith(">")
            else raw.expandtabs(8).replace("\xa0", " ")
        )
        row: list[tuple[float, str]] = []
        for match in _CELL.finditer(line):
            at = match.start()
            for part in _PARTS.split(match.group()):
                if part.strip(" |"):
                    row.append((float(at), part))
                at += len(part) + 1
        rows.append(row)
    links = tuple(("", m.group()[:2000]) for m in list(_LINK.finditer(text))[:200])
    return Text(lines_from_cells(rows), "plain", links=links)

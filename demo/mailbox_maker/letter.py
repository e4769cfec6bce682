"""One letter of the sample mailbox: from its table in mails/*.toml to its bytes and its truth."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from email.utils import format_datetime
from pathlib import Path
from random import Random
from typing import Any

from demo.mailbox_maker import formats, headers, mime, skins
from demo.mailbox_maker.einvoice import ubl
from demo.mailbox_maker.layouts import LAYOUTS
from demo.mailbox_maker.pictures import picture
from demo.mailbox_maker.sale import Sale, sale_of

MAILS = Path(__file__).parent / "mails"
ME = "Dana Lavi <me@example.com>"
Table = Mapping[str, Any]


@dataclass(frozen=True)
class Letter:
    """A finished mail: file name, bytes, what a reader should make of it, and its place in the mailbox."""

    file: str
    raw: bytes
    truth: dict[str, Any]
    labels: list[str] = field(default_factory=list)
    internal_date_ms: int | None = None


def tables() -> Iterator[dict[str, Any]]:
    """Every mail's table, those with `vary` once for each of their variations, placeholders filled."""
    for path in sorted(MAILS.glob("*.toml")):
        book = tomllib.loads(path.read_text("utf-8"))
        for entry in book["mail"]:
            table = {**book.get("defaults", {}), **entry}
            variations = table.pop("vary", None)
            if variations is None:
                yield table
                continue
            for values in variations:
                yield _filled(table, {k: str(v) for k, v in values.items()})


def _filled(value: Any, values: dict[str, str]) -> Any:
    if isinstance(value, str):
        return formats.filled(value, values)
    if isinstance(value, list):
        return [_filled(item, values) for item in value]
    if isinstance(value, dict):
        return {key: _filled(item, values) for key, item in value.items()}
    return value


def write(table: Table, known: Mapping[str, bytes]) -> Letter:
    """Make the letter of a table; `known` holds the letters made before it, to be forwarded."""
    name = f"{table['file']}.eml"
    dice = Random(name)
    sales = [sale_of(paper) for paper in table.get("papers", [])]
    raw = _wire(table, dice, sales, known)
    labels = list(table.get("labels", []))
    stamp = table.get("internal_date")
    return Letter(
        file=name,
        raw=raw,
        truth=_truth(table, sales),
        labels=labels,
        internal_date_ms=int(datetime.fromisoformat(stamp).timestamp() * 1000) if stamp else None,
    )


def _wire(table: Table, dice: Random, sales: list[Sale], known: Mapping[str, bytes]) -> bytes:
    route = table.get("route", "esp")
    charset, how = table.get("charset", "utf-8"), table.get("words", "b")
    sender, to = table["from"], table.get("to", ME)
    box = sender.rpartition("<")[2].rstrip(">")
    when = datetime.fromisoformat(table["date"])
    bulk = table.get("bulk", "")
    body = _body(table, dice, route, sales, known)
    own = "SENT" in table.get("labels", []) or "DRAFT" in table.get("labels", [])
    head: mime.Headers = []
    if not own:
        head += headers.envelope(
            dice, sender=box, to=to.rpartition("<")[2].rstrip(">"), when=when, route=route, bulk=bulk
        )
    subject_charset = table.get("subject_charset", charset if charset != "us-ascii" else "utf-8")
    letterhead: mime.Headers = [
        ("Date", format_datetime(when)),
        ("From", mime.address(sender, subject_charset, how)),
        ("To", ", ".join(mime.address(one.strip()) for one in to.split(","))),
        ("Message-ID", headers.message_id(dice, box, route)),
        ("Subject", mime.word(table["subject"], subject_charset, how)),
        ("MIME-Version", "1.0"),
    ]
    if table.get("reply_to"):
        letterhead.insert(3, ("Reply-To", mime.address(table["reply_to"])))
    if table.get("cc"):
        letterhead.insert(3, ("Cc", mime.address(table["cc"])))
    if table.get("in_reply_to"):
        letterhead.append(("In-Reply-To", table["in_reply_to"]))
    if route in ("java", "outlook"):  # these put the subject before the addresses
        letterhead.insert(1, letterhead.pop(4))
    head += letterhead + [tuple(pair) for pair in table.get("headers", [])]
    head += headers.trailer(dice, sender=box, route=route, bulk=bulk, mailer=table.get("mailer", ""))
    return body.bytes(head)


def _body(table: Table, dice: Random, route: str, sales: list[Sale], known: Mapping[str, bytes]) -> mime.Part:
    charset, encoding = table.get("charset", "utf-8"), table.get("encoding", "quoted-printable")
    html = table.get("html", "")
    if "skin" in table:
        table = {**table, "site": table["from"].rpartition("@")[2].rstrip(">")}
        html = skins.SKINS[table["skin"]](table)
    plain = table.get("text", "")
    if html and table.get("auto_text"):
        plain = skins.as_text(table)
    parts = [mime.text(plain, "plain", charset, encoding)] if plain else []
    related = [mime.attached(_inline(spec)) for spec in table.get("pictures", [])]
    if html:
        page = mime.text(html, "html", table.get("html_charset", charset), table.get("html_encoding", encoding))
        parts.append(mime.multipart("related", headers.boundary(dice, route), [page, *related]) if related else page)
    elif related:
        parts += related
    if not parts:
        parts = [mime.text("", "plain", charset, "7bit")]
    kind = "alternative" if html else "mixed"
    if table.get("bounce"):
        return _bounce(table, dice, route, parts[0])
    core = parts[0] if len(parts) == 1 else mime.multipart(kind, headers.boundary(dice, route), parts)
    files = [mime.attached(_file(spec, table, sales)) for spec in table.get("files", [])]
    if table.get("forwards"):
        files += [mime.message(known[f"{name}.eml"], f"{name[11:]}.eml") for name in table["forwards"]]
    if table.get("calendar"):
        files.append(
            mime.Part(
                [
                    ("Content-Type", 'text/calendar; charset="UTF-8"; method=REQUEST'),
                    ("Content-Transfer-Encoding", "8bit"),
                ],
                table["calendar"].replace("\n", "\r\n").encode(),
            )
        )
    if not files:
        return core
    first = [] if table.get("no_body") else [core]
    return mime.multipart("mixed", headers.boundary(dice, route), [*first, *files])


def _bounce(table: Table, dice: Random, route: str, words: mime.Part) -> mime.Part:
    """A delivery report as RFC 3464 has it: words, a machine's part, the headers of what came back."""
    rows = ("Reporting-MTA: dns; mx.example.com", "", f"Final-Recipient: rfc822; {table['bounce']}", "Action: failed")
    status = "\r\n".join((*rows, "Status: 5.4.4", ""))
    returned = str(table["report"]).lstrip("\n").replace("\n", "\r\n").encode()
    parts = [
        words,
        mime.Part([("Content-Type", "message/delivery-status")], status.encode()),
        mime.Part([("Content-Type", "message/rfc822")], returned),
    ]
    return mime.multipart("report; report-type=delivery-status", headers.boundary(dice, route), parts)


def _inline(spec: Table) -> mime.File:
    data, media_type = picture(spec)
    return mime.File(
        name=spec.get("name", "logo.png"),
        data=data,
        media_type=media_type,
        disposition=spec.get("as", "inline"),
        cid=spec["cid"],
    )


def _file(spec: Table, table: Table, sales: list[Sale]) -> mime.File:
    name = spec["name"]
    ending = name.rpartition(".")[2].lower()
    types = {
        "pdf": "application/pdf",
        "jpg": "image/jpeg",
        "jpeg": "image/jpeg",
        "xml": "application/xml",
        "png": "image/png",
    }
    types |= {"ics": "text/calendar", "csv": "text/csv", "zip": "application/zip"}
    if "content" in spec:
        data = str(spec["content"]).replace("\n", "\r\n").encode()
    elif spec.get("picture"):
        data, _ = picture(spec)
    else:
        index = int(spec.get("paper", 0))
        sale = sales[index]
        data = ubl(sale) if spec.get("xml") else LAYOUTS[table["papers"][index]["layout"]](sale)
    return mime.File(
        name=name,
        data=data,
        media_type=spec.get("type", types.get(ending, "application/octet-stream")),
        disposition=spec.get("as", "attachment"),
        cid=spec.get("cid", ""),
        name_style=spec.get("name_style", "rfc2231"),
    )


def _truth(table: Table, sales: list[Sale]) -> dict[str, Any]:
    receipts = []
    if table["outcome"] == "receipt":
        merged = {int(i) for i in table.get("same_document", [])}
        for i, (paper, sale) in enumerate(zip(table.get("papers", []), sales, strict=True)):
            if i not in merged:
                receipts.append(_from_sale(sale, paper))
        receipts += [_from_table(row) for row in table.get("receipts", [])]
    truth = {"outcome": table["outcome"], "receipts": receipts, "note": table["note"]}
    return {**truth, "damage": table["damage"]} if table.get("damage") else truth


def _from_sale(sale: Sale, paper: Table) -> dict[str, Any]:
    sign = -1 if sale.negative and sale.total > 0 else 1
    rows = [
        {"rate": formats.quantity(row.rate, "raw"), "base": f"{sign * row.base}", "amount": f"{sign * row.amount}"}
        for row in sale.taxes
    ]
    source = paper.get("source") or ("photo" if paper["layout"].startswith("photo") else "pdf")
    return {
        "vendor": sale.vendor,
        "vendor_alternatives": sale.rows("vendor_alternatives"),
        "vendor_tax_id": sale.word("tax_id") or None,
        "kind": sale.kind,
        "number": sale.number or None,
        "number_alternatives": sale.rows("number_alternatives"),
        "date": sale.date.isoformat(),
        "due_date": sale.due.isoformat() if sale.due else None,
        "currency": sale.currency,
        "total": f"{sign * sale.total}",
        "payable": None if sale.paid or sale.negative else f"{sale.due_now}",
        "tip": f"{sale.tip}" if sale.tip else None,
        "net": f"{sign * sale.net}",
        "tax": rows,
        "source": source,
        "language": sale.language,
        "same_purchase_as": paper.get("same_purchase_as"),
    }


def _from_table(row: Table) -> dict[str, Any]:
    total = Decimal(str(row["total"]))
    taxes = [{"rate": t[0] or None, "base": t[1] or None, "amount": t[2]} for t in row.get("tax", [])]
    return {
        "vendor": row["vendor"],
        "vendor_alternatives": list(row.get("vendor_alternatives", [])),
        "vendor_tax_id": row.get("vendor_tax_id"),
        "kind": row["kind"],
        "number": row.get("number"),
        "number_alternatives": list(row.get("number_alternatives", [])),
        "date": row["date"][:10],
        "due_date": row.get("due_date"),
        "currency": row["currency"],
        "total": f"{total:.2f}",
        "payable": row.get("payable"),
        "tip": row.get("tip"),
        "net": row.get("net"),
        "tax": taxes,
        "source": row["source"],
        "language": row["language"],
        "same_purchase_as": row.get("same_purchase_as"),
    }

"""Invoices that a web service prints through a browser: HTML in pages/, Chromium's own PDF out."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from decimal import Decimal
from html import escape
from pathlib import Path

from demo.mailbox_maker.formats import day, number, quantity
from demo.mailbox_maker.paper import FONTS
from demo.mailbox_maker.sale import Sale

PAGES = Path(__file__).parent.parent / "pages"


def _printed(page: str, sale: Sale, values: dict[str, str]) -> bytes:
    """Fill the page's `[[name]]` marks and print it; the dates in the file are the sale's."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        raise SystemExit("The sample mailbox holds PDFs printed by Chromium: install chromium to make it anew.")
    html = (PAGES / f"{page}.html").read_text("utf-8")
    html = re.sub(r"\[\[(\w+)\]\]", lambda mark: values[mark[1]], html).replace("FONTS", FONTS.as_uri())
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "page.html", Path(folder) / "page.pdf"
        source.write_text(html, "utf-8")
        subprocess.run(  # noqa: S603 - our own page
            [chromium, "--headless", "--no-sandbox", "--disable-gpu", "--no-pdf-header-footer",
             "--disable-background-networking", "--disable-pdf-tagging", f"--print-to-pdf={target}", source.as_uri()],
            check=True, capture_output=True, timeout=120,
        )  # fmt: skip
        raw = target.read_bytes()
    stamp = f"{sale.date:%Y%m%d}093000+00'00'".encode()
    return re.sub(rb"(/(?:Creation|Mod)Date \(D:)[^)]*\)", rb"\g<1>" + stamp + b")", raw)


def _shared(sale: Sale, style: str) -> dict[str, str]:
    return {
        "vendor": escape(sale.vendor),
        "title": escape(sale.word("title")),
        "number": escape(sale.number),
        "about": "<br>".join(escape(row) for row in sale.rows("about")),
        "customer": "<br>".join(escape(row) for row in sale.rows("customer")),
        "payment": "<br>".join(escape(row) for row in sale.rows("payment")),
        "net": number(sale.net, style),
        "tax": number(sale.tax, style),
        "rate": quantity(sale.taxes[0].rate if sale.taxes else Decimal(0), style),
        "total": number(sale.total, style),
        "footer": escape(sale.word("footer")),
    }


def browser_hebrew(sale: Sale) -> bytes:
    """A Hebrew invoice of a web service: cards, a table, the sums in a coloured column."""
    lines = "".join(
        f"<tr><td>{escape(line.text)}<small>{escape(line.detail)}</small></td><td>{quantity(line.quantity, 'he')}</td>"
        f"<td>₪{number(line.price, 'he')}</td><td>₪{number(line.amount, 'he')}</td></tr>"
        for line in sale.lines
    )
    return _printed("hebrew", sale, {**_shared(sale, "he"), "lines": lines, "date": day(sale.date, "%d/%m/%Y")})


def browser_waybill(sale: Sale) -> bytes:
    """A Hebrew haulier's invoice: facts in two columns of labels and values, the total in words of its own."""
    lines = "".join(
        f"<li><span>{escape(line.text)}</span><b>{number(line.amount, 'he')}</b></li>" for line in sale.lines
    )
    return _printed("waybill", sale, {**_shared(sale, "he"), "lines": lines, "date": day(sale.date, "%d.%m.%y")})


def browser_german(sale: Sale) -> bytes:
    """A German agency's invoice set with flex boxes."""
    lines = "".join(
        f"<div class=row><span>{escape(line.text)}</span><span>{quantity(line.quantity, 'de')} h</span>"
        f"<span>{number(line.price, 'de')} €</span><span>{number(line.amount, 'de')} €</span></div>"
        for line in sale.lines
    )
    values = {"lines": lines, "date": day(sale.date, "de:%-d. %B %Y"), "due": day(sale.due or sale.date, "%d.%m.%Y")}
    return _printed("german", sale, {**_shared(sale, "de"), **values})


LAYOUTS: dict[str, Callable[[Sale], bytes]] = {
    "browser_hebrew": browser_hebrew,
    "browser_waybill": browser_waybill,
    "browser_german": browser_german,
}

"""Looks of HTML mail that is no receipt: newsletters, shop mailings, notices of parcels, accounts and security."""
# ruff: noqa: E501 - mark-up is easier read in whole lines

from __future__ import annotations

from collections.abc import Callable, Mapping
from html import escape
from typing import Any

Table = Mapping[str, Any]


def _rtl(table: Table) -> bool:
    return str(table.get("language", "en")) == "he"


def _blocks(table: Table) -> list[tuple[str, str]]:
    """The lines of `copy`: # heading, ## small heading, > button, * item, everything else a paragraph."""
    out = []
    for row in str(table["copy"]).strip().split("\n"):
        row = row.strip()
        for mark, kind in (("## ", "h2"), ("# ", "h1"), ("> ", "button"), ("* ", "item"), ("| ", "row")):
            if row.startswith(mark):
                out.append((kind, row[len(mark) :]))
                break
        else:
            if row:
                out.append(("p", row))
    return out


def as_text(table: Table) -> str:
    """The plain part that a mailing service makes of it."""
    lines = []
    for kind, text in _blocks(table):
        text = text.replace("|", "  ")
        lines.append(
            {
                "h1": text.upper(),
                "item": f"  * {text}",
                "button": f"{text}: https://{table['site']}/go",
                "row": f"  {text}",
            }.get(kind, text)
        )
        lines.append("")
    return "\n".join([*lines, "--", str(table.get("footer", ""))])


def letterbox(table: Table) -> str:
    """A newsletter in nested tables, 600 pixels wide, colour band on top."""
    colour, side = table.get("colour", "#20304a"), "right" if _rtl(table) else "left"
    body = ""
    for kind, text in _blocks(table):
        text = escape(text)
        if kind == "h1":
            body += f'<tr><td style="padding:26px 32px 6px;font:bold 24px/30px Georgia,serif;color:{colour};text-align:{side}">{text}</td></tr>'
        elif kind == "h2":
            body += f'<tr><td style="padding:18px 32px 2px;font:bold 16px/22px Arial,sans-serif;color:#222;text-align:{side}">{text}</td></tr>'
        elif kind == "button":
            body += (
                f'<tr><td align="center" style="padding:20px 32px"><table role="presentation" cellpadding="0" cellspacing="0"><tr><td bgcolor="{colour}" style="border-radius:4px">'
                f'<a href="https://{table["site"]}/go?utm_source=mail" style="display:inline-block;padding:12px 26px;font:bold 15px Arial;color:#ffffff;text-decoration:none">{text}</a></td></tr></table></td></tr>'
            )
        elif kind == "row":
            cells = "".join(
                f'<td style="padding:6px 8px;border-bottom:1px solid #eee;font:14px Arial">{cell.strip()}</td>'
                for cell in text.split("|")
            )
            body += f'<tr><td style="padding:0 24px"><table width="100%" cellpadding="0" cellspacing="0"><tr>{cells}</tr></table></td></tr>'
        else:
            dot = "&bull;&nbsp;" if kind == "item" else ""
            body += f'<tr><td style="padding:6px 32px;font:15px/23px Arial,sans-serif;color:#444;text-align:{side}">{dot}{text}</td></tr>'
    return (
        f'<!DOCTYPE html>\n<html dir="{"rtl" if _rtl(table) else "ltr"}"><head><meta http-equiv="Content-Type" content="text/html; charset=utf-8"><title>{escape(str(table["subject"]))}</title>'
        f'<style>@media only screen and (max-width:620px){{.wrap{{width:100%!important}}}}</style></head>\n<body style="margin:0;background:#f2f2f0">'
        f'<div style="display:none;max-height:0;overflow:hidden">{escape(str(table.get("preheader", "")))}&#8203;&zwnj;&nbsp;&zwnj;&nbsp;&zwnj;</div>'
        f'<table width="100%" bgcolor="#f2f2f0" cellpadding="0" cellspacing="0"><tr><td align="center" style="padding:20px 8px">\n'
        f'<table class="wrap" width="600" cellpadding="0" cellspacing="0" bgcolor="#ffffff"><tr><td bgcolor="{colour}" style="padding:16px 32px;font:bold 18px Arial;color:#fff;text-align:{side}">{escape(str(table["brand"]))}</td></tr>\n'
        f"{body}\n"
        f'<tr><td style="padding:26px 32px;font:12px/18px Arial;color:#999;text-align:center">{escape(str(table.get("footer", "")))}<br><a href="https://{table["site"]}/u" style="color:#999">Unsubscribe</a></td></tr></table></td></tr></table>'
        f'<img src="https://{table["site"]}/o.gif?m=1" width="1" height="1" alt=""></body></html>'
    )


def shopfront(table: Table) -> str:
    """A shop's mailing: large type, products in a grid with struck-out prices."""
    colour = table.get("colour", "#c2185b")
    direction = "rtl" if _rtl(table) else "ltr"
    body, cells = "", []
    for kind, text in _blocks(table):
        text = escape(text)
        if kind == "row":
            name, price, *old = [part.strip() for part in text.split("|")]
            struck = f' <s style="color:#999">{old[0]}</s>' if old else ""
            cells.append(
                f'<td width="50%" valign="top" style="padding:10px;text-align:center"><div style="background:#f4f1ee;height:120px;line-height:120px;font-size:34px;color:{colour}">&#9733;</div>'
                f'<div style="font:14px Helvetica,Arial;padding:8px 0 2px">{name}</div><div style="font:bold 16px Helvetica,Arial;color:{colour}">{price}{struck}</div></td>'
            )
            continue
        if cells:
            body += _grid(cells)
            cells = []
        if kind == "h1":
            body += f'<div style="font:800 34px/40px Helvetica,Arial,sans-serif;text-align:center;padding:34px 20px 8px;color:{colour}">{text}</div>'
        elif kind == "button":
            body += f'<div style="text-align:center;padding:18px"><a href="https://{table["site"]}/sale" style="background:{colour};color:#fff;padding:14px 34px;border-radius:30px;text-decoration:none;font:bold 15px Helvetica,Arial">{text}</a></div>'
        else:
            body += f'<p style="font:15px/22px Helvetica,Arial,sans-serif;text-align:center;padding:0 34px;color:#333">{text}</p>'
    body += _grid(cells)
    return (
        f'<html><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"></head><body dir="{direction}" style="margin:0;padding:0;background:#ffffff">'
        f'<center><div style="max-width:640px;margin:0 auto;text-align:start"><div style="text-align:center;padding:22px;font:900 22px Helvetica,Arial;letter-spacing:3px">{escape(str(table["brand"]))}</div>'
        f'{body}<div style="background:#f4f1ee;padding:24px;text-align:center;font:11px/17px Helvetica,Arial;color:#888">{escape(str(table.get("footer", "")))} &middot; <a href="https://{table["site"]}/u" style="color:#888">unsubscribe</a></div></div></center></body></html>'
    )


def _grid(cells: list[str]) -> str:
    rows = [cells[i : i + 2] for i in range(0, len(cells), 2)]
    return (
        '<table width="100%" cellpadding="0" cellspacing="0">'
        + "".join(f"<tr>{''.join(row)}</tr>" for row in rows)
        + "</table>"
        if rows
        else ""
    )


def notice(table: Table) -> str:
    """A plain notice in a card: parcels, accounts, security codes."""
    colour = table.get("colour", "#1a66d6")
    body = ""
    for kind, text in _blocks(table):
        text = escape(text)
        if kind == "h1":
            body += f"<h1>{text}</h1>"
        elif kind == "h2":
            body += f'<p class="code">{text}</p>'
        elif kind == "button":
            body += f'<p><a class="btn" href="https://{table["site"]}/t/8a41">{text}</a></p>'
        elif kind == "item":
            body += f"<p class='step'>&#10003; {text}</p>"
        elif kind == "row":
            label, _, value = text.partition("|")
            body += f"<p class='kv'><span>{label.strip()}</span> <b>{value.strip()}</b></p>"
        else:
            body += f"<p>{text}</p>"
    return (
        f'<!doctype html><html lang="{table.get("language", "en")}" dir="{"rtl" if _rtl(table) else "ltr"}"><head><meta charset="utf-8"><style>'
        "body{margin:0;background:#eef0f3;font:15px/1.55 -apple-system,'Segoe UI',Roboto,Arial,sans-serif;color:#1d2430}"
        ".card{max-width:520px;margin:28px auto;background:#fff;border-radius:12px;padding:28px 32px;box-shadow:0 1px 3px rgba(0,0,0,.12)}"
        f"h1{{font-size:20px;margin:0 0 12px}}.btn{{display:inline-block;background:{colour};color:#fff;border-radius:8px;padding:10px 20px;text-decoration:none}}"
        ".code{font-size:30px;font-weight:700;letter-spacing:6px;background:#f3f5f8;border-radius:8px;padding:14px;text-align:center}"
        ".kv span{color:#6a7280}.foot{color:#8a919c;font-size:12px;text-align:center}.step{margin:4px 0;color:#0a7a4a}"
        f'</style></head><body><div class="card"><p style="color:{colour};font-weight:700">{escape(str(table["brand"]))}</p>{body}</div><p class="foot">{escape(str(table.get("footer", "")))}</p></body></html>'
    )


def bare(table: Table) -> str:
    """HTML as a mail program writes it around typed text."""
    paragraphs = "".join(f"<div>{escape(text)}</div><div><br></div>" for _, text in _blocks(table))
    return f'<html><body><div dir="{"rtl" if _rtl(table) else "ltr"}" style="font-family:Calibri,Arial,sans-serif;font-size:11pt;color:#000">{paragraphs}</div></body></html>'


SKINS: dict[str, Callable[[Table], str]] = {
    "letterbox": letterbox,
    "shopfront": shopfront,
    "notice": notice,
    "bare": bare,
}

"""An OFX 2.2 statement, one account a currency, for programs that read bank files."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from typing import BinaryIO, Final
from xml.sax.saxutils import escape

from receipts.export.rows import About, ExportRow, LeftOut, Step, Written, missing, no_step
from receipts.export.text import line

EXTENSION: Final = "ofx"
MEDIA_TYPE: Final = "application/x-ofx"
_HEAD: Final = (
    '<?xml version="1.0" encoding="UTF-8" standalone="no"?>\n'
    '<?OFX OFXHEADER="200" VERSION="220" SECURITY="NONE" OLDFILEUID="NONE" NEWFILEUID="NONE"?>\n'
)


def write(rows: Iterable[ExportRow], about: About, out: BinaryIO, *, step: Step = no_step) -> Written:
    """The statements; a receipt is a debit of its total, a credit note a credit."""
    currencies: dict[str, list[ExportRow]] = {}
    left_out: list[LeftOut] = []
    for row in rows:
        lack = missing(row)
        if lack is None and row.currency:
            currencies.setdefault(row.currency, []).append(row)
        elif lack is not None:
            left_out.append(lack)
    language = {"he": "HEB", "de": "DEU", "fr": "FRA"}.get(about.language, "ENG")
    now = _moment(about.made_at)
    out.write(_HEAD.encode())
    out.write(
        "<OFX><SIGNONMSGSRSV1><SONRS><STATUS><CODE>0</CODE><SEVERITY>INFO</SEVERITY></STATUS>"
        f"<DTSERVER>{now}</DTSERVER><LANGUAGE>{language}</LANGUAGE></SONRS></SIGNONMSGSRSV1>\n".encode()
    )
    out.write(b"<BANKMSGSRSV1>\n")
    count = 0
    for number, (currency, found) in enumerate(sorted(currencies.items()), 1):
        found.sort(key=lambda row: (row.date, row.id))
        days = [row.date for row in found if row.date is not None]
        out.write(
            f"<STMTTRNRS><TRNUID>{number}</TRNUID><STATUS><CODE>0</CODE><SEVERITY>INFO</SEVERITY></STATUS>"
            f"<STMTRS><CURDEF>{escape(currency)}</CURDEF><BANKACCTFROM><BANKID>PROSAAS</BANKID>"
            f"<ACCTID>RECEIPTS-{escape(currency)}</ACCTID><ACCTTYPE>CHECKING</ACCTTYPE></BANKACCTFROM>"
            f"<BANKTRANLIST><DTSTART>{_day(days[0])}</DTSTART><DTEND>{_day(days[-1])}</DTEND>\n".encode()
        )
        balance = Decimal(0)
        for row in found:
            total = row.total if row.total is not None else Decimal(0)
            balance -= total
            out.write(_transaction(row, total).encode("utf-8", "replace"))
            count += 1
            step(count)
        out.write(
            f"</BANKTRANLIST><LEDGERBAL><BALAMT>{balance:f}</BALAMT><DTASOF>{now}</DTASOF></LEDGERBAL>"
            "</STMTRS></STMTTRNRS>\n".encode()
        )
    out.write(b"</BANKMSGSRSV1></OFX>\n")
    return Written(count, tuple(left_out))


def _transaction(row: ExportRow, total: Decimal) -> str:
    memo = " ".join(part for part in (row.number or "", row.category or "", row.note) if part)
    day = _day(row.date) if row.date else ""
    return (
        f"<STMTTRN><TRNTYPE>{'DEBIT' if total >= 0 else 'CREDIT'}</TRNTYPE><DTPOSTED>{day}</DTPOSTED>"
        f"<TRNAMT>{-total:f}</TRNAMT><FITID>receipt-{row.id}</FITID>"
        + (f"<REFNUM>{escape(line(row.number, 32))}</REFNUM>" if row.number else "")
        + f"<NAME>{escape(line(row.vendor, 32))}</NAME>"
        + (f"<MEMO>{escape(line(memo, 255))}</MEMO>" if memo else "")
        + "</STMTTRN>\n"
    )


def _day(day: date) -> str:
    return f"{day:%Y%m%d}"


def _moment(moment: datetime) -> str:
    offset = moment.utcoffset()
    hours = offset.total_seconds() / 3600 if offset is not None else 0
    return f"{moment:%Y%m%d%H%M%S}.000[{hours:+g}]"

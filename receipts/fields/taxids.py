"""The vendor's tax number: labelled numbers whose check digits hold."""

from __future__ import annotations

import re

from stdnum import get_cc_module
from stdnum.eu import vat as eu_vat
from stdnum.exceptions import ValidationError

from receipts.fields.scan import Scan
from receipts.types import Candidate

_VAT = re.compile(
    r"(?<![A-Z0-9])(?P<cc>AT|BE|BG|CY|CZ|DE|DK|EE|EL|ES|FI|FR|GB|HR|HU|IE|IT|LT|LU|LV|MT|NL|NO|PL|PT|RO|SE|SI|SK|XI|CHE)[\s-]?(?P<n>[A-Z0-9](?:[\s.-]?[A-Z0-9]){6,13})(?![A-Z0-9])"
)
_LABELLED = re.compile(
    r"(?:vat|ust|umsatzsteuer|mwst|tva|iva|btw|uid|gst|tax|nif|cif|nipc|siret|siren|p\.?\s?iva|partita iva|"
    r"cod(?:ice)?\.? fisc|ח\.?[\"״]?פ\.?|ע\.?[\"״]?מ\.?|עוסק(?: מורשה| פטור)?|עמותה|ע\.?ר\.?|abn|ein|steuernummer|"
    r"st\.?-?nr)[^\d\n]{0,28}(\d[\d\s./-]{6,18}\d)",
    re.IGNORECASE,
)
_HEBREW_LABEL = re.compile(r"ח\.?[\"״]?פ|ע\.?[\"״]?מ|עוסק|עמותה|ע\.?ר")
_ISRAEL = re.compile(r"israel|tel[- ]aviv|jerusalem|haifa|[\u05d0-\u05ea]{3}", re.IGNORECASE)
_BUYER = frozenset({"p.buyer"})


def read(scan: Scan) -> list[Candidate[str]]:
    """Possible tax numbers, checked ones first."""
    out = []
    for segment in scan.segments[:1500]:
        line = scan.text.lines[segment.line]
        text = line.text if segment.index == 0 else ""
        if not any(c.isdigit() for c in text):
            continue
        buyer = 0.25 if scan.classes(segment.text) & _BUYER else 0.0
        for match in _VAT.finditer(text.upper()):
            value = re.sub(r"[\s.-]", "", match.group())
            good = _eu(value)
            if good or re.search(r"vat|ust|tva|iva|btw|uid|mwst|tax|nif|cif", text, re.IGNORECASE):
                out.append(
                    Candidate(
                        value,
                        (0.9 if good else 0.55) - buyer,
                        "its check digits hold" if good else "labelled as a tax number",
                        scan.text.box(segment),
                        text[:160],
                    )
                )
        for match in _LABELLED.finditer(text):
            value = re.sub(r"[\s/.-]", "", match.group(1))
            if _HEBREW_LABEL.search(match.group()):
                if 8 <= len(value) <= 9:
                    good = israeli(value)
                    out.append(
                        Candidate(
                            value.zfill(9),
                            (0.92 if good else 0.5) - buyer,
                            "its check digit holds" if good else "labelled as a tax number",
                            scan.text.box(segment),
                            text[:160],
                        )
                    )
            elif len(value) == 9 and value.isdigit() and israeli(value) and _ISRAEL.search(scan.text.text[:8000]):
                out.append(Candidate(value, 0.88 - buyer, "its check digit holds", scan.text.box(segment), text[:160]))
            elif 7 <= len(value) <= 15:
                out.append(
                    Candidate(
                        re.sub(r"\s+", "", match.group(1)),
                        0.5 - buyer,
                        "labelled as a tax number",
                        scan.text.box(segment),
                        text[:160],
                    )
                )
    return sorted(out, key=lambda c: -c.confidence)


def _eu(value: str) -> bool:
    try:
        if value[:2] in {"GB", "XI", "NO"} or value[:3] == "CHE":
            module = get_cc_module({"XI": "gb", "CH": "ch"}.get(value[:2], value[:2].lower()), "vat")
            return bool(module and module.is_valid(value))
        eu_vat.validate(value)
    except (ValidationError, ValueError, AttributeError):
        return False
    return True


def israeli(value: str) -> bool:
    """Check digit of an Israeli company, dealer or person's number."""
    digits = value.zfill(9)
    if len(digits) != 9 or not digits.isdigit() or not int(digits):
        return False
    total = 0
    for place, sign in enumerate(digits):
        number = int(sign) * (1 + place % 2)
        total += number - 9 if number > 9 else number
    return total % 10 == 0

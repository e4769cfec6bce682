"""Contacts as files: CSV and vCard out, and in again from wherever they come."""

from __future__ import annotations

import csv
import io
import quopri
import re
from base64 import b64decode
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from errors import Tellable

COLUMNS = ("name", "form", "kind", "company", "tax_id", "phones", "emails", "address", "notes", "tags")
_LISTS = {"phones", "emails", "tags"}
# What other programs call our columns, in small letters.
_ALIASES = {
    "full name": "name", "display name": "name", "file as": "name", "שם": "name", "שם מלא": "name", "nom": "name",
    "organization": "company", "organization name": "company", "organisation": "company", "firma": "company",
    "חברה": "company", "vat": "tax_id", "vat id": "tax_id", "tax id": "tax_id", "tax number": "tax_id", "vat number":
    "tax_id", "ח.פ.": "tax_id", "עוסק": "tax_id", "phone": "phones", "mobile": "phones", "telephone": "phones",
    "mobile phone": "phones", "business phone": "phones", "home phone": "phones", "primary phone": "phones",
    "טלפון": "phones", "נייד": "phones", "telefon": "phones", "email": "emails", "e-mail": "emails",
    "e-mail address": "emails", "email address": "emails", "mail": "emails", "דואל": "emails", "אימייל": "emails",
    'דוא"ל': "emails", "street": "address", "home address": "address", "business address": "address",
    "כתובת": "address", "note": "notes", "comment": "notes", "הערות": "notes", "labels": "tags", "groups": "tags",
    "categories": "tags", "type": "kind",
}  # fmt: skip
_GOOGLE = re.compile(r"(e-mail|phone|address) (\d+) - (value|formatted)", re.IGNORECASE)
_FIRST = ("first name", "given name", "שם פרטי", "prénom", "vorname")
_LAST = ("last name", "family name", "שם משפחה", "nachname")
_DANGEROUS = ("=", "+", "-", "@", "\t", "\r")
MOST = 5000  # contacts in one file


def to_csv(contacts: Iterable[Mapping[str, Any]]) -> str:
    """UTF-8 text with a mark at its start, so that Excel knows; nothing in it is taken for a formula."""
    out = io.StringIO()
    out.write("\ufeff")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for one in contacts:
        cells = ["; ".join(one[name]) if name in _LISTS else one[name] or "" for name in COLUMNS]
        writer.writerow([f"'{cell}" if cell.startswith(_DANGEROUS) else cell for cell in cells])
    return out.getvalue()


def from_csv(text: str) -> list[dict[str, Any]]:
    """Values of contacts, one a line; columns by our names or those of Google and Outlook. Tellable `bad_contacts`."""
    text = text.removeprefix("\ufeff")
    head = text.partition("\n")[0]
    delimiter = max(",;\t", key=head.count)
    try:
        rows = list(csv.reader(io.StringIO(text), delimiter=delimiter))
    except csv.Error as error:
        raise Tellable("bad_contacts", f"This file is no CSV ({error}).") from error
    if not rows:
        raise Tellable("bad_contacts", "This file holds nothing.")
    header = [cell.strip().casefold() for cell in rows[0]]
    if not any(_column(cell) == "name" or cell in _FIRST or _column(cell) in {"emails", "phones"} for cell in header):
        raise Tellable("bad_contacts", "The first line must name the columns, “name” among them.")
    return [found for row in rows[1 : MOST + 2] if (found := _line(header, row))]


def _column(cell: str) -> str | None:
    google = _GOOGLE.fullmatch(cell)
    if google:
        return {"e-mail": "emails", "phone": "phones", "address": "address"}[google[1].lower()]
    return cell if cell in COLUMNS else _ALIASES.get(cell)


def _line(header: Sequence[str], row: Sequence[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    first = last = ""
    for title, raw in zip(header, row, strict=False):
        cell = raw.strip().removeprefix("'") if raw.strip()[1:2] in _DANGEROUS else raw.strip()
        name = _column(title)
        first = cell if title in _FIRST and cell else first
        last = cell if title in _LAST and cell else last
        if name is None or not cell:
            continue
        if name in _LISTS:
            found.setdefault(name, []).extend(part.strip() for part in re.split(r";|:::|\n", cell) if part.strip())
        else:
            found.setdefault(name, cell)
    if "name" not in found and (first or last):
        found["name"], found["form"] = f"{first} {last}".strip(), "person"
    return _named(found)


def _named(found: dict[str, Any]) -> dict[str, Any]:
    if not found.get("name"):
        fallback = found.get("company") or next(iter(found.get("emails") or found.get("phones") or ()), "")
        if fallback:
            found["name"] = fallback
    return found if found.get("name") else {}


# -- vCard: RFC 6350 (4.0) out; 2.1, 3.0 and 4.0 in


def to_vcards(contacts: Iterable[Mapping[str, Any]]) -> str:
    """Cards of version 4.0."""
    return "".join(_vcard(one) for one in contacts)


def _vcard(one: Mapping[str, Any]) -> str:
    company = one["name"] if one["form"] == "company" else one["company"]
    lines = [
        "BEGIN:VCARD",
        "VERSION:4.0",
        f"UID:prosaas-contact-{one['id']}",
        f"KIND:{'org' if one['form'] == 'company' else 'individual'}",
        f"FN:{_escaped(one['name'])}",
        *([f"ORG:{_escaped(company)}"] if company else []),
        *(f"TEL;VALUE=uri:tel:{phone}" for phone in one["phones"]),
        *(f"EMAIL:{_escaped(email)}" for email in one["emails"]),
        *([f"ADR:;;{_escaped(one['address'])};;;;"] if one["address"] else []),
        *([f"NOTE:{_escaped(one['notes'])}"] if one["notes"] else []),
        *([f"CATEGORIES:{','.join(_escaped(tag) for tag in one['tags'])}"] if one["tags"] else []),
        *([f"X-TAX-ID:{_escaped(one['tax_id'])}"] if one["tax_id"] else []),
        f"X-PROSAAS-KIND:{one['kind']}",
        "END:VCARD",
    ]
    return "".join(f"{_folded(line)}\r\n" for line in lines)


def _escaped(text: str) -> str:
    text = text.replace("\\", "\\\\").replace(",", "\\,").replace(";", "\\;")
    return text.replace("\r\n", "\\n").replace("\n", "\\n").replace("\r", "\\n")


def _folded(line: str) -> str:
    """At most 75 bytes a line, never within a character."""
    parts, size = [""], 0
    for char in line:
        length = len(char.encode())
        if size + length > 75:
            parts.append(" ")
            size = 1
        parts[-1] += char
        size += length
    return "\r\n".join(parts)


def from_vcards(text: str) -> list[dict[str, Any]]:
    """Values of contacts; what else stands in a card is left out. Tellable `bad_contacts`."""
    found: list[dict[str, Any]] = []
    card: dict[str, Any] | None = None
    for name, params, value in _properties(text.removeprefix("\ufeff")):
        if name == "BEGIN" and value.upper() == "VCARD":
            card = {}
        elif name == "END" and card is not None:
            named = _named(card)
            if named:
                found.append(named)
            card = None
        elif card is not None and len(found) <= MOST:
            _take(card, name, params, value)
    if not found:
        raise Tellable("bad_contacts", "There is no vCard with a name in this file.")
    return found


def _properties(text: str) -> Iterator[tuple[str, dict[str, str], str]]:
    """Name without group, parameters and decoded value of each line; folded lines are joined."""
    joined = re.sub(r"\r?\n[ \t]", "", text)
    joined = re.sub(r"=\r?\n", "", joined) if "QUOTED-PRINTABLE" in joined.upper() else joined
    for line in joined.splitlines():
        head, mark, value = line.partition(":")
        if not mark:
            continue
        name, *rest = head.split(";")
        params: dict[str, str] = {}
        for part in rest:
            key, equals, said = part.partition("=")
            params[key.upper() if equals else "TYPE"] = (said or key).strip('"')
        yield name.rpartition(".")[2].upper(), params, _decoded(value, params)


def _decoded(value: str, params: Mapping[str, str]) -> str:
    encoding = params.get("ENCODING", params.get("TYPE", "")).upper()
    charset = params.get("CHARSET", "utf-8")
    try:
        if encoding == "QUOTED-PRINTABLE":
            return quopri.decodestring(value.encode()).decode(charset, "replace")
        if encoding in {"B", "BASE64"} and len(value) < 10_000:
            return b64decode(value).decode(charset, "replace")
    except (LookupError, ValueError):
        pass
    return value


def _take(card: dict[str, Any], name: str, params: Mapping[str, str], value: str) -> None:
    plain = _plain(value)
    if name == "FN" and plain:
        card["name"] = plain
    elif name == "N" and "name" not in card:
        family, given, *_ = [*_split(value, ";"), "", ""]
        card["name"], card["form"] = f"{given} {family}".strip(), "person"
    elif name == "ORG" and plain:
        card["company"] = ", ".join(part for part in _split(value, ";") if part)
    elif name == "KIND" and plain.lower() == "org":
        card["form"] = "company"
    elif name in {"KIND", "N"} and plain:
        card.setdefault("form", "person")
    elif name == "TEL" and plain and "FAX" not in params.get("TYPE", "").upper():
        card.setdefault("phones", []).append(plain.removeprefix("tel:").partition(";")[0])
    elif name == "EMAIL" and plain:
        card.setdefault("emails", []).append(plain)
    elif name == "ADR" and "address" not in card:
        card["address"] = ", ".join(part for part in _split(value, ";") if part)
    elif name == "NOTE" and plain:
        card["notes"] = plain
    elif name == "CATEGORIES":
        card["tags"] = [tag for tag in _split(value, ",") if tag]
    elif name == "X-TAX-ID" and plain:
        card["tax_id"] = plain
    elif name == "X-PROSAAS-KIND":
        card["kind"] = plain
    if card.get("form") == "company" and card.get("company") == card.get("name"):
        card.pop("company", None)


def _split(value: str, mark: str) -> list[str]:
    return [_plain(part) for part in re.split(rf"(?<!\\){mark}", value)]


def _plain(value: str) -> str:
    text = re.sub(r"\\([nN,;:\\])", lambda hit: "\n" if hit[1] in "nN" else hit[1], value)
    return "".join(char for char in text if char >= " " or char in "\n\t").strip()

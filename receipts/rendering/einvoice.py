"""An e-invoice's XML (UBL, CII, ZUGFeRD 1) as a page that a person can read."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from lxml import etree

from errors import Tellable
from receipts.rendering.mail import plain_page

_MAX_LINES: Final = 2_000
_TITLES: Final = {
    "380": "Invoice", "381": "Credit note", "384": "Corrected invoice", "326": "Partial invoice",
    "389": "Self-billed invoice", "386": "Prepayment invoice", "383": "Debit note", "751": "Invoice information",
    "396": "Factored credit note", "261": "Self-billed credit note", "875": "Partial construction invoice",
    "877": "Final construction invoice",
}  # fmt: skip
_UNITS: Final = {
    "H87": "pcs", "C62": "", "XPP": "pcs", "EA": "pcs", "HUR": "h", "DAY": "days", "MON": "months", "KGM": "kg",
    "LTR": "l", "MTR": "m", "MTK": "m²", "MTQ": "m³", "KWH": "kWh", "TNE": "t", "MIN": "min", "LS": "", "XPK": "packs",
    "NAR": "pcs", "SET": "sets", "ANN": "years", "WEE": "weeks", "KMT": "km", "PCE": "pcs", "P1": "%",
}  # fmt: skip


def einvoice_page(data: bytes) -> str:
    """The XML as HTML; one that is no e-invoice is shown as its text.

    Raises:
        Tellable: document_damaged.
    """
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, recover=True)
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError):
        root = None
    if root is None:
        raise Tellable("document_damaged", "This XML file is damaged and cannot be shown. Download the original.")
    name = _name(root)
    if name in {"Invoice", "CreditNote"} and _first(root, "AccountingSupplierParty") is not None:
        return _page(_ubl(root))
    if name in {"CrossIndustryInvoice", "CrossIndustryDocument", "SCRDMCCBDACIOMessageStructure"}:
        return _page(_cii(root))
    etree.indent(root)
    return plain_page(etree.tostring(root, encoding="unicode")[:400_000])


# --- reading by local names ---------------------------------------------------------------------------------------


def _name(node: Any) -> str:
    return str(node.tag).rsplit("}", 1)[-1] if isinstance(node.tag, str) else ""


def _all(node: Any, path: str) -> Iterator[Any]:
    """Elements at a path of local names below a node."""
    head, _, rest = path.partition("/")
    for child in node if node is not None else ():
        if _name(child) == head:
            if rest:
                yield from _all(child, rest)
            else:
                yield child


def _first(node: Any, *paths: str) -> Any:
    for path in paths:
        for found in _all(node, path):
            return found
    return None


def _text(node: Any, *paths: str) -> str:
    for path in paths:
        for found in _all(node, path):
            text = " ".join("".join(found.itertext()).split())
            if text:
                return text
    return ""


def _date(node: Any, *paths: str) -> str:
    text = _text(node, *paths)
    found = re.fullmatch(r"(\d{4})-?(\d{2})-?(\d{2}).*", text)
    return "-".join(found.groups()) if found else text


# --- the two families ---------------------------------------------------------------------------------------------

Facts = dict[str, Any]


def _ubl(root: Any) -> Facts:
    credit = _name(root) == "CreditNote"
    code = _text(root, "InvoiceTypeCode", "CreditNoteTypeCode")
    lines = []
    for line in _all(root, "CreditNoteLine" if credit else "InvoiceLine"):
        item = _first(line, "Item")
        quantity = _first(line, "CreditedQuantity" if credit else "InvoicedQuantity")
        lines.append(
            (
                _text(item, "Name") or _text(item, "Description"),
                _text(item, "Description") if _text(item, "Name") else "",
                _quantity(quantity, "unitCode"),
                _text(line, "Price/PriceAmount"),
                _text(item, "ClassifiedTaxCategory/Percent"),
                _text(line, "LineExtensionAmount"),
            )
        )
    totals = _first(root, "LegalMonetaryTotal")
    taxes = [
        (_text(sub, "TaxCategory/Percent"), _text(sub, "TaxableAmount"), _text(sub, "TaxAmount"))
        for total in _all(root, "TaxTotal")
        for sub in _all(total, "TaxSubtotal")
    ]
    extras = [
        (
            _text(one, "AllowanceChargeReason")
            or ("Charge" if _text(one, "ChargeIndicator") == "true" else "Discount"),
            ("" if _text(one, "ChargeIndicator") == "true" else "-") + _text(one, "Amount"),
        )
        for one in _all(root, "AllowanceCharge")
    ]
    return {
        "title": _TITLES.get(code, "Credit note" if credit else "Invoice"),
        "number": _text(root, "ID"),
        "currency": _text(root, "DocumentCurrencyCode"),
        "dates": [
            ("Date", _date(root, "IssueDate")),
            ("Due", _date(root, "DueDate", "PaymentMeans/PaymentDueDate")),
            ("Delivered", _date(root, "Delivery/ActualDeliveryDate")),
            ("Order", _text(root, "OrderReference/ID")),
            ("Reference", _text(root, "BuyerReference")),
            ("Corrects", _text(root, "BillingReference/InvoiceDocumentReference/ID")),
        ],
        "seller": _ubl_party(_first(root, "AccountingSupplierParty/Party")),
        "buyer": _ubl_party(_first(root, "AccountingCustomerParty/Party")),
        "lines": lines,
        "extras": extras,
        "taxes": taxes,
        "totals": [
            ("Net", _text(totals, "TaxExclusiveAmount", "LineExtensionAmount")),
            ("Tax", _text(root, "TaxTotal/TaxAmount")),
            ("Total", _text(totals, "TaxInclusiveAmount")),
            ("Paid", _text(totals, "PrepaidAmount")),
            ("To pay", _text(totals, "PayableAmount")),
        ],
        "payment": [
            ("IBAN", _text(root, "PaymentMeans/PayeeFinancialAccount/ID")),
            ("Payment reference", _text(root, "PaymentMeans/PaymentID")),
            ("Terms", _text(root, "PaymentTerms/Note")),
        ],
        "notes": [_text(note, ".") or " ".join("".join(note.itertext()).split()) for note in _all(root, "Note")],
    }


def _ubl_party(party: Any) -> list[str]:
    place = _first(party, "PostalAddress")
    return [
        _text(party, "PartyLegalEntity/RegistrationName", "PartyName/Name"),
        _joined(", ", _text(place, "StreetName"), _text(place, "AdditionalStreetName")),
        _joined(" ", _text(place, "PostalZone"), _text(place, "CityName")),
        _text(place, "Country/IdentificationCode"),
        _labelled("VAT", _text(party, "PartyTaxScheme/CompanyID")),
        _labelled("Reg.", _text(party, "PartyLegalEntity/CompanyID")),
        _joined(", ", _text(party, "Contact/Name"), _text(party, "Contact/Telephone")),
        _text(party, "Contact/ElectronicMail"),
    ]


def _cii(root: Any) -> Facts:
    document = _first(root, "ExchangedDocument", "HeaderExchangedDocument")
    trade = _first(root, "SupplyChainTradeTransaction", "SpecifiedSupplyChainTradeTransaction")
    agreement = _first(trade, "ApplicableHeaderTradeAgreement", "ApplicableSupplyChainTradeAgreement")
    delivery = _first(trade, "ApplicableHeaderTradeDelivery", "ApplicableSupplyChainTradeDelivery")
    settlement = _first(trade, "ApplicableHeaderTradeSettlement", "ApplicableSupplyChainTradeSettlement")
    totals = _first(
        settlement,
        "SpecifiedTradeSettlementHeaderMonetarySummation",
        "SpecifiedTradeSettlementMonetarySummation",
    )
    lines = []
    for line in _all(trade, "IncludedSupplyChainTradeLineItem"):
        product = _first(line, "SpecifiedTradeProduct")
        quantity = _first(
            line,
            "SpecifiedLineTradeDelivery/BilledQuantity",
            "SpecifiedSupplyChainTradeDelivery/BilledQuantity",
        )
        name = _text(product, "Name") or _text(line, "AssociatedDocumentLineDocument/IncludedNote/Content")
        lines.append(
            (
                name,
                _text(product, "Description"),
                _quantity(quantity, "unitCode"),
                _text(
                    line,
                    "SpecifiedLineTradeAgreement/NetPriceProductTradePrice/ChargeAmount",
                    "SpecifiedSupplyChainTradeAgreement/NetPriceProductTradePrice/ChargeAmount",
                ),
                _text(
                    line,
                    "SpecifiedLineTradeSettlement/ApplicableTradeTax/RateApplicablePercent",
                    "SpecifiedSupplyChainTradeSettlement/ApplicableTradeTax/ApplicablePercent",
                ),
                _text(
                    line,
                    "SpecifiedLineTradeSettlement/SpecifiedTradeSettlementLineMonetarySummation/LineTotalAmount",
                    "SpecifiedSupplyChainTradeSettlement/SpecifiedTradeSettlementMonetarySummation/LineTotalAmount",
                ),
            )
        )
    extras = [
        (
            _text(one, "Reason") or "Discount or charge",
            ("" if _text(one, "ChargeIndicator/Indicator") == "true" else "-") + _text(one, "ActualAmount"),
        )
        for one in _all(settlement, "SpecifiedTradeAllowanceCharge")
    ]
    when = "DateTimeString"
    return {
        "title": _TITLES.get(_text(document, "TypeCode"), _text(document, "Name") or "Invoice"),
        "number": _text(document, "ID"),
        "currency": _text(settlement, "InvoiceCurrencyCode"),
        "dates": [
            ("Date", _date(document, f"IssueDateTime/{when}")),
            ("Due", _date(settlement, f"SpecifiedTradePaymentTerms/DueDateDateTime/{when}")),
            ("Delivered", _date(delivery, f"ActualDeliverySupplyChainEvent/OccurrenceDateTime/{when}")),
            ("Order", _text(agreement, "BuyerOrderReferencedDocument/IssuerAssignedID")),
            ("Reference", _text(agreement, "BuyerReference")),
            ("Corrects", _text(settlement, "InvoiceReferencedDocument/IssuerAssignedID")),
        ],
        "seller": _cii_party(_first(agreement, "SellerTradeParty")),
        "buyer": _cii_party(_first(agreement, "BuyerTradeParty")),
        "lines": lines,
        "extras": extras,
        "taxes": [
            (
                _text(tax, "RateApplicablePercent", "ApplicablePercent"),
                _text(tax, "BasisAmount"),
                _text(tax, "CalculatedAmount"),
            )
            for tax in _all(settlement, "ApplicableTradeTax")
        ],
        "totals": [
            ("Net", _text(totals, "TaxBasisTotalAmount", "LineTotalAmount")),
            ("Tax", _text(totals, "TaxTotalAmount")),
            ("Total", _text(totals, "GrandTotalAmount")),
            ("Paid", _text(totals, "TotalPrepaidAmount")),
            ("To pay", _text(totals, "DuePayableAmount")),
        ],
        "payment": [
            (
                "IBAN",
                _text(settlement, "SpecifiedTradeSettlementPaymentMeans/PayeePartyCreditorFinancialAccount/IBANID"),
            ),
            ("Payment reference", _text(settlement, "PaymentReference")),
            ("Terms", _text(settlement, "SpecifiedTradePaymentTerms/Description")),
        ],
        "notes": [_text(note, "Content") for note in _all(document, "IncludedNote")],
    }


def _cii_party(party: Any) -> list[str]:
    place = _first(party, "PostalTradeAddress")
    tax = [
        " ".join("".join(found.itertext()).split())
        for found in _all(party, "SpecifiedTaxRegistration/ID")
        if found.get("schemeID") in {"VA", None}
    ]
    contact = _first(party, "DefinedTradeContact")
    return [
        _text(party, "Name"),
        _joined(", ", _text(place, "LineOne"), _text(place, "LineTwo"), _text(place, "LineThree")),
        _joined(" ", _text(place, "PostcodeCode"), _text(place, "CityName")),
        _text(place, "CountryID"),
        _labelled("VAT", tax[0] if tax else ""),
        _labelled("Reg.", _text(party, "SpecifiedLegalOrganization/ID")),
        _joined(", ", _text(contact, "PersonName"), _text(contact, "TelephoneUniversalCommunication/CompleteNumber")),
        _text(contact, "EmailURIUniversalCommunication/URIID"),
    ]


def _quantity(node: Any, unit: str) -> str:
    if node is None:
        return ""
    code = node.get(unit) or ""
    return _joined(" ", _number("".join(node.itertext()).strip()), _UNITS.get(code, ""))


def _joined(between: str, *parts: str) -> str:
    return between.join(part for part in parts if part)


def _labelled(label: str, text: str) -> str:
    return f"{label} {text}" if text else ""


# --- the page -----------------------------------------------------------------------------------------------------


def _number(text: str, places: int = 0) -> str:
    """A decimal with its thousands parted and at least so many places; other text as it is."""
    try:
        value = Decimal(text)
    except InvalidOperation:
        return text
    if not value.is_finite() or abs(value.adjusted()) > 30:
        return text
    exponent = -int(value.normalize().as_tuple().exponent)
    return f"{value:,.{min(6, max(places, exponent))}f}"


def _page(facts: Facts) -> str:
    money = facts["currency"]
    out = [f"<style>{_STYLE}</style><body><table class=w><tr><td><h1>{_e(facts['title'])}</h1>"]
    if facts["number"]:
        out.append(f"<div class=no dir=auto>{_e(facts['number'])}</div>")
    out.append("</td><td class=r><table class=d align=right>")
    out += [
        f"<tr><td class=l>{_e(name)}</td><td dir=auto>{_e(value)}</td></tr>" for name, value in facts["dates"] if value
    ]
    out.append("</table></td></tr></table><table class=w><tr>")
    for label, name in (("From", "seller"), ("To", "buyer")):
        lines = [line for line in facts[name] if line]
        body = "".join(f"<div dir=auto{' class=b' if i == 0 else ''}>{_e(line)}</div>" for i, line in enumerate(lines))
        out.append(f"<td width=50%><div class=l>{label}</div>{body}</td>")
    out.append("</tr></table>")
    out += _line_table(facts["lines"], money)
    out += _sum_table(facts, money)
    payment = [(name, value) for name, value in facts["payment"] if value]
    if payment:
        out.append("<table class=d>")
        out += [f"<tr><td class=l>{_e(name)}</td><td dir=auto>{_e(value)}</td></tr>" for name, value in payment]
        out.append("</table>")
    out += [f"<p class=note dir=auto>{_e(note[:3000])}</p>" for note in facts["notes"] if note]
    out.append("</body>")
    return "".join(out)


def _line_table(lines: list[tuple[str, ...]], money: str) -> Iterable[str]:
    if not lines:
        return
    rate = any(line[4] for line in lines)
    yield "<table class='w lines'><tr><th>Description</th><th class=r>Quantity</th><th class=r>Price</th>"
    yield f"{'<th class=r>Tax</th>' if rate else ''}<th class=r>Amount {_e(money)}</th></tr>"
    for name, more, quantity, price, percent, amount in lines[:_MAX_LINES]:
        detail = f"<div class=l dir=auto>{_e(more[:600])}</div>" if more and more != name else ""
        tax = f"<td class=r>{_e(_number(percent))}{' %' if percent else ''}</td>" if rate else ""
        yield f"<tr><td dir=auto>{_e(name)}{detail}</td><td class=r>{_e(quantity)}</td>"
        yield f"<td class=r>{_e(_number(price, 2))}</td>{tax}<td class=r>{_e(_number(amount, 2))}</td></tr>"
    yield "</table>"


def _sum_table(facts: Facts, money: str) -> Iterable[str]:
    yield "<table class=sums align=right>"
    for reason, amount in facts["extras"]:
        yield f"<tr><td dir=auto>{_e(reason)}</td><td class=r>{_e(_number(amount, 2))}</td></tr>"
    strongest = "To pay" if any(name == "To pay" and value for name, value in facts["totals"]) else "Total"
    for name, value in facts["totals"]:
        if not value or (name == "Paid" and _number(value) == "0"):
            continue
        if name == "Tax" and facts["taxes"]:
            for percent, base, amount in facts["taxes"]:
                of = f" on {_number(base, 2)}" if base else ""
                yield f"<tr><td>Tax {_e(_number(percent))} %{_e(of)}</td><td class=r>{_e(_number(amount, 2))}</td></tr>"
            continue
        style = " class=t" if name == strongest else ""
        yield f"<tr{style}><td>{_e(name)}</td><td class=r>{_e(_number(value, 2))} {_e(money)}</td></tr>"
    yield "</table><div style='clear:both'></div>"


def _e(text: str) -> str:
    return html.escape(text)


_STYLE: Final = (
    "body{font:13px/1.45 sans-serif;color:#1c1b17;margin:0}table{border-spacing:0}td,th{padding:0;vertical-align:top}"
    "h1{font-size:26px;line-height:1.2;margin:0}.no{font-size:15px;color:#514e45}.w{width:100%;margin:0 0 22px}"
    ".l{color:#6b675c;font-size:12px}.b{font-weight:bold}.r{text-align:right}.d td{padding:1px 0 1px 14px}"
    ".d td.l{padding-left:0}.lines th{border-bottom:1px solid #8b8778;padding:4px 0 4px 12px;font-size:12px}"
    ".lines th{text-align:left}.lines th.r{text-align:right}.lines td{border-bottom:1px solid #e4e1d7}"
    ".lines td{padding:6px 0 6px 12px}.lines td:first-child,.lines th:first-child{padding-left:0}"
    ".sums td{padding:2px 0 2px 26px}.sums .t td{border-top:1px solid #8b8778;font-weight:bold;font-size:15px}"
    ".sums{margin:0 0 22px}.note{color:#514e45;font-size:12px;white-space:pre-wrap}"
)

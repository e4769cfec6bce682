"""E-invoice XML: UBL 2.x, UN/CEFACT CII and ZUGFeRD 1 as exact figures."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation

from lxml import etree

from receipts.layout import clean
from receipts.types import Item, Kind, TaxLine

MAX_BYTES = 20_000_000
_ITEMS = 2000
_CREDIT = frozenset({"381", "396", "532", "83", "261", "262", "308", "420", "458"})
# UNTDID 4461, as far as it says how was or is to be paid.
_PAYMENTS = {
    "10": "cash", "20": "cheque", "30": "bank_transfer", "31": "bank_transfer", "42": "bank_transfer",
    "48": "card", "49": "direct_debit", "54": "card", "55": "card", "57": "bank_transfer", "58": "bank_transfer",
    "59": "direct_debit", "68": "wallet",
}  # fmt: skip
_INVOICE_ROOTS = frozenset(
    {"Invoice", "CreditNote", "CrossIndustryInvoice", "CrossIndustryDocument", "SCRDMCCBDACIOMessageStructure"}
)


class XmlRefused(Exception):
    """The file is no e-invoice that can be read; `code` is `xml_broken`, `xml_entities` or `xml_unknown`."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence


@dataclass
class EInvoice:
    """The figures of an e-invoice as it states them; amounts in its currency, signs as written."""

    syntax: str
    type_code: str = ""
    number: str | None = None
    date: dt.date | None = None
    due_date: dt.date | None = None
    currency: str | None = None
    vendor: str | None = None
    vendor_tax_id: str | None = None
    buyer: str | None = None
    total: Decimal | None = None
    payable: Decimal | None = None
    net: Decimal | None = None
    prepaid: Decimal | None = None
    discount: Decimal | None = None
    payment_method: str | None = None
    card_last4: str | None = None
    tax_total: Decimal | None = None
    taxes: list[TaxLine] = field(default_factory=list)
    items: list[Item] = field(default_factory=list)
    references: int = 0

    @property
    def kind(self) -> Kind:
        """What the type code says."""
        if self.type_code in _CREDIT or self.syntax == "UBL CreditNote":
            return Kind.CREDIT_NOTE
        return Kind.INVOICE

    @property
    def doubts(self) -> list[str]:
        """Sums that do not hold within the file itself."""
        out = []
        tax = (
            self.tax_total
            if self.tax_total is not None
            else sum((t.amount or Decimal(0) for t in self.taxes), Decimal(0))
        )
        if self.total is not None and self.net is not None and abs(self.net + tax - self.total) > Decimal("0.05"):
            out.append("net and tax do not give the total")
        return out


def looks_like(data: bytes) -> bool:
    """Whether the first bytes may be an e-invoice."""
    head = data[:30_000]  # comments may stand before the root
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        head = head.decode("utf-16", "ignore").encode()
    return b"<" in head and any(name.encode() in head for name in _INVOICE_ROOTS)


def parse(data: bytes) -> EInvoice:
    """The invoice in these bytes; raises XmlRefused, never follows an entity or an address."""
    if len(data) > MAX_BYTES:
        raise XmlRefused("xml_too_large", "The XML file is larger than 20 MB.")
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(data.strip(), parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise XmlRefused("xml_broken", "The XML file is malformed.") from error
    tree = root.getroottree()
    if getattr(tree.docinfo, "doctype", ""):
        raise XmlRefused("xml_entities", "The XML file declares a document type, which an e-invoice must not do.")
    name = etree.QName(root).localname
    if name not in _INVOICE_ROOTS:
        inner = next(
            (e for e in root.iter() if isinstance(e.tag, str) and etree.QName(e).localname in _INVOICE_ROOTS), None
        )
        if inner is None:
            raise XmlRefused("xml_unknown", "The XML file is no e-invoice of a known kind.")
        root, name = inner, etree.QName(inner).localname
    space = etree.QName(root).namespace or ""
    if name in {"Invoice", "CreditNote"}:
        if "ubl" not in space.lower() and _first(root, "ID") is None:
            raise XmlRefused("xml_unknown", "The XML file is no e-invoice of a known kind.")
        return _ubl(root, name)
    return _cii(root, name)


# -- walking ---------------------------------------------------------------------------------------


def _kids(node: etree._Element | None, name: str) -> list[etree._Element]:
    if node is None:
        return []
    return [c for c in node if isinstance(c.tag, str) and c.tag.rpartition("}")[2] == name]


def _first(node: etree._Element | None, *path: str) -> etree._Element | None:
    for name in path:
        found = _kids(node, name)
        if not found:
            return None
        node = found[0]
    return node


def _text(node: etree._Element | None, *path: str) -> str | None:
    found = _first(node, *path)
    if found is None or not found.text:
        return None
    return " ".join(clean(found.text).split()) or None


def _decimal(text: str | None) -> Decimal | None:
    try:
        value = Decimal(text) if text else None
    except InvalidOperation:
        return None
    return value if value is not None and value.is_finite() and abs(value) < Decimal(10) ** 15 else None


def _amount(node: etree._Element | None, *path: str) -> Decimal | None:
    return _decimal(_text(node, *path))


def _day(text: str | None) -> dt.date | None:
    if not text:
        return None
    text = text.strip()
    for form, size in (("%Y-%m-%d", 10), ("%Y%m%d", 8), ("%Y%m", 6)):
        try:
            return dt.datetime.strptime(text[:size], form).date()  # noqa: DTZ007 - a calendar day
        except ValueError:
            continue
    return None


def _code(text: str | None) -> str | None:
    return text.upper() if text and len(text) == 3 and text.isalpha() and text.isascii() else None


def _last4(text: str | None) -> str | None:
    """The last four digits of a card's number, the rest of which is mostly masked."""
    end = (text or "").replace(" ", "")[-4:]
    return end if len(end) == 4 and end.isascii() and end.isdigit() else None


# -- UBL -------------------------------------------------------------------------------------------


def _ubl(root: etree._Element, name: str) -> EInvoice:
    out = EInvoice("UBL " + name)
    out.type_code = _text(root, f"{name}TypeCode") or ""
    out.number = _text(root, "ID")
    out.date = _day(_text(root, "IssueDate"))
    out.due_date = _day(_text(root, "DueDate")) or _day(_text(root, "PaymentMeans", "PaymentDueDate"))
    out.currency = _code(_text(root, "DocumentCurrencyCode"))
    out.vendor, out.vendor_tax_id = _ubl_party(_first(root, "AccountingSupplierParty", "Party"))
    out.buyer, _ = _ubl_party(_first(root, "AccountingCustomerParty", "Party"))
    sums = _first(root, "LegalMonetaryTotal")
    out.total = _amount(sums, "TaxInclusiveAmount")
    out.net = _amount(sums, "TaxExclusiveAmount")
    out.payable = _amount(sums, "PayableAmount")
    out.prepaid = _amount(sums, "PrepaidAmount")
    out.discount = _amount(sums, "AllowanceTotalAmount")
    means = _first(root, "PaymentMeans")
    out.payment_method = _PAYMENTS.get(_text(means, "PaymentMeansCode") or "")
    out.card_last4 = _last4(_text(means, "CardAccount", "PrimaryAccountNumberID"))
    totals = _kids(root, "TaxTotal")
    chosen = next(
        (t for t in totals if (a := _first(t, "TaxAmount")) is not None and a.get("currencyID") == out.currency),
        totals[0] if totals else None,
    )
    out.tax_total = _amount(chosen, "TaxAmount")
    for sub in _kids(chosen, "TaxSubtotal"):
        out.taxes.append(
            TaxLine(
                _amount(sub, "TaxCategory", "Percent") or _amount(sub, "Percent"),
                _amount(sub, "TaxableAmount"),
                _amount(sub, "TaxAmount"),
            )
        )
    for line in _kids(root, "InvoiceLine")[:_ITEMS] or _kids(root, "CreditNoteLine")[:_ITEMS]:
        quantity = _amount(line, "InvoicedQuantity")
        out.items.append(
            Item(
                _text(line, "Item", "Name") or _text(line, "Item", "Description") or "",
                _amount(line, "CreditedQuantity") if quantity is None else quantity,
                _amount(line, "LineExtensionAmount"),
            )
        )
    if out.total is None:
        out.total = out.payable
    if out.currency is None and sums is not None:
        out.currency = next((_code(e.get("currencyID")) for e in sums if e.get("currencyID")), None)
    return _stated_tax(out)


def _ubl_party(party: etree._Element | None) -> tuple[str | None, str | None]:
    name = _text(party, "PartyLegalEntity", "RegistrationName") or _text(party, "PartyName", "Name")
    tax_id = None
    for scheme in _kids(party, "PartyTaxScheme"):
        value = _text(scheme, "CompanyID")
        if value and (tax_id is None or (_text(scheme, "TaxScheme", "ID") or "").upper() == "VAT"):
            tax_id = value
    return name or _text(party, "Contact", "Name"), tax_id or _text(party, "PartyLegalEntity", "CompanyID")


# -- CII and ZUGFeRD 1 -----------------------------------------------------------------------------


def _cii(root: etree._Element, name: str) -> EInvoice:
    first = name == "CrossIndustryDocument"
    out = EInvoice("ZUGFeRD 1" if first else "CII")
    head = _first(root, "HeaderExchangedDocument" if first else "ExchangedDocument")
    deal = _first(root, "SpecifiedSupplyChainTradeTransaction" if first else "SupplyChainTradeTransaction")
    agreement = _first(deal, "ApplicableSupplyChainTradeAgreement" if first else "ApplicableHeaderTradeAgreement")
    settlement = _first(deal, "ApplicableSupplyChainTradeSettlement" if first else "ApplicableHeaderTradeSettlement")
    if head is None or settlement is None:
        raise XmlRefused("xml_unknown", "The XML file is no e-invoice of a known kind.")
    out.type_code = _text(head, "TypeCode") or ""
    out.number = _text(head, "ID")
    out.date = _day(_text(head, "IssueDateTime", "DateTimeString") or _text(head, "IssueDateTime", "DateTime"))
    out.currency = _code(_text(settlement, "InvoiceCurrencyCode"))
    out.vendor, out.vendor_tax_id = _cii_party(_first(agreement, "SellerTradeParty"))
    out.buyer, _ = _cii_party(_first(agreement, "BuyerTradeParty"))
    for terms in _kids(settlement, "SpecifiedTradePaymentTerms"):
        out.due_date = out.due_date or _day(_text(terms, "DueDateDateTime", "DateTimeString"))
    sums = _first(
        settlement,
        "SpecifiedTradeSettlementMonetarySummation" if first else "SpecifiedTradeSettlementHeaderMonetarySummation",
    )
    out.total = _amount(sums, "GrandTotalAmount")
    out.net = _amount(sums, "TaxBasisTotalAmount")
    out.payable = _amount(sums, "DuePayableAmount")
    out.prepaid = _amount(sums, "TotalPrepaidAmount")
    out.discount = _amount(sums, "AllowanceTotalAmount")
    means = _first(settlement, "SpecifiedTradeSettlementPaymentMeans")
    out.payment_method = _PAYMENTS.get(_text(means, "TypeCode") or "")
    out.card_last4 = _last4(_text(means, "ApplicableTradeSettlementFinancialCard", "ID"))
    taxes = _kids(sums, "TaxTotalAmount")
    chosen = next((t for t in taxes if t.get("currencyID") == out.currency), taxes[0] if taxes else None)
    out.tax_total = _decimal(chosen.text.strip()) if chosen is not None and chosen.text else None
    for tax in _kids(settlement, "ApplicableTradeTax"):
        out.taxes.append(
            TaxLine(
                _amount(tax, "RateApplicablePercent") or _amount(tax, "ApplicablePercent"),
                _amount(tax, "BasisAmount"),
                _amount(tax, "CalculatedAmount"),
            )
        )
    for line in _kids(deal, "IncludedSupplyChainTradeLineItem")[:_ITEMS]:
        delivery = _first(line, "SpecifiedSupplyChainTradeDelivery" if first else "SpecifiedLineTradeDelivery")
        total = _first(line, "SpecifiedSupplyChainTradeSettlement" if first else "SpecifiedLineTradeSettlement")
        amount = _amount(total, "SpecifiedTradeSettlementMonetarySummation", "LineTotalAmount")
        if amount is None:
            amount = _amount(total, "SpecifiedTradeSettlementLineMonetarySummation", "LineTotalAmount")
        description = _text(line, "SpecifiedTradeProduct", "Name")
        if description or amount is not None:
            out.items.append(Item(description or "", _amount(delivery, "BilledQuantity"), amount))
    if out.total is None:
        out.total = out.payable
    return _stated_tax(out)


def _stated_tax(out: EInvoice) -> EInvoice:
    """The tax's sum as one line where the file breaks it down without amounts or not at all."""
    if out.tax_total is not None and all(t.amount is None for t in out.taxes):
        out.taxes = [TaxLine(out.taxes[0].rate if len(out.taxes) == 1 else None, out.net, out.tax_total)]
    return out


def _cii_party(party: etree._Element | None) -> tuple[str | None, str | None]:
    tax_id = None
    for registration in _kids(party, "SpecifiedTaxRegistration"):
        node = _first(registration, "ID")
        if node is not None and node.text and (tax_id is None or node.get("schemeID") == "VA"):
            tax_id = " ".join(clean(node.text).split())
    return _text(party, "Name") or _text(party, "SpecifiedLegalOrganization", "TradingBusinessName") or _text(
        party, "DefinedTradeContact", "PersonName"
    ), tax_id

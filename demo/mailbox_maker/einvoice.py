"""The sale as electronic invoice: UBL 2.1 as XRechnung has it, and CII as Factur-X carries it inside a PDF."""
# ruff: noqa: E501 - mark-up is easier read in whole lines

from __future__ import annotations

from decimal import Decimal
from xml.sax.saxutils import escape

from demo.mailbox_maker.formats import quantity
from demo.mailbox_maker.sale import Sale

UBL = "urn:oasis:names:specification:ubl:schema:xsd"


def ubl(sale: Sale) -> bytes:
    """A UBL invoice."""
    code = sale.currency
    scheme = "<cac:TaxScheme><cbc:ID>VAT</cbc:ID></cac:TaxScheme>"

    def money(tag: str, amount: Decimal) -> str:
        return f'<cbc:{tag} currencyID="{code}">{amount}</cbc:{tag}>'

    def party(name: str, rows: list[str], tax_id: str = "") -> str:
        street, city = [*rows, "", ""][:2]
        zone, _, town = city.partition(" ")
        taxed = (
            f"<cac:PartyTaxScheme><cbc:CompanyID>{tax_id}</cbc:CompanyID><cac:TaxScheme><cbc:ID>VAT</cbc:ID></cac:TaxScheme></cac:PartyTaxScheme>"
            if tax_id
            else ""
        )
        return (
            f"<cac:Party><cac:PostalAddress><cbc:StreetName>{escape(street)}</cbc:StreetName><cbc:CityName>{escape(town)}</cbc:CityName>"
            f"<cbc:PostalZone>{zone}</cbc:PostalZone><cac:Country><cbc:IdentificationCode>DE</cbc:IdentificationCode></cac:Country>"
            f"</cac:PostalAddress>{taxed}<cac:PartyLegalEntity><cbc:RegistrationName>{escape(name)}</cbc:RegistrationName></cac:PartyLegalEntity></cac:Party>"
        )

    subtotals = "".join(
        f"<cac:TaxSubtotal>{money('TaxableAmount', t.base)}{money('TaxAmount', t.amount)}<cac:TaxCategory><cbc:ID>{'S' if t.rate else 'Z'}</cbc:ID>"
        f"<cbc:Percent>{quantity(t.rate, 'raw')}</cbc:Percent>{scheme}</cac:TaxCategory></cac:TaxSubtotal>"
        for t in sale.taxes
    )
    lines = "".join(
        f'<cac:InvoiceLine><cbc:ID>{i}</cbc:ID><cbc:InvoicedQuantity unitCode="C62">{line.quantity}</cbc:InvoicedQuantity>'
        f"{money('LineExtensionAmount', line.amount)}<cac:Item><cbc:Name>{escape(line.text)}</cbc:Name><cac:ClassifiedTaxCategory><cbc:ID>S</cbc:ID>"
        f"<cbc:Percent>{quantity(line.rate or Decimal(0), 'raw')}</cbc:Percent>{scheme}</cac:ClassifiedTaxCategory></cac:Item>"
        f"<cac:Price>{money('PriceAmount', line.price)}</cac:Price></cac:InvoiceLine>"
        for i, line in enumerate(sale.lines, 1)
    )
    customer = sale.rows("customer")
    xml = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<Invoice xmlns="{UBL}:Invoice-2" xmlns:cac="{UBL}:CommonAggregateComponents-2" xmlns:cbc="{UBL}:CommonBasicComponents-2">'
        "<cbc:CustomizationID>urn:cen.eu:en16931:2017#compliant#urn:xeinkauf.de:kosit:xrechnung_3.0</cbc:CustomizationID>"
        "<cbc:ProfileID>urn:fdc:peppol.eu:2017:poacc:billing:01:1.0</cbc:ProfileID>"
        f"<cbc:ID>{sale.number}</cbc:ID><cbc:IssueDate>{sale.date}</cbc:IssueDate><cbc:DueDate>{sale.due or sale.date}</cbc:DueDate>"
        f"<cbc:InvoiceTypeCode>380</cbc:InvoiceTypeCode><cbc:DocumentCurrencyCode>{code}</cbc:DocumentCurrencyCode>"
        f"<cbc:BuyerReference>{escape(sale.word('reference', 'KEDEM'))}</cbc:BuyerReference>"
        f"<cac:AccountingSupplierParty>{party(sale.vendor, sale.rows('about'), sale.word('tax_id'))}</cac:AccountingSupplierParty>"
        f"<cac:AccountingCustomerParty>{party(customer[0], customer[1:])}</cac:AccountingCustomerParty>"
        f"<cac:TaxTotal>{money('TaxAmount', sale.tax)}{subtotals}</cac:TaxTotal>"
        f"<cac:LegalMonetaryTotal>{money('LineExtensionAmount', sale.line_sum)}{money('TaxExclusiveAmount', sale.net)}"
        f"{money('TaxInclusiveAmount', sale.total)}{money('PrepaidAmount', sale.prepaid)}{money('PayableAmount', sale.due_now)}</cac:LegalMonetaryTotal>{lines}</Invoice>\n"
    )
    return xml.replace("><", ">\n<").encode()


def cii(sale: Sale) -> bytes:
    """A Cross Industry Invoice in the Factur-X profile BASIC."""

    def party(tag: str, name: str, tax_id: str = "") -> str:
        scheme = (
            f'<ram:SpecifiedTaxRegistration><ram:ID schemeID="VA">{tax_id}</ram:ID></ram:SpecifiedTaxRegistration>'
            if tax_id
            else ""
        )
        return f"<ram:{tag}><ram:Name>{escape(name)}</ram:Name>{scheme}</ram:{tag}>"

    taxes = "".join(
        f"<ram:ApplicableTradeTax><ram:CalculatedAmount>{t.amount}</ram:CalculatedAmount><ram:TypeCode>VAT</ram:TypeCode>"
        f"<ram:BasisAmount>{t.base}</ram:BasisAmount><ram:CategoryCode>S</ram:CategoryCode><ram:RateApplicablePercent>{quantity(t.rate, 'raw')}</ram:RateApplicablePercent></ram:ApplicableTradeTax>"
        for t in sale.taxes
    )
    lines = "".join(
        f"<ram:IncludedSupplyChainTradeLineItem><ram:AssociatedDocumentLineDocument><ram:LineID>{i}</ram:LineID></ram:AssociatedDocumentLineDocument>"
        f"<ram:SpecifiedTradeProduct><ram:Name>{escape(line.text)}</ram:Name></ram:SpecifiedTradeProduct>"
        f"<ram:SpecifiedLineTradeAgreement><ram:NetPriceProductTradePrice><ram:ChargeAmount>{line.price}</ram:ChargeAmount></ram:NetPriceProductTradePrice></ram:SpecifiedLineTradeAgreement>"
        f'<ram:SpecifiedLineTradeDelivery><ram:BilledQuantity unitCode="C62">{line.quantity}</ram:BilledQuantity></ram:SpecifiedLineTradeDelivery>'
        f"<ram:SpecifiedLineTradeSettlement><ram:ApplicableTradeTax><ram:TypeCode>VAT</ram:TypeCode><ram:CategoryCode>S</ram:CategoryCode>"
        f"<ram:RateApplicablePercent>{quantity(line.rate or Decimal(0), 'raw')}</ram:RateApplicablePercent></ram:ApplicableTradeTax>"
        f"<ram:SpecifiedTradeSettlementLineMonetarySummation><ram:LineTotalAmount>{line.amount}</ram:LineTotalAmount></ram:SpecifiedTradeSettlementLineMonetarySummation>"
        "</ram:SpecifiedLineTradeSettlement></ram:IncludedSupplyChainTradeLineItem>"
        for i, line in enumerate(sale.lines, 1)
    )
    due = (
        f'<ram:SpecifiedTradePaymentTerms><ram:DueDateDateTime><udt:DateTimeString format="102">{sale.due:%Y%m%d}</udt:DateTimeString></ram:DueDateDateTime></ram:SpecifiedTradePaymentTerms>'
        if sale.due
        else ""
    )
    xml = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<rsm:CrossIndustryInvoice xmlns:rsm="urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100" '
        'xmlns:ram="urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100" '
        'xmlns:udt="urn:un:unece:uncefact:data:standard:UnqualifiedDataType:100">'
        "<rsm:ExchangedDocumentContext><ram:GuidelineSpecifiedDocumentContextParameter><ram:ID>urn:cen.eu:en16931:2017#compliant#urn:factur-x.eu:1p0:basic</ram:ID>"
        "</ram:GuidelineSpecifiedDocumentContextParameter></rsm:ExchangedDocumentContext>"
        f"<rsm:ExchangedDocument><ram:ID>{sale.number}</ram:ID><ram:TypeCode>380</ram:TypeCode><ram:IssueDateTime>"
        f'<udt:DateTimeString format="102">{sale.date:%Y%m%d}</udt:DateTimeString></ram:IssueDateTime></rsm:ExchangedDocument>'
        f"<rsm:SupplyChainTradeTransaction>{lines}<ram:ApplicableHeaderTradeAgreement>{party('SellerTradeParty', sale.vendor, sale.word('tax_id'))}"
        f"{party('BuyerTradeParty', sale.rows('customer')[0])}</ram:ApplicableHeaderTradeAgreement><ram:ApplicableHeaderTradeDelivery/>"
        f"<ram:ApplicableHeaderTradeSettlement><ram:InvoiceCurrencyCode>{sale.currency}</ram:InvoiceCurrencyCode>{taxes}{due}"
        "<ram:SpecifiedTradeSettlementHeaderMonetarySummation>"
        f"<ram:LineTotalAmount>{sale.line_sum}</ram:LineTotalAmount><ram:TaxBasisTotalAmount>{sale.net}</ram:TaxBasisTotalAmount>"
        f'<ram:TaxTotalAmount currencyID="{sale.currency}">{sale.tax}</ram:TaxTotalAmount><ram:GrandTotalAmount>{sale.total}</ram:GrandTotalAmount>'
        f"<ram:TotalPrepaidAmount>{sale.prepaid}</ram:TotalPrepaidAmount><ram:DuePayableAmount>{sale.due_now}</ram:DuePayableAmount>"
        "</ram:SpecifiedTradeSettlementHeaderMonetarySummation></ram:ApplicableHeaderTradeSettlement></rsm:SupplyChainTradeTransaction></rsm:CrossIndustryInvoice>\n"
    )
    return xml.replace("><", ">\n<").encode()

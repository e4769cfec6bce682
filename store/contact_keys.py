"""By what a contact is recognised: tax id, phone, address, a domain of its own, and its name without its trimmings."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

import phonenumbers

from errors import Tellable


def _words(text: str) -> list[str]:
    return text.split()


# Where anybody may have an address: such a domain says nothing of who writes.
_ANYBODYS = frozenset(
    _words(
        "gmail.com googlemail.com outlook.com hotmail.com live.com msn.com yahoo.com ymail.com icloud.com me.com "
        "mac.com aol.com proton.me protonmail.com gmx.de gmx.net gmx.com web.de t-online.de free.fr orange.fr "
        "laposte.net walla.co.il walla.com netvision.net.il bezeqint.net 012.net.il zahav.net.il mail.com yandex.com"
    )
)
_SECOND_LEVEL = frozenset(("ac", "co", "com", "edu", "gov", "ltd", "muni", "net", "org", "or"))
_FORMS = frozenset(
    _words(
        "ag bv co corp corporation company eurl gmbh inc incorporated kg limited llc llp ltd nv oy plc pty sa sarl "
        "sas spa srl ug the בעמ"
    )
)
_WORD = re.compile(r"\w+", re.UNICODE)


def phone(text: str, country: str) -> str:
    """A phone number in E.164, read as somebody in that country writes it; Tellable `bad_phone`."""
    found = _parsed(text, country)
    if found is None:
        raise Tellable("bad_phone", f"“{text[:40]}” is not a phone number; write it like +972 3 123 4567.")
    return found


def phone_or_none(text: str, country: str) -> str | None:
    """The same, or None."""
    return _parsed(text, country)


def phone_begun(text: str, country: str) -> str:
    """The beginning in E.164 of a number that is still being typed."""
    digits = "".join(str(int(char)) for char in text if char.isdigit())
    if text.lstrip().startswith("+") or digits.startswith("00"):
        return f"+{digits.lstrip('0')}"
    code = phonenumbers.country_code_for_region(country or "ZZ")
    return f"+{code or ''}{digits.lstrip('0')}"


def _parsed(text: str, country: str) -> str | None:
    try:
        number = phonenumbers.parse(text[:60], country or None)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def tax_id(text: str | None) -> str | None:
    """Letters and digits alone, capitals; None where too little is left to tell anybody by."""
    plain = "".join(char for char in (text or "").upper() if char.isalnum())
    return plain if len(plain) >= 5 else None


def email(text: str) -> str | None:
    """The address in small letters; None where it is none."""
    plain = text.strip().casefold()
    name, mark, domain = plain.rpartition("@")
    good = mark and name and "." in domain and not any(char.isspace() for char in plain) and len(plain) <= 254
    return plain if good else None


def domain(address: str) -> str | None:
    """The domain that somebody registered, of an address; None where anybody may have one there."""
    _, mark, host = address.strip().casefold().rpartition("@")
    labels = [label for label in host.split(".") if label]
    if not mark or len(labels) < 2:
        return None
    deep = len(labels) > 2 and len(labels[-1]) == 2 and labels[-2] in _SECOND_LEVEL
    registered = ".".join(labels[-3:] if deep else labels[-2:])
    return None if registered in _ANYBODYS or ".".join(labels[-2:]) in _ANYBODYS else registered


def name(text: str) -> str | None:
    """A name as it is compared: small letters, no accents, punctuation, legal form; None where nothing is left."""
    words = name_words(text)
    return " ".join(words)[:200] if words else None


def name_words(text: str) -> list[str]:
    """The words of a name as they are compared."""
    plain = unicodedata.normalize("NFKD", text.replace('"', "").replace("״", "").replace("'", "")).casefold()
    plain = "".join(char for char in plain if not unicodedata.combining(char))
    words = _WORD.findall(plain.replace(".", ""))
    return [word for word in words if word not in _FORMS] or words


def is_its_own(domain_: str, names: Iterable[str]) -> bool:
    """Whether a domain bears the name of one of these, so that whoever writes from it is them.

    Many shops have their receipts sent by one and the same service: a domain alone proves nothing.
    """
    label = domain_.partition(".")[0].replace("-", "")
    return len(label) >= 3 and any(label in "".join(name_words(one)) for one in names)

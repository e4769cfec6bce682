"""Telephone numbers: one normaliser to E.164 for the whole product."""

from __future__ import annotations

import re

import phonenumbers

# What Twilio and carriers send where a caller hides the number.
_HIDDEN_WORDS = {"", "anonymous", "restricted", "unavailable", "unknown", "private"}
# The same words typed on a telephone's keys.
HIDDEN = _HIDDEN_WORDS | {"+266696687", "+86282452253", "+7378742833"}
_CHANNEL = re.compile(r"^(whatsapp|messenger|sip|client):", re.IGNORECASE)


def e164(text: str, country: str = "IL") -> str | None:
    """The number as +972541234567; None where it is none.

    Args:
        text: as a person or a carrier wrote it; a channel like `whatsapp:` before it is left aside.
        country: ISO 3166 code of where a number without an international prefix belongs.
    """
    bare = _CHANNEL.sub("", text.strip())
    if not bare or len(bare) > 40:
        return None
    try:
        parsed = phonenumbers.parse(bare, country)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(parsed):
        return None
    return str(phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164))


def is_hidden(text: str) -> bool:
    """Whether the caller's number is withheld."""
    return text.strip().casefold() in HIDDEN


def channel(address: str) -> str:
    """`sms` or `whatsapp`: what an address of a message belongs to."""
    return "whatsapp" if address.lower().startswith("whatsapp:") else "sms"

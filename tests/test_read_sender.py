"""Who sent a mail: the address of its From header, whatever its display name holds."""

from __future__ import annotations

from base64 import b64encode

import pytest

from receipts.reader import read_message


@pytest.mark.parametrize(
    ("header", "name", "address"),
    [
        ("=?utf-8?q?Caf=C3=A9_Alma?= <billing@alma.example>", "Café Alma", "billing@alma.example"),
        ('"Doe, John" <j@x.example>', "Doe, John", "j@x.example"),
        ("plain@x.example", "", "plain@x.example"),
        ("Ümlaut <u@x.example>", "Ümlaut", "u@x.example"),
    ],
)
def test_name_and_address_are_told_apart(header: str, name: str, address: str) -> None:
    headers = read_message(f"From: {header}\r\nSubject: x\r\n\r\nhello".encode()).headers
    assert (headers.from_name, headers.from_address) == (name, address)


def test_an_encoded_name_cannot_put_another_sender_in_place() -> None:
    name = b64encode(b"Shop\r\nFrom: evil@x.example").decode()
    raw = f"From: =?utf-8?b?{name}?= <a@inj.example>\r\nSubject: x\r\n\r\nhello".encode()
    assert read_message(raw).headers.from_address == "a@inj.example"

"""The headers above a letter on its way: hops, signatures, list marks, mailers; the same for the same letter."""

from __future__ import annotations

import base64
from datetime import datetime, timedelta
from email.utils import format_datetime
from random import Random

from demo.mailbox_maker.mime import Headers

HEX = "ABCDEF0123456789"
OWN_HOST = "mx.example.com"
MAILERS = {
    "apple": ("X-Mailer", "Apple Mail (2.3826.300.87.4.3)"),
    "outlook": ("X-Mailer", "Microsoft Outlook 16.0"),
    "thunderbird": ("User-Agent", "Mozilla Thunderbird"),
    "roundcube": ("User-Agent", "Roundcube Webmail/1.6.9"),
    "php": ("X-Mailer", "PHPMailer 6.9.1 (https://github.com/PHPMailer/PHPMailer)"),
    "erp": ("X-Mailer", "Kedma ERP 24.1"),
    "vb": ("X-Mailer", "MailGate COM 9.5"),
}


def token(dice: Random, length: int, alphabet: str = "abcdefghijklmnopqrstuvwxyz0123456789") -> str:
    """Random signs of the alphabet."""
    return "".join(dice.choice(alphabet) for _ in range(length))


def boundary(dice: Random, route: str) -> str:
    """A boundary as the mailer of that route writes it."""
    if route == "apple":
        return f"Apple-Mail=_{token(dice, 8, HEX)}-{token(dice, 4, HEX)}-4{token(dice, 3, HEX)}"
    if route == "outlook":
        return f"_004_{token(dice, 24, HEX)}outlook_"
    if route == "gmail":
        return f"000000000000{token(dice, 16, 'abcdef0123456789')}"
    if route == "thunderbird":
        return f"------------{token(dice, 24, 'ABCDEFabcdef0123456789')}"
    if route == "java":
        return f"----=_Part_{dice.randint(1000, 999999)}_{dice.randint(10**8, 10**9)}.{dice.randint(10**12, 10**13)}"
    if route == "php":
        return f"b1={token(dice, 32, 'ABCDEFGHabcdefgh0123456789')}"
    return f"--=_{token(dice, 28, 'abcdef0123456789')}"


def envelope(dice: Random, *, sender: str, to: str, when: datetime, route: str, bulk: str = "") -> Headers:
    """Return the headers above From: delivery, hops, authentication; `sender` is the bare address."""
    host = sender.rpartition("@")[2].rstrip(">")
    out = f"{dice.choice(['mail', 'smtp', 'out', 'mta', 'o1', 'relay'])}{dice.randint(1, 48)}.{_outgoing(host)}"
    address = f"{dice.choice([192, 198, 203])}.0.{dice.choice([2, 113])}.{dice.randint(2, 250)}"
    arrived = when + timedelta(seconds=dice.randint(1, 9))
    bounce = (
        f"bounces+{dice.randint(10**6, 10**7)}-{token(dice, 4)}-me=example.com@{_outgoing(host)}" if bulk else sender
    )
    received = [
        ("Delivered-To", "me@example.com"),
        (
            "Received",
            f"by {OWN_HOST} with LMTP id {token(dice, 22, 'ABCDEFGHJKLMNPQRSTUVWXYZ0123456789')}\r\n"
            f"        for <me@example.com>; {format_datetime(arrived)}",
        ),
        ("Return-Path", f"<{bounce}>"),
        (
            "Received",
            f"from {out} ({out} [{address}])\r\n        by {OWN_HOST} (Postfix) with ESMTPS id {token(dice, 11, HEX)}"
            f"\r\n        for <{to}>; {format_datetime(arrived)}",
        ),
        (
            "Authentication-Results",
            f"{OWN_HOST};\r\n       dkim=pass header.i=@{host} header.s={_selector(dice)};"
            f"\r\n       spf=pass smtp.mailfrom={_outgoing(host)};\r\n       dmarc=pass (p=REJECT) header.from={host}",
        ),
        ("DKIM-Signature", _signature(dice, host)),
    ]
    if route in ("java", "esp"):
        inner = f"app-{token(dice, 6)}.internal.{host}"
        received.append(
            (
                "Received",
                f"from {inner} (unknown [10.{dice.randint(0, 250)}.{dice.randint(0, 250)}.7])\r\n"
                f"        by {out} with ESMTPA; {format_datetime(when)}",
            )
        )
    return received


def trailer(dice: Random, *, sender: str, route: str, bulk: str = "", mailer: str = "") -> Headers:
    """Return the headers below Subject: the mailer, list marks, the campaign's junk."""
    host = sender.rpartition("@")[2].rstrip(">")
    headers: Headers = []
    if mailer or route in MAILERS:
        headers.append(MAILERS[mailer or route])
    if bulk:
        key = token(dice, 40, "abcdefABCDEF0123456789_-")
        headers += [
            ("List-Unsubscribe", f"<https://{host}/u/{key}>,\r\n <mailto:unsubscribe+{key[:12]}@{host}>"),
            ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
            ("Feedback-ID", f"{dice.randint(10**5, 10**6)}:{bulk}:{_outgoing(host).split('.')[0]}"),
        ]
        if bulk == "list":
            name = sender.split("@")[0]
            headers += [("List-Id", f"<{name}.{host}>"), ("Precedence", "list"), ("X-Mailman-Version", "3.3.10")]
        elif bulk != "receipt":
            headers += [
                ("Precedence", "bulk"),
                ("X-Campaign-ID", token(dice, 18)),
                ("List-Id", f"<{token(dice, 12)}.list-id.{host}>"),
            ]
    if route == "esp":
        headers.append(("X-Entity-Ref-ID", token(dice, 24, "abcdef0123456789")))
        blob = base64.b64encode(dice.randbytes(110)).decode()
        headers.append(("X-EID", "\r\n ".join(blob[i : i + 72] for i in range(0, len(blob), 72))))
    return headers


def message_id(dice: Random, sender: str, route: str) -> str:
    """A Message-ID as that route writes it."""
    host = sender.rpartition("@")[2].rstrip(">")
    if route == "gmail":
        return f"<CA{token(dice, 46, 'ABCDEFGHabcdefgh0123456789_=+')}@mail.gmail.example>"
    if route == "apple":
        return f"<{token(dice, 8, HEX)}-{token(dice, 4, HEX)}-4A0C-9E1B-{token(dice, 12, HEX)}@{host}>"
    if route == "outlook":
        return f"<AM9PR04MB{dice.randint(1000, 9999)}{token(dice, 20, HEX)}@AM9PR04MB{dice.randint(1000, 9999)}.{host}>"
    if route == "java":
        return (
            f"<{dice.randint(10**8, 10**9)}.{dice.randint(10, 99)}.{dice.randint(10**12, 10**13)}.JavaMail.app@{host}>"
        )
    return f"<{token(dice, 32, 'abcdef0123456789')}@{host}>"


def _selector(dice: Random) -> str:
    return dice.choice(["s1", "k1", "mail", "selector1"])


def _outgoing(host: str) -> str:
    labels = host.split(".")
    return ".".join(labels[-2:]) if len(labels) > 1 else host


def _signature(dice: Random, host: str) -> str:
    body = base64.b64encode(dice.randbytes(32)).decode()
    sign = base64.b64encode(dice.randbytes(256)).decode()
    folded = "\r\n         ".join(sign[i : i + 68] for i in range(0, len(sign), 68))
    return (
        f"v=1; a=rsa-sha256; c=relaxed/relaxed; d={host}; s={_selector(dice)};"
        f"\r\n        h=from:to:subject:date:message-id:mime-version;\r\n        bh={body};\r\n        b={folded}"
    )

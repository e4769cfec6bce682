"""Mails made for tests: receipts and others, each different from the last."""

from __future__ import annotations

from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime


def receipt(number: int, *, total: str = "", vendor: str = "Harbour Coffee") -> bytes:
    """A plain-text receipt that says everything: vendor, number, date, net, VAT and total."""
    total = total or f"{number % 90 + 10}.40"
    mail = EmailMessage()
    mail["From"] = f"{vendor} <billing@mail.harbour-coffee.example>"
    mail["To"] = "me@example.com"
    mail["Subject"] = f"Your receipt {number} from {vendor}"
    mail["Date"] = format_datetime(datetime(2026, 10, 1 + number % 28, 9, number % 60, tzinfo=UTC))
    mail["Message-ID"] = f"<receipt-{number}@harbour-coffee.example>"
    mail.set_content(
        f"{vendor} Ltd\nTax invoice / receipt no. HC-{number:05d}\nDate: 2026-10-{1 + number % 28:02d}\n\n"
        f"Coffee beans 1 kg      USD {total}\n\nTotal paid: USD {total}\nPaid by Visa ending 4417\n\nThank you!\n"
    )
    return mail.as_bytes()


def letter(number: int) -> bytes:
    """A private mail without any money in it."""
    mail = EmailMessage()
    mail["From"] = "Noa <noa@friends.example>"
    mail["To"] = "me@example.com"
    mail["Subject"] = f"Lunch on day {number}?"
    mail["Date"] = format_datetime(datetime(2026, 10, 1 + number % 28, 12, 0, tzinfo=UTC))
    mail["Message-ID"] = f"<letter-{number}@friends.example>"
    mail.set_content(f"Hi,\n\nshall we meet at the lighthouse, as we did {number} weeks ago?\n\nNoa\n")
    return mail.as_bytes()

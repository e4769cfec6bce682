"""A real SMTP server in a thread, which keeps what it is given, or refuses it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from typing import Any

from aiosmtpd.controller import Controller

from tests.support.processes import free_port


class Mailbox:
    """What came; `answer` is what the server says to a mail."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.to: list[list[str]] = []
        self.answer = "250 OK"
        self.url = ""

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        if self.answer.startswith("250"):
            self.to.append(list(envelope.rcpt_tos))
            self.mails.append(BytesParser(EmailMessage, policy=policy.default).parsebytes(envelope.content))
        return self.answer


@contextmanager
def mail_server() -> Iterator[Mailbox]:
    box = Mailbox()
    port = free_port()
    controller = Controller(box, hostname="127.0.0.1", port=port, data_size_limit=40_000_000, ready_timeout=60)
    controller.start()
    box.url = f"smtp://127.0.0.1:{port}?from=receipts@kedem.example"
    try:
        yield box
    finally:
        controller.stop()

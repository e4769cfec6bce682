"""A real SMTP server on a free port that keeps what it is given."""

from __future__ import annotations

import email
import re
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from email.policy import default
from typing import Any, cast

from aiosmtpd.controller import Controller


class PostOffice:
    """Mails in the order in which they came; `answer` refuses the next ones ("550 No") while it is set."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.answer = ""
        self.url = ""

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        """Take a mail, or say no."""
        if self.answer:
            return self.answer
        self.mails.append(cast("EmailMessage", email.message_from_bytes(envelope.content, policy=default)))
        return "250 OK"

    def link(self, mark: str) -> str:
        """The last link of the newest mail, behind this mark of its fragment."""
        text = self.mails[-1].get_content()
        return re.findall(rf"#{mark}=(\S+)", text)[-1]


class _AnyPort(Controller):
    """aiosmtpd wants to know its port beforehand; the one that the system gives is read afterwards."""

    def _trigger_server(self) -> None:
        self.port = self.server.sockets[0].getsockname()[1]  # type: ignore[union-attr]
        super()._trigger_server()


@contextmanager
def post_office() -> Iterator[PostOffice]:
    """The server, until the end of the block."""
    office = PostOffice()
    controller = _AnyPort(office, hostname="127.0.0.1", port=0)
    controller.start()
    office.url = f"smtp://127.0.0.1:{controller.port}?from=prosaas@desk.example"
    try:
        yield office
    finally:
        controller.stop()

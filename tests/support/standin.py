"""Stand-ins for the tests: in threads of this process or as a real child process, always on a free port."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from email.utils import formatdate
from pathlib import Path
from typing import Any

import requests

from demo.standin import Client, Options, StandIn

ROOT = Path(__file__).resolve().parents[2]
_START_S = 60


def mail(
    subject: str = "Your receipt",
    *,
    sender: str = "Shop <billing@shop.example>",
    text: str = "Total: USD 12.34",
    date_s: float | None = None,
    message_id: str = "",
    html: str = "",
    attachments: tuple[tuple[str, str, bytes], ...] = (),
    **headers: str,
) -> bytes:
    """A mail; `attachments` are (filename, media type, bytes), `headers` more of them with _ for -."""
    message = EmailMessage()
    message["From"] = sender
    message["To"] = "me@example.com"
    message["Subject"] = subject
    message["Date"] = formatdate(date_s)
    if message_id:
        message["Message-ID"] = message_id
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content(text)
    if html:
        message.add_alternative(html, subtype="html")
    for filename, kind, data in attachments:
        main, _, sub = kind.partition("/")
        message.add_attachment(data, maintype=main, subtype=sub, filename=filename)
    return message.as_bytes(policy=message.policy.clone(linesep="\r\n"))


def mail_folder(folder: Path, mails: dict[str, bytes], labels: dict[str, Any] | None = None) -> Path:
    """A folder of .eml files with its labels.json."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, raw in mails.items():
        (folder / name).write_bytes(raw)
    if labels:
        (folder / "labels.json").write_text(json.dumps(labels), encoding="utf-8")
    return folder


@contextmanager
def standin_thread(mail_folder: Path | None = None, *, options: Options | None = None) -> Iterator[StandIn]:
    """A stand-in in this process."""
    with StandIn(mail_folder, options=options) as standin:
        yield standin


@contextmanager
def standin_process(*arguments: str, mail_folder: Path | None = None, port: int = 0) -> Iterator[Client]:
    """A stand-in as a process of its own, as `./prosaas gmail-standin` starts it; its control client."""
    code = "import sys; from demo.standin import main; sys.exit(main(sys.argv[1:]))"
    folder = ["--mail", str(mail_folder)] if mail_folder else []
    command = [sys.executable, "-c", code, *folder, "--port", str(port), *arguments]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        first = process.stdout.readline()
        assert " at http://" in first, f"the stand-in did not start: {first!r}"
        client = Client(first.rsplit(" at ", 1)[1].strip())
        client.wait(_START_S)
        yield client
    finally:
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout is not None:
            process.stdout.close()


class Caller:
    """A plain program with an access token; `get` asserts the status and gives the JSON."""

    def __init__(self, standin: StandIn | Client, token: str | None = None, **grant: str) -> None:
        self.client = standin if isinstance(standin, Client) else standin.client
        self.names: dict[str, str] = {}  # for a test's own notes: id -> name
        self.base = f"{self.client.url}/gmail/v1/users/me"
        self.session = requests.Session()
        self.session.headers["Authorization"] = f"Bearer {token or self.client.grant(**grant)['access_token']}"

    def get(self, path: str, status: int = 200, **params: Any) -> Any:
        answer = self.session.get(f"{self.base}/{path}", params=params, timeout=30)
        assert answer.status_code == status, answer.text
        return answer.json()

    def ids(self, **params: Any) -> list[str]:
        """All ids of a listing, over its pages."""
        found: list[str] = []
        token = None
        while True:
            page = self.get("messages", **params, **({"pageToken": token} if token else {}))
            found += [message["id"] for message in page.get("messages", [])]
            token = page.get("nextPageToken")
            if not token:
                return found


def error(answer: Any) -> tuple[int, str]:
    """Code and reason of a refusal in Google's envelope."""
    return answer["error"]["code"], answer["error"]["errors"][0]["reason"]


def refreshed(client: Client, token: str) -> requests.Response:
    """The token endpoint's answer to a refresh token."""
    settings = client.environment
    form = {"grant_type": "refresh_token", "refresh_token": token}
    form |= {"client_id": settings["GOOGLE_CLIENT_ID"], "client_secret": settings["GOOGLE_CLIENT_SECRET"]}
    return requests.post(settings["GOOGLE_TOKEN_URL"], data=form, timeout=30)

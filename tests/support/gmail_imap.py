"""A server that speaks as much of Gmail's IMAP dialect (X-GM-EXT-1) as a reader needs; no Debian package does."""

from __future__ import annotations

import re
import socketserver
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime

PASSWORD = "abcd efgh ijkl mnop"
_FOLDERS = {
    "INBOX": "\\HasNoChildren",
    "[Gmail]": "\\HasChildren \\Noselect",
    "[Gmail]/כל הדואר": "\\All \\HasNoChildren",
    "[Gmail]/דואר זבל": "\\Junk \\HasNoChildren",
    "[Gmail]/אשפה": "\\Trash \\HasNoChildren",
    "[Gmail]/מסומן בכוכב": "\\Flagged \\HasNoChildren",
}
ALL, JUNK, TRASH = (name for name in _FOLDERS if name.startswith("[Gmail]/") and "Flagged" not in _FOLDERS[name])


@dataclass
class Message:
    """One message; its folder is ALL, JUNK or TRASH and its UID is new in each."""

    number: int  # X-GM-MSGID
    raw: bytes
    labels: tuple[str, ...] = ("\\Inbox",)
    received: datetime = field(default_factory=lambda: datetime(2026, 11, 1, 12, tzinfo=UTC))
    folder: str = ALL
    uid: int = 0


class GmailImap(socketserver.ThreadingTCPServer):
    """Serve the messages on a free port while the block runs."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Session)
        self.port = self.server_address[1]
        self.messages: dict[int, Message] = {}
        self.next_uid = 1
        self.login_answer = ""  # what LOGIN answers instead, e.g. a refusal
        self.fetch_answer = ""
        self.commands: list[str] = []

    def __enter__(self) -> GmailImap:
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()

    def put(self, message: Message, folder: str = ALL) -> None:
        """A message arrives in the folder, or moves there."""
        message.folder, message.uid = folder, self.next_uid
        self.next_uid += 1
        self.messages[message.number] = message

    def inside(self, folder: str) -> list[Message]:
        return [message for message in self.messages.values() if message.folder == folder]


class _Session(socketserver.StreamRequestHandler):
    server: GmailImap
    disable_nagle_algorithm = True
    folder = ""

    def handle(self) -> None:
        self._say("* OK Gimap ready")
        for line in self.rfile:
            words = line.decode("ascii").rstrip("\r\n").split(" ", 2)
            tag, command, rest = words[0], words[1].upper(), words[2] if len(words) > 2 else ""
            if command == "UID":
                command, _, rest = rest.partition(" ")
                command = f"UID {command.upper()}"
            self.server.commands.append(command)
            answer = getattr(self, "_" + command.lower().replace(" ", "_"))(rest)
            self._say(f"{tag} {answer or 'OK done'}")
            if command == "LOGOUT":
                return

    def _say(self, line: str) -> None:
        self.wfile.write(line.encode("utf-8") + b"\r\n")

    def _capability(self, _: str) -> str:
        self._say("* CAPABILITY IMAP4rev1 UIDPLUS CONDSTORE X-GM-EXT-1")
        return ""

    def _login(self, rest: str) -> str:
        if self.server.login_answer:
            return self.server.login_answer
        return "" if rest.endswith(f'"{PASSWORD}"') else "NO [AUTHENTICATIONFAILED] Invalid credentials (Failure)"

    def _list(self, _: str) -> str:
        for name, flags in _FOLDERS.items():
            self._say(f'* LIST ({flags}) "/" "{_utf7(name)}"')
        return ""

    def _status(self, rest: str) -> str:
        name = next(each for each in _FOLDERS if rest.startswith(f'"{_utf7(each)}"'))
        count = len(self.server.inside(name))
        state = f"MESSAGES {count} UIDVALIDITY 7 UIDNEXT {self._next(name)}"
        self._say(f'* STATUS "{_utf7(name)}" ({state})')
        return ""

    def _next(self, name: str) -> int:
        return max((message.uid for message in self.server.inside(name)), default=0) + 1

    def _examine(self, rest: str) -> str:
        self.folder = next(each for each in _FOLDERS if rest.startswith(f'"{_utf7(each)}"'))
        self._say(f"* {len(self.server.inside(self.folder))} EXISTS")
        self._say("* OK [UIDVALIDITY 7] valid")
        return "OK [READ-ONLY] done"

    def _uid_search(self, rest: str) -> str:
        wanted = self.server.inside(self.folder)
        if found := re.search(r"X-GM-MSGID (\d+)", rest):
            wanted = [message for message in wanted if message.number == int(found[1])]
        if found := re.search(r"UID (\d+):\*", rest):
            last = max((message.uid for message in wanted), default=0)
            wanted = [message for message in wanted if message.uid >= int(found[1]) or message.uid == last]
        self._say("* SEARCH " + " ".join(str(message.uid) for message in wanted))
        return ""

    def _uid_fetch(self, rest: str) -> str:
        if self.server.fetch_answer:
            return self.server.fetch_answer
        uids = {int(uid) for uid in rest.split(" ", 1)[0].split(",")}
        for message in self.server.inside(self.folder):
            if message.uid not in uids:
                continue
            told = f"* {message.uid} FETCH (UID {message.uid} X-GM-MSGID {message.number} X-GM-THRID {message.number}"
            labels = " ".join(f'"{label}"'.replace("\\", "\\\\") for label in message.labels)
            told += f' X-GM-LABELS ({labels}) INTERNALDATE "{message.received.strftime("%d-%b-%Y %H:%M:%S +0000")}"'
            if "BODY.PEEK[]" in rest:
                self.wfile.write(f"{told} BODY[] {{{len(message.raw)}}}\r\n".encode() + message.raw + b")\r\n")
            else:
                self._say(told + ")")
        return ""

    def _logout(self, _: str) -> str:
        self._say("* BYE")
        return ""


def _utf7(name: str) -> str:
    from imapclient.imap_utf7 import encode

    return str(encode(name).decode("ascii"))

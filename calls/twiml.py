"""TwiML: the few verbs that a call or a message is answered with."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET  # only written here, never parsed
from collections.abc import Mapping

# Characters that XML cannot hold, even escaped.
_BARRED = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Reply:
    """An answer under construction; each method adds a verb and gives the reply again."""

    def __init__(self) -> None:
        self.root = ET.Element("Response")

    def xml(self) -> bytes:
        """The document."""
        head = b'<?xml version="1.0" encoding="UTF-8"?>'
        return head + ET.tostring(self.root, encoding="unicode").encode("utf-8", "replace")

    def _add(self, parent: ET.Element, tag: str, text: str = "", **attributes: object) -> ET.Element:
        written = {
            name.rstrip("_"): str(value).lower() if isinstance(value, bool) else _BARRED.sub("", str(value))
            for name, value in attributes.items()
            if value is not None
        }
        element = ET.SubElement(parent, tag, written)
        element.text = _BARRED.sub("", text) or None
        return element

    def say(self, text: str, language: str) -> Reply:
        """Speak the text; nothing where there is none."""
        if text.strip():
            self._add(self.root, "Say", text, language=language)
        return self

    def play(self, url: str) -> Reply:
        """Play a sound from an address."""
        self._add(self.root, "Play", url)
        return self

    def gather(self, action: str, text: str, language: str, *, sound: str = "", timeout: int = 6) -> Reply:
        """Ask for one digit while the text or the sound runs; without one the next verb follows."""
        gather = self._add(
            self.root, "Gather", input="dtmf", numDigits=1, timeout=timeout, action=action, method="POST"
        )
        if sound:
            self._add(gather, "Play", sound)
        if text.strip():
            self._add(gather, "Say", text, language=language)
        return self

    def stream(self, url: str, parameters: Mapping[str, str], *, status: str) -> Reply:
        """A two-way stream; the verbs behind it run once the socket is closed or could not be opened."""
        connect = self._add(self.root, "Connect")
        stream = self._add(connect, "Stream", url=url, statusCallback=status, statusCallbackMethod="POST")
        for name, value in parameters.items():
            self._add(stream, "Parameter", name=name, value=value)
        return self

    def record(self, action: str, *, longest_s: int, silence_s: int) -> Reply:
        """A tone and a recording by Twilio, which is told of at the action and again once its file is there."""
        self._add(
            self.root,
            "Record",
            action=action,
            method="POST",
            maxLength=longest_s,
            timeout=silence_s,
            finishOnKey="#",
            playBeep=True,
            trim="do-not-trim",
            recordingStatusCallback=action,
            recordingStatusCallbackMethod="POST",
            recordingStatusCallbackEvent="completed absent",
        )
        return self

    def dial(
        self, numbers: tuple[str, ...], action: str, *, ring_s: int, status: str, record: str | None = None
    ) -> Reply:
        """Ring these numbers at once; the action is asked what comes next."""
        dial = self._add(
            self.root,
            "Dial",
            action=action,
            method="POST",
            timeout=ring_s,
            answerOnBridge=True,
            record="record-from-answer-dual" if record else None,
            recordingStatusCallback=record,
            recordingStatusCallbackMethod="POST" if record else None,
            recordingStatusCallbackEvent="completed absent" if record else None,
        )
        for number in numbers[:10]:
            self._add(
                dial,
                "Number",
                number,
                statusCallback=status,
                statusCallbackMethod="POST",
                statusCallbackEvent="initiated ringing answered completed",
            )
        return self

    def redirect(self, url: str) -> Reply:
        """Ask another address for what comes next."""
        self._add(self.root, "Redirect", url, method="POST")
        return self

    def reject(self, reason: str = "rejected") -> Reply:
        """Refuse the call unbilled; only as the first verb."""
        self._add(self.root, "Reject", reason=reason)
        return self

    def hangup(self) -> Reply:
        """End the call."""
        self._add(self.root, "Hangup")
        return self

    def message(self, text: str) -> Reply:
        """Answer a message in its thread."""
        self._add(self.root, "Message", text)
        return self

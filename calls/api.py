"""Twilio's REST API, as far as it is needed: a recording or a message's file fetched, a message sent."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from urllib.parse import urljoin, urlsplit

import requests

from errors import Tellable, Temporary

_TIMEOUT_S = (5.0, 20.0)
_MEDIA = re.compile(r"/2010-04-01/Accounts/[A-Za-z0-9]{1,64}/Messages/[A-Za-z0-9]{1,64}/Media/[A-Za-z0-9]{1,64}")
_HOPS = 3
_CHUNK = 64 * 1024
Check = Callable[[str, int], object]


@dataclass(frozen=True, slots=True)
class Fetched:
    """A file and what Twilio says that it is."""

    data: bytes
    media_type: str


@dataclass(frozen=True)
class Api:
    """One account.

    Args:
        url: where the API is.
        sid: the account.
        token: its AuthToken.
        check: raises for a host and port that a redirect may not lead to.
    """

    url: str
    sid: str
    token: str = field(repr=False)
    check: Check

    def recording(self, sid: str, limit: int) -> Fetched:
        """A recording as WAV; Temporary `recording_not_ready` while Twilio has no file of it yet."""
        return self._fetch(f"/2010-04-01/Accounts/{self.sid}/Recordings/{sid}.wav", limit, "recording_not_ready")

    def media(self, url: str, limit: int) -> Fetched:
        """A message's file; only the path of its address counts, the host is Twilio's own. Tellable `bad_media`."""
        path = urlsplit(url).path
        if not _MEDIA.fullmatch(path):
            raise Tellable("bad_media", "The message names a file that is not at Twilio.")
        return self._fetch(path, limit, "media_not_ready")

    def send(self, to: str, sender: str, body: str) -> str:
        """Send a message; gives its sid."""
        path = f"/2010-04-01/Accounts/{self.sid}/Messages.json"
        form = {"To": to, "From": sender, "Body": body}
        with (
            self._told(),
            closing(
                requests.post(self.url + path, data=form, auth=(self.sid, self.token), timeout=_TIMEOUT_S)
            ) as answer,
        ):
            self._judge(answer, "message_not_sent")
            return str(answer.json().get("sid", ""))

    def _fetch(self, path: str, limit: int, not_yet: str) -> Fetched:
        with self._told():
            url, own = self.url + path, True
            for _ in range(_HOPS + 1):
                with closing(self._get(url, own=own)) as answer:
                    if answer.is_redirect:
                        url = urljoin(url, answer.headers["Location"])
                        own = self._may_go(url)
                        continue
                    self._judge(answer, not_yet)
                    return Fetched(_body(answer, limit), answer.headers.get("Content-Type", "").split(";")[0].strip())
        raise Tellable("bad_media", "Twilio sent us from one address to the next without end.")

    def _get(self, url: str, *, own: bool) -> requests.Response:
        # The account's secret goes to Twilio's own address alone, never to where it sends us.
        auth = (self.sid, self.token) if own else None
        return requests.get(url, auth=auth, timeout=_TIMEOUT_S, stream=True, allow_redirects=False)

    def _may_go(self, url: str) -> bool:
        """Whether a redirect stays at Twilio's own address; one that leads elsewhere must lead to a public host."""
        parts, home = urlsplit(url), urlsplit(self.url)
        if (parts.scheme, parts.netloc) == (home.scheme, home.netloc):
            return True
        if parts.scheme != "https" or not parts.hostname:
            raise Tellable("bad_media", "The file lies at an address that is not safe.")
        self.check(parts.hostname, parts.port or 443)
        return False

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except requests.RequestException as error:
            raise Temporary("twilio_unreachable", "Twilio cannot be reached now; it will be tried again.") from error

    def _judge(self, answer: requests.Response, not_yet: str) -> None:
        status = answer.status_code
        if status == 404:
            raise Temporary(not_yet, "Twilio does not have it, or not yet.")
        if status in {401, 403}:
            raise Tellable("twilio_refused", "Twilio refuses the account's SID or AuthToken; set them anew.")
        if status == 429 or status >= 500:
            seconds = answer.headers.get("Retry-After", "")
            wait = float(seconds) if seconds.isdigit() and len(seconds) < 6 else None
            raise Temporary("twilio_busy", "Twilio is busy; it will be tried again.", retry_after_s=wait)
        if status >= 400:
            raise Tellable("twilio_said_no", f"Twilio answered with {status}.")


def _body(answer: requests.Response, limit: int) -> bytes:
    found = bytearray()
    for part in answer.iter_content(_CHUNK):
        found += part
        if len(found) > limit:
            raise Tellable("too_large", f"This file is larger than {limit // 1024 // 1024} MB.")
    return bytes(found)

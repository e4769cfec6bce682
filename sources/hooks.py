"""One signed POST to an address that a person typed: bound in time, size and direction."""

from __future__ import annotations

import contextlib
import functools
import hmac
import http.client
import re
import socket
import ssl
import threading
import time
from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import urlsplit

from requests.utils import DEFAULT_CA_BUNDLE_PATH

from errors import Tellable
from sources import egress
from sources.ports import Refused

TIMEOUT_S = 10.0  # from the connection to the last byte, however steadily it drips
ANSWER_LIMIT = 64 * 1024  # bytes of an answer that are read, and thrown away
USER_AGENT = "ProSaaS-Webhooks/1"
_PRINTABLE = re.compile(r"[!-~]+")
_PORTS = {"http": 80, "https": 443}
_RETRY_AFTER = re.compile(r"[0-9]{1,6}")


@dataclass(frozen=True, slots=True)
class Target:
    """An address taken apart: scheme, host (ASCII), port, and the path with its query."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def authority(self) -> str:
        """What the Host header says."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a POST.

    status is None where no answer came; code is "" for success, else a short name of what went wrong that `text` tells
    in a sentence; took_ms is for all of it; retry_after_s is what the answer asked for.
    """

    status: int | None
    code: str
    text: str
    took_ms: int
    retry_after_s: int | None = None

    @property
    def delivered(self) -> bool:
        """Whether the receiver took it."""
        return not self.code


def parse(url: str) -> Target:
    """The address taken apart; Refused `bad_url`."""
    bad = Refused("bad_url", "That is not an address to send to; write one like https://example.com/hook.")
    if not _PRINTABLE.fullmatch(url) or "\\" in url:
        raise bad
    try:
        parts = urlsplit(url)
        port = parts.port
        host = (parts.hostname or "").partition("%")[0]
        host.encode("idna")  # a label that is empty or too long cannot be looked up
    except ValueError as error:
        raise bad from error
    if parts.scheme not in _PORTS or not host or port == 0 or parts.fragment:
        raise bad
    if parts.username is not None or parts.password is not None:
        raise Refused("bad_url", "An address with a name and a password in it is not sent to; the signature proves us.")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(parts.scheme, host, port or _PORTS[parts.scheme], path)


def check(url: str, allowed: Collection[str] = ()) -> Target:
    """The address, which may be reached from here now; Refused `bad_url`, and as egress.check."""
    target = parse(url)
    egress.check(target.host, target.port, allowed)
    return target


def signature(secret: str, timestamp: int, body: bytes) -> str:
    """The X-ProSaaS-Signature header: `t=<unix seconds>,v1=<hex HMAC-SHA256 of "t.body">`."""
    digest = hmac.digest(secret.encode(), f"{timestamp}.".encode() + body, "sha256").hex()
    return f"t={timestamp},v1={digest}"


def post(
    url: str,
    body: bytes,
    *,
    secret: str,
    event: str,
    delivery: int,
    allowed: Collection[str] = (),
    timeout_s: float = TIMEOUT_S,
) -> Outcome:
    """Send the JSON body, signed; never raises for what the network or the receiver does.

    The name is looked up once, and the connection goes to the very address that was checked, so that it cannot lead
    elsewhere in between. Redirects are not followed.

    Args:
        url: where to.
        body: JSON bytes.
        secret: of the endpoint.
        event: its type, for the X-ProSaaS-Event header.
        delivery: its number, for X-ProSaaS-Delivery: the same for each try.
        allowed: hosts of private networks that the operator vouches for.
        timeout_s: for the connection and all that goes over it.
    """
    began = time.monotonic()
    timestamp = int(time.time())
    headers = {
        "Content-Type": "application/json",
        "Content-Length": str(len(body)),
        "User-Agent": USER_AGENT,
        "Accept-Encoding": "identity",
        "Connection": "close",
        "X-ProSaaS-Event": event,
        "X-ProSaaS-Delivery": str(delivery),
        "X-ProSaaS-Signature": signature(secret, timestamp, body),
    }
    status, retry_after = None, None
    try:
        target = parse(url)
        addresses = egress.check(target.host, target.port, allowed)
        with _Line(target, addresses, began + timeout_s) as line:
            status, retry_after = line.ask(body, headers)
        code, text = _judged(status)
    except Tellable as error:
        code, text = error.code, error.sentence
    return Outcome(status, code, text, round((time.monotonic() - began) * 1000), retry_after)


def _judged(status: int) -> tuple[str, str]:
    if 200 <= status < 300:
        return "", ""
    if 300 <= status < 400:
        return "redirected", "The receiver answered with a redirect, which is not followed. Give its final address."
    return "refused_by_receiver", f"The receiver answered with {status}."


class _Line:
    """A connection to one of the checked addresses that is cut when the time is over, whatever the other side does."""

    def __init__(self, target: Target, addresses: list[str], until: float) -> None:
        self.target = target
        self.until = until
        self.cut = False
        self._socket = self._connected(addresses)
        # A copy of the handle: shutting it down ends reads and writes of the wrapped one, too, in any thread.
        self._handle = self._socket.dup()
        self._watch = threading.Timer(max(0.0, until - time.monotonic()), self._end)
        self._watch.daemon = True

    def _connected(self, addresses: list[str]) -> socket.socket:
        for address in addresses:
            left = self.until - time.monotonic()
            if left <= 0:
                break
            try:
                return socket.create_connection((address, self.target.port), timeout=left)
            except TimeoutError:
                break
            except OSError:
                continue
        else:
            raise Tellable("unreachable", "The receiver cannot be reached: nobody listens at that address.")
        raise _too_slow()

    def __enter__(self) -> _Line:
        self._watch.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._watch.cancel()
        self._socket.close()
        self._handle.close()

    def _end(self) -> None:
        self.cut = True
        try:
            self._handle.shutdown(socket.SHUT_RDWR)
        except OSError:
            return  # it ended by itself this very moment

    def ask(self, body: bytes, headers: dict[str, str]) -> tuple[int, int | None]:
        """Status and Retry-After seconds of the answer; Tellable `timed_out`, `tls_failed`, `broken_answer`."""
        try:
            if self.target.scheme == "https":
                self._socket = _trust().wrap_socket(self._socket, server_hostname=self.target.host)
            http_ = http.client.HTTPConnection(self.target.host, self.target.port)
            http_.sock = self._socket
            http_.request("POST", self.target.path, body, {"Host": self.target.authority, **headers})
            answer = http_.getresponse()
        except (OSError, http.client.HTTPException, ValueError) as error:
            if self.cut or isinstance(error, TimeoutError):
                raise _too_slow() from error
            if isinstance(error, ssl.SSLError):
                raise Tellable(
                    "tls_failed", "No safe connection: the receiver's certificate or its TLS is not in order."
                ) from error
            raise Tellable(
                "broken_answer", "The receiver closed the connection or answered with something else than HTTP."
            ) from error
        if self.cut:  # in the middle of the headers, which http.client takes for their end
            raise _too_slow()
        with contextlib.suppress(OSError, http.client.HTTPException, ValueError):
            answer.read(ANSWER_LIMIT)  # the status has told all; this is for receivers that mind being cut off
        asked = answer.getheader("Retry-After", "").strip()
        return answer.status, int(asked) if _RETRY_AFTER.fullmatch(asked) else None


def _too_slow() -> Tellable:
    return Tellable("timed_out", f"The receiver did not answer within {TIMEOUT_S:.0f} seconds.")


@functools.cache
def _trust() -> ssl.SSLContext:
    """The certificates that this machine trusts, and those that come with requests where it has none."""
    context = ssl.create_default_context()
    context.load_verify_locations(DEFAULT_CA_BUNDLE_PATH)
    return context

"""One call to Gmail: access, quota, a bounded wait, and whole answers or an error that says what to do."""

from __future__ import annotations

import random
import threading
import time
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.cookiejar import DefaultCookiePolicy
from typing import Any, Protocol, TypeVar

import orjson
import requests
import urllib3.exceptions
from requests.adapters import HTTPAdapter

from sources.google_errors import TooManyAtOnce, Unauthorized, told
from sources.ports import RateLimited, Temporary
from sources.quota import Limiter, LocalLimiter, Pace

T = TypeVar("T")
Params = Mapping[str, str | int | Sequence[str]]

USER_AGENT = "ProSaaS/0.1 (gzip)"  # without the word gzip Google does not compress
ROOT = "/gmail/v1/users/me"
_TIMEOUT_S = (10.0, 30.0)  # to connect, between two pieces
_WHOLE_S = 240.0  # for one answer, however steadily it drips
_MOST_BYTES = 256 << 20  # of one answer; Gmail's largest mail is far below
_PIECE = 1 << 16
_CONNECTIONS = 8
_AT_ONCE = 20  # calls, the parts of batches included
_TRIES = 5  # of one call that meets a fault other than a limit
_MOST_WAIT_S = 32.0


@dataclass(frozen=True, slots=True)
class Request:
    """What is sent once; `calls` is how many calls it counts for at Google."""

    method: str
    path: str
    units: int
    params: Params | None = None
    data: bytes | None = None
    content_type: str | None = None
    calls: int = 1


class Tokens(Protocol):
    """Where access tokens come from (oauth.TokenSource)."""

    def current(self) -> str | None:
        """A token to try, without asking anybody; None when a new one is due. NeedsReconnect once all is over."""
        ...

    def renew(self, stale: str | None) -> str:
        """Another token than `stale`, which was refused; with None another one only if it is due."""
        ...


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer, decompressed."""

    status: int
    headers: Mapping[str, str]
    body: bytes | bytearray

    def json(self) -> dict[str, Any]:
        """Its JSON object; Temporary when there is none, for then the answer was cut on its way."""
        try:
            value = orjson.loads(self.body)
        except ValueError as error:
            raise cut() from error
        if not isinstance(value, dict):
            raise cut()
        return value


class QuotaWait(RateLimited):
    """Our own account says that the quota is used up for longer than the call may wait."""


class GmailApi:
    """Calls with the retry classes of Gmail's errors; safe to use from several threads at once.

    A call waits at most `patience_s` seconds in all, for the quota, for Google's own delays and between its
    tries; what would take longer raises Temporary (or RateLimited) with `retry_after_s`.
    """

    def __init__(
        self,
        access: Callable[[], str] | Tokens,
        api_url: str,
        *,
        session: requests.Session | None = None,
        limiter: Limiter | None = None,
        pace: Pace | None = None,
        user_agent: str = USER_AGENT,
        quota_user: str | None = None,
        patience_s: float = 90.0,
        timeout_s: tuple[float, float] = _TIMEOUT_S,
        whole_s: float = _WHOLE_S,
        sleep: Callable[[float], None] = time.sleep,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """Take where tokens come from and the API's address; the rest has defaults that serve.

        Args:
            access: gives an access token; a TokenSource renews it as well.
            api_url: scheme and host, e.g. https://gmail.googleapis.com.
            session: one to use instead of an own.
            limiter: keeps the quota; without one only Google's own "wait" is kept.
            pace: keeps the calls that run at once.
            user_agent: must hold the word gzip, or Google does not compress.
            quota_user: ≤ 40 characters that tell mailboxes apart where a service account reads them all.
            patience_s: see the class.
            timeout_s: to connect, and between two pieces of an answer.
            whole_s: for one answer, however steadily it drips.
            sleep: waits for seconds.
            now: a clock that only goes forward, in seconds.
        """
        self._tokens: Tokens = access if not callable(access) else _Plain(access)
        self._url = api_url.rstrip("/")
        self._session = session or _session()
        self.limiter = limiter or LocalLimiter()
        self.pace = pace or Pace(_AT_ONCE)
        self._headers = {"User-Agent": user_agent, "Accept-Encoding": "gzip", "Accept": "application/json"}
        self._quota_user = quota_user
        self._gate = _Gate()
        self.patience_s = patience_s
        self._timeout_s = timeout_s
        self._whole_s = whole_s
        self.sleep = sleep
        self._now = now

    def get(self, path: str, params: Params, units: int, read: Callable[[Answer], T]) -> T:
        """GET of a path below /gmail/v1/users/me; `read` makes a value of the answer, or raises Temporary."""
        request = Request("GET", ROOT + path, units, params=self.query(params))
        return self.call(lambda: request, read)

    def query(self, params: Params) -> Params:
        """The parameters with those that every call has."""
        quota_user = {"quotaUser": self._quota_user} if self._quota_user else {}
        return {**params, "prettyPrint": "false", **quota_user}

    def call(self, build: Callable[[], Request], read: Callable[[Answer], T]) -> T:
        """One request, built anew for each try and tried again as its errors allow."""
        deadline = self._now() + self.patience_s
        failures = 0
        refused: str | None = None  # the token that was not taken, once there was one
        while True:
            request = build()
            try:
                with self.pace.slot(request.calls):
                    self._wait_for_quota(request.units, deadline)
                    with self._token(refused) as token:
                        answer = self._send(request, token)
                    value = read(answer)
            except Unauthorized:
                if refused is not None:
                    raise
                refused = token
                continue
            except QuotaWait:
                raise
            except RateLimited as error:
                failures += 1
                fault: Temporary = error
            except Temporary as error:
                failures += 1
                if failures >= _TRIES:
                    raise
                fault = error
            else:
                self.pace.went_well(request.calls)
                return value
            self._pause(fault, failures, deadline)

    def _wait_for_quota(self, units: int, deadline: float) -> None:
        while (wait := self.limiter.charge(units)) > 0:
            if self._now() + wait > deadline:
                raise QuotaWait(
                    "quota_wait",
                    "Gmail's limit for this minute is used up. It goes on by itself.",
                    retry_after_s=wait,
                )
            self.sleep(wait)

    @contextmanager
    def _token(self, refused: str | None) -> Iterator[str]:
        """A token to send with, other than the refused one; renewed before where that is due.

        While it is renewed nothing is under way, so that not one call follows the word that the permission is over.
        """
        while True:
            with self._gate.shared():
                token = self._tokens.current()
                if token is not None and token != refused:
                    yield token
                    return
            with self._gate.alone():
                self._tokens.renew(refused)

    def _pause(self, fault: Temporary, failures: int, deadline: float) -> None:
        """Wait before the next try; what Google says of limits is felt by all calls of the mailbox."""
        wait = fault.retry_after_s or min(2.0 ** (failures - 1) + random.random(), _MOST_WAIT_S)
        if isinstance(fault, TooManyAtOnce):
            self.pace.collided()
        elif isinstance(fault, RateLimited) and fault.retry_after_s is None:
            self.limiter.slow()
        if isinstance(fault, RateLimited):
            self.limiter.hold(wait)
        if self._now() + wait > deadline:
            fault.retry_after_s = wait
            raise fault
        self.sleep(wait)

    def _send(self, request: Request, token: str) -> Answer:
        """One exchange: a whole answer below 300, or the error that it tells."""
        headers = {**self._headers, **({"Content-Type": request.content_type} if request.content_type else {})}
        try:
            response = self._session.request(
                request.method,
                self._url + request.path,
                params=request.params,
                data=request.data,
                headers=headers,
                auth=_Bearer(token),
                timeout=self._timeout_s,
                allow_redirects=False,
                stream=True,
            )
            try:
                body = _whole(response, self._now, self._now() + self._whole_s)
            finally:
                response.close()
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
            raise Temporary(
                "google_unreachable", "Gmail cannot be reached at the moment. It is tried again by itself."
            ) from error
        if response.status_code >= 300:
            raise told(response.status_code, response.headers, body)
        return Answer(response.status_code, response.headers, body)


def cut() -> Temporary:
    """The error of an answer that came, but not whole."""
    return Temporary("answer_cut", "An answer of Gmail's was cut on its way. It is tried again by itself.")


def _whole(response: requests.Response, now: Callable[[], float], ends_at: float) -> bytearray:
    """The body, decompressed as it comes: requests says nothing when a compressed stream was cut."""
    compressed = response.headers.get("Content-Encoding", "").lower() in {"gzip", "x-gzip"}
    stream = zlib.decompressobj(wbits=31) if compressed else None
    body = bytearray()
    try:
        while piece := response.raw.read1(_PIECE, decode_content=False):
            body += stream.decompress(piece, _MOST_BYTES) if stream else piece
            if len(body) > _MOST_BYTES or now() > ends_at:
                raise cut()
    except zlib.error as error:
        raise cut() from error
    if stream and not stream.eof:
        raise cut()
    return body


def _session() -> requests.Session:
    session = requests.Session()
    adapter = HTTPAdapter(pool_connections=1, pool_maxsize=_CONNECTIONS, max_retries=0)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    # the jar is shared by threads and Google's cookies mean nothing here
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    return session


class _Bearer(requests.auth.AuthBase):
    """The token as an `auth`, so that a .netrc file cannot put its own in place."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


class _Plain:
    """A bare function as Tokens: asked again when its token was refused."""

    def __init__(self, access: Callable[[], str]) -> None:
        self._access = access

    def current(self) -> str:
        return self._access()

    def renew(self, stale: str | None) -> str:
        token = self._access()
        if token == stale:
            raise Unauthorized("google_unauthorized", "Google did not accept our access. It is tried again later.")
        return token


class _Gate:
    """Many may be in at a time, or one alone; who waits to be alone lets nobody else in before."""

    def __init__(self) -> None:
        self._inside = 0
        self._waiting = 0
        self._alone = False
        self._changed = threading.Condition()

    @contextmanager
    def shared(self) -> Iterator[None]:
        with self._changed:
            self._changed.wait_for(lambda: not self._alone and not self._waiting)
            self._inside += 1
        try:
            yield
        finally:
            with self._changed:
                self._inside -= 1
                self._changed.notify_all()

    @contextmanager
    def alone(self) -> Iterator[None]:
        with self._changed:
            self._waiting += 1
            self._changed.wait_for(lambda: not self._inside and not self._alone)
            self._waiting -= 1
            self._alone = True
        try:
            yield
        finally:
            with self._changed:
                self._alone = False
                self._changed.notify_all()

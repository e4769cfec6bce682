"""The sockets of the calls process: Twilio's media streams, and the browsers that watch and listen."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable, MutableMapping
from functools import cache
from typing import Any
from urllib.parse import parse_qs, urlsplit

import orjson

import clock
from calls import audio, signature, tokens
from calls.live import Hub, Listener, LiveCall
from calls.media import Action, Begin, Close, Script, Send, Session, Start
from calls.ports import Office
from calls.recorder import Recorder, Take

log = logging.getLogger("calls")

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
SendTo = Callable[[MutableMapping[str, Any]], Awaitable[None]]

START_WITHIN_S = 10.0
_TICK_S = 1.0
_STALLED_S = 20.0  # without a frame: Twilio sends fifty a second, silence too
_TELL_EVERY_S = 0.25  # to browsers: four times a second what rings and runs, ten times what is heard
_LISTEN_EVERY_S = 0.1
_WAITING = 400  # sockets that have not begun yet; more than that is no telephone
_GREETED = frozenset({"hash", "silence", "full", "hangup", "choice"})


@cache
def _beep() -> bytes:
    return audio.beep()


class Streams:
    """Twilio's media streams: admitted, recorded, ended."""

    def __init__(self, office: Office, hub: Hub, recorder: Recorder) -> None:
        self.office, self.hub, self.recorder = office, hub, recorder
        self._running: dict[int, _Stream] = {}
        self._waiting = 0
        self._ticker: asyncio.Task[None] | None = None

    @property
    def count(self) -> int:
        """How many streams run."""
        return len(self._running)

    async def serve(self, scope: Scope, receive: Receive, send: SendTo) -> None:
        """One socket from its upgrade to its end."""
        await receive()  # websocket.connect
        if not self._signed(scope) or self._waiting >= _WAITING:
            await send({"type": "websocket.close", "code": 1008})  # before it is accepted: HTTP 403
            return
        await send({"type": "websocket.accept"})
        if self._ticker is None or self._ticker.done():
            self._ticker = asyncio.create_task(self._tick())
        stream = _Stream(self, receive, send)
        try:
            await stream.run()
        finally:
            self._running.pop(id(stream), None)

    def _signed(self, scope: Scope) -> bool:
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        url = self.office.public_url.replace("http", "ws", 1) + scope["path"]
        query = scope.get("query_string", b"").decode("latin-1")
        given = headers.get("x-twilio-signature", "")
        every = [account.token for account in self.office.directory.accounts()]
        # A query is signed as if it were a form's fields (docs/calls.md), or as a part of the address.
        params = [(name, one) for name, found in parse_qs(query, keep_blank_values=True).items() for one in found]
        return signature.valid(every, url, params, given) or bool(
            query and signature.valid(every, f"{url}?{query}", (), given)
        )

    def admit(self, start: Start) -> tuple[LiveCall, Script] | None:
        """The call of a stream that may come in, and what it does."""
        values = tokens.read(self.office.keys, "stream", start.parameters.get("token", ""), now=time.time())
        if values is None or values["call"] != start.call_sid:
            return None
        if start.account_sid and values["account"] and start.account_sid != values["account"]:
            return None
        plan = self.office.directory.plan(values["number"])
        call = self.hub.get(start.call_sid)
        if call is None:  # the process was started anew since the webhook was answered
            if plan is None:
                return None
            call = self.hub.meet(start.call_sid, values["account"], "", values["number"], plan)
        if call.streams or call.over:
            return None
        call.streams += 1
        plan = call.plan
        sound = self.office.directory.sound(plan.sound) if plan.sound and values["mode"] == "greet" else None
        return call, Script(
            beep=_beep(),
            greeting=sound or b"",
            digits=frozenset(choice.digit for choice in plan.menu) if sound else frozenset(),
            longest=plan.longest_s * audio.RATE,
            silence=plan.silence_s * audio.RATE,
            echo=values["mode"] == "echo",
        )

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(_TICK_S)
            now = time.monotonic()
            for number, stream in enumerate(tuple(self._running.values())):
                if number % 25 == 24:
                    await asyncio.sleep(0)  # frames go before
                await stream.tick(now)

    def run(self, stream: _Stream) -> None:
        """It is admitted."""
        self._running[id(stream)] = stream

    @contextlib.contextmanager
    def waiting(self) -> Any:
        """While a socket has not begun."""
        self._waiting += 1
        try:
            yield
        finally:
            self._waiting -= 1


class _Stream:
    def __init__(self, streams: Streams, receive: Receive, send: SendTo) -> None:
        self.streams = streams
        self._receive, self._send = receive, send
        self.session = Session(self._admit)
        self.call: LiveCall | None = None
        self.take: Take | None = None
        self._heard = time.monotonic()
        self._closed = False

    def _admit(self, start: Start) -> Script | None:
        admitted = self.streams.admit(start)
        if admitted is None:
            return None
        self.call, script = admitted
        return script

    async def run(self) -> None:
        """Until either side ends it."""
        session = self.session
        try:
            with self.streams.waiting():
                async with asyncio.timeout(START_WITHIN_S):
                    while session.phase == "waiting" and not self._closed:
                        if not await self._next():
                            return
            while not self._closed:
                if not await self._next():
                    return
        except TimeoutError:
            await self._close(Close(1008, "no_start"))
        finally:
            self._finish()

    async def _next(self) -> bool:
        """Take one message; False once the socket is closed."""
        message = await self._receive()
        if message["type"] != "websocket.receive":
            return False
        text = message.get("text")
        self._heard = now = time.monotonic()
        session = self.session
        actions = session.receive(text, now) if text is not None else session.spoilt()
        if actions:
            await self._do(actions)
        call = self.call
        if call is not None and call.listeners and session.payload:
            for listener in tuple(call.listeners):
                listener.frames.append(session.payload)
        return True

    async def _do(self, actions: Any) -> None:
        action: Action
        for action in actions:
            if type(action) is Send:
                with contextlib.suppress(Exception):  # a socket that is gone is told by the next receive
                    await self._send({"type": "websocket.send", "text": action.text})
            elif type(action) is Begin and self.call is not None:
                self.call.session = self.session
                self.call.status = "in-progress"
                self.take = self.streams.recorder.begin(self.call.sid)
                self.streams.run(self)
                log.info("A stream begins call=%s business=%s", self.call.sid, self.call.business_id)
            elif type(action) is Close:
                await self._close(action)

    async def tick(self, now: float) -> None:
        """Once a second: what was heard goes to disk, and what stands still is ended."""
        session, take = self.session, self.take
        await self._do(session.tick(now))
        if take is None:
            return
        if session.audio:
            self.streams.recorder.add(take, session.take())
        if take.failed:
            await self._close(Close(1011, "disk"))
        elif now - self._heard > _STALLED_S:
            await self._close(Close(1001, "stalled"))

    async def _close(self, action: Close) -> None:
        if not self._closed:
            self._closed = True
            if action.why not in _GREETED:
                log.info("A stream is closed call=%s why=%s", self.call.sid if self.call else "-", action.why)
            with contextlib.suppress(Exception):  # it may be closed already
                await self._send({"type": "websocket.close", "code": action.code})

    def _finish(self) -> None:
        session, call, take = self.session, self.call, self.take
        if call is None or take is None:
            return
        recorder = self.streams.recorder
        recorder.add(take, session.take())
        whole = session.ended in _GREETED
        call.message, call.choice = session.ended or "dropped", session.choice
        call.session = None
        log.info(
            "A stream ends call=%s business=%s how=%s frames=%d gaps=%d bad=%d",
            call.sid, call.business_id, call.message, session.frames, session.gaps, session.bad,
        )  # fmt: skip
        told = {
            "account_sid": call.account_sid,
            "business_id": call.business_id or None,
            "number": call.number,
            "caller": call.caller,
            "at": clock.iso(clock.now()),
        }
        # Told before the file is whole, so that a call never counts as missed whose message is on its way.
        over = {"status": "completed"} if session.ended == "hangup" else {}
        spoken = {"take": take.id} if session.spoken or not whole else {}
        self.streams.office.journal.append({"kind": "call", "call_sid": call.sid, **told, **over, **spoken})
        if over:
            self.streams.hub.end(call.sid)
        recorder.finish(
            take,
            "whole" if whole else "interrupted",
            **told,
            ended=call.message,
            spoken=session.spoken,
            frames=session.frames,
            gaps=session.gaps,
            bad=session.bad,
        )


class Watchers:
    """Browsers that watch the calls of their business, and may listen in where their ticket says so."""

    def __init__(self, office: Office, hub: Hub) -> None:
        self.office, self.hub = office, hub
        self.count = 0  # browsers that watch now
        self._used: dict[str, float] = {}

    async def serve(self, scope: Scope, receive: Receive, send: SendTo) -> None:
        """One browser's socket: a ticket in the query or in the first message."""
        await receive()
        given = parse_qs(scope.get("query_string", b"").decode("latin-1")).get("ticket", [""])[0]
        ours = self._of_our_page(scope)
        ticket = self._ticket(given) if given and ours else None
        if not ours or (given and ticket is None):
            await send({"type": "websocket.close", "code": 1008})
            return
        await send({"type": "websocket.accept"})
        if ticket is None:
            ticket = await self._first(receive)
            if ticket is None:
                await send({"type": "websocket.close", "code": 1008})
                return
        ear: _Ear = _Ear(self.hub, ticket)
        telling = asyncio.create_task(ear.tell(send))
        self.count += 1
        try:
            while True:
                message = await receive()
                if message["type"] != "websocket.receive":
                    return
                ear.asked(message.get("text") or "")
        finally:
            self.count -= 1
            telling.cancel()
            ear.listen("")

    def _of_our_page(self, scope: Scope) -> bool:
        """A browser always says whose page opens a socket; whatever is no browser says nothing."""
        headers: dict[str, str] = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        origin = headers.get("origin")
        if origin is None:
            return True
        ours = urlsplit(self.office.public_url)
        return origin == f"{ours.scheme}://{ours.netloc}" or urlsplit(origin).netloc == headers.get("host", "")

    async def _first(self, receive: Receive) -> dict[str, Any] | None:
        with contextlib.suppress(TimeoutError, ValueError, TypeError, KeyError, AttributeError):
            async with asyncio.timeout(START_WITHIN_S):
                message = await receive()
                return self._ticket(str(orjson.loads(message.get("text") or "{}")["ticket"]))
        return None

    def _ticket(self, token: str) -> dict[str, Any] | None:
        """The values of a ticket, which opens one socket."""
        now = time.time()
        values = tokens.read(self.office.keys, "live", token, now=now)
        if values is None or values["once"] in self._used:
            return None
        self._used = {once: until for once, until in self._used.items() if until > now}
        self._used[values["once"]] = values["exp"]
        return values


class _Ear:
    """One browser's view: what rings and runs, and the sound of one call."""

    def __init__(self, hub: Hub, ticket: dict[str, Any]) -> None:
        self.hub = hub
        self.business_id = int(ticket["business"])
        self.may_listen = bool(ticket["listen"])
        self._until = time.time() + float(ticket.get("for_s", 3600))
        self._call: LiveCall | None = None
        self._listener = Listener()

    def asked(self, text: str) -> None:
        """{"listen": "<sid>"} to hear a call, {"listen": ""} to stop."""
        with contextlib.suppress(ValueError, KeyError, TypeError):
            self.listen(str(orjson.loads(text)["listen"]))

    def listen(self, sid: str) -> None:
        """Hear a call of the business, or none."""
        if self._call is not None:
            self._call.listeners.discard(self._listener)
        call = self.hub.get(sid) if sid and self.may_listen else None
        self._call = call if call is not None and call.business_id == self.business_id and not call.over else None
        self._listener.frames.clear()
        if self._call is not None:
            self._call.listeners.add(self._listener)

    async def tell(self, send: SendTo) -> None:
        """At most fourteen messages a second: the calls as JSON, the sound as μ-law bytes."""
        said, next_at = b"", 0.0
        while True:
            now = time.monotonic()
            if now >= next_at:
                next_at = now + _TELL_EVERY_S
                calls = [call.brief(now) for call in self.hub.of(self.business_id)]
                listening = self._call.sid if self._call is not None and not self._call.over else None
                text = orjson.dumps({"calls": calls, "listening": listening})
                if text != said:
                    said = text
                    await send({"type": "websocket.send", "text": text.decode()})
                if time.time() > self._until:
                    await send({"type": "websocket.close", "code": 1000})
                    return
            heard = self._listener.take()
            if heard:
                await send({"type": "websocket.send", "bytes": heard})
            await asyncio.sleep(_LISTEN_EVERY_S if self._call is not None else _TELL_EVERY_S)

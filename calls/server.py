"""The calls process: one ASGI callable, sockets in asyncio and all HTTP in a Bottle app."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import parse_qsl

import bottle
from a2wsgi import WSGIMiddleware

from calls import audio
from calls.live import Hub
from calls.ports import Account, Office
from calls.recorder import Recorder
from calls.sockets import Receive, Scope, SendTo, Streams, Watchers
from calls.voice import Refused, Voice

if TYPE_CHECKING:
    from a2wsgi.asgi_typing import ASGIApp

log = logging.getLogger("calls")
_THREADS = 10
_BODY = 64 * 1024
_FORWARDED = ("HTTP_X_FORWARDED_FOR", "HTTP_FORWARDED", "HTTP_X_REAL_IP", "HTTP_VIA", "HTTP_X_FORWARDED_HOST")
_SWITCH_S = 0.0001  # Python code of other threads gives way to the sockets after so long


class Calls:
    """The process's ASGI callable."""

    def __init__(self, office: Office, recorder: Recorder) -> None:
        self.hub = Hub()
        self.voice = Voice(office, self.hub)
        self.streams = Streams(office, self.hub, recorder)
        self.watchers = Watchers(office, self.hub)
        self.refused = 0  # webhooks and sockets that bore no good signature
        self._http = WSGIMiddleware(_http(self), workers=_THREADS)

    async def __call__(self, scope: Scope, receive: Receive, send: SendTo) -> None:
        """One request or one socket."""
        if scope["type"] == "http":
            await cast("Any", self._http)(scope, receive, send)
        elif scope["path"] == "/ws/media":
            await self.streams.serve(scope, receive, send)
        elif scope["path"] == "/ws/live":
            await self.watchers.serve(scope, receive, send)
        else:
            await receive()
            await send({"type": "websocket.close", "code": 1008})


def build(office: Office, recorder: Recorder) -> ASGIApp:
    """The callable that an ASGI server runs; a socket at any other address is refused."""
    sys.setswitchinterval(_SWITCH_S)
    return cast("ASGIApp", Calls(office, recorder))


def _http(calls: Calls) -> bottle.Bottle:
    app = bottle.Bottle()
    voice = calls.voice

    @app.get("/healthz")
    def healthz() -> str:
        """The process is alive."""
        bottle.response.content_type = "text/plain; charset=utf-8"
        return "ok\n"

    @app.get("/metrics")
    def metrics() -> str:
        """Prometheus text, for this machine itself alone."""
        environ = bottle.request.environ
        if environ.get("REMOTE_ADDR") not in {"127.0.0.1", "::1"} or any(name in environ for name in _FORWARDED):
            raise bottle.HTTPError(404)
        bottle.response.content_type = "text/plain; version=0.0.4; charset=utf-8"
        return _figures(calls)

    @app.post("/webhook/voice")
    def incoming() -> Any:
        return _answered(
            calls, lambda account, form: voice.incoming(account, {**_query(), **form}, bottle.request.query.step)
        )

    @app.post("/webhook/voice/stream")
    def after_stream() -> Any:
        return _answered(calls, voice.after_stream)

    @app.post("/webhook/voice/recording")
    def recording() -> Any:
        return _answered(calls, voice.recording)

    @app.post("/webhook/voice/status")
    def status() -> Any:
        return _answered(calls, voice.status)

    @app.post("/webhook/message")
    def message() -> Any:
        return _answered(calls, voice.message)

    @app.get("/webhook/sound/<token>")
    def sound(token: str) -> Any:
        samples = voice.sound(token)
        if samples is None:
            raise bottle.HTTPError(404)
        bottle.response.content_type = "audio/wav"
        return audio.wav(samples)

    def failed(error: bottle.HTTPError) -> str:
        if error.status_code >= 500:
            log.error("A webhook crashed", exc_info=error.exception)
        code, sentence = _SENTENCES.get(error.status_code, _SENTENCES[500])
        bottle.response.content_type = "application/json"
        return json.dumps({"success": False, "error": sentence, "code": code})

    app.default_error_handler = failed
    return app


def _figures(calls: Calls) -> str:
    """The sockets that are open now, and the webhooks that were refused since the start."""
    return (
        "# HELP prosaas_calls_sockets Sockets open now: Twilio's media streams, and browsers that watch.\n"
        "# TYPE prosaas_calls_sockets gauge\n"
        f'prosaas_calls_sockets{{kind="stream"}} {calls.streams.count}\n'
        f'prosaas_calls_sockets{{kind="browser"}} {calls.watchers.count}\n'
        "# HELP prosaas_calls_refused_total Webhooks without a good signature.\n"
        "# TYPE prosaas_calls_refused_total counter\n"
        f"prosaas_calls_refused_total {calls.refused}\n"
    )


def _answered(calls: Calls, answer: Callable[[Account, dict[str, str]], bytes]) -> Any:
    """What a webhook is answered: TwiML, nothing, or 403 for who cannot prove to be Twilio."""
    try:
        params = _form()
        query = bottle.request.environ.get("QUERY_STRING", "")
        url = calls.voice.office.public_url + bottle.request.environ["PATH_INFO"] + (f"?{query}" if query else "")
        given = bottle.request.environ.get("HTTP_X_TWILIO_SIGNATURE", "")
        account = calls.voice.believe(url, params, given)
        xml = answer(account, dict(params))
    except Refused:
        calls.refused += 1
        log.warning("A webhook without a good signature was refused path=%s", bottle.request.environ["PATH_INFO"])
        return _refuse(403)
    if not xml:
        bottle.response.status = 204
        return b""
    bottle.response.content_type = "text/xml; charset=utf-8"
    return xml


def _form() -> list[tuple[str, str]]:
    """The fields of the form as they were signed: UTF-8, the empty ones too. Bottle's own would be latin-1."""
    length = bottle.request.environ.get("CONTENT_LENGTH") or "0"
    if not length.isdigit() or int(length) > _BODY:
        raise Refused
    raw = bottle.request.environ["wsgi.input"].read(_BODY + 1)
    if len(raw) > _BODY:
        raise Refused
    try:
        return parse_qsl(raw.decode("utf-8"), keep_blank_values=True, strict_parsing=False, max_num_fields=500)
    except ValueError as error:
        raise Refused from error


def _query() -> dict[str, str]:
    return dict(parse_qsl(bottle.request.environ.get("QUERY_STRING", ""), keep_blank_values=True))


def _refuse(status: int) -> str:
    code, sentence = _SENTENCES[status]
    bottle.response.status = status
    bottle.response.content_type = "application/json"
    return json.dumps({"success": False, "error": sentence, "code": code})


_SENTENCES = {
    403: ("bad_signature", "This does not bear the signature of Twilio for this address (PUBLIC_URL)."),
    404: ("not_found", "The calls process has nothing at this address."),
    405: ("method_not_allowed", "The calls process does not take this method at this address."),
    500: ("internal_error", "Something went wrong in the calls process; its log says what."),
}

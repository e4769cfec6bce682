"""The calls process: one ASGI callable whose HTTP requests go to a Bottle app."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import bottle
from a2wsgi import WSGIMiddleware

if TYPE_CHECKING:
    from a2wsgi.asgi_typing import ASGIApp

_THREADS = 10


def build() -> ASGIApp:
    """The callable that an ASGI server runs; a websocket that nothing here serves is refused."""
    return WSGIMiddleware(_http(), workers=_THREADS)


def _http() -> bottle.Bottle:
    app = bottle.Bottle()

    @app.get("/healthz")
    def healthz() -> str:
        """The process is alive."""
        bottle.response.content_type = "text/plain; charset=utf-8"
        return "ok\n"

    def failed(error: bottle.HTTPError) -> str:
        code, sentence = _SENTENCES.get(error.status_code, _SENTENCES[500])
        bottle.response.content_type = "application/json"
        return json.dumps({"success": False, "error": sentence, "code": code})

    app.default_error_handler = failed
    return app


_SENTENCES = {
    404: ("not_found", "The calls process has nothing at this address."),
    405: ("method_not_allowed", "The calls process does not take this method at this address."),
    500: ("internal_error", "Something went wrong in the calls process; its log says what."),
}

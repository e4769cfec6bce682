"""The Bottle app: every declared route behind one gate that checks, parses, answers, and logs."""

from __future__ import annotations

import importlib
import logging
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

import bottle
import orjson

import tasks
from config import VERSION
from errors import Tellable, Temporary
from jobs.adapters import blob_store
from models import write
from store import audit, months, sql
from web import answers, auth, errors, idempotency, metrics
from web.assets import Assets
from web.call import Call, Site
from web.files import PageCache
from web.queueing import Queue
from web.routing import ROUTES, Route
from web.values import read_all

if TYPE_CHECKING:
    from config import Config

log = logging.getLogger("web")
_NOUNS = (
    "alerts", "audit", "bulk", "business", "calls", "changes", "contacts", "diagnostics", "doctor", "documents",
    "exports", "gmail", "gmail_setup", "google_sign_in", "health", "invitations", "mail", "mailboxes", "me", "metrics",
    "months", "openapi", "packs", "pages", "passwords", "phone", "receipts", "rules", "search", "security", "senders",
    "session", "sync", "tasks", "tokens", "uploads", "users", "vendors", "views", "webhooks",
)  # fmt: skip
UPLOAD_LIMIT = 50 * 1024 * 1024


def declared() -> list[Route]:
    """Every route of the web process."""
    for noun in _NOUNS:
        importlib.import_module(f"web.{noun}")
    return ROUTES


def build(config: Config) -> bottle.Bottle:
    """The web process's app; the database must have been opened (store.schema) before the first request."""
    tasks.configure(config)
    site = Site(
        config=config,
        blobs=blob_store(config),
        queue=Queue(config),
        assets=Assets(),
        pages=PageCache(config.data_dir / "cache" / VERSION),  # another version may draw otherwise
        version=VERSION,
    )
    app = bottle.Bottle()
    app.config["json.disable"] = True
    app.default_error_handler = _refused_by_bottle
    for route in declared():
        app.route(route.path, method=route.method, callback=_bound(site, route), name=f"{route.method} {route.path}")
    app.add_hook("before_request", _begin)
    app.add_hook("after_request", lambda: _end(config))
    return app


def _bound(site: Site, route: Route) -> Any:
    def handle(**path: Any) -> Any:
        call = Call(site)
        bottle.request.environ["prosaas.call"] = call
        try:
            _check_size(route)
            auth.let_in(call, route)
            call.query = _query(route)
            call.body = _body(route)
            sure = route.method not in auth.SAFE and bottle.request.query.confirm == "month_closed"
            with audit.acting(call.actor) as acting, months.confirmed(yes=sure):
                answer = idempotency.once(call, route, path, lambda: route.handler(call, **path))
                _leave_a_trace(call, route, path, acting)
        except Tellable as error:
            return answers.refuse(error)
        except (bottle.HTTPResponse, MemoryError):
            raise
        except Exception as error:  # the last net: a defect is one 500, told in the log
            if sql.is_outage(error):
                log.warning("✗ Database not reachable route=%s error=%s", route.path, type(error).__name__)
                return answers.refuse(_no_database())
            log.exception("A request crashed method=%s route=%s", route.method, route.path)
            return answers.refuse(errors.crashed())
        if answer is None:
            return answers.nothing()
        return answers.json(answer) if isinstance(answer, dict | list) else answer

    return handle


def _leave_a_trace(call: Call, route: Route, path: dict[str, Any], acting: audit.Scope) -> None:
    """No change of a business without a line in its trail: what its own module did not tell is told as the request."""
    if route.method in {"GET", "HEAD"} or call.tenant is None or acting.entries or route.quiet:
        return
    id_ = path.get("id")
    what = {name: [None, value] for name, value in call.body.items() if isinstance(value, bool | int)}
    try:
        with write():
            audit.note(call.tenant.id, f"{route.method} {route.template}", route.tag, id_, changes=what)
    except Temporary as error:  # it is done; to answer otherwise would have it done twice
        log.error("A change left no trace route=%s business=%s error=%s", route.path, call.tenant.id, error.code)


def _no_database() -> Tellable:
    return Tellable("database_unreachable", "The database does not answer; please try again in a moment.")


def _check_size(route: Route) -> None:
    length = bottle.request.environ.get("CONTENT_LENGTH") or "0"
    if length.isdigit() and int(length) > route.body_limit:
        megabytes = route.body_limit / 1_000_000
        raise Tellable("too_large", f"That is too large; at most {megabytes:.0f} MB at once.")


def _query(route: Route) -> dict[str, Any]:
    """The declared values of the query; an empty one counts as absent, an unknown one is left alone."""
    text = bottle.request.environ.get("QUERY_STRING", "")
    given = {name: value for name, value in parse_qsl(text, errors="replace") if value} if text else {}
    return {
        name: value.read(given[name], name) if name in given else value.default for name, value in route.query.items()
    }


def _body(route: Route) -> dict[str, Any]:
    """The declared values of a JSON body that are there."""
    if route.raw or route.method in {"GET", "HEAD"}:
        return {}
    raw = bottle.request.body.read()
    if not raw.strip():
        raw = b"{}"
    try:
        value = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise Tellable("bad_json", "The body is not JSON.") from error
    if not isinstance(value, dict):
        raise Tellable("bad_json", "The body must be a JSON object.")
    return read_all(value, route.body) if route.body is not None else {}


def _refused_by_bottle(error: bottle.HTTPError) -> bytes:
    if error.status_code >= 500:
        log.error("A request crashed outside its handler", exc_info=error.exception)
    return answers.refuse(errors.from_status(error.status_code))


def _begin() -> None:
    bottle.request.environ["prosaas.began"] = time.monotonic()


def _end(config: Config) -> None:
    environ = bottle.request.environ
    answers.secure(tls=config.secure_cookies)
    route = environ.get("bottle.route")
    pattern = route.rule if route is not None else "-"
    seconds = time.monotonic() - environ.get("prosaas.began", time.monotonic())
    status = bottle.response.status_code
    metrics.count(environ["REQUEST_METHOD"], pattern, status, seconds)
    call = environ.get("prosaas.call")
    tenant = call.tenant if call is not None else None
    log.log(
        logging.DEBUG if pattern in {"/healthz", "/assets/<release>/<path:path>"} else logging.INFO,
        "request method=%s route=%s status=%d ms=%.1f business=%s",
        environ["REQUEST_METHOD"],
        pattern,
        status,
        seconds * 1000,
        tenant.id if tenant is not None else "-",
    )

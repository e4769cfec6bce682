"""The header Idempotency-Key: a POST that is sent again is done once and answered alike."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import bottle
import orjson

from errors import Tellable
from store import idempotency

if TYPE_CHECKING:
    from web.call import Call
    from web.routing import Route


def once(call: Call, route: Route, path: dict[str, Any], act: Callable[[], Any]) -> Any:
    """Do the act, or give the answer that it had the first time.

    Tellable `bad_key`, `key_reused` or `key_busy`; a refusal frees the key.
    """
    key = bottle.request.environ.get("HTTP_IDEMPOTENCY_KEY")
    if key is None or route.method != "POST" or route.raw or call.actor == "nobody":
        return act()
    if not (0 < len(key) <= 200 and key.isascii() and key.isprintable()):
        raise Tellable("bad_key", "An Idempotency-Key has 1 to 200 plain characters.")
    business_id = call.tenant.id if call.tenant else None
    request = orjson.dumps([route.path, path, business_id, bottle.request.body.read().decode("utf-8", "replace")])
    row_id, known = idempotency.begin(business_id, call.actor, key, request.decode())
    if known is not None:
        bottle.response.status = known[0]
        bottle.response.set_header("Idempotency-Replayed", "true")
        bottle.response.content_type = "application/json"
        return known[1].encode()
    try:
        answer = act()
    except BaseException:
        idempotency.drop(row_id)
        raise
    if answer is None:
        idempotency.keep(row_id, 204, "")
    elif isinstance(answer, dict | list):
        idempotency.keep(row_id, 200, orjson.dumps(answer).decode())
    elif isinstance(answer, bytes) and bottle.response.content_type.startswith("application/json"):
        packed = bottle.response.get_header("Content-Encoding") == "gzip"
        plain = gzip.decompress(answer) if packed else answer
        idempotency.keep(row_id, bottle.response.status_code, plain.decode())
    else:
        idempotency.drop(row_id)
    return answer

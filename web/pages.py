"""The single page and its files: `/`, `/app/…`, `/assets/<release>/…`, the service worker and the manifest."""

from __future__ import annotations

from typing import TYPE_CHECKING

import bottle

from web import answers
from web.routing import PUBLIC, route

if TYPE_CHECKING:
    from web.assets import Asset
    from web.call import Call

_YEAR = "public, max-age=31536000, immutable"


@route("GET", "/", role=PUBLIC, summary="The page", media="text/html")
@route("GET", "/app", role=PUBLIC, summary="The page", media="text/html")
@route("GET", "/app/", role=PUBLIC, summary="The page", media="text/html")
@route("GET", "/app/<view:path>", role=PUBLIC, summary="The page, whatever view is asked for", media="text/html")
def page(call: Call, view: str = "") -> bytes:
    """The shell of the single-page screen, with the release in the addresses of its files."""
    del view  # the page itself looks at its address
    assets = call.site.assets
    return send(assets.file("index.html", assets.release), "no-store")


@route(
    "POST",
    "/app/share",
    role=PUBLIC,
    summary="What a phone shares before the page's own worker is there",
    raw=True,
    body_limit=60 * 1024 * 1024,
    media="text/html",
)
def share(_call: Call) -> bytes:
    """The worker takes the files; without it there is nothing to do but to open the page, which installs it."""
    return answers.redirect("/app/receipts")


@route("GET", "/assets/<release>/<path:path>", role=PUBLIC, summary="A file of the page", media="*/*")
def asset(call: Call, release: str, path: str) -> bytes:
    """For a year under this release's address; another release's address is never kept, for it may mean other bytes."""
    known = release == call.site.assets.release
    return send(call.site.assets.file(path), _YEAR if known else "no-cache")


@route("GET", "/sw.js", role=PUBLIC, summary="The service worker", media="text/javascript")
def service_worker(call: Call) -> bytes:
    """By itself at the root, for its scope is the whole page."""
    assets = call.site.assets
    return send(assets.file("sw.js", assets.release), "no-cache")


@route(
    "GET", "/manifest.webmanifest", role=PUBLIC, summary="What makes it installable", media="application/manifest+json"
)
def manifest(call: Call) -> bytes:
    """The web app manifest."""
    assets = call.site.assets
    return send(assets.file("manifest.webmanifest", assets.release), "no-cache")


@route("GET", "/favicon.ico", role=PUBLIC, summary="The icon", media="image/*")
def icon(call: Call) -> bytes:
    """Browsers ask for it unasked."""
    return send(call.site.assets.file("icons/icon.svg"), "public, max-age=86400")


def send(file: Asset, caching: str) -> bytes:
    """A file of the screen, packed where the asker takes that."""
    response = bottle.response
    response.content_type = file.media_type
    response.set_header("Cache-Control", caching)
    response.set_header("ETag", file.etag)
    response.set_header("Vary", "Accept-Encoding")
    if answers.matches(file.etag):
        response.status = 304
        return b""
    if file.packed is not None and "gzip" in bottle.request.environ.get("HTTP_ACCEPT_ENCODING", ""):
        response.set_header("Content-Encoding", "gzip")
        return file.packed
    return file.data

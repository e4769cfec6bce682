"""The three processes of the Procfile, each in the foreground."""

from __future__ import annotations

import argparse
import errno
import logging
import signal
import socket
from types import FrameType
from typing import Any

import config as settings
from cli import logs
from cli.embedded_redis import ensure
from cli.settings import load
from errors import Tellable

_THREADS = 16  # eleven may wait for pages to be drawn (web/drawing.py)
_BACKLOG = 1024
_CHANNEL_TIMEOUT_S = 120
SERVER: dict[str, Any] = {
    "ident": None,
    # A body without a told length is put on disk as it comes: no more of it than the largest route takes.
    "max_request_body_size": 64 * 1024 * 1024,
    # Only a proxy on this machine may say for whom it asks; others' headers are dropped.
    "trusted_proxy": "127.0.0.1",
    "trusted_proxy_count": 1,
    "trusted_proxy_headers": {"x-forwarded-for", "x-forwarded-proto", "x-forwarded-host"},
    # Kept as they came: they prove nothing, but whoever sends one is no request of this machine's own.
    "clear_untrusted_proxy_headers": False,
}
_GRACE_S = 4  # below the five seconds after which a supervisor kills


def web(argv: list[str]) -> int:
    """`./prosaas web`: the pages and the API on BIND:PORT."""
    config = _begin("web", argv)
    listener = listen(config.bind, config.port, "PORT")
    with ensure(config):
        import waitress

        from prosaas import app
        from store import schema
        from web.watch import Watch

        schema.open_database(config)
        _write_pages(config)
        server = waitress.create_server(
            app(config),
            sockets=[listener],
            threads=_THREADS,
            channel_timeout=_CHANNEL_TIMEOUT_S,
            **SERVER,
        )
        _log_start("web", config.bind, config.port)
        signal.signal(signal.SIGTERM, _stop)
        Watch(config).start()
        server.run()  # returns on SystemExit and KeyboardInterrupt, its threads ended
    return 0


def calls(argv: list[str]) -> int:
    """`./prosaas calls`: webhooks and media sockets on BIND:CALLS_PORT."""
    config = _begin("calls", argv)
    listener = listen(config.bind, config.calls_port, "CALLS_PORT")
    with ensure(config):
        import uvicorn

        from cli.calls_desk import Desk

        desk = Desk(config)
        server = uvicorn.Server(
            uvicorn.Config(
                desk.app,
                ws="websockets-sansio",
                ws_per_message_deflate=False,
                ws_max_size=64 * 1024,
                timeout_graceful_shutdown=_GRACE_S,
                access_log=False,
                log_config=None,
                lifespan="off",
                server_header=False,
                proxy_headers=True,
                forwarded_allow_ips="127.0.0.1",
            )
        )
        signal.signal(signal.SIGTERM, _stop)  # uvicorn raises it once more when it has stopped
        desk.start()
        _log_start("calls", config.bind, config.calls_port)
        try:
            server.run(sockets=[listener])
        finally:
            desk.stop()
    return 0


def worker(argv: list[str]) -> int:
    """`./prosaas worker`: what the queue and the schedule ask for."""
    config = _begin("worker", argv)
    with ensure(config):
        import tasks
        from store import schema

        schema.open_database(config)
        tasks.run_worker(config)
    return 0


def listen(bind: str, port: int, variable: str) -> socket.socket:
    """A listening socket; Tellable `port_taken`, `port_refused` or `bad_setting` says what to set."""
    try:
        found = socket.getaddrinfo(bind, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, kind, protocol, _, address = found[0]
        listener = socket.socket(family, kind, protocol)
    except OSError as error:
        raise _no_address(bind) from error
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(address)
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            sentence = f"Port {port} is taken; stop what listens there or set {variable} to a free one."
            raise Tellable("port_taken", sentence) from error
        if error.errno == errno.EACCES:
            sentence = f"Port {port} may not be opened by this user; set {variable} above 1023."
            raise Tellable("port_refused", sentence) from error
        raise _no_address(bind) from error
    return listener


def _no_address(bind: str) -> Tellable:
    return Tellable("bad_setting", f"BIND is “{bind}”, which is no address of this machine.", setting="BIND")


def _begin(process: str, argv: list[str]) -> settings.Config:
    text = f"Run the {process} process in the foreground."
    argparse.ArgumentParser(prog=f"./prosaas {process}", description=text).parse_args(argv)
    config = load()
    logs.setup(process, config.log_level, config.log_format, secrets=logs.secrets_of(config))
    if config.sentry_dsn:
        from cli import crashes

        crashes.report(config, process)
    return config


def _write_pages(config: settings.Config) -> None:
    """Leave the screen's files where nginx finds them: it serves them from disk."""
    from web.assets import Assets

    Assets().write(config.data_dir / "www")


def _log_start(process: str, bind: str, port: int) -> None:
    logging.getLogger(process).info("✓ Listening", extra={"bind": bind, "port": port})


def _stop(_signal: int, _frame: FrameType | None) -> None:
    raise SystemExit(0)

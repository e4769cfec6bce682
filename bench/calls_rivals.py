"""Other server stacks doing the same: decode a frame, keep its samples in a file, send it back; and a raw echo."""

from __future__ import annotations

import asyncio
import binascii
import json
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

Handle = Callable[[str], str | None]


def handler() -> Handle:
    """A stream's handler with a file of its own, written about once a second, as ours."""
    file = tempfile.TemporaryFile(buffering=8000)  # noqa: SIM115 - it lives as long as its socket

    def handle(text: str) -> str | None:
        frame = json.loads(text)
        if frame["event"] != "media":
            return None
        payload = frame["media"]["payload"]
        file.write(binascii.a2b_base64(payload))
        return json.dumps({"event": "media", "streamSid": frame["streamSid"], "media": {"payload": payload}})

    return handle


async def app(scope: Any, receive: Any, send: Any) -> None:
    """The same as ASGI."""
    if scope["type"] != "websocket":
        if scope["type"] == "lifespan":
            while (await receive())["type"] != "lifespan.shutdown":
                await send({"type": "lifespan.startup.complete"})
        return
    await receive()
    await send({"type": "websocket.accept"})
    handle = handler()
    while (message := await receive())["type"] == "websocket.receive":
        answer = handle(message["text"])
        if answer is not None:
            await send({"type": "websocket.send", "text": answer})


class _Echo(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: Any = transport

    def data_received(self, data: bytes) -> None:
        self.transport.write(data)


def _raw(port: int) -> None:
    import uvloop

    async def serve() -> None:
        server = await asyncio.get_running_loop().create_server(_Echo, "127.0.0.1", port)
        await server.serve_forever()

    uvloop.run(serve())


def _aiohttp(port: int) -> None:
    import uvloop
    from aiohttp import web

    async def serve(request: web.Request) -> web.WebSocketResponse:
        talk = web.WebSocketResponse(compress=False)
        await talk.prepare(request)
        handle = handler()
        async for message in talk:
            answer = handle(message.data)
            if answer is not None:
                await talk.send_str(answer)
        return talk

    application = web.Application()
    application.router.add_get("/ws/media", serve)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        web.run_app(application, host="127.0.0.1", port=port, print=None, loop=runner.get_loop())


def _websockets(port: int) -> None:
    import uvloop
    from websockets.asyncio.server import ServerConnection, serve

    async def echo(talk: ServerConnection) -> None:
        handle = handler()
        async for text in talk:
            answer = handle(str(text))
            if answer is not None:
                await talk.send(answer)

    async def run() -> None:
        async with serve(echo, "127.0.0.1", port, compression=None) as server:
            await server.serve_forever()

    uvloop.run(run())


def _uvicorn_plain(port: int) -> None:
    import uvicorn

    uvicorn.run(
        app, host="127.0.0.1", port=port, loop="asyncio", http="h11", ws="websockets-sansio",
        ws_per_message_deflate=False, log_level="error",
    )  # fmt: skip


def _hypercorn(port: int) -> None:
    import uvloop
    from hypercorn.asyncio import serve
    from hypercorn.config import Config

    config = Config()
    config.bind = [f"127.0.0.1:{port}"]
    uvloop.run(serve(app, config))


def _granian(port: int) -> None:
    from granian.constants import Interfaces
    from granian.server import Server

    Server(f"{__name__}:app", address="127.0.0.1", port=port, interface=Interfaces.ASGI, log_enabled=False).serve()


STACKS: dict[str, Callable[[int], None]] = {
    "raw_echo": _raw,
    "aiohttp": _aiohttp,
    "websockets": _websockets,
    "uvicorn_without_uvloop": _uvicorn_plain,
    "hypercorn": _hypercorn,
    "granian": _granian,
}

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    STACKS[sys.argv[1]](int(sys.argv[2]))

"""Connections that leave HTTP: SPDY/3.1 taken over from aiohttp, or WebSocket; to their users, bytes in and out."""

import asyncio
from collections.abc import Callable
from typing import Final

from aiohttp import WSMsgType, web

from byocni_tui.sandbox.kube.status import bad_request

SPDY: Final = "SPDY/3.1"


def wanted(request: web.Request) -> str:
    """``websocket``, ``spdy`` or, when the request asks for no upgrade, nothing."""
    upgrade = request.headers.get("Upgrade", "").lower()
    return {"websocket": "websocket", "spdy/3.1": "spdy"}.get(upgrade, "")


def refuse() -> Exception:
    """What an API server says to a plain request for a stream."""
    return bad_request("Upgrade request required")


def protocol(request: web.Request, header: str, known: tuple[str, ...]) -> str:
    """The first of ``known`` that the client offers in a header. Raises 403, as the server does when none is."""
    offered = [
        word.strip()
        for line in request.headers.getall(header, [])
        for word in line.split(",")
        if word.strip()
    ]
    for name in known:
        if name in offered:
            return name
    from byocni_tui.sandbox.kube.status import ApiError

    text = f"unable to negotiate protocol: client supports {offered}, server accepts {list(known)}"
    raise ApiError(403, "Forbidden", text)


class Taken:
    """A connection taken over from aiohttp: raw bytes both ways, as its web server hands them to a WebSocket reader."""

    def __init__(self, request: web.Request) -> None:
        self._request = request
        self.on_data: Callable[[bytes], None] = lambda _data: None
        self.gone = asyncio.Event()

    async def begin(self, headers: dict[str, str]) -> web.StreamResponse:
        """Answer 101; from now on ``on_data`` gets what comes."""
        response = web.StreamResponse(
            status=101, headers={"Connection": "Upgrade", "Upgrade": SPDY, **headers}
        )
        response.force_close()
        await response.prepare(self._request)
        self._request.protocol.set_parser(self)  # type: ignore[arg-type]
        return response

    def write(self, data: bytes) -> None:
        """Send; what a client that has gone would get is dropped."""
        transport = self._request.transport
        if transport is not None and not transport.is_closing():
            transport.write(data)

    # -- what aiohttp calls ----------------------------------------------------------------------------------------

    def feed_data(self, data: bytes) -> tuple[bool, bytes]:
        """Bytes came; (whether the connection is to be closed, what was not read)."""
        try:
            self.on_data(bytes(data))
        except Exception:  # noqa: BLE001 whatever a client sends that can't be read ends its own connection, no other
            self.gone.set()
            return True, b""
        return False, b""

    def feed_eof(self) -> None:
        """The client went away."""
        self.gone.set()

    def set_exception(self, _error: BaseException, _cause: BaseException | None = None) -> None:
        """The connection broke."""
        self.gone.set()


async def binary(socket: web.WebSocketResponse, take: Callable[[bytes], None]) -> None:
    """Hand every binary message to ``take`` until the client closes."""
    async for message in socket:
        if message.type == WSMsgType.BINARY:
            take(message.data)
        elif message.type == WSMsgType.TEXT:
            take(message.data.encode())

"""The pages, and the socket behind them."""

import asyncio
import contextlib
import html
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from string import Template
from typing import Final

import textual_serve
from aiohttp import web

from byocni_tui.browser.door import COOKIE, HEADERS, Door, same_origin
from byocni_tui.browser.limits import Limits
from byocni_tui.browser.visitor import Visitor, size_of
from byocni_tui.browser.visitors import Visitors
from byocni_tui.clock import Clock
from byocni_tui.locale import Translator

_PAGE: Final = Path(__file__).parent / "page"
_TERMINAL: Final = Path(textual_serve.__file__).parent / "static"
_EVERY: Final = 5.0
"""Seconds between two looks at the visitors."""

_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Browser:
    """The handlers over one set of visitors."""

    def __init__(self, door: Door, visitors: Visitors, limits: Limits, clock: Clock, tr: Translator) -> None:
        self._door = door
        self._visitors = visitors
        self._limits = limits
        self._clock = clock
        self._tr = tr

    def app(self) -> web.Application:
        """The aiohttp application; it ends all that it started when it is cleaned up."""
        app = web.Application(middlewares=[self._guard])
        app.add_routes(
            [
                web.get("/", self._index),
                web.get("/ws", self._socket),
                web.get("/why", self._why),
                web.static("/page", _PAGE),
                web.static("/terminal", _TERMINAL),
            ]
        )
        app.cleanup_ctx.append(self._watch)
        return app

    async def _watch(self, _app: web.Application) -> AsyncIterator[None]:
        async def sweep() -> None:
            while True:
                await self._clock.sleep(_EVERY)
                await self._visitors.sweep()

        task = asyncio.create_task(sweep(), name="look at the visitors")
        yield
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        await self._visitors.close()

    @web.middleware
    async def _guard(self, request: web.Request, handler: _Handler) -> web.StreamResponse:
        if not self._door.knows_host(request.headers.get("Host", "")):
            return self._refusal(403, "host")
        try:
            response = await handler(request)
        except web.HTTPException as error:
            error.headers.update(HEADERS)
            raise
        if not response.prepared:
            response.headers.update(HEADERS)
        return response

    def _visitor(self, request: web.Request) -> Visitor | None:
        return self._visitors.find(request.cookies.get(COOKIE))

    async def _index(self, request: web.Request) -> web.StreamResponse:
        if (token := request.query.get("token")) is not None:
            return self._enter(request, token)
        if self._visitor(request) is None:
            return self._refusal(401, "token")
        return self._page(
            "index.html",
            title=self._tr("browser.title"),
            starting=self._tr("browser.starting"),
            again=self._tr("browser.again"),
            lang=self._tr.lang,
        )

    def _enter(self, request: web.Request, token: str) -> web.StreamResponse:
        """The token becomes a cookie, so that it stays in no address bar and no history beyond the first."""
        if not self._door.opens_for(token):
            return self._refusal(401, "token")
        response = web.Response(status=303, headers={"Location": "/"})
        if self._visitor(request) is None:
            visitor = self._visitors.admit()
            if visitor is None:
                return self._refusal(503, "full")
            # Lax, not Strict: a link in a chat or a mail leads here across sites, and has to work.
            response.set_cookie(COOKIE, visitor.key, httponly=True, samesite="Lax", path="/")
        return response

    async def _socket(self, request: web.Request) -> web.StreamResponse:
        if not same_origin(request.headers.get("Origin"), request.headers.get("Host", "")):
            return self._refusal(403, "origin")
        visitor = self._visitor(request)
        if visitor is None:
            return self._refusal(401, "token")
        socket = web.WebSocketResponse(heartbeat=15, max_msg_size=self._limits.message)
        await socket.prepare(request)
        await self._visitors.show(visitor, socket, size_of(request.query))
        return socket

    async def _why(self, request: web.Request) -> web.StreamResponse:
        """Why the visitor's last session ended, in words."""
        visitor = self._visitor(request)
        reason = visitor.last_reason if visitor is not None else "idle"
        return web.json_response({"reason": reason, "text": self._tr(f"browser.ended.{reason}")})

    def _refusal(self, status: int, reason: str) -> web.Response:
        text = self._tr(f"browser.refused.{reason}")
        page = self._page("refused.html", title=self._tr("browser.title"), text=text, lang=self._tr.lang)
        page.set_status(status)
        page.headers.update(HEADERS)
        return page

    def _page(self, name: str, **values: str) -> web.Response:
        template = Template((_PAGE / name).read_text(encoding="utf-8"))
        filled = template.substitute({key: html.escape(value) for key, value in values.items()})
        return web.Response(text=filled, content_type="text/html")

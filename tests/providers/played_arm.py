"""An ARM that a test plays."""

from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Token:
    """What azure-core asks a credential for, without a sign-in."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def get_token(self, *scopes: str, **_: Any) -> Any:
        from azure.core.credentials import AccessToken

        self.asked.extend(scopes)
        return AccessToken("eyJhbGciOiJub25lIn0.eyJvaWQiOiAib2lkLTEiLCAidGlkIjogInRpZC0xIn0.x", 4102444800)

    async def close(self) -> None:
        """Nothing to close."""


class Arm:
    """The client under test, with the handler that answers it and what it was asked."""

    def __init__(self) -> None:
        self.handler: Handler | None = None
        self.seen: list[web.Request] = []
        self.client: Any = None
        self.token = Token()
        self.base = ""

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Hand on to the test's handler."""
        self.seen.append(request)
        assert self.handler is not None
        return await self.handler(request)

"""The served wizard, as a browser's requests see it."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import CookieJar, WSMsgType, WSServerHandshakeError
from aiohttp.test_utils import TestClient, TestServer

from byocni_tui.browser.door import Door
from byocni_tui.browser.limits import Limits, resident
from byocni_tui.browser.server import Browser
from byocni_tui.browser.visitors import Visitors
from byocni_tui.clock import SteppedClock
from byocni_tui.locale import Translator

TOKEN = "a-token-for-tests"


class Served:
    """A server with a clock that stands still, and browsers that visit it."""

    def __init__(self, folder: Path, limits: Limits) -> None:
        self.clock = SteppedClock()
        self.visitors = Visitors(folder, limits, self.clock, ["--speed", "max", "--lang", "en"])
        browser = Browser(Door(TOKEN, local=True), self.visitors, limits, self.clock, Translator("en"))
        self.server = TestServer(browser.app(), host="127.0.0.1")
        self.clients: list[TestClient] = []

    async def visit(self, *, token: str | None = TOKEN) -> TestClient:
        """A browser with cookies of its own that opened the address."""
        client: TestClient = TestClient(self.server, cookie_jar=CookieJar(unsafe=True))
        self.clients.append(client)
        if token is not None:
            response = await client.get("/", params={"token": token})
            client.last = (response.status, await response.text())  # type: ignore[attr-defined]
        return client


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[Served]:
    here = Served(tmp_path, Limits(visitors=2, idle=60, message=8 * 1024, typed_ahead=8 * 1024))
    await here.server.start_server()
    yield here
    for client in here.clients:
        await client.session.close()
    await here.server.close()


async def first_picture(socket: object) -> bytes:
    """What the wizard drew, until its first screen's words are there."""
    seen = b""
    async with asyncio.timeout(30):
        async for message in socket:  # type: ignore[attr-defined]
            if message.type is WSMsgType.BINARY:
                seen += message.data
            if b"SIMULATION" in seen and b"Why" in seen:
                return seen
    raise AssertionError(seen[-500:])


async def ending(socket: object) -> None:
    async with asyncio.timeout(120):
        async for _ in socket:  # type: ignore[attr-defined]
            pass


def folders(folder: Path) -> int:
    return len(list(folder.iterdir()))


async def why(client: TestClient) -> str:
    return str((await (await client.get("/why")).json())["reason"])


async def test_the_address_with_its_token_shows_the_wizard(served: Served) -> None:
    client = await served.visit()
    status, page = client.last  # type: ignore[attr-defined]
    assert status == 200
    assert "SIMULATION" in page
    assert "token" not in str(client.session.cookie_jar.filter_cookies(client.make_url("/")))
    async with client.ws_connect("/ws?width=100&height=30") as socket:
        await first_picture(socket)


async def test_without_the_token_nothing_is_shown(served: Served) -> None:
    for token in (None, "wrong", ""):
        client = await served.visit(token=token)
        response = await client.get("/")
        assert response.status == 401
        assert "?token=" in await response.text()
        with pytest.raises(WSServerHandshakeError) as refused:
            await client.ws_connect("/ws")
        assert refused.value.status == 401


async def test_a_foreign_page_can_not_open_the_socket_of_a_visitor(served: Served) -> None:
    client = await served.visit()
    with pytest.raises(WSServerHandshakeError) as refused:
        await client.ws_connect("/ws", origin="https://evil.example")
    assert refused.value.status == 403


async def test_the_page_may_load_nothing_from_elsewhere(served: Served) -> None:
    client = await served.visit()
    for path in ("/", "/page/page.js", "/page/page.css", "/terminal/js/textual.js"):
        response = await client.get(path)
        assert response.status == 200, path
    page = await client.get("/")
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    assert "://" not in await page.text()


async def test_one_too_many_is_told_so_and_nobody_else_is_hurt(served: Served) -> None:
    first = await served.visit()
    async with first.ws_connect("/ws") as socket:
        await served.visit()
        third = await served.visit()
        assert third.last[0] == 503  # type: ignore[attr-defined]
        await first_picture(socket)


async def test_a_second_tab_takes_the_wizard_over(served: Served) -> None:
    client = await served.visit()
    async with client.ws_connect("/ws") as first:
        await first_picture(first)
        async with client.ws_connect("/ws") as second:
            await ending(first)
            assert await why(client) == "elsewhere"
            await first_picture(second)


@pytest.mark.parametrize(
    "sent", ["no JSON", "[]", "{}", '["stdin", 7]', '["resize", {"width": "wide"}]', '["dance"]', '["stdin"]']
)
async def test_garbage_ends_the_session_with_a_reason(served: Served, sent: str) -> None:
    client = await served.visit()
    async with client.ws_connect("/ws") as socket:
        await first_picture(socket)
        await socket.send_str(sent)
        await ending(socket)
    assert await why(client) == "broken"


async def test_a_flood_ends_the_session(served: Served) -> None:
    client = await served.visit()
    async with client.ws_connect("/ws") as socket:
        await first_picture(socket)
        for _ in range(3):
            await socket.send_json(["stdin", "x" * 4000])
        await ending(socket)
    assert await why(client) == "flood"


async def test_who_does_nothing_is_sent_away_and_then_forgotten(served: Served, tmp_path: Path) -> None:
    client = await served.visit()
    async with client.ws_connect("/ws") as socket:
        await first_picture(socket)
        assert folders(tmp_path) == 1
        served.clock.step(61)
        await served.visitors.sweep()
        await ending(socket)
    assert await why(client) == "idle"
    served.clock.step(61)
    await served.visitors.sweep()
    assert folders(tmp_path) == 0
    assert (await client.get("/")).status == 401


async def test_who_uses_too_much_memory_is_closed(tmp_path: Path) -> None:
    served = Served(tmp_path, Limits(memory=1 << 20))
    await served.server.start_server()
    try:
        client = await served.visit()
        async with client.ws_connect("/ws") as socket:
            await first_picture(socket)
            await served.visitors.sweep()
            await ending(socket)
        assert await why(client) == "memory"
        await client.session.close()
    finally:
        await served.server.close()


def test_memory_of_a_process_that_has_gone_is_nothing() -> None:
    assert resident(2**22 + 1) == 0


async def test_of_twenty_tabs_one_shows_the_wizard(served: Served) -> None:
    client, other = await served.visit(), await served.visit()
    async with other.ws_connect("/ws") as untouched:
        await first_picture(untouched)
        tabs = await asyncio.gather(*(client.ws_connect("/ws") for _ in range(20)))
        endings = {asyncio.create_task(ending(tab)): tab for tab in tabs}
        left = set(endings)
        while len(left) > 1:
            _, left = await asyncio.wait(left, return_when=asyncio.FIRST_COMPLETED)
        assert len(left) == 1
        assert await why(client) == "elsewhere"
        assert not untouched.closed, "whoever opens many tabs hurts nobody else"
        (last,) = left
        await endings[last].close()
        await last

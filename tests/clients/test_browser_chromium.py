"""The served wizard in a real Chromium, headless: open, type, deploy, see Ready."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, WebSocket, sync_playwright
from playwright.sync_api import TimeoutError as Late

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on the PATH (Debian: package chromium)")


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server with its token, as a user starts it."""
    home = tmp_path_factory.mktemp("serve")
    process = subprocess.Popen(
        [sys.executable, "-m", "byocni_tui", "serve", "--port", "0", "--speed", "max", "--lang", "en"],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"BYOCNI_STATE_HOME": str(home)},
    )
    try:
        assert process.stdout is not None
        found = re.search(r"http://\S+", process.stdout.readline())
        assert found
        yield found.group()
    finally:
        process.terminate()
        process.wait(timeout=30)
        process.stdout.close()


class Screen:
    """What the wizard has drawn so far: its terminal is a canvas, so the words are read off the socket."""

    def __init__(self, socket: WebSocket) -> None:
        self._socket = socket
        self._drawn = b""
        socket.on("framereceived", self._keep)

    def _keep(self, frame: bytes | str) -> None:
        if isinstance(frame, bytes):
            self._drawn += frame

    def shows(self, words: str) -> bool:
        return words.encode() in self._drawn

    def wait_for(self, words: str, seconds: float = 30) -> None:
        if not self.shows(words):
            self._socket.wait_for_event(
                "framereceived", predicate=lambda _: self.shows(words), timeout=seconds * 1000
            )

    def comes(self, words: str) -> bool:
        """Whether the words are there after the next picture, or a moment in which there is none."""
        try:
            self.wait_for(words, 0.25)
        except Late:
            return False
        return True


def walk(page: Page, screen: Screen, place: str) -> None:
    """From the first screen to a later one, by the keys that a person presses."""
    for _ in range(100):  # the boundary
        page.keyboard.press("ArrowLeft")
        if screen.comes("● yes"):
            break
    else:
        pytest.fail("the boundary is not acknowledged")
    for _ in range(600):
        if screen.comes(place):
            return
        page.keyboard.press("Enter")
        if not screen.shows("8/11"):  # what the plugin pulls its images from has to be read on the way
            page.keyboard.press("F5")
    pytest.fail(f"{place} does not come")


@pytest.mark.parametrize(("width", "height"), [(1280, 800), (390, 844)], ids=["desktop", "phone"])
def test_from_the_address_to_ready(address: str, width: int, height: int, tmp_path: Path) -> None:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        try:
            page = chromium.new_page(viewport={"width": width, "height": height})
            asked: list[str] = []
            page.on("request", lambda request: asked.append(request.url))
            with page.expect_websocket() as opened:
                page.goto(address)
            screen = Screen(opened.value)
            page.wait_for_selector("body.-first-byte", timeout=30_000)
            screen.wait_for("Support boundary")
            walk(page, screen, "11/11")
            screen.wait_for("3 of 3 nodes are Ready")
            page.screenshot(path=tmp_path / "ready.png")
            assert "token" not in page.url
            assert all(url.startswith(address.split("?")[0]) for url in asked)
        finally:
            chromium.close()


def test_a_reload_in_mid_deployment_comes_back_to_it(address: str) -> None:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        try:
            page = chromium.new_page(viewport={"width": 1280, "height": 800})
            with page.expect_websocket() as opened:
                page.goto(address)
            screen = Screen(opened.value)
            page.wait_for_selector("body.-first-byte", timeout=30_000)
            screen.wait_for("Support boundary")
            walk(page, screen, "10/11")
            with page.expect_websocket() as again:
                page.reload()
            screen = Screen(again.value)
            for _ in range(200):
                if screen.comes("3 of 3 nodes are Ready"):
                    break
                page.keyboard.press("Enter")
            else:
                pytest.fail("the deployment does not go on")
            assert not screen.shows("Support boundary"), "it came back to where it was, not to the beginning"
        finally:
            chromium.close()

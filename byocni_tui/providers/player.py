"""Plays a recording back: a small server that answers each request as it was answered then.

Requests are matched by method, path and the parameters that say what was asked; names that differ from run to run count
as the same. Several answers to the same request come in their order, the last of them again and again. What was never
asked is refused by name.
"""

import asyncio
import base64
import json
import re
import ssl
import threading
from collections import deque
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

import yaml
from aiohttp import web

from byocni_tui.providers import recorder
from byocni_tui.providers.errors import ProviderError
from byocni_tui.providers.protocols import Release

K8S: Final = "/k8s"
_ASKED: Final = ("watch", "labelselector", "fieldselector", "$filter", "$skiptoken", "continue")
_VARYING: Final = (
    (re.compile(r"(/roleassignments/)[0-9a-f-]{36}"), r"\1*"),
    (re.compile(r"byocni-check-[0-9a-f]{6}"), "byocni-check-*"),
)
_HOST: Final = re.compile(r"https?://[^/\"\s]+(?=/(?:subscriptions|providers)/)")
_POLL_MS: Final = "50"


def read_lines(path: Path) -> list[dict[str, Any]]:
    """The exchanges of one file; none where it isn't there. A half-written last line is left out."""
    found: list[dict[str, Any]] = []
    if not path.is_file():
        return found
    for text in path.read_text(encoding="utf-8").splitlines():
        try:
            line = json.loads(text)
        except ValueError:
            continue
        if isinstance(line, dict):
            found.append(line)
    return found


def key(method: str, path: str) -> str:
    """What a request asks for."""
    parts = urlsplit(path)
    asked = sorted((name.lower(), value) for name, value in parse_qsl(parts.query) if name.lower() in _ASKED)
    text = f"{method} {parts.path.rstrip('/').lower()} {asked}"
    for pattern, put in _VARYING:
        text = pattern.sub(put, text)
    return text


class Player:
    """Answers from the recordings in a folder. ``base`` is set once the server listens."""

    def __init__(self, folder: Path, ca_pem: bytes) -> None:
        self._answers: dict[str, deque[dict[str, Any]]] = {}
        for name in (recorder.AZURE, recorder.KUBERNETES):
            for line in read_lines(folder / name):
                self._answers.setdefault(key(line["method"], line["path"]), deque()).append(line)
        self._ca_pem = ca_pem
        self.base = ""
        self.missing: list[str] = []
        self._runner: web.AppRunner | None = None

    async def start(self, context: Any) -> str:
        """Listen on loopback with this TLS context; the address."""
        app = web.Application(client_max_size=16 * 1024 * 1024)
        app.router.add_route("*", "/{path:.*}", self.answer)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0, ssl_context=context)
        await site.start()
        port = self._runner.addresses[0][1]
        self.base = f"https://127.0.0.1:{port}"
        return self.base

    async def close(self) -> None:
        """Stop listening."""
        if self._runner is not None:
            await self._runner.cleanup()

    def kubeconfig(self) -> str:
        """A kubeconfig that leads here."""
        authority = base64.b64encode(self._ca_pem).decode()
        cluster = {"server": f"{self.base}{K8S}", "certificate-authority-data": authority}
        return yaml.safe_dump(
            {
                "apiVersion": "v1",
                "kind": "Config",
                "clusters": [{"name": "replay", "cluster": cluster}],
                "users": [{"name": "replay", "user": {"token": "replay"}}],
                "contexts": [{"name": "replay", "context": {"cluster": "replay", "user": "replay"}}],
                "current-context": "replay",
            }
        )

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """One request."""
        path = request.raw_path
        on_cluster = path.startswith(f"{K8S}/")
        asked = key(request.method, path.removeprefix(K8S) if on_cluster else path)
        lines = self._answers.get(asked)
        if not lines:
            return self._refused(asked, on_cluster)
        line = lines.popleft() if len(lines) > 1 else lines[0]
        if "stream" in line:
            return await self._stream(request, line, more=len(lines) > 1 or lines[0] is not line)
        headers = {name: self._local(value) for name, value in (line.get("headers") or {}).items()}
        if headers:
            headers.pop("Retry-After", None)
            headers.pop("retry-after", None)
            headers["x-ms-retry-after-ms"] = _POLL_MS
        body = self._local(line.get("body") or "")
        if "kubeconfigs" in body:
            value = base64.b64encode(self.kubeconfig().encode()).decode()
            body = json.dumps({"kubeconfigs": [{"name": "clusterUser", "value": value}]})
        kind = str(line.get("content_type") or "application/json")
        return web.Response(
            status=int(line["status"]), body=body.encode(), headers={**headers, "Content-Type": kind}
        )

    def _local(self, text: str) -> str:
        """ARM's addresses in an answer, made ours."""
        return _HOST.sub(self.base, text)

    def _refused(self, asked: str, on_cluster: bool) -> web.Response:
        self.missing.append(asked)
        words = f"not in the recording: {asked}"
        if on_cluster:
            status = {
                "kind": "Status",
                "status": "Failure",
                "reason": "NotRecorded",
                "message": words,
                "code": 501,
            }
            return web.json_response(status, status=501)
        return web.json_response({"error": {"code": "NotRecorded", "message": words}}, status=501)

    @staticmethod
    async def _stream(request: web.Request, line: dict[str, Any], *, more: bool) -> web.StreamResponse:
        """A watch: its lines at once. Where a later one of the same was recorded it ends, else it stays open."""
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        await response.prepare(request)
        for _, text in line["stream"]:
            await response.write(text.encode() + b"\n")
        if not more:
            await asyncio.sleep(30)
        return response


class PlayedHelm:
    """``HelmProvider`` from a recording: each kind of call in its order."""

    def __init__(self, folder: Path) -> None:
        self._runs: dict[str, deque[dict[str, Any]]] = {}
        for line in read_lines(folder / recorder.PROGRAMS):
            self._runs.setdefault(line["words"][0], deque()).append(line)

    def _played(self, verb: str) -> str:
        lines = self._runs.get(verb)
        if not lines:
            raise ProviderError("NotRecorded", f"not in the recording: helm {verb}", operation=f"helm {verb}")
        line = lines.popleft() if len(lines) > 1 else lines[0]
        if line["status"]:
            raise ProviderError("HelmFailed", str(line["stderr"]).strip(), operation=f"helm {verb}")
        return str(line["stdout"])

    async def find(self, name: str, namespace: str) -> Release | None:
        """As it was then."""
        try:
            answer = json.loads(self._played("status"))
        except (ProviderError, ValueError):
            return None
        return Release(name, namespace, str((answer.get("info") or {}).get("status", "")), "")

    async def install(self, *_: Any, **__: Any) -> None:
        """As it went then."""
        self._played("upgrade")

    async def uninstall(self, *_: Any) -> None:
        """As it went then."""
        self._played("uninstall")


class Stage:
    """A ``Player`` that listens in a thread of its own, so that synchronous code can have one."""

    def __init__(self, folder: Path, ca_pem: bytes, context: ssl.SSLContext) -> None:
        self.player = Player(folder, ca_pem)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="replay", daemon=True)
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self.player.start(context), self._loop).result(10)

    def close(self) -> None:
        """Stop listening; nothing happens the second time."""
        if not self._thread.is_alive():
            return
        asyncio.run_coroutine_threadsafe(self.player.close(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()


class Token:
    """What stands for a sign-in where nobody asks for one."""

    async def get_token(self, *_: str, **__: Any) -> Any:
        """A token that says nothing."""
        from azure.core.credentials import AccessToken

        return AccessToken("replay", 4102444800)

    async def close(self) -> None:
        """Nothing to close."""

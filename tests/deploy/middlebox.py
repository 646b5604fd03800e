"""Something between the clients and the services that spoils one kind of request, on the wire.

Forwards to a sandbox over TLS with a certificate of its own; addresses in answers are made its own, so that everything,
the cluster's API server included, goes through it.
"""

import asyncio
import base64
import contextlib
import json
import re
import ssl
from collections.abc import Callable

import aiohttp
import trustme
import yaml
from aiohttp import web

from byocni_tui.sandbox.endpoints import Endpoints

FAULTS = (
    "401", "403", "404", "409", "429", "500", "503", "time-out", "reset", "truncated", "not-json", "expired-token",
)  # fmt: skip

_ARM = {
    "401": ("InvalidAuthenticationToken", "The access token is invalid."),
    "403": ("AuthorizationFailed", "The client does not have authorization to perform this action."),
    "404": ("ResourceNotFound", "The Resource was not found."),
    "409": ("ScopeLocked", "The scope cannot perform write operation because following scope(s) are locked."),
    "429": ("TooManyRequests", "The request is being throttled."),
    "500": ("InternalServerError", "Encountered internal server error."),
    "503": ("ServiceUnavailable", "The service is unavailable."),
    "expired-token": (
        "ExpiredAuthenticationToken",
        "The access token expiry UTC time is earlier than current.",
    ),
}
_KUBE = {
    "401": "Unauthorized", "403": "Forbidden", "404": "NotFound", "409": "Conflict", "429": "TooManyRequests",
    "500": "InternalError", "503": "ServiceUnavailable", "expired-token": "Unauthorized",
}  # fmt: skip


class Middlebox:
    """``spoil`` a kind of request; ``seen`` holds what went through, as ``METHOD shape``."""

    def __init__(self, sandbox: Endpoints) -> None:
        self.sandbox = sandbox
        self.base = ""
        self.authority = trustme.CA()
        self.seen: list[str] = []
        self.hits = 0
        self._fault = ""
        self._times = 0
        self._which: Callable[[str], bool] = lambda _shape: False
        self._runner: web.AppRunner | None = None
        self._session: aiohttp.ClientSession | None = None
        self._silent = asyncio.Event()

    def spoil(self, which: Callable[[str], bool], fault: str, times: int) -> None:
        """From now on, the first ``times`` requests that fit are answered with the fault."""
        self._which, self._fault, self._times, self.hits = which, fault, times, 0

    async def start(self) -> str:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.authority.issue_cert("127.0.0.1").configure_cert(context)
        app = web.Application(client_max_size=16 * 1024 * 1024)
        app.router.add_route("*", "/{path:.*}", self.answer)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0, ssl_context=context).start()
        self.base = f"https://127.0.0.1:{self._runner.addresses[0][1]}"
        trust = ssl.create_default_context(cafile=self.sandbox.ca_file)
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(ssl=trust, limit=0), auto_decompress=False
        )
        return self.base

    async def close(self) -> None:
        self._silent.set()
        assert self._session is not None
        assert self._runner is not None
        await self._session.close()
        await self._runner.cleanup()

    async def answer(self, request: web.Request) -> web.StreamResponse:
        what = shape(request)
        self.seen.append(what)
        if self._which(what) and self.hits < self._times:
            self.hits += 1
            return await self._spoiled(request)
        return await self._forwarded(request)

    async def _spoiled(self, request: web.Request) -> web.StreamResponse:
        fault = self._fault
        if fault == "reset":
            assert request.transport is not None
            request.transport.abort()
            return web.Response()
        if fault == "time-out":
            await self._silent.wait()
            return web.Response()
        if fault in ("truncated", "not-json"):
            # The worse case: the request was carried out, and only its answer is lost.
            good = await self._forwarded(request, held=True)
            assert isinstance(good, web.Response)
            if fault == "not-json":
                return web.Response(text="<html>a proxy's page</html>", content_type="text/html")
            body = good.body if isinstance(good.body, bytes) else b"{}"
            cut = web.StreamResponse(
                headers={"Content-Type": "application/json", "Content-Length": str(len(body) + 9)}
            )
            await cut.prepare(request)
            await cut.write(body[: len(body) // 2])
            assert request.transport is not None
            request.transport.close()
            return cut
        status = 401 if fault == "expired-token" else int(fault)
        headers = {"Retry-After": "0.1"} if status == 429 else {}
        if request.path.startswith("/k8s/"):
            body = {
                "kind": "Status",
                "status": "Failure",
                "reason": _KUBE[fault],
                "message": "no",
                "code": status,
            }
            return web.json_response(body, status=status, headers=headers)
        code, message = _ARM[fault]
        return web.json_response(
            {"error": {"code": code, "message": message}}, status=status, headers=headers
        )

    async def _forwarded(self, request: web.Request, *, held: bool = False) -> web.StreamResponse:
        assert self._session is not None
        headers = {k: v for k, v in request.headers.items() if k.lower() not in ("host", "content-length")}
        url = f"{self.sandbox.arm_url}{request.raw_path}"
        answer = await self._session.request(
            request.method, aiohttp.client.URL(url, encoded=True), headers=headers, data=await request.read(),
            allow_redirects=False,
        )  # fmt: skip
        async with answer:
            passed = {
                k: self._ours(v)
                for k, v in answer.headers.items()
                if k.lower() not in ("content-length", "transfer-encoding", "date", "server")
            }
            if request.query.get("watch") == "true" and not held:
                return await self._streamed(request, answer, passed)
            body = await answer.read()
            if not request.path.startswith("/k8s/") and "Content-Encoding" not in answer.headers:
                body = self._rewritten(body)
            return web.Response(status=answer.status, body=body, headers=passed)

    async def _streamed(
        self, request: web.Request, answer: aiohttp.ClientResponse, headers: dict[str, str]
    ) -> web.StreamResponse:
        response = web.StreamResponse(status=answer.status, headers=headers)
        await response.prepare(request)
        with contextlib.suppress(ConnectionError, aiohttp.ClientError):
            async for piece in answer.content.iter_any():
                await response.write(piece)
        return response

    def _ours(self, text: str) -> str:
        return text.replace(self.sandbox.arm_url, self.base)

    def _rewritten(self, body: bytes) -> bytes:
        text = self._ours(body.decode())
        if '"kubeconfigs"' not in text:
            return text.encode()
        answer = json.loads(text)
        for entry in answer["kubeconfigs"]:
            config = yaml.safe_load(base64.b64decode(entry["value"]))
            for item in config["clusters"]:
                item["cluster"]["server"] = self._ours(item["cluster"]["server"])
                pem = base64.b64encode(self.authority.cert_pem.bytes()).decode()
                item["cluster"]["certificate-authority-data"] = pem
            entry["value"] = base64.b64encode(yaml.safe_dump(config).encode()).decode()
        return json.dumps(answer).encode()


_SHORT: tuple[tuple[str, str], ...] = (
    (r"^/k8s/\d+", ""),
    (r"/subscriptions/[0-9a-f-]{36}", "/S"),
    (r"(?i)/resourcegroups/[^/]+", "/G"),
    (r"(?i)/managedclusters/[^/]+", "/C"),
    (r"byocni-check-[0-9a-f]{6}", "NS"),
    (r"[0-9a-f]{8}-[0-9a-f-]{27}", "ID"),
    (r"(?i)/locations/[^/]+", "/L"),
)


def shape(request: web.Request) -> str:
    """``METHOD path`` without the names of the day; a watch says so, and helm is one thing."""
    if request.headers.get("User-Agent", "").startswith("Helm"):
        return "helm"
    path = request.path
    for pattern, put in _SHORT:
        path = re.sub(pattern, put, path)
    watch = " watch" if request.query.get("watch") == "true" else ""
    return f"{request.method} {path}{watch}"

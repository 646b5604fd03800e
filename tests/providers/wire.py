"""The three clouds' host names on this machine: a CONNECT proxy with throw-away certificates, and behind it a sandbox.

Clients believe to talk to Azure: they resolve nothing themselves, ask the proxy for ``management.azure.com:443`` and
its like, and trust the authority of ``ca_file``. What they send is kept in ``seen``.
"""

import asyncio
import contextlib
import ssl
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qs

import aiohttp
import trustme
from aiohttp import web

from byocni_tui.sandbox.endpoints import Endpoints


class Seen(NamedTuple):
    """One request: to which host, how, where, with what token or form."""

    host: str
    method: str
    path: str
    authorization: str
    form: dict[str, str]


class Wire:
    """``async with``; ``proxy`` is the address for ``HTTPS_PROXY``."""

    def __init__(self, sandbox: Endpoints, folder: Path, *, arm: str, login: str) -> None:
        self.sandbox, self.arm, self.login = sandbox, arm, login
        self.seen: list[Seen] = []
        self.connects: list[str] = []
        self.proxy = ""
        self.ca_file = folder / "wire-ca.pem"
        self._authority = trustme.CA()
        self._authority.cert_pem.write_to_path(str(self.ca_file))
        self._contexts: dict[str, ssl.SSLContext] = {}
        self._front_port = 0
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> "Wire":
        app = web.Application(client_max_size=16 * 1024 * 1024)
        app.router.add_route("*", "/{path:.*}", self._answer)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self._front_port = self._runner.addresses[0][1]
        trust = ssl.create_default_context(cafile=self.sandbox.ca_file)
        self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=trust, limit=0))
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.proxy = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._session.close()
        await self._runner.cleanup()

    def _context(self, host: str) -> ssl.SSLContext:
        if host not in self._contexts:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._authority.issue_cert(host).configure_cert(context)
            self._contexts[host] = context
        return self._contexts[host]

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
            line = (await reader.readuntil(b"\r\n\r\n")).split(b"\r\n")[0].decode()
            method, target, _ = line.split(" ")
            self.connects.append(target)
            host = target.partition(":")[0]
            if method != "CONNECT" or host not in (self.arm, self.login):
                writer.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
                await writer.drain()
                writer.close()
                return
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            await writer.drain()
            await writer.start_tls(self._context(host))
            back_reader, back_writer = await asyncio.open_connection("127.0.0.1", self._front_port)
            await asyncio.gather(_pump(reader, back_writer), _pump(back_reader, writer))
        self._tasks.discard(task)

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        host = request.host.partition(":")[0]
        data = await request.read()
        form = (
            {key: values[0] for key, values in parse_qs(data.decode()).items()} if host == self.login else {}
        )
        token = request.headers.get("Authorization", "")
        self.seen.append(Seen(host, request.method, request.path, token, form))
        if host == self.login:
            return await self._token(form)
        headers = {k: v for k, v in request.headers.items() if k.lower() not in ("host", "content-length")}
        url = f"{self.sandbox.arm_url}{request.raw_path}"
        async with self._session.request(
            request.method,
            aiohttp.client.URL(url, encoded=True),
            headers=headers,
            data=data,
            allow_redirects=False,
        ) as answer:
            passed = {
                key: value.replace(self.sandbox.arm_url, f"https://{self.arm}")
                for key, value in answer.headers.items()
                if key.lower() in ("azure-asyncoperation", "location", "retry-after", "content-type")
            }
            text = (await answer.text()).replace(
                f'"{self.sandbox.arm_url}/subscriptions', f'"https://{self.arm}/subscriptions'
            )
            return web.Response(status=answer.status, body=text.encode(), headers=passed)

    async def _token(self, form: dict[str, str]) -> web.Response:
        """What the cloud's authority answers: the sandbox's token for the audience that was asked for."""
        audience = form.get("scope", "").removesuffix("/.default")
        async with self._session.get(
            self.sandbox.identity_url,
            params={"api-version": "2019-08-01", "resource": audience},
            headers={"X-IDENTITY-HEADER": self.sandbox.identity_header},
        ) as answer:
            given: dict[str, Any] = await answer.json()
        return web.json_response(
            {
                "token_type": "Bearer",
                "expires_in": 3599,
                "ext_expires_in": 3599,
                "access_token": given["access_token"],
            }
        )


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    with contextlib.suppress(ConnectionError, RuntimeError):
        writer.close()

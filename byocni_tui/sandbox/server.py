"""The sandbox as a server: one HTTPS port (ARM at /, each cluster under /k8s/<n>/) and one HTTP port (tokens, charts,
clock, faults, acts). ``Sandbox`` serves one world in-process; ``main`` is the process that ``launcher`` begins."""

import argparse
import asyncio
import contextlib
import gc
import logging
import os
import signal
import socket
import sys
import time
from pathlib import Path
from typing import Any, Final

import msgspec
from aiohttp import web

from byocni_tui.sandbox import scenario as scenarios
from byocni_tui.sandbox.addresses import WILDCARDS, names_of_this_machine
from byocni_tui.sandbox.endpoints import TOKEN_VARIABLE, Endpoints
from byocni_tui.sandbox.place import Place, warm
from byocni_tui.sandbox.tls import certificates

LOOPBACK: Final = "127.0.0.1"
_WARM_AFTER: Final = 1.0
"""Real seconds after the start: the first answers come first."""

_LOG = logging.getLogger(__name__)


class Server:
    """Two ports, and the guard before them. Subclasses say who answers."""

    def __init__(self, *, host: str, port: int, state: Path | None) -> None:
        self.host = host
        self.port = port
        self.state = state
        self.last_request = time.monotonic()
        self.ended: asyncio.Event | None = None
        self.https_base = self.http_base = ""
        self.ca_pem = b""
        self._hosts: set[str] = set()
        self._runners: list[web.AppRunner] = []
        self._tasks: list[asyncio.Task[None]] = []

    async def https(self, request: web.Request) -> web.StreamResponse:
        """Answer on the HTTPS port."""
        raise NotImplementedError

    async def http(self, request: web.Request) -> web.StreamResponse:
        """Answer on the HTTP port."""
        raise NotImplementedError

    async def bind(self, kept: dict[str, Any]) -> None:
        """Listen; ``kept`` remembers the ports. Raises ``OSError`` for a port that is taken."""
        everywhere = self.host in WILDCARDS
        local = names_of_this_machine() if everywhere else [self.host]
        names = [*dict.fromkeys([*local, LOOPBACK, "localhost", "::1"])]
        context, self.ca_pem = certificates(names, self.state)
        https = _bind(self.host, self.port, kept.get("https_port", 0))
        http = _bind(self.host, self.port + 1 if self.port else 0, kept.get("http_port", 0))
        https_port, http_port = https.getsockname()[1], http.getsockname()[1]
        kept |= {"https_port": https_port, "http_port": http_port}
        self._hosts = {f"{_bracketed(name)}:{port}" for name in names for port in (https_port, http_port)}
        shown = _bracketed(local[0])
        self.https_base, self.http_base = f"https://{shown}:{https_port}", f"http://{shown}:{http_port}"
        await self._serve(self.https, https, context)
        await self._serve(self.http, http, None)

    async def close(self) -> None:
        """Let go of the ports and end what runs beside them."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for runner in self._runners:
            await runner.cleanup()

    async def _serve(self, handler: Any, sock: socket.socket, context: Any) -> None:
        app = web.Application(client_max_size=16 * 1024 * 1024, middlewares=[self._guard])
        app.router.add_route("*", "/{path:.*}", handler)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
        await runner.setup()
        await web.SockSite(runner, sock, ssl_context=context, backlog=1024).start()
        self._runners.append(runner)

    @web.middleware
    async def _guard(self, request: web.Request, handler: Any) -> web.StreamResponse:
        """Only for those who call us by our own name; nothing that goes wrong inside ends the server."""
        if request.host.lower() not in self._hosts:
            return _error(421, "MisdirectedRequest", "This host is not served here (SIMULATION).")
        self.last_request = time.monotonic()
        try:
            response: web.StreamResponse = await handler(request)
        except web.HTTPException:
            raise
        except (ConnectionError, asyncio.CancelledError):
            raise
        except Exception:  # noqa: BLE001 a request that breaks us must not show a traceback to its client; it is in the log
            _LOG.exception("%s %s", request.method, request.path)
            return _error(500, "InternalServerError", "The sandbox failed on this request; see its log.")
        return response


class Sandbox(Server):
    """One world, served. ``async with Sandbox("article", …) as sandbox: sandbox.endpoints``."""

    def __init__(
        self,
        scenario: str = "article",
        *,
        seed: int = 1,
        speed: float = 60.0,
        state: Path | None = None,
        host: str = LOOPBACK,
        port: int = 0,
        token: str | None = None,
    ) -> None:
        super().__init__(host=host, port=port, state=state)
        loaded = scenarios.load(scenario)
        cloud = scenarios.load_cloud(loaded)
        self.place = Place(loaded, cloud, seed=seed, speed=speed, state=state, token=token)
        self.world, self.arm, self.secrets = self.place.world, self.place.arm, self.place.secrets
        self.scenario = loaded
        self.endpoints: Endpoints

    async def start(self) -> Endpoints:
        """Bind, load the state, begin time."""
        await self.bind(self.secrets)
        self.endpoints = self.place.open(self.https_base, self.http_base, self.ca_pem)
        self._tasks = [
            asyncio.create_task(self.world.clock.run()),
            asyncio.create_task(self.place.keep()),
        ]
        return self.endpoints

    async def stop(self) -> None:
        """Let go of the ports and write the state."""
        await self.close()
        await self.place.finish()

    async def __aenter__(self) -> "Sandbox":
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def https(self, request: web.Request) -> web.StreamResponse:
        return await self.place.https(request)

    async def http(self, request: web.Request) -> web.StreamResponse:
        self.place.ended = self.ended
        return await self.place.http(request)


def _error(status: int, code: str, message: str) -> web.Response:
    return web.json_response({"error": {"code": code, "message": message}}, status=status)


def _bracketed(name: str) -> str:
    return f"[{name}]" if ":" in name else name


def _bind(host: str, port: int, remembered: int) -> socket.socket:
    """A listening socket; on any port where none was asked for and the remembered one is taken by now."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((host, port or remembered))
    except OSError as error:
        if port or not remembered:
            sock.close()
            raise OSError(error.errno, f"{host}:{port}: {error.strerror}") from error
        sock.bind((host, 0))
    return sock


def main(argv: list[str] | None = None) -> int:
    """The server's process: says where it is in one line of JSON, serves until told to end or idle for long."""
    parser = argparse.ArgumentParser(prog="byocni_tui.sandbox.server")
    parser.add_argument("--scenario", default="article")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--speed", type=float, default=60.0)
    parser.add_argument("--state", type=Path, required=True)
    parser.add_argument("--host", default=LOOPBACK)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--idle", type=float, default=1800.0)
    parser.add_argument("--class", type=int, default=0, dest="learners")
    args = parser.parse_args(argv)
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(levelname)s %(name)s %(message)s")
    return asyncio.run(_run(args))


async def _run(args: argparse.Namespace) -> int:
    token = os.environ.pop(TOKEN_VARIABLE, "") or None
    common = {
        "seed": args.seed,
        "speed": args.speed,
        "state": args.state,
        "host": args.host,
        "port": args.port,
    }
    try:
        sandbox: Any
        if args.learners:
            from byocni_tui.sandbox.classroom import Classroom

            sandbox = Classroom(args.scenario, args.learners, token=token, **common)
        else:
            sandbox = Sandbox(args.scenario, token=token, **common)
        endpoints = await sandbox.start()
    except (scenarios.ScenarioError, OSError, ValueError) as error:
        print(msgspec.json.encode({"error": str(error)}).decode(), flush=True)  # noqa: T201 the launcher reads this line
        return 1
    print(msgspec.json.encode(endpoints).decode(), flush=True)  # noqa: T201 the launcher reads this line
    # What is here by now stays: the collector need not look at it again and again while clients wait.
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)
    warming = asyncio.create_task(_warm(sandbox.scenario))
    ended = asyncio.Event()
    sandbox.ended = ended
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, ended.set)
    while not ended.is_set():
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(ended.wait(), timeout=min(5.0, args.idle))
        if time.monotonic() - sandbox.last_request > args.idle:
            break
    warming.cancel()
    await asyncio.gather(warming, return_exceptions=True)
    await sandbox.stop()
    return 0


async def _warm(scenario: scenarios.Scenario) -> None:
    """The first cluster reads tables that all others share: read them in another thread, before somebody waits."""
    await asyncio.sleep(_WARM_AFTER)
    await asyncio.to_thread(warm, scenario)


if __name__ == "__main__":
    sys.exit(main())

"""The sandbox as a server: one HTTPS port (ARM at /, each cluster under /k8s/<n>/) and one HTTP port (tokens, charts,
clock, faults). ``Sandbox`` serves in-process; ``main`` is the process that ``launcher.start`` spawns."""

import argparse
import asyncio
import contextlib
import logging
import math
import os
import secrets
import signal
import socket
import sys
import time
from pathlib import Path
from typing import Any, Final

import msgspec
from aiohttp import web

from byocni_tui.sandbox import scenario as scenarios
from byocni_tui.sandbox.acts import Acts
from byocni_tui.sandbox.arm import beginning
from byocni_tui.sandbox.arm.cloud import Arm
from byocni_tui.sandbox.arm.door import Door
from byocni_tui.sandbox.clock import VirtualClock
from byocni_tui.sandbox.control import Control
from byocni_tui.sandbox.endpoints import Endpoints
from byocni_tui.sandbox.tls import certificates
from byocni_tui.sandbox.world import World

LOOPBACK: Final = "127.0.0.1"
_SAVE_EVERY: Final = 2.0
_LOG = logging.getLogger(__name__)


class Sandbox:
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
        self.scenario = scenarios.load(scenario)
        cloud = scenarios.load_cloud(self.scenario)
        self.state = state
        self.host = host
        self.port = port
        self.world = World(self.scenario, seed=seed, clock=VirtualClock(speed=speed))
        self.arm = Arm(self.world, cloud)
        self.secrets = _secrets(state, token)
        self.world.token = self.secrets["token"]
        self.last_request = time.monotonic()
        self._runners: list[web.AppRunner] = []
        self._tasks: list[asyncio.Task[None]] = []
        self.ended: asyncio.Event | None = None
        self.endpoints: Endpoints

    async def start(self) -> Endpoints:
        """Bind, load the state, begin time."""
        hosts = sorted({self.host, LOOPBACK, "localhost", "::1"} - {"0.0.0.0", "::"})
        context, self.world.ca_pem = certificates(hosts, self.state)
        https = _bind(self.host, self.port or self.secrets.get("https_port", 0))
        http = _bind(self.host, self.port + 1 if self.port else self.secrets.get("http_port", 0))
        https_port, http_port = https.getsockname()[1], http.getsockname()[1]
        self._hosts = {f"{name}:{port}" for name in [*hosts, "[::1]"] for port in (https_port, http_port)}
        self.world.https_base = f"https://{self.host}:{https_port}"
        self.world.http_base = f"http://{self.host}:{http_port}"
        self._door, self._control = Door(self.arm), Control(self)
        await self._serve(self._https, https, context)
        await self._serve(self._http, http, None)
        if self.state is None or not self.world.load(self.state):
            beginning.make(self.arm)
            self.world.acts = Acts(self.world.clock)  # what was there at the beginning nobody did
            self.world.changed = True
        self.endpoints = Endpoints(
            arm_url=self.world.https_base,
            identity_url=f"{self.world.http_base}/msi/token",
            identity_header=self.secrets["identity"],
            charts_url=f"{self.world.http_base}/charts/{self.secrets['charts']}",
            control_url=f"{self.world.http_base}/sandbox",
            ca_file="",
            token=self.secrets["token"],
            pid=os.getpid(),
            scenario=self.scenario.id,
            cloud=self.arm.data["name"],
            subscription=self.arm.data["subscriptions"][0]["id"],
            tenant=self.arm.data["tenant"]["id"],
            speed=self.world.clock.speed if math.isfinite(self.world.clock.speed) else -1.0,
        )
        if self.state is not None:
            self.secrets |= {"https_port": https_port, "http_port": http_port}
            (self.state / "secrets.json").write_bytes(msgspec.json.encode(self.secrets))
            self.endpoints = msgspec.structs.replace(self.endpoints, ca_file=str(self.state / "ca.pem"))
            self.endpoints.write(self.state)
        self._tasks = [asyncio.create_task(self.world.clock.run()), asyncio.create_task(self._keep())]
        return self.endpoints

    async def stop(self) -> None:
        """Write the state and let go of the ports."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for runner in self._runners:
            await runner.cleanup()
        if self.state is not None:
            self.world.save(self.state)

    async def __aenter__(self) -> "Sandbox":
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

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
        if request.host not in self._hosts:
            return web.json_response(
                {
                    "error": {
                        "code": "MisdirectedRequest",
                        "message": "This host is not served here (SIMULATION).",
                    }
                },
                status=421,
            )
        self.last_request = time.monotonic()
        try:
            response: web.StreamResponse = await handler(request)
        except web.HTTPException:
            raise
        except (ConnectionError, asyncio.CancelledError):
            raise
        except Exception:  # noqa: BLE001 a request that breaks us must not show a traceback to its client; it is in the log
            _LOG.exception("%s %s", request.method, request.path)
            return web.json_response(
                {
                    "error": {
                        "code": "InternalServerError",
                        "message": "The sandbox failed on this request; see its log.",
                    }
                },
                status=500,
            )
        return response

    async def _https(self, request: web.Request) -> web.StreamResponse:
        path = request.path
        if path.startswith("/k8s/"):
            number, _, rest = path[5:].partition("/")
            for cluster_id, cluster in self.world.clusters.items():
                if str(self.arm.resources[cluster_id]["meta"]["number"]) == number:
                    answer: web.StreamResponse = await cluster.routes(f"/k8s/{number}")(request, f"/{rest}")
                    return answer
            return web.json_response(
                {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "reason": "NotFound",
                 "message": "there is no such cluster in the sandbox", "code": 404},
                status=404,
            )  # fmt: skip
        return await self._door.handle(request)

    async def _http(self, request: web.Request) -> web.StreamResponse:
        return await self._control.handle(request)

    async def _keep(self) -> None:
        """Write the state down from time to time, where there is a folder."""
        pause, written = _SAVE_EVERY, self._versions()
        while self.state is not None:
            await asyncio.sleep(pause)
            versions = self._versions()
            if self.world.changed or versions != written:
                started = time.monotonic()
                self.world.save(self.state)
                written = versions
                # A large world takes a while to write: never more than a twentieth of the time.
                pause = max(_SAVE_EVERY, 20 * (time.monotonic() - started))

    def _versions(self) -> list[int]:
        return [cluster.store.version for cluster in self.world.clusters.values()]


def _secrets(state: Path | None, token: str | None) -> dict[str, Any]:
    """Tokens, the same again for a state folder that comes back."""
    kept: dict[str, Any] = {}
    if state is not None:
        state.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = state / "secrets.json"
        if path.exists():
            kept = msgspec.json.decode(path.read_bytes())
        else:
            path.touch(mode=0o600)
    found = {name: secrets.token_urlsafe(24) for name in ("token", "identity", "charts")}
    found |= kept
    if token:
        found["token"] = token
    return found


def _bind(host: str, port: int) -> socket.socket:
    """A listening socket; another port where a remembered one is taken by now."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind((host, port))
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
    parser.add_argument("--token")
    parser.add_argument("--idle", type=float, default=1800.0)
    args = parser.parse_args(argv)
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(levelname)s %(name)s %(message)s")
    return asyncio.run(_run(args))


async def _run(args: argparse.Namespace) -> int:
    try:
        sandbox = Sandbox(
            args.scenario, seed=args.seed, speed=args.speed, state=args.state, host=args.host, port=args.port,
            token=args.token,
        )  # fmt: skip
        endpoints = await sandbox.start()
    except (scenarios.ScenarioError, OSError, ValueError) as error:
        print(msgspec.json.encode({"error": str(error)}).decode(), flush=True)  # noqa: T201 the launcher reads this line
        return 1
    print(msgspec.json.encode(endpoints).decode(), flush=True)  # noqa: T201 the launcher reads this line
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
    await sandbox.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())

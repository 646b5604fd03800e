"""One world and all that answers for it: its Azure, its clusters' doors, its own addresses, its state folder."""

import asyncio
import hashlib
import math
import os
import secrets
import time
from pathlib import Path
from typing import Any

import msgspec
from aiohttp import web

from byocni_tui.sandbox.acts import Acts
from byocni_tui.sandbox.arm import beginning
from byocni_tui.sandbox.arm.cloud import Arm
from byocni_tui.sandbox.arm.door import Door
from byocni_tui.sandbox.clock import VirtualClock
from byocni_tui.sandbox.control import Control
from byocni_tui.sandbox.endpoints import Endpoints
from byocni_tui.sandbox.scenario import Scenario
from byocni_tui.sandbox.world import World, write_down

_SAVE_EVERY = 2.0
_KUBERNETES = ("/api/", "/apis", "/version", "/healthz", "/livez", "/readyz", "/metrics", "/openapi/")


class Place:
    """A world that is served. ``learner`` is 0 for a sandbox of its own, else the number in a class; it stands in the
    paths of clusters, and in the tokens, by which the server finds the world that a request is for."""

    def __init__(
        self,
        scenario: Scenario,
        cloud: dict[str, Any],
        *,
        seed: int = 1,
        speed: float = 60.0,
        state: Path | None = None,
        token: str | None = None,
        learner: int = 0,
    ) -> None:
        self.scenario = scenario
        self.state = state
        self.learner = learner
        self.world = World(scenario, seed=seed, clock=VirtualClock(speed=speed))
        self.arm = Arm(self.world, cloud)
        self.secrets = secrets_of(state, token)
        self.world.token = self.secrets["token"]
        self.world.learner = learner
        self.door, self.control = Door(self.arm), Control(self)
        self.ended: asyncio.Event | None = None
        self.last_request = 0.0
        """Real monotonic seconds; 0 until somebody came."""
        self._writing: asyncio.Future[None] | None = None
        self.endpoints: Endpoints

    def open(self, https_base: str, http_base: str, ca_pem: bytes) -> Endpoints:
        """Take over the state of the folder, or begin; from then on it can answer. Raises ``ValueError``."""
        world = self.world
        world.https_base, world.http_base, world.ca_pem = https_base, http_base, ca_pem
        if self.state is None or not world.load(self.state):
            beginning.make(self.arm)
            world.acts = Acts(world.clock)  # what was there at the beginning nobody did
            world.changed = True
        self.endpoints = Endpoints(
            arm_url=https_base,
            identity_url=f"{http_base}/msi/token",
            identity_header=self.secrets["identity"],
            charts_url=f"{http_base}/charts/{self.secrets['charts']}",
            control_url=f"{http_base}/sandbox",
            ca_file="",
            token=self.secrets["token"],
            pid=os.getpid(),
            scenario=self.scenario.id,
            cloud=self.arm.data["name"],
            subscription=self.arm.data["subscriptions"][0]["id"],
            tenant=self.arm.data["tenant"]["id"],
            speed=world.clock.speed if math.isfinite(world.clock.speed) else -1.0,
            plan=self.scenario.plan,
        )
        if self.state is not None:
            ca_file = self.state / "ca.pem"
            ca_file.write_bytes(ca_pem)
            (self.state / "secrets.json").write_bytes(msgspec.json.encode(self.secrets))
            self.endpoints = msgspec.structs.replace(self.endpoints, ca_file=str(ca_file))
            self.endpoints.write(self.state)
        return self.endpoints

    # -- answering ---------------------------------------------------------------------------------------------------

    async def https(self, request: web.Request) -> web.StreamResponse:
        """A request to ARM or to a cluster."""
        self.last_request = time.monotonic()
        path = request.path
        number, rest = "", path
        if path.startswith("/k8s/"):
            number, _, rest = path[5:].partition("/")
        elif path.startswith(_KUBERNETES):
            number = self._number_of(request)
        if number or path.startswith("/k8s/"):
            for cluster_id, cluster in self.world.clusters.items():
                if self.world.cluster_path(self.arm.resources[cluster_id]["meta"]["number"]) == number:
                    handler = cluster.routes(f"/k8s/{number}")
                    answer: web.StreamResponse = await handler(request, f"/{rest.lstrip('/')}")
                    return answer
            return no_cluster()
        return await self.door.handle(request)

    def _number_of(self, request: web.Request) -> str:
        """The path number of the cluster whose token a request carries: ``kubectl get --raw`` before 1.33 and
        ``kubectl proxy`` leave the server's path out."""
        token = request.headers.get("Authorization", "").partition(" ")[2].strip()
        for cluster_id, cluster in self.world.clusters.items():
            if token and cluster.user_of(token) is not None:
                return self.world.cluster_path(self.arm.resources[cluster_id]["meta"]["number"])
        return ""

    async def http(self, request: web.Request) -> web.StreamResponse:
        """A request to the identity endpoint, the chart repository or the sandbox's own addresses."""
        self.last_request = time.monotonic()
        return await self.control.handle(request)

    # -- keeping -----------------------------------------------------------------------------------------------------

    async def keep(self) -> None:
        """Write the state down from time to time, where there is a folder."""
        pause, written = _SAVE_EVERY, self._versions()
        while self.state is not None:
            await asyncio.sleep(pause)
            versions = self._versions()
            if self.world.changed or versions != written:
                started = time.monotonic()
                snapshot = self.world.snapshot()
                took = time.monotonic() - started
                self._writing = asyncio.get_running_loop().run_in_executor(
                    None, write_down, self.state, *snapshot
                )
                await asyncio.shield(self._writing)
                written = versions
                # A large world takes a while to write: never more than a hundredth of the time.
                pause = max(_SAVE_EVERY, 100 * took)

    async def finish(self) -> None:
        """Write the state down for good, after what is being written."""
        if self._writing is not None:
            await self._writing
        if self.state is not None:
            self.world.save(self.state)

    def _versions(self) -> list[int]:
        return [self.world.acts.told, *[cluster.store.version for cluster in self.world.clusters.values()]]


def warm(scenario: Scenario) -> None:
    """Make a cluster in a world of its own and forget it: what it read from the fixtures stays."""
    from byocni_tui.sandbox.kube.cluster import KubeCluster

    KubeCluster(
        World(scenario, speed=0.0), "/warm", name="warm", version="1.36.0", node_role="", service_cidr="10.0.0.0/16",
        dns_ip="10.0.0.10", pod_cidr=None, location="", fqdn="",
    )  # fmt: skip


def no_cluster() -> web.Response:
    """404 for a cluster's address that leads nowhere."""
    return web.json_response(
        {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "reason": "NotFound",
         "message": "there is no such cluster in the sandbox", "code": 404},
        status=404,
    )  # fmt: skip


def secrets_of(state: Path | None, token: str | None) -> dict[str, Any]:
    """Tokens, the same again for a state folder that comes back."""
    kept: dict[str, Any] = {}
    if state is not None:
        state.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = state / "secrets.json"
        if path.exists() and path.stat().st_size:
            kept = msgspec.json.decode(path.read_bytes())
        else:
            path.touch(mode=0o600)
    found = {name: secrets.token_urlsafe(24) for name in ("token", "identity", "charts")}
    found |= kept
    if token:
        found["token"] = token
    return found


def token_of(token: str, learner: int) -> str:
    """A learner's token, made from the trainer's so that it is the same when the class comes back."""
    return hashlib.sha256(f"{token}/{learner}".encode()).hexdigest()[:32]

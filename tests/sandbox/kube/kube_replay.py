"""Sends recorded requests to a simulated cluster and compares what comes back with what a real one said.

Names that the real cluster made up are paired with ours by their stem (a pod of the same owner), in order. Time goes
as the recorded answers tell it. Compared are status, kind, reason, message (names and numbers that can't be equal taken
out), causes, columns, and of single objects phase, conditions and the states of containers with their reasons.
"""

import asyncio
import base64
import gzip
import json
import random
import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

from aiohttp import ClientTimeout, web
from aiohttp.test_utils import TestClient, TestServer

from byocni_tui.sandbox.clock import VirtualClock
from byocni_tui.sandbox.faults import Faults
from byocni_tui.sandbox.kube.cluster import KubeCluster

DATA = Path(__file__).parent / "data"
NODE = "aks-nodepool1-23902496-vmss000000"
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"


class Scenario:
    """The default one's name is all that anybody asks for."""

    id = "article"


class World:
    """As much of a world as a cluster needs."""

    def __init__(self, seed: int = 1) -> None:
        self.clock = VirtualClock(speed=0)
        self.seed = seed
        self.faults = Faults((), self)  # type: ignore[arg-type]
        self.scenario = Scenario()
        self.clusters: dict[str, Any] = {}
        self.parts: dict[str, Any] = {}
        self.token = "t"
        self.http_base = self.https_base = ""
        self.changed = False

    def rng(self, entity: str) -> random.Random:
        return random.Random(f"{self.seed}/{entity}")


def cluster(nodes: int = 1) -> KubeCluster:
    """A new cluster with so many nodes, whose time only tests move."""
    made = KubeCluster(
        World(),
        "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/myResourceGroup/providers/"
        "Microsoft.ContainerService/managedClusters/myAKSCluster",
        name="myAKSCluster",
        version="1.36.2",
        node_role="agent",
        service_cidr="10.0.0.0/16",
        dns_ip="10.0.0.10",
        pod_cidr="192.168.0.0/16",
        location="chinanorth3",
        fqdn="my.hcp.chinanorth3.cx.prod.service.azk8s.cn",
    )
    for at in range(nodes):
        made.add_node(
            f"{NODE[:-1]}{at}",
            pool="nodepool1",
            mode="System",
            vm_size="Standard_D4s_v5",
            cpu=4,
            memory_gib=16,
            max_pods=110,
            ip=f"10.224.0.{4 + at}",
        )
    return made


async def client(made: KubeCluster) -> TestClient:
    """A client of the cluster, to be closed by the caller."""
    app = web.Application(client_max_size=10**8)

    async def handle(request: web.Request) -> web.StreamResponse:
        return await made.handle(request, "/" + request.match_info["path"])

    app.router.add_route("*", "/{path:.*}", handle)
    found = TestClient(TestServer(app), timeout=ClientTimeout(total=20), auto_decompress=True)
    await found.start_server()
    return found


def recorded(name: str) -> Iterator[dict[str, Any]]:
    """The exchanges of a file."""
    with gzip.open(DATA / f"{name}.jsonl.gz", "rt") as lines:
        for line in lines:
            yield json.loads(line)


_MADE_UP = re.compile(r"^(.+?)(-[0-9a-f]{6,10})?(-[bcdfghjklmnpqrstvwxz2456789]{5})$")


_HASHED = re.compile(r"^(.+)-[0-9a-f]{8,10}$")


def _stem(name: str) -> str:
    found = _MADE_UP.match(name) or _HASHED.match(name)
    return found[1] if found else name


class Replay:
    """One pass through files of exchanges. ``different`` collects (file, index, method, path, why), ``named`` those of
    them that have a class: (class, file, index)."""

    def __init__(self, made: KubeCluster, http: TestClient) -> None:
        self.made = made
        self.named: list[tuple[str, str, int]] = []
        self.http = http
        self.names: dict[str, str] = {}
        self.total = 0
        self.different: list[tuple[str, int, str, str, str]] = []

    async def run(self, file: str) -> None:
        latest: float | None = None
        for index, exchange in enumerate(recorded(file)):
            if "k8s\x00" in str(exchange.get("request_body")):
                continue  # three files hold protobuf bodies that were read as text and can't be sent again
            told = max(map(_seconds, _TIME.findall(str(exchange.get("body")))), default=None)
            pause = _STEP
            if told is not None:
                pause = min(max(told - (latest or told), _STEP), 120.0)
                latest = max(told, latest or told)
            self.made.clock.step(pause)
            self.total += 1
            why = await self._one(exchange)
            if why:
                self.different.append((file, index, exchange["method"], exchange["path"], why))
                name = _class(file, index, exchange, why)
                if name:
                    self.named.append((name, file, index))

    async def _one(self, exchange: dict[str, Any]) -> str:
        path = self._path(exchange["path"])
        wanted = _json(exchange.get("body"))
        headers = {k: v for k, v in (exchange.get("request_headers") or {}).items() if v}
        headers["Authorization"] = f"Bearer {self.made.token()}"
        if isinstance(wanted, dict) and wanted.get("kind") == "Table":
            headers["Accept"] = TABLE
        headers.pop("If-None-Match", None)
        body = exchange.get("request_body")
        data: bytes | None = None
        if isinstance(body, str):
            text = body
            for theirs, ours in self.names.items():
                text = text.replace(theirs, ours)
            data = base64.b64decode(body[7:]) if body.startswith("base64:") else text.encode()
        if data and "Content-Type" not in headers:
            headers["Content-Type"] = _content_type(exchange, data)
        if "stream" in exchange:
            return await self._stream(exchange, path, headers)
        async with self.http.request(exchange["method"], path, headers=headers, data=data) as response:
            got = _json(await response.text(errors="replace"))
            status = response.status
        self._learn(wanted, got)
        return _compare(exchange["status"], wanted, status, got)

    async def _stream(self, exchange: dict[str, Any], path: str, headers: dict[str, str]) -> str:
        seconds = max((entry[0] for entry in exchange["stream"]), default=0)
        wanted = [json.loads(line)["type"] for _, line in exchange["stream"] if line.strip().startswith("{")]
        got: list[str] = []
        async with self.http.get(path, headers=headers) as response:
            if response.status != exchange["status"]:
                return f"status {response.status}, not {exchange['status']}"

            async def read() -> None:
                async for line in response.content:
                    got.append(json.loads(line)["type"])  # noqa: PERF401 what came before the end counts

            task = asyncio.create_task(read())
            for _ in range(int(seconds) + 2):
                self.made.clock.step(1.0)
                await asyncio.sleep(0)
            for _ in range(20):
                await asyncio.sleep(0.001)
            task.cancel()
        if wanted == ["ERROR"]:
            return ""  # the test bed's old etcd could not stream lists; ours can
        if "resourceVersion=" in exchange["path"]:
            return ""  # written down when it ended, so what it went on from can't be had here
        return (
            "" if not wanted or set(got) & set(wanted) or not got else f"events {got[:5]}, not {wanted[:5]}"
        )

    def _guess(self, path: str) -> None:
        """Pair a made-up name in a path that no readable answer has told yet."""
        words = path.strip("/").split("/")
        for at, name in enumerate(words):
            if at < 1 or (not _MADE_UP.match(name) and not _HASHED.match(name)) or name in self.names:
                continue
            resource = words[at - 1] + (".apps" if words[at - 1] == "replicasets" else "")
            stem = _stem(name)
            for entry in self.made.store.entries(resource):
                if _stem(entry.name) == stem and entry.name not in self.names.values():
                    self.names[name] = entry.name
                    break

    def _path(self, path: str) -> str:
        parts = urlsplit(path)
        self._guess(unquote(parts.path))
        query = []
        for key, value in parse_qsl(parts.query, keep_blank_values=True):
            if key in ("resourceVersion", "timeoutSeconds") and "watch=true" in parts.query:
                value = "1" if value == "1" else "0"
            query.append((key, self._ours(value)))
        return self._ours(unquote(parts.path)) + ("?" + urlencode(query) if query else "")

    def _ours(self, text: str) -> str:
        for theirs, ours in self.names.items():
            text = text.replace(theirs, ours)
        return text

    def _learn(self, wanted: Any, got: Any) -> None:
        """Pair the names and uids of two answers."""
        theirs, ours = _metas(wanted), _metas(got)
        if len(theirs) == 1 and len(ours) == 1:
            self._pair(theirs[0], ours[0])
            return
        taken: set[str] = set(self.names.values())
        for meta in theirs:
            if meta.get("name") in self.names:
                continue
            for other in ours:
                if other["name"] not in taken and _stem(other["name"]) == _stem(meta["name"]):
                    taken.add(other["name"])
                    self._pair(meta, other)
                    break

    def _pair(self, theirs: dict[str, Any], ours: dict[str, Any]) -> None:
        if theirs.get("name") and theirs["name"] != ours.get("name"):
            self.names[theirs["name"]] = ours["name"]
        if theirs.get("uid") and ours.get("uid"):
            self.names[theirs["uid"]] = ours["uid"]


def _content_type(exchange: dict[str, Any], data: bytes) -> str:
    if data.startswith(b"k8s\x00"):
        return "application/vnd.kubernetes.protobuf"
    if exchange["method"] != "PATCH":
        return "application/json"
    path = exchange["path"]
    if "force=" in path or "fieldManager=helm" in path:
        return "application/apply-patch+yaml"
    if data.lstrip().startswith((b"[", b'"')):
        return "application/json-patch+json"
    if "unknown format" in str(exchange.get("body")):
        return "application/strategic-merge-patch+json"
    merged = ("kubectl-label", "kubectl-annotate", "lab.example.com", "/scale")
    strategic = not any(word in path for word in merged)
    return f"application/{'strategic-' if strategic else ''}merge-patch+json"


def _json(text: Any) -> Any:
    if not isinstance(text, str):
        return text
    try:
        return json.loads(text)
    except ValueError:
        return text


def _metas(body: Any) -> list[dict[str, Any]]:
    if not isinstance(body, dict):
        return []
    if body.get("kind") == "Table":
        return [row["object"]["metadata"] for row in body.get("rows") or () if row.get("object")]
    if isinstance(body.get("items"), list):
        return [item["metadata"] for item in body["items"]]
    meta = body.get("metadata") or {}
    return [meta] if meta.get("name") else []


_STEP = 0.02
"""Seconds between two exchanges that tell no time."""

_TIME = re.compile(
    r'"(?:creationTimestamp|lastTransitionTime|lastUpdateTime|startedAt|finishedAt|time|lastTimestamp|startTime|'
    r'completionTime)":"(20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d)'
)


def _seconds(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


BED = {
    ("kubectl-faults", 17): "its kubelet ran the program; no file of ours names the image",
    ("kubectl-faults", 20): "its node has a name that nobody resolves",
    ("helm", 88): "the request that made the release was not kept as bytes",
    ("helm", 90): "the request that made the release was not kept as bytes",
    ("edges-1-refused", 65): "a resource version inside the body",
    ("edges-1-refused", 140): "one of six config maps was made by a request that was not kept as bytes",
    ("edges-3-ready", 279): "the namespace was made before the recording began",
}
"""Deviations for which the recording's test bed is the reason."""


def _class(file: str, index: int, exchange: dict[str, Any], why: str) -> str:
    """``bed``, ``timing`` or nothing. Timing: what was going when it was asked for had gone here, or what moves had
    moved on or not yet (conditions, budgets)."""
    if (file, index) in BED:
        return "bed"
    body, command = (
        str(exchange.get("body")),
        str((exchange.get("request_headers") or {}).get("kubectl-command")),
    )
    going = (
        '"deletionTimestamp"' in body
        or "Terminating" in body
        or command in ("kubectl drain", "kubectl delete")
    )
    if (
        exchange["method"] == "GET"
        and going
        and why.startswith(("status 404, not 200", "status 200, not 404"))
    ):
        return "timing"
    if exchange["path"].endswith("/eviction") and ("429" in why or "404" in why):
        return "timing"
    return "timing" if why.startswith("conditions") else ""


_LOOSE = re.compile(
    r"\b[0-9a-f]{8}-[0-9a-f-]{27}\b|-[0-9a-f]{6,10}\b|-[bcdfghjklmnpqrstvwxz2456789]{5}\b|\d+"
)


def _compare(status: int, wanted: Any, got_status: int, got: Any) -> str:
    if status == 304:
        return ""  # a conditional request of a client that had the document; ours come without conditions
    if status != got_status:
        text = got.get("message") if isinstance(got, dict) else str(got)[:200]
        return f"status {got_status}, not {status}: {text}"
    if not isinstance(wanted, dict):
        return ""
    if not isinstance(got, dict):
        return f"no object: {str(got)[:100]}"
    if wanted.get("kind") != got.get("kind"):
        return f"kind {got.get('kind')}, not {wanted.get('kind')}"
    if wanted.get("kind") == "Status":
        for key in ("reason", "message"):
            theirs, ours = (_LOOSE.sub("", str(b.get(key, ""))) for b in (wanted, got))
            if theirs != ours:
                return f"{key} {got.get(key)!r}, not {wanted.get(key)!r}"
        fields = [
            [c.get("field") for c in (b.get("details") or {}).get("causes") or ()] for b in (wanted, got)
        ]
        if fields[0] != fields[1]:
            return f"causes {fields[1]}, not {fields[0]}"
    if wanted.get("kind") == "Table":
        columns = [
            [(c["name"], c["type"], c["format"], c["priority"]) for c in b.get("columnDefinitions") or ()]
            for b in (wanted, got)
        ]
        if columns[0] != columns[1]:
            return f"columns {columns[1]}, not {columns[0]}"
        return ""
    theirs_now, ours_now = _state(wanted), _state(got)
    return "" if theirs_now == ours_now else f"conditions {ours_now}, not {theirs_now}"


def _state(obj: dict[str, Any]) -> Any:
    """Phase, conditions and the states of containers, with their reasons."""
    status = obj.get("status")
    if not isinstance(status, dict):
        return None
    conditions = sorted(
        (c.get("type", ""), c.get("status", ""), c.get("reason", "")) for c in status.get("conditions") or ()
    )
    states = [
        (container["name"], name, state.get("reason"))
        for part in ("initContainerStatuses", "containerStatuses")
        for container in status.get(part) or ()
        for name, state in (container.get("state") or {}).items()
    ]
    return status.get("phase"), conditions, states

"""Proves that the pod network works, by pods that probe it and report through their exit status."""

import asyncio
import ipaddress
import re
import secrets
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final, Literal, get_args

import msgspec

from byocni_tui.deploy import probes
from byocni_tui.deploy.nodes import KNOWN_AGENTS, node_state, pod_problem
from byocni_tui.deploy.probes import Probe
from byocni_tui.providers.errors import ProviderError
from byocni_tui.providers.protocols import Json, KubernetesProvider

CheckStatus = Literal["passed", "failed", "warning", "skipped"]

IDS: Final = (
    "nodes", "cni", "pod-cidr", "pod-same-node", "pod-cross-node", "large-transfer", "dns", "dns-external",
    "service-ip", "service-name", "api", "egress", "policy", "host-to-pod", "konnectivity",
)  # fmt: skip

_WARN_ONLY: Final = frozenset({"policy", "konnectivity"})
_OUTWARD: Final = frozenset({"dns-external", "egress"})
"""Checks whose failure may be meant: a plugin without policies; a cluster without egress."""

_NO_PROGRAM: Final = re.compile(
    r"executable file not found|applet not found|no such file or directory: unknown"
)
"""The runtime's and busybox's words for a program that the image lacks."""

SERVER_LIMIT: Final = 180.0
JOB_LIMIT: Final = 150.0
_POLICY_TRIES: Final = 4


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the matrix; ``detail`` is what was seen, in the words of whoever said it, or why it was skipped."""

    id: str
    status: CheckStatus
    ms: int | None = None
    detail: str = ""


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """``egress`` is HOST:PORT; ``pod_cidr`` None leaves that check out; ``keep`` leaves the objects for looking at;
    ``outward`` says that the cluster is meant to reach the internet (else a failure there is only a warning)."""

    image: str
    egress: str
    pod_cidr: str | None = None
    keep: bool = False
    outward: bool = False


class Count(msgspec.Struct, frozen=True):
    """How a matrix came out: ids by status."""

    passed: tuple[str, ...]
    failed: tuple[str, ...]
    warning: tuple[str, ...]
    skipped: tuple[str, ...]

    @property
    def total(self) -> int:
        """All checks."""
        return len(self.passed) + len(self.failed) + len(self.warning) + len(self.skipped)


def count(checks: list[Check]) -> Count:
    """The ids of the checks, by how they came out."""
    of = {
        status: tuple(check.id for check in checks if check.status == status)
        for status in get_args(CheckStatus)
    }
    return Count(of["passed"], of["failed"], of["warning"], of["skipped"])


class Verifier:
    """One pass over the matrix. ``patience`` turns a limit into real seconds; ``tell`` hears each check at once;
    ``why`` puts a reason of ours into words: ``one_node``, ``not_ready``, ``no_server``, ``no_range``, ``no_base``,
    ``no_result``, ``no_applet`` or ``not_enforced``."""

    def __init__(
        self,
        kube: KubernetesProvider,
        options: Options,
        *,
        patience: Callable[[float], float] = lambda seconds: seconds,
        tell: Callable[[Check], None] = lambda _check: None,
        why: Callable[[str], str] = lambda reason: reason,
    ) -> None:
        self._kube = kube
        self._options = options
        self._patience = patience
        self._tell = tell
        self._why_words = why
        self._checks: dict[str, Check] = {}
        self._name = f"byocni-check-{secrets.token_hex(3)}"

    @property
    def _where(self) -> str:
        return f"/api/v1/namespaces/{self._name}"

    def _note(self, id: str, status: CheckStatus, detail: str = "", ms: int | None = None) -> None:
        if status == "failed" and (id in _WARN_ONLY or (id in _OUTWARD and not self._options.outward)):
            status = "warning"
        check = Check(id=id, status=status, ms=ms, detail=detail)
        self._checks[id] = check
        self._tell(check)

    async def run(self) -> tuple[list[Json], list[Check]]:
        """The nodes and all checks in the order of ``IDS``. Cleans up whatever happens; raises ``ProviderError`` only
        where the API server can't be asked at all."""
        nodes = await self._kube.items("/api/v1/nodes")
        await self._at_rest(nodes)
        ready = [str(node["metadata"]["name"]) for node in nodes if node_state(node).ready]
        if ready:
            await self.clean()
            try:
                await self._probe(ready)
            except ProviderError as error:
                self._rest("failed", f"{error.operation}: {error.message}")
            finally:
                if not self._options.keep:
                    await asyncio.shield(self._remove(self._name))
        self._rest("skipped", self._why_words("no_server" if ready else "not_ready"))
        rows = [node_state(node) for node in nodes]
        table = [{"name": row.name, "ready": row.ready, "message": row.message} for row in rows]
        return table, [self._checks[name] for name in IDS]

    def _rest(self, status: CheckStatus, detail: str) -> None:
        for name in IDS:
            if name not in self._checks:
                self._note(name, status, detail)

    async def clean(self) -> list[str]:
        """Remove what an earlier verification left behind."""
        selector = {"labelSelector": f"{probes.MANAGED_BY}={probes.OURS}"}
        found = await self._kube.items("/api/v1/namespaces", selector)
        names = [
            str(item["metadata"]["name"]) for item in found if not item["metadata"].get("deletionTimestamp")
        ]
        for name in names:
            await self._remove(name)
        return names

    async def _remove(self, name: str) -> None:
        await self._kube.delete(f"/api/v1/namespaces/{name}")

    async def _at_rest(self, nodes: list[Json]) -> None:
        """What can be seen without probing."""
        waiting = [state for state in map(node_state, nodes) if not state.ready]
        self._note(
            "nodes",
            "failed" if waiting or not nodes else "passed",
            "; ".join(f"{s.name}: {s.message}" for s in waiting[:3]),
        )
        sets = await self._kube.items("/apis/apps/v1/daemonsets")
        agents = [item for item in sets if item["metadata"]["name"] in KNOWN_AGENTS]
        short = [item for item in agents if not _complete(item)]
        names = ", ".join(str(item["metadata"]["name"]) for item in agents)
        if len(agents) > 1:
            self._note("cni", "warning", names)
        elif not agents:
            self._note("cni", "warning" if nodes and not waiting else "failed", "")
        else:
            self._note("cni", "failed" if short else "passed", names)
        if not self._options.pod_cidr:
            self._note("pod-cidr", "skipped", self._why_words("no_range"))
            return
        network = ipaddress.ip_network(self._options.pod_cidr.strip(), strict=False)
        pods = await self._kube.items("/api/v1/pods")
        outside = [
            f"{pod['metadata']['name']} {pod['status']['podIP']}"
            for pod in pods
            if (pod.get("status") or {}).get("podIP")
            and not (pod.get("spec") or {}).get("hostNetwork")
            and ipaddress.ip_address(pod["status"]["podIP"]) not in network
        ]
        self._note("pod-cidr", "failed" if outside else "passed", ", ".join(outside[:3]))

    async def _probe(self, nodes: list[str]) -> None:
        image, here = self._options.image, nodes[0]
        there = nodes[1] if len(nodes) > 1 else None
        await self._kube.create("/api/v1/namespaces", probes.namespace(self._name))
        await self._kube.create(f"{self._where}/configmaps", probes.content(secrets.token_hex(8)))
        servers = {"server-a": here, **({"server-b": there} if there else {})}
        for name, node in servers.items():
            await self._kube.create(f"{self._where}/pods", probes.server(name, node, image))
        front = "server-b" if there else "server-a"
        cluster_ip = (await self._kube.create(f"{self._where}/services", probes.service(front)))["spec"][
            "clusterIP"
        ]
        addresses, problem = await self._servers(set(servers))
        near, far = addresses.get("server-a"), addresses.get("server-b")
        if near is None:
            self._note("pod-same-node", "failed", problem)
            return
        host, _, port = self._options.egress.rpartition(":")
        plan = [
            Probe("pod-same-node", probes.fetch(near), here),
            Probe("dns", probes.resolve("kubernetes.default.svc.cluster.local"), here),
            Probe("dns-external", probes.resolve(host), here),
            Probe("service-ip", probes.fetch(str(cluster_ip), port=80), here),
            Probe("service-name", probes.fetch(f"check.{self._name}.svc.cluster.local", port=80), here),
            Probe("api", probes.connect("kubernetes.default.svc.cluster.local", "443"), here),
            Probe("egress", probes.connect(host, port), here),
            Probe("large-transfer", probes.fetch(far or near, "large", seconds=20), here),
            Probe("host-to-pod", probes.fetch(near), there or here, host=True),
        ]
        if far:
            plan.append(Probe("pod-cross-node", probes.fetch(far), here))
        else:
            self._note(
                "pod-cross-node",
                "failed" if there else "skipped",
                problem if there else self._why_words("one_node"),
            )
        await asyncio.gather(*(self._run(probe) for probe in plan))
        await self._policy(near, here)
        await self._konnectivity()

    async def _servers(self, wanted: set[str]) -> tuple[dict[str, str], str]:
        """Addresses of the servers that came up, and why the others did not."""
        pods: dict[str, Json] = {}
        query = {"labelSelector": "role=server"}
        up: dict[str, str] = {}
        try:
            async with asyncio.timeout(self._patience(SERVER_LIMIT)):
                async for kind, pod in self._kube.watch(f"{self._where}/pods", query):
                    if kind == "SYNCED":
                        continue
                    pods[pod["metadata"]["name"]] = pod
                    up = {name: str(it["status"]["podIP"]) for name, it in pods.items() if _ready(it)}
                    if set(up) >= wanted:
                        return up, ""
        except TimeoutError:
            pass
        missing = [pods[name] for name in sorted(wanted - set(up)) if name in pods]
        return up, await self._why(missing[0]) if missing else ""

    async def _why(self, pod: Json) -> str:
        """The reason that a pod does not run: its container's, or the latest event's."""
        if problem := pod_problem(pod):
            return problem
        query = {"fieldSelector": f"involvedObject.name={pod['metadata']['name']}"}
        events = await self._kube.items(f"{self._where}/events", query)
        return f"{events[-1].get('reason')}: {events[-1].get('message')}" if events else ""

    async def _finished(self, probe: Probe, suffix: str = "") -> tuple[bool | None, str, int | None]:
        """Run one Job: whether it succeeded (None: neither in time), what it said, how long it took."""
        body = probes.job(probe, self._options.image, suffix)
        name = body["metadata"]["name"]
        jobs = f"/apis/batch/v1/namespaces/{self._name}/jobs"
        await self._kube.create(jobs, body)
        succeeded: bool | None = None
        try:
            async with asyncio.timeout(self._patience(JOB_LIMIT)):
                async for _, item in self._kube.watch(jobs, {"fieldSelector": f"metadata.name={name}"}):
                    kinds = {
                        condition["type"]
                        for condition in (item.get("status") or {}).get("conditions") or ()
                        if condition.get("status") == "True"
                    }
                    if kinds & {"Complete", "Failed"}:
                        succeeded = "Complete" in kinds
                        break
        except TimeoutError:
            succeeded = None
        pods = await self._kube.items(f"{self._where}/pods", {"labelSelector": f"job-name={name}"})
        if not pods:
            return succeeded, "", None
        state = (((pods[-1].get("status") or {}).get("containerStatuses") or [{}])[0].get("state")) or {}
        ended = state.get("terminated") or {}
        said = str(ended.get("message") or "").strip() or await self._why(pods[-1]) if not succeeded else ""
        if _NO_PROGRAM.search(said):
            said = f"{self._why_words('no_applet')} {said}"
        return succeeded, said, _milliseconds(ended)

    async def _run(self, probe: Probe) -> None:
        try:
            succeeded, said, ms = await self._finished(probe)
        except ProviderError as error:
            self._note(probe.id, "failed", f"{error.operation}: {error.message}")
            return
        words = " ".join(probe.words)
        if succeeded:
            self._note(probe.id, "passed", words, ms)
        elif succeeded is None:
            # Neither way in time is no proof: that it could not even be tried is said, and it does not count as passed.
            self._note(probe.id, "failed", f"{words}: {said or self._why_words('no_result')}")
        else:
            self._note(probe.id, "failed", f"{words}: {said}" if said else words, ms)

    async def _policy(self, address: str, node: str) -> None:
        """Enforced if a pod that the policy shuts out is refused, and one that it lets in is not."""
        if self._checks["pod-same-node"].status != "passed":
            self._note("policy", "skipped", self._why_words("no_base"))
            return
        where = f"/apis/networking.k8s.io/v1/namespaces/{self._name}/networkpolicies"
        await self._kube.create(where, probes.deny_ingress("server-a"))
        words = probes.fetch(address, seconds=3)
        shut_out: bool | None = True
        for attempt in range(_POLICY_TRIES):
            # A policy takes a moment until every node has it: a probe that still passes is tried again.
            shut_out, _, _ = await self._finished(Probe("policy", words, node), f"-denied-{attempt}")
            if shut_out is False:
                break
        let_in, said, ms = await self._finished(Probe("policy", words, node, role="allowed"), "-allowed")
        if shut_out is False and let_in:
            self._note("policy", "passed", "", ms)
        else:
            open_to_all = self._why_words("not_enforced")
            self._note(
                "policy", "failed", open_to_all if shut_out else said or self._why_words("no_result"), ms
            )

    async def _konnectivity(self) -> None:
        """The way from the control plane to a kubelet: one log."""
        try:
            await self._kube.text(f"{self._where}/pods/server-a/log", {"tailLines": "1"}, timeout=10)
        except ProviderError as error:
            self._note("konnectivity", "failed", error.message)
        else:
            self._note("konnectivity", "passed")


def _complete(daemon_set: Json) -> bool:
    status: dict[str, Any] = daemon_set.get("status") or {}
    return bool(status.get("desiredNumberScheduled")) and status.get("numberReady") == status.get(
        "desiredNumberScheduled"
    )


def _ready(pod: Json) -> bool:
    status = pod.get("status") or {}
    conditions = {item.get("type"): item.get("status") for item in status.get("conditions") or ()}
    return conditions.get("Ready") == "True" and bool(status.get("podIP"))


def _milliseconds(ended: Json) -> int | None:
    """How long the container ran; the API tells whole seconds."""
    try:
        start, end = (datetime.fromisoformat(str(ended[key])) for key in ("startedAt", "finishedAt"))
    except (KeyError, ValueError):
        return None
    return max(0, int((end - start).total_seconds() * 1000))

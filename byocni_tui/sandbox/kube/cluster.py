"""One simulated cluster: its store, its nodes, and the door through which clients come in."""

import importlib.util
import random
from collections.abc import Awaitable, Callable, Iterable
from typing import TYPE_CHECKING, Any, Final, Protocol

from byocni_tui.sandbox.kube.admission import Admission
from byocni_tui.sandbox.kube.custom import CRDS, Definitions, register
from byocni_tui.sandbox.kube.kinds import Registry
from byocni_tui.sandbox.kube.quotas import Quotas
from byocni_tui.sandbox.kube.stamp import Stamp
from byocni_tui.sandbox.kube.store import Object, Store

if TYPE_CHECKING:
    from aiohttp import web

    from byocni_tui.sandbox.kube.server import ApiServer

NOT_READY: Final = (
    "container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady "
    "message:Network plugin returns error: cni plugin not initialized"
)

Handler = Callable[["web.Request", str], Awaitable["web.StreamResponse"]]


class Clock(Protocol):
    """What a cluster asks of the virtual clock."""

    def now(self) -> float: ...

    def shown(self, ts: float) -> str: ...


class World(Protocol):
    """What a cluster asks of its world."""

    @property
    def clock(self) -> Any: ...

    def rng(self, entity: str) -> random.Random: ...


class Hooks:
    """What the controllers and kubelets answer for the API server; unset means an honest "not in the sandbox".

    ``logs(pod, container, query)`` gives the text or raises ApiError; ``metrics(resource, ns)`` lists NodeMetrics or
    PodMetrics objects or raises ApiError (503 while metrics-server is not up); ``exec(pod, container, command, stdin)``
    gives (stdout, stderr, exit status) or raises ApiError; ``admit(operation, kind, obj, old)`` may change or refuse a
    write (webhooks of charts that are not reachable).
    """

    def __init__(self) -> None:
        self.logs: Callable[[Object, str, dict[str, str]], str] | None = None
        self.metrics: Callable[[str, str | None], list[Object]] | None = None
        self.exec: Callable[[Object, str, list[str], bytes], tuple[str, str, int]] | None = None
        self.admit: Callable[[str, str, Object, Object | None], Object] | None = None


class KubeCluster:
    """A cluster of one ARM resource.

    ``version`` without the ``v``; ``node_role`` is what the ROLES column shows (``agent`` in the article, ``<none>`` on
    AKS today); ``pod_cidr`` None lets the plugin choose.
    """

    def __init__(
        self,
        world: World,
        cluster_id: str,
        *,
        name: str,
        version: str,
        node_role: str,
        service_cidr: str,
        dns_ip: str,
        pod_cidr: str | None,
        location: str,
        fqdn: str,
    ) -> None:
        self.world = world
        self.clock: Any = world.clock
        self.id = cluster_id
        self.name = name
        self.version = version
        self.node_role = node_role
        self.service_cidr = service_cidr
        self.dns_ip = dns_ip
        self.pod_cidr = pod_cidr
        self.location = location
        self.fqdn = fqdn
        self.running = True
        self.rng = world.rng(f"kube/{cluster_id.lower()}")
        self.registry = Registry()
        self.store = Store(self.registry, self.clock.now, self.rng)
        self.hooks = Hooks()
        self.admission = Admission(self)
        self.store.defaulter = self.admission.default
        self.quotas = Quotas(self)
        self.life: Any = None
        self.definitions = Definitions(self)
        self._tokens: dict[str, str] = {}
        self._server: ApiServer | None = None
        self._bootstrap()
        if importlib.util.find_spec("byocni_tui.sandbox.kube.life") is not None:
            from byocni_tui.sandbox.kube import life

            attach = getattr(life, "attach", None)
            if attach is not None:
                self.life = attach(self)

    # -- nodes ---------------------------------------------------------------------------------------------------------

    def add_node(
        self,
        name: str,
        *,
        pool: str,
        mode: str,
        vm_size: str,
        cpu: int,
        memory_gib: float,
        max_pods: int,
        zone: str | None = None,
        labels: dict[str, str] | None = None,
        taints: Iterable[str | dict[str, str]] = (),
        ip: str,
    ) -> Object:
        """A kubelet registers: NotReady, because no CNI configuration is on it yet. ``mode`` is System or User;
        ``taints`` as AKS takes them (``key=value:Effect``) or as objects."""
        node = node_object(
            self,
            name,
            pool=pool,
            mode=mode,
            vm_size=vm_size,
            cpu=cpu,
            memory_gib=memory_gib,
            max_pods=max_pods,
            zone=zone,
            labels=labels or {},
            taints=[parse_taint(t) if isinstance(t, str) else dict(t) for t in taints],
            ip=ip,
        )
        return self.store.create("nodes", node)

    def remove_node(self, name: str) -> None:
        """The machine is gone and its Node object with it; its pods go as the node controller decides."""
        if self.store.entry("nodes", "", name):
            self.store.delete("nodes", "", name)

    def stop(self) -> None:
        """Deallocated: the API server no longer answers and the nodes are gone."""
        for entry in list(self.store.entries("nodes")):
            self.store.delete("nodes", "", entry.name)
        self.running = False

    def start(self) -> None:
        """The API server answers again; whoever stopped the machines adds the nodes again."""
        self.running = True

    # -- clients -------------------------------------------------------------------------------------------------------

    def token(self, user: str = "clusterAdmin") -> str:
        """The bearer token of a user; the same one each time. ``clusterAdmin`` is in ``system:masters``."""
        for token, name in self._tokens.items():
            if name == user:
                return token
        token = f"{random.Random(f'{self.id}/{user}/{self.store.uid()}').getrandbits(256):064x}"  # noqa: S311 loopback only
        self._tokens[token] = user
        return token

    def user_of(self, token: str) -> str | None:
        """Whose token it is, or None."""
        return self._tokens.get(token)

    @property
    def server(self) -> "ApiServer":
        """The API server, built when the first client comes."""
        if self._server is None:
            from byocni_tui.sandbox.kube.server import ApiServer

            self._server = ApiServer(self)
        return self._server

    def routes(self, app_prefix: str) -> Handler:
        """The handler for everything below ``app_prefix``; it takes the request and the path below it (with ``/``)."""
        self.server.prefix = app_prefix.rstrip("/")
        return self.server.handle

    async def handle(self, request: "web.Request", subpath: str) -> "web.StreamResponse":
        """Answer one request; ``subpath`` is the path below the cluster's prefix."""
        return await self.server.handle(request, subpath)

    # -- state ---------------------------------------------------------------------------------------------------------

    def dump(self) -> dict[str, Any]:
        """The state as plain JSON."""
        state: dict[str, Any] = {"store": self.store.dump(), "tokens": self._tokens, "running": self.running}
        if self.life is not None and hasattr(self.life, "dump"):
            state["life"] = self.life.dump()
        return state

    def load(self, state: dict[str, Any]) -> None:
        """Take over a ``dump``."""
        self._tokens = dict(state["tokens"])
        self.running = state["running"]
        for frozen in state["store"]["objects"].get(CRDS, ()):
            register(self.registry, frozen)
        self.store.load(state["store"])
        if self.life is not None and hasattr(self.life, "load") and "life" in state:
            self.life.load(state["life"])

    def _bootstrap(self) -> None:
        """What every API server has from its first second."""
        for name in ("default", "kube-node-lease", "kube-public", "kube-system"):
            labels = {"kubernetes.io/metadata.name": name}
            self.store.create(
                "namespaces",
                {
                    "metadata": {"name": name, "labels": labels},
                    "spec": {"finalizers": ["kubernetes"]},
                    "status": {"phase": "Active"},
                },
            )
        from byocni_tui.sandbox.kube.bootstrap import seed

        seed(self)


def parse_taint(text: str) -> dict[str, str]:
    """``key=value:Effect`` or ``key:Effect`` as an object."""
    head, _, effect = text.rpartition(":")
    key, _, value = head.partition("=")
    return {"key": key, "value": value, "effect": effect} if value else {"key": key, "effect": effect}


def node_object(
    cluster: KubeCluster,
    name: str,
    *,
    pool: str,
    mode: str,
    vm_size: str,
    cpu: int,
    memory_gib: float,
    max_pods: int,
    zone: str | None,
    labels: dict[str, str],
    taints: list[dict[str, str]],
    ip: str,
) -> Object:
    """A Node as AKS registers it (labels of the public AKS documentation, status as in the recordings)."""
    now = Stamp(cluster.clock.now())
    group = (
        cluster.id.split("/resourceGroups/")[-1].split("/")[0] if "/resourceGroups/" in cluster.id else "rg"
    )
    own = {
        "agentpool": pool,
        "beta.kubernetes.io/arch": "amd64",
        "beta.kubernetes.io/instance-type": vm_size,
        "beta.kubernetes.io/os": "linux",
        "failure-domain.beta.kubernetes.io/region": cluster.location,
        "failure-domain.beta.kubernetes.io/zone": zone or "0",
        "kubernetes.azure.com/agentpool": pool,
        "kubernetes.azure.com/cluster": f"MC_{group}_{cluster.name}_{cluster.location}",
        "kubernetes.azure.com/mode": mode.lower(),
        "kubernetes.azure.com/os-sku": "Ubuntu",
        "kubernetes.azure.com/role": "agent",
        "kubernetes.io/arch": "amd64",
        "kubernetes.io/hostname": name,
        "kubernetes.io/os": "linux",
        "node.kubernetes.io/instance-type": vm_size,
        "topology.kubernetes.io/region": cluster.location,
        "topology.kubernetes.io/zone": zone or "0",
    }
    if cluster.node_role and cluster.node_role != "<none>":
        own["kubernetes.io/role"] = cluster.node_role
    memory = int(memory_gib * 1024 * 1024 * 0.955)
    reserved_memory = int(min(memory * 0.25, 2_000_000))
    capacity = {
        "cpu": str(cpu),
        "ephemeral-storage": "129886128Ki",
        "hugepages-1Gi": "0",
        "hugepages-2Mi": "0",
        "memory": f"{memory}Ki",
        "pods": str(max_pods),
    }
    allocatable = {
        **capacity,
        "cpu": f"{cpu * 1000 - (100 if cpu <= 2 else 140 if cpu <= 4 else 180)}m",
        "ephemeral-storage": "119703055367",
        "memory": f"{memory - reserved_memory}Ki",
    }
    machine = f"{random.Random(f'{cluster.id}/{name}').getrandbits(128):032x}"  # noqa: S311 an identifier
    return {
        "metadata": {
            "name": name,
            "labels": {**own, **labels},
            "annotations": {
                "node.alpha.kubernetes.io/ttl": "0",
                "volumes.kubernetes.io/controller-managed-attach-detach": "true",
            },
        },
        "spec": {
            "providerID": f"azure://{cluster.id.rsplit('/providers/', 1)[0]}/virtualMachineScaleSets/{name}",
            "taints": [*taints, {"key": "node.kubernetes.io/not-ready", "effect": "NoSchedule"}],
        },
        "status": {
            "addresses": [{"type": "InternalIP", "address": ip}, {"type": "Hostname", "address": name}],
            "allocatable": allocatable,
            "capacity": capacity,
            "conditions": [
                _condition("MemoryPressure", "False", "KubeletHasSufficientMemory", now),
                _condition("DiskPressure", "False", "KubeletHasNoDiskPressure", now),
                _condition("PIDPressure", "False", "KubeletHasSufficientPID", now),
                _condition("Ready", "False", "KubeletNotReady", now, NOT_READY),
            ],
            "daemonEndpoints": {"kubeletEndpoint": {"Port": 10250}},
            "nodeInfo": {
                "architecture": "amd64",
                "bootID": _dashed(machine[::-1]),
                "containerRuntimeVersion": "containerd://2.0.0-1",
                "kernelVersion": "6.8.0-1030-azure",
                "kubeProxyVersion": "",
                "kubeletVersion": f"v{cluster.version}",
                "machineID": machine,
                "operatingSystem": "linux",
                "osImage": "Ubuntu 24.04.3 LTS",
                "systemUUID": _dashed(machine),
            },
        },
    }


_TEXTS: Final = {
    "KubeletHasSufficientMemory": "kubelet has sufficient memory available",
    "KubeletHasNoDiskPressure": "kubelet has no disk pressure",
    "KubeletHasSufficientPID": "kubelet has sufficient PID available",
}


def _condition(type: str, status: str, reason: str, now: Stamp, message: str = "") -> Object:
    return {
        "type": type,
        "status": status,
        "lastHeartbeatTime": now,
        "lastTransitionTime": now,
        "reason": reason,
        "message": message or _TEXTS[reason],
    }


def _dashed(digits: str) -> str:
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:32]))

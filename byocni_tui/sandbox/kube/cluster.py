"""One simulated cluster: its store, its nodes, and the door through which clients come in."""

import importlib.util
import random
import secrets
from collections.abc import Awaitable, Callable, Iterable
from typing import TYPE_CHECKING, Any, Final, Protocol

from byocni_tui.sandbox.kube.admission import Admission
from byocni_tui.sandbox.kube.aggregated import ApiServices
from byocni_tui.sandbox.kube.aggregation import Aggregation
from byocni_tui.sandbox.kube.custom import CRDS, Definitions, register
from byocni_tui.sandbox.kube.kinds import Registry
from byocni_tui.sandbox.kube.nodes import node_object, parse_taint
from byocni_tui.sandbox.kube.packed import Object
from byocni_tui.sandbox.kube.quotas import Quotas
from byocni_tui.sandbox.kube.store import Store, saved
from byocni_tui.sandbox.kube.volumes import Volumes

if TYPE_CHECKING:
    from aiohttp import web

    from byocni_tui.sandbox.kube.server import ApiServer

_AKS: Final = {
    "addonmanager.kubernetes.io/mode": "Reconcile",
    "control-plane": "true",
    "kubernetes.azure.com/managedby": "aks",
    "kubernetes.io/cluster-service": "true",
}
"""Labels of kube-system; admission webhooks of others are kept away by them."""

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
    gives (stdout, stderr, exit status) or raises ApiError. ``tunnel(node)`` says what is between the API server and a
    node's kubelet (None: any node), in konnectivity's words, "" when nothing is. ``listens(pod, port, protocol)`` says
    whether something in a pod answers on a port, ``page(pod, path)`` what it answers to HTTP (None: 404).
    ``shell(pod, container)`` says whether who attaches to a container types into a shell,
    ``left(pod, container, code, said)`` that this shell has ended.
    """

    def __init__(self) -> None:
        self.logs: Callable[[Object, str, dict[str, str]], str] | None = None
        self.metrics: Callable[[str, str | None], list[Object]] | None = None
        self.exec: Callable[[Object, str, list[str], bytes], tuple[str, str, int]] | None = None
        self.shell: Callable[[Object, str], bool] | None = None
        self.left: Callable[[Object, str, int, str], None] | None = None
        self.tunnel: Callable[[str | None], str] | None = None
        self.listens: Callable[[Object, int, str], bool] | None = None
        self.page: Callable[[Object, str], str | None] | None = None


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
        self.aggregation = Aggregation(self.store)
        self.volumes = Volumes(self)
        self.api_services = ApiServices(self)
        self.life: Any = None
        self.definitions = Definitions(self)
        self._tokens: dict[str, str] = {}
        self.secret = secrets.token_hex(32)
        """Signs the tokens of service accounts."""
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
        version: str | None = None,
    ) -> Object:
        """A kubelet registers: NotReady, because no CNI configuration is on it yet. ``mode`` is System or User;
        ``version`` that of its kubelet where it differs from the cluster's; ``taints`` as AKS takes them
        (``key=value:Effect``) or as objects."""
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
        if version is not None:
            node["status"]["nodeInfo"]["kubeletVersion"] = f"v{version}"
        return self.store.create("nodes", node)

    def remove_node(self, name: str) -> None:
        """The machine is gone and its Node object with it; its pods go as the node controller decides."""
        if self.store.entry("nodes", "", name):
            self.store.delete("nodes", "", name)

    def machine_stopped(self, name: str) -> None:
        """A node's machine was switched off, or is no more; the Node object is the node controllers' business."""
        if self.life is not None:
            self.life.contact.stopped(name)

    def machine_started(self, name: str, *, wiped: bool = False) -> None:
        """A node's machine booted; ``wiped``: with a fresh disk, so without a CNI configuration."""
        if self.life is not None:
            self.life.contact.started(name, wiped=wiped)

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
        token = secrets.token_hex(32)  # nothing of a seed in it: another sandbox's must not open this one
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
        state["secret"] = self.secret
        if self.life is not None and hasattr(self.life, "dump"):
            state["life"] = self.life.dump()
        return state

    def load(self, state: dict[str, Any]) -> None:
        """Take over a ``dump``."""
        self._tokens = dict(state["tokens"])
        self.secret = state["secret"]
        self.running = state["running"]
        for crd in saved(state["store"], CRDS):
            register(self.registry, crd)
        self.store.load(state["store"])
        if self.life is not None and hasattr(self.life, "load") and "life" in state:
            self.life.load(state["life"])

    def _bootstrap(self) -> None:
        """What every API server has from its first second."""
        for name in ("default", "kube-node-lease", "kube-public", "kube-system"):
            labels = {"kubernetes.io/metadata.name": name} | (_AKS if name == "kube-system" else {})
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

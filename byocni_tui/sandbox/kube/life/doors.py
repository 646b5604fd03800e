"""What the API server asks of the nodes through konnectivity: logs, exec, metrics; and the truth when it is down."""

from typing import TYPE_CHECKING

from byocni_tui.sandbox.kube.life import cilium_status
from byocni_tui.sandbox.kube.life.azure import address_of_node
from byocni_tui.sandbox.kube.life.index import Pods
from byocni_tui.sandbox.kube.life.kubelet import Kubelet
from byocni_tui.sandbox.kube.life.objects import Obj, condition_true, name_of, pod_ready, requests
from byocni_tui.sandbox.kube.life.paths import Paths
from byocni_tui.sandbox.kube.life.programs import is_shell
from byocni_tui.sandbox.kube.life.scripts import Scripts
from byocni_tui.sandbox.kube.status import ApiError, not_in_sandbox

if TYPE_CHECKING:
    from byocni_tui.sandbox.kube.life.engine import Life

_AGENT = {"matchLabels": {"app": "konnectivity-agent"}}
_METRICS = {"matchLabels": {"k8s-app": "metrics-server"}}
_WINDOW = 15.0
_NO_AGENT = "No agent available"
_KUBELET = 10250


class Doors:
    """The hooks of a cluster."""

    def __init__(self, life: "Life", pods: Pods, kubelet: Kubelet, scripts: Scripts, paths: Paths) -> None:
        self._life = life
        self._pods = pods
        self._paths = paths
        self._kubelet = kubelet
        self._scripts = scripts
        hooks = life.cluster.hooks
        hooks.logs = self.logs
        hooks.metrics = self.metrics
        hooks.exec = self.exec
        hooks.shell = self.shell
        hooks.left = self.left
        hooks.tunnel = self.tunnel

    def tunnel(self, node: str | None = None) -> str:
        """What is in the way from the API server into the cluster (to a node's kubelet, if one is named), in
        konnectivity's words; empty if nothing is. An agent holds a tunnel when its pod is ready and its node reaches
        the API server; of several one is picked in turn."""
        life = self._life
        fault = life.fault("konnectivity", {"node": node or ""})
        if fault is not None:
            return str(fault.get("message") or _NO_AGENT)
        agents = [p for p in self._pods.chosen("kube-system", _AGENT) if pod_ready(p)]
        agents = [p for p in agents if self._paths.azure.home(p["spec"]["nodeName"])]
        if not agents:
            return _NO_AGENT
        if node is None:
            return ""
        agent = agents[life.serial("tunnel") % len(agents)]
        address = address_of_node(life, node)
        if self._paths.connect(agent, address, _KUBELET).why:
            return f"dial tcp {address}:{_KUBELET}: i/o timeout"
        return ""

    def logs(self, pod: Obj, container: str, query: dict[str, str]) -> str:
        """A container's log. Raises the API server's own 500 while there is no tunnel."""
        m = pod["metadata"]
        node = pod["spec"]["nodeName"]
        address = address_of_node(self._life, node) or node
        path = f"https://{address}:{_KUBELET}/containerLogs/{m['namespace']}/{m['name']}/{container}"
        if problem := self.tunnel(node):
            known = [
                k for k in ("follow", "previous", "tailLines", "timestamps", "sinceSeconds") if k in query
            ]
            asked = "&".join(f"{k}={query[k]}" for k in known)
            raise ApiError(500, "InternalError", f'Get "{path}{"?" + asked if asked else ""}": {problem}')
        run = self._kubelet.runs.get(m["uid"])
        box = run.box(container) if run is not None else None
        if box is None:
            return ""
        text = box.previous_log if query.get("previous") in ("true", "1") else box.log
        lines = text.splitlines()
        if query.get("timestamps") in ("true", "1"):
            at = self._life.clock.shown(box.started_at)
            lines = [f"{at} {line}" for line in lines]
        tail = query.get("tailLines")
        if tail is not None and tail.isdigit():
            lines = lines[-int(tail) :] if int(tail) else []
        return "".join(line + "\n" for line in lines)

    def exec(self, pod: Obj, container: str, command: list[str], stdin: bytes) -> tuple[str, str, int]:
        """Plays a command in a container. Raises 500 while there is no tunnel, 501 for what the small shell has not."""
        if problem := self.tunnel(pod["spec"]["nodeName"]):
            raise ApiError(500, "InternalError", f"error dialing backend: {problem}")
        spec = container_of(pod, container)
        said = cilium_status.answer(self._life, self._paths, pod, container, command)
        if said is not None:
            return said
        played = self._scripts.play(pod, spec, command, stdin.decode("utf-8", "surrogateescape"))
        if played is None or played.outcome.seconds is None:
            raise not_in_sandbox(f"exec of {' '.join(command)}")
        return played.outcome.log, played.errors, played.outcome.code

    def shell(self, pod: Obj, container: str) -> bool:
        """Whether somebody who attaches to a container types into a shell."""
        spec = container_of(pod, container)
        return bool(spec.get("stdin")) and is_shell(spec)

    def left(self, pod: Obj, container: str, code: int, said: str) -> None:
        """The shell that somebody typed into has ended; ``said`` is what it wrote, which the log keeps."""
        self._kubelet.leave(pod, container, code, said)

    def metrics(self, resource: str, namespace: str | None) -> list[Obj]:
        """NodeMetrics or PodMetrics: requests with some play. Raises 503 until metrics-server serves; no ``resource``
        asks for nothing but that."""
        life = self._life
        servers = [p for p in self._pods.chosen("kube-system", _METRICS) if pod_ready(p)]
        if not servers or self.tunnel():
            raise ApiError(503, "ServiceUnavailable", "the server is currently unable to handle the request")
        here = servers[0]["spec"]["nodeName"]
        if resource == "nodes":
            return [
                self._node(n)
                for n in life.list("nodes")
                if condition_true(n, "Ready") and self._scraped(here, name_of(n))
            ]
        if not resource:
            return []
        return [
            self._pod(p)
            for p in life.list("pods", namespace)
            if p.get("status", {}).get("phase") == "Running"
            and pod_ready(p)
            and self._scraped(here, p["spec"]["nodeName"])
        ]

    def _scraped(self, here: str, node: str) -> bool:
        """Whether metrics-server reaches a node's kubelet from where it runs."""
        if here == node:
            return True
        ours, its = address_of_node(self._life, here), address_of_node(self._life, node)
        return self._paths.azure.between(ours, its, "TCP", _KUBELET)

    def _node(self, node: Obj) -> Obj:
        cpu, memory = 0.06, 900.0 * 2**20
        for key in self._pods.on_node(name_of(node)):
            pod = self._life.get("pods", *key)
            used = self._usage(pod) if pod is not None else (0.0, 0.0)
            cpu, memory = cpu + used[0], memory + used[1]
        return {**self._head(node), "usage": _amounts(cpu, memory)}

    def _pod(self, pod: Obj) -> Obj:
        containers = []
        for container in pod["spec"]["containers"]:
            cpu, memory = self._usage({**pod, "spec": {"containers": [container]}}, container["name"])
            containers.append({"name": container["name"], "usage": _amounts(cpu, memory)})
        return {**self._head(pod), "containers": containers}

    def _head(self, obj: Obj) -> Obj:
        m = obj["metadata"]
        shown = {k: m[k] for k in ("name", "namespace", "labels") if k in m}
        at = self._life.clock.shown(self._life.now())
        return {"metadata": {**shown, "creationTimestamp": at}, "timestamp": at, "window": f"{_WINDOW:.3f}s"}

    def _usage(self, pod: Obj, part: str = "") -> tuple[float, float]:
        """Cores and bytes, steady for a minute."""
        minute = int(self._life.now() // 60)
        rng = self._life.world.rng(f"use/{pod['metadata']['uid']}/{part}/{minute}")
        wants = requests(pod["spec"])
        return (
            max(0.001, wants.get("cpu", 0.01) * rng.uniform(0.05, 0.4)),
            max(6.0 * 2**20, wants.get("memory", 40.0 * 2**20) * rng.uniform(0.5, 0.9)),
        )


def container_of(pod: Obj, name: str) -> Obj:
    """A container of any kind, by its name."""
    parts = ("containers", "initContainers", "ephemeralContainers")
    found: Obj = next(c for p in parts for c in pod["spec"].get(p) or () if c["name"] == name)
    return found


def _amounts(cpu: float, memory: float) -> dict[str, str]:
    return {"cpu": f"{int(cpu * 1e9)}n", "memory": f"{int(memory / 1024)}Ki"}

"""A cluster on a clock that stands still unless a test moves it."""

import random
from typing import Any

import yaml

from byocni_tui.sandbox.clock import VirtualClock
from byocni_tui.sandbox.faults import Fault, Faults
from byocni_tui.sandbox.kube.cluster import KubeCluster

Obj = dict[str, Any]


class StandingWorld:
    """As much of a world as a cluster asks for."""

    def __init__(self, seed: int = 1) -> None:
        self.seed = seed
        self.clock = VirtualClock(speed=0)
        self.faults = Faults((), self)
        self.parts: dict[str, Any] = {}
        self.changed = False

    def rng(self, entity: str) -> random.Random:
        return random.Random(f"{self.seed}/{entity}")


class Lab:
    """One cluster, and what a person would do to it."""

    def __init__(
        self, nodes: int = 3, *, version: str = "1.36.2", seed: int = 1, taints: tuple[str, ...] = ()
    ) -> None:
        self.world = StandingWorld(seed)
        self.clock = self.world.clock
        self.cluster = KubeCluster(
            self.world,
            "/subscriptions/0/resourceGroups/rg/providers/Microsoft.ContainerService/managedClusters/c",
            name="c",
            version=version,
            node_role="agent",
            service_cidr="10.0.0.0/16",
            dns_ip="10.0.0.10",
            pod_cidr="10.244.0.0/16",
            location="eastus",
            fqdn="c-1.hcp.eastus.azmk8s.io",
        )
        self.store = self.cluster.store
        for number in range(nodes):
            self.add_node(number, taints)
        self.settle()

    def add_node(self, number: int, taints: tuple[str, ...] = ()) -> str:
        name = f"aks-nodepool1-1-vmss{number:06d}"
        self.cluster.add_node(
            name,
            pool="nodepool1",
            mode="System",
            vm_size="Standard_D2s_v5",
            cpu=2,
            memory_gib=8,
            max_pods=110,
            taints=taints,
            ip=f"10.224.0.{4 + number}",
        )
        return name

    def settle(self) -> None:
        """Until nobody would be waiting any more."""
        self.clock.run_until_idle()

    def step(self, seconds: float) -> None:
        self.clock.step(seconds)

    def apply(self, text: str) -> None:
        """Create what a manifest says, through the API server's own admission."""
        admission = self.cluster.life.life.admission
        for obj in yaml.safe_load_all(text):
            kind = self.cluster.registry.of_object(obj)
            assert kind is not None, obj["kind"]
            if kind.namespaced:
                obj["metadata"].setdefault("namespace", "default")
            admission.enter(kind, obj)
            admission.create(kind, obj)
            self.store.create(kind, obj)

    def get(self, resource: str, name: str, namespace: str = "default") -> Obj:
        obj = self.store.get(resource, namespace, name)
        assert obj is not None, f"{resource} {namespace}/{name}"
        return obj

    def pods(self, prefix: str, namespace: str = "default") -> list[Obj]:
        return [p for p in self.store.list("pods", namespace) if p["metadata"]["name"].startswith(prefix)]

    def events(self, name: str, reason: str | None = None) -> list[Obj]:
        found = [e for e in self.store.list("events") if e["involvedObject"]["name"].startswith(name)]
        return [e for e in found if reason in (None, e["reason"])]

    def nodes(self) -> dict[str, str]:
        """Status of Ready by node."""
        return {
            n["metadata"]["name"]: next(
                c["status"] for c in n["status"]["conditions"] if c["type"] == "Ready"
            )
            for n in self.store.list("nodes")
        }

    def node_names(self) -> list[str]:
        return sorted(self.nodes())

    def fault(self, when: Obj, what: Obj | None = None) -> None:
        self.world.faults.add(
            Fault(id=f"f{when}", when={"service": "kube", **when}, what={"kind": "x", **(what or {})})
        )

    def install_cilium(self, pool: str = "10.244.0.0/16", **config: str) -> None:
        """The agent and the operator, as the charts name them."""
        data = {
            "cluster-pool-ipv4-cidr": pool, "cluster-pool-ipv4-mask-size": "24", "tunnel-port": "8472",
            "kube-proxy-replacement": "false", **config,
        }  # fmt: skip
        self.apply(CILIUM.replace("CONFIG", yaml.safe_dump(data, default_flow_style=True).strip()))


CILIUM = """
apiVersion: v1
kind: ConfigMap
metadata: {name: cilium-config, namespace: kube-system}
data: CONFIG
---
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: cilium, namespace: kube-system}
spec:
  selector: {matchLabels: {k8s-app: cilium}}
  template:
    metadata: {labels: {k8s-app: cilium}}
    spec:
      hostNetwork: true
      tolerations: [{operator: Exists}]
      containers:
        - name: cilium-agent
          image: quay.io/cilium/cilium:v1.19.9
          terminationMessagePolicy: FallbackToLogsOnError
          startupProbe: {httpGet: {host: 127.0.0.1, path: /healthz, port: 9879}, failureThreshold: 300}
          readinessProbe: {httpGet: {host: 127.0.0.1, path: /healthz, port: 9879}, periodSeconds: 30}
          volumeMounts: [{name: conf, mountPath: /host/etc/cni/net.d}]
      volumes: [{name: conf, hostPath: {path: /etc/cni/net.d}}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: cilium-operator, namespace: kube-system}
spec:
  replicas: 2
  selector: {matchLabels: {io.cilium/app: operator}}
  template:
    metadata: {labels: {io.cilium/app: operator}}
    spec:
      hostNetwork: true
      tolerations: [{key: node.kubernetes.io/not-ready, operator: Exists}]
      affinity:
        podAntiAffinity:
          requiredDuringSchedulingIgnoredDuringExecution:
            - {labelSelector: {matchLabels: {io.cilium/app: operator}}, topologyKey: kubernetes.io/hostname}
      containers:
        - name: cilium-operator
          image: quay.io/cilium/operator-generic:v1.19.9
          readinessProbe: {httpGet: {host: 127.0.0.1, path: /healthz, port: 9234}, periodSeconds: 5}
"""

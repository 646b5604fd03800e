"""Who reaches whom: pods, services, names, policies, the overlay and what lies outside."""

import ipaddress
from typing import Final

import msgspec

from byocni_tui.sandbox.kube.life.azure import Azure, address_of_node
from byocni_tui.sandbox.kube.life.behaviours import Behaviours
from byocni_tui.sandbox.kube.life.cni import NodeNetwork
from byocni_tui.sandbox.kube.life.endpoints import target_port
from byocni_tui.sandbox.kube.life.engine import Life
from byocni_tui.sandbox.kube.life.index import Pods
from byocni_tui.sandbox.kube.life.objects import Obj, deleting, pod_ready
from byocni_tui.sandbox.kube.life.policies import allowed

_NIC: Final = 1500
_SMALL: Final = 1200  # bytes of an answer that fits any path
_PRIVATE: Final = tuple(
    map(
        ipaddress.ip_network,
        ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16"),
    )
)
_TOP: Final = frozenset(["com", "net", "org", "io", "cn", "us", "dev", "gov", "edu", "cloud", "app", "ms"])
"""Top-level domains in which every name exists in this world; all others have none."""
_NODE_PORTS: Final = (10250, 22)


class Answer(msgspec.Struct, frozen=True):
    """``why`` is "" when it works, else refused, timeout or big (it connects, and then large answers hang). ``pod`` is
    the one that answered."""

    why: str = ""
    address: str = ""
    port: int = 0
    pod: Obj | None = None


class Paths:
    """The network of one cluster, asked at a moment."""

    def __init__(
        self, life: Life, pods: Pods, behaviours: Behaviours, network: NodeNetwork, listening: "Listening"
    ) -> None:
        self._life = life
        self._pods = pods
        self._behaviours = behaviours
        self._network = network
        self._listening = listening
        self.azure = Azure(life)
        behaviours.contact = self.contact

    def connect(
        self, source: Obj, address: str, port: int, *, protocol: str = "TCP", host: str = ""
    ) -> Answer:
        """What a pod gets when it connects."""
        service = self._service(address)
        if service is not None:
            return self._through(source, service, address, port, protocol)
        target = self._pods.at(address)
        if target is not None:
            return self._to_pod(source, target, port, protocol)
        node = self._node_at(address)
        if node is not None:
            return self._to_node(source, address, node, port)
        if self._inside(address):
            return Answer("timeout", address, port)
        node = source["spec"]["nodeName"]
        if not self.azure.outward(self._node_ip(source), host or address, address, port, node):
            return Answer("timeout", address, port)
        if not allowed(
            self._life, source, None, port, protocol, enforced=self._enforced(source), outside=address
        ):
            return Answer("timeout", address, port)
        return Answer("", address, port)

    def resolve(self, source: Obj, name: str) -> tuple[list[str], str]:
        """Addresses of a name, or none and why not: timeout or nxdomain."""
        name = name.rstrip(".")
        if _is_address(name):
            return [name], ""
        spec = source["spec"]
        own = spec.get("dnsPolicy", "ClusterFirst")
        inside = own == "ClusterFirstWithHostNet" or (own == "ClusterFirst" and not spec.get("hostNetwork"))
        if inside:
            asked = self.connect(source, self._life.cluster.dns_ip, 53, protocol="UDP")
            if asked.why not in ("", "big"):  # an answer to a question of DNS is small
                return [], "timeout"
            found = self._cluster_name(name, source["metadata"]["namespace"])
            if found:
                return found, ""
        if "." not in name or name.rpartition(".")[2] not in _TOP:
            return [], "nxdomain"
        if self._life.fault("dns", {"name": name}) is not None:
            return [], "timeout"
        return [self._life.address_of(name)], ""

    def carries(self, here: str, there: str) -> bool:
        """Whether the overlay brings packets from one node to another (both by name)."""
        return here == there or self._carried(here, there)

    def loses_large(self, node: str) -> bool:
        """Whether large packets from a node's pods get lost on the way to other nodes."""
        return self._too_big(node)

    def contact(self, node: str, host: str) -> str:
        """Why a program on a node's own network does not reach the API server as ``host``, in Go's words; else
        empty."""
        if not self.azure.home(node):
            return f"dial tcp {host}:443: i/o timeout"
        if host == self._life.cluster.fqdn:
            return ""
        if not _is_address(host):
            return f"dial tcp: lookup {host} on 168.63.129.16:53: no such host"
        service = self._life.get("services", "default", "kubernetes")
        if service is not None and service["spec"].get("clusterIP") == host and self.proxied(node):
            return ""
        return f"dial tcp {host}:443: i/o timeout"

    # -- parts -------------------------------------------------------------------------------------------------------

    def _cluster_name(self, name: str, namespace: str) -> list[str]:
        parts = name.removesuffix(".cluster.local").removesuffix(".svc").split(".")
        if len(parts) > 3 or (len(parts) > 2 and not name.removesuffix(".cluster.local").endswith(".svc")):
            return []
        service_name, space = (parts[-2], parts[-1]) if len(parts) > 1 else (parts[0], namespace)
        service = self._life.get("services", space, service_name)
        if service is None:
            return []
        if service["spec"].get("clusterIP") not in (None, "", "None"):
            return [service["spec"]["clusterIP"]]
        return [p["status"]["podIP"] for p in self._answering(service)]

    def _service(self, address: str) -> Obj | None:
        for service in self._life.list("services"):
            if service["spec"].get("clusterIP") == address:
                return service
        return None

    def _answering(self, service: Obj) -> list[Obj]:
        selector = {"matchLabels": service["spec"].get("selector") or {"": ""}}
        return [
            p
            for p in self._pods.chosen(service["metadata"]["namespace"], selector)
            if pod_ready(p) and not deleting(p)
        ]

    def _through(self, source: Obj, service: Obj, address: str, port: int, protocol: str) -> Answer:
        rule = next(
            (
                p
                for p in service["spec"].get("ports") or ()
                if p["port"] == port and p.get("protocol", "TCP") == protocol
            ),
            None,
        )
        node = source["spec"]["nodeName"]
        if rule is None or not self.proxied(node):
            return Answer("timeout", address, port)
        if any(self._holds(n, address) for n in self._life.state["nodes"]):
            return Answer("timeout", address, port)  # the plugin took the service range for its pods
        if service["metadata"]["name"] == "kubernetes" and service["metadata"]["namespace"] == "default":
            outside = self._life.address_of(self._life.cluster.fqdn)
            return self.connect(source, outside, 443, host=self._life.cluster.fqdn)
        pods = self._answering(service)
        if not pods:
            return Answer("refused", address, port)
        turn = self._life.serial(f"balance/{address}/{port}")
        pod = pods[turn % len(pods)]
        number = target_port(rule, pod)
        if number is None:
            return Answer("refused", address, port)
        if pod["spec"].get("hostNetwork"):
            return self._to_node(source, pod["status"]["podIP"], pod["spec"]["nodeName"], number)
        answer = self._to_pod(source, pod, number, protocol, masked=self._masked(source))
        return msgspec.structs.replace(answer, address=address, port=port)

    def _masked(self, source: Obj) -> bool:
        """Whether kube-proxy hides a pod behind its node's address on the way to a service: it does so with every
        address outside the cluster's pod CIDR, which it was told by AKS."""
        pod_cidr = self._life.cluster.pod_cidr
        address = (source.get("status") or {}).get("podIP")
        if not pod_cidr or not address or source["spec"].get("hostNetwork"):
            return False
        if ipaddress.ip_address(address) in ipaddress.ip_network(pod_cidr, strict=False):
            return False
        return self._kube_proxy(source["spec"]["nodeName"])

    def _kube_proxy(self, node: str) -> bool:
        return any(group.labels.get("component") == "kube-proxy" for group in self._pods.ready_on(node))

    def proxied(self, node: str) -> bool:
        """Whether a node translates service addresses: kube-proxy, or a plugin that replaces it."""
        for group in self._pods.ready_on(node):
            if group.labels.get("component") == "kube-proxy":
                return True
            behaviour = self._behaviours.of_labels(group.labels)
            rule = (behaviour or {}).get("replaces_kube_proxy")
            if rule is not None and self._behaviours.holds(rule, {"node": node}):
                return True
        return False

    def _to_pod(self, source: Obj, target: Obj, port: int, protocol: str, *, masked: bool = False) -> Answer:
        address = target["status"]["podIP"]
        if not allowed(
            self._life, source, target, port, protocol, enforced=self._enforced(target), masked=masked
        ):
            return Answer("timeout", address, port)
        here, there = source["spec"]["nodeName"], target["spec"]["nodeName"]
        if self.azure.power(there):
            return Answer("timeout", address, port)
        if self._stale(target, there) or self._stale(source, here):
            return Answer("timeout", address, port)
        crossing = here != there
        if crossing and not self._carried(here, there):
            return Answer("timeout", address, port)
        if not self._listening.answers(target, port, protocol):
            return Answer("refused", address, port)
        big = crossing and self._too_big(here)
        return Answer("big" if big else "", address, port, target)

    def _stale(self, pod: Obj, node: str) -> bool:
        """Whether the pod's interface was made by a plugin that another one has taken the place of."""
        wired = self._listening.wired(pod)
        if wired is None or pod["spec"].get("hostNetwork"):
            return False
        record = self._network.record(node)
        return record is None or record["behaviour"] != wired

    def _carried(self, here: str, there: str) -> bool:
        """Whether the overlay brings a packet from node to node; without one, Azure drops addresses it doesn't know."""
        first, second = self._network.record(here), self._network.record(there)
        if first is None or second is None or first["behaviour"] != second["behaviour"]:
            return False
        behaviour = self._behaviours.get(first["behaviour"])
        if behaviour is None:
            return True  # a plugin that nobody described is taken to work; how, nothing here can know
        tunnel = behaviour.get("tunnel")
        if tunnel is None:
            return False
        port = tunnel["port"]
        if isinstance(port, dict):
            port = self._behaviours.source(port, {})
        ends = [address_of_node(self._life, n) for n in (here, there)]
        protocol = str(tunnel.get("protocol", "UDP"))
        return all(self.azure.between(a, b, protocol, int(port)) for a, b in (ends, ends[::-1]))

    def _too_big(self, node: str) -> bool:
        """An MTU that leaves no room for the overlay's header lets small packets pass and loses big ones."""
        if self._life.fault("mtu", {"node": node}) is not None:
            return True
        record = self._network.record(node)
        behaviour = self._behaviours.get(record["behaviour"]) if record else None
        source = (behaviour or {}).get("mtu")
        value = self._behaviours.source(source, {}) if source else None
        overhead = int(((behaviour or {}).get("tunnel") or {}).get("overhead", 50))
        return int(value or 0) > _NIC - overhead

    def _to_node(self, source: Obj, address: str, node: str, port: int) -> Answer:
        if not allowed(
            self._life, source, None, port, "TCP", enforced=self._enforced(source), outside=address
        ):
            return Answer("timeout", address, port)
        if self.azure.power(node) or (
            source["spec"]["nodeName"] != node
            and not self.azure.between(self._node_ip(source), address, "TCP", port)
        ):
            return Answer("timeout", address, port)
        if port in _NODE_PORTS:
            return Answer("", address, port)
        for key in self._pods.on_node(node):
            pod = self._life.get("pods", *key)
            if (
                pod is not None
                and pod["spec"].get("hostNetwork")
                and self._listening.answers(pod, port, "TCP")
            ):
                return Answer("", address, port, pod)
        return Answer("refused", address, port)

    def _enforced(self, pod: Obj) -> bool:
        record = self._network.record(pod["spec"]["nodeName"])
        behaviour = self._behaviours.get(record["behaviour"]) if record else None
        if behaviour is None or self._life.fault("policy", {"node": pod["spec"]["nodeName"]}) is not None:
            return False
        return self._behaviours.enforces(behaviour)

    def _node_at(self, address: str) -> str | None:
        for node in self._life.list("nodes"):
            if any(a["address"] == address for a in node["status"]["addresses"]):
                return str(node["metadata"]["name"])
        return None

    def _node_ip(self, pod: Obj) -> str:
        return address_of_node(self._life, pod["spec"]["nodeName"])

    def _holds(self, node: str, address: str) -> bool:
        block = self._network.block(node)
        return block is not None and ipaddress.ip_address(address) in block

    def _inside(self, address: str) -> bool:
        """Addresses that nobody outside would answer for: service range, node blocks, the cluster's pod range."""
        where = ipaddress.ip_address(address)
        ranges = [self._life.cluster.service_cidr, self._life.cluster.pod_cidr]
        if any(r and where in ipaddress.ip_network(r, strict=False) for r in ranges):
            return True
        private = any(where in n for n in _PRIVATE)
        return private or any(self._holds(n, address) for n in self._life.state["nodes"])


class Listening:
    """Who listens where; filled by the kubelet's side."""

    def wired(self, pod: Obj) -> str | None:
        """The behaviour of the plugin that made the pod's interface ("" for one unknown here); None: not known."""
        raise NotImplementedError

    def answers(self, pod: Obj, port: int, protocol: str) -> bool:
        """Whether something in the pod answers on a port."""
        raise NotImplementedError


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True

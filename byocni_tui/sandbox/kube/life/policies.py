"""NetworkPolicy: whether the policies that select the two ends let a connection pass."""

import ipaddress

from byocni_tui.sandbox.kube.life.engine import Life
from byocni_tui.sandbox.kube.life.objects import Obj, matches

_POLICIES = "networkpolicies.networking.k8s.io"


def allowed(
    life: Life,
    source: Obj,
    target: Obj | None,
    port: int,
    protocol: str,
    *,
    enforced: bool,
    outside: str = "",
    masked: bool = False,
) -> bool:
    """``target`` None is an address that is no pod (``outside``). Pods on the host's network are not selected.
    ``masked``: the target sees the source's node instead of the source."""
    if not enforced:
        return True
    if not source["spec"].get("hostNetwork") and not _side(
        life, source, target, port, protocol, "Egress", outside
    ):
        return False
    if target is None or target["spec"].get("hostNetwork"):
        return True
    if source["spec"].get("hostNetwork") and source["spec"]["nodeName"] == target["spec"]["nodeName"]:
        return True  # a node always reaches its own pods
    if masked:
        source = {**source, "spec": {**source["spec"], "hostNetwork": True}}
    return _side(life, target, source, port, protocol, "Ingress", "")


def _side(
    life: Life, pod: Obj, peer: Obj | None, port: int, protocol: str, direction: str, outside: str
) -> bool:
    """Whether one end's policies allow it: none selects the pod, or one of them has a rule for the peer."""
    labels = pod["metadata"].get("labels") or {}
    chosen = [
        p["spec"]
        for p in life.list(_POLICIES, pod["metadata"]["namespace"])
        if direction in (p["spec"].get("policyTypes") or ["Ingress"])
        and matches(p["spec"].get("podSelector"), labels)
    ]
    if not chosen:
        return True
    key, side = ("ingress", "from") if direction == "Ingress" else ("egress", "to")
    for spec in chosen:
        for rule in spec.get(key) or ():
            peers = rule.get(side)
            if _port(rule.get("ports"), port, protocol, pod if direction == "Ingress" else peer) and (
                not peers or any(_peer(life, p, pod, peer, outside) for p in peers)
            ):
                return True
    return False


def _port(ports: list[Obj] | None, port: int, protocol: str, holder: Obj | None) -> bool:
    if not ports:
        return True
    for rule in ports:
        if rule.get("protocol", "TCP") != protocol:
            continue
        want = rule.get("port")
        if (
            want is None
            or want == port
            or (isinstance(want, int) and want <= port <= int(rule.get("endPort", want)))
        ):
            return True
        if isinstance(want, str) and holder is not None:
            for container in holder["spec"]["containers"]:
                if any(
                    p.get("name") == want and p["containerPort"] == port for p in container.get("ports") or ()
                ):
                    return True
    return False


def _peer(life: Life, rule: Obj, pod: Obj, peer: Obj | None, outside: str) -> bool:
    block = rule.get("ipBlock")
    if block:
        address = outside or ((peer or {}).get("status") or {}).get("podIP", "")
        if not address:
            return False
        where = ipaddress.ip_address(address)
        return where in ipaddress.ip_network(block["cidr"], strict=False) and not any(
            where in ipaddress.ip_network(e, strict=False) for e in block.get("except") or ()
        )
    if peer is None or peer["spec"].get("hostNetwork"):
        return False
    if "namespaceSelector" in rule:
        space = life.get("namespaces", None, peer["metadata"]["namespace"])
        if space is None or not matches(rule["namespaceSelector"], space["metadata"].get("labels") or {}):
            return False
    elif peer["metadata"]["namespace"] != pod["metadata"]["namespace"]:
        return False
    return "podSelector" not in rule or matches(rule["podSelector"], peer["metadata"].get("labels") or {})

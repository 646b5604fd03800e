"""BYO703–706: the Helm values as they will be used, after ``cni.values`` has been merged over what is rendered."""

from collections.abc import Iterator
from typing import Any, Final

from byocni_tui.plan.finding import Finding, Remedy
from byocni_tui.plan.model import NodePool
from byocni_tui.rules import sources
from byocni_tui.rules.case import Case
from byocni_tui.rules.registry import found, rule


def _at(path: str) -> str:
    return f"cni.values.{path}"


@rule("BYO703", "error", source=sources.CALICO)
def calico_mode(case: Case) -> Iterator[Finding]:
    """With provider AKS the operator takes Azure's own plugin unless told otherwise; BGP has nobody to talk to."""
    if case.plugin is None or case.plugin.id != "calico":
        return
    kind = case.value("installation.cni.type")
    if kind != "Calico":
        path = "installation.cni.type"
        remedy = Remedy(variant="take", set={_at(path): "Calico"})
        yield found("BYO703", _at(path), remedy=remedy, value=str(kind))
    bgp = case.value("installation.calicoNetwork.bgp")
    if bgp == "Enabled":
        path = "installation.calicoNetwork.bgp"
        remedy = Remedy(variant="take", set={_at(path): "Disabled"})
        yield found("BYO703", _at(path), variant="bgp", remedy=remedy)


@rule("BYO704", "warning", source=sources.CILIUM)
def replicas(case: Case) -> Iterator[Finding]:
    """Replicas of the operator refuse to share a node, and Helm waits for all of them."""
    if case.plugin is None or case.plugin.id != "cilium" or not case.new:
        return
    wanted = case.value("operator.replicas")
    count = wanted if isinstance(wanted, int) and not isinstance(wanted, bool) else 2
    nodes = sum(pool.count for pool in case.plan.node_pools)
    if 0 < nodes < count:
        remedy = Remedy(variant="take", set={_at("operator.replicas"): nodes})
        yield found("BYO704", _at("operator.replicas"), remedy=remedy, value=count, nodes=nodes)


_TOLERATIONS: Final = {
    "cilium": "operator.tolerations",
    "calico": "installation.controlPlaneTolerations",
    "antrea": "controller.tolerations",
}


def _closed(pool: NodePool) -> bool:
    return any(taint.endswith((":NoSchedule", ":NoExecute")) for taint in pool.taints)


def _tolerates(entries: Any, taint: str) -> bool:
    key, _, rest = taint.partition("=") if "=" in taint else (taint.rpartition(":")[0], "", "")
    value = rest.rpartition(":")[0]
    effect = taint.rpartition(":")[2]
    for entry in entries if isinstance(entries, list) else ():
        if not isinstance(entry, dict) or entry.get("effect") not in (None, "", effect):
            continue
        if entry.get("operator") == "Exists" and entry.get("key") in (None, "", key):
            return True
        if (
            entry.get("operator") in (None, "Equal")
            and entry.get("key") == key
            and entry.get("value", "") == value
        ):
            return True
    return False


@rule("BYO705", "error", source=sources.SYSTEM_POOLS)
def tolerations(case: Case) -> Iterator[Finding]:
    """Where every node is tainted, the operator has to tolerate a taint, or nothing ever starts."""
    if case.plugin is None or not case.new or case.plugin.id not in _TOLERATIONS:
        return
    pools = [pool for pool in case.plan.node_pools if pool.count > 0 or pool.autoscale is not None]
    if not pools or not all(_closed(pool) for pool in pools):
        return
    path = _TOLERATIONS[case.plugin.id]
    entries = case.value(path)
    for pool in pools:
        closing = [taint for taint in pool.taints if taint.endswith((":NoSchedule", ":NoExecute"))]
        if all(_tolerates(entries, taint) for taint in closing):
            return
    remedy = Remedy(variant="take", set={_at(path): [{"operator": "Exists"}]})
    yield found(
        "BYO705", _at(path), related=("node_pools[0].taints",), remedy=remedy, plugin=case.plugin.name
    )


_PROXY: Final = {
    "cilium": ("kubeProxyReplacement", "k8sServiceHost"),
    "antrea": ("antreaProxy.proxyAll", "kubeAPIServerOverride"),
}


@rule("BYO706", "error", source=sources.CILIUM_KPR)
def proxy(case: Case) -> Iterator[Finding]:
    """The replacement makes the service addresses work, so it can't begin by using one."""
    paths = _PROXY.get(case.plugin.id) if case.plugin else None
    if paths is None:
        return
    switch, host = paths
    on = case.value(switch) in (True, "true", "strict")
    if on and not case.value(host):
        yield found("BYO706", _at(host), related=(_at(switch),), value=host, switch=switch)
    elif case.plan.cni.kube_proxy == "replace" and not on:
        remedy = Remedy(variant="take", set={_at(switch): True})
        yield found(
            "BYO706", _at(switch), variant="off", related=("cni.kube_proxy",), remedy=remedy, switch=switch
        )

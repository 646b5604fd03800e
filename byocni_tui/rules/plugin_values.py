"""BYO703–706, 719: the Helm values as they will be used, after ``cni.values`` has been merged over what is rendered."""

from collections.abc import Iterator
from typing import Any

from byocni_tui.plan.finding import Finding, Remedy
from byocni_tui.plan.model import NodePool
from byocni_tui.rules import sources
from byocni_tui.rules.case import Case
from byocni_tui.rules.registry import found, rule


def _at(path: str) -> str:
    return f"cni.values.{path}"


def _needed(case: Case, code: str) -> Iterator[Finding]:
    """Values that the plugin can't be without on AKS, as its data file has them."""
    for need in case.plugin.judged.needed if case.plugin else ():
        value = case.value(need.path)
        wrong = value in need.wrong if need.wrong else value != need.value
        if need.code == code and wrong:
            remedy = Remedy(variant="take", set={_at(need.path): need.value})
            yield found(
                code,
                _at(need.path),
                variant=need.variant,
                remedy=remedy,
                plugin=case.plugin.name if case.plugin else "",
                path=need.path,
                value=str(value),
                why=need.why,
            )


@rule("BYO703", "error", source=sources.CALICO)
def calico_mode(case: Case) -> Iterator[Finding]:
    """With provider AKS the operator takes Azure's own plugin unless told otherwise; BGP has nobody to talk to."""
    yield from _needed(case, "BYO703")


@rule("BYO719", "error", source=sources.BYO_CNI)
def needed(case: Case) -> Iterator[Finding]:
    """Any other value that a plugin's data file asks for."""
    yield from _needed(case, "BYO719")


@rule("BYO704", "warning", source=sources.CILIUM)
def replicas(case: Case) -> Iterator[Finding]:
    """Replicas of the operator refuse to share a node, and Helm waits for all of them."""
    judged = case.plugin.judged.replicas if case.plugin else None
    if judged is None or not case.new:
        return
    wanted = case.value(judged.path)
    count = wanted if isinstance(wanted, int) and not isinstance(wanted, bool) else judged.default
    nodes = sum(pool.count for pool in case.plan.node_pools)
    if 0 < nodes < count:
        remedy = Remedy(variant="take", set={_at(judged.path): nodes})
        yield found("BYO704", _at(judged.path), remedy=remedy, value=count, nodes=nodes)


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
    path = case.plugin.judged.tolerations if case.plugin else None
    if path is None or not case.new:
        return
    pools = [pool for pool in case.plan.node_pools if pool.count > 0 or pool.autoscale is not None]
    if not pools or not all(_closed(pool) for pool in pools):
        return
    entries = case.value(path)
    for pool in pools:
        closing = [taint for taint in pool.taints if taint.endswith((":NoSchedule", ":NoExecute"))]
        if all(_tolerates(entries, taint) for taint in closing):
            return
    remedy = Remedy(variant="take", set={_at(path): [{"operator": "Exists"}]})
    plugin = case.plugin.name if case.plugin else ""
    yield found("BYO705", _at(path), related=("node_pools[0].taints",), remedy=remedy, plugin=plugin)


@rule("BYO706", "error", source=sources.CILIUM_KPR)
def proxy(case: Case) -> Iterator[Finding]:
    """The replacement makes the service addresses work, so it can't begin by using one."""
    judged = case.plugin.judged.proxy if case.plugin else None
    if judged is None:
        return
    switch, host = judged.switch, judged.host
    on = case.value(switch) in (True, "true", "strict")
    if on and not case.value(host):
        yield found("BYO706", _at(host), related=(_at(switch),), value=host, switch=switch)
    elif case.plan.cni.kube_proxy == "replace" and not on:
        remedy = Remedy(variant="take", set={_at(switch): True})
        yield found(
            "BYO706", _at(switch), variant="off", related=("cni.kube_proxy",), remedy=remedy, switch=switch
        )

"""ResourceQuota: what objects cost, what there is room for, and what its status says."""

import math
from typing import TYPE_CHECKING, Any

from byocni_tui.sandbox.kube import human
from byocni_tui.sandbox.kube.kinds import Kind
from byocni_tui.sandbox.kube.status import forbidden
from byocni_tui.sandbox.kube.store import Store

if TYPE_CHECKING:
    from byocni_tui.sandbox.kube.cluster import KubeCluster

Object = dict[str, Any]


class Quotas:
    """Keeps the status of every quota in step with what is in its namespace."""

    def __init__(self, cluster: "KubeCluster") -> None:
        self.store = cluster.store
        self.store.subscribe(self._seen)

    def _seen(self, event: str, group_resource: str, obj: Object) -> None:
        ns = obj["metadata"].get("namespace", "")
        if group_resource == "resourcequotas":
            if event != "DELETED":
                self._count(ns, obj["metadata"]["name"])
        elif (
            ns
            and self.store.count("resourcequotas", ns)
            and (event != "MODIFIED" or group_resource == "pods")
        ):
            for entry in list(self.store.entries("resourcequotas", ns)):
                self._count(ns, entry.name)

    def _count(self, ns: str, name: str) -> None:
        quota = self.store.get("resourcequotas", ns, name)
        if quota is None:
            return
        hard = (quota.get("spec") or {}).get("hard") or {}
        kinds = [self.store.registry.stored(r) for r in self.store.resources() if self.store.count(r, ns)]
        present = used(self.store, kinds, ns, hard)
        quota["status"] = {"hard": hard, "used": {n: _amount(present[n], hard[n]) for n in sorted(hard)}}
        self.store.update("resourcequotas", quota, status=True)


def usage(kind: Kind, obj: Object) -> dict[str, float]:
    """What an object costs, by the names that a ResourceQuota uses."""
    out = {f"count/{kind.group_resource}": 1.0}
    if not kind.group:
        out[kind.resource] = 1.0
    if kind.storage == "pods":
        if obj.get("status", {}).get("phase") in ("Succeeded", "Failed"):
            return {f"count/{kind.group_resource}": 1.0}
        totals: dict[str, float] = {}
        for container in obj["spec"].get("containers") or ():
            resources = container.get("resources") or {}
            for part in ("requests", "limits"):
                for name, text in (resources.get(part) or {}).items():
                    totals[f"{part}.{name}"] = totals.get(f"{part}.{name}", 0.0) + (
                        human.quantity(text) or 0.0
                    )
        for name in ("cpu", "memory"):
            if f"requests.{name}" in totals:
                totals[name] = totals[f"requests.{name}"]
        out |= totals
    elif kind.storage == "services":
        type_key = {"LoadBalancer": "services.loadbalancers", "NodePort": "services.nodeports"}
        if obj["spec"].get("type") in type_key:
            out[type_key[obj["spec"]["type"]]] = 1.0
    elif kind.storage == "persistentvolumeclaims":
        asked = (obj["spec"].get("resources") or {}).get("requests") or {}
        out["requests.storage"] = human.quantity(asked.get("storage", 0)) or 0.0
    return out


def used(store: Store, kinds: list[Kind], ns: str, hard: dict[str, str]) -> dict[str, float]:
    """What a namespace uses of what a quota limits."""
    out = dict.fromkeys(hard, 0.0)
    for kind in kinds:
        wanted = (
            {f"count/{kind.group_resource}", kind.resource}
            if not kind.group
            else {f"count/{kind.group_resource}"}
        )
        heavy = kind.storage in ("pods", "services", "persistentvolumeclaims")
        if not heavy and not wanted & hard.keys():
            continue
        for obj in store.list(kind.storage, ns):
            for name, amount in usage(kind, obj).items():
                if name in out:
                    out[name] += amount
    return out


def admit(store: Store, kind: Kind, obj: Object) -> None:
    """Refuse with 403 what a ResourceQuota has no room for."""
    ns = obj["metadata"].get("namespace", "")
    for budget in store.list("resourcequotas", ns):
        hard = (budget.get("spec") or {}).get("hard") or {}
        asked = {name: amount for name, amount in usage(kind, obj).items() if name in hard}
        if kind.storage == "pods":
            needed = [
                n
                for n in hard
                if n.split(".")[0] in ("requests", "limits", "cpu", "memory") and n not in asked
            ]
            needed = [n for n in needed if n.split(".")[-1] in ("cpu", "memory")]
            if needed:
                why = f"failed quota: {budget['metadata']['name']}: must specify {_missing(obj, needed)}"
                raise forbidden(kind.resource, kind.group, obj["metadata"].get("name", ""), why)
        if not asked:
            continue
        present = used(store, [kind], ns, {name: hard[name] for name in asked})
        over = sorted(
            n for n, amount in asked.items() if present[n] + amount > (human.quantity(hard[n]) or math.inf)
        )
        if human_zero := [n for n in asked if human.quantity(hard[n]) == 0.0 and asked[n] > 0]:
            over = sorted({*over, *human_zero})
        if over:
            asks, uses, caps = (
                ",".join(f"{n}={_amount(source[n], hard[n])}" for n in over)
                for source in (asked, present, hard)
            )
            why = f"exceeded quota: {budget['metadata']['name']}, requested: {asks}, used: {uses}, limited: {caps}"
            raise forbidden(kind.resource, kind.group, obj["metadata"].get("name", ""), why)


def _amount(value: Any, like: str) -> str:
    return value if isinstance(value, str) else human.quantity_text(value, str(like).lstrip("0123456789."))


def _missing(obj: Object, needed: list[str]) -> str:
    containers = ",".join(c.get("name", "") for c in obj["spec"].get("containers") or ())
    return "; ".join(f"{name} for: {containers}" for name in sorted(needed))

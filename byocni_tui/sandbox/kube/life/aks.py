"""What AKS puts into a fresh cluster with network plugin none (fixtures/behaviours/aks)."""

from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from byocni_tui.sandbox.kube.life.behaviours import fill
from byocni_tui.sandbox.kube.life.engine import Life
from byocni_tui.sandbox.kube.life.objects import Obj, clone


@cache
def _content() -> list[Obj]:
    path = files("byocni_tui") / "fixtures" / "behaviours" / "aks" / "kube-system.yaml"
    return [d for d in yaml.safe_load_all(path.read_text(encoding="utf-8")) if d]


def furnish(life: Life) -> None:
    """Create the content of kube-system."""
    cluster = life.cluster
    minor = ".".join(cluster.version.split(".")[:2])
    china = cluster.location.startswith("china")
    context = {
        "registry": "mcr.azure.cn" if china else "mcr.microsoft.com",
        "version": cluster.version,
        "minor": minor,
        "dnsIP": cluster.dns_ip,
        "podCIDR": cluster.pod_cidr or "",
        "fqdn": cluster.fqdn,
        "coredns": {"1.36": "v1.14.3-11", "1.35": "v1.13.1-20"}.get(minor, "v1.12.1-25"),
    }
    without = set() if _kube_proxy(life) else {"kube-proxy"}
    lean = _lean(life)
    for document in _content():
        resource = document["resource"]
        for obj in document["objects"]:
            name = obj["metadata"]["name"]
            if name in without or (lean and resource == "daemonsets.apps" and name != "kube-proxy"):
                continue
            life.create(resource, fill(clone(obj), context))


def _lean(life: Life) -> bool:
    """Whether a scenario leaves AKS' own pods on the nodes out, kube-proxy excepted (``cloud_changes: {lean: true}``):
    of thousands of nodes each has five, and nothing in such a lesson is about them."""
    arm: Any = getattr(life.world, "parts", {}).get("arm")
    return arm is not None and bool(arm.data.get("lean"))


def _kube_proxy(life: Life) -> bool:
    """Whether the cluster was created with kube-proxy (``networkProfile.kubeProxyConfig.enabled``, default yes)."""
    arm: Any = getattr(life.world, "parts", {}).get("arm")
    record = arm.get(life.id) if arm is not None else None
    profile = ((record or {}).get("body", {}).get("properties") or {}).get("networkProfile") or {}
    return (profile.get("kubeProxyConfig") or {}).get("enabled") is not False

"""A plan as the Helm values of its plugin, and the chart they are for: what the data files say, filled in."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from byocni_tui.cni.catalogue import Catalogue, catalogue, default_version
from byocni_tui.cni.condition import ABSENT, fill, holds
from byocni_tui.cni.model import Plugin
from byocni_tui.plan.model import NodePool, Plan

API_PORT: Final = 443
_KEEPS_OUT: Final = (":NoSchedule", ":NoExecute")


class ChartRef(msgspec.Struct, frozen=True, kw_only=True):
    """What ``helm install`` needs. ``name`` is the chart's name in ``repo``, or, where ``repo`` is None, an OCI
    reference, a URL or a path; ``version`` is None where such a reference decides itself. ``crds``, when there, is
    rendered and applied server-side first."""

    name: str
    repo: str | None
    version: str | None
    namespace: str
    release: str
    create_namespace: bool = False
    crds: "ChartRef | None" = None


def plugin_of(plan: Plan, *, known: Catalogue | None = None) -> Plugin | None:
    """The plugin that the plan names, where the catalogue knows it."""
    return (known or catalogue()).plugin(plan.cni.plugin)


def version_of(plan: Plan, *, known: Catalogue | None = None) -> str | None:
    """The plugin's version: the plan's, else the default for the plan's Kubernetes version."""
    if plan.cni.version:
        return plan.cni.version.strip().removeprefix("v")
    found = plugin_of(plan, known=known)
    version = default_version(found, plan.cluster.kubernetes_version) if found else None
    return version.version if version else None


def pool_of(plan: Plan) -> str | None:
    """The range that the plugin is told to use; None: it is told nothing and takes its chart's default."""
    return plan.cni.pool or plan.network.pod_cidr


def node_mask_of(plan: Plan, *, known: Catalogue | None = None) -> int | None:
    """Prefix length of the plugin's blocks."""
    if plan.cni.node_mask is not None:
        return plan.cni.node_mask
    found = plugin_of(plan, known=known)
    return found.ipam.block if found else None


def _closed(pool: NodePool) -> bool:
    return any(taint.endswith(_KEEPS_OUT) for taint in pool.taints)


def facts_of(
    plan: Plan,
    *,
    api_server: str | None = None,
    node_count: int | None = None,
    known: Catalogue | None = None,
) -> dict[str, Any]:
    """What data files can ask for by name: conditions and templates see nothing else."""
    cni = plan.cni
    nodes = sum(pool.count for pool in plan.node_pools) if node_count is None else node_count
    # The cluster starts with its system pools: what must run first has to fit there, whatever pools follow.
    first = [pool for pool in plan.node_pools if pool.mode.lower() == "system"] or plan.node_pools
    return {
        "version": version_of(plan, known=known),
        "kubernetes": plan.cluster.kubernetes_version,
        "cloud": plan.cloud,
        "pool": pool_of(plan),
        "service_cidr": plan.network.service_cidr,
        "node_mask": node_mask_of(plan, known=known),
        "encapsulation": cni.encapsulation,
        "vxlan": cni.encapsulation == "vxlan",
        "mtu": None if cni.mtu == "auto" else cni.mtu,
        "encryption": cni.encryption,
        "kube_proxy": cni.kube_proxy,
        "observability": cni.observability,
        "registry": cni.registry.strip().removeprefix("https://").rstrip("/") if cni.registry else None,
        "api_host": api_server,
        "api_port": API_PORT if api_server else None,
        "nodes": nodes,
        "replicas": max(1, min(2, nodes)),
        "all_tainted": bool(first) and all(_closed(pool) for pool in first),
    }


def merge(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """``over`` merged into ``base`` as Helm does it: maps deeply, everything else replaced."""
    result = dict(base)
    for key, value in over.items():
        old = result.get(key)
        both = isinstance(old, Mapping) and isinstance(value, Mapping)
        result[key] = merge(old, value) if both else value  # type: ignore[arg-type]
    return result


def render(
    plan: Plan,
    *,
    api_server: str | None = None,
    node_count: int | None = None,
    known: Catalogue | None = None,
) -> dict[str, Any]:
    """The final Helm values: what the catalogue says for this plan, with ``cni.values`` merged over it.

    ``api_server`` is the host name of the API server where it is known (needed when kube-proxy is replaced),
    ``node_count`` the real number of nodes. An unknown plugin, and ``manual``, render the plan's own values only.
    """
    found = plugin_of(plan, known=known)
    facts = facts_of(plan, api_server=api_server, node_count=node_count, known=known)
    values: dict[str, Any] = {}
    for rule in found.values if found else ():
        if holds(rule.when, facts):
            piece = fill(rule.set, facts)
            if piece is not ABSENT:
                values = merge(values, piece)
    return merge(values, plan.cni.values)


def chart_of(plan: Plan, *, known: Catalogue | None = None) -> ChartRef | None:
    """The chart to install, or None where there is none (``manual``, unknown and refused plugins)."""
    found = plugin_of(plan, known=known)
    if found is None or found.chart is None or not found.offered:
        return None
    chart, version = found.chart, version_of(plan, known=known)
    version = f"{chart.version_prefix}{version}" if version else None
    name, repo = chart.name, chart.repository
    custom = (plan.cni.chart or "").strip()
    crds = chart.crds
    ref = ChartRef(
        name=name,
        repo=repo,
        version=version,
        namespace=chart.namespace,
        release=chart.release,
        create_namespace=chart.create_namespace,
    )
    if custom.startswith(("http://", "https://")) and not custom.endswith(".tgz"):
        ref = msgspec.structs.replace(ref, repo=custom)
    elif custom.startswith("oci://"):
        ref = msgspec.structs.replace(ref, name=custom, repo=None)
    elif custom:
        # A path or an archive is one version already.
        ref = msgspec.structs.replace(ref, name=custom, repo=None, version=plan.cni.version)
    if crds is not None and holds(crds.when, facts_of(plan, known=known)):
        source = ref.repo or chart.repository
        separate = msgspec.structs.replace(
            ref, name=crds.name, repo=source, version=version, release=crds.release, create_namespace=False
        )
        ref = msgspec.structs.replace(ref, crds=separate)
    return ref


def installs_nothing(plan: Plan) -> bool:
    """Whether the plan leaves the installation to a person: a plugin on offer that has no chart."""
    found = plugin_of(plan)
    return found is not None and found.offered and found.chart is None

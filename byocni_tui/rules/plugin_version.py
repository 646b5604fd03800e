"""BYO707, 710, 712, 715–717: which plugin, and which version of it."""

import difflib
from collections.abc import Iterator
from typing import Any

from byocni_tui.cni.catalogue import default_version, find_version, minor_in, plugin, plugins, version_key
from byocni_tui.cni.model import Plugin
from byocni_tui.plan.finding import Finding, Remedy
from byocni_tui.rules import sources
from byocni_tui.rules.case import Case
from byocni_tui.rules.registry import found, rule


@rule("BYO707", "warning", source=sources.VERSIONS)
def untested(case: Case) -> Iterator[Finding]:
    """Out of the range that the makers tested: it may work."""
    kubernetes = case.kubernetes
    if not kubernetes or case.plugin is None or not case.version:
        return
    version = find_version(case.plugin, case.version)
    span = version.kubernetes if version else None
    if span is None or minor_in(kubernetes, span.min, span.max):
        return
    better = default_version(case.plugin, kubernetes)
    fits = (
        better is not None
        and better.kubernetes
        and minor_in(kubernetes, better.kubernetes.min, better.kubernetes.max)
    )
    remedy = Remedy(variant="take", set={"cni.version": better.version}) if better and fits else None
    if remedy is None and case.new and not case.plan.cni.version:
        # No version was tested with it: the end of the range that is nearer.
        low = version_key(kubernetes) < version_key(span.min)
        ends = [
            item.kubernetes
            for item in case.plugin.versions
            if item.kubernetes and item.default_for and not item.eol
        ]
        oldest = min((item.min for item in ends), key=version_key, default="")
        newest = max((item.max or "" for item in ends), key=version_key, default="")
        nearest = oldest if low else newest
        remedy = Remedy(variant="nearest", set={"cluster.kubernetes_version": nearest}) if nearest else None
    yield found(
        "BYO707",
        "cni.version",
        related=("cluster.kubernetes_version",),
        remedy=remedy,
        plugin=case.plugin.name,
        version=case.version,
        kubernetes=kubernetes,
        low=span.min,
        high=span.max or "…",
    )


def _refusal(case: Case, code: str) -> Iterator[Finding]:
    """A plugin that the catalogue knows, and does not offer for a reason of its own."""
    known = plugin(case.plan.cni.plugin)
    if known and known.refused and known.refused.code == code:
        remedy = Remedy(variant="take", set={"cni.plugin": "cilium"})
        yield found(
            code,
            "cni.plugin",
            variant="refused",
            remedy=remedy,
            plugin=known.name,
            reason=known.refused.reason,
        )


@rule("BYO710", "error", source=sources.BYO_CNI)
def needs_pod_cidr(case: Case) -> Iterator[Finding]:
    """AKS leaves ``node.spec.podCIDR`` empty in this mode."""
    yield from _refusal(case, "BYO710")


def _today(case: Case) -> str:
    """The day that the facts are of; without facts the newest release that the catalogue knows. Rules read no clock."""
    if case.facts.collected_at:
        return case.facts.collected_at[:10]
    return max((version.released or "" for known in plugins() for version in known.versions), default="")


@rule("BYO712", "error", "warning", source=sources.SUPPORT)
def given_up(case: Case) -> Iterator[Finding]:
    """Nobody mends it any more, or nobody tests it on Azure."""
    yield from _refusal(case, "BYO712")
    version = find_version(case.plugin, case.version) if case.plugin and case.version else None
    if version is None or case.plugin is None:
        return
    values: dict[str, Any] = {"plugin": case.plugin.name, "version": version.version}
    if version.eol and version.eol <= _today(case):
        yield found(
            "BYO712",
            "cni.version",
            severity="warning",
            variant="eol",
            remedy=_maintained(case, case.plugin),
            date=version.eol,
            **values,
        )
    elif not version.azure_tested:
        yield found("BYO712", "cni.plugin", severity="warning", variant="untested", **values)


def _maintained(case: Case, of: Plugin) -> Remedy | None:
    """A version that is looked after and runs with the plan's Kubernetes; else the nearest Kubernetes version with
    which one does."""
    alive = [version for version in of.versions if not version.eol and version.azure_tested]
    fitting = next((version for version in alive if _runs(version.kubernetes, case)), None)
    if fitting:
        return Remedy(variant="take", set={"cni.version": fitting.version})
    tested = [version for version in alive if version.kubernetes]
    if not tested or not case.new:
        return None
    nearest = min(
        tested, key=lambda version: version_key(version.kubernetes.min if version.kubernetes else "")
    )
    assert nearest.kubernetes is not None, "only those that name a range are looked at"
    changes: dict[str, Any] = {"cluster.kubernetes_version": nearest.kubernetes.min}
    if case.plan.cni.version:
        changes["cni.version"] = nearest.version
    return Remedy(variant="take", set=changes)


def _runs(span: Any, case: Case) -> bool:
    kubernetes = case.kubernetes
    return not kubernetes or span is None or minor_in(kubernetes, span.min, span.max)


@rule("BYO715", "error", source=sources.BYO_CNI)
def unknown(case: Case) -> Iterator[Finding]:
    """No such plugin, or no such version of it."""
    cni = case.plan.cni
    if not cni.plugin.strip():
        return
    known = plugin(cni.plugin)
    if known is None:
        ids = [item.id for item in plugins() if item.offered]
        near = difflib.get_close_matches(cni.plugin.lower(), [item.id for item in plugins()], n=1)
        offered = near[0] if near and near[0] in ids else ids[0]
        remedy = Remedy(variant="take", set={"cni.plugin": offered})
        yield found("BYO715", "cni.plugin", remedy=remedy, value=cni.plugin, known=ids)
    elif (
        known.offered
        and known.versions
        and cni.version
        and not cni.chart
        and not find_version(known, cni.version)
    ):
        versions = [version.version for version in known.versions]
        line = version_key(cni.version)[:2]
        default = default_version(known, case.kubernetes)
        same = next((item for item in versions if version_key(item)[:2] == line), None)
        remedy = Remedy(variant="take", set={"cni.version": same or (default.version if default else None)})
        yield found(
            "BYO715",
            "cni.version",
            variant="version",
            remedy=remedy,
            plugin=known.name,
            value=cni.version,
            known=versions,
        )


@rule("BYO716", "warning", source=sources.AUTO_REPAIR)
def by_hand(case: Case) -> Iterator[Finding]:
    """Five minutes after a node is there, auto-repair begins."""
    if case.plan.cni.plugin == "manual":
        yield found("BYO716", "cni.plugin")


@rule("BYO717", "error", source=sources.BYO_CNI)
def not_offered(case: Case) -> Iterator[Finding]:
    """Known, and not offered for a reason of its own."""
    yield from _refusal(case, "BYO717")

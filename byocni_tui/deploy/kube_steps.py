"""The steps on the cluster: nodes without a CNI, the CNI, nodes with one."""

import asyncio
import shlex
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final

import yaml

from byocni_tui.cni import values as cni_values
from byocni_tui.cni.catalogue import catalogue
from byocni_tui.cni.model import Plugin
from byocni_tui.cni.values import ChartRef
from byocni_tui.deploy.cluster_steps import api_server
from byocni_tui.deploy.failure import StepError
from byocni_tui.deploy.nodes import KNOWN_AGENTS, NOT_INITIALIZED, NodeState, node_state
from byocni_tui.deploy.observations import before_cni
from byocni_tui.deploy.work import Outcome, Work
from byocni_tui.errors import UserError
from byocni_tui.providers.errors import ProviderError
from byocni_tui.providers.protocols import Json, KubernetesProvider

REGISTER_LIMIT: Final = 900.0
STAGGER_LIMIT: Final = 120.0
"""How long to wait for the other nodes once the first is there: auto-repair starts after five minutes of NotReady."""
READY_LIMIT: Final = 1200.0


async def watch_nodes(kube: KubernetesProvider) -> AsyncIterator[dict[str, Json]]:
    """All nodes by name, once after the list and again with each change."""
    nodes: dict[str, Json] = {}
    complete = False
    async for kind, obj in kube.watch("/api/v1/nodes"):
        if kind == "SYNCED":
            complete = True
        elif kind == "DELETED":
            nodes.pop(obj["metadata"]["name"], None)
        else:
            nodes[obj["metadata"]["name"]] = obj
        if complete:
            yield nodes


def expected_nodes(cluster: Json, planned: int) -> int:
    """How many nodes Azure says there are (autoscaled pools move)."""
    pools = (cluster.get("properties") or {}).get("agentPoolProfiles") or ()
    return sum(int(pool.get("count") or 0) for pool in pools) or planned


async def nodes_not_ready(work: Work) -> Outcome:
    """Wait for the nodes to register. NotReady is what they must be now."""
    wanted = expected_nodes(work.cluster, sum(pool.count for pool in work.plan.node_pools))
    nodes: dict[str, Json] = {}
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(work.patience(REGISTER_LIMIT)) as limit:
            said = -1
            async for nodes in watch_nodes(work.kube):
                if len(nodes) != said:
                    if said <= 0 < len(nodes):
                        limit.reschedule(loop.time() + work.patience(STAGGER_LIMIT))
                    said = len(nodes)
                    work.say(
                        work.text("nodes.registered", count=said, wanted=wanted),
                        min(1.0, said / max(1, wanted)),
                        None,
                    )
                if len(nodes) >= wanted:
                    break
    except TimeoutError:
        if not nodes:
            raise StepError("no_nodes", wanted=wanted) from None
    states = [node_state(node) for node in nodes.values()]
    waiting = [state for state in states if not state.ready]
    if not waiting:
        return Outcome(work.text("nodes.already_ready", count=len(states)), detail=_table(states))
    message = next((state.message for state in waiting if state.message), NOT_INITIALIZED)
    detail = {**_table(states), "observed": await before_cni(work, list(nodes.values()))}
    return Outcome(work.text("nodes.not_ready", count=len(waiting), message=message), detail=detail)


def _table(states: list[NodeState]) -> dict[str, Any]:
    rows = [{"name": state.name, "ready": state.ready, "message": state.message} for state in states[:50]]
    return {"nodes": rows, "count": len(states), "ready": sum(state.ready for state in states)}


async def other_cni(work: Work, mine: Plugin | None) -> str | None:
    """The name of a DaemonSet that brings another CNI, or None."""
    allowed = {workload.name for workload in mine.workloads} if mine else set()
    for item in await work.kube.items("/apis/apps/v1/daemonsets"):
        name = str(item["metadata"]["name"])
        if name in KNOWN_AGENTS and name not in allowed:
            return name
    return None


async def cni(work: Work) -> Outcome:
    """Render the values with what is known now, write them down, install the chart."""
    plan = work.plan
    plugin = catalogue().plugin(plan.cni.plugin)
    chart = cni_values.chart_of(plan)
    if chart is None:
        return Outcome(work.text("cni.manual", kubeconfig=str(work.kubeconfig)), "skipped")
    if other := await other_cni(work, plugin):
        raise StepError("other_cni", other, name=other)
    release = f"helm/{chart.namespace}/{chart.release}"
    nodes = await work.kube.items("/api/v1/nodes")
    ready = bool(nodes) and all(node_state(node).ready for node in nodes)
    status = await release_status(work, chart.release, chart.namespace)
    if ready and status == "deployed" and work.journal.state_of(release) is None:
        # Somebody else's, with values of his own, and it works: it is used as it is.
        work.journal.note(release, "helm-release", "adopted", "cni")
        return Outcome(work.text("cni.used", release=chart.release, chart=chart.name))
    values = cni_values.render(plan, api_server=api_server(work.cluster), node_count=len(nodes))
    path = work.journal.folder / "values.yaml"
    path.write_text(yaml.safe_dump(values, sort_keys=False, allow_unicode=True), encoding="utf-8")
    path.chmod(0o600)
    chart = work.chart_source(chart)
    helm = work.helm_client
    if chart.crds is not None:
        crds = work.chart_source(chart.crds)
        work.say(work.text("cni.crds", chart=crds.name), None, None)
        empty = work.journal.folder / "values-crds.yaml"
        empty.write_text("{}\n", encoding="utf-8")
        await helm.install(crds.release, crds.namespace, crds.name, crds.repo, crds.version, empty)
    work.say(
        work.text("cni.installing", chart=chart.name, version=chart.version or ""),
        None,
        {"values": str(path)},
    )
    if work.journal.state_of(release) is None:
        work.journal.note(release, "helm-release", "planned", "cni")
    try:
        await helm.install(
            chart.release, chart.namespace, chart.name, chart.repo, chart.version, path, status=status
        )
    except UserError as error:
        if error.key != "no_helm":
            raise
        raise StepError("no_helm", "", command=by_hand(work, chart, path), **error.values) from error
    work.journal.note(release, "helm-release", "made", "cni")
    detail = {"chart": chart.name, "repo": chart.repo, "version": chart.version, "values": str(path)}
    return Outcome(work.text("cni.installed", chart=chart.name, version=chart.version or ""), detail=detail)


async def release_status(work: Work, name: str, namespace: str) -> str | None:
    """What Helm's own records say of a release, '' where there is none; None where they can't be read. They are Secrets
    whose labels say it all: starting helm for that takes as long as installing."""
    query = {"labelSelector": f"owner=helm,name={name}"}
    try:
        found = await work.kube.labels(f"/api/v1/namespaces/{namespace}/secrets", query)
    except ProviderError:
        return None
    latest = max(found, key=lambda labels: int(labels.get("version") or 0), default={})
    return str(latest.get("status", ""))


def by_hand(work: Work, chart: ChartRef, values: Path) -> str:
    """What to type where there is no helm here: on this machine or on another one that has the two files."""
    words = [
        "helm", "upgrade", "--install", chart.release, chart.name, "--namespace", chart.namespace,
        "--create-namespace", "--values", str(values), "--kubeconfig", str(work.kubeconfig),
    ]  # fmt: skip
    words += ["--repo", chart.repo] if chart.repo else []
    words += ["--version", chart.version] if chart.version else []
    return shlex.join(words)


async def nodes_ready(work: Work) -> Outcome:
    """Wait until every node is Ready, telling how many are."""
    states: list[NodeState] = []
    wanted = expected_nodes(work.cluster, sum(pool.count for pool in work.plan.node_pools))
    try:
        async with asyncio.timeout(work.patience(READY_LIMIT)):
            said = -1
            async for nodes in watch_nodes(work.kube):
                states = [node_state(node) for node in nodes.values()]
                ready = sum(state.ready for state in states)
                if ready != said:
                    said = ready
                    total = max(wanted, len(states))
                    work.say(
                        work.text("nodes.ready_so_far", ready=ready, count=total), ready / max(1, total), None
                    )
                if states and ready == len(states) and len(states) >= wanted:
                    break
    except TimeoutError:
        waiting = [state for state in states if not state.ready]
        raise StepError(
            "nodes_stay_not_ready",
            waiting[0].message if waiting else "",
            count=len(waiting) or wanted - len(states),
            total=max(wanted, len(states)),
        ) from None
    return Outcome(work.text("nodes.all_ready", count=len(states)), detail=_table(states))

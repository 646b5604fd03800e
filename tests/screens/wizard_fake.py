"""A small world for the screens: the real plan, rules and previews, and a run whose events come from a list."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from byocni_tui.clock import SteppedClock
from byocni_tui.deploy.event import Event, timestamp
from byocni_tui.deploy.nodes import NodeState
from byocni_tui.locale import Translator
from byocni_tui.plan.facts import Facts
from byocni_tui.plan.finding import Finding
from byocni_tui.plan.model import Plan

START = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
RUN = "20261123-100000-ab12"
LOCATIONS = [
    {"name": name, "displayName": shown, "metadata": {"regionType": "Physical"}}
    for name, shown in (
        ("chinaeast2", "China East 2"), ("chinaeast3", "China East 3"), ("chinanorth2", "China North 2"),
        ("chinanorth3", "China North 3"),
    )
]  # fmt: skip
CLUSTERS = [
    {
        "id": "/subscriptions/26fe00f8-9173-4872-9134-bb1d2e00343a/resourcegroups/old-group/providers"
        "/Microsoft.ContainerService/managedClusters/old-cluster",
        "name": "old-cluster",
        "location": "chinaeast2",
        "properties": {"networkProfile": {"networkPlugin": "none", "podCidr": "10.244.0.0/16"}},
    }
]
DIAGNOSIS = {
    "nodes": [
        {"name": "aks-nodepool1-12345678-vmss000000", "ready": False, "stage": "kubelet",
         "message": "container runtime network not ready: cni plugin not initialized"},
        {"name": "aks-nodepool1-12345678-vmss000001", "ready": True, "stage": "ready", "message": ""},
    ],
    "causes": [
        {"code": "BYO801", "object": "cluster", "message": "No CNI plugin is installed.",
         "evidence": "no DaemonSet", "remedy": "Install one."}
    ],
    "not_seen": [],
}  # fmt: skip
SCRIPT: tuple[tuple[str, float, str], ...] = (
    ("preflight", 4, "Nothing stands in the way"), ("resource-group", 2, "Resource group myResourceGroup"),
    ("cluster", 282, "Cluster myAKSCluster is there"), ("read-back", 1, "The network plugin is none"),
    ("credentials", 1, "Credentials of the cluster"), ("nodes-not-ready", 12, "3 nodes are NotReady, as expected"),
    ("cni", 20, "Cilium 1.19.9 installed"), ("nodes-ready", 41, "3 of 3 nodes are Ready"),
    ("verify", 33, "All checks passed"),
)  # fmt: skip


def nodes(count: int, stage: str) -> tuple[NodeState, ...]:
    """``count`` nodes at one stage."""
    return tuple(
        NodeState(
            name=f"aks-nodepool1-12345678-vmss{index:06x}", pool="nodepool1", ready=stage == "ready",
            stage=stage, created="2026-11-23T10:04:40Z",
        )
        for index in range(count)
    )  # fmt: skip


class FakeContext:
    """Fits ``screens.port.WizardContext``; ``fail_at`` names a step that fails once."""

    def __init__(
        self, plan: Plan | None = None, lang: str = "en", *, fail_at: str = "", mode: str = "simulated"
    ) -> None:
        self.plan = plan or Plan(
            cloud="AzureChinaCloud", subscription="26fe00f8-9173-4872-9134-bb1d2e00343a", region="chinanorth3"
        )
        self.tr = Translator(lang)
        self.clock = SteppedClock(START)
        self.mode = mode
        self.facts: Facts | None = None
        self.fail_at = fail_at
        self.closed = False
        self.calls: list[str] = []
        self.hold = asyncio.Event()
        self.hold.set()
        self.all_ready = asyncio.Event()
        self.cancelled = False
        self.cannot_cancel = False
        self.lesson: Any = None

    def findings(self) -> Any:
        from byocni_tui.rules import check

        return check(self.plan, self.facts)

    def commands(self) -> list[str]:
        from byocni_tui.export.preview import commands

        return commands(self.plan, self.tr)

    def open_journal(self) -> None:
        self.calls.append("journal")

    async def start(self) -> None:
        self.calls.append("start")

    def tongues(self) -> dict[str, str]:
        from byocni_tui.export.tongues import TONGUES

        return dict(TONGUES)

    def export(self, tongue: str) -> str:
        from byocni_tui.export.tongues import render

        return render(tongue, self.plan, self.tr)

    def forget_facts(self) -> None:
        self.calls.append("forget")

    async def mend(self, finding: Finding) -> None:
        self.calls.append(f"mend {finding.code}")
        if self.facts is not None:
            import msgspec

            self.facts = msgspec.structs.replace(self.facts, providers=())

    async def diagnose(self, kubeconfig: Path | None = None) -> dict[str, Any]:
        self.calls.append("diagnose")
        return DIAGNOSIS

    async def sign_in(self, method: str) -> None:
        self.calls.append(f"sign_in {method}")

    async def cancel(self) -> None:
        self.calls.append("cancel")
        if self.cannot_cancel:
            raise RuntimeError("nothing is going on there")
        self.cancelled = True
        self.hold.set()

    def doomed(self) -> list[str]:
        return [CLUSTERS[0]["id"]] if "deploy" in self.calls else []

    async def clean_up(self) -> AsyncIterator[tuple[str, str, str]]:
        self.calls.append("clean_up")
        yield CLUSTERS[0]["id"], "removed", ""

    async def account(self) -> dict[str, Any]:
        return {"id": "1", "type": "user", "name": "learner@example.com", "tenant": "t"}

    async def subscriptions(self) -> list[dict[str, Any]]:
        return [
            {"subscriptionId": "26fe00f8-9173-4872-9134-bb1d2e00343a", "displayName": "Lab"},
            {"subscriptionId": "11111111-9173-4872-9134-bb1d2e00343a", "displayName": "Production"},
        ]

    async def collect(self, *keys: str) -> Facts:
        self.calls.append("collect")
        self.facts = Facts(cloud=self.plan.cloud, locations=LOCATIONS, managed_clusters=CLUSTERS)
        return self.facts

    async def preflight(self) -> AsyncIterator[Event]:
        for message in ("Signed in", "Quota", "Versions"):
            yield self._event("preflight", "running", message)
        yield self._event("preflight", "done", "Nothing stands in the way")

    def _event(
        self, step: str, status: str, message: str = "", detail: dict[str, Any] | None = None
    ) -> Event:
        return Event(
            time=timestamp(self.clock.now()),
            run=RUN,
            step=step,
            status=status,
            message=message,
            detail=detail,
        )

    def _script(self) -> Sequence[tuple[str, float, str]]:
        return SCRIPT

    async def deploy(self) -> AsyncIterator[Event]:
        self.calls.append("deploy")
        for step, seconds, message in self._script():
            yield self._event(step, "running", message)
            await self.hold.wait()
            self.clock.step(seconds)
            if self.cancelled:
                self.cancelled = False
                yield self._event(step, "failed", "The operation was cancelled", {"code": "Canceled"})
                yield self._event("run", "failed", "Stopped", {"exit_code": 1})
                return
            if step == self.fail_at:
                self.fail_at = ""
                detail = {
                    "code": "QuotaExceeded",
                    "original": "Operation could not be completed as it results in exceeding quota",
                    "remedy": "Ask for more cores or take a smaller size", "field": "node_pools[0].vm_size",
                }  # fmt: skip
                yield self._event(step, "failed", "The quota of this VM family is used up", detail)
                yield self._event("run", "failed", "Stopped at the cluster", {"exit_code": 1})
                return
            if step == "nodes-ready":
                self.all_ready.set()
            yield self._event(step, "done", message)
        yield self._event("run", "done", "Cluster myAKSCluster is Ready", {"exit_code": 0})

    async def nodes(self) -> AsyncIterator[tuple[NodeState, ...]]:
        yield nodes(3, "kubelet")
        await self.all_ready.wait()
        yield nodes(3, "ready")
        await asyncio.Event().wait()

    def later(self, seconds: float) -> None:
        self.clock.step(seconds)

    async def close(self) -> None:
        self.closed = True


def ready_plan() -> Plan:
    """A plan in which nothing blocks."""
    import msgspec

    from byocni_tui.plan.model import Cluster, ResourceGroup

    return msgspec.structs.replace(
        FakeContext().plan, resource_group=ResourceGroup(name="myResourceGroup"),
        cluster=Cluster(name="myAKSCluster"), accept=("BYO709",), acknowledge_support_boundary=True,
    )  # fmt: skip


__all__ = ["FakeContext", "nodes", "ready_plan", "timedelta"]

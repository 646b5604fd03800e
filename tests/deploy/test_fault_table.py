"""Every call that a run makes fails in every way: the run ends Ready, or says what to do and can be resumed.

The clients are the live ones, pointed at a sandbox through a middlebox that spoils their requests on the wire.
"""

import math
import os
import random
from collections import Counter
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pytest
from middlebox import FAULTS, Middlebox

from byocni_tui.context import Context
from byocni_tui.deploy.event import Event
from byocni_tui.deploy.journal import Journal
from byocni_tui.files import load_plan
from byocni_tui.plan.model import Identity, Network, Plan, Subnet, Vnet
from byocni_tui.providers import azure, helm, kube
from byocni_tui.providers.azure import ArmSettings
from byocni_tui.sandbox import launcher
from byocni_tui.sandbox.endpoints import Endpoints

AKS = "providers/Microsoft.ContainerService"
ARM = (
    "GET /S/resourcegroups",
    f"GET /S/{AKS}/managedClusters",
    f"GET /S/{AKS}",
    "GET /S/providers/Microsoft.Network",
    "GET /S/providers/Microsoft.Compute",
    "GET /S/providers/Microsoft.ManagedIdentity",
    "GET /S/providers/Microsoft.Authorization/permissions",
    "PUT /S/G",
    f"GET /S/G/{AKS}/C",
    f"PUT /S/G/{AKS}/C",
    f"POST /S/G/{AKS}/C/listClusterUserCredential",
)
POLLS = (f"GET /S/{AKS}/L/operations/ID",)
CLUSTER = (
    "helm",
    "GET /api/v1/nodes",
    "GET /api/v1/nodes watch",
    "GET /apis/apps/v1/daemonsets",
    "GET /api/v1/namespaces/kube-system/secrets",
    "GET /api/v1/namespaces/kube-system/pods",
    "GET /api/v1/namespaces/kube-system/pods watch",
    "GET /api/v1/pods",
    "GET /api/v1/namespaces",
    "POST /api/v1/namespaces",
    "POST /api/v1/namespaces/NS/configmaps",
    "POST /api/v1/namespaces/NS/pods",
    "POST /api/v1/namespaces/NS/services",
    "GET /api/v1/namespaces/NS/pods",
    "GET /api/v1/namespaces/NS/pods watch",
    "POST /apis/batch/v1/namespaces/NS/jobs",
    "GET /apis/batch/v1/namespaces/NS/jobs",
    "GET /apis/batch/v1/namespaces/NS/jobs watch",
    "POST /apis/networking.k8s.io/v1/namespaces/NS/networkpolicies",
    "GET /api/v1/namespaces/NS/pods/server-a/log",
    "DELETE /api/v1/namespaces/NS",
)
NET = "GET /S/providers/Microsoft.Network"
OWN_IDENTITY = "/S/G/providers/Microsoft.ManagedIdentity/userAssignedIdentities/own"
OWN_NETWORK = "/S/G/providers/Microsoft.Network/virtualNetworks/net"
OWN = (
    f"{NET}/virtualNetworks",
    f"{NET}/networkSecurityGroups",
    f"{NET}/routeTables",
    f"{NET}/natGateways",
    f"GET {OWN_IDENTITY}",
    f"PUT {OWN_IDENTITY}",
    f"GET {OWN_NETWORK}/subnets/nodes",
    f"GET {OWN_NETWORK}",
    f"PUT {OWN_NETWORK}",
    "GET /S/providers/Microsoft.Network/L/operations/ID",
    f"PUT {OWN_NETWORK}/subnets/nodes/providers/Microsoft.Authorization/roleAssignments/ID",
)
"""What a network and an identity of one's own add."""

TABLE = [(call, fault) for call in (*ARM, *POLLS, *CLUSTER) for fault in FAULTS]
OWN_TABLE = [(call, fault) for call in OWN for fault in FAULTS]
_SEED = random.Random(int(os.environ.get("BYOCNI_SEED", "5")))
SAMPLE = frozenset((*_SEED.sample(TABLE, 7), *_SEED.sample(OWN_TABLE, 1)))

_HASTE = 2.5
"""Seconds that a call may take where calls are left without an answer."""


class Stage:
    """A sandbox as if it were Azure, and the middlebox before it."""

    def __init__(self, box: Middlebox, world: Endpoints, plan: Plan, patch: pytest.MonkeyPatch) -> None:
        self.box, self.world, self.plan, self._patch = box, world, plan, patch

    def hasty(self) -> None:
        """Little patience, for what will never answer. Everything else gets the time that a busy machine needs."""
        self._patch.setattr(azure, "ArmSettings", partial(ArmSettings, timeout=_HASTE, retries=1))
        self._patch.setattr(kube, "_LIMIT", _HASTE)
        self._patch.setattr(helm, "_LIMIT", 20.0)

    async def session(self, context: Context) -> list[Event]:
        try:
            return [event async for event in context.deploy()]
        finally:
            await context.close()

    def made(self) -> Counter[str]:
        """What the service has made, by name: one entry for each PUT that was answered 201."""
        acts: Any = launcher.control(self.world, "acts?plane=arm&mutates=1")
        return Counter(
            act["name"] for act in acts["acts"] if act["verb"] == "put" and act.get("status") == 201
        )


@pytest.fixture
async def stage(tmp_path: Path, answers: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Stage]:
    world = launcher.start("article", speed=math.inf, state_dir=tmp_path / "world", idle_seconds=300)
    box = Middlebox(world)
    base = await box.start()
    box.authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    for name, value in {
        "BYOCNI_STATE_HOME": str(tmp_path / "state"),
        "BYOCNI_CLOUD_METADATA": base,
        "BYOCNI_ALLOW_SANDBOX": "1",
        "REQUESTS_CA_BUNDLE": str(tmp_path / "ca.pem"),
        "IDENTITY_ENDPOINT": world.identity_url,
        "IDENTITY_HEADER": world.identity_header,
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(azure, "ArmSettings", partial(ArmSettings, retries=1))
    monkeypatch.setattr(kube, "_AGAIN", (0.05,))
    plan = load_plan(answers)
    plan = msgspec.structs.replace(plan, cni=msgspec.structs.replace(plan.cni, chart=world.charts_url))
    yield Stage(box, world, plan, monkeypatch)
    await box.close()
    launcher.stop(world)


async def test_a_run_makes_no_more_calls_than_it_may_and_none_that_the_table_lacks(stage: Stage) -> None:
    events = await stage.session(Context.live(stage.plan))
    assert events[-1].status == "done", events[-3:]
    seen = Counter(stage.box.seen)
    known = {*ARM, *POLLS, *CLUSTER, "GET /metadata/endpoints"}
    assert set(seen) <= known, set(seen) - known
    calls = {call: count for call, count in seen.items() if call in ARM}
    assert sum(calls.values()) <= 12, calls
    once = [call for call in ARM if call != f"GET /S/G/{AKS}/C"]
    assert all(calls[call] == 1 for call in once), "no fact is read twice"


def cases(table: list[tuple[str, str]]) -> list[Any]:
    return [pytest.param(*case, marks=() if case in SAMPLE else pytest.mark.torture) for case in table]


async def spoiled(stage: Stage, call: str, fault: str) -> Counter[str]:
    """A run in which the call fails; Ready at last. What its journal says was made."""
    if fault == "time-out":
        stage.hasty()
    stage.box.spoil(lambda shape: shape == call, fault, 4)
    events = await stage.session(Context.live(stage.plan))
    last = events[-1]
    assert last.step == "run"
    if last.status != "done":
        failed = next(event for event in events if event.status == "failed")
        detail = failed.detail or {}
        assert failed.message
        assert detail.get("remedy"), (failed, detail)
        assert detail["original"], detail
        assert (last.detail or {})["exit_code"] in (1, 3)
        assert "runs resume" in last.message
        stage.box.spoil(lambda _: False, "", 0)
        again = await stage.session(Context.resume(last.run))
        assert again[-1].status == "done", (detail, again[-3:])
    journal = Journal(last.run)
    made = Counter(item.kind for item in journal.resources() if item.state == "made")
    journal.close()
    assert max(stage.made().values()) == 1, stage.made()
    return made


@pytest.mark.parametrize(("call", "fault"), cases(TABLE))
async def test_a_spoiled_call(stage: Stage, call: str, fault: str) -> None:
    assert await spoiled(stage, call, fault) == {"resource-group": 1, "cluster": 1, "helm-release": 1}


@pytest.mark.parametrize(("call", "fault"), cases(OWN_TABLE))
async def test_a_spoiled_call_for_a_network_of_one_s_own(stage: Stage, call: str, fault: str) -> None:
    net, nodes = Vnet(name="net", ranges=("10.50.0.0/16",)), Subnet(name="nodes", range="10.50.0.0/20")
    network = Network(managed=False, vnet=net, subnet=nodes)
    stage.plan = msgspec.structs.replace(
        stage.plan, network=network, identity=Identity(type="user", name="own")
    )
    made = await spoiled(stage, call, fault)
    assert made == {
        "resource-group": 1, "identity": 1, "vnet": 1, "role-assignment": 1, "cluster": 1, "helm-release": 1,
    }  # fmt: skip

"""Whole runs against a sandbox: to the end, killed and resumed, taken over, undone."""

import contextlib
import json
import math
import stat
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

from byocni_tui.context import Context
from byocni_tui.deploy.event import STEPS
from byocni_tui.files import load_plan
from byocni_tui.locale import Translator

STATE = ("--simulate", "--yes", "--speed", "max", "-o", "json")


def last_of(events: list[dict[str, Any]]) -> dict[str, str]:
    """The last status of each step."""
    return {event["step"]: event["status"] for event in events}


def took(events: list[dict[str, Any]], step: str) -> float:
    """Seconds from the first event of a step to its last, by the run's clock."""
    times = [datetime.fromisoformat(event["time"]) for event in events if event["step"] == step]
    return (times[-1] - times[0]).total_seconds()


def sent(runs: Any, run: str) -> dict[str, Any]:
    """What the journal says was made."""
    code, _, _ = runs.finish("runs", "show", run)
    assert code == 0
    out = runs.start("runs", "show", run, "-o", "json").communicate(timeout=60)[0]
    shown: dict[str, Any] = json.loads(out)
    return shown


def test_the_article_s_way_ends_with_nodes_ready(runs: Any, answers: Path) -> None:
    code, events, said = runs.finish("apply", str(answers), *STATE)
    assert code == 0, (events[-3:], said)
    assert [step for step in STEPS if step in last_of(events)] == list(STEPS)
    assert set(last_of(events).values()) <= {"done", "skipped"}
    assert events[-1]["step"] == "run"
    waiting = next(
        event for event in events if event["step"] == "nodes-not-ready" and event["status"] == "done"
    )
    assert "cni plugin not initialized" in waiting["message"]
    times = [event["time"] for event in events]
    assert times == sorted(times)
    spent = {step: took(events, step) for step in ("cluster", "read-back", "credentials")}
    assert spent["cluster"] > 120, (
        "the minutes are told of the step in which they passed, also where time jumps"
    )
    assert spent["read-back"] + spent["credentials"] < 60, spent
    folder = runs.folder / runs.only()
    assert stat.S_IMODE((folder / "kubeconfig").stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    listed = json.loads(runs.start("runs", "list", "-o", "json").communicate(timeout=60)[0])
    assert [(item["id"], item["status"]) for item in listed] == [(runs.only(), "done")]


def test_killed_while_the_cluster_is_made_it_goes_on_and_makes_nothing_twice(
    runs: Any, answers: Path
) -> None:
    def sending(event: dict[str, Any]) -> bool:
        return bool(
            event["step"] == "cluster" and event["progress"] == 0.0 and "myAKSCluster" in event["message"]
        )

    words = [*STATE[:3], "30", *STATE[4:]]
    seen = runs.kill_at(sending, "apply", str(answers), *words)
    assert seen[-1]["step"] == "cluster"
    run = runs.only()
    code, events, said = runs.finish("runs", "resume", run, "-o", "json")
    assert code == 0, (events[-3:], said)
    assert events[0]["detail"] == {"earlier": True}
    made = [item["id"].rpartition("/")[2] for item in sent(runs, run)["resources"] if item["state"] == "made"]
    assert sorted(made) == ["cilium", "myAKSCluster", "myResourceGroup"]


async def test_a_cluster_left_without_a_cni_is_taken_over(answers: Path) -> None:
    """Two runs in one world: the first leaves before the CNI, the second finds the cluster and takes its ranges."""
    plan = load_plan(str(answers))
    first = Context.simulated(plan, speed=math.inf)
    async with contextlib.aclosing(first.deploy()) as events:
        async for event in events:
            if event.step == "nodes-not-ready" and event.status == "done":
                break
    connections = await first.connections()
    exists = msgspec.structs.replace(
        plan,
        cluster=msgspec.structs.replace(plan.cluster, create=False),
        resource_group=msgspec.structs.replace(plan.resource_group, create=False),
        network=msgspec.structs.replace(plan.network, pod_cidr="10.99.0.0/16"),
    )
    second = Context("simulated", exists, Translator(), lambda _: connections)
    second.clock = first.clock
    seen = [event async for event in second.deploy()]
    assert seen[-1].status == "done", seen[-2:]
    journal = second.open_journal()
    assert {item.kind: item.state for item in journal.resources()} == {
        "resource-group": "adopted",
        "cluster": "adopted",
        "helm-release": "made",
    }
    values = yaml.safe_load((journal.folder / "values.yaml").read_text())
    assert values["ipam"]["operator"]["clusterPoolIPv4PodCIDRList"] == ["10.244.0.0/16"], (
        "the cluster's, not the plan's"
    )
    connections.dismiss()
    await second.close()


def test_undoing_removes_what_the_run_made_and_only_that(runs: Any, answers: Path) -> None:
    runs.kill_at(lambda event: bool(event["step"] == "read-back"), "apply", str(answers), *STATE)
    run = runs.only()
    refused = runs.start("destroy", run)
    refused.communicate(timeout=60)
    assert refused.returncode == 2, "without a terminal it wants --yes"
    out, _ = runs.start("destroy", run, "--yes", "-o", "json").communicate(timeout=60)
    removed = [(item["id"].rpartition("/")[2], item["outcome"]) for item in json.loads(out)]
    assert removed == [("myAKSCluster", "removed"), ("myResourceGroup", "removed")]
    again, _ = runs.start("destroy", run, "--yes", "-o", "json").communicate(timeout=60)
    assert json.loads(again) == []


def test_findings_that_block_are_named_and_nothing_is_made(runs: Any, answers: Path) -> None:
    answers.write_text(answers.read_text().replace("acknowledge_support_boundary: true", ""))
    code, events, _ = runs.finish("apply", str(answers), *STATE)
    assert code == 1
    assert events[-1]["status"] == "failed"
    (blocked,) = [event for event in events if event["step"] == "preflight" and event["status"] == "failed"]
    assert blocked["detail"]["codes"] == ["BYO001"]
    assert blocked["detail"]["findings"][0]["message"]
    assert sent(runs, runs.only())["resources"] == []


def test_a_run_has_one_process_at_a_time(runs: Any, answers: Path) -> None:
    words = [*STATE[:3], "1", *STATE[4:]]
    process = runs.start("apply", str(answers), *words)
    for line in process.stdout:
        if json.loads(line)["step"] == "cluster":
            break
    code, _, said = runs.finish("runs", "resume", runs.only())
    assert code == 1
    assert "another process" in said
    process.terminate()
    process.communicate(timeout=30)
    assert process.returncode == 4, "left running, to be resumed"


def test_apply_says_what_is_missing(runs: Any, answers: Path) -> None:
    assert runs.finish("apply", str(answers))[0] == 2
    assert runs.finish("apply", str(answers), "--live")[0] == 2
    code, _, said = runs.finish("apply", str(answers), "--simulate", "--scenario", "public")
    assert code == 2
    assert "article" in said


def test_without_helm_it_says_what_to_type_and_goes_on_afterwards(
    runs: Any, answers: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as without:
        without.setenv("PATH", "/nonexistent")
        without.setenv("BYOCNI_CLIENTS", str(tmp_path))
        code, events, _ = runs.finish("apply", str(answers), *STATE)
    assert code == 1
    (failed,) = [event for event in events if event["step"] == "cni" and event["status"] == "failed"]
    remedy = failed["detail"]["remedy"]
    assert "helm upgrade --install cilium cilium --namespace kube-system" in remedy
    assert str(runs.folder / runs.only() / "values.yaml") in remedy
    code, events, said = runs.finish("runs", "resume", runs.only(), "-o", "json")
    assert code == 0, (events[-2:], said)

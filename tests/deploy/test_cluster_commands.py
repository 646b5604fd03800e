"""``verify`` and ``doctor`` on a simulated cluster, and the board's data, before and after the CNI is there."""

import asyncio
import contextlib
import json
import math
import signal
from pathlib import Path
from typing import Any

import pytest

from byocni_tui.context import Context
from byocni_tui.deploy.verification import IDS
from byocni_tui.files import load_plan
from byocni_tui.sandbox import launcher
from byocni_tui.sandbox.endpoints import read

MAX = ("--simulate", "--yes", "--speed", "max", "-o", "json")


def command(runs: Any, *words: str) -> tuple[int, dict[str, Any]]:
    """Exit status and JSON of a command on the run's cluster."""
    kubeconfig = runs.folder / runs.only() / "kubeconfig"
    process = runs.start(*words, "--kubeconfig", str(kubeconfig), "-o", "json")
    out, err = process.communicate(timeout=120)
    assert out, err
    return process.returncode, json.loads(out)


def test_a_healthy_cluster_passes_all_checks_and_doctor_is_silent(runs: Any, answers: Path) -> None:
    code, events, said = runs.finish("apply", str(answers), *MAX)
    assert code == 0, (events[-3:], said)
    code, shown = command(runs, "verify", "--pod-cidr", "10.244.0.0/16")
    assert code == 0
    assert {check["id"]: check["status"] for check in shown["checks"]} == dict.fromkeys(IDS, "passed")
    assert all(node["ready"] for node in shown["nodes"])
    code, shown = command(runs, "verify", "--pod-cidr", "10.99.0.0/16")
    assert code == 1
    assert [check["id"] for check in shown["checks"] if check["status"] == "failed"] == ["pod-cidr"]
    code, shown = command(runs, "doctor")
    assert (code, shown["causes"]) == (0, [])


def test_before_the_cni_doctor_names_the_cause_and_verify_the_nodes(runs: Any, answers: Path) -> None:
    runs.kill_at(lambda event: bool(event["step"] == "cni"), "apply", str(answers), *MAX)
    code, shown = command(runs, "doctor")
    assert code == 1
    assert [cause["code"] for cause in shown["causes"]] == ["BYO801"]
    assert "cni plugin not initialized" in shown["causes"][0]["evidence"]
    code, shown = command(runs, "verify")
    assert code == 1
    assert shown["checks"][0]["status"] == "failed"
    assert {check["status"] for check in shown["checks"][3:]} == {"skipped"}
    assert all(check["detail"] for check in shown["checks"] if check["status"] == "skipped"), "why is said"


@pytest.mark.parametrize("word", ["verify", "doctor"])
def test_an_api_server_out_of_reach_is_said(runs: Any, tmp_path: Path, word: str) -> None:
    cluster = {"name": "c", "cluster": {"server": "http://127.0.0.1:9"}}
    user = {"name": "u", "user": {"token": "canary-token"}}
    context = {"name": "c", "context": {"cluster": "c", "user": "u"}}
    config = {"clusters": [cluster], "users": [user], "contexts": [context], "current-context": "c"}
    (tmp_path / "kubeconfig").write_text(json.dumps(config))
    code, _, said = runs.finish(word, "--kubeconfig", str(tmp_path / "kubeconfig"))
    assert code == 1
    assert "Traceback" not in said
    assert "canary-token" not in said
    assert said.strip()


def test_a_wrong_target_or_range_is_usage(runs: Any) -> None:
    assert runs.finish("verify", "--egress-target", "nohost")[0] == 2
    assert runs.finish("verify", "--pod-cidr", "10.0.0.0/40")[0] == 2


async def test_the_board_shows_each_node_on_its_way(answers: Path) -> None:
    context = Context.simulated(load_plan(str(answers)), speed=math.inf)
    async with contextlib.aclosing(context.deploy()) as events:
        async for event in events:
            if event.step == "nodes-not-ready" and event.status == "done":
                break
        async for states in context.nodes():
            assert [(state.ready, state.stage, state.pool) for state in states] == [
                (False, "kubelet", "nodepool1")
            ] * 3
            break
        rest = [event async for event in events]
    assert rest[-1].status == "done"
    async for states in context.nodes():
        assert {(state.ready, state.stage) for state in states} == {(True, "ready")}
        break
    (await context.connections()).dismiss()
    await context.close()


async def leftovers(kubeconfig: Path) -> list[str]:
    """Namespaces of checks that are still there."""
    from byocni_tui.providers.kube import KubeClient

    kube = KubeClient(kubeconfig, trust_env=False)
    try:
        selector = {"labelSelector": "app.kubernetes.io/managed-by=byocni-tui"}
        found = await kube.items("/api/v1/namespaces", selector)
        return [item["metadata"]["name"] for item in found if not item["metadata"].get("deletionTimestamp")]
    finally:
        await kube.close()


async def test_verify_cleans_up_when_it_is_stopped_and_next_time_when_it_was_killed(
    runs: Any, answers: Path
) -> None:
    code, events, said = runs.finish("apply", str(answers), *MAX)
    assert code == 0, (events[-3:], said)
    kubeconfig = runs.folder / runs.only() / "kubeconfig"
    endpoints = read(runs.folder / runs.only() / "sandbox")
    assert endpoints is not None
    launcher.control(endpoints, "clock", "PUT", {"speed": 1})
    for number, left in ((signal.SIGTERM, 0), (signal.SIGINT, 0), (signal.SIGKILL, 1)):
        process = runs.start("verify", "--kubeconfig", str(kubeconfig))
        for line in process.stdout:
            if "pod-cidr" in line:
                break
        for _ in range(200):
            if await leftovers(kubeconfig):
                break
            await asyncio.sleep(0.02)
        process.send_signal(number)
        _, said = process.communicate(timeout=60)
        assert "Traceback" not in said
        assert len(await leftovers(kubeconfig)) == left, (number, said)
        if number != signal.SIGKILL:
            assert process.returncode == 130
    launcher.control(endpoints, "clock", "PUT", {"speed": -1})
    code, _, said = runs.finish("verify", "--kubeconfig", str(kubeconfig))
    assert code == 0, said
    assert await leftovers(kubeconfig) == []

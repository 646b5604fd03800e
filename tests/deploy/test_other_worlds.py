"""A sandbox that runs already, a cluster that somebody else began, a kubeconfig of the user's own."""

import json
import math
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from byocni_tui.sandbox import launcher
from byocni_tui.sandbox.endpoints import Endpoints

CLUSTER = (
    "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/myResourceGroup"
    "/providers/Microsoft.ContainerService/managedClusters/myAKSCluster"
)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Endpoints]:
    endpoints = launcher.start("article", speed=math.inf, state_dir=tmp_path / "world", idle_seconds=300)
    yield endpoints
    launcher.stop(endpoints)


def test_a_run_joins_a_world_and_another_goes_on_with_its_cluster(
    runs: Any, answers: Path, world: Endpoints, tmp_path: Path
) -> None:
    mine = tmp_path / "kube" / "config"
    mine.parent.mkdir()
    other = {"name": "other", "context": {"cluster": "x", "user": "y"}}
    mine.write_text(yaml.safe_dump({"apiVersion": "v1", "contexts": [other], "current-context": "other"}))
    words = ("apply", str(answers), "--simulate", "--sandbox", world.join_url, "-o", "json")
    code, events, said = runs.finish(*words, "--merge-kubeconfig", str(mine))
    assert code == 0, (events[-3:], said)
    first = runs.only()
    merged = yaml.safe_load(mine.read_text())
    assert [item["name"] for item in merged["contexts"]] == ["other", "myAKSCluster"]
    assert merged["current-context"] == "myAKSCluster"
    assert stat.S_IMODE(mine.stat().st_mode) == 0o600
    (kept,) = mine.parent.glob("config.*.bak")
    assert yaml.safe_load(kept.read_text())["current-context"] == "other"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    folder = runs.folder / first
    assert stat.S_IMODE((folder / "sandbox.url").stat().st_mode) == 0o600
    for part in folder.glob("journal.db*"):
        assert world.token not in part.read_bytes().decode("latin-1")
    code, _, said = runs.finish(
        "runs",
        "adopt",
        CLUSTER,
        "--cloud",
        "AzureChinaCloud",
        "--sandbox",
        world.join_url,
        "--accept",
        "BYO709",
    )
    assert code == 0, said
    (second,) = {path.name for path in runs.folder.iterdir()} - {first}
    code, events, said = runs.finish("runs", "resume", second, "-o", "json")
    assert code == 0, (events[-2:], said)
    assert events[-1]["status"] == "done"
    code, shown, said = runs.finish("runs", "adopt", CLUSTER + "x", "--sandbox", world.join_url)
    assert (code, shown) == (1, [])
    assert "was not found" in said
    removed, _ = runs.start("destroy", second, "--yes", "-o", "json").communicate(timeout=60)
    assert json.loads(removed) == [], "what was adopted is nobody's to remove"


def test_an_address_that_is_no_sandbox_is_said(runs: Any, answers: Path) -> None:
    for url in ("http://127.0.0.1:9/join/x", "nonsense", "ftp://x"):
        code, _, said = runs.finish("apply", str(answers), "--simulate", "--sandbox", url)
        assert code == 2
        assert "No sandbox can be joined" in said
        assert "Traceback" not in said


def test_an_id_that_is_no_cluster_s_is_usage(runs: Any) -> None:
    code, _, said = runs.finish("runs", "adopt", "myAKSCluster")
    assert code == 2
    assert "az aks show" in said

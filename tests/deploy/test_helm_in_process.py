"""A machine without a helm program: with the extra ``helm`` all goes on, without it the run says what to type."""

import importlib.util
from pathlib import Path
from typing import Any

import pytest

from byocni_tui.cli import main
from byocni_tui.providers.helm_library import MODULE

HERE = importlib.util.find_spec(MODULE) is not None
needs_extra = pytest.mark.skipif(not HERE, reason="the extra 'helm' is not installed")
without_extra = pytest.mark.skipif(HERE, reason="the extra 'helm' is installed")
PUBLIC = (
    "version: 1\nsubscription: 00000000-0000-0000-0000-000000000000\nacknowledge_support_boundary: true\n"
)


@pytest.fixture
def no_helm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    monkeypatch.setenv("BYOCNI_CLIENTS", str(tmp_path / "none"))


@pytest.mark.usefixtures("no_helm")
@needs_extra
def test_the_library_installs_the_plugin_and_the_nodes_get_ready(runs: Any, answers: Path) -> None:
    code, events, _ = runs.finish("apply", str(answers), "--simulate", "--speed", "max", "-o", "json")
    assert code == 0, events[-3:]
    done = {event["step"]: event for event in events if event["status"] == "done"}
    assert done["cni"]["detail"]["chart"] == "cilium"
    assert all(node["ready"] for node in done["nodes-ready"]["detail"]["nodes"])


@pytest.mark.usefixtures("no_helm")
@needs_extra
def test_a_world_that_begins_with_a_release_begins(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(PUBLIC)
    assert main(["check", str(tmp_path / "a.yaml"), "--simulate", "--scenario", "mtu"]) in (0, 1)


@pytest.mark.usefixtures("no_helm")
@without_extra
def test_the_run_says_so_before_it_makes_anything_and_what_to_type_when_it_stops(
    runs: Any, answers: Path
) -> None:
    code, events, _ = runs.finish("apply", str(answers), "--simulate", "--speed", "max", "-o", "json")
    assert code == 1
    first = next(event for event in events if (event["detail"] or {}).get("check") == "helm")
    assert "no helm" in first["message"]
    assert events.index(first) < next(i for i, event in enumerate(events) if event["step"] == "providers")
    failed = next(event for event in events if event["status"] == "failed")
    assert failed["step"] == "cni"
    assert "helm upgrade --install cilium cilium" in failed["detail"]["remedy"]
    assert "byocni-tui[helm]" in failed["detail"]["remedy"]


@pytest.mark.usefixtures("no_helm")
@without_extra
def test_a_world_that_begins_with_a_release_says_what_it_lacks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("BYOCNI_STATE_HOME", str(tmp_path / "state"))
    (tmp_path / "a.yaml").write_text(PUBLIC)
    assert main(["check", str(tmp_path / "a.yaml"), "--simulate", "--scenario", "mtu"]) == 1
    said = capsys.readouterr().err
    assert "The simulation can't start" in said
    assert "there is no helm here. Install it" in said
    assert "sandbox.log" not in said, "the log goes with the run's folder"

"""``check --simulate`` and ``--live``: pre-flight and rules together, and what is said where nothing can be asked."""

import json
from pathlib import Path

import pytest

from byocni_tui.cli import main

GROUP = "subscription=00000000-0000-0000-0000-000000000000"
OTHER = ["resource_group.name=rg", "cluster.name=aks", "acknowledge_support_boundary=true"]


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


def plan(folder: Path, *assignments: str) -> str:
    target = folder / "plan.yaml"
    words = [word for given in (GROUP, *OTHER, *assignments) for word in ("--set", given)]
    assert main(["plan", str(target), *words]) == 0
    return str(target)


@pytest.mark.parametrize(
    ("cloud", "region", "status", "codes"),
    [
        ("AzureCloud", "westeurope", 0, []),
        ("AzureUSGovernment", "usgovvirginia", 0, []),
        ("AzureChinaCloud", "chinanorth3", 1, ["BYO709"]),
    ],
)
def test_all_defaults_are_clean_but_for_the_registries_in_china(
    cloud: str,
    region: str,
    status: int,
    codes: list[str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    file = plan(tmp_path, f"cloud={cloud}", f"region={region}")
    assert main(["check", file, "--simulate", "-o", "json"]) == status
    report = json.loads(capsys.readouterr().out)
    assert [finding["code"] for finding in report["findings"]] == codes
    # Everything was looked at but what Azure tells only about a group that exists.
    assert [entry["code"] for entry in report["not_run"]] == ["BYO507"]
    assert report["not_run"][0]["needs"] == ["validation"]
    assert "does not exist yet" in report["not_run"][0]["reason"]
    assert list((tmp_path / "state").rglob("sandbox.log")) == []


def test_what_azure_answers_becomes_findings(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = plan(tmp_path, "region=westeurope", "cluster.kubernetes_version=1.21")
    assert main(["check", file, "--simulate", "--scenario", "provider-not-registered"]) == 1
    shown = capsys.readouterr()
    assert "BYO503" in shown.out
    assert "BYO504" in shown.out
    assert "SIMULATION" in shown.err


def test_a_scenario_of_another_cloud_is_wrong_usage(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = plan(tmp_path, "region=westeurope")
    assert main(["check", file, "--simulate", "--scenario", "article"]) == 2
    assert "public" in capsys.readouterr().err
    assert main(["check", file, "--scenario", "public"]) == 2


def test_nobody_signed_in_ends_with_three(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The environment names a service principal, and an authority that nobody answers at."""
    for name, value in {
        "AZURE_TENANT_ID": "11111111-2222-3333-4444-555555555555",
        "AZURE_CLIENT_ID": "11111111-2222-3333-4444-555555555555",
        "AZURE_FEDERATED_TOKEN_FILE": str(tmp_path / "none"),
        "PATH": str(tmp_path),
        "IDENTITY_ENDPOINT": "http://127.0.0.1:9/",
        "IDENTITY_HEADER": "x",
    }.items():
        monkeypatch.setenv(name, value)
    file = plan(tmp_path, "region=westeurope")
    capsys.readouterr()
    assert main(["check", file, "--live", "-o", "json"]) == 3
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.startswith("Nothing was checked")
    assert len(shown.err.splitlines()) == 2

"""Killed anywhere, refused anything: the run ends Ready or with a named reason, and nothing is made twice."""

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml

from byocni_tui.deploy.journal import Journal
from byocni_tui.sandbox import launcher
from byocni_tui.sandbox.endpoints import read

MAX = ("--simulate", "--yes", "--speed", "max", "-o", "json")
OFTEN = [("cluster", "running"), ("cluster", "done"), ("cni", "running"), ("nodes-ready", "running")]
SELDOM = [
    (step, status)
    for step in ("resource-group", "cluster", "read-back", "credentials", "nodes-not-ready", "cni", "nodes-ready", "verify")
    for status in ("running", "done")
    if (step, status) not in OFTEN
]


@pytest.mark.parametrize(
    ("step", "status"), [*OFTEN, *(pytest.param(*pair, marks=pytest.mark.torture) for pair in SELDOM)]
)
def test_killed_at_a_boundary_it_resumes_to_ready(
    runs: Any, answers: Path, step: str, status: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def there(event: dict[str, Any]) -> bool:
        return bool(event["step"] == step and event["status"] == status)

    runs.kill_at(there, "apply", str(answers), *MAX)
    run = runs.only()
    code, events, said = runs.finish("runs", "resume", run, "-o", "json")
    assert code == 0, (events[-3:], said)
    monkeypatch.setenv("BYOCNI_STATE_HOME", str(runs.home))
    made = Counter(item.kind for item in Journal(run).resources() if item.state == "made")
    assert made == {"resource-group": 1, "cluster": 1, "helm-release": 1}


def scenario(tmp_path: Path, *faults: dict[str, Any]) -> Path:
    """The article's world with these faults."""
    text = {"en": "x", "zh": "x"}
    data = {"title": text, "lesson": text, "cloud": "china", "node_role": "agent", "faults": list(faults)}
    path = tmp_path / "faulty.yaml"
    path.write_text(yaml.safe_dump(data))
    return path


def put_cluster(**what: Any) -> dict[str, Any]:
    """A fault of the request that makes the cluster."""
    when = {"service": "arm", "method": "PUT", "type": "microsoft.containerservice/managedclusters"}
    return {"id": "f", "when": when, "what": what, "until": {"times": 1}}


def test_secrets_planted_in_every_input_are_in_no_output(runs: Any, answers: Path, tmp_path: Path) -> None:
    canary = "canary-5up3r-s3cr3t"
    environment = {
        "AZURE_CLIENT_SECRET": f"{canary}-client",
        "AZURE_PASSWORD": f"{canary}-password",
        "HTTPS_PROXY": f"http://user:{canary}@127.0.0.1:9",
        "HELM_KUBETOKEN": f"{canary}-helm",
    }
    process = subprocess.run(
        [
            sys.executable,
            "-m",
            "byocni_tui",
            "apply",
            str(answers),
            *MAX,
            "--events",
            str(tmp_path / "events"),
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**os.environ, **environment, "BYOCNI_STATE_HOME": str(runs.home)},
    )
    assert process.returncode == 0, process.stderr
    folder = runs.folder / runs.only()
    endpoints = read(folder / "sandbox")
    assert endpoints is not None
    token = next(
        user["user"]["token"] for user in yaml.safe_load((folder / "kubeconfig").read_text())["users"]
    )
    hidden = [canary, endpoints.identity_header, token]
    ours = [
        process.stdout,
        process.stderr,
        (tmp_path / "events").read_text(),
        (folder / "values.yaml").read_text(),
    ]
    ours += [path.read_bytes().decode("latin-1") for path in folder.glob("journal.db*")]
    for secret in hidden:
        assert not any(secret in text for text in ours), secret


def test_the_events_file_holds_what_was_printed(runs: Any, answers: Path, tmp_path: Path) -> None:
    (tmp_path / "events").write_text("")
    code, events, _ = runs.finish("apply", str(answers), *MAX, "--events", str(tmp_path / "events"))
    assert code == 0
    assert [json.loads(line) for line in (tmp_path / "events").read_text().splitlines()] == events
    code, _, said = runs.finish("apply", str(answers), *MAX, "--events", "/no/such/folder/x")
    assert code == 1
    assert "/no/such/folder/x" in said


def test_a_sandbox_that_died_goes_on_from_its_state(runs: Any, answers: Path) -> None:
    runs.kill_at(lambda event: bool(event["step"] == "credentials"), "apply", str(answers), *MAX)
    run = runs.only()
    endpoints = read(runs.folder / run / "sandbox")
    assert endpoints is not None
    launcher.stop(endpoints)
    code, events, said = runs.finish("runs", "resume", run, "-o", "json")
    assert code == 0, (events[-3:], said)

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
OFTEN = [("cluster", "running"), ("cni", "running")]
SELDOM = [
    (step, status)
    for step in (
        "resource-group",
        "cluster",
        "read-back",
        "credentials",
        "nodes-not-ready",
        "cni",
        "nodes-ready",
        "verify",
    )
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


OWN = """
network: {managed: false, vnet: {name: net, ranges: [10.50.0.0/16]}, subnet: {name: nodes, range: 10.50.0.0/20}}
identity: {type: user, name: own}
"""
MADE_OF_OWN = {
    "resource-group": 1,
    "identity": 1,
    "vnet": 1,
    "role-assignment": 1,
    "cluster": 1,
    "helm-release": 1,
}


@pytest.mark.parametrize(
    ("step", "status"),
    [
        pytest.param(
            step, status, marks=() if (step, status) == ("network", "running") else pytest.mark.torture
        )
        for step in ("preflight", "providers", "identity", "network", "role", "cluster", "verify")
        for status in ("running", "done")
    ],
)
def test_killed_with_a_network_of_one_s_own_it_makes_nothing_twice(
    runs: Any, answers: Path, step: str, status: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers.write_text(answers.read_text() + OWN)
    words = ("apply", str(answers), *MAX, "--accept", "all")
    runs.kill_at(lambda event: bool(event["step"] == step and event["status"] == status), *words)
    code, events, said = runs.finish("runs", "resume", runs.only(), "-o", "json")
    assert code == 0, (events[-3:], said)
    monkeypatch.setenv("BYOCNI_STATE_HOME", str(runs.home))
    journal = Journal(runs.only())
    made = Counter(item.kind for item in journal.resources() if item.state == "made")
    journal.close()
    assert made == MADE_OF_OWN
    endpoints = read(runs.folder / runs.only() / "sandbox")
    assert endpoints is not None
    acts: Any = launcher.control(endpoints, "acts?plane=arm&mutates=1")
    puts = Counter(
        act["id"].lower() for act in acts["acts"] if act["verb"] == "put" and act.get("status") == 201
    )
    assert max(puts.values()) == 1, puts
    removed, _ = runs.start("destroy", runs.only(), "--yes", "-o", "json").communicate(timeout=120)
    kinds = [item["id"].split("/")[-2].lower() for item in json.loads(removed)]
    assert kinds[0] == "managedclusters"
    assert kinds[-1] == "resourcegroups"
    assert {item["outcome"] for item in json.loads(removed)} <= {"removed", "absent"}


def scenario(tmp_path: Path, *faults: dict[str, Any]) -> Path:
    """The article's world with these faults."""
    text = {"en": "x", "zh": "x"}
    data = {"title": text, "lesson": text, "cloud": "china", "node_role": "agent", "faults": list(faults)}
    path = tmp_path / "faulty.yaml"
    path.write_text(yaml.safe_dump(data))
    return path


AKS, GROUP = "microsoft.containerservice/managedclusters", "microsoft.resources/resourcegroups"
REQUESTS = {
    "read a provider": {"method": "GET", "type": "microsoft.resources/providers"},
    "make the group": {"method": "PUT", "type": GROUP},
    "look for the cluster": {"method": "GET", "type": AKS},
    "make the cluster": {"method": "PUT", "type": AKS},
    "fetch credentials": {"method": "POST", "type": AKS, "action": "listclusterusercredential"},
}
PASSING: dict[str, dict[str, Any]] = {
    "429": {"kind": "throttle", "seconds": 1},
    "500": {"kind": "error", "status": 500, "code": "InternalServerError", "message": "oops"},
    "503": {"kind": "error", "status": 503, "code": "ServerBusy", "message": "busy"},
    "reset": {"kind": "drop"},
    "401": {"kind": "error", "status": 401, "code": "ExpiredAuthenticationToken", "message": "expired"},
}
LASTING: dict[str, dict[str, Any]] = {
    "403": {"kind": "error", "status": 403, "code": "AuthorizationFailed", "message": "no"},
    "409": {"kind": "error", "status": 409, "code": "ScopeLocked", "message": "locked"},
}
SAMPLE = {("make the cluster", "reset"), ("make the cluster", "403"), ("make the group", "409")}
"""The rest is in ``make torture``; every call on the wire is spoiled in ``test_fault_table``."""


@pytest.mark.parametrize(
    ("request_", "fault"),
    [
        pytest.param(request, fault, marks=() if (request, fault) in SAMPLE else pytest.mark.torture)
        for request in REQUESTS
        for fault in (*PASSING, *LASTING)
    ],
)
def test_a_refusal_ends_ready_or_named_and_resumable(
    runs: Any, answers: Path, tmp_path: Path, request_: str, fault: str
) -> None:
    what = {**PASSING, **LASTING}[fault]
    entry = {"id": "f", "when": {"service": "arm", **REQUESTS[request_]}, "what": what, "until": {"times": 1}}
    path = scenario(tmp_path, entry)
    code, events, said = runs.finish("apply", str(answers), *MAX, "--scenario", str(path))
    if fault in PASSING:
        assert code == 0, (events[-3:], said)
        return
    if code == 0:
        assert REQUESTS[request_]["method"] == "GET", "only what merely reads may do without an answer"
        return
    failed = next(event for event in events if event["status"] == "failed")
    assert failed["detail"]["remedy"], failed
    assert failed["detail"]["original"], failed
    assert code == (3 if fault == "403" else 1)
    code, events, said = runs.finish("runs", "resume", runs.only(), "-o", "json")
    assert code == 0, (events[-3:], said)


def test_an_operation_that_fails_is_asked_for_again(runs: Any, answers: Path, tmp_path: Path) -> None:
    message = "The requested VM size is currently not available in location 'chinanorth3'."
    what = {"kind": "error", "code": "SkuNotAvailable", "message": message}
    entry = {"id": "f", "when": {"service": "operation", "type": AKS}, "what": what, "until": {"times": 1}}
    code, events, _ = runs.finish("apply", str(answers), *MAX, "--scenario", str(scenario(tmp_path, entry)))
    assert code == 1
    (failed,) = [event for event in events if event["step"] == "cluster" and event["status"] == "failed"]
    assert failed["detail"]["code"] == "SkuNotAvailable"
    assert failed["detail"]["original"] == message
    assert failed["detail"]["field"] == "node_pools[0].vm_size"
    code, events, said = runs.finish("runs", "resume", runs.only(), "-o", "json")
    assert code == 0, (events[-3:], said)


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

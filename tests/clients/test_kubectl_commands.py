"""Unmodified kubectl commands (data/kubectl.txt), in order, in one sandbox: exit status and what they print."""

import re
from pathlib import Path

import pytest
from client_table import Outcome, Row, complaint, play_in_sandbox, rows

DATA = Path(__file__).parent / "data"
TABLE = DATA / "kubectl.txt"
ROWS = rows(TABLE)
VERBS = {
    *(
        "get",
        "create",
        "apply",
        "diff",
        "edit",
        "patch",
        "replace",
        "delete",
        "run",
        "expose",
        "set",
        "label",
    ),
    *(
        "annotate",
        "rollout",
        "scale",
        "autoscale",
        "wait",
        "describe",
        "explain",
        "events",
        "logs",
        "exec",
        "attach",
    ),
    *(
        "port-forward",
        "cp",
        "debug",
        "top",
        "drain",
        "cordon",
        "uncordon",
        "taint",
        "auth",
        "config",
        "proxy",
    ),
    *("version", "cluster-info", "api-resources", "api-versions", "kustomize"),
}


@pytest.fixture(scope="module")
def done(clients_path: str, tmp_path_factory: pytest.TempPathFactory) -> dict[int, Outcome]:
    """Every command's outcome, by line of the table."""
    return play_in_sandbox(TABLE, DATA / "kube", clients_path, tmp_path_factory.mktemp("kubectl"))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.line}: {row.command[:60]}")
def test_kubectl(row: Row, done: dict[int, Outcome]) -> None:
    outcome = done[row.line]
    assert not complaint(row, outcome), outcome.output


def test_there_are_enough_of_every_form() -> None:
    assert len(ROWS) >= 300
    text = TABLE.read_text(encoding="utf-8")
    for form in ("wide", "yaml", "json", "name", "jsonpath=", "custom-columns=", "go-template="):
        assert f"-o {form}" in text, form
    verbs = set(re.findall(r"kubectl (?:-n \w+ )?([a-z-]+)", text))
    assert verbs >= VERBS

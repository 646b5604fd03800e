"""Unmodified helm commands (data/helm.txt), in order, in one sandbox: exit status and what they print."""

import re
from pathlib import Path

import pytest
from client_table import Outcome, Row, complaint, play_in_sandbox, rows

DATA = Path(__file__).parent / "data"
TABLE = DATA / "helm.txt"
ROWS = rows(TABLE)
VERBS = {
    *(
        "install",
        "upgrade",
        "rollback",
        "uninstall",
        "list",
        "history",
        "status",
        "get",
        "test",
        "template",
        "lint",
    ),
    *("show", "search", "repo", "package", "pull", "dependency"),
}


@pytest.fixture(scope="module")
def done(clients_path: str, tmp_path_factory: pytest.TempPathFactory) -> dict[int, Outcome]:
    """Every command's outcome, by line of the table."""
    return play_in_sandbox(TABLE, DATA / "charts", clients_path, tmp_path_factory.mktemp("helm"))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.line}: {row.command[:60]}")
def test_helm(row: Row, done: dict[int, Outcome]) -> None:
    outcome = done[row.line]
    assert not complaint(row, outcome), outcome.output


def test_there_are_enough_of_every_form() -> None:
    assert len(ROWS) >= 100
    text = TABLE.read_text(encoding="utf-8")
    assert set(re.findall(r"helm ([a-z]+)", text)) >= VERBS
    for option in (
        "--wait",
        "--rollback-on-failure",
        "--dry-run=server",
        "--create-namespace",
        "--keep-history",
    ):
        assert option in text, option

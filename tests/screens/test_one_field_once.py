"""A field that is declared in one place, the plan's model, is met everywhere."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("made-up")
    done = subprocess.run(
        [sys.executable, str(HERE / "made_up_field.py"), str(folder)],
        capture_output=True, text=True, cwd=HERE, check=False, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_it_has_a_widget_that_changes_the_plan(seen: dict[str, Any]) -> None:
    assert seen["row"] == "cluster.made_up", "without a text of its own it is called by its path"
    assert seen["typed"] == "as it comes!"


def test_the_preview_writes_its_option(seen: dict[str, Any]) -> None:
    assert "--made-up 'as it comes!'" in seen["preview"]


def test_help_tells_of_it(seen: dict[str, Any]) -> None:
    assert "cluster.made_up" in seen["help"]
    assert "az: --made-up" in seen["help"]


def test_line_mode_asks_for_it(seen: dict[str, Any]) -> None:
    assert any("cluster.made_up [as it comes]" in prompt for prompt in seen["prompts"])
    assert seen["answered"] == "by line"


def test_set_and_the_answers_file_hold_it(seen: dict[str, Any]) -> None:
    assert "  made_up: by-set\n" in seen["answers"]
    assert seen["read back"] == "by-set"


def test_the_schema_knows_it(seen: dict[str, Any]) -> None:
    assert seen["schema"] == {"type": ["string", "number", "boolean", "null"], "default": "as it comes"}

"""What a run says in plain lines, and what becomes of it: each advice helps, and ``runs`` tells how each run stands."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from byocni_tui.context import Context
from byocni_tui.deploy.bodies import group_id

MAX = ("--simulate", "--speed", "max")


def said(runs: Any, *words: str) -> tuple[int, str]:
    """Exit status and lines of a command."""
    process: subprocess.Popen[str] = runs.start(*words)
    out, err = process.communicate(timeout=120)
    return process.returncode, out + err


def states(runs: Any) -> list[str]:
    return [item["state"] for item in json.loads(said(runs, "runs", "list", "-o", "json")[1])]


def unaccepted(answers: Path) -> None:
    answers.write_text(answers.read_text().replace("accept: [BYO709]\n", ""))


async def remove_the_group(run: str) -> None:
    """As somebody does it in the portal."""
    context = Context.resume(run)
    work = context.work(await context.connections())
    operation = await work.azure.delete(group_id(context.plan))
    assert operation is not None
    await work.finish(operation, "group", 60)
    await context.close()


async def test_from_a_warning_to_the_end_and_once_more(
    runs: Any, answers: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unaccepted(answers)
    code, text = said(runs, "apply", str(answers), *MAX)
    run = runs.only()
    assert code == 1
    assert "one finding stands in the way: BYO709" in text
    assert "! BYO709" in text
    assert f"runs resume {run} --accept BYO709" in text
    assert states(runs) == ["failed"]

    code, text = said(runs, "runs", "resume", run, "--accept", "BYO709")
    assert code == 0, text
    assert "✓ run" in text
    quiet = [row for row in text.splitlines() if row.endswith((" 0%", " 100%", ": read"))]
    assert quiet == [], "what only begins or goes well is not said"
    assert states(runs) == ["done"]

    monkeypatch.setenv("BYOCNI_STATE_HOME", str(runs.home))
    await remove_the_group(run)
    code, text = said(runs, "runs", "resume", run)
    assert code == 1
    assert "is not there any more" in text
    assert f"destroy {run}" in text

    code, text = said(runs, "destroy", run, "--yes")
    assert code == 0, text
    assert states(runs) == ["destroyed"]
    assert " destroyed " in said(runs, "runs")[1]

    code, text = said(runs, "runs", "resume", run)
    assert code == 0, text
    assert "resource group myResourceGroup made" in text, "what was destroyed is made anew"
    assert states(runs) == ["done"]


def test_a_plan_that_is_wrong_has_to_be_changed(runs: Any, answers: Path) -> None:
    answers.write_text(answers.read_text() + "network: {pod_cidr: 10.0.0.0/16}\n")
    code, text = said(runs, "apply", str(answers), *MAX)
    assert code == 1
    assert "✗ BYO204" in text
    assert "change the answers and apply them again" in text
    assert "runs resume" not in text, "the same answers would stop there again"


def test_what_is_amiss_in_azure_is_mended_there(runs: Any, answers: Path) -> None:
    text = answers.read_text().replace("AzureChinaCloud", "AzureCloud").replace("chinanorth3", "westeurope")
    answers.write_text(text)
    code, text = said(runs, "apply", str(answers), *MAX, "--scenario", "provider-not-registered")
    assert code == 1
    assert "$ az provider register" in text
    assert "mend this in Azure" in text
    assert f"runs resume {runs.only()}" in text


def test_a_run_that_was_killed_is_told_from_one_that_goes_on(runs: Any, answers: Path) -> None:
    process = runs.start("apply", str(answers), "--simulate", "--speed", "1", "-o", "json")
    for row in process.stdout:
        if json.loads(row)["step"] == "cluster":
            break
    assert states(runs) == ["running"]
    process.kill()
    process.communicate(timeout=30)
    assert states(runs) == ["interrupted"]

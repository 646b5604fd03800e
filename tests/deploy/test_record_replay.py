"""``record`` keeps what was answered, ``replay`` plays it back; nothing secret is in between."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from byocni_tui.sandbox.endpoints import read

MAX = ("--simulate", "--yes", "--speed", "max")


def messages(lines: list[dict[str, Any]]) -> list[tuple[str, str, str]]:
    """What a run said, without what differs from run to run."""
    return [(line["step"], line["status"], line["message"]) for line in lines if line["status"] != "running"]


def test_a_recorded_run_is_played_back_word_for_word_offline(
    runs: Any, answers: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    canary = "canary-recorded-environment-secret"
    monkeypatch.setenv("SOME_TOKEN", canary)
    folder = tmp_path / "recording"
    code, events, said = runs.finish("record", str(folder), "--", "apply", str(answers), *MAX, "-o", "json")
    assert code == 0, said
    assert "nothing found" in said
    state = runs.folder / runs.only()
    endpoints = read(state / "sandbox")
    assert endpoints is not None
    token = yaml.safe_load((state / "kubeconfig").read_text())["users"][0]["user"]["token"]
    written = "".join(path.read_text() for path in folder.iterdir())
    for secret in (canary, endpoints.identity_header, endpoints.token, token):
        assert secret not in written
    lines = [json.loads(line) for line in (folder / "azure.jsonl").read_text().splitlines()]
    assert {"method", "path", "request_headers", "request_body", "status", "content_type", "body"} <= set(
        lines[0]
    )
    writes = [line["path"].partition("?")[0].rpartition("/")[2] for line in lines if line["method"] == "PUT"]
    assert writes == ["myResourceGroup", "myAKSCluster"]
    before = sorted(path.name for path in runs.folder.iterdir())
    again, replayed, said = runs.finish("replay", str(folder), "-o", "json")
    assert again == 0, (replayed[-3:], said)
    differing = {"credentials", "preflight"}
    assert [m for m in messages(replayed) if m[0] not in differing] == [
        m for m in messages(events) if m[0] not in differing
    ]
    assert sorted(path.name for path in runs.folder.iterdir()) == before, "a replay leaves no run behind"


def test_a_recording_that_breaks_off_says_what_it_lacks(runs: Any, answers: Path, tmp_path: Path) -> None:
    folder = tmp_path / "recording"
    code, _, said = runs.finish("record", str(folder), "--", "apply", str(answers), *MAX, "-o", "json")
    assert code == 0, said
    kept = [line for line in (folder / "azure.jsonl").read_text().splitlines() if '"PUT"' not in line]
    (folder / "azure.jsonl").write_text("\n".join([*kept, '{"half": ']))
    code, events, said = runs.finish("replay", str(folder), "-o", "json")
    assert code == 1, said
    failed = next(event for event in events if event["status"] == "failed")
    assert failed["detail"]["code"] == "NotRecorded"
    assert "resourcegroups/myresourcegroup" in failed["detail"]["original"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("record", "NEW", "--", "plan"), "apply, check"),
        (("record", "NEW"), "apply, check"),
        (("record", "USED", "--", "doctor"), "holds something already"),
        (("replay", "USED"), "not a recording"),
    ],
)
def test_what_can_t_be_recorded_or_played_is_usage(
    runs: Any, tmp_path: Path, words: tuple[str, ...], said: str
) -> None:
    (tmp_path / "used").mkdir()
    (tmp_path / "used" / "x").touch()
    places = {"NEW": str(tmp_path / "new"), "USED": str(tmp_path / "used")}
    code, _, told = runs.finish(*(places.get(word, word) for word in words))
    assert code == 2
    assert said in told
    assert "Traceback" not in told


def test_removing_a_run_and_checking_a_plan_are_recorded_too(
    runs: Any, answers: Path, tmp_path: Path
) -> None:
    runs.kill_at(lambda event: bool(event["step"] == "read-back"), "apply", str(answers), *MAX, "-o", "json")
    run = runs.only()
    code, _, said = runs.finish("record", str(tmp_path / "destroy"), "--", "destroy", run, "--yes")
    assert code == 0, said
    lines = [json.loads(line) for line in (tmp_path / "destroy" / "azure.jsonl").read_text().splitlines()]
    assert [line["method"] for line in lines if line["method"] == "DELETE"] == ["DELETE", "DELETE"]
    check = ("check", str(answers), "--simulate", "-o", "json")
    out, _ = runs.start("record", str(tmp_path / "check"), "--", *check).communicate(timeout=60)
    again, _ = runs.start("replay", str(tmp_path / "check"), "-o", "json").communicate(timeout=60)
    first, second = json.loads(out), json.loads(again)
    assert second["findings"] == first["findings"]
    assert second["not_run"] == first["not_run"]

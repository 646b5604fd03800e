"""``byocni-tui training`` and ``scenarios``, as they are typed; a lesson from its start to its report."""

import json
from pathlib import Path

import pytest

from byocni_tui.cli import main
from byocni_tui.sandbox.scenario import FOLDER


def said(capsys: pytest.CaptureFixture[str], *words: str, status: int = 0) -> str:
    """What a command prints; on the standard error stream where it fails."""
    assert main([*words, "--lang", "en"]) == status, capsys.readouterr()
    captured = capsys.readouterr()
    return captured.out + captured.err


def test_a_lesson_from_start_to_report(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert "No lesson is going on" in said(capsys, "training", "status", status=2)
    started = said(capsys, "training", "start", "auto-repair", "--learner", "Ann", "--speed", "max")
    try:
        assert "SIMULATION" in started
        assert "byocni-tui --sandbox http" in started
        assert "is going on" in said(capsys, "training", "start", "mtu", status=2)
        exported = said(capsys, "training", "env")
        assert "export KUBECONFIG=" in exported
        assert "Hint 1" in said(capsys, "training", "hint")
        assert "no time" in said(capsys, "training", "skip", "a while", status=2)
        assert "✓ A node was rebooted" in said(capsys, "training", "skip", "6m")
        said(capsys, "training", "check", status=1)
        reading = json.loads(said(capsys, "training", "status", "-o", "json"))
        assert (reading["learner"], len(reading["hints"]), reading["changes"]) == ("Ann", 1, 0)
        assert "Written: Ann-auto-repair.json" in said(capsys, "training", "finish")
        assert "nothing is overwritten" in said(capsys, "training", "finish", status=1)
        assert "begins anew" in said(capsys, "training", "reset")
        reading = json.loads(said(capsys, "training", "status", "-o", "json"))
        assert (reading["learner"], reading["hints"]) == ("Ann", [])
    finally:
        said(capsys, "training", "stop")
    table = json.loads(
        said(capsys, "training", "report", "Ann-auto-repair.json", "-o", "json").partition("\nSeals")[0]
    )
    assert table["results"][0]["learner"] == "Ann"
    assert "takes hint 1" in said(capsys, "training", "replay", "Ann-auto-repair.json")
    result = json.loads(Path("Ann-auto-repair.json").read_text(encoding="utf-8"))
    result["score"]["points"] = 100
    Path("forged.json").write_text(json.dumps(result), encoding="utf-8")
    assert "was changed" in said(
        capsys, "training", "report", "forged.json", "--html", "a.html", "--csv", "a.csv", status=1
    )
    assert "SIMULATION" in Path("a.html").read_text(encoding="utf-8")
    assert "changed: head" in Path("a.csv").read_text(encoding="utf-8")


def test_a_world_that_was_joined_needs_no_address_again(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BYOCNI_STATE_HOME", str(tmp_path / "trainer"))
    Path("own.yaml").write_text(
        (FOLDER / "quota-exceeded.yaml").read_text(encoding="utf-8").replace("rg-byocni", "rg-ours"),
        encoding="utf-8",
    )
    address = said(capsys, "training", "start", "own.yaml").split("--sandbox ")[1].strip()
    try:
        monkeypatch.setenv("BYOCNI_STATE_HOME", str(tmp_path / "learner"))
        started = said(capsys, "training", "start", "--sandbox", address, "--learner", "Bo")
        assert "az group create" in started
        assert "--name rg-ours" in started, "the plan is that of the trainer's own file"
        exported = said(capsys, "training", "env")
        assert str(tmp_path / "learner") in exported
        assert "Hint 1" in said(capsys, "training", "hint")
        assert "can be reset" in said(capsys, "training", "reset", status=2)
        assert "goes on where it is served" in said(capsys, "training", "stop")
        assert "No lesson is going on" in said(capsys, "training", "status", status=2)
    finally:
        monkeypatch.setenv("BYOCNI_STATE_HOME", str(tmp_path / "trainer"))
        reading = json.loads(said(capsys, "training", "status", "-o", "json"))
        said(capsys, "training", "stop")
    assert (reading["learner"], len(reading["hints"])) == ("Bo", 1)


def test_a_file_of_ones_own_is_begun_checked_and_proven(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert "is there" in said(capsys, "scenarios", "new", "mine")
    assert "can't be made" in said(capsys, "scenarios", "new", "mine", status=1)
    assert "solved by its solution and not without" in said(
        capsys, "scenarios", "check", "--play", "mine.yaml"
    )
    text = Path("mine.yaml").read_text(encoding="utf-8")
    Path("easy.yaml").write_text(text.replace('where: {tags.team: "?*"}', "where: {}", 1).replace(
        "- {nodes: ready, every: true, say", "- {nodes: not-ready, say", 1), encoding="utf-8")  # fmt: skip
    assert "before anybody has done anything" in said(
        capsys, "scenarios", "check", "easy.yaml", "--play", status=1
    )
    Path("stuck.yaml").write_text(
        text.replace("body: {tags: {team: web}}", "body: {tags: {tem: web}}", 1), encoding="utf-8"
    )
    assert "solved[0]" in said(capsys, "scenarios", "check", "stuck.yaml", "--play", status=1)
    Path("refused.yaml").write_text(text.replace("  patch: $aks\n", "  patch: $aks-2\n", 1), encoding="utf-8")
    assert "solution[0]" in said(capsys, "scenarios", "check", "refused.yaml", "--play", status=1)
    Path("plan.yaml").write_text(
        text.replace("region: westeurope\n  res", "regoin: westeurope\n  res", 1), encoding="utf-8"
    )
    at = text[: text.index("region: westeurope\n  res")].count("\n") + 1
    assert f"plan.yaml:{at}:3: 'regoin'" in said(capsys, "scenarios", "check", "plan.yaml", status=1)
    Path("set.yaml").write_text(
        text.replace("- {wait: {nodes: ready, every: true}}", "- {apply: {set: {network.pod: 10.0.0.0/8}}}"),
        encoding="utf-8",
    )
    assert "no field 'network.pod'" in said(capsys, "scenarios", "check", "set.yaml", status=1)
    Path("endless.yaml").write_text(
        text.replace(
            "- {wait: {nodes: ready, every: true}}", "- {wait: {nodes: ready, at_least: 9}, seconds: 120}"
        ),
        encoding="utf-8",
    )
    assert "in vain" in said(capsys, "scenarios", "check", "endless.yaml", "--play", status=1)
    Path("bad.yaml").write_text(text.replace("level: 1", "levle: 1", 1), encoding="utf-8")
    assert "bad.yaml:9:1" in said(capsys, "scenarios", "check", "bad.yaml", status=2)


def test_lessons_are_listed_and_shown_in_both_languages(capsys: pytest.CaptureFixture[str]) -> None:
    rows = json.loads(said(capsys, "scenarios", "-o", "json"))
    assert len(rows) >= 40
    assert [row["level"] for row in rows] == sorted(row["level"] for row in rows)
    assert main(["scenarios", "show", "mtu", "--lang", "zh", "--solution"]) == 0
    shown = capsys.readouterr().out
    assert "小响应通过" in shown
    assert "helm upgrade cilium" in shown
    assert json.loads(said(capsys, "scenarios", "schema"))["title"] == "byocni-tui scenario"


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (("training", "start", "nowhere"), "can't be used"),
        (("training", "start"), "takes one argument"),
        (("training", "report"), "needs result files"),
        (("training", "start", "--sandbox", "http://127.0.0.1:9/join/x"), "can be joined"),
        (("scenarios", "check"), "needs an id or a file"),
        (("demo", "--size", "8x8"), "is no size"),
        (("demo", "--scenario", "nowhere"), "can't be used"),
    ],
)
def test_what_cannot_be_done_is_said(
    capsys: pytest.CaptureFixture[str], words: tuple[str, ...], text: str
) -> None:
    assert text in said(capsys, *words, status=2)

"""``byocni-tui export`` as people and scripts use it."""

import json
import stat
from pathlib import Path

import pytest
import yaml

from byocni_tui.cli import main
from byocni_tui.export.tongues import TONGUES
from byocni_tui.plan.reader import load

GOOD = """\
version: 1
cloud: AzureChinaCloud
subscription: 00000000-0000-0000-0000-000000000000
region: chinanorth3
resource_group: {name: myResourceGroup}
cluster: {name: myAKSCluster}
acknowledge_support_boundary: true
"""


@pytest.fixture
def good(tmp_path: Path) -> Path:
    path = tmp_path / "answers.yaml"
    path.write_text(GOOD, encoding="utf-8")
    return path


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("tongue", TONGUES)
def test_one_file_to_stdout(tongue: str, lang: str, good: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", str(good), "--to", tongue, "--lang", lang]) == 0
    captured = capsys.readouterr()
    assert "10.244.0.0/16" in captured.out
    assert captured.out.endswith("\n")
    assert captured.err == ""


def test_all_of_them_into_a_folder(good: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "new" / "out"
    assert main(["export", str(good), "-d", str(folder)]) == 0
    assert {path.name for path in folder.iterdir()} == set(TONGUES.values())
    assert (folder / "create.sh").stat().st_mode & stat.S_IXUSR
    assert json.loads((folder / "azuredeploy.json").read_text())["resources"]
    assert yaml.safe_load((folder / "values.yaml").read_text())["aksbyocni"] == {"enabled": True}
    captured = capsys.readouterr()
    assert captured.out == ""
    assert str(folder / "main.tf") in captured.err


def test_one_of_them_into_a_folder(good: Path, tmp_path: Path) -> None:
    assert main(["export", str(good), "--to", "bicep", "-d", str(tmp_path / "out")]) == 0
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["main.bicep"]


def test_the_answers_come_back_as_the_same_plan(good: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", str(good), "--to", "answers"]) == 0
    assert load(capsys.readouterr().out, "x") == load(GOOD, "x")


def test_a_plan_with_errors_is_only_exported_when_forced(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text(GOOD.replace("acknowledge_support_boundary: true\n", ""), encoding="utf-8")
    assert main(["export", str(path), "--to", "az"]) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "BYO001" in captured.err
    assert "--force" in captured.err
    assert main(["export", str(path), "--to", "az", "--force"]) == 0
    assert "az aks create" in capsys.readouterr().out


def test_wrong_usage(good: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", str(good)]) == 2
    assert "--to" in capsys.readouterr().err
    assert main(["export", str(good), "--to", "pulumi"]) == 2
    assert main(["export", str(tmp_path / "missing.yaml"), "--to", "az"]) == 2
    assert main(["export"]) == 2


def test_a_folder_that_cannot_be_written(good: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", str(good), "-d", str(good / "sub")]) == 1
    assert str(good / "sub") in capsys.readouterr().err


def test_the_answers_file_itself_is_not_written_over(tmp_path: Path) -> None:
    mine = tmp_path / "answers.yaml"
    mine.write_text("# mine\nversion: 1\n", encoding="utf-8")
    before = mine.read_bytes()
    assert main(["export", str(mine), "-d", str(tmp_path), "--force"]) == 0
    assert mine.read_bytes() == before
    assert (tmp_path / "create.sh").exists()

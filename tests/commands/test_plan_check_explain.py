"""The commands plan, check and explain, as scripts and people use them."""

import json
import os
import shlex
from pathlib import Path

import pytest

from byocni_tui.cli import main
from byocni_tui.files import load_plan
from byocni_tui.locale import Translator
from byocni_tui.plan import reader
from byocni_tui.plan.model import Plan

FULL = [
    "subscription=11111111-2222-3333-4444-555555555555",
    "region=westeurope",
    "resource_group.name=rg",
    "cluster.name=aks",
    "acknowledge_support_boundary=true",
]


def sets(*assignments: str) -> list[str]:
    return [word for given in assignments for word in ("--set", given)]


@pytest.fixture
def good(tmp_path: Path) -> Path:
    target = tmp_path / "plan.yaml"
    assert main(["plan", str(target), *sets(*FULL)]) == 0
    return target


def test_plan_without_a_file_prints_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan"]) == 0
    out = capsys.readouterr().out
    assert reader.load(out, "stdout") == Plan()
    assert "# The plugin hands them out" not in out
    assert "pod_cidr: 10.244.0.0/16" in out


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_plan_explains_every_key(lang: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan", "--lang", lang]) == 0
    out = capsys.readouterr().out
    sentence = Translator(lang)("fields.network.dns_service_ip.why")
    assert sentence[:12] in out


def test_plan_changes_a_file_and_keeps_its_comments(tmp_path: Path) -> None:
    target = tmp_path / "plan.yaml"
    target.write_text(
        '# mine\nversion: 1  # first\nregion: "a"   # where\ncluster: {name: x}\n', encoding="utf-8"
    )
    os.chmod(target, 0o640)
    assert (
        main(
            [
                "plan",
                str(target),
                *sets("region=b", "node_pools[0].count=5", "cluster.kubernetes_version=1.30"),
            ]
        )
        == 0
    )
    text = target.read_text(encoding="utf-8")
    assert text.startswith("# mine\nversion: 1  # first\n")
    assert "# where" in text
    plan = load_plan(target)
    assert (plan.region, plan.node_pools[0].count, plan.cluster.kubernetes_version) == ("b", 5, "1.30")
    assert target.stat().st_mode & 0o777 == 0o640
    assert sorted(path.name for path in tmp_path.iterdir()) == ["plan.yaml"]


def test_a_wrong_value_changes_nothing(good: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = good.read_bytes()
    assert main(["plan", str(good), *sets("region=b", "network.pod_cdr=1")]) == 2
    assert "network.pod_cidr" in capsys.readouterr().err
    assert good.read_bytes() == before


def test_a_folder_that_cannot_be_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan", str(tmp_path / "absent" / "plan.yaml")]) == 1
    err = capsys.readouterr().err
    assert "can't be written" in err
    assert "Traceback" not in err


def test_schema_is_json_schema(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan", "--schema"]) == 0
    schema = json.loads(capsys.readouterr().out)
    assert schema["required"] == ["version"]
    assert schema["properties"]["cloud"]["enum"] == ["AzureCloud", "AzureChinaCloud", "AzureUSGovernment"]
    pool = schema["properties"]["node_pools"]["items"]["properties"]
    assert pool["count"]["default"] == 3


def test_check_of_a_good_plan(good: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert main(["check", str(good)]) == 0
    assert main(["check", str(good), "-o", "json"]) == 0
    out = capsys.readouterr().out
    found = json.loads(out[out.index("{") :])
    assert found["plan"] == str(good)
    assert (found["findings"], found["errors"], found["warnings"], found["infos"]) == ([], 0, 0, 0)
    assert {"code", "needs", "reason"} == set(found["not_run"][0])


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_check_says_what_where_and_how(good: Path, lang: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan", str(good), *sets("network.pod_cidr=172.30.0.0/16")]) == 0
    capsys.readouterr()
    assert main(["check", str(good), "--lang", lang, "-o", "json"]) == 1
    finding = json.loads(capsys.readouterr().out)["findings"][0]
    assert list(finding) == [
        "code",
        "severity",
        "field",
        "related",
        "message",
        "evidence",
        "remedy",
        "source",
    ]
    assert (finding["code"], finding["severity"], finding["field"]) == ("BYO203", "error", "network.pod_cidr")
    assert "172.30.0.0/16" in finding["message"]
    assert finding["evidence"] == {"network.pod_cidr": "172.30.0.0/16"}
    assert finding["remedy"]["set"] == {"network.pod_cidr": "172.29.0.0/16"}
    assert main(["check", str(good), "--lang", lang]) == 1
    assert "--set 'network.pod_cidr=172.29.0.0/16'" in capsys.readouterr().out


def test_check_with_facts(good: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    facts = tmp_path / "facts.json"
    facts.write_text(
        '{"resourceGroups": [{"name": "rg", "location": "northeurope", "id": "x"}]}', encoding="utf-8"
    )
    capsys.readouterr()
    assert main(["check", str(good), "--facts", str(facts)]) == 1
    assert "BYO110" in capsys.readouterr().out
    facts.write_text('{"resourceGroup": []}', encoding="utf-8")
    assert main(["check", str(good), "--facts", str(facts)]) == 2
    assert "resourceGroups" in capsys.readouterr().err


def test_a_warning_that_nobody_accepted_blocks(good: Path) -> None:
    assert main(["plan", str(good), *sets("cni.plugin=manual")]) == 0
    assert main(["check", str(good)]) == 1
    assert main(["plan", str(good), *sets("accept=[BYO716]")]) == 0
    assert main(["check", str(good)]) == 0


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"version: 1\nclod: x\n", ":2:1:"), (b"\xff\xff", "UTF-8"), (b"a: [", "YAML"), (b"", "empty")],
)
def test_unreadable_files(
    tmp_path: Path, content: bytes, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "plan.yaml"
    target.write_bytes(content)
    for command in ("check", "plan"):
        assert main([command, str(target)]) == 2
        err = capsys.readouterr().err
        assert words in err
        assert "Traceback" not in err


def test_explain(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "byo204"]) == 0
    assert "Two ranges of the plan overlap" in capsys.readouterr().out
    assert main(["explain", "204", "-o", "json", "--lang", "zh"]) == 0
    entry = json.loads(capsys.readouterr().out)[0]
    assert next(iter(entry)) == "code"
    assert entry["title"] == "计划中的两个范围重叠"
    assert main(["explain", "BYO999"]) == 2
    assert "BYO" in capsys.readouterr().err
    assert main(["explain", "-o", "json"]) == 0
    assert len(json.loads(capsys.readouterr().out)) > 90


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_file_that_plan_wrote_changes_only_where_asked(tmp_path: Path, lang: str) -> None:
    target = tmp_path / "plan.yaml"
    assert main(["plan", str(target), "--lang", lang]) == 0
    before = target.read_text(encoding="utf-8").splitlines()
    assert main(["plan", str(target), *sets("region=x", "node_pools[0].count=4")]) == 0
    after = target.read_text(encoding="utf-8").splitlines()
    assert [line for line in after if line not in before] == ["region: x", "    count: 4"]
    assert len(after) == len(before)


def test_check_says_what_to_type_next(good: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The line that takes every value is shell as it stands, and leaves nothing to complain about."""
    capsys.readouterr()
    assert main(["check", str(good)]) == 0
    assert f"apply {good} --simulate" in capsys.readouterr().err
    wrong = ["network.pod_cidr=10.0.0.0/16", "cni.encryption=wireguard", "cluster.name=-a"]
    assert main(["plan", str(good), *sets(*wrong)]) == 0
    capsys.readouterr()
    assert main(["check", str(good)]) == 1
    line = capsys.readouterr().err.splitlines()[-1]
    program, *words = shlex.split(line)
    assert program == "byocni-tui"
    assert main(words) == 0
    assert main(["check", str(good)]) == 0


def test_nobody_is_told_to_acknowledge_without_reading(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "plan.yaml"
    assert main(["plan", str(target), *sets(*FULL[:-1], "network.pod_cidr=10.0.0.0/16")]) == 0
    capsys.readouterr()
    assert main(["check", str(target)]) == 1
    assert "acknowledge" not in capsys.readouterr().err


@pytest.mark.parametrize(
    ("typed", "near"),
    [
        ("networks.pod_cidr=1", "network.pod_cidr"),
        ("netwrk.pod_cdr=1", "network.pod_cidr"),
        ("node_pols[0].count=1", "node_pools[0].count"),
        ("clusterr=1", "cluster"),
    ],
)
def test_a_wrong_path_gets_the_nearest_whole_one(
    typed: str, near: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["plan", "--set", typed]) == 2
    assert f"'{near}'" in capsys.readouterr().err


def test_explain_lists_the_codes_that_begin_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "BYO32"]) == 0
    assert [line[:6] for line in capsys.readouterr().out.splitlines()] == ["BYO321", "BYO322", "BYO323"]
    assert main(["explain", "999"]) == 2
    assert "Did you mean" not in capsys.readouterr().err
    assert main(["explain", "BY0204"]) == 2
    assert "BYO204" in capsys.readouterr().err

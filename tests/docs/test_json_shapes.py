"""What commands print is what ``docs/json.md`` and its schemas say: no key is missing, none is there without a word."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from byocni_tui.cli import main
from tools.pages.shapes import SHAPES

TYPES: dict[str, Any] = {
    "object": dict,
    "array": list,
    "string": str,
    "boolean": bool,
    "integer": int,
    "number": (int, float),
    "null": type(None),
}
PLAN = """
version: 1
cloud: AzureChinaCloud
subscription: 00000000-0000-0000-0000-000000000000
region: chinanorth3
resource_group: {name: myResourceGroup}
cluster: {name: myAKSCluster}
accept: [BYO709]
"""


def problems(shape: dict[str, Any], value: Any, at: str = "$") -> Iterator[str]:
    """Where a value is not what a schema says; a key that the schema does not name counts too."""
    kinds = shape["type"] if isinstance(shape["type"], list) else [shape["type"]]
    right = any(
        isinstance(value, TYPES[kind]) and not (isinstance(value, bool) and kind in ("integer", "number"))
        for kind in kinds
    )
    if not right:
        yield f"{at}: {value!r} is not {kinds}"
    elif value is not None and value not in shape.get("enum", [value]):
        yield f"{at}: {value!r} is not one of {shape['enum']}"
    elif isinstance(value, list) and "items" in shape:
        for number, item in enumerate(value):
            yield from problems(shape["items"], item, f"{at}[{number}]")
    elif isinstance(value, dict) and "properties" in shape:
        yield from (f"{at}.{key} is missing" for key in shape["required"] if key not in value)
        for key, item in value.items():
            inner = shape["properties"].get(key)
            if inner is None:
                yield f"{at}.{key} is not described"
            else:
                yield from problems(inner, item, f"{at}.{key}")


def ask(capsys: pytest.CaptureFixture[str], *words: str, status: int = 0, lines: bool = False) -> Any:
    capsys.readouterr()
    assert main([*words, "-o", "json"]) == status
    out = capsys.readouterr().out
    return [json.loads(line) for line in out.splitlines()] if lines else json.loads(out)


def agree(name: str, value: Any) -> None:
    assert list(problems(SHAPES[name], value)) == []


def test_the_check_itself_notices() -> None:
    shape = SHAPES["check"]
    assert next(problems(shape, {"plan": 1})).startswith("$.findings is missing")
    assert "$.x is not described" in list(problems(shape, {"x": 1}))
    assert list(problems(SHAPES["explain"], [{"severity": ["bad"]}]))


def test_check_explain_cni_and_scenarios(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "plan.yaml"
    file.write_text(PLAN + "network: {pod_cidr: 10.0.0.0/16}\n", encoding="utf-8")
    report = ask(capsys, "check", str(file), status=1)
    assert {finding["code"] for finding in report["findings"]} == {"BYO001", "BYO204", "BYO709"}
    assert report["not_run"]
    agree("check", report)
    agree("explain", ask(capsys, "explain"))
    agree("cni", ask(capsys, "cni", "list"))
    agree("cni", [ask(capsys, "cni", "show", "calico", "--lang", "zh")])
    agree("scenarios", ask(capsys, "scenarios"))
    for scenario in ask(capsys, "scenarios")[:3]:
        agree("scenario", ask(capsys, "scenarios", "show", scenario["id"]))


def test_a_run_from_its_events_to_its_end(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BYOCNI_STATE_HOME", str(tmp_path / "state"))
    file = tmp_path / "plan.yaml"
    file.write_text(PLAN + "acknowledge_support_boundary: true\n", encoding="utf-8")
    events = ask(capsys, "apply", str(file), "--simulate", "--speed", "max", lines=True)
    for event in events:
        agree("apply", event)
    runs = ask(capsys, "runs")
    agree("runs", runs)
    agree("run", ask(capsys, "runs", "show", runs[0]["id"]))
    kubeconfig = str(tmp_path / "state" / "runs" / runs[0]["id"] / "kubeconfig")
    agree("doctor", ask(capsys, "doctor", "--kubeconfig", kubeconfig))
    agree("verify", ask(capsys, "verify", "--kubeconfig", kubeconfig))
    agree("destroy", ask(capsys, "destroy", runs[0]["id"], "--yes"))

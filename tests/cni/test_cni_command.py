"""``byocni-tui cni`` as people and scripts use it."""

import json

import pytest

from byocni_tui.cli import main


def test_the_list_says_what_is_offered_and_why_the_rest_is_not(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cni"]) == 0
    out = capsys.readouterr().out
    assert out.index("cilium") < out.index("manual") < out.index("flannel: ")
    assert "node.spec.podCIDR" in out


def test_lists_for_scripts_have_ids_first_and_stay_the_same_in_any_language(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["cni", "list", "-o", "json"]) == 0
    english = json.loads(capsys.readouterr().out)
    assert main(["cni", "list", "-o", "json", "--lang", "zh"]) == 0
    chinese = json.loads(capsys.readouterr().out)
    assert [next(iter(item)) for item in english] == ["id"] * len(english)
    assert [list(item) for item in english] == [list(item) for item in chinese]
    assert english[0]["summary"] != chinese[0]["summary"]
    assert {item["id"] for item in english if not item["offered"]} >= {"flannel", "weave"}


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("plugin", ["cilium", "calico", "antrea", "manual", "flannel"])
def test_one_plugin_is_shown_in_full(plugin: str, lang: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cni", "show", plugin, "--lang", lang]) == 0
    out = capsys.readouterr().out
    assert plugin in out
    assert "cni." not in out


def test_one_plugin_for_scripts_is_one_object(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cni", "show", "calico", "-o", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["default_version"] == "3.32.2"
    assert {"port": 4789, "protocol": "UDP"}.items() <= found["ports"][0].items()


def test_comparing_puts_plugins_side_by_side(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cni", "compare", "cilium", "antrea"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["Cilium", "Antrea"]
    assert any("1.19.9" in line and "2.6.3" in line for line in lines)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["show", "flanel"], "flannel"),
        (["show", "zzzzzz"], "cilium"),
        (["show"], "show"),
        (["compare", "cilium"], "compare"),
        (["list", "cilium"], "list"),
        (["show", "cilium", "calico"], "show"),
    ],
)
def test_wrong_usage_is_told_how_to_mend_it(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["cni", *words]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert said in captured.err

"""Reading answers files: what is read as what, where complaints point, and that no bytes end in a traceback."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from byocni_tui.errors import EXIT_USAGE, UserError
from byocni_tui.files import load_plan
from byocni_tui.locale import Translator
from byocni_tui.plan import reader, writer
from byocni_tui.plan.model import Autoscale, Cni, Plan


def complaint(text: str) -> UserError:
    with pytest.raises(UserError) as caught:
        reader.load(text, "f.yaml")
    assert caught.value.exit_code == EXIT_USAGE
    for lang in ("en", "zh"):
        shown = Translator(lang)(f"errors.{caught.value.key}", **caught.value.values)
        assert shown.startswith("f.yaml")
    return caught.value


def place(error: UserError) -> tuple[Any, Any]:
    return error.values["line"], error.values["column"]


def test_only_the_version_is_required() -> None:
    assert reader.load("version: 1", "f") == Plan()


@pytest.mark.parametrize(
    ("text", "key", "at"),
    [
        ("", "plan_empty", (1, 1)),
        ("- a", "plan_not_a_map", (1, 1)),
        ("cloud: AzureCloud", "plan_version_missing", (1, 1)),
        ("version: 2", "plan_version_newer", (1, 10)),
        ("version: '1'", "plan_version_unknown", (1, 10)),
        ("version: 0", "plan_version_unknown", (1, 10)),
        ("version: 1\nregion: a\nregion: b", "yaml_duplicate", (3, 1)),
        ("version: 1\ncni: {values: {a: 1, a: 2}}", "yaml_duplicate", (2, 22)),
        ("version: 1\nclod: x", "plan_unknown_key_near", (2, 1)),
        ("version: 1\nzzz: x", "plan_unknown_key", (2, 1)),
        ("version: 1\ncluster:\n  nmae: x", "plan_unknown_key_near", (3, 3)),
        ("version: 1\ncloud: AzureChina", "plan_unknown_value_near", (2, 8)),
        ("version: 1\ncluster: {tier: gold}", "plan_unknown_value", (2, 17)),
        ("version: 1\nidentity: {type: System}", "plan_unknown_value_near", (2, 18)),
        ("version: 1\nnode_pools: [{mode: main}]", "plan_unknown_value", (2, 21)),
        ("version: 1\ncluster: {private: 'true'}", "plan_wrong_type_switch", (2, 20)),
        ("version: 1\nnode_pools: [{count: 1.5}]", "plan_wrong_type_number", (2, 22)),
        ("version: 1\nnode_pools: {a: b}", "plan_wrong_type_list", (2, 13)),
        ("version: 1\nregion: [a]", "plan_wrong_type_text", (2, 9)),
        ("version: 1\ncluster: x", "plan_wrong_type_map", (2, 10)),
        ("version: 1\na: [", "not_yaml", (3, 1)),
        ("version: 1\n---\nversion: 1", "yaml_documents", (2, 1)),
        ("version: 1\n? [a]\n: b", "yaml_key", (2, 3)),
        ("version: 1\ncni: {values: {b: &a [*a]}}", "yaml_alias", (2, 23)),
        ("[" * 100_000, "yaml_too_deep", (1, 51)),
    ],
)
def test_complaints_name_the_place(text: str, key: str, at: tuple[int, int]) -> None:
    error = complaint(text)
    assert error.key == key
    if key != "not_yaml":
        assert place(error) == at


def test_a_multiplying_alias_is_refused_quickly() -> None:
    bomb = "version: 1\ncni:\n  values:\n    a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
    bomb += "".join(f"    a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 12))
    assert complaint(bomb).key == "file_too_large"


def test_scalars_are_text_where_the_field_is_text() -> None:
    plan = reader.load(
        "version: 1\ncluster: {name: 0123, kubernetes_version: 1.30}\nnode_pools: [{name: on, zones: [1, 2]}]\n"
        "resource_group: {name: null, tags: {a: 1.0, b: yes}}",
        "f",
    )
    assert (plan.cluster.name, plan.cluster.kubernetes_version) == ("0123", "1.30")
    assert (plan.node_pools[0].name, plan.node_pools[0].zones) == ("on", ("1", "2"))
    assert plan.resource_group.tags == {"a": "1.0", "b": "yes"}
    assert plan.resource_group.name is None


def test_free_values_keep_their_types() -> None:
    text = (
        "version: 1\ncni: {values: {a: 1, b: 1.5, c: true, d: yes, e: 2001-01-01, f: null, g: '1', h: [x]}}"
    )
    assert reader.load(text, "f").cni.values == {
        "a": 1, "b": 1.5, "c": True, "d": "yes", "e": "2001-01-01", "f": None, "g": "1", "h": ["x"],
    }  # fmt: skip


def test_a_value_out_of_range_is_for_the_rules() -> None:
    plan = reader.load("version: 1\ncni: {mtu: 1}\nnode_pools: [{count: -5, os: BeOS}]", "f")
    assert (plan.cni.mtu, plan.node_pools[0].count, plan.node_pools[0].os) == (1, -5, "BeOS")


@pytest.mark.parametrize(
    ("content", "key"),
    [(None, "file_missing"), (b"\xff\xfe\x00", "file_not_utf8"), ("dir", "file_directory")],
)
def test_files_that_cannot_be_read(tmp_path: Path, content: Any, key: str) -> None:
    target = tmp_path / "plan.yaml"
    if content == "dir":
        target.mkdir()
    elif content is not None:
        target.write_bytes(content)
    with pytest.raises(UserError) as caught:
        load_plan(target)
    assert (caught.value.key, caught.value.exit_code) == (key, EXIT_USAGE)


def test_a_byte_order_mark_is_forgiven(tmp_path: Path) -> None:
    target = tmp_path / "plan.yaml"
    target.write_bytes(b"\xef\xbb\xbfversion: 1\r\nregion: a\r\n")
    assert load_plan(target).region == "a"


@settings(max_examples=300, deadline=None)
@given(
    st.one_of(
        st.binary(max_size=200),
        st.text(max_size=200).map(lambda t: ("version: 1\n" + t).encode("utf-8", "replace")),
    )
)
def test_any_bytes_are_a_plan_or_a_complaint(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    target = tmp_path_factory.getbasetemp() / "any.yaml"
    target.write_bytes(data)
    outcome: Any = None
    try:
        outcome = load_plan(target)
    except UserError as error:
        outcome = error
    assert isinstance(outcome, Plan) or outcome.exit_code == EXIT_USAGE
    assert isinstance(outcome, Plan) or Translator("zh").has(f"errors.{outcome.key}")


_YAMLISH = st.recursive(
    st.one_of(
        st.sampled_from(
            ["null", "~", "on", "1", "1.30", "-", "?", ":", "&a b", "*a", "!!int x", "'", '"a"', "<<"]
        ),
        st.text(max_size=5),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda items: "[" + ", ".join(items) + "]"),
        st.dictionaries(
            st.sampled_from(["name", "region", "cni", "values", "x", "<<"]), inner, max_size=3
        ).map(lambda d: "{" + ", ".join(f"{k}: {v}" for k, v in d.items()) + "}"),
    ),
    max_leaves=8,
)


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(["cluster", "network", "node_pools", "cni", "accept", "override", "export", "region"]),
    _YAMLISH,
)
def test_anything_like_yaml_is_a_plan_or_a_complaint(key: str, value: str) -> None:
    outcome: Any = None
    try:
        outcome = reader.load(f"version: 1\n{key}: {value}\n", "f")
    except UserError as error:
        outcome = error
    if isinstance(outcome, Plan):
        assert reader.load(writer.dump(outcome, Translator("en")), "f") == outcome
    else:
        assert outcome.exit_code == EXIT_USAGE


_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
_DATA = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(10**17), 10**17), _TEXT),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(_TEXT, inner, max_size=3)),
    max_leaves=10,
)


@settings(max_examples=200, deadline=None)
@given(_TEXT, st.dictionaries(_TEXT, _DATA, max_size=3), st.lists(_TEXT, max_size=3))
def test_what_is_written_is_read_back(name: str, values: dict[str, Any], taints: list[str]) -> None:
    from byocni_tui.plan import path

    plan = path.replace(Plan(cni=Cni(values=values)), "node_pools[0].taints", taints)
    plan = path.replace(plan, "node_pools[1].autoscale", Autoscale(min=2, max=4))
    plan = path.replace(plan, "network.known_ranges[0]", {"range": name, "what": name})
    plan = path.replace(plan, "cluster.tags", {name: name})
    for lang in ("en", "zh"):
        text = writer.dump(plan, Translator(lang))
        assert reader.load(text, "f") == plan
        assert writer.dump(plan, Translator(lang)) == text


def test_a_value_of_an_option_is_placed_by_its_option() -> None:
    """It has no lines; inside of a longer one the column helps."""
    with pytest.raises(UserError) as short:
        reader.set_value(Plan(), "cluster.tier=gold")
    assert Translator("en")(f"errors.{short.value.key}", **short.value.values).startswith(
        "--set cluster.tier: "
    )
    with pytest.raises(UserError) as long:
        reader.set_value(Plan(), "node_pools=[{name: a, count: x}]")
    assert Translator("en")(f"errors.{long.value.key}", **long.value.values).startswith(
        "--set node_pools:1:19: "
    )

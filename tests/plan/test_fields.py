"""A field is declared once: in its model. Everything that shows fields finds it there."""

from typing import Annotated, Any

import msgspec
import pytest

from byocni_tui.errors import UserError
from byocni_tui.locale import Translator
from byocni_tui.plan import fields, path, reader, schema, writer
from byocni_tui.plan.model import About, Plan

TR = Translator("en")


class Made(msgspec.Struct, frozen=True, kw_only=True):
    """A section that no answers file has."""

    colour: Annotated[str, About(az="--colour", choices=("red", "blue"))] = "red"
    depth: int | None = None


class Wider(Plan, frozen=True, kw_only=True):
    made_up: Made = Made()


def test_a_made_up_field_shows_up_everywhere() -> None:
    declared = {field.path: field for field in fields.declare(Wider)}
    assert declared["made_up.colour"].az_flag == "--colour"
    assert declared["made_up.colour"].default == "red"
    properties = schema.schema(TR, Wider)["properties"]["made_up"]["properties"]
    assert properties["colour"] == {"enum": ["red", "blue"], "default": "red"}
    assert properties["depth"]["type"] == ["integer", "null"]
    plan = path.replace(Wider(), "made_up.depth", reader.parse_value("made_up.depth", "3", Wider))
    assert plan.made_up.depth == 3
    text = writer.dump(plan, TR)
    assert "made_up:\n  colour: red\n  depth: 3\n" in text


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_every_field_has_its_texts(lang: str) -> None:
    tr = Translator(lang)
    for field in fields.FIELDS:
        for part in ("label", "help", "why"):
            assert tr.has(f"{field.text_key}.{part}"), field.path


def test_patterns() -> None:
    assert fields.field("node_pools[3].name") is not None
    ranges = fields.field("network.vnet.ranges[0]")
    assert ranges is not None
    assert ranges.path == "network.vnet.ranges"
    assert fields.field("nothing") is None


@pytest.mark.parametrize(
    ("where", "value"),
    [
        ("node_pools[0].name", "a"),
        ("node_pools[1].count", 7),
        ("network.vnet.ranges[0]", "10.0.0.0/8"),
        ('resource_group.tags["a.b"]', "c"),
        ("override.BYO313", "why"),
        ("cni.values.a.b", {"c": [1]}),
        ("node_pools[0].autoscale.max", 9),
    ],
)
def test_get_gives_what_replace_took(where: str, value: Any) -> None:
    plan = path.replace(Plan(), where, value)
    assert path.get(plan, where) == value
    assert plan.identity is Plan().identity or plan.identity == Plan().identity


def test_replace_shares_what_it_does_not_touch() -> None:
    before = Plan()
    after = path.replace(before, "network.pod_cidr", "10.1.0.0/16")
    assert after.node_pools is before.node_pools
    assert after.network.vnet is before.network.vnet


@pytest.mark.parametrize(
    ("given", "key"),
    [
        ("network.pod_cdr=1", "set_path_near"),
        ("nothing=1", "set_path"),
        ("noequals", "set_syntax"),
        ("node_pools[7].count=1", "set_index"),
        ("node_pools[0].count=many", "plan_wrong_type_number"),
        ("cloud=Mine", "plan_unknown_value"),
        ("version=2", "plan_version_newer"),
        ("a..b=1", "set_path"),
    ],
)
def test_set_complains(given: str, key: str) -> None:
    with pytest.raises(UserError) as caught:
        reader.set_value(Plan(), given)
    assert (caught.value.key, caught.value.exit_code) == (key, 2)


def test_set_reads_values_as_a_file_does() -> None:
    plan = Plan()
    for given in (
        "cluster.kubernetes_version=1.30",
        "node_pools[0].zones=[1, 2]",
        "network.pod_cidr=null",
        "cni.mtu=1400",
    ):
        plan = reader.set_value(plan, given)
    assert plan.cluster.kubernetes_version == "1.30"
    assert plan.node_pools[0].zones == ("1", "2")
    assert plan.network.pod_cidr is None
    assert plan.cni.mtu == 1400

"""No plan and no facts file, however odd, makes a rule stumble."""

import json
import random
from typing import Any

import landing
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_codes import GOOD, OWN, TABLE, changed

from byocni_tui.errors import UserError
from byocni_tui.locale import Translator
from byocni_tui.plan import facts as facts_file
from byocni_tui.plan import fields, path
from byocni_tui.plan.facts import Facts
from byocni_tui.plan.model import Plan
from byocni_tui.rules import Report, check
from byocni_tui.rules.render import report_to_dict

_TEXTS = st.sampled_from(
    ["", " ", "x", "/", "10.0.0.0/0", "0.0.0.0/0", "255.255.255.255/32", "10.244.0.0/31", "10.0.0.0/8", "١.1.1.1/8",
     "none", "a=b", ":", "%", "0%", "99999999999%", "..", "1.", "v", "/subscriptions/", "BYO201", "weave", "manual"]
) | st.text(max_size=8)  # fmt: skip
_NUMBERS = st.sampled_from([-1, 0, 1, 31, 32, 33, 250, 10**9]) | st.integers(-(10**12), 10**12)
_ODD_VALUES: list[dict[str, Any]] = [
    {"operator": 1},
    {"installation": []},
    {"ipam": {"operator": "x"}},
    {"installation": {"calicoNetwork": {"ipPools": [1, {"cidr": 2}]}}},
    {"antreaProxy": None},
    {"operator": {"replicas": "2", "tolerations": ["x", {"key": 1}]}},
]


def _value(draw: Any, field: fields.Field) -> Any:
    if field.kind == "text":
        return draw(st.none() | _TEXTS) if field.nullable else draw(_TEXTS)
    if field.kind == "number":
        return draw(st.none() | _NUMBERS) if field.nullable else draw(_NUMBERS)
    if field.kind == "switch":
        return draw(st.booleans())
    if field.kind == "list":
        return draw(st.lists(_TEXTS, max_size=3))
    if field.kind == "map":
        if field.item == "any":
            return draw(st.sampled_from(_ODD_VALUES))
        return draw(st.dictionaries(_TEXTS, _TEXTS, max_size=2))
    return draw(_NUMBERS | _TEXTS)


@st.composite
def plans(draw: Any) -> Plan:
    plan = draw(st.sampled_from([GOOD, OWN]))
    for field in draw(st.lists(st.sampled_from(fields.FIELDS), max_size=8)):
        where = field.path.replace("[]", "[0]")
        plan = path.replace(plan, where, _value(draw, field))
    plan = path.replace(
        plan, "cni.plugin", draw(st.sampled_from(["cilium", "calico", "antrea", "manual", "weave", "?"]))
    )
    return path.replace(plan, "cluster.create", draw(st.booleans()))


def _showable(report: Report) -> None:
    for lang in ("en", "zh"):
        text = msgspec.json.encode(report_to_dict(report, "f", Translator(lang))).decode(
            "utf-8", "surrogatepass"
        )
        assert '"rules.' not in text


@settings(max_examples=300, deadline=None)
@given(plans())
def test_any_plan_can_be_judged(plan: Plan) -> None:
    _showable(check(plan))


@settings(max_examples=200, deadline=None)
@given(plans(), st.sampled_from([entry for entry in TABLE if entry.facts]))
def test_any_plan_can_be_judged_with_facts(plan: Plan, entry: Any) -> None:
    _showable(check(plan, Facts(**entry.facts)))


def _spoil(node: Any, rng: random.Random) -> Any:
    """The same data with something replaced, emptied or left out somewhere."""
    if rng.random() < 0.08:
        return rng.choice([None, 5, "x", [], {}, [None], ["x"], True, -1, "10.0.0.0/8"])
    if isinstance(node, dict):
        return {key: _spoil(value, rng) for key, value in node.items() if rng.random() > 0.05}
    if isinstance(node, list):
        return [_spoil(value, rng) for value in node]
    return node


WITH_FACTS = [entry for entry in TABLE if entry.facts]


@pytest.mark.parametrize("entry", WITH_FACTS, ids=[f"{e.code}-{n}" for n, e in enumerate(WITH_FACTS)])
def test_spoilt_facts_are_refused_or_judged(entry: Any) -> None:
    plan = changed(entry.base, entry.raises)
    whole = json.loads(facts_file.dump(Facts(**entry.facts)))
    for seed in range(60):
        spoilt = json.dumps(_spoil(whole, random.Random(seed)))
        try:
            facts = facts_file.load(spoilt, "f")
        except UserError as error:
            seen = Translator("en")(f"errors.{error.key}", **error.values)
            assert seen.startswith("f"), spoilt
        else:
            _showable(check(plan, facts))


@pytest.mark.parametrize("zone", ["hardened", "hub_and_spoke", "shared_route_table"])
def test_spoilt_landing_zones_are_refused_or_judged(zone: str) -> None:
    plan = landing.plan(zone)
    for seed in range(150):
        spoilt = json.dumps(_spoil(landing.raw(zone), random.Random(seed)))
        facts = Facts()
        try:
            facts = facts_file.load(spoilt, "f")
        except UserError as error:
            assert error.exit_code == 2  # noqa: PT017
        _showable(check(plan, facts))


@pytest.mark.parametrize("zone", ["hardened", "hub_and_spoke", "shared_route_table"])
def test_a_good_landing_zone_is_left_alone_by_all_rules(zone: str) -> None:
    accepted = {"BYO001", "BYO709", "BYO322"}
    found = {finding.code for finding in check(landing.plan(zone), landing.facts(zone)).findings}
    assert found <= accepted

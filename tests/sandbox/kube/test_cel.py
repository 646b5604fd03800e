"""CEL: expressions, the rules of CRDs, policies."""

from typing import Any

import pytest
from aiohttp.test_utils import TestClient
from hypothesis import given
from hypothesis import strategies as st

from byocni_tui.sandbox.kube.cel import CelUnknownError, Program
from byocni_tui.sandbox.kube.cel_library import CelError
from byocni_tui.sandbox.kube.cel_syntax import CelSyntaxError

SELF = {"size": 3, "names": ["a", "b"], "map": {"x": 1}, "text": "v1.2", "a-b": 1, "namespace": "n"}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1 + 2 * 3 == 7 && -7 / 2 == -3 && -7 % 3 == -1 && 7.0 / 2.0 == 3.5", True),
        ("self.size in [1, 2, 3] && !('z' in self.map) && 'x' in self.map", True),
        ("has(self.gone) ? self.gone : 'none'", "none"),
        ("self.names.all(n, n.size() == 1) && self.names.exists(n, n == 'b')", True),
        ("self.names.exists_one(n, n == 'a') && self.names.map(n, n + '!') == ['a!', 'b!']", True),
        ("self.map.all(k, v, k == 'x' && v == 1) && self.names.filter(n, n > 'a') == ['b']", True),
        ("self.gone == 1 || true", True),
        ("false && self.gone == 1", False),
        ("self.?gone.orValue(5) + self.?size.orValue(0)", 8),
        (
            "self.text.matches('^v[0-9]+') && self.text.split('.')[1] == '2' && self.text.find('[0-9]') == '1'",
            True,
        ),
        ("cidr('10.0.0.0/8').containsIP('10.1.2.3') && !isIP('10.0.0') && isCIDR('fd00::/8')", True),
        ("cidr('10.0.0.0/8').containsCIDR(cidr('10.2.0.0/16')) && ip('10.0.0.1').family() == 4", True),
        ("quantity('1Gi').isGreaterThan(quantity('900Mi')) && quantity('1k').asInteger() == 1000", True),
        ("quantity('100m').add(quantity('0.4')).asApproximateFloat() == 0.5 && !isQuantity('much')", True),
        ("url('https://a.example:81/p?q=1').getHostname() == 'a.example'", True),
        ("duration('90s') > duration('1m') && timestamp('2026-01-02T00:00:00Z').getDayOfMonth() == 1", True),
        ("sets.contains([1, 2, 3], [3, 1]) && [3, 1, 2].sort() == [1, 2, 3]", True),
        ("self.a__dash__b == 1 && self.__namespace__ == 'n'", True),
        ("type(self.size) == int && string(1.5) == '1.5' && int('7') == 7", True),
        ('r\'\\d\' == \'\\\\d\' && """a"b""" == \'a"b\'', True),
        ("format.dns1123Label().validate('No').hasValue()", True),
        ("1 == 1.0 && 'a' != 1 && {'a': [1]} == {'a': [1.0]}", True),
    ],
)
def test_expressions(text: str, value: Any) -> None:
    assert Program(text, ["self"]).run({"self": SELF}) == value


@pytest.mark.parametrize(
    "text", ["self.gone", "1 / 0", "self.names[5]", "self.size < 'a'", "9223372036854775807 + 1"]
)
def test_what_goes_wrong_while_it_runs(text: str) -> None:
    with pytest.raises(CelError):
        Program(text, ["self"]).run({"self": SELF})


@pytest.mark.parametrize("text", ["self.", "1 +", "(1", "[1, 2", "'open", "a b", "#"])
def test_what_is_no_expression(text: str) -> None:
    with pytest.raises(CelSyntaxError):
        Program(text, ["self", "a", "b"])


@pytest.mark.parametrize("text", ["other", "self.cube()", "nothing(1)", "self.all(x, y)"])
def test_what_is_not_known_is_said_before_it_runs(text: str) -> None:
    with pytest.raises(CelUnknownError):
        Program(text, ["self"])


@given(st.text(max_size=40))
def test_any_text_is_an_expression_or_refused(text: str) -> None:
    try:
        Program(text, ["self"])
    except (CelSyntaxError, CelUnknownError):
        return


def _crd(rules: dict[str, Any]) -> dict[str, Any]:
    spec = {"type": "object", "properties": {"name": {"type": "string"}, "items": {"type": "array", "items": {
        "type": "object", "properties": {"key": {"type": "string"}, "value": {"type": "integer"}}},
        "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["key"]}}, **rules}  # fmt: skip
    return {
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": "things.lab.example.com"},
        "spec": {
            "group": "lab.example.com", "scope": "Namespaced", "names": {"plural": "things", "kind": "Thing"},
            "versions": [{"name": "v1", "served": True, "storage": True,
                          "schema": {"openAPIV3Schema": {"type": "object", "properties": {"spec": spec}}}}],
        },
    }  # fmt: skip


CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
THINGS = "/apis/lab.example.com/v1/namespaces/default/things"


async def _make(api: TestClient, rules: list[dict[str, Any]]) -> Any:
    async with api.post(CRDS, json=_crd({"x-kubernetes-validations": rules})) as answer:
        return answer.status, answer.headers.getall("Warning", []), await answer.json()


def _thing(**spec: Any) -> dict[str, Any]:
    return {"apiVersion": "lab.example.com/v1", "kind": "Thing", "metadata": {"name": "t"}, "spec": spec}


async def test_a_transition_rule_compares_with_the_object_before(api: TestClient) -> None:
    rule = {
        "rule": "self.name == oldSelf.name",
        "messageExpression": "'was ' + oldSelf.name",
        "reason": "FieldValueForbidden",
    }
    assert (await _make(api, [rule]))[0] == 201
    assert (await api.post(THINGS, json=_thing(name="a"))).status == 201
    answer = await api.put(f"{THINGS}/t", json=_thing(name="b"))
    assert answer.status == 422
    (cause,) = (await answer.json())["details"]["causes"]
    assert cause == {"reason": "FieldValueForbidden", "message": "Forbidden: was a", "field": "spec"}


async def test_a_rule_that_can_not_be_judged_is_said(api: TestClient) -> None:
    status, warnings, _ = await _make(api, [{"rule": "self.name.cube() == 1"}])
    assert status == 201
    assert "undeclared reference to 'cube': not in the sandbox, the rule is not judged" in warnings[0]
    assert (await api.post(THINGS, json=_thing(name="a"))).status == 201


async def test_a_rule_that_is_no_expression_is_refused(api: TestClient) -> None:
    status, _, body = await _make(api, [{"rule": "self.name =="}])
    assert status == 422
    assert "x-kubernetes-validations[0].rule: Invalid value" in body["message"]
    assert "compilation failed: ERROR: <input>:1:13: Syntax error" in body["message"]


async def test_a_policy_denies_warns_and_lets_through(api: TestClient) -> None:
    group = "/apis/admissionregistration.k8s.io/v1"
    kind = {"apiVersion": "admissionregistration.k8s.io/v1"}
    rules = [
        {
            "apiGroups": [""],
            "apiVersions": ["v1"],
            "operations": ["CREATE", "DELETE"],
            "resources": ["configmaps"],
        }
    ]
    policy = {
        "matchConstraints": {"resourceRules": rules},
        "variables": [{"name": "owner", "expression": "object.metadata.?labels[?'owner'].orValue('')"}],
        "matchConditions": [{"name": "made", "expression": "request.operation == 'CREATE'"}],
        "validations": [
            {"expression": "variables.owner != ''", "messageExpression": "'no owner in ' + request.namespace"}
        ],
    }
    made = {**kind, "kind": "ValidatingAdmissionPolicy", "metadata": {"name": "owned"}, "spec": policy}
    assert (await api.post(f"{group}/validatingadmissionpolicies", json=made)).status == 201
    bound = {"policyName": "owned", "validationActions": ["Warn"]}
    binding = {
        **kind,
        "kind": "ValidatingAdmissionPolicyBinding",
        "metadata": {"name": "everywhere"},
        "spec": bound,
    }
    assert (await api.post(f"{group}/validatingadmissionpolicybindings", json=binding)).status == 201
    where = "/api/v1/namespaces/default/configmaps"
    warned = await api.post(where, json={"metadata": {"name": "one"}})
    assert warned.status == 201
    assert (
        "Validation failed for ValidatingAdmissionPolicy 'owned' with binding 'everywhere': no owner in default"
        in (warned.headers["Warning"])
    )
    change = {"spec": {"validationActions": ["Deny"]}}
    headers = {"Content-Type": "application/merge-patch+json"}
    await api.patch(f"{group}/validatingadmissionpolicybindings/everywhere", json=change, headers=headers)
    denied = await api.post(where, json={"metadata": {"name": "two"}})
    assert denied.status == 422
    assert (await denied.json())["message"].endswith("denied request: no owner in default")
    assert (
        await api.post(where, json={"metadata": {"name": "three", "labels": {"owner": "me"}}})
    ).status == 201
    assert (await api.delete(f"{where}/one")).status == 200

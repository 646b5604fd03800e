"""ARM templates: expressions, and the not quite JSON that az sends."""

from typing import Any

import pytest

from byocni_tui.sandbox.arm.errors import ArmError
from byocni_tui.sandbox.arm.expressions import parse, run
from byocni_tui.sandbox.arm.jsonc import loads


class Scope:
    def call(self, name: str, arguments: list[Any]) -> Any:
        return {"parameters": {"a": {"b": [1, {"C": "deep"}]}, "empty": None}[arguments[0]]}[name]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("concat('it''s', '-', 3)", "it's-3"),
        ("parameters('a').b[1].c", "deep"),
        ("if(equals('A', 'a'), 'same', parameters('nowhere'))", "same"),
        ("format('{0}/{1:D2}', 'x', 7)", "x/7"),
        ("union(createObject('a', 1), createObject('b', 2))", {"a": 1, "b": 2}),
        ("length(range(3, 4))", 4),
        ("toLower(substring('HELLO', 1, 3))", "ell"),
        ("coalesce(parameters('empty'), 'x')", "x"),
        ("cidrSubnet('10.0.0.0/16', 24, 3)", "10.0.3.0/24"),
        ("contains(createArray(1, 2), 2)", True),
        ("last(split('a/b,c', createArray('/', ',')))", "c"),
        ("base64ToString(base64('hé'))", "hé"),
        ("string(createObject('a', true()))", '{"a":true}'),
    ],
)
def test_functions(text: str, value: Any) -> None:
    assert run(parse(text), Scope()) == value


def test_unique_strings_are_the_same_each_time_and_differ() -> None:
    one, two = (run(parse(f"uniqueString('{word}')"), Scope()) for word in ("a", "b"))
    assert len(one) == 13
    assert one != two
    assert one == run(parse("uniqueString('a')"), Scope())


@pytest.mark.parametrize(
    "text", ["concat('a'", "concat('a') x", "1 +", "add('a', 1)", "parameters('a').nope", "'"]
)
def test_what_can_not_be_read_or_computed_is_an_invalid_template(text: str) -> None:
    with pytest.raises(ArmError) as caught:
        run(parse(text), Scope())
    assert caught.value.code == "InvalidTemplate"


def test_deployment_bodies_of_az_are_read() -> None:
    body = """{"properties": {"parameters": {}, "mode": "Incremental", template:{ // a comment
      "$schema": "https://x/y#", /* another */ "value": "[concat('{', '//', '}')]", "list": [1, 2,],
    }
}}"""
    template = loads(body)["properties"]["template"]
    assert template == {"$schema": "https://x/y#", "value": "[concat('{', '//', '}')]", "list": [1, 2]}


def test_no_json_is_a_value_error() -> None:
    for text in ("", "{", '{"a": }', "nonsense here"):
        with pytest.raises(ValueError):  # noqa: PT011 the words are the decoder's
            loads(text)

"""What a template makes is what ``apply`` makes: the same body, field by field, for every kind of plan."""

from collections.abc import Iterator
from typing import Any

import pytest
from export_plans import KINDS

from byocni_tui.deploy import bodies
from byocni_tui.export.pieces import Call
from byocni_tui.export.resources import Builder

UNSAID = ("", False)
"""What ``apply`` sends as az does, and means nothing: the service's own default."""
WHOLE = [
    name
    for name, of in KINDS.items()
    if of.cluster.create
    and of.cluster.name
    and name not in ("key in a file", "no pools", "unreadable ranges")
]


def differences(export: Any, applied: Any, at: str = "") -> Iterator[str]:
    """Where the two differ; a call of the template language stands for an id that ``apply`` writes out."""
    if isinstance(export, Call):
        assert isinstance(applied, str)
    elif isinstance(export, dict) and isinstance(applied, dict):
        if any(isinstance(key, Call) for key in export):
            assert len(export) == len(applied)
            return
        for key in {**export, **applied}:
            if key in export and key in applied:
                yield from differences(export[key], applied[key], f"{at}.{key}")
            elif key in export or applied[key] not in UNSAID:
                yield f"{at}.{key}"
    elif isinstance(export, list) and isinstance(applied, list) and len(export) == len(applied):
        for number, (one, other) in enumerate(zip(export, applied, strict=True)):
            yield from differences(one, other, f"{at}[{number}]")
    elif export != applied:
        yield f"{at}: {export!r} is not {applied!r}"


@pytest.mark.parametrize("name", WHOLE)
def test_the_cluster_is_the_same(name: str) -> None:
    of = KINDS[name]
    assert list(differences(Builder(of).cluster_body(), bodies.cluster_body(of))) == []


def test_most_kinds_are_compared() -> None:
    assert len(WHOLE) >= 15

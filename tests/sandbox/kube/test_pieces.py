"""The pure parts: protobuf, patches, selectors, words."""

import base64

import kube_replay
import pytest

from byocni_tui.sandbox.kube import human, patch, schema, selectors, wire
from byocni_tui.sandbox.kube.jsonpath import find
from byocni_tui.sandbox.kube.status import ApiError


def _bodies() -> list[bytes]:
    found = []
    for file in ("edges-1-refused", "edges-2-waiting", "edges-3-ready"):
        for exchange in kube_replay.recorded(file):
            body = exchange.get("request_body")
            if isinstance(body, str) and body.startswith("base64:"):
                found.append(base64.b64decode(body[7:]))
    return found


def test_every_recorded_protobuf_body_can_be_read() -> None:
    bodies = [body for body in _bodies() if body.startswith(wire.MAGIC)]
    kinds = {wire.decode(body)["kind"] for body in bodies}
    assert len(bodies) > 40
    assert {"ConfigMap", "Deployment", "Secret", "SelfSubjectAccessReview", "DeleteOptions"} <= kinds


@pytest.mark.parametrize("broken", [b"", b"{}", wire.MAGIC, wire.MAGIC + b"\xff", wire.MAGIC + b"\x0a\x7f"])
def test_broken_protobuf_is_a_bad_request(broken: bytes) -> None:
    with pytest.raises(ApiError) as refused:
        wire.decode(broken)
    assert refused.value.code == 400


def test_directives_of_a_strategic_patch() -> None:
    form = schema.builtin("", "v1", "Pod")
    pod = {"spec": {"containers": [{"name": "a"}, {"name": "b"}]}, "metadata": {"finalizers": ["x", "y"]}}
    change = {
        "spec": {"containers": [{"name": "a", "$patch": "delete"}, {"name": "c"}]},
        "metadata": {"$deleteFromPrimitiveList/finalizers": ["x"]},
    }
    out = patch.strategic(pod, change, form)
    assert out == {"spec": {"containers": [{"name": "b"}, {"name": "c"}]}, "metadata": {"finalizers": ["y"]}}


def test_json_patch_refuses_what_it_can_not_do() -> None:
    assert patch.json_patch({"a": [1]}, [{"op": "add", "path": "/a/-", "value": 2}]) == {"a": [1, 2]}
    with pytest.raises(ApiError) as refused:
        patch.json_patch({"a": 1}, [{"op": "test", "path": "/a", "value": 2}])
    assert refused.value.code == 422


@pytest.mark.parametrize(
    ("selector", "fits"),
    [
        ("a=1", True), ("a==1,b", True), ("a!=1", False), ("a in (1,2)", True), ("a notin (1)", False),
        ("!c", True), ("c", False), ("b>3", True), ("b<3", False),
    ],
)  # fmt: skip
def test_label_selectors(selector: str, fits: bool) -> None:
    assert selectors.labels(selector)({"a": "1", "b": "4"}) is fits


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0s"), (119, "119s"), (284, "4m44s"), (600, "10m"), (10800, "3h"), (11000, "3h3m"), (90000, "25h"),
     (200000, "2d7h"), (86400 * 30, "30d"), (86400 * 800, "2y70d")],
)  # fmt: skip
def test_ages_are_worded_as_kubectl_knows_them(seconds: int, words: str) -> None:
    assert human.duration(seconds) == words


@pytest.mark.parametrize(
    ("text", "value"), [("100m", 0.1), ("1Gi", 2.0**30), ("1e3", 1000.0), ("2", 2.0), ("x", None)]
)
def test_quantities(text: str, value: float | None) -> None:
    assert human.quantity(text) == value


def test_paths_of_printer_columns() -> None:
    obj = {
        "status": {"conditions": [{"type": "Ready", "status": "True"}, {"type": "Other", "status": "False"}]}
    }
    assert find(obj, '.status.conditions[?(@.type=="Ready")].status') == ["True"]
    assert find(obj, ".status.none") == []

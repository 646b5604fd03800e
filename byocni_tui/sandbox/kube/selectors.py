"""Label and field selectors, and their refusals."""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from byocni_tui.sandbox.kube import names
from byocni_tui.sandbox.kube.status import bad_request

Matcher = Callable[[Mapping[str, str]], bool]

_SET: Final = re.compile(r"^\s*([^\s!=<>(),]+)\s+(in|notin)\s*\(([^()]*)\)\s*$")
_PAIR: Final = re.compile(r"^\s*([^\s!=<>(),]+)\s*(==|=|!=)\s*([^\s!=<>(),]*)\s*$")
_NUMBER: Final = re.compile(r"^\s*([^\s!=<>(),]+)\s*([<>])\s*(-?\d+)\s*$")
_EXISTS: Final = re.compile(r"^\s*(!?)\s*([^\s!=<>(),]+)\s*$")


def _split(text: str) -> list[str]:
    parts, depth, start = [], 0, 0
    for at, char in enumerate(text):
        if char == "(":
            depth += 1
        elif char == ")":
            depth -= 1
        elif char == "," and depth == 0:
            parts.append(text[start:at])
            start = at + 1
    parts.append(text[start:])
    return parts


def labels(text: str) -> Matcher:
    """What ``labelSelector`` means. Raises 400 for what can't be parsed."""
    tests = [_label_test(part) for part in _split(text) if part.strip()]

    def match(has: Mapping[str, str]) -> bool:
        return all(test(has) for test in tests)

    return match


def _label_test(part: str) -> Matcher:
    if found := _SET.match(part):
        key, word, values = found[1], found[2], {v.strip() for v in found[3].split(",")}
        _check(key)
        if word == "in":
            return lambda has: has.get(key) in values
        return lambda has: has.get(key) not in values
    if found := _PAIR.match(part):
        key, sign, value = found[1], found[2], found[3]
        _check(key, value)
        if sign == "!=":
            return lambda has: has.get(key) != value
        return lambda has: has.get(key) == value
    if found := _NUMBER.match(part):
        key, sign, limit = found[1], found[2], int(found[3])

        def compare(has: Mapping[str, str]) -> bool:
            given = has.get(key, "")
            if not given.lstrip("-").isdigit():
                return False
            return int(given) > limit if sign == ">" else int(given) < limit

        return compare
    if found := _EXISTS.match(part):
        key = found[2]
        _check(key)
        return (lambda has: key not in has) if found[1] else (lambda has: key in has)
    raise bad_request(f"unable to parse requirement: {_complaint(part)}")


def _complaint(part: str) -> str:
    text = part.strip()
    if text.startswith("!"):
        return f"found '{text[1:2]}', expected: identifier"
    found = re.match(r"^([^\s!=<>(),]+)\s+(?:in|notin)\b\s*(.?)", text)
    if found:
        return f"found '{'' if found[2] == '(' else found[2]}', expected: " + (
            "',' or ')'" if found[2] == "(" else "'('"
        )
    pieces = text.split()
    token = pieces[1] if len(pieces) > 1 else text[-1:]
    return f"found '{token}', expected: in, notin, =, ==, !=, gt, lt"


def _check(key: str, value: str = "") -> None:
    complaints = names.qualified(key)
    if complaints:
        raise bad_request(
            f'unable to parse requirement: <nil>: Invalid value: "{key}": {"; ".join(complaints)}'
        )
    complaints = names.value(value)
    if complaints:
        text = f'unable to parse requirement: values[0][{key}]: Invalid value: "{value}": {"; ".join(complaints)}'
        raise bad_request(text)


def of_selector(selector: dict[str, Any] | None) -> Matcher:
    """What a ``LabelSelector`` object means; None matches nothing, an empty one everything."""
    if selector is None:
        return lambda _: False
    pairs = dict(selector.get("matchLabels") or {})
    tests = [
        _expression(e["key"], e["operator"], e.get("values") or ())
        for e in selector.get("matchExpressions") or ()
    ]

    def match(has: Mapping[str, str]) -> bool:
        return all(has.get(k) == v for k, v in pairs.items()) and all(test(has) for test in tests)

    return match


def _expression(key: str, operator: str, values: Any) -> Matcher:
    wanted = set(values)
    if operator == "In":
        return lambda has: has.get(key) in wanted
    if operator == "NotIn":
        return lambda has: has.get(key) not in wanted
    if operator == "Exists":
        return lambda has: key in has
    return lambda has: key not in has


# Fields that a fieldSelector may name besides metadata.name and metadata.namespace, by group_resource.
FIELDS: Final[dict[str, tuple[str, ...]]] = {
    "pods": (
        "spec.nodeName",
        "spec.restartPolicy",
        "spec.schedulerName",
        "spec.serviceAccountName",
        "spec.hostNetwork",
        "status.phase",
        "status.podIP",
        "status.podIPs",
        "status.nominatedNodeName",
    ),
    "events": (
        "involvedObject.kind",
        "involvedObject.namespace",
        "involvedObject.name",
        "involvedObject.uid",
        "involvedObject.apiVersion",
        "involvedObject.resourceVersion",
        "involvedObject.fieldPath",
        "reason",
        "reportingComponent",
        "source",
        "type",
    ),
    "nodes": ("spec.unschedulable",),
    "namespaces": ("status.phase",),
    "secrets": ("type",),
    "services": ("spec.clusterIP", "spec.type"),
    "replicationcontrollers": ("status.replicas",),
    "replicasets.apps": ("status.replicas",),
    "jobs.batch": ("status.successful",),
    "certificatesigningrequests.certificates.k8s.io": ("spec.signerName",),
}


def fields(text: str, group_resource: str) -> Callable[[dict[str, Any]], bool]:
    """What ``fieldSelector`` means for a kind. Raises 400 for a field that can't be selected by."""
    known = {"metadata.name", "metadata.namespace", *FIELDS.get(group_resource, ())}
    tests: list[tuple[str, bool, str]] = []
    for part in text.split(","):
        if not part.strip():
            continue
        found = re.match(r"^\s*([^=!]+?)\s*(==|=|!=)\s*(.*?)\s*$", part)
        if not found:
            raise bad_request(f"invalid selector: '{text}'; can't understand '{part}'")
        if found[1] not in known:
            raise bad_request(f"field label not supported: {found[1]}")
        tests.append((found[1], found[2] != "!=", found[3]))

    def match(obj: dict[str, Any]) -> bool:
        return all((_read(obj, path) == value) is equal for path, equal, value in tests)

    return match


def _read(obj: dict[str, Any], path: str) -> str:
    if path == "source":
        return str((obj.get("source") or {}).get("component") or obj.get("reportingComponent") or "")
    value: Any = obj
    for part in path.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    if value is None:
        return "false" if path in ("spec.unschedulable", "spec.hostNetwork") else ""
    return str(value).lower() if isinstance(value, bool) else str(value)

"""Label and field selectors, and their refusals."""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from byocni_tui.sandbox.kube.status import ApiError, bad_request

Matcher = Callable[[Mapping[str, str]], bool]

_SET: Final = re.compile(r"^\s*([^\s!=<>(),]+)\s+(in|notin)\s*\(([^()]*)\)\s*$")
_PAIR: Final = re.compile(r"^\s*([^\s!=<>(),]+)\s*(==|=|!=)\s*([^\s!=<>(),]*)\s*$")
_NUMBER: Final = re.compile(r"^\s*([^\s!=<>(),]+)\s*([<>])\s*(-?\d+)\s*$")
_EXISTS: Final = re.compile(r"^\s*(!?)\s*([^\s!=<>(),]+)\s*$")
_NAME: Final = re.compile(r"^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)$")


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
    words = part.split()
    token = words[1] if len(words) > 1 else part.strip()
    return f"found '{token}', expected: in, notin, =, ==, !=, gt, lt"


def _check(key: str, value: str = "") -> None:
    name = key.rpartition("/")[2]
    rule = (
        "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start "
        "and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for "
        "validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
    )
    if not _NAME.match(name):
        text = rule.replace("a valid label must be an empty string or consist", "name part must consist")
        text = text.replace(
            "'MyValue',  or 'my_value',  or '12345'", "'MyName',  or 'my.name',  or '123-abc'"
        )
        text = text.replace(
            "'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?'", "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]'"
        )
        raise bad_request(f'unable to parse requirement: <nil>: Invalid value: "{key}": {text}')
    if value and (len(value) > 63 or not _NAME.match(value)):
        why = rule if len(value) <= 63 else "must be no more than 63 bytes"
        raise bad_request(f'unable to parse requirement: values[0][{key}]: Invalid value: "{value}": {why}')


def of_selector(selector: dict[str, Any] | None) -> Matcher:
    """What a ``LabelSelector`` object means; None matches nothing, an empty one everything."""
    if selector is None:
        return lambda has: False
    pairs = dict(selector.get("matchLabels") or {})
    tests: list[Matcher] = []
    for expression in selector.get("matchExpressions") or ():
        tests.append(_expression(expression["key"], expression["operator"], expression.get("values") or ()))

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


def fields(text: str, group_resource: str, api_version: str, kind: str) -> Callable[[dict[str, Any]], bool]:
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
            raise _unsupported(found[1], group_resource, api_version, kind)
        tests.append((found[1], found[2] != "!=", found[3]))

    def match(obj: dict[str, Any]) -> bool:
        return all((_read(obj, path) == value) is equal for path, equal, value in tests)

    return match


def _unsupported(field: str, group_resource: str, api_version: str, kind: str) -> ApiError:
    if group_resource in FIELDS or "." not in api_version.partition("/")[0]:
        why = f'"{field}" is not a known field selector: only "metadata.name", "metadata.namespace"'
        if group_resource in FIELDS:
            why = f"field label not supported: {field}"
    else:
        why = f"field label not supported: {field}"
    group, _, version = api_version.rpartition("/")
    where = f'Unable to find "{group}/{version}, Resource={group_resource.partition(".")[0]}" that match label selector'
    return bad_request(f'{where} "", field selector "{field}": {why}')


def _read(obj: dict[str, Any], path: str) -> str:
    if path == "source":
        return str((obj.get("source") or {}).get("component") or obj.get("reportingComponent") or "")
    value: Any = obj
    for part in path.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    if value is None:
        return "false" if path in ("spec.unschedulable", "spec.hostNetwork") else ""
    return str(value).lower() if isinstance(value, bool) else str(value)

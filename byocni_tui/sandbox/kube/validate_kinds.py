"""What is wrong with the well-known kinds, one function a kind."""

import ipaddress
import re
from collections.abc import Callable
from typing import Any, Final

from byocni_tui.sandbox.kube import names
from byocni_tui.sandbox.kube.complaints import Complaints
from byocni_tui.sandbox.kube.selectors import of_selector
from byocni_tui.sandbox.kube.validate_pod import pod_spec

Object = dict[str, Any]
_RANGE: Final = "must be between 1 and 65535, inclusive"
_AT_LEAST_0: Final = "must be greater than or equal to 0"


def _spec(obj: Object) -> Object:
    spec = obj.get("spec")
    return spec if isinstance(spec, dict) else {}


def _pod(obj: Object, found: Complaints) -> None:
    pod_spec(_spec(obj), "spec", found)


def _template(obj: Object, found: Complaints, restart: tuple[str, ...], labels: bool = True) -> None:
    spec = _spec(obj)
    template = spec.get("template") or {}
    given = (template.get("metadata") or {}).get("labels") or {}
    selector = spec.get("selector")
    if labels:
        empty = selector is None or not (selector.get("matchLabels") or selector.get("matchExpressions"))
        if selector is None:
            found.required("spec.selector")
        elif empty:
            found.invalid("spec.selector", selector, f"empty selector is invalid for {obj['kind'].lower()}")
        if selector is None or not of_selector(selector)(given):
            found.invalid(
                "spec.template.metadata.labels", given, "`selector` does not match template `labels`"
            )
    claims = tuple(c["metadata"].get("name", "") for c in spec.get("volumeClaimTemplates") or ())
    pod_spec(template.get("spec") or {}, "spec.template.spec", found, restart, claims)


def _natural(obj: Object, found: Complaints, *paths: str) -> None:
    for name in paths:
        value = _spec(obj).get(name)
        if isinstance(value, int) and value < 0:
            found.invalid(f"spec.{name}", value, _AT_LEAST_0)


def _workload(obj: Object, found: Complaints) -> None:
    _natural(obj, found, "replicas", "minReadySeconds", "revisionHistoryLimit")
    _template(obj, found, ("Always",))
    strategy = _spec(obj).get("strategy") or {}
    if strategy.get("type") == "Recreate" and strategy.get("rollingUpdate"):
        why = "may not be specified when strategy `type` is 'Recreate'"
        found.forbidden("spec.strategy.rollingUpdate", why)
    rolling = strategy.get("rollingUpdate") or {}
    if str(rolling.get("maxSurge")) in ("0", "0%") and str(rolling.get("maxUnavailable")) in ("0", "0%"):
        why = "may not be 0 when `maxSurge` is 0"
        found.invalid("spec.strategy.rollingUpdate.maxUnavailable", rolling.get("maxUnavailable"), why)
    deadline, ready = _spec(obj).get("progressDeadlineSeconds"), _spec(obj).get("minReadySeconds", 0)
    if isinstance(deadline, int) and deadline <= ready:
        found.invalid("spec.progressDeadlineSeconds", deadline, "must be greater than minReadySeconds")


def _job(obj: Object, found: Complaints) -> None:
    _natural(obj, found, "parallelism", "completions", "backoffLimit", "activeDeadlineSeconds")
    _template(obj, found, ("OnFailure", "Never"), labels=False)


_CRON_FIELD: Final = re.compile(r"^(\*|\?|[0-9A-Za-z]+(-[0-9A-Za-z]+)?)(/[0-9]+)?$")


def _cron_job(obj: Object, found: Complaints) -> None:
    schedule = str(_spec(obj).get("schedule", ""))
    parts = schedule.split()
    if not schedule:
        found.required("spec.schedule")
    elif not schedule.startswith("@") and len(parts) != 5:
        why = f"expected exactly 5 fields, found {len(parts)}: [{' '.join(parts)}]"
        found.invalid("spec.schedule", schedule, why)
    elif not schedule.startswith("@"):
        for part in parts:
            for item in part.split(","):
                if not _CRON_FIELD.match(item):
                    why = f'failed to parse int from {item}: strconv.Atoi: parsing "{item}": invalid syntax'
                    found.invalid("spec.schedule", schedule, why)
    job = (_spec(obj).get("jobTemplate") or {}).get("spec") or {}
    inner = Complaints()
    pod_spec(
        (job.get("template") or {}).get("spec") or {},
        "spec.jobTemplate.spec.template.spec",
        inner,
        ("OnFailure", "Never"),
    )
    found.causes += inner.causes


_SERVICE_TYPES: Final = ("ClusterIP", "ExternalName", "LoadBalancer", "NodePort")


def _service(obj: Object, found: Complaints) -> None:
    spec = _spec(obj)
    ports, kind = spec.get("ports") or [], spec.get("type")
    if not ports and spec.get("clusterIP") != "None" and kind != "ExternalName":
        found.required("spec.ports")
    seen: set[str] = set()
    for at, port in enumerate(ports):
        where = f"spec.ports[{at}]"
        name = port.get("name", "")
        if len(ports) > 1 and not name:
            found.required(f"{where}.name")
        elif name:
            found.each(f"{where}.name", name, names.label(name))
            if name in seen:
                found.duplicate(f"{where}.name", name)
        seen.add(name)
        if not 1 <= port.get("port", 0) <= 65535:
            found.invalid(f"{where}.port", port.get("port", 0), _RANGE)
        if port.get("protocol") not in ("TCP", "UDP", "SCTP"):
            found.unsupported(f"{where}.protocol", port.get("protocol"), ("SCTP", "TCP", "UDP"))
        target = port.get("targetPort")
        if isinstance(target, int) and not 1 <= target <= 65535:
            found.invalid(f"{where}.targetPort", target, _RANGE)
        node = port.get("nodePort", 0)
        if node and not 30000 <= node <= 32767:
            why = "provided port is not in the valid range. The range of valid ports is 30000-32767"
            found.invalid(f"{where}.nodePort", node, why)
    if kind not in _SERVICE_TYPES:
        found.unsupported("spec.type", kind, _SERVICE_TYPES)
    if kind == "ExternalName" and not spec.get("externalName"):
        found.required("spec.externalName")


def _policy(obj: Object, found: Complaints) -> None:
    for direction, peers in (("ingress", "from"), ("egress", "to")):
        for at, rule in enumerate(_spec(obj).get(direction) or ()):
            for index, peer in enumerate(rule.get(peers) or ()):
                where = f"spec.{direction}[{at}].{peers}[{index}]"
                block = peer.get("ipBlock")
                if block is None:
                    if not (peer.get("podSelector") is not None or peer.get("namespaceSelector") is not None):
                        found.required(where, "must specify a peer")
                    continue
                if peer.get("podSelector") is not None or peer.get("namespaceSelector") is not None:
                    found.forbidden(where, "may not specify both ipBlock and another peer")
                _cidr(block.get("cidr", ""), f"{where}.ipBlock.cidr", found)
                for number, hole in enumerate(block.get("except") or ()):
                    _cidr(hole, f"{where}.ipBlock.except[{number}]", found)


def _cidr(text: str, field: str, found: Complaints) -> None:
    if not text:
        found.required(field)
        return
    try:
        ipaddress.ip_network(text, strict=False)
    except ValueError:
        found.invalid(field, text, "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)")
        return
    if "/" not in text:
        found.invalid(field, text, "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)")


def _keys(obj: Object, found: Complaints) -> None:
    for part in ("data", "binaryData"):
        for key in obj.get(part) or ():
            if not re.fullmatch(r"[-._a-zA-Z0-9]+", key):
                why = (
                    "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  "
                    "or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')"
                )
                found.invalid(f"{part}[{key}]", key, why)
    size = sum(len(str(value)) for part in ("data", "binaryData") for value in (obj.get(part) or {}).values())
    if size > 1024 * 1024 * (4 / 3 if obj.get("kind") == "Secret" else 1):
        found.causes.append(_too_long("data" if obj.get("kind") == "Secret" else ""))


def _too_long(field: str) -> Any:
    from byocni_tui.sandbox.kube.status import Cause

    return Cause("FieldValueTooLong", field, "Too long: may not be more than 1048576 bytes")


def _budget(obj: Object, found: Complaints) -> None:
    spec = _spec(obj)
    if "minAvailable" in spec and "maxUnavailable" in spec:
        found.invalid("spec", spec, "minAvailable and maxUnavailable cannot be both set")


def _hpa(obj: Object, found: Complaints) -> None:
    spec = _spec(obj)
    low, high = spec.get("minReplicas", 1), spec.get("maxReplicas", 0)
    if low < 1:
        found.invalid("spec.minReplicas", low, "must be greater than or equal to 1")
    if high < 1:
        found.invalid("spec.maxReplicas", high, "must be greater than 0")
    elif high < low:
        found.invalid("spec.maxReplicas", high, "must be greater than or equal to `minReplicas`")
    target = spec.get("scaleTargetRef") or {}
    for key in ("kind", "name"):
        if not target.get(key):
            found.required(f"spec.scaleTargetRef.{key}")
    for way in ("scaleUp", "scaleDown"):
        rules = (spec.get("behavior") or {}).get(way) or {}
        _scaling_rules(rules, f"spec.behavior.{way}", found)


def _scaling_rules(rules: Object, where: str, found: Complaints) -> None:
    if (select := rules.get("selectPolicy", "Max")) not in ("Disabled", "Max", "Min"):
        found.unsupported(f"{where}.selectPolicy", select, ("Disabled", "Max", "Min"))
    _between(
        rules.get("stabilizationWindowSeconds", 0), 0, 3600, f"{where}.stabilizationWindowSeconds", found
    )
    for at, policy in enumerate(rules.get("policies") or ()):
        here = f"{where}.policies[{at}]"
        if policy.get("type") not in ("Percent", "Pods"):
            found.unsupported(f"{here}.type", policy.get("type", ""), ("Percent", "Pods"))
        _between(policy.get("value", 0), 1, None, f"{here}.value", found)
        _between(policy.get("periodSeconds", 0), 1, 1800, f"{here}.periodSeconds", found)


def _between(value: int, low: int, high: int | None, field: str, found: Complaints) -> None:
    if value < low:
        found.invalid(field, value, "must be greater than " + ("zero" if low else "or equal to zero"))
    elif high is not None and value > high:
        found.invalid(field, value, f"must be less than or equal to {high}")


def _role(obj: Object, found: Complaints) -> None:
    for at, rule in enumerate(obj.get("rules") or ()):
        where = f"rules[{at}]"
        if not rule.get("verbs"):
            found.required(f"{where}.verbs", "verbs must contain at least one value")
        if rule.get("nonResourceURLs"):
            if obj["kind"] == "Role":
                why = "namespaced rules cannot apply to non-resource URLs"
                found.invalid(f"{where}.nonResourceURLs", rule["nonResourceURLs"], why)
            continue
        for key, why in (
            ("apiGroups", "resource rules must supply at least one api group"),
            ("resources", "resource rules must supply at least one resource"),
        ):
            if not rule.get(key):
                found.required(f"{where}.{key}", why)


def _binding(obj: Object, found: Complaints) -> None:
    role = obj.get("roleRef") or {}
    if role.get("kind") not in ("Role", "ClusterRole"):
        found.unsupported("roleRef.kind", role.get("kind", ""), ("ClusterRole", "Role"))
    if not role.get("name"):
        found.required("roleRef.name")
    for at, subject in enumerate(obj.get("subjects") or ()):
        where = f"subjects[{at}]"
        if not subject.get("name"):
            found.required(f"{where}.name")
        if subject.get("kind") not in ("User", "Group", "ServiceAccount"):
            found.unsupported(f"{where}.kind", subject.get("kind", ""), ("Group", "ServiceAccount", "User"))
        elif subject["kind"] == "ServiceAccount" and not subject.get("namespace"):
            found.required(f"{where}.namespace")


def _crd(obj: Object, found: Complaints) -> None:
    spec = _spec(obj)
    for name in ("plural", "kind"):
        if not (spec.get("names") or {}).get(name):
            found.required(f"spec.names.{name}")
    for at, version in enumerate(spec.get("versions") or ()):
        if not version.get("name"):
            found.required(f"spec.versions[{at}].name")
    wanted = f"{(spec.get('names') or {}).get('plural', '')}.{spec.get('group', '')}"
    if obj["metadata"].get("name") != wanted:
        found.invalid(
            "metadata.name", obj["metadata"].get("name"), 'must be spec.names.plural+"."+spec.group'
        )
    if spec.get("scope") not in ("Cluster", "Namespaced"):
        found.unsupported("spec.scope", spec.get("scope", ""), ("Cluster", "Namespaced"))
    versions = spec.get("versions") or []
    stored = [v for v in versions if v.get("storage")]
    if len(stored) != 1:
        found.invalid("spec.versions", versions, "must have exactly one version marked as storage version")
    for at, version in enumerate(versions):
        schema = (version.get("schema") or {}).get("openAPIV3Schema")
        if not schema:
            found.required(f"spec.versions[{at}].schema.openAPIV3Schema", "schemas are required")
        elif schema.get("type") != "object":
            where = (
                "spec.validation.openAPIV3Schema.type"
                if len(versions) == 1
                else f"spec.versions[{at}].schema.openAPIV3Schema.type"
            )
            if schema.get("type"):
                found.invalid(where, schema["type"], "must be object at the root")
            else:
                found.required(where, "must not be empty at the root")


def _node(obj: Object, found: Complaints) -> None:
    seen: set[tuple[str, str]] = set()
    for at, taint in enumerate(_spec(obj).get("taints") or ()):
        where = f"spec.taints[{at}]"
        found.each(f"{where}.key", taint.get("key", ""), names.qualified(taint.get("key", "")))
        found.each(f"{where}.value", taint.get("value", ""), names.value(taint.get("value", "")))
        if taint.get("effect") not in ("NoSchedule", "PreferNoSchedule", "NoExecute"):
            found.unsupported(
                f"{where}.effect", taint.get("effect", ""), ("NoExecute", "NoSchedule", "PreferNoSchedule")
            )
        key = (taint.get("key", ""), taint.get("effect", ""))
        if key in seen:
            text = f"{key[0]}={taint.get('value', '')}:{key[1]}"
            found.duplicate(where, text)
        seen.add(key)


CREATE: Final[dict[str, Callable[[Object, Complaints], None]]] = {
    "pods": _pod,
    "nodes": _node,
    "services": _service,
    "configmaps": _keys,
    "secrets": _keys,
    "deployments.apps": _workload,
    "daemonsets.apps": _workload,
    "replicasets.apps": _workload,
    "statefulsets.apps": _workload,
    "jobs.batch": _job,
    "cronjobs.batch": _cron_job,
    "networkpolicies.networking.k8s.io": _policy,
    "poddisruptionbudgets.policy": _budget,
    "horizontalpodautoscalers.autoscaling": _hpa,
    "roles.rbac.authorization.k8s.io": _role,
    "clusterroles.rbac.authorization.k8s.io": _role,
    "rolebindings.rbac.authorization.k8s.io": _binding,
    "clusterrolebindings.rbac.authorization.k8s.io": _binding,
    "customresourcedefinitions.apiextensions.k8s.io": _crd,
}

"""ValidatingAdmissionPolicies: CEL in the cluster itself, judged on every write that one of them matches."""

from typing import TYPE_CHECKING, Any, Final

from byocni_tui.sandbox.kube.cel import CelUnknownError
from byocni_tui.sandbox.kube.cel_library import CelError
from byocni_tui.sandbox.kube.cel_rules import program
from byocni_tui.sandbox.kube.cel_syntax import CelSyntaxError
from byocni_tui.sandbox.kube.complaints import Complaints
from byocni_tui.sandbox.kube.kinds import Kind
from byocni_tui.sandbox.kube.request import User
from byocni_tui.sandbox.kube.selectors import of_selector
from byocni_tui.sandbox.kube.stamp import Stamp, show
from byocni_tui.sandbox.kube.status import ApiError, Cause
from byocni_tui.sandbox.kube.webhooks import rule_matches

if TYPE_CHECKING:
    from byocni_tui.sandbox.kube.cluster import KubeCluster

Object = dict[str, Any]
_GROUP: Final = "admissionregistration.k8s.io"
POLICIES: Final = f"validatingadmissionpolicies.{_GROUP}"
_BINDINGS: Final = f"validatingadmissionpolicybindings.{_GROUP}"
_MUTATING: Final = f"mutatingadmissionpolicies.{_GROUP}"
_NAMES: Final = ("object", "oldObject", "request", "params", "namespaceObject", "variables")
_CODES: Final = {"Unauthorized": 401, "Forbidden": 403, "Invalid": 422, "RequestEntityTooLarge": 413}


class Policies:
    """The policies of one cluster."""

    def __init__(self, cluster: "KubeCluster") -> None:
        self.cluster = cluster
        self.store = cluster.store

    def check(self, kind: Kind, obj: Object, found: Complaints) -> list[str]:
        """Complain about a new policy that is none; returns warnings for what is not judged here."""
        if kind.storage == _MUTATING:
            return ["MutatingAdmissionPolicy: not in the sandbox, it changes nothing"]
        if kind.storage != POLICIES:
            return []
        warnings, spec = [], obj.get("spec") or {}
        for part in ("matchConditions", "validations", "variables"):
            for at, item in enumerate(spec.get(part) or ()):
                text, where = str(item.get("expression", "")), f"spec.{part}[{at}].expression"
                try:
                    program(text, _NAMES)
                except CelSyntaxError as wrong:
                    shown = f"ERROR: <input>:1:{wrong.at + 1}: Syntax error: {wrong}\n | {text}\n | {'.' * wrong.at}^"
                    why = f'Invalid value: "{text}": compilation failed: {shown}'
                    found.causes.append(Cause("FieldValueInvalid", where, why))
                except CelUnknownError as unknown:
                    warnings.append(f"{where}: {unknown}: not in the sandbox, the expression is not judged")
        return warnings

    def judge(
        self,
        operation: str,
        kind: Kind,
        obj: Object | None,
        old: Object | None,
        user: User,
        subresource: str = "",
    ) -> list[str]:
        """Refuse with the policy's own status what one denies; returns the warnings of those that only warn."""
        if kind.group == _GROUP or not self.store.count(_BINDINGS):
            return []
        warnings: list[str] = []
        for binding in self.store.list(_BINDINGS):
            spec = binding.get("spec") or {}
            policy = self.store.get(POLICIES, "", spec.get("policyName", ""))
            if policy is None:
                continue
            rules = policy.get("spec") or {}
            seen = [one for one in (obj, old) if one is not None]
            if not self._matches(rules.get("matchConstraints") or {}, operation, kind, seen, subresource):
                continue
            narrowed = spec.get("matchResources")
            if narrowed and not self._matches(narrowed, operation, kind, seen, subresource, narrow=True):
                continue
            values = self._values(operation, kind, obj, old, user, spec, rules)
            names = (policy["metadata"]["name"], binding["metadata"]["name"])
            who = "ValidatingAdmissionPolicy '{}' with binding '{}'".format(*names)
            for message, reason in self._failures(rules, values):
                actions = spec.get("validationActions") or []
                if "Warn" in actions:
                    warnings.append(f"Validation failed for {who}: {message}")
                if "Deny" in actions:
                    raise _denied(kind, seen[0], f"{who} denied request: {message}", reason)
        return warnings

    def _matches(
        self,
        wanted: Object,
        operation: str,
        kind: Kind,
        seen: list[Object],
        subresource: str,
        narrow: bool = False,
    ) -> bool:
        rules = wanted.get("resourceRules") or []
        if not (narrow and not rules) and not any(
            rule_matches(r, operation, kind, subresource) for r in rules
        ):
            return False
        if any(
            rule_matches(r, operation, kind, subresource) for r in wanted.get("excludeResourceRules") or ()
        ):
            return False
        if (selector := wanted.get("namespaceSelector")) and kind.namespaced:
            space = self.store.get("namespaces", "", seen[0]["metadata"].get("namespace", "")) or {
                "metadata": {}
            }
            if not of_selector(selector)(space["metadata"].get("labels") or {}):
                return False
        if selector := wanted.get("objectSelector"):
            return any(of_selector(selector)(one["metadata"].get("labels") or {}) for one in seen)
        return True

    def _values(
        self,
        operation: str,
        kind: Kind,
        obj: Object | None,
        old: Object | None,
        user: User,
        binding: Object,
        rules: Object,
    ) -> Object:
        meta = (obj or old or {"metadata": {}})["metadata"]
        ns = meta.get("namespace", "")
        space = self.store.get("namespaces", "", ns) if kind.namespaced else None
        values: Object = {
            "object": self._plain(obj),
            "oldObject": self._plain(old),
            "namespaceObject": self._plain(space),
            "params": self._plain(
                self._params(rules.get("paramKind") or {}, binding.get("paramRef") or {}, ns)
            ),
            "request": {
                "operation": operation,
                "name": meta.get("name", ""),
                "namespace": ns,
                "kind": {"group": kind.group, "version": kind.version, "kind": kind.kind},
                "resource": {"group": kind.group, "version": kind.version, "resource": kind.resource},
                "userInfo": {"username": user.name, "groups": list(user.groups)},
                "dryRun": False,
            },
            "variables": {},
        }
        for variable in rules.get("variables") or ():
            try:
                values["variables"][variable["name"]] = program(variable["expression"], _NAMES).run(values)
            except (CelError, CelSyntaxError, CelUnknownError):
                continue  # whoever asks for it fails then
        return values

    def _params(self, kind: Object, reference: Object, ns: str) -> Object | None:
        if not kind or not reference.get("name"):
            return None
        found = self.store.registry.of_object(kind)
        if found is None:
            return None
        where = (reference.get("namespace") or ns) if found.namespaced else ""
        return self.store.get(found.storage, where, reference["name"])

    def _plain(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {key: self._plain(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self._plain(item) for item in value]
        return show(value, self.cluster.clock.shown) if isinstance(value, Stamp) else value

    def _failures(self, rules: Object, values: Object) -> list[tuple[str, str]]:
        """(message, reason) of each validation that does not hold."""
        lenient = rules.get("failurePolicy") == "Ignore"
        for condition in rules.get("matchConditions") or ():
            try:
                if program(condition["expression"], _NAMES).run(values) is not True:
                    return []
            except CelError as error:
                return (
                    []
                    if lenient
                    else [(f"matchConditions '{condition.get('name', '')}': {error}", "Invalid")]
                )
            except (CelSyntaxError, CelUnknownError):
                return []  # said when the policy came
        found = []
        for validation in rules.get("validations") or ():
            text, reason = validation["expression"], validation.get("reason", "Invalid")
            try:
                if program(text, _NAMES).run(values) is True:
                    continue
                found.append((self._said(validation, values) or f"failed expression: {text.strip()}", reason))
            except CelError as error:
                if not lenient:
                    found.append((f"expression '{text}' resulted in error: {error}", "Invalid"))
            except (CelSyntaxError, CelUnknownError):
                continue
        return found

    def _said(self, validation: Object, values: Object) -> str:
        if validation.get("messageExpression"):
            try:
                said = program(validation["messageExpression"], _NAMES).run(values)
            except (CelError, CelSyntaxError, CelUnknownError):
                said = None
            if isinstance(said, str) and said.strip():
                return said
        return str(validation.get("message", "")).strip()


def _denied(kind: Kind, obj: Object, message: str, reason: str) -> ApiError:
    meta = obj["metadata"]
    name = meta.get("name") or meta.get("generateName", "")
    qualified = f"{kind.resource}.{kind.group}" if kind.group else kind.resource
    details: Object = {"name": name, "kind": kind.resource, "causes": [{"message": message}]}
    if kind.group:
        details["group"] = kind.group
    return ApiError(_CODES.get(reason, 422), reason, f'{qualified} "{name}" is forbidden: {message}', details)

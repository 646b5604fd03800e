"""Who may do what: roles and bindings as they are in the store."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from byocni_tui.sandbox.kube.request import User
from byocni_tui.sandbox.kube.status import ApiError

if TYPE_CHECKING:
    from byocni_tui.sandbox.kube.store import Store

Object = dict[str, Any]
MASTERS: Final = "system:masters"
_GROUP: Final = "rbac.authorization.k8s.io"


def rules(store: "Store", user: User, ns: str) -> Iterator[tuple[Object, bool]]:
    """The rules that bind a user in a namespace ("" for the cluster), and whether each is cluster-wide."""
    for binding in store.list(f"clusterrolebindings.{_GROUP}"):
        if _bound(binding, user):
            yield from ((rule, True) for rule in _role(store, binding, ""))
    if ns:
        for binding in store.list(f"rolebindings.{_GROUP}", ns):
            if _bound(binding, user):
                yield from ((rule, False) for rule in _role(store, binding, ns))


def _bound(binding: Object, user: User) -> bool:
    for subject in binding.get("subjects") or ():
        kind, name = subject.get("kind"), subject.get("name")
        if kind == "User" and name == user.name:
            return True
        if kind == "Group" and name in user.groups:
            return True
        if kind == "ServiceAccount":
            ns = subject.get("namespace") or binding["metadata"].get("namespace", "")
            if user.name == f"system:serviceaccount:{ns}:{name}":
                return True
    return False


def _role(store: "Store", binding: Object, ns: str) -> list[Object]:
    reference = binding["roleRef"]
    where = f"clusterroles.{_GROUP}" if reference["kind"] == "ClusterRole" else f"roles.{_GROUP}"
    role = store.get(where, ns if reference["kind"] == "Role" else "", reference["name"])
    return list((role or {}).get("rules") or ())


def _in(wanted: str, given: Any) -> bool:
    return "*" in given or wanted in given


def allowed(
    store: "Store",
    user: User,
    verb: str,
    group: str,
    resource: str,
    *,
    ns: str = "",
    name: str = "",
    sub: str = "",
) -> bool:
    """Whether a user may do something to a resource."""
    if MASTERS in user.groups:
        return True
    full = f"{resource}/{sub}" if sub else resource
    for rule, _ in rules(store, user, ns):
        if not rule.get("resources"):
            continue
        names = rule.get("resourceNames") or ()
        if (
            _in(verb, rule.get("verbs") or ())
            and _in(group, rule.get("apiGroups") or ())
            and (_in(full, rule["resources"]) or (sub != "" and f"*/{sub}" in rule["resources"]))
            and (not names or name in names)
        ):
            return True
    return False


def allowed_path(store: "Store", user: User, verb: str, path: str) -> bool:
    """Whether a user may read a path that is no resource."""
    if MASTERS in user.groups:
        return True
    for rule, _ in rules(store, user, ""):
        for pattern in rule.get("nonResourceURLs") or ():
            fits = path.startswith(pattern[:-1]) if pattern.endswith("*") else path == pattern
            if fits and _in(verb, rule.get("verbs") or ()):
                return True
    return False


def refusal(
    user: User, verb: str, group: str, resource: str, *, ns: str, name: str, sub: str = ""
) -> ApiError:
    """403 as the API server words it."""
    qualified = f"{resource}.{group}" if group else resource
    what = f'{qualified} "{name}" is forbidden' if name else f"{qualified} is forbidden"
    scope = f'in the namespace "{ns}"' if ns else "at the cluster scope"
    full = f"{resource}/{sub}" if sub else resource
    text = f'{what}: User "{user.name}" cannot {verb} resource "{full}" in API group "{group}" {scope}'
    details: Object = {"name": name} if name else {}
    if group:
        details["group"] = group
    details["kind"] = resource
    return ApiError(403, "Forbidden", text, details)

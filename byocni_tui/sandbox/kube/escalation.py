"""Nobody grants what he does not hold: the API server's check on roles and bindings."""

import json
from typing import TYPE_CHECKING, Any, Final

from byocni_tui.sandbox.kube import rbac
from byocni_tui.sandbox.kube.kinds import Kind
from byocni_tui.sandbox.kube.request import User
from byocni_tui.sandbox.kube.status import forbidden

if TYPE_CHECKING:
    from byocni_tui.sandbox.kube.store import Store

Object = dict[str, Any]
_GROUP: Final = "rbac.authorization.k8s.io"
_ROLES: Final = ("roles", "clusterroles")
_BINDINGS: Final = ("rolebindings", "clusterrolebindings")


def check(store: "Store", user: User, kind: Kind, obj: Object, old: Object | None) -> None:
    """Refuse with 403 a role or binding that gives more than its author has."""
    if kind.group != _GROUP or rbac.MASTERS in user.groups or not user.name:
        return
    ns, meta = obj["metadata"].get("namespace", ""), obj["metadata"]
    if kind.resource in _ROLES:
        if old is not None and old.get("rules") == obj.get("rules"):
            return
        verb, resource, name, rules = "escalate", kind.resource, meta.get("name", ""), obj.get("rules") or []
    elif kind.resource in _BINDINGS:
        reference = obj.get("roleRef") or {}
        resource = "clusterroles" if reference.get("kind") == "ClusterRole" else "roles"
        verb, name = "bind", reference.get("name", "")
        role = store.get(f"{resource}.{_GROUP}", "" if resource == "clusterroles" else ns, name)
        rules = (role or {}).get("rules") or []
    else:
        return
    if rbac.allowed(store, user, verb, _GROUP, resource, ns=ns, name=name):
        return
    missing = [text for rule in rules for text in _lacking(store, user, rule, ns)]
    if missing:
        groups = " ".join(json.dumps(group) for group in user.groups)
        why = f'user "{user.name}" (groups=[{groups}]) is attempting to grant RBAC permissions not currently held:\n'
        raise forbidden(kind.resource, kind.group, meta.get("name", ""), why + "\n".join(missing))


def _lacking(store: "Store", user: User, rule: Object, ns: str) -> list[str]:
    verbs, found = rule.get("verbs") or [], []
    for path in rule.get("nonResourceURLs") or ():
        lacking = [v for v in verbs if not rbac.allowed_path(store, user, v, path)]
        if lacking:
            found.append(f"{{NonResourceURLs:{_quoted([path])}, Verbs:{_quoted(lacking)}}}")
    for group in rule.get("apiGroups") or ():
        for full in rule.get("resources") or ():
            resource, _, sub = full.partition("/")
            names = rule.get("resourceNames") or [""]
            lacking = [
                v
                for v in verbs
                if not all(
                    rbac.allowed(store, user, v, group, resource, ns=ns, name=n, sub=sub) for n in names
                )
            ]
            if lacking:
                named = f", ResourceNames:{_quoted(names)}" if names != [""] else ""
                where = f"APIGroups:{_quoted([group])}, Resources:{_quoted([full])}"
                found.append(f"{{{where}{named}, Verbs:{_quoted(lacking)}}}")
    return found


def _quoted(names: list[str]) -> str:
    return "[" + " ".join(json.dumps(name) for name in names) + "]"

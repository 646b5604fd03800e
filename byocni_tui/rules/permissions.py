"""May this identity do that, there, and by which assignment: Azure's role-based access control, evaluated.

An action is allowed by an assignment at the scope or above it whose role has the action and doesn't take it out again
(``notActions``); what one role takes out, another may still give. A deny assignment beats all of them.
Facts hold the assignments of an identity under its id, those of its groups included, as Azure answers
``assignedTo()``. Where a role's definition isn't known, the answer is unknown (None), never no.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

import msgspec

from byocni_tui.plan.facts import Facts
from byocni_tui.rules.roles import BUILT_IN, by_guid

EVERYONE = "00000000-0000-0000-0000-000000000000"
"""The principal of deny assignments that are meant for all."""
ASSIGN = "Microsoft.Authorization/roleAssignments/write"


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """``allowed`` by the assignment at ``path`` of the facts (with ``role`` and ``scope``); or refused, by the deny
    assignment of that ``role`` where there is a ``path``, else for want of any that allows it. ``certain`` is False
    where the assignment has a condition that may except just this."""

    allowed: bool
    role: str | None = None
    scope: str | None = None
    path: str | None = None
    certain: bool = True


@lru_cache(maxsize=4096)
def matches(pattern: str, action: str) -> bool:
    """Whether an action is meant: ``*`` stands for any text, slashes included; case doesn't count. A whole part may be
    missing: ``userAssignedIdentities/*/assign/action`` of Managed Identity Operator means
    ``userAssignedIdentities/assign/action`` too."""
    wanted, text = pattern.strip().lower(), action.lower()
    return _glob(wanted, text) or ("/*/" in wanted and _glob(wanted.replace("/*/", "/"), text))


def _glob(pattern: str, text: str) -> bool:
    """Pieces in order, each as early as it can be: no backtracking, whatever the pattern."""
    pieces = pattern.split("*")
    if len(pieces) == 1:
        return pieces[0] == text
    first, *middle, last = pieces
    if len(text) < len(first) + len(last) or not text.startswith(first) or not text.endswith(last):
        return False
    at, end = len(first), len(text) - len(last)
    for piece in middle:
        found = text.find(piece, at, end)
        if found < 0:
            return False
        at = found + len(piece)
    return True


def _texts(value: Any) -> Iterator[str]:
    yield from (str(text) for text in value) if isinstance(value, (list, tuple)) else ()


def covers(permissions: Any, action: str, *, data: bool = False) -> bool:
    """Whether one element of a role's ``permissions`` has the action and doesn't take it out; ``data`` asks for
    ``dataActions``."""
    has, lacks = ("dataActions", "notDataActions") if data else ("actions", "notActions")
    return any(
        any(matches(text, action) for text in _texts(item.get(has)))
        and not any(matches(text, action) for text in _texts(item.get(lacks)))
        for item in (permissions if isinstance(permissions, (list, tuple)) else ())
        if isinstance(item, dict)
    )


def _scope(text: str) -> str:
    return text.strip().rstrip("/").lower()


def within(scope: str, above: str) -> bool:
    """Whether a scope is ``above`` or lies in it. Management groups count as above everything: Azure lists only those
    that are."""
    low, high = _scope(scope), _scope(above)
    return (
        high == ""
        or low == high
        or low.startswith(high + "/")
        or high.startswith("/providers/microsoft.management/managementgroups/")
    )


def guid_of(definition_id: str) -> str:
    """The last part of a role definition's id, in lower case: the same in every subscription."""
    return definition_id.strip().rstrip("/").rsplit("/", 1)[-1].lower()


def _properties(item: Mapping[str, Any]) -> dict[str, Any]:
    found = item.get("properties")
    return found if isinstance(found, dict) else {}


def _role(facts: Facts, guid: str) -> tuple[str, Any] | None:
    """Name and permissions of a role: from the facts, else one that Azure itself has; None where it isn't known."""
    for item in facts.role_definitions or ():
        if guid_of(str(item.get("id") or item.get("name") or "")) == guid:
            found = _properties(item)
            return str(found.get("roleName", guid)), found.get("permissions")
    built_in = by_guid(guid)
    return (built_in.name, built_in.permissions) if built_in else None


def assignments(facts: Facts, principal: str) -> Sequence[Mapping[str, Any]] | None:
    """What an identity has been given, its groups' assignments included; None where nobody asked."""
    wanted = principal.strip().lower()
    for key, items in (facts.role_assignments or {}).items():
        if key.strip().lower() == wanted:
            return items
    return None


def _groups(items: Iterable[Mapping[str, Any]]) -> set[str]:
    return {
        str(found.get("principalId", "")).lower()
        for item in items
        if str((found := _properties(item)).get("principalType", "")).lower() == "group"
    }


def _principals(value: Any) -> set[str]:
    return {
        str(item.get("id", "")).lower()
        for item in (value if isinstance(value, list) else ())
        if isinstance(item, dict)
    }


def denied(facts: Facts, principal: str, action: str, scope: str, *, data: bool = False) -> Verdict | None:
    """The deny assignment that stops it, if the facts have one."""
    who = {principal.strip().lower()} | _groups(assignments(facts, principal) or ())
    for at, item in enumerate(facts.deny_assignments or ()):
        found = _properties(item)
        above = str(found.get("scope", ""))
        here = (
            _scope(above) == _scope(scope) if found.get("doNotApplyToChildScopes") else within(scope, above)
        )
        meant = _principals(found.get("principals"))
        if (
            here
            and (meant & who or EVERYONE in meant)
            and not _principals(found.get("excludePrincipals")) & who
            and covers(found.get("permissions"), action, data=data)
        ):
            name = str(found.get("denyAssignmentName") or item.get("name") or "")
            return Verdict(allowed=False, role=name, scope=above, path=f"denyAssignments[{at}]")
    return None


def may(facts: Facts, principal: str, action: str, scope: str, *, data: bool = False) -> Verdict | None:
    """May this identity do that at this scope, and by which assignment; None where the facts don't tell."""
    stopped = denied(facts, principal, action, scope, data=data)
    if stopped:
        return stopped
    given = assignments(facts, principal)
    if given is None:
        return None
    unknown, doubtful = False, None
    for at, item in enumerate(given):
        found = _properties(item)
        above = str(found.get("scope", ""))
        if not within(scope, above):
            continue
        role = _role(facts, guid_of(str(found.get("roleDefinitionId", ""))))
        if role is None:
            unknown = True
        elif covers(role[1], action, data=data):
            # A condition restricts data actions, and which roles may be given to whom; nothing else has one.
            certain = not found.get("condition") or not (data or action.lower() == ASSIGN.lower())
            path = f"roleAssignments[{principal}][{at}]"
            verdict = Verdict(allowed=True, role=role[0], scope=above, path=path, certain=certain)
            if certain:
                return verdict
            doubtful = doubtful or verdict
    return doubtful or (None if unknown else Verdict(allowed=False))


def caller_may(facts: Facts, action: str, scope: str) -> Verdict | None:
    """May the signed-in identity do that at this scope: by what Azure says it may (``permissions``), by deny
    assignments, and by its assignments where they were collected; None where the facts don't tell. Rights that hold
    above hold here; none above says nothing about here."""
    principal = str((facts.principal or {}).get("id") or "")
    stopped = denied(facts, principal, action, scope) if principal else None
    if stopped:
        return stopped
    by_role = may(facts, principal, action, scope) if principal else None
    if by_role and by_role.allowed:
        return by_role
    asked = False
    for key, items in (facts.permissions or {}).items():
        if within(scope, key) and covers(items, action):
            return Verdict(allowed=True, scope=key, path=f"permissions[{key}]")
        asked = asked or _scope(scope) == _scope(key)
    return Verdict(allowed=False, scope=scope, path=f"permissions[{scope}]") if asked else by_role


def smallest_role(actions: Iterable[str], *, data_actions: Iterable[str] = ()) -> str | None:
    """The narrowest of Azure's own roles that has all these actions; None where none of those known here has."""
    wanted, data = tuple(actions), tuple(data_actions)
    for role in BUILT_IN:
        if all(covers(role.permissions, action) for action in wanted) and all(
            covers(role.permissions, action, data=True) for action in data
        ):
            return role.name
    return None


JOIN = "Microsoft.Network/virtualNetworks/subnets/join/action"
READ = "Microsoft.Network/virtualNetworks/subnets/read"


def custom_role(scope: str, name: str = "AKS BYO CNI subnet join") -> dict[str, Any]:
    """The smallest role that a cluster's identity can do with, as ``az role definition create`` takes it. ``scope`` is
    the subnet's id; a role can be made assignable down to a resource group only, so that is where it is."""
    parts = scope.strip().strip("/").split("/")
    group = "/" + "/".join(parts[:4]) if len(parts) >= 4 else "/" + "/".join(parts)
    return {
        "Name": name,
        "IsCustom": True,
        "Description": "Join and read the subnet that holds a cluster's nodes.",
        "Actions": [JOIN, READ],
        "NotActions": [],
        "DataActions": [],
        "NotDataActions": [],
        "AssignableScopes": [group],
    }

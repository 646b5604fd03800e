"""What stands between a request and its handler: permission, registration of the provider, locks, policy."""

from typing import TYPE_CHECKING, Any

import msgspec

from byocni_tui.sandbox.arm import authorization, checks, ids, locks
from byocni_tui.sandbox.arm.errors import ArmError
from byocni_tui.sandbox.faults import matches

if TYPE_CHECKING:
    from byocni_tui.sandbox.arm.call import Call
    from byocni_tui.sandbox.arm.cloud import Arm

_OPEN = (
    "microsoft.resources/tenants",
    "microsoft.resources/subscriptions",
    "microsoft.authorization/permissions",
)
_GROUPS = "Microsoft.Resources/resourceGroups"
_ALWAYS = ("Microsoft.Resources", "Microsoft.Authorization")


def operation(call: "Call") -> str:
    """The action that roles speak of: ``Microsoft.Network/virtualNetworks/write``."""
    kind = call.path.type
    if kind.lower() in ("microsoft.resources/resourcegroups", "microsoft.resources/resources"):
        kind = "Microsoft.Resources/subscriptions/resourceGroups"
    elif kind.lower() in ("microsoft.resources/providers", "microsoft.resources/locations"):
        kind = kind.replace("Microsoft.Resources/", "Microsoft.Resources/subscriptions/")
    if call.method == "POST":
        return f"{kind}/{call.path.action or 'default'}/action"
    return f"{kind}/{checks.verb(call)}"


def target(call: "Call") -> str:
    """The scope that a request is about."""
    path = call.path
    if path.type.lower() == _GROUPS.lower():
        return f"/subscriptions/{path.subscription}/resourceGroups/{path.name}" if path.name else path.scope
    types = path.type.split("/")[1:]
    tail = "/".join(f"{kind}/{name}" for kind, name in zip(types, path.names, strict=False))
    if types and not path.item:
        return path.scope
    if path.namespace == "Microsoft.Resources" and "/providers/" not in call.raw_path.lower():
        return path.scope
    return f"{path.scope}/providers/{path.namespace}/{tail}"


def check(arm: "Arm", call: "Call") -> None:
    """Raise the refusal of whoever stands first in the way."""
    if call.path.type.lower() in _OPEN or call.path.subscription is None:
        return
    scope = target(call)
    _permitted(arm, call, operation(call), scope)
    if call.method in ("PUT", "PATCH", "POST") and call.path.namespace not in _ALWAYS:
        _registered(arm, call.path.namespace)
    if call.method == "PUT":
        _linked(arm, call, scope)
    writes = call.method in ("PUT", "PATCH", "DELETE") or (
        call.method == "POST"
        and call.path.action is not None
        and not call.path.action.lower().startswith(("list", "validate", "whatif"))
    )
    if writes and call.path.type.lower() != locks.LOCK.lower():
        _unlocked(arm, call, scope)
    if call.method == "PUT":
        _policy(arm, call)


def check_ahead(arm: "Arm", call: "Call", made: set[str]) -> None:
    """As ``check``, for a deployment's validation: locks don't count there, nor does what it will make itself."""
    _permitted(arm, call, operation(call), target(call))
    if call.path.namespace not in _ALWAYS:
        _registered(arm, call.path.namespace)
    caller = call.caller
    for action, linked in links(call):
        if ids.key(linked) not in made and not authorization.allowed(arm, caller.object_id, action, linked):
            _linked(arm, call, target(call))
    _policy(arm, call)


def _permitted(arm: "Arm", call: "Call", action: str, scope: str) -> None:
    caller = call.caller
    if authorization.allowed(arm, caller.object_id, action, scope):
        return
    raise ArmError(
        403,
        "AuthorizationFailed",
        f"The client '{caller.client_id}' with object id '{caller.object_id}' does not have authorization "
        "to perform action "
        f"'{action}' over scope '{scope}' or the scope is invalid. If access was recently granted, please refresh your "
        "credentials.",
    )


def _registered(arm: "Arm", namespace: str) -> None:
    if arm.registration(namespace) in ("Registered", "Registering"):
        return
    text = (
        f"The subscription is not registered to use namespace '{namespace}'. See "
        "https://aka.ms/rps-not-found for how to "
        "register subscriptions."
    )
    code = "MissingSubscriptionRegistration"
    details = [{"code": code, "target": namespace, "message": text}]
    raise ArmError(409, code, text, details=details)


def links(call: "Call") -> list[tuple[str, str]]:
    """(action, scope) that a write also needs elsewhere."""
    body = call.body if isinstance(call.body, dict) else {}
    properties = body.get("properties") if isinstance(body.get("properties"), dict) else {}
    assert isinstance(properties, dict)
    found: list[tuple[str, str]] = []
    kind = call.path.type.lower()
    if kind.startswith("microsoft.containerservice/managedclusters"):
        pools = properties.get("agentPoolProfiles") if kind.endswith("managedclusters") else [properties]
        found += [
            ("Microsoft.Network/virtualNetworks/subnets/join/action", str(pool["vnetSubnetID"]))
            for pool in (pools if isinstance(pools, list) else [])
            if isinstance(pool, dict) and pool.get("vnetSubnetID")
        ]
        identity = body.get("identity")
        owned = (identity.get("userAssignedIdentities") or {}) if isinstance(identity, dict) else {}
        found += [
            ("Microsoft.ManagedIdentity/userAssignedIdentities/assign/action", str(one)) for one in owned
        ]
    if kind == "microsoft.network/virtualnetworks/subnets":
        for field, name in (
            ("networkSecurityGroup", "networkSecurityGroups"),
            ("routeTable", "routeTables"),
            ("natGateway", "natGateways"),
        ):
            value = properties.get(field)
            if isinstance(value, dict) and value.get("id"):
                found.append((f"Microsoft.Network/{name}/join/action", str(value["id"])))
    return list(dict.fromkeys(found))


def _linked(arm: "Arm", call: "Call", scope: str) -> None:
    caller = call.caller
    for index, (action, linked) in enumerate(links(call)):
        if not linked.lower().startswith("/subscriptions/"):
            raise ArmError(
                400,
                "LinkedInvalidPropertyId",
                f"Property id '{linked}' at path 'properties.agentPoolProfiles[{index}].vnetSubnetID' is "
                "invalid. Expect "
                "fully qualified resource Id that start with '/subscriptions/{subscriptionId}' or "
                "'/providers/{resourceProviderNamespace}/'.",
            )
        if not authorization.allowed(arm, caller.object_id, action, linked):
            raise ArmError(
                403,
                "LinkedAuthorizationFailed",
                f"The client '{caller.client_id}' with object id '{caller.object_id}' has permission to perform action "
                f"'{operation(call)}' on scope '{scope}'; however, it does not have permission to perform action(s) "
                f"'{action}' on the linked scope(s) '{linked}' (respectively) or the linked scope(s) are invalid.",
            )


def _unlocked(arm: "Arm", call: "Call", scope: str) -> None:
    verb = "delete" if call.method == "DELETE" else "write"
    holders = locks.locked_by(arm, scope, verb)
    if holders:
        raise ArmError(
            409,
            "ScopeLocked",
            f"The scope '{scope}' cannot perform {verb} operation because following scope(s) are locked: "
            f"'{','.join(dict.fromkeys(holders))}'. Please remove the lock and try again.",
        )


def policy_violation(arm: "Arm", kind: str, name: str, body: Any) -> dict[str, Any] | None:
    """The policy of the cloud's file that denies a resource: ``deny`` is matched like a fault's ``when``."""
    occasion = {
        "type": kind,
        "name": name,
        "body": body,
        "location": body.get("location") if isinstance(body, dict) else None,
    }
    for policy in arm.data.get("policies", []):
        unless = policy.get("unless")
        if matches(policy["deny"], occasion) and not (unless and matches(unless, occasion)):
            found: dict[str, Any] = policy
            return found
    return None


def _policy(arm: "Arm", call: "Call") -> None:
    policy = policy_violation(arm, call.path.type, call.path.name, call.body)
    if policy is not None:
        raise policy_error(policy, call.path.name)


def policy_error(policy: dict[str, Any], name: str) -> ArmError:
    """403 ``RequestDisallowedByPolicy``."""
    identifiers = [
        {
            "policyAssignment": {"name": policy["assignment"]["name"], "id": policy["assignment"]["id"]},
            "policyDefinition": {
                **policy["definition"],
                "version": policy["definition"].get("version", "1.0.0"),
            },
        }
    ]
    info = {
        "policyDefinitionDisplayName": policy["definition"]["name"],
        "policyAssignmentDisplayName": policy["assignment"]["name"],
        "policyDefinitionId": policy["definition"]["id"],
        "policyAssignmentId": policy["assignment"]["id"],
        "policyDefinitionEffect": "deny",
    }
    return ArmError(
        403,
        "RequestDisallowedByPolicy",
        f"Resource '{name}' was disallowed by policy. Policy identifiers: "
        f"'{msgspec.json.encode(identifiers).decode()}'.",
        target=name,
        additional=[{"type": "PolicyViolation", "info": info}],
    )

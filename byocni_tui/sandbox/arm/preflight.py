"""What a deployment's validation looks at before anything is made: template, types, names, permissions, policy, and
what the providers themselves check ahead. What depends on values not known yet is left out, as in life."""

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from byocni_tui.sandbox.arm import aks_checks, aks_fill, aks_network, checks, gates, ids
from byocni_tui.sandbox.arm.call import Call
from byocni_tui.sandbox.arm.errors import ArmError
from byocni_tui.sandbox.arm.kind import api_versions, kinds
from byocni_tui.sandbox.arm.template import Template
from byocni_tui.sandbox.arm.template_parts import Unknown

if TYPE_CHECKING:
    from byocni_tui.sandbox.arm.cloud import Arm

_MISSING = ("ParentResourceNotFound", "ResourceGroupNotFound", "InvalidResourceReference", "SubnetNotFound",
            "SubnetNotAssociatedWithNATGateway", "ExistingRouteTableNotAssociatedWithSubnet")  # fmt: skip


def plan(template: Template) -> list[dict[str, Any]]:
    """The template's resources in order, each with its ``body`` (None where it depends on what isn't known yet); those
    of nested deployments follow theirs."""
    found = []
    for one in template.resources():
        try:
            body: dict[str, Any] | None = template.body(one)
        except Unknown:
            body = None
        found.append({**one, "body": body})
        if one["type"].lower() == "microsoft.resources/deployments" and body is not None:
            found += _nested(template, one, body)
    return found


def _nested(template: Template, one: dict[str, Any], body: dict[str, Any]) -> list[dict[str, Any]]:
    properties = body["properties"]
    if not isinstance(properties.get("template"), dict):
        return []
    scope = one["id"].partition("/providers/Microsoft.Resources/deployments/")[0]
    try:
        return plan(
            Template(
                template.arm,
                properties["template"],
                properties.get("parameters") or {},
                scope,
                one["name"],
                known=False,
            )
        )
    except Unknown:
        return []


def check(arm: "Arm", call: Call, planned: list[dict[str, Any]]) -> None:
    """Raise 400 ``InvalidTemplateDeployment`` (or what stands in the way of the deployment itself)."""
    made = {ids.key(one["id"]) for one in planned}
    made |= {
        ids.key(f"{one['id']}/subnets/{subnet.get('name')}")
        for one in planned
        if one["type"].lower() == "microsoft.network/virtualnetworks" and one["body"] is not None
        for subnet in one["body"].get("properties", {}).get("subnets") or []
    }
    details: list[dict[str, Any]] = []
    for one in planned:
        try:
            _check_one(arm, call, one, made)
        except ArmError as error:
            if error.code == "RequestDisallowedByPolicy":
                raise ArmError(
                    400,
                    "InvalidTemplateDeployment",
                    "The template deployment failed because of policy violation. Please see details for "
                    "more information.",
                    details=[error.inner()],
                ) from error
            details.append({**error.inner(), "target": error.target or one["id"]})
    if details:
        raise ArmError(
            400,
            "InvalidTemplateDeployment",
            f"The template deployment '{call.path.name}' is not valid according to the validation "
            "procedure. The tracking "
            f"id is '{arm.operations.guid('tracking')}'. See inner errors for details.",
            details=details,
        )


def _check_one(arm: "Arm", call: Call, one: dict[str, Any], made: set[str]) -> None:
    kind, version = one["type"].replace("/providers/", "/"), str(one["apiVersion"])
    if "/providers/" in one["type"]:
        kind = one["type"].partition("/providers/")[2]
    versions = api_versions().get(kind.lower())
    if versions is None:
        namespace, _, rest = kind.partition("/")
        raise ArmError(
            400,
            "InvalidTemplate" if namespace else "InvalidResourceType",
            f"Deployment template validation failed: 'The resource type '{rest}' could not be found in the namespace "
            f"'{namespace}' for api version '{version}''.",
        )
    if version not in versions:
        raise ArmError(
            400,
            "NoRegisteredProviderFound",
            "No registered resource provider found for location "
            f"'{(one['body'] or {}).get('location', '')}' and API version "
            f"'{version}' for type '{kind.partition('/')[2]}'. The supported api-versions are '{', '.join(versions)}'.",
        )
    if one["body"] is None or kind.lower() == "microsoft.resources/deployments":
        return
    raw = quote(one["id"])
    inner = Call(
        method="PUT", path=ids.split(raw), raw_path=raw, query={"api-version": version}, headers={}, body=one["body"],
        caller=call.caller, base=call.base,
    )  # fmt: skip
    gates.check_ahead(arm, inner, made)
    table = kinds().get(kind.lower())
    if table is None:
        return
    checks.name(table, inner.path.name)
    if kind.lower() == "microsoft.containerservice/managedclusters":
        _cluster(arm, inner, made)


def _cluster(arm: "Arm", call: Call, made: set[str]) -> None:
    """AKS's own checks, as far as they don't need what the template itself is about to make."""
    resource_id = gates.target(call)
    old = arm.get(resource_id)
    handler = arm.handler(call.path.type)
    assert handler is not None
    body = checks.envelope(arm, handler.kind, call, old)
    aks_checks.cluster(arm, call, resource_id, body, old)
    filled = aks_fill.cluster(arm, resource_id, body, old["body"] if old else None)
    pools = filled["properties"]["agentPoolProfiles"]
    try:
        aks_network.judge(arm, resource_id, filled, old["body"] if old else None)
    except ArmError as error:
        ahead = any(ids.key(str(pool.get("vnetSubnetID", ""))) in made for pool in pools)
        if not (ahead and error.code in _MISSING):
            raise

"""ARM's own judgement of the cluster before it is made: preflight of Azure Policy, names, quota and the provider."""

from typing import Final

from byocni_tui.deploy import bodies
from byocni_tui.plan.facts import Facts, Item
from byocni_tui.plan.model import Plan
from byocni_tui.providers.azure import api_version
from byocni_tui.providers.azure_errors import whole_text
from byocni_tui.providers.errors import ProviderError
from byocni_tui.providers.protocols import AzureProvider

_NAME: Final = "byocni-tui-preflight"
_SCHEMA: Final = "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#"


def possible(plan: Plan, facts: Facts) -> bool:
    """Whether there is something to validate and a group to validate it in. A group that is still to be made has none:
    then the service's answer to the real request has to do."""
    if not plan.cluster.create or not plan.resource_group.name:
        return False
    name = plan.resource_group.name.lower()
    return any(str(item.get("name", "")).lower() == name for item in facts.resource_groups or ())


async def validate(azure: AzureProvider, plan: Plan) -> tuple[Item, ...]:
    """What ARM finds, as ``code`` and ``message``; empty where it finds nothing. ``ProviderError`` where it could not
    look (not permitted, not reachable)."""
    path = bodies.cluster_id(plan)
    body = bodies.cluster_body(plan)
    resource = {
        "type": "Microsoft.ContainerService/managedClusters",
        "apiVersion": bodies.preview_version(plan) or api_version(path),
        "name": plan.cluster.name,
        **body,
    }
    template = {"$schema": _SCHEMA, "contentVersion": "1.0.0.0", "resources": [resource]}
    request = {"properties": {"mode": "Incremental", "template": template, "parameters": {}}}
    where = f"{bodies.group_id(plan)}/providers/Microsoft.Resources/deployments/{_NAME}/validate"
    try:
        await azure.post(where, request)
    except ProviderError as error:
        refused = error.status == 403 and "deployments/validate" in error.message
        if error.status not in (400, 403, 409) or refused:
            raise
        outer = error.body.get("error", error.body) if isinstance(error.body, dict) else {}
        details = [item for item in outer.get("details") or () if isinstance(item, dict)]
        if not details:
            return ({"code": error.code, "message": error.message},)
        return tuple(
            {"code": str(item.get("code", error.code)), "message": whole_text(item)} for item in details
        )
    return ()

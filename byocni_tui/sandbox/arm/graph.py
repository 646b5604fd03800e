"""The little of Microsoft Graph that az asks for around role assignments: who is behind an object id."""

import re
import uuid
from typing import TYPE_CHECKING, Any

from byocni_tui.sandbox.arm.call import Answer
from byocni_tui.sandbox.arm.errors import ArmError, not_in_sandbox

if TYPE_CHECKING:
    from byocni_tui.sandbox.arm.cloud import Arm


def principals(arm: "Arm") -> list[dict[str, Any]]:
    """Service principals of this world: the caller, the identities, the clusters."""
    caller = arm.data["caller"]
    found = [_principal(caller["object_id"], caller["client_id"], "simulation")]
    for record in arm.of_type("Microsoft.ManagedIdentity/userAssignedIdentities"):
        properties = record["body"]["properties"]
        found.append(_principal(properties["principalId"], properties["clientId"], record["name"]))
    for record in arm.of_type("Microsoft.ContainerService/managedClusters"):
        identity = record["body"]["identity"]
        if "principalId" in identity:
            client = str(uuid.uuid5(uuid.NAMESPACE_URL, identity["principalId"]))
            found.append(_principal(identity["principalId"], client, record["name"]))
    return found


def _principal(object_id: str, client_id: str, name: str) -> dict[str, Any]:
    return {
        "@odata.type": "#microsoft.graph.servicePrincipal",
        "id": object_id,
        "appId": client_id,
        "displayName": name,
        "servicePrincipalNames": [client_id],
        "servicePrincipalType": "ManagedIdentity",
    }


def handle(arm: "Arm", method: str, path: str, query: dict[str, str], body: Any) -> Answer:
    """Answer a request below ``/graph``."""
    parts = [part for part in path.split("/") if part][1:]
    everyone = principals(arm)
    if method == "POST" and parts == ["directoryObjects", "getByIds"]:
        wanted = {str(one).lower() for one in (body or {}).get("ids", [])}
        return Answer(200, {"value": [one for one in everyone if one["id"].lower() in wanted]})
    if method == "GET" and parts[:1] in (["servicePrincipals"], ["directoryObjects"]):
        if len(parts) == 2:
            found = next((one for one in everyone if one["id"].lower() == parts[1].lower()), None)
            if found is None:
                raise _absent(parts[1])
            return Answer(200, found)
        match = re.search(
            r"(?:servicePrincipalNames/any\(c:c eq '([^']*)'\)|appId eq '([^']*)')", query.get("$filter", "")
        )
        wanted_id = (match[1] or match[2] or "").lower() if match else ""
        return Answer(
            200, {"value": [one for one in everyone if not match or one["appId"].lower() == wanted_id]}
        )
    if method == "GET" and parts[:1] in (["users"], ["groups"]):
        if len(parts) == 2:
            raise _absent(parts[1])
        return Answer(200, {"value": []})
    raise not_in_sandbox(f"{method} /graph/{'/'.join(parts)}")


def _absent(object_id: str) -> ArmError:
    return ArmError(
        404,
        "Request_ResourceNotFound",
        f"Resource '{object_id}' does not exist or one of its queried reference-property objects are not present.",
    )

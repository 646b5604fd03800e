# ruff: noqa: ARG002 every type answers the same questions, and few need all that is asked
"""Small types: operations to poll, user-assigned identities."""

import uuid
from typing import TYPE_CHECKING, Any

from byocni_tui.sandbox.arm import checks
from byocni_tui.sandbox.arm.call import Answer, Call
from byocni_tui.sandbox.arm.errors import ArmError, not_in_sandbox
from byocni_tui.sandbox.arm.handler import Handler

if TYPE_CHECKING:
    from byocni_tui.sandbox.arm.call import Record


class ProviderOperations(Handler):
    """``…/providers/NS/locations/L/operations/GUID`` (a status) and ``…/operationResults/GUID`` (202, then the end)."""

    def handle(self, call: Call) -> Answer:
        operation = self.arm.operations.find(call.path.name)
        if operation is None:
            raise ArmError(
                404, "OperationNotFound", f"The entity was not found: operation '{call.path.name}'."
            )
        if call.path.type.lower().endswith("/operationresults"):
            return results(self, call, operation)
        clock = self.arm.world.clock
        body: dict[str, Any] = {"status": operation["status"]}
        if call.path.namespace != "Microsoft.Network":
            body = {"name": operation["name"], **body, "startTime": clock.shown(operation["start"])}
            if operation["end"] is not None:
                body["endTime"] = clock.shown(operation["end"])
        if operation["error"]:
            body["error"] = operation["error"]
        headers = (
            {} if operation["end"] is not None else {"Retry-After": checks.retry_after(self.arm, operation)}
        )
        return Answer(200, body, headers)


class OperationResults(Handler):
    """``/subscriptions/S/operationresults/GUID``, where deletion of a group is followed."""

    def handle(self, call: Call) -> Answer:
        operation = self.arm.operations.find(call.path.name)
        if operation is None:
            raise ArmError(404, "NotFound", "The operation result was not found.")
        return results(self, call, operation)


def results(handler: Handler, call: Call, operation: dict[str, Any]) -> Answer:
    """202 with ``Location`` while it runs; then its own status, or the error."""
    if operation["end"] is None:
        here = f"{call.base}{call.raw_path}?api-version={call.api_version}"
        return Answer(
            202, None, {"Location": here, "Retry-After": checks.retry_after(handler.arm, operation)}
        )
    if operation["error"]:
        raise ArmError(409, operation["error"]["code"], operation["error"]["message"])
    if "result" in operation["data"]:
        return Answer(200, operation["data"]["result"])
    return Answer(operation["after"])


class Nothing(Handler):
    """Types of which nothing is made here: empty lists, and none that could be shown."""

    def write(self, call: Call) -> Answer:
        raise not_in_sandbox(f"{call.method} {self.kind.type}")


class Identities(Handler):
    """User-assigned identities: synchronous, with ids of their own."""

    def prepare(
        self, call: Call, resource_id: str, body: dict[str, Any], old: "Record | None"
    ) -> dict[str, Any]:
        rng = self.arm.world.rng(f"identity/{resource_id.lower()}")
        body["properties"] = {
            "tenantId": self.arm.data["tenant"]["id"],
            "principalId": str(uuid.UUID(int=rng.getrandbits(128), version=4)),
            "clientId": str(uuid.UUID(int=rng.getrandbits(128), version=4)),
        }
        body.setdefault("tags", old["body"].get("tags", {}) if old else {})
        return body

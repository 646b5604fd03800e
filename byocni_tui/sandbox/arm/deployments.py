"""Microsoft.Resources/deployments: validate, what-if and create, at group and subscription scope.

A running deployment is data: its template, the place in its list of resources, and the operation it waits for; a timer
looks again when that operation is due to end.
"""

import hashlib
import math
import uuid
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import msgspec

from byocni_tui.sandbox.arm import checks, ids, preflight, whatif
from byocni_tui.sandbox.arm.call import Answer, Call, Caller
from byocni_tui.sandbox.arm.errors import ArmError, not_in_sandbox
from byocni_tui.sandbox.arm.expressions import invalid
from byocni_tui.sandbox.arm.handler import Handler
from byocni_tui.sandbox.arm.kind import Kind, api_versions
from byocni_tui.sandbox.arm.template import Template

if TYPE_CHECKING:
    from byocni_tui.sandbox.arm.call import Record
    from byocni_tui.sandbox.arm.cloud import Arm

TIMER = "arm.deployment"
_FAILED = (
    "At least one resource deployment operation failed. Please list deployment operations for details. Please see "
    "https://aka.ms/arm-deployment-operations for usage details."
)


class Deployments(Handler):
    """Deployments."""

    def __init__(self, arm: "Arm", kind: Kind) -> None:
        super().__init__(arm, kind)
        arm.world.clock.on(TIMER, self._look)

    def handle(self, call: Call) -> Answer:
        checks.group_exists(self.arm, call)
        if call.method == "POST":
            action = (call.path.action or "").lower()
            if action == "validate":
                return self._validate(call)
            if action == "whatif":
                return self._what_if(call)
            if action == "cancel":
                return self._cancel(call)
            if action == "exporttemplate":
                return Answer(200, {"template": self.find(call)["meta"]["template"]})
            raise not_in_sandbox(f"POST {self.kind.type}/{call.path.action}")
        if call.method == "DELETE":
            record = self.arm.get(self.resource_id(call))
            if record is None:
                return Answer(204)
            self.arm.drop(record["id"])
            return Answer(204)
        return super().handle(call)

    def not_found(self, call: Call) -> ArmError:
        return ArmError(404, "DeploymentNotFound", f"Deployment '{call.path.name}' could not be found.")

    # -- judging -----------------------------------------------------------------------------------------------------

    def _template(self, call: Call, *, known: bool) -> tuple[Template, dict[str, Any]]:
        body = call.body
        if not isinstance(body, dict) or not isinstance(body.get("properties"), dict):
            raise checks.no_content()
        properties = body["properties"]
        if properties.get("templateLink"):
            raise not_in_sandbox("a template from a link")
        if call.path.group is None and not body.get("location"):
            raise ArmError(
                400, "LocationRequired", "The location property is required for this deployment scope."
            )
        template = properties.get("template")
        if isinstance(template, str):
            from byocni_tui.sandbox.arm.jsonc import loads

            try:
                template = loads(template)
            except ValueError as error:
                raise invalid(f"the template is no JSON: {error}") from error
        given = properties.get("parameters") or {}
        # A parameters file may be passed whole.
        given = (
            given["parameters"] if isinstance(given.get("parameters"), dict) and "$schema" in given else given
        )
        place = body.get("location")
        made = Template(
            self.arm, template, given, call.path.scope, call.path.name, known=known, location=place
        )
        return made, properties

    def _validate(self, call: Call) -> Answer:
        template, properties = self._template(call, known=False)
        planned = preflight.plan(template)
        preflight.check(self.arm, call, planned)
        return Answer(
            200,
            {
                "id": self.resource_id(call),
                "name": call.path.name,
                "type": self.kind.type,
                "properties": {
                    **self._about(template, properties, planned),
                    "provisioningState": "Succeeded",
                    "validatedResources": [{"id": one["id"]} for one in planned],
                },
            },
        )

    def _about(
        self, template: Template, properties: dict[str, Any], planned: list[dict[str, Any]]
    ) -> dict[str, Any]:
        digest = hashlib.sha256(msgspec.json.encode(template.template)).digest()
        namespaces: dict[str, dict[str, list[Any]]] = {}
        for one in planned:
            namespace, _, kind = one["type"].partition("/")
            namespaces.setdefault(namespace, {}).setdefault(kind, []).append(
                (one["body"] or {}).get("location")
            )
        declared = template.template.get("parameters") or {}
        secret = {
            name.lower()
            for name, rule in declared.items()
            if str(rule.get("type")).lower().startswith("secure")
        }
        return {
            "templateHash": str(int.from_bytes(digest[:8], "big")),
            "parameters": {
                name: {"type": str(rule.get("type", "String")).capitalize()}
                | ({} if name.lower() in secret else {"value": template.parameters[name.lower()]})
                for name, rule in declared.items()
            },
            "mode": properties.get("mode", "Incremental"),
            "timestamp": self.arm.world.clock.shown(self.arm.world.clock.now()),
            "duration": "PT0S",
            "correlationId": self._guid(f"correlation/{template.scope_id}/{template.name}"),
            "providers": [
                {"namespace": namespace, "resourceTypes": [
                    {"resourceType": kind, "locations": list(dict.fromkeys(str(one) for one in places if one))}
                    for kind, places in kinds.items()]}
                for namespace, kinds in namespaces.items()
            ],
            "dependencies": [
                {
                    "dependsOn": [{"id": other} for other in one["dependsOn"] if other.startswith("/")],
                    "id": one["id"],
                    "resourceType": one["type"],
                    "resourceName": one["name"],
                }
                for one in planned
                if one["dependsOn"]
            ],
        }  # fmt: skip

    def _what_if(self, call: Call) -> Answer:
        template, properties = self._template(call, known=False)
        planned = preflight.plan(template)
        preflight.check(self.arm, call, planned)
        found = whatif.changes(self.arm, planned, call.path.scope, str(properties.get("mode", "Incremental")))
        if (properties.get("whatIfSettings") or {}).get("resultFormat") == "ResourceIdOnly":
            found = [{"resourceId": one["resourceId"], "changeType": "Deploy" if one["changeType"] in (
                "Create", "Modify", "NoChange") else one["changeType"]} for one in found]  # fmt: skip
        result = {
            "status": "Succeeded",
            "properties": {"correlationId": self._guid(f"whatif/{call.path.name}"), "changes": found},
        }
        operation = self.arm.operations.begin(
            [(3.0, "Succeeded", None)],
            target=ids.key(self.resource_id(call)) + "/whatif",
            data={"result": result},
        )
        at = f"{call.base}/subscriptions/{call.path.subscription}/operationresults/{operation['name']}"
        wait = str(max(1, round(1000 * float(checks.retry_after(self.arm, operation)))))
        return Answer(
            202, None, {"Location": f"{at}?api-version={call.api_version}", "x-ms-retry-after-ms": wait}
        )

    # -- deploying ---------------------------------------------------------------------------------------------------

    def write(self, call: Call) -> Answer:
        if not checks.DEPLOYMENT_NAME.fullmatch(call.path.name):
            raise ArmError(
                400,
                "InvalidDeploymentName",
                f"The deployment name '{call.path.name}' is invalid: at most 64 letters, digits, '-', '_', "
                "'.', '(' or ')'.",
            )
        resource_id = self.resource_id(call)
        old = self.arm.get(resource_id)
        if old is not None and old["body"]["properties"]["provisioningState"] in ("Running", "Accepted"):
            raise ArmError(
                409,
                "DeploymentActive",
                f"Unable to edit or replace deployment '{call.path.name}': previous deployment from "
                f"'{old['body']['properties']['timestamp']}' is still active. Please see "
                "https://aka.ms/arm-deploy for usage details.",
            )
        template, properties = self._template(call, known=False)
        planned = preflight.plan(template)
        preflight.check(self.arm, call, planned)
        body: dict[str, Any] = {"id": resource_id, "name": call.path.name, "type": self.kind.type}
        if call.body.get("location"):
            body["location"] = call.body["location"]
        body["properties"] = {**self._about(template, properties, planned), "provisioningState": "Accepted"}
        record = self.arm.put(resource_id, self.kind.type, body)
        operation = self.arm.operations.open(
            target=ids.key(resource_id), data={"id": resource_id}, verb="deployment"
        )
        record["meta"] = {
            "template": template.template,
            "parameters": {name: {"value": value} for name, value in template.parameters.items()},
            "at": 0,
            "done": [],
            "waiting": None,
            "operation": operation["name"],
            "base": call.base,
            "caller": msgspec.to_builtins(call.caller),
            "started": self.arm.world.clock.now(),
            "order": [one["id"] for one in planned],
        }
        shown = self.show(record, call.api_version)
        self._again(record, 1.0)
        wait = str(max(1, round(1000 * self.arm.world.clock.real_seconds(5.0))))
        status = f"{call.base}{quote(resource_id)}/operationStatuses/{operation['name']}?api-version={call.api_version}"
        return Answer(
            200 if old else 201, shown, {"Azure-AsyncOperation": status, "x-ms-retry-after-ms": wait}
        )

    def _again(self, record: "Record", delay: float) -> None:
        operation = self.arm.operations.find(record["meta"]["operation"])
        if operation is not None:
            operation["ends"] = self.arm.world.clock.now() + delay
        self.arm.world.clock.schedule(delay, TIMER, {"id": record["id"]}, awaited=True)

    def _look(self, data: dict[str, Any]) -> None:
        """The timer: has what we wait for ended? Then the next resource."""
        record = self.arm.get(data["id"])
        if record is None or record["body"]["properties"]["provisioningState"] not in ("Accepted", "Running"):
            return
        record["body"]["properties"]["provisioningState"] = "Running"
        meta = record["meta"]
        if meta["waiting"] is not None:
            waited = self.arm.operations.find(meta["waiting"])
            if waited is not None and waited["end"] is None:
                self._again(record, max(0.5, self.arm.operations.remaining(waited)))
                return
            meta["waiting"] = None
            if waited is not None and waited["error"]:
                self._failed(record, meta["done"][-1], waited["error"])
                return
        try:
            self._go_on(record)
        except ArmError as error:
            at = min(meta["at"], len(meta["order"]) - 1)
            self._failed(record, meta["order"][at] if at >= 0 else record["id"], error.inner(), error)

    def _go_on(self, record: "Record") -> None:
        meta = record["meta"]
        scope = record["id"].partition("/providers/Microsoft.Resources/deployments/")[0]
        place = record["body"].get("location")
        template = Template(
            self.arm, meta["template"], meta["parameters"], scope, record["name"], location=place
        )
        resources = template.resources()
        while meta["at"] < len(resources):
            one = resources[meta["at"]]
            answer = self._put(record, one, template.body(one))
            meta["at"] += 1
            meta["done"].append(one["id"])
            self.arm.touch(record)
            found = self._operation_of(answer)
            if found is not None:
                meta["waiting"] = found["name"]
                self._again(record, max(0.5, self.arm.operations.remaining(found)))
                return
        if not self._cleared(record, scope):
            return
        outputs = template.outputs()
        self._ended(record, "Succeeded")
        record["body"]["properties"] |= {
            "outputResources": [{"id": one} for one in meta["done"]],
            "outputs": outputs,
        }
        operation = self.arm.operations.find(meta["operation"])
        if operation is not None:
            self.arm.operations.close(operation)

    def _cleared(self, record: "Record", scope: str) -> bool:
        """Complete mode: what the group holds beyond the template goes, in as many rounds as it takes for what uses
        something to go before it. False while something is still going."""
        complete = str(record["body"]["properties"].get("mode")).lower() == "complete"
        kept = {ids.key(one) for one in record["meta"]["done"]}
        left = [
            one
            for one in self.arm.resources.values()
            if complete
            and ids.key(one["id"]).startswith(f"{ids.key(scope)}/providers/")
            and one["type"].count("/") == 1
            and not one["type"].startswith(("Microsoft.Authorization/", "Microsoft.Resources/"))
            and ids.key(one["id"]) not in kept
        ]
        if not left:
            return True
        refused: ArmError | None = None
        going = False
        for one in left:
            if self.arm.operations.running(ids.key(one["id"])) is not None:
                going = True
                continue
            version = next(v for v in api_versions()[one["type"].lower()] if "preview" not in v)
            try:
                self._call(record, "DELETE", one["id"], version, None)
                going = True
            except ArmError as error:
                refused = error
        if not going and refused is not None:
            raise refused
        self._again(record, 5.0)
        return False

    def _put(self, record: "Record", one: dict[str, Any], body: dict[str, Any]) -> Answer:
        return self._call(record, "PUT", one["id"], one["apiVersion"], body)

    def _call(self, record: "Record", method: str, resource_id: str, version: str, body: Any) -> Answer:
        """A request in the name of whoever deploys."""
        meta = record["meta"]
        raw_path = quote(resource_id)
        call = Call(
            method=method,
            path=ids.split(raw_path),
            raw_path=raw_path,
            query={"api-version": version},
            headers={},
            body=body,
            caller=msgspec.convert(meta["caller"], Caller),
            base=meta["base"],
        )
        return self.arm.handle(call)

    def _operation_of(self, answer: Answer) -> dict[str, Any] | None:
        url = answer.headers.get("Azure-AsyncOperation") or answer.headers.get("Location")
        return self.arm.operations.find(url.partition("?")[0].rpartition("/")[2]) if url else None

    def _ended(self, record: "Record", state: str) -> None:
        properties, now = record["body"]["properties"], self.arm.world.clock.now()
        properties["provisioningState"] = state
        properties["duration"] = f"PT{now - record['meta']['started']:.7f}S"
        properties["timestamp"] = self.arm.world.clock.shown(now)
        self.arm.touch(record)

    def _failed(
        self, record: "Record", target: str, error: dict[str, Any], refusal: ArmError | None = None
    ) -> None:
        detail = {"code": error["code"], "target": target, "message": error["message"]}
        if refusal is not None and refusal.flat:
            # AKS's own refusals arrive as JSON in the message.
            detail = {
                "code": "BadRequest",
                "target": target,
                "message": msgspec.json.encode(refusal.body()).decode(),
            }
        whole = ArmError(400, "DeploymentFailed", _FAILED, target=record["id"], details=[detail])
        self._ended(record, "Failed")
        record["body"]["properties"]["error"] = whole.inner()
        operation = self.arm.operations.find(record["meta"]["operation"])
        if operation is not None:
            self.arm.operations.fail(operation, whole)

    def _cancel(self, call: Call) -> Answer:
        record = self.find(call)
        operation = self.arm.operations.find(record["meta"]["operation"])
        if operation is None or operation["end"] is not None:
            raise ArmError(
                409, "DeploymentCannotBeCancelled", f"The deployment '{call.path.name}' is not running."
            )
        self._ended(record, "Canceled")
        self.arm.operations.cancel(operation)
        return Answer(204)


class DeploymentOperations(Handler):
    """``deployments/D/operations``: what was done for each resource."""

    def handle(self, call: Call) -> Answer:
        if not call.path.names:
            raise ArmError(404, "DeploymentNotFound", "Deployment '' could not be found.")
        deployment = self.arm.get(
            f"{call.path.scope}/providers/Microsoft.Resources/deployments/{call.path.names[0]}"
        )
        if deployment is None:
            raise ArmError(
                404, "DeploymentNotFound", f"Deployment '{call.path.names[0]}' could not be found."
            )
        error = deployment["body"]["properties"].get("error")
        failed = {one["target"]: one for one in error["details"]} if error else {}
        values = []
        for number, one in enumerate(dict.fromkeys([*deployment["meta"]["done"], *failed])):
            state = "Failed" if one in failed else "Succeeded"
            properties: dict[str, Any] = {
                "provisioningOperation": "Create",
                "provisioningState": state,
                "timestamp": deployment["body"]["properties"]["timestamp"],
                "duration": "PT1S",
                "statusCode": "BadRequest" if one in failed else "OK",
                "targetResource": {
                    "id": one,
                    "resourceName": ids.last(one),
                    "resourceType": ids.split(one).type,
                },
            }
            if one in failed:
                properties["statusMessage"] = {"error": failed[one]}
            name = str(uuid.uuid5(uuid.NAMESPACE_URL, f"{one}/{number}"))
            values.append(
                {"id": f"{deployment['id']}/operations/{name}", "operationId": name, "properties": properties}
            )
        return Answer(200, {"value": values})


class DeploymentStatus(Handler):
    """``deployments/D/operationStatuses/N``."""

    def handle(self, call: Call) -> Answer:
        operation = self.arm.operations.find(call.path.name)
        if operation is None:
            raise ArmError(404, "NotFound", "The operation status was not found.")
        body: dict[str, Any] = {"status": operation["status"]}
        if operation["error"]:
            body["error"] = operation["error"]
        if operation["end"] is not None:
            return Answer(200, body)
        wait = self.arm.world.clock.real_seconds(min(self.arm.operations.remaining(operation), 30.0))
        assert math.isfinite(wait)
        return Answer(200, body, {"Retry-After": f"{wait:.3f}"})

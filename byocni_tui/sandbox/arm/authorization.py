# ruff: noqa: ARG002 every type answers the same questions, and few need all that is asked
"""Microsoft.Authorization: role definitions, role assignments, permissions."""

import re
from typing import Any

from byocni_tui.sandbox.arm import checks, ids
from byocni_tui.sandbox.arm.call import Answer, Call, Record
from byocni_tui.sandbox.arm.errors import ArmError
from byocni_tui.sandbox.arm.handler import Handler
from byocni_tui.sandbox.arm.kind import fixture


def definitions(arm: Any) -> list[dict[str, Any]]:
    """Built-in roles, then the cloud's own and those made here; each ``{"name" (GUID), "roleName", …}``."""
    own = [record["body"] for record in arm.of_type("Microsoft.Authorization/roleDefinitions")]
    return [
        *fixture("roles"),
        *arm.data.get("roles", []),
        *[{"name": one["name"], **one["properties"]} for one in own],
    ]


def shown_definition(role: dict[str, Any], subscription: str | None) -> dict[str, Any]:
    """A role definition as answers show it."""
    scope = f"/subscriptions/{subscription}" if subscription else ""
    return {
        "id": f"{scope}/providers/Microsoft.Authorization/roleDefinitions/{role['name']}",
        "type": "Microsoft.Authorization/roleDefinitions",
        "name": role["name"],
        "properties": {
            "roleName": role["roleName"],
            "type": role.get("type", "BuiltInRole"),
            "description": role.get("description", ""),
            "assignableScopes": role.get("assignableScopes", ["/"]),
            "permissions": role["permissions"],
        },
    }


def assignments(arm: Any) -> list[Record]:
    """All role assignments, those of the cloud's file first."""
    given: list[Record] = []
    for number, entry in enumerate(arm.data.get("role_assignments", [])):
        guid = arm.world.rng(f"assignment/{number}").getrandbits(128)
        name = f"{guid:032x}"
        name = f"{name[:8]}-{name[8:12]}-4{name[13:16]}-8{name[17:20]}-{name[20:]}"
        scope = entry["scope"].rstrip("/")
        role = next(one for one in definitions(arm) if one["roleName"] == entry["role"])
        properties = {
            "roleDefinitionId": shown_definition(
                role, scope.split("/")[2] if scope.count("/") >= 2 else None
            )["id"],
            "principalId": entry.get("principal") or arm.data["caller"]["object_id"],
            "principalType": entry.get("principal_type", "ServicePrincipal"),
            "scope": scope or "/",
            "effective": 0.0,
        }
        given.append(
            {
                "id": f"{scope}/providers/Microsoft.Authorization/roleAssignments/{name}",
                "name": name,
                "created": 0.0,
                "type": "Microsoft.Authorization/roleAssignments",
                "body": {"properties": properties},
            }
        )
    return [*given, *arm.of_type("Microsoft.Authorization/roleAssignments")]


def role_of(arm: Any, record: Record) -> dict[str, Any] | None:
    """The definition that an assignment speaks of."""
    wanted = ids.last(record["body"]["properties"]["roleDefinitionId"]).lower()
    return next((role for role in definitions(arm) if role["name"].lower() == wanted), None)


def covers(pattern: str, action: str) -> bool:
    """Whether a role's action (with ``*``) covers an action; letter case doesn't count."""
    return re.fullmatch(re.escape(pattern.lower()).replace(r"\*", ".*"), action.lower()) is not None


def allowed(arm: Any, principal: str, action: str, scope: str) -> bool:
    """Whether a principal may do ``action`` at ``scope``, by the assignments that are effective by now."""
    now = arm.world.clock.now()
    for record in assignments(arm):
        properties = record["body"]["properties"]
        if properties["principalId"].lower() != principal.lower() or properties.get("effective", 0.0) > now:
            continue
        if not checks.is_under(scope, "" if properties["scope"] == "/" else properties["scope"]):
            continue
        role = role_of(arm, record)
        for permission in role["permissions"] if role else []:
            if any(covers(one, action) for one in permission["actions"]) and not any(
                covers(one, action) for one in permission.get("notActions", [])
            ):
                return True
    return False


class RoleDefinitions(Handler):
    """Role definitions: lists with ``roleName eq`` and ``type eq`` filters, one by GUID, custom ones by PUT."""

    def handle(self, call: Call) -> Answer:
        roles = definitions(self.arm)
        if call.path.item and call.method == "GET":
            found = next((one for one in roles if one["name"].lower() == call.path.name.lower()), None)
            if found is None:
                raise ArmError(
                    404,
                    "RoleDefinitionDoesNotExist",
                    f"The specified role definition with ID '{call.path.name}' does not exist.",
                )
            return Answer(200, shown_definition(found, call.path.subscription))
        if call.path.item and call.method == "PUT":
            return self._write(call)
        if call.path.item and call.method == "DELETE":
            record = next(
                (
                    one
                    for one in self.arm.of_type(self.kind.type)
                    if one["name"].lower() == call.path.name.lower()
                ),
                None,
            )
            if record is None:
                return Answer(204)
            self.arm.drop(record["id"])
            return Answer(200, record["body"])
        wanted = call.query.get("$filter", "")
        if match := re.search(r"roleName eq '((?:[^']|'')*)'", wanted):
            roles = [one for one in roles if one["roleName"].lower() == match[1].replace("''", "'").lower()]
        if match := re.search(r"type eq '([^']*)'", wanted):
            roles = [one for one in roles if one.get("type", "BuiltInRole").lower() == match[1].lower()]
        return Answer(200, {"value": [shown_definition(one, call.path.subscription) for one in roles]})

    def _write(self, call: Call) -> Answer:
        if not isinstance(call.body, dict) or not isinstance(call.body.get("properties"), dict):
            raise checks.no_content()
        properties = call.body["properties"]
        if not properties.get("roleName") or not properties.get("permissions"):
            raise ArmError(
                400,
                "InvalidRoleDefinition",
                "The role definition is not valid: it needs a roleName and permissions.",
            )
        for permission in properties["permissions"]:
            permission.setdefault("actions", [])
        taken = next(
            (one for one in definitions(self.arm) if one["roleName"] == properties.get("roleName")), None
        )
        if taken is not None and taken["name"].lower() != call.path.name.lower():
            raise ArmError(
                409,
                "RoleDefinitionWithSameNameExists",
                "A custom role with the same name already exists in this directory. Use a different name.",
            )
        role = {"name": call.path.name, **properties, "type": "CustomRole"}
        body = shown_definition(role, call.path.subscription)
        resource_id = f"/providers/Microsoft.Authorization/roleDefinitions/{call.path.name}"
        old = self.arm.get(resource_id)
        self.arm.put(resource_id, self.kind.type, body)
        return Answer(200 if old else 201, body)


class RoleAssignments(Handler):
    """Role assignments, on any scope."""

    def handle(self, call: Call) -> Answer:
        if not call.path.item:
            return self.listing(call)
        if call.method == "PUT":
            return self.write(call)
        scope_id = f"{call.path.scope}/providers/{self.kind.type}/{call.path.name}"
        record = next((one for one in assignments(self.arm) if ids.key(one["id"]) == ids.key(scope_id)), None)
        if record is None:
            if call.method == "DELETE":
                return Answer(204)
            raise ArmError(
                404, "RoleAssignmentNotFound", f"The role assignment '{call.path.name}' is not found."
            )
        if call.method == "DELETE":
            self.arm.drop(record["id"])
            return Answer(200, self.show(record, call.api_version))
        return Answer(200, self.show(record, call.api_version))

    def show(self, record: Record, api_version: str) -> dict[str, Any]:
        given = record["body"]["properties"]
        when = self.arm.world.clock.shown(record["created"]) if record["created"] else "2026-01-01T00:00:00Z"
        return {
            "id": record["id"],
            "type": self.kind.type,
            "name": record["name"],
            "properties": {
                "roleDefinitionId": given["roleDefinitionId"],
                "principalId": given["principalId"],
                "principalType": given.get("principalType", "ServicePrincipal"),
                "scope": given["scope"],
                "condition": given.get("condition"),
                "conditionVersion": given.get("conditionVersion"),
                "createdOn": when,
                "updatedOn": when,
                "createdBy": self.arm.data["caller"]["object_id"],
                "updatedBy": self.arm.data["caller"]["object_id"],
                "delegatedManagedIdentityResourceId": None,
                "description": given.get("description"),
            },
        }

    def listing(self, call: Call) -> Answer:
        scope, wanted = call.path.scope, call.query.get("$filter", "")
        exact = "atscope()" in wanted.lower()
        match = re.search(r"(?:assignedTo\('|principalId eq ')([^']*)'", wanted)
        found = []
        for record in assignments(self.arm):
            own = record["body"]["properties"]["scope"]
            own = "" if own == "/" else own
            above = checks.is_under(scope or "/", own)
            if not above and (exact or not checks.is_under(own, scope)):
                continue
            if match and record["body"]["properties"]["principalId"].lower() != match[1].lower():
                continue
            found.append(self.show(record, call.api_version))
        return Answer(200, {"value": found})

    def write(self, call: Call) -> Answer:
        if not isinstance(call.body, dict) or not isinstance(call.body.get("properties"), dict):
            raise checks.no_content()
        given = call.body["properties"]
        if not given.get("roleDefinitionId") or not given.get("principalId"):
            raise ArmError(
                400,
                "InvalidCreateRoleAssignmentRequest",
                "The request to create a role assignment is not valid: roleDefinitionId and principalId are required.",
            )
        if not re.fullmatch(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", call.path.name):
            raise ArmError(
                400,
                "InvalidRoleAssignmentId",
                f"The role assignment ID '{call.path.name}' is not valid. The role assignment ID must be a GUID.",
            )
        scope = call.path.scope
        if "/providers/" in scope and self.arm.get(scope) is None:
            raise ArmError(
                404,
                "ResourceNotFound",
                f"The Resource '{ids.split(scope).type}/{ids.last(scope)}' under resource group "
                f"'{checks.group_of(scope)}' was not found. For more details please go to "
                "https://aka.ms/ARMResourceNotFoundFix",
            )
        checks.group_exists(self.arm, call)
        properties = {**given, "scope": scope or "/"}
        role = role_of(self.arm, {"body": {"properties": properties}})
        if role is None:
            raise ArmError(
                400,
                "RoleDefinitionDoesNotExist",
                f"The specified role definition with ID '{ids.last(str(given.get('roleDefinitionId')))}' does "
                "not exist.",
            )
        for record in assignments(self.arm):
            other = record["body"]["properties"]
            if (
                ids.key(other["scope"]) == ids.key(scope)
                and other["principalId"].lower() == str(given.get("principalId")).lower()
                and ids.last(other["roleDefinitionId"]).lower() == role["name"].lower()
            ):
                if record["name"].lower() == call.path.name.lower():
                    return Answer(200, self.show(record, call.api_version))
                raise ArmError(
                    409,
                    "RoleAssignmentExists",
                    "The role assignment already exists. The ID of the conflicting role assignment is "
                    f"{record['name'].replace('-', '')}.",
                )
        delay = self.arm.seconds("role_propagation", 0.0)
        properties["effective"] = self.arm.world.clock.now() + delay
        if delay:
            self.arm.world.clock.schedule(delay, "arm.waited", {}, awaited=True)
        resource_id = f"{scope}/providers/{self.kind.type}/{call.path.name}"
        record = self.arm.put(resource_id, self.kind.type, {"properties": properties})
        if not delay:
            self.arm.operations.wake()
        return Answer(201, self.show(record, call.api_version))


class Permissions(Handler):
    """What the caller may do at a scope: one element per role."""

    def handle(self, call: Call) -> Answer:
        found = []
        for record in assignments(self.arm):
            properties = record["body"]["properties"]
            own = "" if properties["scope"] == "/" else properties["scope"]
            if properties["principalId"].lower() != call.caller.object_id.lower():
                continue
            role = role_of(self.arm, record)
            if role is not None and checks.is_under(call.path.scope or "/", own):
                found += role["permissions"]
        return Answer(200, {"value": found})

"""Locks, policy assignments, tags: what hangs on scopes."""

from typing import TYPE_CHECKING, Any

from byocni_tui.sandbox.arm import checks, ids
from byocni_tui.sandbox.arm.call import Answer, Call
from byocni_tui.sandbox.arm.errors import ArmError, not_in_sandbox
from byocni_tui.sandbox.arm.handler import Handler

if TYPE_CHECKING:
    from byocni_tui.sandbox.arm.call import Record
    from byocni_tui.sandbox.arm.cloud import Arm

LOCK = "Microsoft.Authorization/locks"


def lock_scope(record: "Record") -> str:
    """What a lock hangs on."""
    scope: str = record["id"].rpartition(f"/providers/{LOCK}/")[0]
    return scope


def locked_by(arm: "Arm", target: str, verb: str) -> list[str]:
    """Scopes whose locks forbid ``write`` or ``delete`` of a resource."""
    found = []
    for record in arm.of_type(LOCK):
        scope, level = lock_scope(record), record["body"]["properties"]["level"].lower()
        if verb != "delete" and level != "readonly":
            continue
        # A lock counts for everything below it; what is locked inside also keeps its container from being deleted.
        if checks.is_under(target, scope) or (verb == "delete" and checks.is_under(scope, target)):
            found.append(scope)
    return found


class Locks(Handler):
    """``Microsoft.Authorization/locks`` on any scope."""

    def handle(self, call: Call) -> Answer:
        checks.group_exists(self.arm, call)
        scope = call.path.scope
        if not call.path.item:
            at = "atscope()" in call.query.get("$filter", "").lower()
            found = [
                one["body"]
                for one in self.arm.of_type(LOCK)
                if checks.is_under(scope, lock_scope(one))
                or (not at and checks.is_under(lock_scope(one), scope))
            ]
            return Answer(200, {"value": found})
        resource_id = f"{scope}/providers/{LOCK}/{call.path.name}"
        record = self.arm.get(resource_id)
        if call.method == "PUT":
            return self._write(call, resource_id, record)
        if call.method == "DELETE":
            if record is None:
                return Answer(204)
            self.arm.drop(resource_id)
            return Answer(200)
        if record is None:
            raise ArmError(404, "LockNotFound", f"The lock '{call.path.name}' could not be found.")
        return Answer(200, record["body"])

    def _write(self, call: Call, resource_id: str, old: "Record | None") -> Answer:
        if not isinstance(call.body, dict) or not isinstance(call.body.get("properties"), dict):
            raise checks.no_content()
        level = str(call.body["properties"].get("level", ""))
        spelled = {"cannotdelete": "CanNotDelete", "readonly": "ReadOnly"}.get(level.lower())
        if spelled is None:
            raise ArmError(400, "InvalidLockLevel", f"The lock level '{level}' is not valid.")
        if "/providers/" in call.path.scope and self.arm.get(call.path.scope) is None:
            raise ArmError(
                404,
                "ResourceNotFound",
                f"The Resource '{ids.last(call.path.scope)}' under resource group '{call.path.group}' was "
                "not found. For "
                "more details please go to https://aka.ms/ARMResourceNotFoundFix",
            )
        properties: dict[str, Any] = {"level": spelled}
        if call.body["properties"].get("notes"):
            properties["notes"] = call.body["properties"]["notes"]
        body = {"properties": properties, "id": resource_id, "type": LOCK, "name": call.path.name}
        self.arm.put(resource_id, LOCK, body)
        return Answer(200 if old else 201, body)


class Policies(Handler):
    """Policy assignments of the cloud's file (and deny assignments: none); read only."""

    def handle(self, call: Call) -> Answer:
        if call.method != "GET":
            raise not_in_sandbox(f"{call.method} {self.kind.type}")
        values = []
        if self.kind.type.endswith("policyAssignments"):
            values = [
                {
                    "id": one["assignment"]["id"],
                    "name": one["assignment"]["name"],
                    "type": self.kind.type,
                    "properties": {
                        "displayName": one["assignment"]["name"],
                        "policyDefinitionId": one["definition"]["id"],
                        "scope": one["assignment"]["id"].partition("/providers/Microsoft.Authorization")[0],
                        "enforcementMode": "Default",
                        "parameters": {},
                    },
                }
                for one in self.arm.data.get("policies", [])
            ]
        return Answer(200, {"value": values})


class TagNames(Handler):
    """``/subscriptions/S/tagNames``: names and values in use, and those made ahead."""

    def handle(self, call: Call) -> Answer:
        scope = f"/subscriptions/{call.path.subscription}"
        store = self.arm.get(f"{scope}/tagNames/made")
        made: dict[str, list[str]] = store["body"]["names"] if store else {}
        if call.path.names and call.method in ("PUT", "DELETE"):
            name, value = call.path.names[0], call.path.names[2] if len(call.path.names) > 2 else None
            if call.method == "PUT":
                made.setdefault(name, [])
                if value is not None and value not in made[name]:
                    made[name].append(value)
            elif value is not None:
                made[name] = [one for one in made.get(name, []) if one != value]
            else:
                made.pop(name, None)
            self.arm.put(f"{scope}/tagNames/made", "Microsoft.Resources/tagStore", {"names": made})
            return Answer(200, _tag_name(scope, name, made.get(name, []), {}))
        used: dict[str, dict[str, int]] = {name: dict.fromkeys(values, 0) for name, values in made.items()}
        for key, record in self.arm.resources.items():
            if key.startswith(ids.key(scope) + "/"):
                for name, value in record["body"].get("tags", {}).items():
                    counts = used.setdefault(name, {})
                    counts[value] = counts.get(value, 0) + 1
        return Answer(
            200, {"value": [_tag_name(scope, name, list(values), values) for name, values in used.items()]}
        )


def _tag_name(scope: str, name: str, values: list[str], counts: dict[str, int]) -> dict[str, Any]:
    def count(number: int) -> dict[str, Any]:
        return {"type": "Total", "value": number}

    return {
        "id": f"{scope}/tagNames/{name}",
        "tagName": name,
        "count": count(sum(counts.values())),
        "values": [
            {
                "id": f"{scope}/tagNames/{name}/tagValues/{value}",
                "tagValue": value,
                "count": count(counts.get(value, 0)),
            }
            for value in values
        ],
    }


class Tags(Handler):
    """``…/providers/Microsoft.Resources/tags/default`` of a resource or group."""

    def handle(self, call: Call) -> Answer:
        record = self.arm.get(call.path.scope)
        if record is None:
            raise ArmError(
                404, "ResourceNotFound", f"The Resource '{ids.last(call.path.scope)}' was not found."
            )
        before: dict[str, str] = record["body"].get("tags", {})
        if call.method in ("PUT", "PATCH"):
            given = (call.body or {}).get("properties") or {}
            asked = checks.tags({"tags": given.get("tags")})
            how = str((call.body or {}).get("operation", "Replace")) if call.method == "PATCH" else "Replace"
            if how == "Merge":
                asked = {**before, **asked}
            elif how == "Delete":
                asked = {name: value for name, value in before.items() if name not in asked}
            record["body"]["tags"] = asked
            self.arm.touch(record)
        elif call.method == "DELETE":
            record["body"]["tags"] = {}
            self.arm.touch(record)
            return Answer(200)
        return Answer(
            200,
            {
                "id": f"{call.path.scope}/providers/Microsoft.Resources/tags/default",
                "name": "default",
                "type": "Microsoft.Resources/tags",
                "properties": {"tags": record["body"].get("tags", {})},
            },
        )

"""Microsoft.Compute: the scale sets of a cluster's pools and the machines in them, which are its nodes.

Whoever changes them behind AKS's back moves the Kubernetes side along and leaves AKS's own numbers as they are: the
next operation on the cluster brings the machines back to them.
"""

import uuid
from typing import TYPE_CHECKING, Any, Final

from byocni_tui.sandbox.arm import checks, ids, node_group, run_command
from byocni_tui.sandbox.arm.call import Answer, Call, copied
from byocni_tui.sandbox.arm.errors import ArmError, not_in_sandbox
from byocni_tui.sandbox.arm.handler import Handler
from byocni_tui.sandbox.arm.kind import Kind
from byocni_tui.sandbox.arm.machine_life import MachineLife, Pool

if TYPE_CHECKING:
    from byocni_tui.sandbox.arm.call import Record
    from byocni_tui.sandbox.arm.cloud import Arm

SET: Final = node_group.SCALE_SET
MOST: Final = 1000
_POWER: Final = {"": "running", "restarting": "running"}
_ACTIONS: Final = ("delete", "restart", "redeploy", "start", "poweroff", "deallocate", "reimage", "reimageall",
                   "manualupgrade")  # fmt: skip


def _status(code: str, shown: str) -> dict[str, str]:
    return {"code": code, "level": "Info", "displayStatus": shown}


_PROVISIONED: Final = _status("ProvisioningState/succeeded", "Provisioning succeeded")


class Machines(Handler):
    """What sets and single machines share: finding them, and what is done to them."""

    def __init__(self, arm: "Arm", kind: Kind) -> None:
        super().__init__(arm, kind)
        self.life = MachineLife(arm)

    def set_of(self, call: Call) -> "Record":
        """The scale set that a path speaks of. Raises 404."""
        checks.group_exists(self.arm, call)
        name = call.path.names[0]
        record = self.arm.get(f"{call.path.scope}/providers/{SET}/{name}")
        if record is None:
            raise ArmError(
                404,
                "ResourceNotFound",
                f"The Resource '{SET}/{name}' under resource group '{call.path.group}' was not found. For more "
                "details please go to https://aka.ms/ARMResourceNotFoundFix",
            )
        return record

    def pool_of(self, record: "Record") -> Pool:
        """The pool behind a scale set."""
        pool = self.life.pool(record)
        if pool is None:
            raise not_in_sandbox(f"a scale set without a cluster ({record['name']})")
        return pool

    def acted(self, call: Call, record: "Record", name: str, numbers: list[int] | None) -> Answer:
        """Begin an action on machines (None: all of the set); 202 with where to poll."""
        action = name.lower()
        if action not in _ACTIONS:
            raise not_in_sandbox(f"POST {call.path.type}/{name}")
        _staying(record, name)
        operation = self.life.act(self.pool_of(record), record, action, numbers)
        return Answer(202, None, checks.polling(self.arm, call, operation, location=True))

    def shown(self, record: "Record", pool: Pool, node: dict[str, Any], *, view: bool) -> dict[str, Any]:
        """One machine, as a GET shows it; ``view`` with its instance view."""
        number, name, inner = node["number"], record["name"], record["body"]
        machine = f"{record['id']}/virtualMachines/{number}"
        profile = inner["properties"]["virtualMachineProfile"]
        guid = uuid.UUID(int=self.arm.world.rng(f"machine/{ids.key(machine)}").getrandbits(128), version=4)
        properties: dict[str, Any] = {
            "latestModelApplied": True,
            "modelDefinitionApplied": "VirtualMachineScaleSet",
            "networkProfileConfiguration": copied(profile["networkProfile"]),
            "hardwareProfile": {},
            "storageProfile": copied(profile["storageProfile"]),
            "osProfile": {
                "computerName": node["name"],
                "adminUsername": profile["osProfile"]["adminUsername"],
                "linuxConfiguration": {"disablePasswordAuthentication": True, "provisionVMAgent": True},
            },
            "networkProfile": {
                "networkInterfaces": [
                    {"id": f"{machine}/networkInterfaces/{name}", "properties": {"primary": True}}
                ]
            },
            "provisioningState": "Succeeded",
            "vmId": str(guid),
        }
        if view:
            properties["instanceView"] = self.view(pool, node)
        body: dict[str, Any] = {
            "id": machine, "name": f"{name}_{number}", "instanceId": str(number), "type": f"{SET}/virtualMachines",
            "location": inner["location"], "tags": copied(inner.get("tags", {})),
            "sku": {"name": inner["sku"]["name"], "tier": inner["sku"]["tier"]}, "properties": properties,
        }  # fmt: skip
        zones = inner.get("zones")
        if zones:
            body["zones"] = [zones[number % len(zones)]]
        return body

    def view(self, pool: Pool, node: dict[str, Any]) -> dict[str, Any]:
        """Whether a machine runs."""
        power = pool.off.get(node["name"], "")
        power = _POWER.get(power, power)
        return {
            "computerName": node["name"], "osName": "ubuntu", "osVersion": "24.04",
            "hyperVGeneration": "V2", "platformFaultDomain": 0,
            "statuses": [_PROVISIONED, _status(f"PowerState/{power}", f"VM {power}")],
        }  # fmt: skip


class ScaleSets(Machines):
    """``virtualMachineScaleSets``: those of the pools; nobody can make others here."""

    def handle(self, call: Call) -> Answer:
        if call.method == "POST" and call.path.action:
            record = self.set_of(call)
            given = call.body.get("instanceIds") if isinstance(call.body, dict) else None
            if given is not None and not (isinstance(given, list) and all(isinstance(x, str) for x in given)):
                told = "Error converting value to type 'array of string'. Path 'instanceIds'."
                raise ArmError(400, "InvalidParameter", told, target="instanceIds")
            if given is None and call.path.action.lower() in ("delete", "manualupgrade"):
                raise _missing("instanceIds")
            chosen = None if given is None or "*" in given else self._numbers(record, given)
            return self.acted(call, record, call.path.action, chosen)
        return super().handle(call)

    def _numbers(self, record: "Record", given: list[str]) -> list[int]:
        known = {str(node["number"]): int(node["number"]) for node in self.pool_of(record).nodes}
        for one in given:
            if one not in known:
                raise _inactive(one)
        return [known[one] for one in given]

    def write(self, call: Call) -> Answer:
        old = self.arm.get(self.resource_id(call))
        if old is None:
            raise not_in_sandbox(f"PUT {SET} (a scale set of one's own)")
        given = checks.envelope(self.arm, self.kind, call, old)
        checks.if_match(call, self.etag(old))
        _staying(old, "Update Virtual Machine Scale Set")
        before = old["body"]
        body = copied({**before, **given, "properties": {**before["properties"], **given["properties"]}})
        model = given["properties"].get("virtualMachineProfile")
        if model not in (None, before["properties"]["virtualMachineProfile"]):
            raise not_in_sandbox(f"another virtualMachineProfile for {SET}")
        body["properties"]["virtualMachineProfile"] = before["properties"]["virtualMachineProfile"]
        body["sku"] = before["sku"] | {k: v for k, v in (given.get("sku") or {}).items() if v is not None}
        size = body["sku"]["capacity"]
        if not 0 <= size <= MOST:
            raise ArmError(
                400, "InvalidParameter", f"The value {size} of sku.capacity is out of range: 0 to {MOST}.",
                target="sku.capacity",
            )  # fmt: skip
        body["properties"]["provisioningState"] = "Succeeded"
        pool = self.pool_of(old)
        body["sku"]["capacity"] = before["sku"]["capacity"]  # follows the machines
        record = self.arm.put(old["id"], SET, body)
        operation = self.life.resize(pool, record, size)
        shown = self.show(record, call.api_version)
        shown["sku"]["capacity"] = size
        shown["properties"]["provisioningState"] = "Updating"
        return Answer(200, shown, checks.polling(self.arm, call, operation))

    def patch(self, call: Call) -> Answer:
        record = self.find(call)
        if not isinstance(call.body, dict):
            raise checks.no_content()
        call.body = {"location": record["body"]["location"], **call.body}
        return self.write(call)

    def after_delete(self, record: "Record") -> None:
        pool = self.life.pool(record)
        if pool is not None:
            self.life.switch_off(pool, [node["number"] for node in pool.nodes], "gone")


class Instances(Machines):
    """``virtualMachineScaleSets/X/virtualMachines``: never kept, read off the pool."""

    def handle(self, call: Call) -> Answer:
        record = self.set_of(call)
        pool = self.pool_of(record)
        if not call.path.item:
            if call.method != "GET":
                raise not_in_sandbox(f"{call.method} {call.path.type}")
            view = "instanceview" in call.query.get("$expand", "").lower()
            nodes = sorted(pool.nodes, key=lambda node: int(node["number"]))
            return Answer(
                200, checks.page(call, [self.shown(record, pool, node, view=view) for node in nodes])
            )
        node = next((one for one in pool.nodes if str(one["number"]) == call.path.name), None)
        if node is None:
            if call.method == "DELETE":
                return Answer(204)
            raise ArmError(404, "NotFound", f"The entity was not found: instance '{call.path.name}'.")
        if call.method == "GET":
            view = "instanceview" in call.query.get("$expand", "").lower()
            return Answer(200, self.shown(record, pool, node, view=view))
        if call.method == "DELETE":
            return self.acted(call, record, "delete", [node["number"]])
        if call.method == "POST" and call.path.action:
            if call.path.action.lower() == "runcommand":
                operation = run_command.begin(self.arm, pool, record, node, call.body)
                return Answer(202, None, checks.polling(self.arm, call, operation, location=True))
            return self.acted(call, record, call.path.action, [node["number"]])
        raise not_in_sandbox(f"{call.method} {call.path.type}")


class SetView(Machines):
    """``virtualMachineScaleSets/X/instanceView``."""

    def handle(self, call: Call) -> Answer:
        record = self.set_of(call)
        count = len(self.pool_of(record).nodes)
        summary = [{"code": "ProvisioningState/succeeded", "count": count}]
        return Answer(
            200, {"virtualMachine": {"statusesSummary": summary if count else []}, "statuses": [_PROVISIONED]}
        )


class InstanceView(Machines):
    """``virtualMachineScaleSets/X/virtualMachines/N/instanceView``."""

    def handle(self, call: Call) -> Answer:
        pool = self.pool_of(self.set_of(call))
        for node in pool.nodes:
            if str(node["number"]) == call.path.names[1]:
                return Answer(200, self.view(pool, node))
        raise ArmError(404, "NotFound", f"The entity was not found: instance '{call.path.names[1]}'.")


def _staying(record: "Record", what: str) -> None:
    """Raise for a set that is being deleted."""
    if record["body"]["properties"]["provisioningState"] == "Deleting":
        raise ArmError(
            409,
            "OperationNotAllowed",
            f"Operation '{what}' is not allowed on Virtual Machine Scale Set '{record['name']}' since it is marked "
            "for deletion.",
        )


def _inactive(given: str) -> ArmError:
    return ArmError(
        400,
        "InvalidParameter",
        f"The provided instanceId {given} is not an active Virtual Machine Scale Set VM instanceId.",
        target="instanceIds",
    )


def _missing(name: str) -> ArmError:
    return ArmError(400, "InvalidParameter", f"Required parameter '{name}' is missing (null).", target=name)

"""Microsoft.ContainerService/managedClusters/agentPools/…: what is below a pool: its machines, and its upgrades."""

from typing import TYPE_CHECKING, Any

from byocni_tui.sandbox.arm import checks, node_group
from byocni_tui.sandbox.arm.aks_versions import upgrades
from byocni_tui.sandbox.arm.call import Answer, Call
from byocni_tui.sandbox.arm.errors import ArmError, not_in_sandbox
from byocni_tui.sandbox.arm.handler import Handler

if TYPE_CHECKING:
    from byocni_tui.sandbox.arm.call import Record


class _BelowPool(Handler):
    def pool(self, call: Call) -> tuple["Record", dict[str, Any]]:
        """The cluster and the pool that a path speaks of. Raises 404, and 501 for what only reads here."""
        checks.group_exists(self.arm, call)
        path = f"{call.path.scope}/providers/Microsoft.ContainerService/managedClusters/{call.path.names[0]}"
        record = self.arm.get(path)
        pools = record["body"]["properties"]["agentPoolProfiles"] if record is not None else []
        found = next((one for one in pools if one["name"].lower() == call.path.names[1].lower()), None)
        if record is None or found is None:
            raise self.not_found(call)
        if call.method != "GET":
            raise not_in_sandbox(f"{call.method} {self.kind.type}")
        return record, found


class Machines(_BelowPool):
    """``agentPools/P/machines``."""

    def handle(self, call: Call) -> Answer:
        cluster, pool = self.pool(call)
        nodes = cluster["meta"].get("pools", {}).get(pool["name"], {"nodes": []})["nodes"]
        shown = [self._shown(cluster, pool, node) for node in nodes]
        if not call.path.item:
            return Answer(200, checks.page(call, shown))
        for one in shown:
            if one["name"].lower() == call.path.name.lower():
                return Answer(200, one)
        raise ArmError(404, "NotFound", f"The machine '{call.path.name}' was not found.")

    def _shown(self, cluster: "Record", pool: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
        sets = f"{node_group.group_id(cluster)}/providers/{node_group.SCALE_SET}"
        return {
            "id": f"{cluster['body']['id']}/agentPools/{pool['name']}/machines/{node['name']}",
            "name": node["name"],
            "type": self.kind.type,
            "properties": {
                "network": {"ipAddresses": [{"family": "IPv4", "ip": node["ip"]}]},
                "resourceId": f"{sets}/{node['name'][:-6]}/virtualMachines/{node['number']}",
            },
        }


class PoolUpgrades(_BelowPool):
    """``agentPools/P/upgradeProfiles/default``."""

    def handle(self, call: Call) -> Answer:
        cluster, pool = self.pool(call)
        version = pool["currentOrchestratorVersion"]
        newest = cluster["body"]["properties"]["currentKubernetesVersion"]
        # A pool follows its control plane, and never runs ahead of it.
        offered = [one for one in upgrades(version) if _numbers(one) <= _numbers(newest)]
        properties = {
            "kubernetesVersion": version,
            "osType": pool["osType"],
            "upgrades": [{"kubernetesVersion": one} for one in offered],
            "latestNodeImageVersion": pool["nodeImageVersion"],
        }
        above = f"{cluster['body']['id']}/agentPools/{pool['name']}"
        head = {"id": f"{above}/upgradeProfiles/default", "name": "default", "type": self.kind.type}
        return Answer(200, {**head, "properties": properties})


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))

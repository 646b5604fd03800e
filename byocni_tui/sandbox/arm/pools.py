"""Microsoft.ContainerService/managedClusters/agentPools: the node pools of a cluster, each on its own."""

from typing import TYPE_CHECKING, Any

from byocni_tui.sandbox.arm import aks_checks, aks_fill, aks_network, aks_rules, aks_shape, checks
from byocni_tui.sandbox.arm.call import Answer, Call, copied
from byocni_tui.sandbox.arm.errors import ArmError, aks, not_in_sandbox
from byocni_tui.sandbox.arm.handler import Handler

if TYPE_CHECKING:
    from byocni_tui.sandbox.arm.call import Record


class AgentPools(Handler):
    """Pools live in their cluster's ``agentPoolProfiles``."""

    def handle(self, call: Call) -> Answer:
        checks.group_exists(self.arm, call)
        cluster = self._cluster(call)
        pools = cluster["body"]["properties"]["agentPoolProfiles"]
        if not call.path.item:
            return Answer(200, {"value": [self._shown(cluster, pool) for pool in pools]})
        pool = next((one for one in pools if one["name"].lower() == call.path.name.lower()), None)
        if call.method == "PUT":
            return self._write(call, cluster, pool)
        if pool is None:
            if call.method == "DELETE":
                return Answer(204)
            raise self.not_found(call)
        if call.method == "DELETE":
            return self._remove(call, cluster, pool)
        if call.method == "GET":
            return Answer(200, self._shown(cluster, pool))
        action = (call.path.action or "").lower()
        if call.method == "POST" and action in ("upgradenodeimageversion", "deletemachines"):
            aks_checks.not_busy(self.arm, cluster["id"], "managed cluster")
            return (
                self._renew(call, cluster, pool) if "upgrade" in action else self._less(call, cluster, pool)
            )
        raise not_in_sandbox(f"{call.method} {self.kind.type}/{call.path.action or ''}".rstrip("/"))

    def _renew(self, call: Call, cluster: "Record", pool: dict[str, Any]) -> Answer:
        """Every machine gets a fresh node image, also where it has the newest one."""
        for node in self._nodes(cluster, pool):
            node["image"] = ""
        pool["provisioningState"] = "UpgradingNodeImageVersion"
        self.arm.touch(cluster)
        return self._begin(call, cluster, pool, "upgrade node image version", 202)

    def _less(self, call: Call, cluster: "Record", pool: dict[str, Any]) -> Answer:
        """Certain machines go, and the pool has so many fewer."""
        given = call.body.get("machineNames") if isinstance(call.body, dict) else None
        if not isinstance(given, list) or not given:
            raise aks(
                "InvalidParameter", "Required parameter machineNames is missing (null).", "machineNames"
            )
        nodes = self._nodes(cluster, pool)
        known = {node["name"] for node in nodes}
        unknown = [str(one) for one in given if one not in known]
        if unknown:
            raise aks(
                "InvalidParameter",
                f"Machines {', '.join(unknown)} are not in agent pool {pool['name']}.",
                "machineNames",
            )
        left = len(known - set(given))
        aks_checks.pool_body(self.arm, {**pool, "count": left})
        nodes.sort(key=lambda node: node["name"] in given)  # those at the end go first
        pool.update(count=left, provisioningState="Updating")
        self.arm.touch(cluster)
        answer = self._begin(call, cluster, pool, "delete machines", 202)
        return Answer(202, None, answer.headers)

    @staticmethod
    def _nodes(cluster: "Record", pool: dict[str, Any]) -> list[dict[str, Any]]:
        state = cluster["meta"].setdefault("pools", {}).setdefault(pool["name"], {"next": 0, "nodes": []})
        nodes: list[dict[str, Any]] = state["nodes"]
        return nodes

    def _cluster(self, call: Call) -> "Record":
        parent = (
            f"{call.path.scope}/providers/Microsoft.ContainerService/managedClusters/{call.path.names[0]}"
        )
        record = self.arm.get(parent)
        if record is None:
            raise ArmError(
                404,
                "ParentResourceNotFound",
                f"Failed to perform '{checks.verb(call)}' on resource(s) of type "
                "'managedClusters/agentPools', because the "
                f"parent resource '{parent}' could not be found.",
            )
        return record

    def _shown(self, cluster: "Record", pool: dict[str, Any]) -> dict[str, Any]:
        properties = {name: value for name, value in copied(pool).items() if name != "name"}
        return {
            "id": f"{cluster['body']['id']}/agentPools/{pool['name']}",
            "name": pool["name"],
            "type": "Microsoft.ContainerService/managedClusters/agentPools",
            "properties": properties,
        }

    def _write(self, call: Call, cluster: "Record", old: dict[str, Any] | None) -> Answer:
        if not isinstance(call.body, dict):
            raise checks.no_content()
        aks_shape.check(call.body, "AgentPool", call.api_version)
        given = {**(call.body.get("properties") or {}), "name": old["name"] if old else call.path.name}
        aks_checks.not_busy(self.arm, cluster["id"], "managed cluster")
        aks_checks.pool_body(self.arm, given)
        properties = cluster["body"]["properties"]
        if given.get("vnetSubnetID") and not properties["agentPoolProfiles"][0].get("vnetSubnetID"):
            raise aks(
                "InvalidParameter",
                f"The Agentpool {properties['agentPoolProfiles'][0]['name']} does not have subnet defined.",
            )
        plugin = properties["networkProfile"]["networkPlugin"]
        if str(given.get("osType", "Linux")).lower() == "windows" and plugin == "none":
            raise aks_rules.windows_only_with_azure()
        filled = aks_fill.pool_defaults(
            self.arm, {**(old or {}), **given}, properties["currentKubernetesVersion"], plugin
        )
        pools = properties["agentPoolProfiles"]
        if not any(one["mode"] == "System" for one in [*[p for p in pools if p is not old], filled]):
            raise aks("MustDefineAtLeastOneSystemPool", "Must define at least one system pool.")
        aks_rules.pools(_with(cluster["body"], old, filled))
        if old is not None:
            aks_rules.pool_changed(old, filled, "properties")
        aks_network.judge(self.arm, cluster["id"], _with(cluster["body"], old, filled), cluster["body"])
        filled["provisioningState"] = "Updating" if old else "Creating"
        if old is None:
            pools.append(filled)
        else:
            pools[pools.index(old)] = filled
        self.arm.touch(cluster)
        return self._begin(
            call, cluster, filled, "update agentpool" if old else "create agentpool", 200 if old else 201
        )

    def _remove(self, call: Call, cluster: "Record", pool: dict[str, Any]) -> Answer:
        aks_checks.not_busy(self.arm, cluster["id"], "managed cluster")
        pools = cluster["body"]["properties"]["agentPoolProfiles"]
        if not any(one["mode"] == "System" for one in pools if one is not pool):
            raise aks(
                "OperationNotAllowed",
                f"There has to be at least one system pool left in cluster '{cluster['name']}'.",
                status=400,
            )
        pools.remove(pool)
        self.arm.touch(cluster)
        answer = self._begin(call, cluster, pool, "delete agentpool", 202)
        return Answer(202, None, answer.headers)

    def _begin(self, call: Call, cluster: "Record", pool: dict[str, Any], what: str, status: int) -> Answer:
        clusters = self.arm.handler("Microsoft.ContainerService/managedClusters")
        from byocni_tui.sandbox.arm.aks import ManagedClusters

        assert isinstance(clusters, ManagedClusters)
        operation = clusters.life.pool_change(cluster, what)
        headers = clusters.headers(call, operation, location=status == 202)
        return Answer(status, self._shown(cluster, pool), headers)


def _with(body: dict[str, Any], old: dict[str, Any] | None, new: dict[str, Any]) -> dict[str, Any]:
    """The cluster's body as it would be with that pool."""
    pools = [new if one is old else one for one in body["properties"]["agentPoolProfiles"]]
    if old is None:
        pools.append(new)
    return {**body, "properties": {**body["properties"], "agentPoolProfiles": pools}}

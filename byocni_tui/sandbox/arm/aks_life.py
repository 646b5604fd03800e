"""How a cluster comes to be, changes and goes: steps of its operations, and the Kubernetes side that follows them."""

import ipaddress
import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from byocni_tui.sandbox.arm import aks_fill, ids, node_group
from byocni_tui.sandbox.arm.errors import ArmError
from byocni_tui.sandbox.arm.operations import NotYet
from byocni_tui.sandbox.arm.skus import size_of

if TYPE_CHECKING:
    from byocni_tui.sandbox.arm.call import Record
    from byocni_tui.sandbox.arm.cloud import Arm

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_WAVES = 10
_ROLE_TRIES = 6
"""Nodes come up in at most so many steps of an operation."""


def set_state(record: "Record", state: str) -> None:
    """``provisioningState`` of a cluster and its pools."""
    properties = record["body"]["properties"]
    properties["provisioningState"] = state
    for pool in properties["agentPoolProfiles"]:
        pool["provisioningState"] = state


def instance(number: int) -> str:
    """A scale set instance as node names carry it: six characters, base 36."""
    text = ""
    while number:
        number, digit = divmod(number, 36)
        text = _DIGITS[digit] + text
    return text.rjust(6, "0")


class Life:
    """Operations on clusters."""

    def __init__(self, arm: "Arm") -> None:
        self.arm = arm
        names: dict[str, Callable[[dict[str, Any]], None]] = {
            "aks.group": self._make_group,
            "aks.control_plane": self._control_plane,
            "aks.nodes": self._nodes,
            "aks.created": self._created,
            "aks.settled": self._settled,
            "aks.upgraded": self._upgraded,
            "aks.stopped": self._stopped,
            "aks.started": self._started,
            "aks.deleted": self._deleted,
        }
        for name, doing in names.items():
            arm.operations.does(name, doing)

    # -- operations --------------------------------------------------------------------------------------------------

    def create(self, record: "Record") -> dict[str, Any]:
        """The create: about six virtual minutes for three nodes."""
        numbers = [one["meta"].get("number", 0) for one in self.arm.of_type(record["type"])]
        record["meta"] = {"number": max(numbers, default=0) + 1, "pools": {}}
        s = self.arm.seconds
        steps: list[tuple[float, str, str | None]] = [
            (s("cluster_accept", 10.0), "ProvisioningControlPlane", "aks.group"),
            (s("cluster_control_plane", 120.0), "ReconcilingDNS", "aks.control_plane"),
            *self._node_steps(record, s("cluster_first_node", 70.0), "ReconcilingAgentPools"),
            (s("cluster_finish", 100.0), "Succeeded", "aks.created"),
        ]
        return self._begin(record, steps, "create managed cluster")

    def update(self, record: "Record", old: "Record") -> dict[str, Any]:
        """An update: pools scaled, versions changed, or nothing but a reconcile."""
        steps: list[tuple[float, str, str | None]] = [(10.0, "ReconcilingControlPlane", None)]
        if self.cluster(record) is None:
            return self.create(record)
        if versions(record["body"]) != versions(old["body"]):
            steps.append((self.arm.seconds("cluster_upgrade", 300.0), "UpgradingAgentPools", "aks.upgraded"))
        steps += self._node_steps(record, 60.0, "ReconcilingAgentPools")
        steps.append((20.0, "Succeeded", "aks.settled"))
        return self._begin(record, steps, "update managed cluster")

    def power(self, record: "Record", *, on: bool) -> dict[str, Any]:
        """Start or stop."""
        set_state(record, "Starting" if on else "Stopping")
        self.arm.touch(record)
        steps: list[tuple[float, str, str | None]] = [
            (self.arm.seconds("cluster_start" if on else "cluster_stop", 120.0), "InProgress",
             "aks.started" if on else "aks.stopped"),
        ]  # fmt: skip
        if on:
            steps += self._node_steps(record, 60.0, "InProgress")
        steps.append((10.0, "Succeeded", "aks.settled"))
        return self._begin(record, steps, "start managed cluster" if on else "stop managed cluster")

    def delete(self, record: "Record") -> dict[str, Any]:
        """The delete."""
        steps: list[tuple[float, str, str | None]] = [
            (self.arm.seconds("cluster_delete", 240.0), "Succeeded", "aks.deleted")
        ]
        operation = self._begin(record, steps, "delete managed cluster")
        operation.update(verb="delete", after=204)
        return operation

    def pool_change(self, record: "Record", what: str) -> dict[str, Any]:
        """A pool was added, scaled, upgraded or removed."""
        steps: list[tuple[float, str, str | None]] = [
            *self._node_steps(record, 60.0, "InProgress"),
            (15.0, "Succeeded", "aks.settled"),
        ]
        return self._begin(record, steps, what)

    def _begin(
        self, record: "Record", steps: list[tuple[float, str, str | None]], what: str
    ) -> dict[str, Any]:
        operation = self.arm.operations.begin(
            steps, target=ids.key(record["id"]), data={"id": record["id"]}, after=204, verb=what
        )
        record["body"]["properties"].setdefault("provisioningState", "Updating")
        self._strike(operation, record, what)
        return operation

    def _strike(self, operation: dict[str, Any], record: "Record", what: str) -> None:
        """A fault of the scenario may hit the operation: an error at its end, or a hang."""
        struck = self.arm.world.faults.strike(
            service="operation", operation=what, name=record["name"], type=record["type"], body=record["body"]
        )
        if struck is None:
            return
        if struck["kind"] == "error":
            operation["data"]["fails"] = struck
            if "seconds" in struck:
                self.arm.operations.hang(operation, float(struck["seconds"]))
        elif struck["kind"] == "delay":
            self.arm.operations.hang(operation, float(struck["seconds"]))

    # -- steps -------------------------------------------------------------------------------------------------------

    def _node_steps(self, record: "Record", first: float, status: str) -> list[tuple[float, str, str | None]]:
        missing = sum(pool["count"] for pool in record["body"]["properties"]["agentPoolProfiles"])
        waves = max(1, min(_WAVES, missing))
        rng = self.arm.world.rng(f"boot/{ids.key(record['id'])}/{record['version']}")
        return [(first if n == 0 else rng.uniform(5.0, 15.0), status, "aks.nodes") for n in range(waves)]

    def _record(self, data: dict[str, Any]) -> "Record":
        record = self.arm.get(data["id"])
        if record is None:
            raise ArmError(404, "NotFound", "The managed cluster is gone.")
        return record

    def _make_group(self, data: dict[str, Any]) -> None:
        node_group.make(self.arm, self._record(data))

    def _control_plane(self, data: dict[str, Any]) -> None:
        record = self._record(data)
        if not node_group.identity_can_join(self.arm, record):
            tries = record["meta"].setdefault("tries", 0)
            if record["body"]["identity"]["type"] == "SystemAssigned" and tries < _ROLE_TRIES:
                # This identity is as old as the cluster: whoever made it is about to give it its role.
                record["meta"]["tries"] += 1
                raise NotYet(1.0)
            node_group.refuse_identity(record)
        self._make_cluster(record)

    def _make_cluster(self, record: "Record") -> Any:
        from byocni_tui.sandbox.kube.cluster import KubeCluster

        body, network = record["body"], record["body"]["properties"]["networkProfile"]
        cluster = KubeCluster(
            self.arm.world,
            record["id"],
            name=record["name"],
            version=body["properties"]["currentKubernetesVersion"],
            node_role=self.arm.world.scenario.node_role or "<none>",
            service_cidr=network["serviceCidr"],
            dns_ip=network["dnsServiceIP"],
            pod_cidr=network.get("podCidr"),
            location=body["location"],
            fqdn=body["properties"]["fqdn"],
        )
        self.arm.world.clusters[ids.key(record["id"])] = cluster
        return cluster

    def _nodes(self, data: dict[str, Any]) -> None:
        """One wave of machines: those missing come up, those too many go."""
        record = self._record(data)
        cluster = self.cluster(record)
        if cluster is None:
            return
        properties = record["body"]["properties"]
        self._fail_if_struck(data, record)
        self._fail_without_group(record)
        wanted = sum(pool["count"] for pool in properties["agentPoolProfiles"])
        budget = max(1, math.ceil(wanted / _WAVES))
        running = properties["powerState"]["code"] == "Running"
        known = record["meta"]["pools"]
        for name in [
            name for name in known if name not in {pool["name"] for pool in properties["agentPoolProfiles"]}
        ]:
            for node in known.pop(name)["nodes"]:
                _remove(record, cluster, node)
        for pool in properties["agentPoolProfiles"]:
            state = known.setdefault(pool["name"], {"next": 0, "nodes": []})
            on = running and pool["powerState"]["code"] == "Running"
            while len(state["nodes"]) > (pool["count"] if on else 0):
                _remove(record, cluster, state["nodes"].pop())
            budget = self._renewed(record, cluster, pool, state, budget) if on else budget
            while on and len(state["nodes"]) < pool["count"] and budget > 0:
                self._add_node(record, cluster, pool, state)
                budget -= 1
        node_group.scale_sets(self.arm, record)
        self.arm.touch(record)

    def _renewed(
        self, record: "Record", cluster: Any, pool: dict[str, Any], state: dict[str, Any], budget: int
    ) -> int:
        """An upgrade's wave: a new machine comes, then an old one goes, as surge upgrades do. What is left of the
        ``budget`` comes back."""
        image = pool["nodeImageVersion"]
        old = [node for node in state["nodes"] if node.get("image", image) != image or _outdated(node, pool)]
        for node in old[:budget]:
            self._add_node(record, cluster, pool, state)
            _remove(record, cluster, node)
            state["nodes"].remove(node)
            budget -= 1
        return budget

    def _add_node(self, record: "Record", cluster: Any, pool: dict[str, Any], state: dict[str, Any]) -> None:
        number = state["next"]
        state["next"] += 1
        base = self.scale_set(record["id"], pool["name"])
        node = {"name": base + instance(number), "ip": self._address(record, pool), "number": number,
                "version": pool["currentOrchestratorVersion"], "image": pool["nodeImageVersion"]}  # fmt: skip
        state["nodes"].append(node)
        size = size_of(pool["vmSize"])
        zones = pool.get("availabilityZones") or []
        cluster.add_node(
            node["name"],
            pool=pool["name"],
            mode=pool["mode"],
            vm_size=pool["vmSize"],
            cpu=size["vCPUs"],
            memory_gib=size["MemoryGB"],
            max_pods=pool["maxPods"],
            zone=f"{record['body']['location']}-{zones[number % len(zones)]}" if zones else None,
            labels=pool.get("nodeLabels") or {},
            taints=pool.get("nodeTaints") or [],
            ip=node["ip"],
            version=pool["currentOrchestratorVersion"],
        )

    def scale_set(self, cluster_id: str, pool: str) -> str:
        """The name of a pool's scale set."""
        return f"aks-{pool}-{aks_fill.suffix(self.arm, cluster_id)}-vmss"

    def grow(self, cluster_id: str, pool_name: str) -> None:
        """One machine more in a pool, as the cluster autoscaler asks for it; nothing if the pool has gone meanwhile."""
        record = self.arm.get(cluster_id)
        cluster = self.cluster(record) if record is not None else None
        if record is None or cluster is None:
            return
        for pool in record["body"]["properties"]["agentPoolProfiles"]:
            if pool["name"] == pool_name:
                pool["count"] += 1
                state = record["meta"]["pools"].setdefault(pool_name, {"next": 0, "nodes": []})
                self._add_node(record, cluster, pool, state)
                self.arm.touch(record)

    def fill(self, record: "Record", pool_name: str, size: int) -> None:
        """Machines until a pool has ``size`` of them; what AKS itself wants of the pool stays."""
        cluster = self.cluster(record)
        for pool in record["body"]["properties"]["agentPoolProfiles"]:
            state = record["meta"]["pools"].setdefault(pool_name, {"next": 0, "nodes": []})
            while cluster is not None and pool["name"] == pool_name and len(state["nodes"]) < size:
                self._add_node(record, cluster, pool, state)
        self.arm.touch(record)

    def _address(self, record: "Record", pool: dict[str, Any], *, again: bool = False) -> str:
        """The next free address of the pool's subnet: Azure keeps the first four. Those that were given back come into
        use again (``again``) once all have been given."""
        subnet = self.arm.get(pool["vnetSubnetID"]) if pool.get("vnetSubnetID") else None
        prefix = node_group.MANAGED_SUBNET
        if subnet is not None:
            properties = subnet["body"]["properties"]
            prefix = properties.get("addressPrefix") or properties["addressPrefixes"][0]
        network = ipaddress.ip_network(prefix)
        taken = {
            node["ip"]
            for other in self.arm.of_type(record["type"])
            if (other is record and again) or (other is not record and subnet is not None)
            for pools in other["meta"].get("pools", {}).values()
            for node in pools["nodes"]
        }
        given = 0 if again else record["meta"].get("address", 0)
        start = int(network.network_address) + 4 + given
        for value in range(start, int(network.broadcast_address)):
            address = str(ipaddress.ip_address(value))
            if address not in taken:
                record["meta"]["address"] = value - int(network.network_address) - 3
                return address
        if not again:
            return self._address(record, pool, again=True)
        raise ArmError(
            400,
            "SubnetIsFull",
            f"Subnet {ids.last(pool.get('vnetSubnetID') or 'aks-subnet')} with address prefix {prefix} does not have "
            "enough capacity for 1 IP addresses.",
        )

    def _fail_if_struck(self, data: dict[str, Any], record: "Record") -> None:
        fails = data.get("fails")
        if fails is not None:
            set_state(record, "Failed")
            self.arm.touch(record)
            raise ArmError(400, fails["code"], str(fails["message"]).format(name=record["name"]))

    def _created(self, data: dict[str, Any]) -> None:
        record = self._record(data)
        self._fail_if_struck(data, record)
        self._settled(data)

    def _settled(self, data: dict[str, Any]) -> None:
        record = self._record(data)
        set_state(record, "Succeeded")
        if self.arm.get(node_group.group_id(record)) is not None:
            node_group.finish(self.arm, record)
        self.arm.touch(record)

    def _fail_without_group(self, record: "Record") -> None:
        """Somebody has deleted the node resource group: the cluster is beyond repair."""
        group = node_group.group_id(record)
        if self.arm.get(group) is None:
            set_state(record, "Failed")
            self.arm.touch(record)
            name = ids.last(group)
            raise ArmError(404, "ResourceGroupNotFound", f"Resource group '{name}' could not be found.")

    def _upgraded(self, data: dict[str, Any]) -> None:
        """The control plane has the new version; the machines follow, wave by wave."""
        record = self._record(data)
        cluster = self.cluster(record)
        if cluster is not None:
            cluster.version = record["body"]["properties"]["currentKubernetesVersion"]

    def _stopped(self, data: dict[str, Any]) -> None:
        record = self._record(data)
        cluster = self.cluster(record)
        self._power(record, "Stopped")
        if cluster is not None:
            cluster.stop()
        for state in record["meta"]["pools"].values():
            state["nodes"].clear()
        record["meta"].pop("off", None)
        node_group.scale_sets(self.arm, record)

    def _started(self, data: dict[str, Any]) -> None:
        record = self._record(data)
        cluster = self.cluster(record)
        self._power(record, "Running")
        if cluster is not None:
            cluster.start()

    def _power(self, record: "Record", code: str) -> None:
        record["body"]["properties"]["powerState"] = {"code": code}
        for pool in record["body"]["properties"]["agentPoolProfiles"]:
            pool["powerState"] = {"code": code}
        self.arm.touch(record)

    def _deleted(self, data: dict[str, Any]) -> None:
        record = self._record(data)
        self.arm.drop(record["id"])
        self.gone(record)

    def gone(self, record: "Record") -> None:
        """The cluster is no more: neither is its node resource group, nor its Kubernetes."""
        cluster = self.arm.world.clusters.pop(ids.key(record["id"]), None)
        if cluster is not None:
            cluster.stop()
        node_group.remove(self.arm, record)

    # -- asking ------------------------------------------------------------------------------------------------------

    def cluster(self, record: "Record") -> Any:
        """The Kubernetes side, or None while there is none."""
        return self.arm.world.clusters.get(ids.key(record["id"]))

    def revive(self) -> None:
        """Make the Kubernetes side of every cluster again, empty; the world loads it."""
        for record in self.arm.of_type("Microsoft.ContainerService/managedClusters"):
            if record["meta"].get("pools") or record["body"]["properties"]["provisioningState"] not in (
                "Creating",
            ):
                self._make_cluster(record)


def _remove(record: "Record", cluster: Any, node: dict[str, Any]) -> None:
    """A machine is drained away, and with it its node."""
    record["meta"].get("off", {}).pop(node["name"], None)
    cluster.remove_node(node["name"])


def _outdated(node: dict[str, Any], pool: dict[str, Any]) -> bool:
    wanted = pool["currentOrchestratorVersion"]
    return bool(node.get("version", wanted) != wanted)


def versions(body: dict[str, Any]) -> list[str]:
    """The versions of control plane and pools."""
    properties = body["properties"]
    return [
        properties["currentKubernetesVersion"],
        *[pool["currentOrchestratorVersion"] for pool in properties["agentPoolProfiles"]],
    ]

# ruff: noqa: ARG002 every type answers the same questions, and few need all that is asked
"""Microsoft.Network: what its types ask for beyond their tables, and what they show of each other."""

import ipaddress
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from byocni_tui.sandbox.arm import checks, ids
from byocni_tui.sandbox.arm.call import Answer, Call
from byocni_tui.sandbox.arm.errors import ArmError
from byocni_tui.sandbox.arm.handler import Handler

if TYPE_CHECKING:
    from byocni_tui.sandbox.arm.call import Record
    from byocni_tui.sandbox.arm.cloud import Arm

SUBNET = "Microsoft.Network/virtualNetworks/subnets"
CLUSTER = "Microsoft.ContainerService/managedClusters"


@lru_cache(maxsize=4096)
def _network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    return ipaddress.ip_network(text, strict=False)


def prefix(value: Any, where: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    """An address prefix. Raises ``InvalidCIDRNotation`` or ``InvalidAddressPrefixFormat``."""
    try:
        found = _network(str(value))
    except ValueError as error:
        raise ArmError(
            400,
            "InvalidAddressPrefixFormat",
            f"Address prefix {value} of resource {where} is not formatted correctly. It should follow CIDR "
            "notation, for "
            "example 10.0.0.0/24.",
        ) from error
    if "/" not in str(value) or str(found.network_address) != str(value).partition("/")[0]:
        raise ArmError(
            400,
            "InvalidCIDRNotation",
            f"The address prefix {value} in resource {where} has an invalid CIDR notation. For the given "
            "prefix length, "
            f"the address prefix should be {found}.",
        )
    return found


def subnet_prefixes(properties: dict[str, Any]) -> list[str]:
    """Both ways of giving a subnet's range."""
    return list(properties.get("addressPrefixes") or filter(None, [properties.get("addressPrefix")]))


def subnet_users(arm: "Arm", subnet_id: str) -> list[tuple["Record", dict[str, Any]]]:
    """(cluster, pool) of every node pool in a subnet."""
    wanted = ids.key(subnet_id)
    return [
        (cluster, pool)
        for cluster in arm.of_type(CLUSTER)
        for pool in cluster["body"]["properties"]["agentPoolProfiles"]
        if pool.get("vnetSubnetID") and ids.key(pool["vnetSubnetID"]) == wanted
    ]


def ip_configurations(arm: "Arm", subnet_id: str) -> list[str]:
    """Ids of the address configurations that clusters' nodes have in a subnet."""
    found = []
    for cluster, pool in subnet_users(arm, subnet_id):
        group = cluster["body"]["properties"]["nodeResourceGroup"]
        nodes = cluster["meta"].get("pools", {}).get(pool["name"], {"nodes": []})["nodes"]
        for node in nodes:
            scale_set, number = node["name"][:-6], node["number"]
            found.append(
                f"/subscriptions/{cluster['id'].split('/')[2]}/resourceGroups/{group}/providers/Microsoft.Compute/"
                f"virtualMachineScaleSets/{scale_set}/virtualMachines/{number}/networkInterfaces/{scale_set}/"
                "ipConfigurations/ipconfig1"
            )
    return found


def used_by(arm: "Arm", kind: str, field: str, wanted: str) -> list[str]:
    """Ids of resources of a type whose property points to an id."""
    found = []
    for record in arm.of_type(kind):
        value = record["body"]["properties"].get(field)
        values = value if isinstance(value, list) else [value]
        if any(
            isinstance(one, dict) and ids.key(str(one.get("id", ""))) == ids.key(wanted) for one in values
        ):
            found.append(record["id"])
    return found


def in_use(code: str, what: str, resource_id: str, users: list[str]) -> ArmError:
    return ArmError(
        400,
        code,
        f"{what} {resource_id} cannot be deleted because it is in use by the following resources: "
        f"{', '.join(users)}. In "
        f"order to delete the {what.lower()}, remove the association with the resource(s).",
    )


class VirtualNetworks(Handler):
    """Virtual networks."""

    def prepare(
        self, call: Call, resource_id: str, body: dict[str, Any], old: "Record | None"
    ) -> dict[str, Any]:
        spaces = [prefix(one, resource_id) for one in body["properties"]["addressSpace"]["addressPrefixes"]]
        for index, one in enumerate(spaces):
            for other in spaces[index + 1 :]:
                if one.version == other.version and one.overlaps(other):
                    raise ArmError(
                        400,
                        "VnetAddressSpaceOverlaps",
                        f"Address space {one} of virtual network {resource_id} overlaps with its address "
                        f"space {other}.",
                    )
        embedded = call.body.get("properties", {}).get("subnets") if isinstance(call.body, dict) else None
        if embedded is None and old is not None:
            for subnet in self.arm.of_type(SUBNET, resource_id):
                for given in subnet_prefixes(subnet["body"]["properties"]):
                    _inside(prefix(given, subnet["id"]), spaces, subnet["name"], ids.last(resource_id))
        return body

    def before_delete(self, call: Call, record: "Record") -> None:
        refuse_used(self.arm, record)


def refuse_used(arm: "Arm", network: "Record", leaving: tuple[str, ...] = ()) -> None:
    """A network whose subnets somebody lives in stays; those whose ids begin with ``leaving`` go with it."""
    for subnet in arm.of_type(SUBNET, network["id"]):
        users = [one for one in ip_configurations(arm, subnet["id"]) if not ids.key(one).startswith(leaving)]
        if users:
            raise _subnet_in_use(subnet, users)


def _inside(found: Any, spaces: list[Any], name: str, network: str) -> None:
    if not any(found.version == space.version and found.subnet_of(space) for space in spaces):
        raise ArmError(
            400,
            "NetcfgInvalidSubnet",
            f"Subnet '{name}' is not valid because its IP address range is outside the IP address range of "
            f"virtual network '{network}'.",
        )


def _subnet_in_use(subnet: "Record", users: list[str]) -> ArmError:
    return ArmError(
        400,
        "InUseSubnetCannotBeDeleted",
        f"Subnet {subnet['name']} is in use by {users[0]} and cannot be deleted. In order to delete the "
        "subnet, delete all "
        "the resources within the subnet. See aka.ms/deletesubnet.",
    )


class Subnets(Handler):
    """Subnets: inside their network, apart from each other, and showing who lives there."""

    def show(self, record: "Record", api_version: str) -> dict[str, Any]:
        body = super().show(record, api_version)
        users = ip_configurations(self.arm, record["id"])
        if users:
            body["properties"]["ipConfigurations"] = [{"id": one} for one in users]
        return body

    def prepare(
        self, call: Call, resource_id: str, body: dict[str, Any], old: "Record | None"
    ) -> dict[str, Any]:
        given = subnet_prefixes(body["properties"])
        if not given:
            raise ArmError(
                400,
                "NoAddressPrefixOrPoolProvided",
                f"No address prefix or IPAM pool was given for subnet {resource_id}.",
            )
        network = self.arm.get(ids.parent(resource_id))
        assert network is not None
        spaces = [
            prefix(one, network["id"])
            for one in network["body"]["properties"]["addressSpace"]["addressPrefixes"]
        ]
        for one in given:
            found = prefix(one, resource_id)
            _inside(found, spaces, ids.last(resource_id), network["name"])
            if found.version == 4 and found.prefixlen > 29:
                raise ArmError(
                    400,
                    "SubnetPrefixTooSmall",
                    f"The subnet prefix {one} of {resource_id} is smaller than /29.",
                )
            for other in self.arm.of_type(SUBNET, network["id"]):
                if ids.key(other["id"]) == ids.key(resource_id):
                    continue
                for taken in subnet_prefixes(other["body"]["properties"]):
                    if found.overlaps(prefix(taken, other["id"])):
                        raise _overlap(ids.last(resource_id), other["name"])
        if old is not None and given != subnet_prefixes(old["body"]["properties"]):
            users = ip_configurations(self.arm, resource_id)
            if users:
                raise ArmError(
                    400,
                    "InUsePrefixCannotBeDeleted",
                    f"IpPrefix {subnet_prefixes(old['body']['properties'])[0]} on Subnet "
                    f"{ids.last(resource_id)} has active "
                    "allocations and cannot be deleted.",
                )
        body["properties"].pop("ipConfigurations", None)
        for number, delegation in enumerate(body["properties"].get("delegations") or []):
            delegation.setdefault("name", str(number))
            delegation["id"] = f"{resource_id}/delegations/{delegation['name']}"
            delegation["type"] = f"{SUBNET}/delegations"
            delegation.setdefault("properties", {}).setdefault("provisioningState", "Succeeded")
        return body

    def judge_siblings(self, parent_id: str, children: list[dict[str, Any]]) -> None:
        seen: list[tuple[str, Any]] = []
        for one in children:
            for given in subnet_prefixes(one["properties"]):
                found = prefix(given, f"{parent_id}/subnets/{one['name']}")
                for name, other in seen:
                    if found.version == other.version and found.overlaps(other):
                        raise _overlap(str(one["name"]), name)
                seen.append((str(one["name"]), found))

    def before_delete(self, call: Call, record: "Record") -> None:
        users = ip_configurations(self.arm, record["id"])
        if users:
            raise _subnet_in_use(record, users)


def _overlap(one: str, other: str) -> ArmError:
    return ArmError(
        400,
        "NetcfgSubnetRangesOverlap",
        f"Subnet '{one}' is not valid because its IP address range overlaps with that of an existing subnet in virtual "
        f"network '{other}'.",
    )


class Peerings(Handler):
    """Peerings: both sides needed, ranges apart."""

    def show(self, record: "Record", api_version: str) -> dict[str, Any]:
        body = super().show(record, api_version)
        properties = body["properties"]
        remote = self.arm.get(properties["remoteVirtualNetwork"]["id"])
        local = ids.parent(record["id"])
        back = remote is not None and any(
            ids.key(one["body"]["properties"]["remoteVirtualNetwork"]["id"]) == ids.key(local)
            for one in self.arm.of_type(self.kind.type, remote["id"])
        )
        properties["peeringState"] = "Connected" if back else "Initiated" if remote else "Disconnected"
        properties["peeringSyncLevel"] = "FullyInSync" if back else "RemoteNotInSync"
        if remote is not None:
            space = remote["body"]["properties"]["addressSpace"]
            properties["remoteAddressSpace"] = properties["remoteVirtualNetworkAddressSpace"] = space
        return body

    def prepare(
        self, call: Call, resource_id: str, body: dict[str, Any], old: "Record | None"
    ) -> dict[str, Any]:
        local, remote = (
            self.arm.get(ids.parent(resource_id)),
            body["properties"].get("remoteVirtualNetwork", {}).get("id"),
        )
        other = self.arm.get(str(remote))
        if local is None or other is None:
            return body
        for one in local["body"]["properties"]["addressSpace"]["addressPrefixes"]:
            for two in other["body"]["properties"]["addressSpace"]["addressPrefixes"]:
                if prefix(one, local["id"]).overlaps(prefix(two, other["id"])):
                    raise ArmError(
                        400,
                        "VnetAddressSpacesOverlap",
                        f"Cannot create or update peering {resource_id}. Virtual networks {local['id']} and "
                        f"{other['id']} "
                        "cannot be peered because their address spaces overlap. Overlapping address prefixes: "
                        f"{one}, {two}.",
                    )
        return body


class SubnetUsages(Handler):
    """``virtualNetworks/V/usages``: addresses in use per subnet."""

    def handle(self, call: Call) -> Answer:
        checks.group_exists(self.arm, call)
        network = self.arm.get(
            f"{call.path.scope}/providers/Microsoft.Network/virtualNetworks/{call.path.names[0]}"
        )
        if network is None:
            raise self.not_found(call)
        values = []
        for subnet in self.arm.of_type(SUBNET, network["id"]):
            size = sum(
                ipaddress.ip_network(one).num_addresses - 5
                for one in subnet_prefixes(subnet["body"]["properties"])
            )
            values.append(
                {
                    "id": subnet["id"],
                    "currentValue": float(len(ip_configurations(self.arm, subnet["id"]))),
                    "limit": float(size),
                    "name": {"localizedValue": "Subnet size and usage", "value": "SubnetSpace"},
                    "unit": "Count",
                }
            )
        return Answer(200, {"value": values})


class AddressCheck(Handler):
    """``CheckIPAddressAvailability``."""

    def handle(self, call: Call) -> Answer:
        network = self.arm.get(
            f"{call.path.scope}/providers/Microsoft.Network/virtualNetworks/{call.path.names[0]}"
        )
        if network is None:
            raise self.not_found(call)
        try:
            wanted = ipaddress.ip_address(call.query.get("ipaddress", ""))
        except ValueError as error:
            raise ArmError(400, "InvalidIPAddress", "The IP address is invalid.") from error
        taken = {
            node["ip"]
            for subnet in self.arm.of_type(SUBNET, network["id"])
            for cluster, pool in subnet_users(self.arm, subnet["id"])
            for node in cluster["meta"].get("pools", {}).get(pool["name"], {"nodes": []})["nodes"]
        }
        for subnet in self.arm.of_type(SUBNET, network["id"]):
            for one in subnet_prefixes(subnet["body"]["properties"]):
                space = ipaddress.ip_network(one)
                if wanted in space:
                    hosts = list(space)[4:-1] if space.num_addresses <= 65536 else []
                    free = [str(host) for host in hosts if str(host) not in taken][:5]
                    return Answer(200, {"available": str(wanted) in free or (
                        wanted in hosts and str(wanted) not in taken), "availableIPAddresses": free})  # fmt: skip
        raise ArmError(
            400,
            "PrivateIPAddressNotInAnySubnet",
            f"Private static IP address {wanted} does not belong to the range of any subnet in the virtual network "
            f"{network['id']}.",
        )

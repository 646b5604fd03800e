# ruff: noqa: ARG002 every type answers the same questions, and few need all that is asked
"""Microsoft.Network: the ways out: route tables, NAT gateways, public addresses."""

from typing import TYPE_CHECKING, Any

from byocni_tui.sandbox.arm import ids
from byocni_tui.sandbox.arm.call import Call
from byocni_tui.sandbox.arm.errors import ArmError
from byocni_tui.sandbox.arm.handler import Handler
from byocni_tui.sandbox.arm.network import SUBNET, in_use, prefix, used_by

if TYPE_CHECKING:
    from byocni_tui.sandbox.arm.call import Record


class RouteTables(Handler):
    """Route tables."""

    def show(self, record: "Record", api_version: str) -> dict[str, Any]:
        body = super().show(record, api_version)
        users = used_by(self.arm, SUBNET, "routeTable", record["id"])
        if users:
            body["properties"]["subnets"] = [{"id": one} for one in users]
        return body

    def before_delete(self, call: Call, record: "Record") -> None:
        users = used_by(self.arm, SUBNET, "routeTable", record["id"])
        if users:
            raise in_use("InUseRouteTableCannotBeDeleted", "Route table", record["id"], users)


_HOPS = ("VirtualNetworkGateway", "VnetLocal", "Internet", "VirtualAppliance", "None")


class Routes(Handler):
    """Routes."""

    def prepare(
        self, call: Call, resource_id: str, body: dict[str, Any], old: "Record | None"
    ) -> dict[str, Any]:
        route = body["properties"]
        hop = str(route["nextHopType"])
        if hop.lower() not in [one.lower() for one in _HOPS]:
            raise ArmError(
                400, "InvalidNextHopType", f"Route {ids.last(resource_id)} has invalid next hop type {hop}."
            )
        if hop.lower() == "virtualappliance" and not route.get("nextHopIpAddress"):
            raise ArmError(
                400,
                "RouteNextHopIpAddressRequired",
                f"Route {resource_id} with next hop type VirtualAppliance needs nextHopIpAddress.",
            )
        if str(route["addressPrefix"])[:1].isdigit():
            prefix(route["addressPrefix"], resource_id)
        route["hasBgpOverride"] = False
        return body


class NatGateways(Handler):
    """NAT gateways."""

    def show(self, record: "Record", api_version: str) -> dict[str, Any]:
        body = super().show(record, api_version)
        users = used_by(self.arm, SUBNET, "natGateway", record["id"])
        if users:
            body["properties"]["subnets"] = [{"id": one} for one in users]
        return body

    def prepare(
        self, call: Call, resource_id: str, body: dict[str, Any], old: "Record | None"
    ) -> dict[str, Any]:
        body.setdefault("sku", {"name": "Standard", "tier": "Regional"})
        for one in body["properties"].get("publicIpAddresses") or []:
            address = self.arm.get(one["id"])
            if address is not None and address["body"].get("sku", {}).get("name") == "Basic":
                raise ArmError(
                    400,
                    "NatGatewayCannotBeCreatedWithBasicSkuPublicIpAddress",
                    f"NAT gateway {resource_id} can't use public IP address {one['id']} of sku Basic.",
                )
        return body

    def before_delete(self, call: Call, record: "Record") -> None:
        users = used_by(self.arm, SUBNET, "natGateway", record["id"])
        if users:
            raise in_use("InUseNatGatewayCannotBeDeleted", "Nat gateway", record["id"], users)


class PublicAddresses(Handler):
    """Public addresses: static ones have their address at once."""

    def prepare(
        self, call: Call, resource_id: str, body: dict[str, Any], old: "Record | None"
    ) -> dict[str, Any]:
        from byocni_tui.sandbox.arm import quota

        sku = body.setdefault("sku", {"name": "Basic", "tier": "Regional"})
        sku.setdefault("name", "Basic")
        sku.setdefault("tier", "Regional")
        properties = body["properties"]
        if sku["name"] == "Standard" and properties["publicIPAllocationMethod"] != "Static":
            raise ArmError(
                400,
                "StandardSkuPublicIPAddressesMustBeStatic",
                f"Standard sku publicIp {resource_id} must have AllocationMethod set to Static.",
            )
        if old is None:
            quota.public_address(self.arm, body["location"])
        if properties["publicIPAllocationMethod"] == "Static":
            before = old["body"]["properties"].get("ipAddress") if old else None
            rng = self.arm.world.rng(f"address/{ids.key(resource_id)}")
            properties["ipAddress"] = before or f"198.51.100.{rng.randrange(1, 255)}"
        return body

    def before_delete(self, call: Call, record: "Record") -> None:
        users = used_by(self.arm, "Microsoft.Network/natGateways", "publicIpAddresses", record["id"])
        if users:
            raise ArmError(
                400,
                "PublicIPAddressCannotBeDeleted",
                f"Public IP address {record['id']} can not be deleted since it is still allocated to "
                f"resource {users[0]}. In "
                "order to delete the public IP, disassociate/detach the Public IP address from the resource.",
            )

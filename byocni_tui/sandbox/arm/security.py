# ruff: noqa: ARG002 every type answers the same questions, and few need all that is asked
"""Microsoft.Network: network security groups and their rules."""

from typing import TYPE_CHECKING, Any

from byocni_tui.sandbox.arm import ids
from byocni_tui.sandbox.arm.call import Call
from byocni_tui.sandbox.arm.errors import ArmError
from byocni_tui.sandbox.arm.handler import Handler
from byocni_tui.sandbox.arm.network import SUBNET, in_use, used_by

if TYPE_CHECKING:
    from byocni_tui.sandbox.arm.call import Record


class SecurityGroups(Handler):
    """Network security groups with their default rules."""

    def show(self, record: "Record", api_version: str) -> dict[str, Any]:
        body = super().show(record, api_version)
        properties = body["properties"]
        properties["defaultSecurityRules"] = [_default_rule(record["id"], *rule) for rule in _DEFAULT_RULES]
        users = used_by(self.arm, SUBNET, "networkSecurityGroup", record["id"])
        if users:
            properties["subnets"] = [{"id": one} for one in users]
        return body

    def before_delete(self, call: Call, record: "Record") -> None:
        users = used_by(self.arm, SUBNET, "networkSecurityGroup", record["id"])
        if users:
            raise in_use(
                "InUseNetworkSecurityGroupCannotBeDeleted", "Network security group", record["id"], users
            )


_DEFAULT_RULES = (
    ("AllowVnetInBound", 65000, "Inbound", "Allow", "VirtualNetwork", "VirtualNetwork",
     "Allow inbound traffic from all VMs in VNET"),
    ("AllowAzureLoadBalancerInBound", 65001, "Inbound", "Allow", "AzureLoadBalancer", "*",
     "Allow inbound traffic from azure load balancer"),
    ("DenyAllInBound", 65500, "Inbound", "Deny", "*", "*", "Deny all inbound traffic"),
    ("AllowVnetOutBound", 65000, "Outbound", "Allow", "VirtualNetwork", "VirtualNetwork",
     "Allow outbound traffic from all VMs to all VMs in VNET"),
    ("AllowInternetOutBound", 65001, "Outbound", "Allow", "*", "Internet",
     "Allow outbound traffic from all VMs to Internet"),
    ("DenyAllOutBound", 65500, "Outbound", "Deny", "*", "*", "Deny all outbound traffic"),
)  # fmt: skip


def _default_rule(
    group: str,
    name: str,
    priority: int,
    direction: str,
    access: str,
    source: str,
    destination: str,
    text: str,
) -> dict[str, Any]:
    return {
        "name": name,
        "id": f"{group}/defaultSecurityRules/{name}",
        "type": "Microsoft.Network/networkSecurityGroups/defaultSecurityRules",
        "properties": {
            "provisioningState": "Succeeded",
            "description": text,
            "protocol": "*",
            "sourcePortRange": "*",
            "destinationPortRange": "*",
            "sourceAddressPrefix": source,
            "destinationAddressPrefix": destination,
            "access": access,
            "priority": priority,
            "direction": direction,
            "sourcePortRanges": [],
            "destinationPortRanges": [],
            "sourceAddressPrefixes": [],
            "destinationAddressPrefixes": [],
        },
    }


class SecurityRules(Handler):
    """Rules: values from the service's lists, one rule a priority and direction."""

    def prepare(
        self, call: Call, resource_id: str, body: dict[str, Any], old: "Record | None"
    ) -> dict[str, Any]:
        rule, name = body["properties"], ids.last(resource_id)
        if not 100 <= rule["priority"] <= 4096:
            raise ArmError(
                400,
                "SecurityRuleInvalidPriority",
                f"Security rule has invalid Priority. Value provided: {rule['priority']}. Valid range 100-4096.",
            )
        for field, allowed in _RULE_VALUES.items():
            if str(rule[field]).lower() not in [one.lower() for one in allowed]:
                raise ArmError(
                    400,
                    f"SecurityRuleInvalid{field.title()}",
                    f"Security rule {name} has invalid {field}. Value provided: {rule[field]}. Allowed values: "
                    f"{', '.join(allowed)}.",
                )
        for field in ("sourcePortRange", "destinationPortRange"):
            for one in [rule.get(field), *rule.get(field + "s", [])]:
                _port_range(one)
        for other in self.arm.of_type(self.kind.type, ids.parent(resource_id)):
            theirs = other["body"]["properties"]
            if (
                ids.key(other["id"]) != ids.key(resource_id)
                and theirs["priority"] == rule["priority"]
                and theirs["direction"].lower() == rule["direction"].lower()
            ):
                raise _conflict(other["name"], name)
        return body

    def judge_siblings(self, parent_id: str, children: list[dict[str, Any]]) -> None:
        seen: dict[tuple[Any, str], str] = {}
        for one in children:
            at = (one["properties"]["priority"], str(one["properties"]["direction"]).lower())
            if at in seen:
                raise _conflict(seen[at], str(one["name"]))
            seen[at] = str(one["name"])


_RULE_VALUES = {
    "protocol": ("*", "Tcp", "Udp", "Icmp", "Esp", "Ah"),
    "access": ("Allow", "Deny"),
    "direction": ("Inbound", "Outbound"),
}


def _conflict(one: str, other: str) -> ArmError:
    return ArmError(
        400,
        "SecurityRuleConflict",
        f"Security rule {one} conflicts with rule {other}. Rules cannot have the same Priority and Direction.",
    )


def _port_range(value: Any) -> None:
    if value in (None, "*"):
        return
    low, _, high = str(value).partition("-")
    if not (low.isdecimal() and (high or low).isdecimal() and 0 <= int(low) <= int(high or low) <= 65535):
        raise ArmError(
            400,
            "SecurityRuleInvalidPortRange",
            f"Security rule has invalid Port range. Value provided: {value}. Value should be an integer OR "
            "integer range "
            "with '-' delimiter. Valid range 0-65535.",
        )

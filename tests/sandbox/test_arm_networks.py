"""Networks: subnets, what is in use, and writers that meet."""

import asyncio

from arm_bodies import GROUP, NET, SUBNET, VNET, refused, with_group, with_subnet
from sandbox_client import Client


async def test_subnets_stay_inside_and_apart(arm: Client) -> None:
    await with_subnet(arm)
    for prefix, code in (
        ("10.2.0.0/24", "NetcfgInvalidSubnet"),
        ("10.1.0.128/25", "NetcfgSubnetRangesOverlap"),
        ("10.1.1.5/24", "InvalidCIDRNotation"),
        ("nonsense", "InvalidAddressPrefixFormat"),
    ):
        path = f"{VNET}/subnets/other"
        assert await refused(arm, {"properties": {"addressPrefix": prefix}}, path, NET) == (400, code)


async def test_what_is_in_use_is_not_deleted(arm: Client) -> None:
    await with_subnet(arm)
    group = f"{GROUP}/providers/Microsoft.Network/networkSecurityGroups/nsg"
    await arm.made(group, NET, {"location": "westeurope"})
    await arm.made(
        SUBNET, NET, {"properties": {"addressPrefix": "10.1.0.0/24", "networkSecurityGroup": {"id": group}}}
    )
    status, body, _ = await arm("DELETE", group, NET)
    assert (status, body["error"]["code"]) == (400, "InUseNetworkSecurityGroupCannotBeDeleted")


async def test_etags_guard_against_lost_updates(arm: Client) -> None:
    await with_subnet(arm)
    _, body, headers = await arm("GET", VNET, NET)
    etag = headers["ETag"]
    assert body["etag"] == etag
    status, _, _ = await arm("PUT", VNET, NET, body, If_Match=etag)
    assert status == 200
    status, answer, _ = await arm("PUT", VNET, NET, body, If_Match=etag)
    assert (status, answer["error"]["code"]) == (412, "PreconditionFailed")


async def test_two_writers_lose_nothing(arm: Client) -> None:
    await with_subnet(arm)

    async def add(number: int) -> None:
        rule = {"protocol": "Tcp", "access": "Allow", "direction": "Inbound", "priority": 100 + number,
                "sourceAddressPrefix": "*", "destinationAddressPrefix": "*", "sourcePortRange": "*",
                "destinationPortRange": "443"}  # fmt: skip
        status, _, _ = await arm("PUT", f"{nsg}/securityRules/r{number}", NET, {"properties": rule})
        assert status == 201

    nsg = f"{GROUP}/providers/Microsoft.Network/networkSecurityGroups/nsg"
    await arm.made(nsg, NET, {"location": "westeurope"})
    await asyncio.gather(*(add(number) for number in range(20)))
    rules = (await arm("GET", nsg, NET))[1]["properties"]["securityRules"]
    assert len(rules) == 20


async def test_a_refused_network_stays_as_it_was(arm: Client) -> None:
    await with_subnet(arm)
    before = (await arm("GET", VNET, NET))[1]
    for prefixes, subnets in (
        (["10.7.0.0/16"], before["properties"]["subnets"]),
        (["10.1.0.0/16"], [{"name": "a", "properties": {"addressPrefix": "10.1.9.0/24"}},
                           {"name": "b", "properties": {"addressPrefix": "10.8.0.0/24"}}]),
    ):  # fmt: skip
        body = {"location": "westeurope",
                "properties": {"addressSpace": {"addressPrefixes": prefixes}, "subnets": subnets}}  # fmt: skip
        status, answer, _ = await arm("PUT", VNET, NET, body)
        assert (status, answer["error"]["code"]) == (400, "NetcfgInvalidSubnet")
        now = (await arm("GET", VNET, NET))[1]
        assert now["properties"]["addressSpace"] == before["properties"]["addressSpace"]
        assert [one["name"] for one in now["properties"]["subnets"]] == ["nodes"]
    await arm.made(f"{VNET}/subnets/other", NET, {"properties": {"addressPrefix": "10.1.2.0/24"}})


async def test_a_refused_security_group_stays_as_it_was(arm: Client) -> None:
    await with_group(arm)
    nsg = f"{GROUP}/providers/Microsoft.Network/networkSecurityGroups/nsg"
    rule = {"protocol": "*", "access": "Deny", "direction": "Inbound", "priority": 100, "sourceAddressPrefix": "*",
            "destinationAddressPrefix": "*", "sourcePortRange": "*", "destinationPortRange": "80"}  # fmt: skip
    wrong = {"name": "two", "properties": {**rule, "priority": 5}}
    body = {
        "location": "westeurope",
        "properties": {"securityRules": [{"name": "one", "properties": rule}, wrong]},
    }
    status, _, _ = await arm("PUT", nsg, NET, body)
    assert status == 400
    assert (await arm("GET", nsg, NET))[0] == 404

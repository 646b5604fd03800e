"""Resource groups, who may do what in them, locks and registration."""

import pytest
from arm_bodies import AKS, CLUSTER, GROUP, RES, cluster, refused, with_group
from sandbox_client import SUBSCRIPTION, Client


async def test_a_group_lives_and_dies(arm: Client) -> None:
    assert (await arm("HEAD", GROUP, RES))[0] == 404
    await with_group(arm)
    assert (await arm("HEAD", GROUP.replace("rg", "RG"), RES))[0] == 204
    _, body, _ = await arm("GET", GROUP.upper().replace("/SUBSCRIPTIONS", "/subscriptions"), RES)
    assert body["name"] == "rg"
    status, body, _ = await arm("PUT", GROUP, RES, {"location": "eastus"})
    assert (status, body["error"]["code"]) == (409, "InvalidResourceGroupLocation")
    status, _, headers = await arm("DELETE", GROUP, RES)
    assert status == 202
    status, body, _ = await arm("PUT", GROUP, RES, {"location": "westeurope"})
    assert (status, body["error"]["code"]) == (409, "ResourceGroupBeingDeleted")
    location = headers["Location"].removeprefix(arm.sandbox.endpoints.arm_url)
    assert (await arm("GET", location, ""))[0] == 202
    arm.sandbox.world.clock.run_until_idle()
    assert (await arm("GET", location, ""))[0] == 200
    assert (await arm("GET", GROUP, RES))[1]["error"]["code"] == "ResourceGroupNotFound"


@pytest.mark.parametrize("name", ["mi grupo", "a" * 91, "ends."])
async def test_group_names(arm: Client, name: str) -> None:
    path = f"{SUBSCRIPTION}/resourceGroups/{name}".replace(" ", "%20")
    status, body, _ = await arm("PUT", path, RES, {"location": "westeurope"})
    assert (status, body["error"]["code"]) == (400, "InvalidResourceGroup")


async def test_a_lock_holds_until_it_is_removed(arm: Client) -> None:
    await with_group(arm)
    lock = f"{GROUP}/providers/Microsoft.Authorization/locks/keep"
    await arm("PUT", lock, "2016-09-01", {"properties": {"level": "ReadOnly"}})
    assert await refused(arm, cluster()) == (409, "ScopeLocked")
    assert (await arm("DELETE", GROUP, RES))[1]["error"]["code"] == "ScopeLocked"
    await arm("DELETE", lock, "2016-09-01")
    assert (await arm("PUT", CLUSTER, AKS, cluster()))[0] == 201


async def test_an_unregistered_provider_has_to_be_registered(arm: Client) -> None:
    await with_group(arm)
    arm.sandbox.arm.registrations["microsoft.containerservice"] = "NotRegistered"
    assert await refused(arm, cluster()) == (409, "MissingSubscriptionRegistration")
    path = f"{SUBSCRIPTION}/providers/Microsoft.ContainerService"
    _, body, _ = await arm("POST", f"{path}/register", RES)
    assert body["registrationState"] == "Registering"
    arm.sandbox.world.clock.run_until_idle()
    assert (await arm("GET", path, RES))[1]["registrationState"] == "Registered"


async def test_a_reader_may_read_and_no_more(arm: Client) -> None:
    arm.sandbox.arm.data["role_assignments"][0]["role"] = "Reader"
    status, body, _ = await arm("PUT", GROUP, RES, {"location": "westeurope"})
    assert (status, body["error"]["code"]) == (403, "AuthorizationFailed")
    assert "Microsoft.Resources/subscriptions/resourceGroups/write" in body["error"]["message"]
    assert (await arm("GET", f"{SUBSCRIPTION}/resourcegroups", RES))[0] == 200
    path = f"{SUBSCRIPTION}/providers/Microsoft.Authorization/permissions"
    assert (await arm("GET", path, "2022-04-01"))[1]["value"][0]["actions"] == ["*/read"]


async def test_a_long_list_comes_in_pages(arm: Client) -> None:
    made = {f"g{number:04}" for number in range(2001)}
    for name in made:
        path = f"{SUBSCRIPTION}/resourceGroups/{name}"
        body = {
            "id": path,
            "name": name,
            "location": "westeurope",
            "properties": {"provisioningState": "Succeeded"},
        }
        arm.sandbox.arm.put(path, "Microsoft.Resources/resourceGroups", body)
    link, sizes, seen = f"{SUBSCRIPTION}/resourcegroups", list[int](), set[str]()
    version = RES
    while link:
        page = (await arm("GET", link.removeprefix(arm.sandbox.endpoints.arm_url), version))[1]
        sizes.append(len(page["value"]))
        seen |= {one["name"] for one in page["value"]}
        link, version = page.get("nextLink", ""), ""
    assert sizes == [1000, 1000, 1]
    assert seen == made
    few = (await arm("GET", f"{SUBSCRIPTION}/resourcegroups?$top=2", RES))[1]
    assert len(few["value"]) == 2
    assert (await arm("GET", f"{SUBSCRIPTION}/resourcegroups?$skiptoken=x", RES))[1]["error"][
        "code"
    ] == "InvalidSkipToken"

"""The door of Azure Resource Manager: tokens, hosts, versions, bodies."""

import io
from collections.abc import AsyncIterator

import pytest
from arm_bodies import AKS, CLUSTER, GROUP, NET, RES, with_group
from sandbox_client import SUBSCRIPTION, Client


async def test_metadata_needs_no_token_and_everything_else_does(arm: Client) -> None:
    arm.token = ""
    status, body, _ = await arm("GET", "/metadata/endpoints", "2022-09-01")
    assert status == 200
    assert body["resourceManager"].rstrip("/") == arm.sandbox.endpoints.arm_url
    status, body, headers = await arm("GET", "/subscriptions", "2022-12-01")
    assert (status, body["error"]["code"]) == (401, "AuthenticationFailed")
    assert "Bearer authorization_uri=" in headers["WWW-Authenticate"]
    arm.token = "x.y.z"
    status, body, _ = await arm("GET", "/subscriptions", "2022-12-01")
    assert (status, body["error"]["code"]) == (401, "InvalidAuthenticationToken")


async def test_a_foreign_host_is_turned_away(arm: Client) -> None:
    status, _, _ = await arm("GET", "/metadata/endpoints", "2022-09-01", Host="example.com")
    assert status == 421


async def test_the_identity_endpoint_wants_its_header(arm: Client) -> None:
    async with arm.session.get(
        arm.sandbox.endpoints.identity_url, headers={"X-IDENTITY-HEADER": "no"}
    ) as answer:
        assert answer.status == 401


@pytest.mark.parametrize(
    ("path", "version", "status", "code"),
    [
        ("/subscriptions", "", 400, "MissingApiVersionParameter"),
        (
            "/subscriptions/11111111-0000-0000-0000-000000000000/resourcegroups",
            RES,
            404,
            "SubscriptionNotFound",
        ),
        (f"{SUBSCRIPTION}/resourcegroups", "1999-01-01", 400, "InvalidApiVersionParameter"),
        (CLUSTER, AKS, 404, "ResourceGroupNotFound"),
        (
            f"{SUBSCRIPTION}/providers/Microsoft.Network/virtualNetworks",
            "1999-01-01",
            400,
            "NoRegisteredProviderFound",
        ),
        (f"{SUBSCRIPTION}/providers/Contoso.Things/widgets", RES, 404, "InvalidResourceNamespace"),
        (f"{SUBSCRIPTION}/providers/Microsoft.Network/widgets", NET, 404, "InvalidResourceType"),
        (f"{SUBSCRIPTION}/providers/Microsoft.Storage/storageAccounts", "2023-05-01", 501, "NotInSandbox"),
    ],
)
async def test_refusals_at_the_door(arm: Client, path: str, version: str, status: int, code: str) -> None:
    got, body, _ = await arm("GET", path, version)
    assert (got, body["error"]["code"]) == (status, code)


async def test_bad_bodies_get_an_answer_and_the_sandbox_goes_on(arm: Client) -> None:
    await with_group(arm)
    url = f"{arm.sandbox.endpoints.arm_url}{CLUSTER}?api-version={AKS}"
    head = {"Authorization": f"Bearer {arm.token}"}
    for data, status in ((b"{", 400), (b"[]", 400), (b"", 400), (b"\xff\xfe", 400), (b" " * 10_000_000, 413)):
        async with arm.session.put(url, data=io.BytesIO(data), headers=head, ssl=arm.trust) as answer:
            assert answer.status == status
            assert "error" in await answer.json()
    for value in (
        3,
        "x",
        None,
        [],
        {"properties": 3},
        {"location": 3},
        {"location": "westeurope", "properties": []},
    ):
        status, _, _ = await arm("PUT", CLUSTER, AKS, value)
        assert status == 400
    assert (await arm("GET", GROUP, RES))[0] == 200


async def test_a_body_in_pieces_is_read_to_its_end(arm: Client) -> None:
    async def pieces(count: int) -> AsyncIterator[bytes]:
        yield b'{"location": "west'
        for _ in range(count):
            yield b" " * 1_000_000
        yield b'europe"}' if not count else b""

    head = {"Authorization": f"Bearer {arm.token}"}
    url = f"{arm.sandbox.endpoints.arm_url}{GROUP}?api-version={RES}"
    for count, status in ((0, 201), (10, 413)):
        async with arm.session.put(url, data=pieces(count), headers=head, ssl=arm.trust) as answer:
            assert answer.status == status, await answer.text()
    assert (await arm("GET", GROUP, RES))[1]["location"] == "westeurope"


async def test_every_answer_carries_the_ids_that_support_asks_for(arm: Client) -> None:
    _, _, headers = await arm("GET", "/subscriptions", "2022-12-01", x_ms_correlation_request_id="mine")
    assert headers["x-ms-correlation-request-id"] == "mine"
    assert headers["x-ms-request-id"]

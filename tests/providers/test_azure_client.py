"""The ARM client over real HTTP: paging, long operations, and every way in which an answer can go wrong."""

import asyncio
from typing import Any

import pytest
from aiohttp import web
from played_arm import Arm

from byocni_tui.providers.azure import api_version
from byocni_tui.providers.errors import ProviderError

GROUP = "/subscriptions/s/resourceGroups/g"
CLUSTER = f"{GROUP}/providers/Microsoft.ContainerService/managedClusters/c"


def test_the_api_version_follows_the_last_type_of_a_path() -> None:
    assert api_version(CLUSTER) == "2026-08-01"
    assert api_version(f"{CLUSTER}/listClusterUserCredential") == "2026-08-01"
    assert api_version(f"{CLUSTER}/providers/Microsoft.Authorization/roleAssignments/x") == "2022-04-01"
    assert api_version("/subscriptions/s/providers/Microsoft.Compute/skus") == "2021-07-01"
    assert api_version("/subscriptions/s/providers/Microsoft.Network") == "2024-11-01"
    assert api_version(GROUP) == "2024-11-01"
    assert api_version("/subscriptions") == "2022-12-01"
    assert api_version("/subscriptions/s/locations") == "2022-12-01"


async def test_pages_are_followed_and_the_token_is_of_the_right_scope(arm: Arm) -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        assert request.headers["Authorization"].startswith("Bearer ")
        assert request.headers["x-ms-correlation-request-id"]
        if "page" in request.query:
            return web.json_response({"value": [{"name": "b"}]})
        return web.json_response({"value": [{"name": "a"}], "nextLink": f"{arm.base}/subscriptions?page=2"})

    arm.handler = answer
    assert [item["name"] for item in await arm.client.items("/subscriptions")] == ["a", "b"]
    assert set(arm.token.asked) == {"scope/.default"}


async def test_a_link_to_another_host_never_gets_the_token(arm: Arm) -> None:
    async def answer(_request: web.Request) -> web.StreamResponse:
        return web.json_response({"value": [], "nextLink": "https://elsewhere.example/steal"})

    arm.handler = answer
    with pytest.raises(ProviderError) as caught:
        await arm.client.items("/subscriptions")
    assert caught.value.code == "BadAnswer"


async def test_a_long_operation_is_followed_by_either_of_its_headers(arm: Arm) -> None:
    looks = 0

    async def answer(request: web.Request) -> web.StreamResponse:
        nonlocal looks
        if request.method == "PUT":
            headers = {"Azure-AsyncOperation": f"{arm.base}/op", "Retry-After": "0.25"}
            return web.json_response({"name": "c"}, status=201, headers=headers)
        if request.method == "DELETE":
            return web.Response(status=202, headers={"Location": f"{arm.base}/gone"})
        looks += 1
        if request.path == "/op":
            failed = {"status": "Failed", "error": {"code": "SkuNotAvailable", "message": "none left"}}
            return web.json_response({"status": "CreatingControlPlane"} if looks == 1 else failed)
        return web.Response(status=202 if looks < 4 else 204)

    arm.handler = answer
    put = await arm.client.put(CLUSTER, {"location": "x"})
    assert put.operation.wait == 0.25
    assert not (await arm.client.operation(put.operation.url)).ended
    ended = await arm.client.operation(put.operation.url)
    assert ended.status == "Failed"
    assert ended.error["code"] == "SkuNotAvailable"
    running = await arm.client.delete(CLUSTER)
    running = await arm.client.operation(running.url)
    assert not running.ended
    assert (await arm.client.operation(running.url)).status == "Succeeded"


@pytest.mark.parametrize("status", [401, 403, 404, 409, 429, 500, 503])
async def test_each_refusal_is_an_error_with_the_service_s_words(arm: Arm, status: int) -> None:
    async def answer(_request: web.Request) -> web.StreamResponse:
        body = {"error": {"code": f"Code{status}", "message": f"no {status}"}}
        return web.json_response(body, status=status, headers={"Retry-After": "0.05"})

    arm.handler = answer
    with pytest.raises(ProviderError) as caught:
        await arm.client.get(CLUSTER)
    assert caught.value.status == status
    if status != 401:
        assert caught.value.code == f"Code{status}"
        assert caught.value.message == f"no {status}"
    if status == 404:
        assert await arm.client.find(CLUSTER) is None
        assert await arm.client.delete(CLUSTER) is None


@pytest.mark.parametrize("status", [429, 503])
async def test_a_passing_refusal_is_asked_again(arm: Arm, status: int) -> None:
    async def answer(_request: web.Request) -> web.StreamResponse:
        if len(arm.seen) == 1:
            return web.Response(status=status, headers={"Retry-After": "0.05"})
        return web.json_response({"name": "c"})

    arm.handler = answer
    assert (await arm.client.get(CLUSTER))["name"] == "c"


async def _truncated(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "application/json", "Content-Length": "100"})
    await response.prepare(request)
    await response.write(b'{"name": ')
    assert request.transport is not None
    request.transport.close()
    return response


async def _reset(request: web.Request) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


async def _silent(_request: web.Request) -> web.StreamResponse:
    await asyncio.Event().wait()
    return web.Response()


async def _nonsense(_request: web.Request) -> web.StreamResponse:
    return web.Response(text="<html>a proxy's page</html>", content_type="text/html")


@pytest.mark.parametrize("handler", [_truncated, _reset, _silent, _nonsense])
async def test_an_answer_that_does_not_arrive_is_named_and_never_a_traceback(arm: Arm, handler: Any) -> None:
    arm.handler = handler
    with pytest.raises(ProviderError) as caught:
        await arm.client.get(CLUSTER)
    assert caught.value.code in ("Unreachable", "BadAnswer")
    assert "Bearer" not in str(caught.value)


async def test_who_is_signed_in_comes_from_the_token(arm: Arm) -> None:
    account = await arm.client.account()
    assert (account["id"], account["tenant"], account["type"]) == ("oid-1", "tid-1", "ServicePrincipal")


async def test_parallel_first_calls_share_one_pipeline(arm: Arm) -> None:
    async def answer(_request: web.Request) -> web.StreamResponse:
        return web.json_response({})

    arm.handler = answer
    await asyncio.gather(*(arm.client.get(CLUSTER) for _ in range(8)))
    assert len({request.transport for request in arm.seen}) <= 8
    assert arm.client.calls == 8

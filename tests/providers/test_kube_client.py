"""The Kubernetes client over real HTTP: chunks, watches that survive, tokens that run out."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from aiohttp import web
from aiohttp.test_utils import TestServer

from byocni_tui.providers.errors import ProviderError
from byocni_tui.providers.kube import KubeClient
from byocni_tui.sandbox.acts import client_of

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Api:
    """An API server that a test plays."""

    def __init__(self) -> None:
        self.handler: Handler | None = None
        self.seen: list[web.Request] = []
        self.kubeconfig = Path()
        self.client: Any = None

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Hand on to the test's handler."""
        self.seen.append(request)
        assert self.handler is not None
        return await self.handler(request)

    def write(self, url: str, token: str) -> None:
        """A kubeconfig as az writes one."""
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "c", "cluster": {"server": url}}],
            "users": [{"name": "u", "user": {"token": token}}],
            "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
            "current-context": "c",
        }
        self.kubeconfig.write_text(yaml.safe_dump(config))


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[Api]:
    """The server, and a client for it."""
    played = Api()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", played.answer)
    server = TestServer(app, host="127.0.0.1")
    await server.start_server()
    played.kubeconfig = tmp_path / "kubeconfig"
    played.write(str(server.make_url("/prefix")).rstrip("/"), "old")
    played.client = KubeClient(played.kubeconfig, trust_env=False)
    yield played
    await played.client.close()
    await server.close()


def node(name: str, version: str) -> dict[str, Any]:
    """A node, as far as a watch looks."""
    return {"metadata": {"name": name, "resourceVersion": version}}


async def test_a_list_is_read_in_chunks_below_the_prefix(api: Api) -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        assert request.path == "/prefix/api/v1/nodes"
        assert request.headers["Authorization"] == "Bearer old"
        if "continue" in request.query:
            return web.json_response({"metadata": {"resourceVersion": "5"}, "items": [node("b", "2")]})
        return web.json_response({"metadata": {"continue": "more"}, "items": [node("a", "1")]})

    api.handler = answer
    assert [item["metadata"]["name"] for item in await api.client.items("/api/v1/nodes")] == ["a", "b"]


async def test_a_token_that_ran_out_is_read_again(api: Api) -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        if request.headers["Authorization"] == "Bearer old":
            api.write(str(request.url.origin()), "new")
            return web.json_response({"reason": "Unauthorized", "message": "Unauthorized"}, status=401)
        return web.json_response({"kind": "Node"})

    api.handler = answer
    assert (await api.client.get("/api/v1/nodes/a"))["kind"] == "Node"


async def test_a_token_that_stays_bad_is_said(api: Api) -> None:
    async def answer(_request: web.Request) -> web.StreamResponse:
        return web.json_response({"reason": "Unauthorized", "message": "Unauthorized"}, status=401)

    api.handler = answer
    with pytest.raises(ProviderError) as caught:
        await api.client.get("/api/v1/nodes")
    assert (caught.value.code, caught.value.status) == ("Unauthorized", 401)
    assert len(api.seen) == 2


async def _stream(
    request: web.Request, *lines: dict[str, Any] | bytes, cut: bool = False
) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    response.enable_chunked_encoding()
    await response.prepare(request)
    for line in lines:
        await response.write(line if isinstance(line, bytes) else json.dumps(line).encode() + b"\n")
    if cut:
        assert request.transport is not None
        request.transport.abort()
    else:
        await response.write_eof()
    return response


async def test_a_watch_survives_drops_expiry_and_an_absent_server(api: Api) -> None:
    """List; a change; the line drops; 410; meanwhile one node went and one came; the server was away; go on."""
    lists = [
        {"metadata": {"resourceVersion": "10"}, "items": [node("a", "1"), node("b", "2")]},
        {"metadata": {"resourceVersion": "30"}, "items": [node("a", "11"), node("c", "20")]},
    ]
    watches: list[str] = []

    async def answer(request: web.Request) -> web.StreamResponse:
        if "watch" not in request.query:
            return web.json_response(lists.pop(0))
        watches.append(request.query["resourceVersion"])
        turn = len(watches)
        if turn == 1:
            changed = {"type": "MODIFIED", "object": node("a", "11")}
            mark = {"type": "BOOKMARK", "object": {"metadata": {"resourceVersion": "12"}}}
            return await _stream(request, changed, mark, b'{"type": "MODI', cut=True)
        if turn == 2:
            return web.Response(status=503, text="away")
        if turn == 3:
            gone = {"type": "ERROR", "object": {"code": 410, "reason": "Expired", "message": "too old"}}
            return await _stream(request, gone)
        return await _stream(request, {"type": "ADDED", "object": node("d", "31")})

    api.handler = answer
    told: list[tuple[str, str]] = []
    async with asyncio.timeout(20):
        async for kind, obj in api.client.watch("/api/v1/nodes"):
            told.append((kind, (obj.get("metadata") or {}).get("name", "")))
            if told[-1] == ("ADDED", "d"):
                break
    assert told[:4] == [("ADDED", "a"), ("ADDED", "b"), ("SYNCED", ""), ("MODIFIED", "a")]
    assert sorted(told[4:6]) == [("ADDED", "c"), ("DELETED", "b")]
    assert told[6:] == [("SYNCED", ""), ("ADDED", "d")]
    assert watches[:4] == ["10", "12", "12", "30"]


async def test_a_watch_that_may_not_be_made_is_said(api: Api) -> None:
    async def answer(_request: web.Request) -> web.StreamResponse:
        body = {"kind": "Status", "reason": "Forbidden", "message": "nodes is forbidden", "code": 403}
        return web.json_response(body, status=403)

    api.handler = answer
    with pytest.raises(ProviderError, match="nodes is forbidden"):
        async for _ in api.client.watch("/api/v1/nodes"):
            pass


async def test_deleting_what_is_gone_is_no_error(api: Api) -> None:
    async def answer(_request: web.Request) -> web.StreamResponse:
        return web.json_response({"reason": "NotFound", "message": "gone"}, status=404)

    api.handler = answer
    await api.client.delete("/api/v1/namespaces/x")


@pytest.mark.parametrize("text", ["", "{", "apiVersion: v1\nkind: Config\n", "- a\n- b\n"])
async def test_a_kubeconfig_that_can_t_be_used_is_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "kubeconfig"
    path.write_text(text)
    client = KubeClient(path)
    with pytest.raises(ProviderError) as caught:
        await client.get("/api/v1/nodes")
    assert caught.value.code == "BadKubeconfig"


async def test_a_token_that_runs_out_for_one_request_leaves_the_others_alone(api: Api) -> None:
    """Many requests at once share a client: the one that is refused gets a new one, the others finish with theirs."""
    began = asyncio.Event()
    refused: list[str] = []

    async def answer(request: web.Request) -> web.StreamResponse:
        if request.path.endswith("/slow"):
            began.set()
            await asyncio.sleep(0.3)
        elif not refused:
            refused.append(request.path)
            return web.json_response({"reason": "Unauthorized"}, status=401)
        return web.json_response({"metadata": {"name": "x"}})

    api.handler = answer
    slow = asyncio.create_task(api.client.get("/api/v1/slow"))
    await began.wait()
    assert (await api.client.get("/api/v1/quick"))["metadata"]["name"] == "x"
    assert (await slow)["metadata"]["name"] == "x"


async def test_labels_are_asked_for_without_the_contents(api: Api) -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        assert "as=PartialObjectMetadataList" in request.headers["Accept"]
        items = [{"metadata": {"name": "a", "labels": {"status": "deployed"}}}, {"metadata": {"name": "b"}}]
        return web.json_response({"kind": "PartialObjectMetadataList", "items": items})

    api.handler = answer
    assert await api.client.labels("/api/v1/namespaces/x/secrets") == [{"status": "deployed"}, {}]


async def test_it_says_who_it_is(api: Api) -> None:
    async def answer(_request: web.Request) -> web.Response:
        return web.json_response({"kind": "NodeList", "items": []})

    api.handler = answer
    await api.client.get("/api/v1/nodes")
    assert client_of(api.seen[0].headers["User-Agent"]) == "wizard"

"""Without a token, or under a foreign name, the sandbox lets nobody in."""

import asyncio
from typing import Any

import pytest
from sandbox_torture import CLUSTER, GROUP, ROOTS, kube_token, served

from byocni_tui.sandbox.server import Sandbox

OPEN = {"metadata/endpoints", "k8s/1/version", "k8s/1/healthz", "k8s/1/readyz", "k8s/1/livez"}
"""az asks for the first before it signs in; the others tell whether a server is there, as they do in life."""
CONTROL = (
    "sandbox/clock",
    "sandbox/acts",
    "sandbox/faults",
    "sandbox/cloud",
    "sandbox/stop",
    "charts/index.yaml",
    "msi/token",
)


def _paths() -> list[str]:
    found = [root.format(cluster="k8s/1") for root in ROOTS]
    return [*found, *OPEN, f"{CLUSTER[1:]}/listClusterUserCredential", GROUP[1:]]


@pytest.mark.parametrize(
    "token", ["", "Bearer ", "Bearer x", "Bearer ..", "Basic dTpw", "Bearer " + "a" * 9000]
)
async def test_without_a_token(token: str) -> None:
    sandbox = Sandbox("public", speed=0)
    async with served(sandbox) as (base, _headers, _cluster, session):
        headers = {"Authorization": token} if token else {}

        async def ask(method: str, url: str) -> tuple[str, int]:
            async with session.request(method, url, headers=headers) as answer:
                return url, answer.status

        calls = [
            ask(method, f"{base}/{path}")
            for path in _paths()
            if path not in OPEN
            for method in ("GET", "PUT")
        ]
        http = sandbox.endpoints.control_url.removesuffix("/sandbox")
        calls += [ask(method, f"{http}/{path}") for path in CONTROL for method in ("GET", "POST")]
        let_in = [(url, status) for url, status in await asyncio.gather(*calls) if status < 400]
        assert let_in == []
        for path in OPEN:
            async with session.get(f"{base}/{path}") as answer:
                assert answer.status == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "localhost:1@evil.example", "[::1%25x]", "10.0.0.1"]
)
async def test_under_a_foreign_name(host: str) -> None:
    """A page in a browser that had its own name point here: it knows no token, and may not even ask for the open."""
    sandbox = Sandbox("public", speed=0)
    async with served(sandbox) as (base, headers, cluster, session):
        administrator = await kube_token(base, headers, session)
        given: dict[str, Any] = {"metadata/endpoints": {}, f"{cluster}/version": {}, "subscriptions": headers}
        given[f"{cluster}/api/v1/nodes"] = administrator
        for path, head in given.items():
            async with session.get(f"{base}/{path}", headers={**head, "Host": host}) as answer:
                assert 400 <= answer.status < 500, path
        http = sandbox.endpoints.control_url
        trainer = {"Authorization": f"Bearer {sandbox.endpoints.token}", "Host": host}
        async with session.get(f"{http}/clock", headers=trainer) as answer:
            assert 400 <= answer.status < 500

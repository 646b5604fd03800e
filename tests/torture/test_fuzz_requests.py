"""Requests that no client would send: the sandbox answers each in the service's shape, and goes on."""

import asyncio
import json
import logging
import random
from collections.abc import Iterator
from typing import Any

import aiohttp
import pytest
from sandbox_torture import ROOTS, VERSIONS, served

METHODS = ("GET", "PUT", "POST", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "BREW")
QUERIES = (
    "",
    "?watch=1&timeoutSeconds=1",
    "?limit=-1",
    "?a=%zz",
    "?fieldSelector=%3D%3D",
    "?labelSelector=((",
    "?dryRun=All",
)
PIECES = ("..", "%00", "%2e%2e", "a" * 2000, "群集", "providers", "", "?", "%ff", "namespaces", "x y")
TYPES = ("application/json", "text/plain", "application/merge-patch+json", "application/apply-patch+yaml", "")


def _path(rng: random.Random, cluster: str) -> str:
    parts = rng.choice(ROOTS).format(cluster=cluster).split("/")
    for _ in range(rng.randrange(3)):
        at = rng.randrange(len(parts) + 1)
        piece = rng.choice(
            ("..", "%00", "%2e%2e", "a" * 2000, "群集", "providers", "", "?", "%ff", "namespaces", "x y")
        )
        parts[at : at + rng.randrange(2)] = [piece]
    query = rng.choice(
        ("", f"?api-version={rng.choice(VERSIONS)}", "?watch=1&timeoutSeconds=1", "?limit=-1", "?a=%zz")
    )
    return "/" + "/".join(parts).lstrip("/") + query


def _body(rng: random.Random) -> bytes:
    from junk import value

    kind = rng.randrange(6)
    if kind == 0:
        return b""
    if kind == 1:
        return rng.randbytes(rng.randrange(2000))
    if kind == 2:
        return b"[" * rng.randrange(5000)
    if kind == 3:
        return b"k8s\x00" + rng.randbytes(rng.randrange(300))
    found = {"location": "westeurope", "properties": value(rng), "kind": value(rng), "metadata": value(rng)}
    return json.dumps(found).encode("utf-8", "replace")


class Failures(logging.Handler):
    """What the sandbox says of its own defects. aiohttp itself complains of what is no HTTP at all; pytest would keep
    every record with all that its traceback holds."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.found: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.exc_info and len(self.found) < 20:
            self.found.append(f"{record.getMessage()[:300]}: {record.exc_info[1]!r}")


@pytest.fixture
def failures() -> Iterator[Failures]:
    """Heard instead of logged."""
    handler, ours, theirs = Failures(), logging.getLogger("byocni_tui"), logging.getLogger("aiohttp.server")
    ours.addHandler(handler)
    ours.propagate, theirs.disabled = False, True
    yield handler
    ours.removeHandler(handler)
    ours.propagate, theirs.disabled = True, False


async def test_requests(scale: Any, failures: Failures) -> None:
    rng = random.Random(scale.seed)
    count = scale(1500, 100_000)
    bad: list[tuple[int, str, str, str]] = []
    async with served() as (base, headers, cluster, session):

        async def ask(number: int) -> None:
            own = random.Random(f"{rng.random()}{number}")
            method, path = own.choice(METHODS), _path(own, cluster)
            head = {**headers, "Content-Type": own.choice(TYPES)}
            try:
                async with session.request(
                    method, base + path, data=_body(own), headers=head, timeout=aiohttp.ClientTimeout(20)
                ) as answer:
                    text = (await answer.read()).decode("utf-8", "replace")
                    if (answer.status >= 500 and answer.status != 501) or "Traceback" in text:
                        bad.append((answer.status, method, path, text[:300]))
            except (
                aiohttp.ClientPayloadError,
                aiohttp.ServerDisconnectedError,
                aiohttp.InvalidURL,
                ValueError,
            ):
                return

        for begin in range(0, count, 200):
            await asyncio.gather(*(ask(number) for number in range(begin, min(begin + 200, count))))
        async with session.get(f"{base}/subscriptions?api-version=2022-12-01", headers=headers) as answer:
            assert answer.status == 200
    assert bad[:3] == [], len(bad)
    assert failures.found[:3] == []

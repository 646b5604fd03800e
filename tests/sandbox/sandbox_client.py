"""A sandbox in this process, and a client that signs in to it."""

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp

from byocni_tui.sandbox.server import Sandbox

SUBSCRIPTION = "/subscriptions/00000000-0000-0000-0000-000000000000"


class Client:
    """Talks to ARM as any HTTP client would."""

    def __init__(self, sandbox: Sandbox, session: aiohttp.ClientSession, trust: ssl.SSLContext) -> None:
        self.sandbox, self.session, self.trust = sandbox, session, trust
        self.token = ""

    async def sign_in(self) -> None:
        where = self.sandbox.endpoints
        async with self.session.get(
            f"{where.identity_url}?resource=x&api-version=2019-08-01",
            headers={"X-IDENTITY-HEADER": where.identity_header},
        ) as answer:
            self.token = (await answer.json())["access_token"]

    async def __call__(
        self, method: str, path: str, version: str = "2024-11-01", body: Any = None, **headers: str
    ) -> tuple[int, Any, Any]:
        mark = "&" if "?" in path else "?"
        url = f"{self.sandbox.endpoints.arm_url}{path}" + (f"{mark}api-version={version}" if version else "")
        head = {
            "Authorization": f"Bearer {self.token}",
            **{k.replace("_", "-"): v for k, v in headers.items()},
        }
        async with self.session.request(method, url, json=body, headers=head, ssl=self.trust) as answer:
            text = await answer.text()
            return answer.status, (await answer.json(content_type=None)) if text else None, answer.headers

    async def made(self, path: str, version: str, body: Any) -> Any:
        """PUT, and run the clock until it is done; the resource as it is then."""
        status, answer, _ = await self("PUT", path, version, body)
        assert status in (200, 201), answer
        self.sandbox.world.clock.run_until_idle()
        status, answer, _ = await self("GET", path, version)
        assert status == 200
        return answer


@asynccontextmanager
async def serve(scenario: str = "public", speed: float = 0, **more: Any) -> AsyncIterator[Client]:
    """A signed-in client of a sandbox whose clock the test moves."""
    async with Sandbox(scenario, speed=speed, **more) as sandbox:
        trust = ssl.create_default_context(cadata=sandbox.world.ca_pem.decode())
        async with aiohttp.ClientSession() as session:
            client = Client(sandbox, session, trust)
            await client.sign_in()
            yield client

"""A server that answers what a test tells it to, over TLS with a throw-away CA, on loopback."""

import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import trustme
from aiohttp import web
from aiohttp.test_utils import TestServer
from played_arm import Arm

from byocni_tui.providers.azure import ArmClient, ArmSettings


@pytest.fixture
async def arm(tmp_path: Path) -> AsyncIterator[Arm]:
    """An ARM that a test plays, and a client for it that doesn't wait long between its tries."""
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    ca_file = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(ca_file))
    played = Arm()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", played.answer)
    server = TestServer(app, host="127.0.0.1", scheme="https")
    await server.start_server(ssl=context)
    played.base = str(server.make_url("")).rstrip("/")
    settings = ArmSettings(
        played.base, "scope/.default", ca_file=str(ca_file), trust_env=False, timeout=2, retries=1
    )
    played.client = ArmClient(played.token, settings)
    yield played
    await played.client.close()
    await server.close()

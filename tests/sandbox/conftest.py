"""A sandbox in this process, and a client that is signed in to it."""

from collections.abc import AsyncIterator

import pytest
from sandbox_client import Client, serve


@pytest.fixture
async def arm() -> AsyncIterator[Client]:
    """The public cloud, time standing still."""
    async with serve() as client:
        yield client

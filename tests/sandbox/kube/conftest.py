"""A simulated cluster and an HTTP client of it."""

import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp.test_utils import TestClient

from byocni_tui.sandbox.kube.cluster import KubeCluster

sys.path.insert(0, str(Path(__file__).parent))

import kube_replay


@pytest.fixture
def cluster() -> KubeCluster:
    """Two nodes, time stands still."""
    return kube_replay.cluster(nodes=2)


@pytest.fixture
async def api(cluster: KubeCluster) -> AsyncIterator[TestClient]:
    """An administrator's client."""
    client = await kube_replay.client(cluster)
    client.session.headers["Authorization"] = f"Bearer {cluster.token()}"
    yield client
    await client.close()

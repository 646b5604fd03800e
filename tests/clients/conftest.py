"""The real az, kubectl and helm; ``make clients`` installs them."""

import os
from collections.abc import Iterable
from pathlib import Path

import pytest


def pytest_collection_modifyitems(items: Iterable[pytest.Item]) -> None:
    """Whatever stands in this folder drives real clients."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.clients)


def _client(*parts: str) -> Path:
    cache = Path(os.environ.get("BYOCNI_CLIENTS") or Path.home() / ".cache" / "byocni-tui")
    path = cache.joinpath(*parts)
    if not path.exists():
        pytest.fail(f"{path.name} is not installed: run `make clients`", pytrace=False)
    return path


@pytest.fixture(scope="session")
def az() -> Path:
    """An unmodified Azure CLI."""
    return _client("az", "bin", "az")


@pytest.fixture(scope="session")
def kubectl() -> Path:
    """An unmodified kubectl."""
    return _client("bin", "kubectl")


@pytest.fixture(scope="session")
def helm() -> Path:
    """An unmodified helm."""
    return _client("bin", "helm")


@pytest.fixture(scope="session")
def clients_path(az: Path, kubectl: Path, helm: Path) -> str:
    """A PATH on which the three come first."""
    return os.pathsep.join([str(az.parent), str(kubectl.parent), str(helm.parent), os.environ["PATH"]])

"""Clusters for the tests of this folder."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from life_lab import Lab


@pytest.fixture
def lab() -> Lab:
    """Three nodes without a CNI."""
    return Lab()


@pytest.fixture
def online() -> Lab:
    """Three nodes with Cilium."""
    lab = Lab()
    lab.install_cilium()
    lab.settle()
    return lab

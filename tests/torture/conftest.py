"""How long the tests of this folder go on: a short seeded form, or all of it under ``make torture``."""

import os

import pytest

FULL = os.environ.get("BYOCNI_TORTURE") == "full"


class Scale:
    """``scale(short, full)`` picks; ``seed`` is the same each time, or what ``BYOCNI_SEED`` says."""

    seed = int(os.environ.get("BYOCNI_SEED", "1"))

    def __call__(self, short: int, full: int) -> int:
        return full if FULL else short


@pytest.fixture(scope="session")
def scale() -> Scale:
    return Scale()

"""A sandbox's clock seen from outside: readings come late on a busy machine, and what was shown is not taken back."""

from datetime import UTC, datetime, timedelta

import pytest

from byocni_tui import virtual_time
from byocni_tui.virtual_time import SandboxClock

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def real(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The machine's seconds, to be set."""
    seconds = [100.0]
    monkeypatch.setattr(virtual_time.time, "monotonic", lambda: seconds[0])
    return seconds


def test_fast_time_is_followed_only_a_little_beyond_a_reading(real: list[float]) -> None:
    clock = SandboxClock()
    clock.follow(BEGIN, 600.0)
    real[0] += 0.01
    assert clock.now() == BEGIN + timedelta(seconds=6)
    real[0] += 5
    assert clock.now() <= BEGIN + timedelta(seconds=10), "a late reading does not invent fifty minutes"
    clock.follow(BEGIN + timedelta(seconds=8), 1.0)
    assert clock.now() == BEGIN + timedelta(seconds=10), "and what was shown stays"


def test_time_at_the_pace_of_life_goes_on_between_readings(real: list[float]) -> None:
    clock = SandboxClock()
    clock.follow(BEGIN, 1.0)
    real[0] += 90
    assert clock.now() == BEGIN + timedelta(seconds=90)

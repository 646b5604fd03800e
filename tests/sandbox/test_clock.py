"""Virtual time: order, pace, jumps, and going on from a saved state."""

import asyncio
import math

import pytest

from byocni_tui.sandbox.clock import VirtualClock


class Real:
    """The machine's time, moved by hand."""

    def __init__(self) -> None:
        self.at = 1000.0

    def __call__(self) -> float:
        return self.at


def make(speed: float) -> tuple[VirtualClock, Real, list[tuple[float, str]]]:
    real = Real()
    clock = VirtualClock(start=0.0, speed=speed, real=real)
    seen: list[tuple[float, str]] = []
    clock.on("note", lambda data: seen.append((clock.now(), data["name"])))
    return clock, real, seen


def test_it_runs_fast_only_while_somebody_waits() -> None:
    clock, real, _ = make(60)
    real.at += 5
    assert clock.now() == 5
    timer = clock.schedule(600, "note", {"name": "a"}, awaited=True)
    real.at += 5
    assert clock.now() == 305
    clock.cancel(timer)
    real.at += 5
    assert clock.now() == 310


def test_now_never_passes_a_timer_that_has_not_fired() -> None:
    clock, real, _ = make(60)
    clock.schedule(10, "note", {"name": "a"}, awaited=True)
    real.at += 100
    assert clock.now() == 10


def test_timers_fire_in_order_and_at_their_own_moment() -> None:
    clock, _, seen = make(0)
    clock.schedule(20, "note", {"name": "late"}, awaited=True)
    clock.schedule(10, "note", {"name": "first"}, awaited=False)
    clock.schedule(10, "note", {"name": "second"}, awaited=True)
    clock.step(30)
    assert seen == [(10, "first"), (10, "second"), (20, "late")]
    assert clock.now() == 30


def test_standing_still_means_standing_still() -> None:
    clock, real, _ = make(0)
    clock.schedule(10, "note", {"name": "a"}, awaited=True)
    real.at += 1000
    assert clock.now() == 0
    assert clock.real_seconds(10) == 1.0


def test_waits_are_never_zero_and_shrink_with_speed() -> None:
    assert make(60)[0].real_seconds(360) == 6
    assert 0 < make(math.inf)[0].real_seconds(360) < 0.1
    assert make(60)[0].real_seconds(0) > 0


def test_shown_times_are_never_in_the_future() -> None:
    clock, real, _ = make(60)
    clock.schedule(600, "note", {"name": "a"}, awaited=True)
    real.at += 5
    assert clock.shown_epoch(clock.now()) == real.at
    assert clock.shown_epoch(clock.now() - 90) == real.at - 90
    assert clock.shown_epoch(clock.now() + 90) == real.at


def test_a_saved_clock_goes_on_where_it_stood() -> None:
    clock, real, _ = make(60)
    clock.schedule(100, "note", {"name": "a"}, awaited=True)
    clock.step(40)
    state = clock.dump()
    real.at += 10_000
    other, _, seen = make(60)
    other.load(state)
    assert other.now() == 40
    other.run_until_idle()
    assert seen == [(100, "a")]
    assert other.schedule(1, "note", {"name": "b"}, awaited=False) == 2


def test_run_until_idle_gives_up_on_what_never_ends() -> None:
    clock, _, _ = make(0)
    clock.on("again", lambda data: void(clock.schedule(1, "again", data, awaited=True)))
    clock.schedule(1, "again", {}, awaited=True)
    with pytest.raises(RuntimeError, match="still awaited"):
        clock.run_until_idle(limit=50)


async def test_max_jumps_to_the_next_awaited_timer() -> None:
    done = asyncio.Event()
    clock = VirtualClock(start=0.0, speed=math.inf)
    clock.on("note", lambda _: done.set())
    driver = asyncio.create_task(clock.run())
    await asyncio.sleep(0)
    clock.schedule(3600, "note", {}, awaited=True)
    await asyncio.wait_for(done.wait(), 5)
    assert clock.now() >= 3600
    driver.cancel()


async def test_a_broken_handler_does_not_stop_time(caplog: pytest.LogCaptureFixture) -> None:
    done = asyncio.Event()
    clock = VirtualClock(start=0.0, speed=math.inf)
    clock.on("broken", lambda data: void(data["missing"]))
    clock.on("note", lambda _: done.set())
    driver = asyncio.create_task(clock.run())
    await asyncio.sleep(0)
    clock.schedule(1, "broken", {}, awaited=True)
    clock.schedule(2, "note", {}, awaited=True)
    await asyncio.wait_for(done.wait(), 5)
    assert "timer broken failed" in caplog.text
    driver.cancel()


def void(_: object) -> None:
    """A handler returns nothing."""

"""How long steps took, as the deploy screen tells it."""

from byocni_tui.deploy.event import Event
from byocni_tui.screens.run_state import RunState


def event(step: str, status: str, seconds: int, **detail: bool) -> Event:
    time = f"2026-11-23T10:{seconds // 60:02}:{seconds % 60:02}Z"
    return Event(time=time, run="r", step=step, status=status, message=step, detail=detail or None)


def test_going_on_later_does_not_make_an_earlier_step_longer() -> None:
    run = RunState()
    for step, status, at in (
        ("preflight", "running", 0),
        ("preflight", "done", 4),
        ("cluster", "running", 4),
        ("cluster", "failed", 300),
    ):
        run.apply(event(step, status, at))
    run.apply(event("preflight", "done", 332, earlier=True))
    assert run.elapsed("preflight", 400.0) == 4
    run.apply(event("cluster", "running", 332))
    run.apply(event("cluster", "done", 500))
    assert run.elapsed("cluster", 600.0) == 168


def test_a_step_of_an_earlier_visit_has_no_time_of_its_own() -> None:
    run = RunState()
    run.apply(event("credentials", "done", 10, earlier=True))
    assert run.steps["credentials"].status == "done"
    assert run.elapsed("credentials", 400.0) is None

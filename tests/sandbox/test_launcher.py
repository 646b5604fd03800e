"""The sandbox as a process: two side by side, joined from elsewhere, ended when idle, gone on from its folder."""

import os
import select
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from byocni_tui.sandbox import launcher
from byocni_tui.sandbox.endpoints import Endpoints


def gone(endpoints: Endpoints, within: float = 20.0) -> bool:
    """Wait for a process to end."""
    process = os.pidfd_open(endpoints.pid)
    try:
        return bool(select.select([process], [], [], within)[0])
    finally:
        os.close(process)


def told(endpoints: Endpoints) -> int:
    """How many changes the act log holds."""
    answer = launcher.control(endpoints, "acts?mutates=1")
    assert isinstance(answer, dict)
    return len(answer["acts"])


def test_two_side_by_side_do_not_touch_each_other(tmp_path: Path) -> None:
    first = launcher.start("public", state_dir=tmp_path / "a")
    second = launcher.start("public", state_dir=tmp_path / "b", speed=0)
    try:
        assert first.arm_url != second.arm_url
        launcher.control(first, "clock", "PUT", {"speed": 5})
        assert launcher.control(second, "clock")["nominal"] == 0  # type: ignore[index]
        assert (told(first), told(second)) == (1, 0)
        assert launcher.start("public", state_dir=tmp_path / "a") == first, "the one that runs is used again"
        with pytest.raises(launcher.LaunchError, match="another sandbox"):
            launcher.start("public", state_dir=tmp_path / "a", learners=3)
        launcher.stop(first)
        assert launcher.answers(second)
    finally:
        launcher.stop(first)
        launcher.stop(second)


def test_it_ends_by_itself_when_nobody_asks(tmp_path: Path) -> None:
    assert gone(launcher.start("public", state_dir=tmp_path, idle_seconds=0.5))


def test_told_to_end_it_writes_its_state_and_goes_on_from_there(tmp_path: Path) -> None:
    first = launcher.start("public", state_dir=tmp_path)
    launcher.control(first, "clock", "PUT", {"speed": 7})
    os.kill(first.pid, signal.SIGTERM)
    assert gone(first)
    again = launcher.start("public", state_dir=tmp_path)
    try:
        assert (again.arm_url, again.token) == (first.arm_url, first.token)
        assert told(again) == 1
    finally:
        launcher.stop(again)


def test_a_class_is_joined_by_address(tmp_path: Path) -> None:
    room = launcher.start("public", state_dir=tmp_path / "class", learners=2, token="chalk")
    try:
        assert "chalk" not in Path(f"/proc/{room.pid}/cmdline").read_text(), "the token is no argument"
        mine = launcher.join(room.learners[1].url, tmp_path / "mine")
        assert Path(mine.ca_file).read_text().startswith("-----BEGIN CERTIFICATE")
        env = launcher.environment(mine, tmp_path / "clients")
        assert env["IDENTITY_HEADER"] == mine.identity_header
        launcher.control(mine, "clock", "PUT", {"speed": 9})
        assert told(mine) == 1
        other = launcher.join(room.learners[0].url, tmp_path / "other")
        assert told(other) == 0
        with pytest.raises(launcher.LaunchError):
            launcher.join(room.learners[0].url[:-1], tmp_path / "no")
    finally:
        launcher.stop(room)


def test_a_taken_port_is_said_so(tmp_path: Path) -> None:
    first = launcher.start("public", state_dir=tmp_path / "a")
    try:
        port = int(first.arm_url.rpartition(":")[2])
        with pytest.raises(launcher.LaunchError, match=str(port)):
            launcher.start("public", state_dir=tmp_path / "b", port=port)
    finally:
        launcher.stop(first)


def test_what_a_test_leaves_running_ends_with_it(tmp_path: Path, end_all: Callable[[Path], None]) -> None:
    """As after a simulated run, whose sandbox stays for whoever resumes it: nothing of it outlives the tests."""
    left = launcher.start("public", state_dir=tmp_path / "runs" / "one" / "sandbox")
    other = launcher.start("public", state_dir=tmp_path.parent / "elsewhere")
    try:
        end_all(tmp_path)
        assert gone(left)
        assert launcher.control(other, "clock")
    finally:
        launcher.stop(other)

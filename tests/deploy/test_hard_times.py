"""Signals, full disks, broken files and clocks that jump: nothing is lost, nothing is made twice, and it is said."""

import contextlib
import json
import math
import os
import resource
import signal
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from byocni_tui.context import Context
from byocni_tui.deploy.event import Event
from byocni_tui.deploy.journal import Journal
from byocni_tui.errors import UserError
from byocni_tui.files import load_plan
from byocni_tui.sandbox import launcher
from byocni_tui.sandbox.endpoints import Endpoints

ONCE = {"resource-group": 1, "cluster": 1, "helm-release": 1}


def made(run: str) -> Counter[str]:
    journal = Journal(run)
    try:
        return Counter(item.kind for item in journal.resources() if item.state == "made")
    finally:
        journal.close()


@pytest.mark.parametrize("number", [signal.SIGINT, pytest.param(signal.SIGHUP, marks=pytest.mark.torture)])
def test_without_a_terminal_a_signal_leaves_it_running(
    runs: Any, answers: Path, number: signal.Signals, monkeypatch: pytest.MonkeyPatch
) -> None:
    process = runs.start("apply", str(answers), "--simulate", "--yes", "--speed", "120", "-o", "json")
    for line in process.stdout:
        event = json.loads(line)
        if event["step"] == "cluster" and event["progress"] == 0.0 and "myAKSCluster" in event["message"]:
            break
    process.send_signal(number)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 4, said
    assert "runs resume" in said
    code, events, said = runs.finish("runs", "resume", runs.only(), "-o", "json")
    assert code == 0, (events[-2:], said)
    monkeypatch.setenv("BYOCNI_STATE_HOME", str(runs.home))
    assert made(runs.only()) == ONCE


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Endpoints]:
    endpoints = launcher.start("article", speed=math.inf, state_dir=tmp_path / "world", idle_seconds=300)
    yield endpoints
    launcher.stop(endpoints)


@pytest.mark.parametrize(
    "size", [60_000, *(pytest.param(size, marks=pytest.mark.torture) for size in (24_000, 110_000))]
)
def test_a_disk_that_is_full_is_said_and_with_space_it_goes_on(
    runs: Any, answers: Path, world: Endpoints, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No file of this process may grow beyond ``size``: what a full disk does to its journal."""
    words = ("apply", str(answers), "--simulate", "--sandbox", world.join_url, "-o", "json")
    process = subprocess.Popen(
        [sys.executable, "-m", "byocni_tui", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "BYOCNI_STATE_HOME": str(runs.home)},
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size)),
    )
    _, said = process.communicate(timeout=120)
    assert process.returncode == 1, said
    assert "Traceback" not in said, said
    monkeypatch.setenv("BYOCNI_STATE_HOME", str(runs.home))
    begun = [path.name for path in runs.folder.iterdir() if _has_plan(path.name)]
    words = ("runs", "resume", begun[0], "-o", "json") if begun else words
    code, events, said = runs.finish(*words)
    assert code == 0, (events[-2:], said)
    assert made(events[-1]["run"]) == ONCE
    acts: Any = launcher.control(world, "acts?plane=arm&mutates=1")
    puts = Counter(act["name"] for act in acts["acts"] if act["verb"] == "put" and act.get("status") == 201)
    assert puts["myAKSCluster"] == 1


def _has_plan(run: str) -> bool:
    with contextlib.suppress(UserError):
        journal = Journal(run)
        try:
            return journal.get("plan") is not None
        finally:
            journal.close()
    return False


@pytest.mark.parametrize("home", ["/proc/nowhere", "/dev/null/x"])
def test_a_folder_that_can_t_be_made_is_named(answers: Path, home: str) -> None:
    process = subprocess.run(
        [sys.executable, "-m", "byocni_tui", "apply", str(answers), "--simulate"],
        capture_output=True, text=True, timeout=60, check=False, env={**os.environ, "BYOCNI_STATE_HOME": home},
    )  # fmt: skip
    assert process.returncode == 1
    assert home in process.stderr
    assert "Traceback" not in process.stderr


def test_a_journal_that_breaks_while_it_is_written_is_named_and_nothing_is_half_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BYOCNI_STATE_HOME", str(tmp_path))
    journal = Journal("20260101-000000-0001", create=True)
    event = Event(
        time="2026-01-01T00:00:00.000Z", run=journal.run, step="cluster", status="running", message="x" * 500
    )
    pages = journal._db.execute("PRAGMA page_count").fetchone()[0]
    journal._db.execute(f"PRAGMA max_page_count = {pages + 2}")
    written: list[int] = []

    def write_on() -> None:
        for number in range(1000):
            journal.append(event)
            written.append(number)

    with pytest.raises(UserError) as caught:
        write_on()
    assert caught.value.key == "journal_broken"
    assert "full" in str(caught.value.detail)
    journal._db.execute("PRAGMA max_page_count = 100000")
    assert len(list(journal.events())) == len(written), (
        "what was said to be written is there, and nothing else"
    )
    journal.append(event)
    journal.close()


@pytest.mark.parametrize(
    "damage",
    [
        "middle",
        *(pytest.param(how, marks=pytest.mark.torture) for how in ("truncated", "empty", "text", "gone")),
    ],
)
def test_a_journal_that_is_damaged_is_named_and_the_others_are_listed(
    runs: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, damage: str
) -> None:
    monkeypatch.setenv("BYOCNI_STATE_HOME", str(runs.home))
    from byocni_tui.plan.model import Plan

    for name in ("20260101-000000-0001", "20260101-000000-0002"):
        journal = Journal(name, create=True)
        journal.put("plan", Plan())
        for number in range(200):
            journal.put(f"filler{number}", "x" * 200)
        journal._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        journal.close()
    path = runs.folder / "20260101-000000-0001" / "journal.db"
    data = path.read_bytes()
    broken = {
        "middle": data[:4096] + os.urandom(len(data) - 8192) + data[-4096:],
        "truncated": data[: len(data) // 2 + 100],
        "empty": b"",
        "text": b"this is not a database\n" * 400,
        "gone": None,
    }[damage]
    path.unlink() if broken is None else path.write_bytes(broken)
    code, _, said = runs.finish("runs", "list")
    assert code == 0
    assert "Traceback" not in said
    out, _ = runs.start("runs", "list", "-o", "json").communicate(timeout=60)
    assert "20260101-000000-0002" in [item["id"] for item in json.loads(out)]
    code, _, said = runs.finish("runs", "resume", "20260101-000000-0001")
    assert code in (1, 2)
    assert "Traceback" not in said
    assert "0001" in said


def test_files_that_were_half_written_don_t_matter(runs: Any, answers: Path) -> None:
    words = ("apply", str(answers), "--simulate", "--yes", "--speed", "max", "-o", "json")
    runs.kill_at(lambda event: bool(event["step"] == "cni" and event["status"] == "running"), *words)
    folder = runs.folder / runs.only()
    (folder / "kubeconfig").write_text("apiVersion: v1\nclus")
    (folder / "kubeconfig.partial").write_text("half")
    (folder / "values.yaml").write_text("aksbyocni: {ena")
    code, events, said = runs.finish("runs", "resume", runs.only(), "-o", "json")
    assert code == 0, (events[-2:], said)


class Jumping:
    """A clock whose time of day leaps by hours, forward and back, with every look."""

    def __init__(self, inner: Any) -> None:
        self.inner, self.looks = inner, 0

    def now(self) -> datetime:
        self.looks += 1
        return datetime.now(UTC) + timedelta(hours=(-30, 47, 0, -3)[self.looks % 4])

    def monotonic(self) -> float:
        return float(self.inner.monotonic())

    async def sleep(self, seconds: float) -> None:
        await self.inner.sleep(seconds)


async def test_a_clock_that_jumps_stops_nothing(
    answers: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BYOCNI_STATE_HOME", str(tmp_path / "state"))
    context = Context.simulated(load_plan(answers), speed=math.inf)
    await context.start()
    context.clock = Jumping(context.clock)
    events = [event async for event in context.deploy()]
    assert events[-1].status == "done", events[-2:]
    (await context.connections()).dismiss()
    await context.close()


def test_sqlite_keeps_what_was_committed_when_the_process_is_killed(tmp_path: Path) -> None:
    """What the journal rests on: each event is its own transaction, on disk before anyone hears of it."""
    words = (
        "import os, sys; from byocni_tui.deploy.journal import Journal; from byocni_tui.deploy.event import Event\n"
        "journal = Journal('20260101-000000-0001', create=True)\n"
        "for number in range(10**6):\n"
        "    journal.append(Event(time='t', run='r', step='cluster', status='running', message=str(number)))\n"
        "    os.write(1, f'{number}\\n'.encode())\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", words],
        stdout=subprocess.PIPE,
        env={**os.environ, "BYOCNI_STATE_HOME": str(tmp_path)},
    ) as process:
        assert process.stdout is not None
        heard = [process.stdout.readline() for _ in range(200)][-1]
        process.kill()
        heard = ([heard, *process.stdout.readlines()])[-1]
    file = tmp_path / "runs" / "20260101-000000-0001" / "journal.db"
    with contextlib.closing(sqlite3.connect(file)) as database:
        (count,) = database.execute("SELECT COUNT(*) FROM events").fetchone()
    assert count >= int(heard) + 1

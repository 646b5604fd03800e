"""Killed at any moment, as often as one likes: resumed, a run ends Ready and has made everything once."""

import json
import os
import random
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from torture_answers import WORDS, written

from byocni_tui.deploy.journal import Journal
from byocni_tui.sandbox import launcher
from byocni_tui.sandbox.endpoints import read


def _run(home: Path, *words: str, kill: float | None = None) -> int:
    process = subprocess.Popen(
        [sys.executable, "-m", "byocni_tui", *words, "-o", "json"],
        env={**os.environ, "BYOCNI_STATE_HOME": str(home)},
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        process.communicate(timeout=120 if kill is None else kill)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        process.communicate()
    return process.returncode


def _begun(home: Path) -> str | None:
    """The run that has begun: one that was killed before that has no plan, and has made nothing."""
    for path in sorted((home / "runs").glob("*/journal.db")):
        journal = Journal(path.parent.name)
        begun = journal.get("plan") is not None
        journal.close()
        if begun:
            return path.parent.name
    return None


def _walk(home: Path, answers: Path, rng: random.Random) -> tuple[int, list[float]]:
    """Kill and go on, up to four times, then let it end: (exit status, the moments)."""
    moments = [rng.uniform(0.3, 3.5) for _ in range(rng.randrange(1, 5))]
    status = 0
    for kill in (*moments, None):
        run = _begun(home)
        words = ("runs", "resume", run) if run else ("apply", str(answers), *WORDS)
        status = _run(home, *words, kill=kill)
        if status == 0:
            break
    return status, moments


def test_killed_at_random_moments(tmp_path: Path, scale: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = random.Random(scale.seed)
    answers = written(tmp_path)
    for number in range(scale(2, 50)):
        home = tmp_path / f"home{number}"
        monkeypatch.setenv("BYOCNI_STATE_HOME", str(home))
        try:
            status, moments = _walk(home, answers, rng)
            assert status == 0, (moments, status)
            run = _begun(home)
            assert run is not None
            journal = Journal(run)
            made = Counter(item.kind for item in journal.resources() if item.state == "made")
            assert made == {"resource-group": 1, "cluster": 1, "helm-release": 1}, moments
            endpoints = read(home / "runs" / run / "sandbox")
            assert endpoints is not None
            acts = launcher.control(endpoints, "acts?plane=arm&mutates=1")
            assert isinstance(acts, dict)
            puts = [act["name"] for act in acts["acts"] if act["verb"] == "put" and act["status"] == 201]
            assert Counter(puts)["c1"] <= 1, json.dumps(acts)[:2000]
        finally:
            for file in home.rglob("endpoints.json"):
                if (found := read(file.parent)) is not None:
                    launcher.stop(found)

"""How long a person waits for a first answer: whole processes, paired run by run, medians."""

import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.clients import needed
from benchmarks.process import run

RUNS = 7


def figures(figure: Any) -> Iterator[Any]:
    """The light commands against ``az version``."""
    az = needed("az")
    with tempfile.TemporaryDirectory() as folder:
        environ = {**os.environ, "BYOCNI_STATE_HOME": folder, "AZURE_CONFIG_DIR": f"{folder}/az"}
        ours = [sys.executable, "-m", "byocni_tui"]
        plan = Path(folder) / "plan.yaml"
        subprocess.run([*ours, "plan", str(plan)], env=environ, stderr=subprocess.DEVNULL, check=True)
        commands = {
            "--version": (["--version"], 0.5),
            "--help": (["--help"], 0.5),
            "explain BYO203": (["explain", "BYO203"], 0.5),
            "check of one file": (["check", str(plan)], 0.8),
        }
        run([az, "version"], environ)
        pairs: dict[str, list[tuple[float, float]]] = {name: [] for name in commands}
        for _ in range(RUNS):
            for name, (words, _budget) in commands.items():
                pairs[name].append((run([*ours, *words], environ).wall, run([az, "version"], environ).wall))
        for name, (_words, budget) in commands.items():
            mine, theirs = (statistics.median(column) for column in zip(*pairs[name], strict=True))
            note = f"{mine * 1000:.0f} ms, az version {theirs * 1000:.0f} ms"
            yield figure(f"{name} / az version", mine / theirs, budget, "x", note)

"""How long a person waits for a first answer: whole processes, paired run by run, medians."""

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

RUNS = 7


def _time(command: Sequence[str], environ: dict[str, str]) -> float:
    begin = time.perf_counter()
    subprocess.run(command, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    return time.perf_counter() - begin


def _az() -> str | None:
    cache = Path(os.environ.get("BYOCNI_CLIENTS") or Path.home() / ".cache" / "byocni-tui")
    installed = cache / "az" / "bin" / "az"
    return str(installed) if installed.exists() else shutil.which("az")


def figures(figure: Any) -> Iterator[Any]:
    az = _az()
    if az is None:
        sys.exit("`az` is what these figures are compared with: run `make clients` first")
    with tempfile.TemporaryDirectory() as folder:
        environ = {**os.environ, "BYOCNI_STATE_HOME": folder, "AZURE_CONFIG_DIR": f"{folder}/az"}
        ours = [sys.executable, "-m", "byocni_tui"]
        plan = Path(folder) / "plan.yaml"
        subprocess.run([*ours, "plan", str(plan)], env=environ, stdout=subprocess.DEVNULL, check=False)
        commands = {
            "--version": (["--version"], 0.5),
            "--help": (["--help"], 0.5),
            "explain BYO203": (["explain", "BYO203"], 0.5),
            "check of one file": (["check", str(plan)], 0.8),
        }
        _time([az, "version"], environ)
        pairs: dict[str, list[tuple[float, float]]] = {name: [] for name in commands}
        for _ in range(RUNS):
            for name, (words, _budget) in commands.items():
                pairs[name].append((_time([*ours, *words], environ), _time([az, "version"], environ)))
        for name, (_words, budget) in commands.items():
            mine, theirs = (statistics.median(column) for column in zip(*pairs[name], strict=True))
            note = f"{mine * 1000:.0f} ms, az version {theirs * 1000:.0f} ms"
            yield figure(f"{name} / az version", mine / theirs, budget, "x", note)

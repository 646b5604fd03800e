"""The real az, kubectl and helm, and a sandbox for them."""

import math
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from byocni_tui.sandbox import launcher
from byocni_tui.sandbox.endpoints import Endpoints


def client(name: str) -> str | None:
    """Where a client is: of ``make clients``, else on PATH."""
    cache = Path(os.environ.get("BYOCNI_CLIENTS") or Path.home() / ".cache" / "byocni-tui")
    installed = cache / "az" / "bin" / "az" if name == "az" else cache / "bin" / name
    return str(installed) if installed.exists() else shutil.which(name)


def needed(name: str) -> str:
    """The same; without it there is nothing to compare with."""
    found = client(name)
    if found is None:
        raise SystemExit(f"`{name}` is what these figures are compared with: run `make clients` first")
    return found


@contextmanager
def sandbox(scenario: str = "article", speed: float = math.inf) -> Iterator[tuple[Endpoints, dict[str, str]]]:
    """A sandbox in a folder of its own, and the environment of its clients."""
    with tempfile.TemporaryDirectory() as folder:
        endpoints = launcher.start(scenario, speed=speed, state_dir=Path(folder) / "state")
        try:
            clients = launcher.environment(endpoints, Path(folder) / "clients")
            yield endpoints, {**os.environ, **clients, "BYOCNI_STATE_HOME": f"{folder}/home"}
        finally:
            launcher.stop(endpoints)

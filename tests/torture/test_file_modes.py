"""What a run leaves on disk is for its owner's eyes."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from torture_answers import WORDS, written

from byocni_tui.sandbox import launcher
from byocni_tui.sandbox.endpoints import read

SECRET = ("PRIVATE KEY", "token:", "client-key-data", '"token"', "Bearer ")


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX'")
def test_a_run_is_its_owners(tmp_path: Path) -> None:
    answers, home = written(tmp_path), tmp_path / "state"
    words = ("apply", str(answers), *WORDS)
    try:
        done = subprocess.run(
            [sys.executable, "-m", "byocni_tui", *words],
            env={**os.environ, "BYOCNI_STATE_HOME": str(home)},
            capture_output=True, text=True, timeout=120, check=False, umask=0,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout
        run = next((home / "runs").iterdir())
        launcher.environment(read(run / "sandbox"), run / "sandbox" / "clients")  # type: ignore[arg-type]
        assert stat.S_IMODE(run.stat().st_mode) == 0o700
        assert stat.S_IMODE((run / "sandbox").stat().st_mode) == 0o700
        for path in run.rglob("*"):
            if not path.is_file() or path.suffix in (".tgz", ".sock"):
                continue
            text = path.read_bytes().decode("utf-8", "replace")
            if any(word in text for word in SECRET):
                assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path.relative_to(run)
    finally:
        for file in home.rglob("endpoints.json"):
            if (found := read(file.parent)) is not None:
                launcher.stop(found)

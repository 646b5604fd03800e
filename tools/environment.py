"""Virtual environments of tools that are no part of the project: made once each, in the cache outside the tree."""

import os
import shutil
import subprocess
import venv
from pathlib import Path


def cache() -> Path:
    """The same folder as that of the clients."""
    return Path(os.environ.get("BYOCNI_CLIENTS") or Path.home() / ".cache" / "byocni-tui")


def tool(requirement: str) -> Path:
    """The ``bin`` folder of an environment that holds ``requirement`` (``name==version``)."""
    folder = cache() / "tools" / requirement.partition("==")[0]
    stamp = folder / ".installed"
    if not (stamp.is_file() and stamp.read_text(encoding="utf-8") == requirement):
        print(f"installing {requirement} …", flush=True)
        shutil.rmtree(folder, ignore_errors=True)
        venv.create(folder, with_pip=True)
        pip = [
            folder / "bin" / "python",
            "-m",
            "pip",
            "install",
            "-q",
            "--disable-pip-version-check",
            requirement,
        ]
        subprocess.run(pip, check=True)
        stamp.write_text(requirement, encoding="utf-8")
    return folder / "bin"

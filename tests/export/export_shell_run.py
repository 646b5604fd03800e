"""Runs a shell text with stand-ins for az, helm and kubectl that only note what they were called with."""

import subprocess
from pathlib import Path

STUBS = r"""
note() { { printf '%s\0' "$@"; printf '\1\0'; } >> "$LOG"; }
az() { note az "$@"; case "$*" in *networkPlugin*) echo none ;; *) echo "from-az" ;; esac; }
helm() { note helm "$@"; if [ "$1" = upgrade ]; then cat > "$LOG.values"; fi; }
kubectl() { if [ "$1" = apply ]; then cat > /dev/null; fi; note kubectl "$@"; }
"""


def run(text: str, folder: Path, variables: dict[str, str] | None = None) -> list[list[str]]:
    """The commands that ``text`` calls, word for word. Fails unless bash ends with 0 and says nothing."""
    (folder / "stubs.sh").write_text(STUBS, encoding="utf-8")
    script, log = folder / "create.sh", folder / "log"
    script.write_text(text, encoding="utf-8", newline="")
    log.write_bytes(b"")
    before = set(folder.iterdir())
    done = subprocess.run(
        ["bash", str(script)],
        cwd=folder,
        env={
            "PATH": "/usr/bin:/bin",
            "LC_ALL": "C.UTF-8",
            "BASH_ENV": str(folder / "stubs.sh"),
            "LOG": str(log),
            **(variables or {}),
        },
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr.decode()) == (0, ""), text
    made = {path.name for path in set(folder.iterdir()) - before} - {"log.values", "kube-proxy.json"}
    assert made == set(), text
    words = log.read_bytes().decode().split("\0")[:-1]
    calls: list[list[str]] = [[]]
    for word in words:
        if word == "\1":
            calls.append([])
        else:
            calls[-1].append(word)
    return calls[:-1]

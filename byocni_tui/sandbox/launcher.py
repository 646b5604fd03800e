"""Starts the sandbox's process, finds one that runs, and prepares the environment of its clients."""

import contextlib
import json
import math
import os
import select
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Final

import msgspec

from byocni_tui.sandbox.endpoints import TOKEN_VARIABLE, Endpoints, Joining, alive, read

CLOUD_NAME: Final = "ByocniSandbox"
_PATIENCE: Final = 10.0


class LaunchError(RuntimeError):
    """The process didn't come up; the text is what it said."""


class ControlError(OSError):
    """The sandbox refused; the text is its own."""


def start(
    scenario: str = "article",
    *,
    seed: int = 1,
    speed: float = 60.0,
    state_dir: Path,
    idle_seconds: float = 1800.0,
    host: str = "127.0.0.1",
    port: int = 0,
    token: str | None = None,
    learners: int = 0,
) -> Endpoints:
    """The sandbox whose state is in ``state_dir``: the one that runs there, else a new process that goes on from it.

    ``speed`` is virtual seconds per real second, ``math.inf`` for max. Returns once it answers; raises ``LaunchError``,
    at the latest after ten seconds.
    """
    running = read(state_dir)
    if running is not None and alive(running) and answers(running):
        if len(running.learners) != learners:
            raise LaunchError(f"another sandbox is running with its state in {state_dir}")
        return running
    state_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    words = [sys.executable, "-m", "byocni_tui.sandbox.server", "--scenario", scenario, "--seed", str(seed)]
    words += ["--speed", "inf" if math.isinf(speed) else str(speed), "--state", str(state_dir.resolve())]
    words += ["--idle", str(idle_seconds), "--host", host, "--port", str(port)]
    words += ["--class", str(learners)] if learners else []
    log = (state_dir / "sandbox.log").open("ab")
    with (
        log,
        subprocess.Popen(
            words,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            start_new_session=True,
            env={**os.environ, TOKEN_VARIABLE: token or ""},
        ) as process,
    ):
        assert process.stdout is not None
        line = _first_line(process.stdout.fileno(), process)
        # The process outlives us: leaving the block must not wait for it.
        process.returncode = 0
    try:
        return msgspec.json.decode(line, type=Endpoints)
    except msgspec.DecodeError:
        problem = json.loads(line or b"{}").get("error") if line.startswith(b"{") else None
        raise LaunchError(str(problem or _last_words(state_dir / "sandbox.log"))) from None


def _last_words(log: Path) -> str:
    """What a process that ended without an answer has left in its log. (The log may go with the folder.)"""
    try:
        lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    except OSError:
        lines = []
    return lines[-1] if lines else f"it ended without a word; see {log}"


def _first_line(descriptor: int, process: "subprocess.Popen[bytes]") -> bytes:
    deadline = time.monotonic() + _PATIENCE
    line = b""
    while not line.endswith(b"\n"):
        ready, _, _ = select.select([descriptor], [], [], max(0.0, deadline - time.monotonic()))
        if not ready:
            process.terminate()
            raise LaunchError(f"the sandbox did not answer within {_PATIENCE:.0f} seconds")
        piece = os.read(descriptor, 65536)
        if not piece:
            return line
        line += piece
    return line


def control(endpoints: Endpoints, path: str, method: str = "GET", body: object = None) -> object:
    """Ask the sandbox's own address (``clock``, ``acts``, ``faults``, ``stop`` …). Raises ``OSError``."""
    request = urllib.request.Request(  # noqa: S310 our own loopback address
        f"{endpoints.control_url}/{path}",
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Authorization": f"Bearer {endpoints.token}"},
    )
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=5) as response:
            answer: object = json.load(response)
            return answer
    except urllib.error.HTTPError as refused:
        try:
            told = json.load(refused).get("error")
        except (ValueError, AttributeError):
            told = None
        raise ControlError(str(told or refused)) from None


def join(url: str, folder: Path) -> Endpoints:
    """Another's sandbox (or a learner's world in a class) by the address that it gave out; its authority is kept in
    ``folder``. Raises ``LaunchError`` if nothing of the kind answers there."""
    if not url.startswith(("http://", "https://")):
        raise LaunchError(f"{url} is no address")
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url.rstrip("/"), timeout=_PATIENCE) as response:
            joining = msgspec.json.decode(response.read(1 << 20), type=Joining)
    except (OSError, ValueError) as error:
        raise LaunchError(f"{url}: {error}") from error
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    ca_file = folder / "ca.pem"
    ca_file.write_text(joining.ca, encoding="utf-8")
    return msgspec.structs.replace(joining.endpoints, ca_file=str(ca_file.resolve()))


def answers(endpoints: Endpoints) -> bool:
    """Whether the one that wrote the file is there, and not another process with its number."""
    try:
        control(endpoints, "clock")
    except OSError:
        return False
    return True


def ended(endpoints: Endpoints) -> bool:
    """Whether its process is no more."""
    with contextlib.suppress(ChildProcessError):
        # Where we are its parent it stays a zombie until somebody asks.
        os.waitpid(endpoints.pid, os.WNOHANG)
    return not alive(endpoints)


def stop(endpoints: Endpoints) -> bool:
    """End it and wait until it has written its state; false if it was gone."""
    try:
        control(endpoints, "stop", "POST", {})
    except OSError:
        return False
    deadline = time.monotonic() + _PATIENCE
    while not ended(endpoints) and time.monotonic() < deadline:
        time.sleep(0.02)
    if alive(endpoints):
        os.kill(endpoints.pid, signal.SIGTERM)
    return True


def environment(endpoints: Endpoints, home: Path) -> dict[str, str]:
    """Variables for az, kubectl and helm; their own folders below ``home`` are written, signed in and filled, so that
    nothing of the user's is touched and the first command needs nothing else."""
    from byocni_tui.sandbox import client_files

    return client_files.write(endpoints, home)

"""What a container does once it is started: how long, with which end, and what it says.

Three sources, in this order: a behaviour (fixtures/behaviours) that knows the container; its own command line, where
that is one of the few programs known here; else it is taken for a service that starts well and stays.
"""

import re
import shlex
from typing import Any, Final

import msgspec

from byocni_tui.sandbox.kube.life.objects import Obj


class Outcome(msgspec.Struct):
    """``seconds`` None: runs until it is stopped. ``boot``: seconds until its probes pass. ``refused``: the runtime
    could not even start it, and why. ``message`` is what it wrote to its termination log."""

    seconds: float | None = None
    code: int = 0
    log: str = ""
    message: str = ""
    boot: float = 0.5
    listens: list[int] | None = None
    stubborn: bool = False
    refused: str = ""


SHELLS: Final = ("sh", "bash", "ash")
_SHELL_IMAGES: Final = ("busybox", "alpine", "ubuntu", "debian")
_SERVICES = Outcome(boot=1.5)


def command_line(container: Obj) -> list[str]:
    """Command and arguments together."""
    return [*(container.get("command") or ()), *(container.get("args") or ())]


def plain(container: Obj) -> Outcome | None:
    """What a command line by itself says; None if it is not one known here."""
    if is_shell(container):  # it reads what is typed; without standard input there is nothing to read
        return Outcome(None if container.get("stdin") else 0.1, 0, listens=[])
    words = command_line(container)
    if not words:
        return None
    program = words[0].rsplit("/", 1)[-1]
    if program == "sleep":
        return Outcome(_seconds(words[1:]), 0, listens=[], stubborn=True)
    if program in ("true", "false"):
        return Outcome(0.1, int(program == "false"), listens=[])
    if program == "pause":
        return Outcome(None, listens=[])
    if program in ("echo", "printf"):
        return Outcome(0.1, 0, log=" ".join(words[1:]) + "\n", listens=[])
    if words[0].startswith("/no/such"):
        return _missing(words[0])
    return None


def is_shell(container: Obj) -> bool:
    """Whether what runs is a shell that reads commands: by name, or as what a small image starts by itself."""
    words = command_line(container)
    if not words:
        image = str(container.get("image", "")).rsplit("/", 1)[-1].split(":")[0].split("@")[0]
        return image in _SHELL_IMAGES
    return words[0].rsplit("/", 1)[-1] in SHELLS and all(word.strip("-il") == "" for word in words[1:])


def _seconds(words: list[str]) -> float | None:
    units = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
    total = 0.0
    for word in words:
        if word in ("infinity", "inf"):
            return None
        match = re.fullmatch(r"([0-9.]+)([smhd]?)", word)
        if match is None:
            return None
        total += float(match[1]) * units[match[2] or "s"]
    return total


def _missing(path: str) -> Outcome:
    stat = f"stat {path}: no such file or directory" if "/" in path else "executable file not found in $PATH"
    return Outcome(
        refused="failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create "
        f'failed: unable to start container process: exec: "{path}": {stat}: unknown'
    )


def service() -> Outcome:
    """Something unknown that is taken to work."""
    return msgspec.structs.replace(_SERVICES)


def quoted(words: list[str]) -> str:
    """A command line as one would type it."""
    return shlex.join(words)


def as_message(log: str) -> str:
    """What FallbackToLogsOnError keeps: the last 80 lines, at most 2 KiB."""
    tail = "\n".join(log.splitlines()[-80:])
    return (tail[-2048:] + "\n") if tail else ""


def known(value: Any) -> Outcome:
    """An outcome out of a behaviour file."""
    return msgspec.convert(value, Outcome)

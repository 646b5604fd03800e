"""Where a running sandbox is, as a small file that others read."""

import os
from pathlib import Path
from typing import Any, Final

import msgspec

FILE: Final = "endpoints.json"
TOKEN_VARIABLE: Final = "BYOCNI_SANDBOX_TOKEN"  # noqa: S105 a name, no token
"""In which the server's process is given its token: its arguments could be read by anybody on the machine."""


class Learner(msgspec.Struct, frozen=True):
    """One of a class: ``url`` is the address by which the world is joined."""

    number: int
    token: str
    url: str


class Endpoints(msgspec.Struct, frozen=True, kw_only=True):
    """Addresses without a slash at the end. ``speed`` -1 stands for max."""

    arm_url: str
    identity_url: str
    identity_header: str
    charts_url: str
    control_url: str
    ca_file: str
    token: str
    pid: int
    scenario: str
    cloud: str
    subscription: str
    tenant: str
    speed: float
    plan: dict[str, Any] = {}
    """What the scenario's answers begin with, as its file says it: whoever joins may not have that file."""
    learners: tuple[Learner, ...] = ()
    """The worlds of a class; then the other fields speak of the trainer's side."""

    @property
    def join_url(self) -> str:
        """What another machine, or the wizard, joins by."""
        return f"{self.control_url.removesuffix('/sandbox')}/join/{self.token}"

    def write(self, folder: Path) -> None:
        """Into ``folder/endpoints.json``, readable by the owner only."""
        temporary = folder / f"{FILE}.{os.getpid()}"
        temporary.touch(mode=0o600)
        temporary.write_bytes(msgspec.json.format(msgspec.json.encode(self)))
        temporary.replace(folder / FILE)


class Joining(msgspec.Struct, frozen=True):
    """The answer of ``/join/<token>``. ``endpoints.ca_file`` is empty: whoever joins keeps ``ca`` in a file."""

    endpoints: Endpoints
    ca: str
    simulation: bool = True


def read(folder: Path) -> Endpoints | None:
    """What a sandbox wrote there; None where there is nothing, or something else."""
    try:
        return msgspec.json.decode((folder / FILE).read_bytes(), type=Endpoints)
    except (OSError, msgspec.DecodeError):
        return None


def alive(endpoints: Endpoints) -> bool:
    """Whether its process is still there."""
    try:
        os.kill(endpoints.pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True

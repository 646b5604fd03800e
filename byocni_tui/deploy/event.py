"""What a run says while it goes on: one shape for the board, the plain lines and the JSON lines."""

from datetime import UTC, datetime
from typing import Any, Final, Literal

import msgspec

Status = Literal["pending", "running", "done", "failed", "skipped"]

STEPS: Final = (
    "preflight", "providers", "resource-group", "identity", "network", "role", "cluster", "read-back", "credentials",
    "nodes-not-ready", "cni", "nodes-ready", "verify", "run",
)  # fmt: skip
"""In the order in which they happen; ``run`` sums up and is always last."""


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """One line of ``apply -o json``.

    ``time`` is RFC 3339 in UTC (virtual in simulation), ``run`` the run's id, ``progress`` 0..1 or None where it isn't
    known, ``message`` a sentence in the user's language, ``detail`` what a program may want: a failed step holds
    ``code``, ``original`` (the service's own words), ``remedy``, ``field``; the last event holds ``exit_code``.
    """

    time: str
    run: str
    step: str
    status: Status
    progress: float | None = None
    message: str = ""
    detail: dict[str, Any] | None = None


def timestamp(moment: datetime) -> str:
    """RFC 3339, UTC, milliseconds."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

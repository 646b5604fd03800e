"""How much all visitors together, and each of them, may use."""

from pathlib import Path
from typing import Final

import msgspec

MIB: Final = 1 << 20


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """``idle`` in seconds without a key or a click; ``memory`` in bytes resident, wizard and sandbox together;
    ``message`` the longest one of the browser in bytes (a paste is one message)."""

    visitors: int = 10
    idle: float = 900.0
    memory: int = 700 * MIB
    message: int = 512 * 1024
    typed_ahead: int = 4 * MIB
    """Bytes that one session may send in all between two looks at it."""


def resident(pid: int) -> int:
    """Bytes of memory that a process holds; 0 if it has gone, or where the system does not say (no ``/proc``)."""
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace")
    except OSError:
        return 0
    for line in status.splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    return 0

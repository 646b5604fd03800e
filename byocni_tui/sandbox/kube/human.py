"""Words that Kubernetes makes of numbers: durations and quantities."""

import re
from typing import Final

_SUFFIX: Final = {
    "n": 1e-9, "u": 1e-6, "m": 1e-3, "": 1.0, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15, "E": 1e18,
    "Ki": 2.0**10, "Mi": 2.0**20, "Gi": 2.0**30, "Ti": 2.0**40, "Pi": 2.0**50, "Ei": 2.0**60,
}  # fmt: skip
_QUANTITY: Final = re.compile(r"^([+-]?(?:\d+\.?\d*|\.\d+))([eE][+-]?\d+|[numkMGTPE]|[KMGTPE]i)?$")


def duration(seconds: float) -> str:
    """An age as Kubernetes' HumanDuration: ``4m44s``, ``2d3h``."""
    total = int(seconds)
    if total < -1:
        return "<invalid>"
    if total < 0:
        return "0s"
    if total < 120:
        return f"{total}s"
    minutes, hours = total // 60, total // 3600
    if minutes < 10:
        return f"{minutes}m{total % 60}s" if total % 60 else f"{minutes}m"
    if minutes < 180:
        return f"{minutes}m"
    if hours < 8:
        return f"{hours}h{minutes % 60}m" if minutes % 60 else f"{hours}h"
    if hours < 48:
        return f"{hours}h"
    days = hours // 24
    if hours < 192:
        return f"{days}d{hours % 24}h" if hours % 24 else f"{days}d"
    if days < 730:
        return f"{days}d"
    if days < 2920:
        return f"{days // 365}y{days % 365}d" if days % 365 else f"{days // 365}y"
    return f"{days // 365}y"


def quantity(text: str | int | float) -> float | None:
    """The value of a quantity (``100m``, ``1Gi``), or None when it is not one."""
    found = _QUANTITY.match(str(text))
    if not found:
        return None
    suffix = found[2] or ""
    if suffix[:1] in ("e", "E") and len(suffix) > 1:
        return float(found[1] + suffix)
    return float(found[1]) * _SUFFIX[suffix]


def quantity_text(value: float, like: str = "") -> str:
    """A quantity in the suffix family of ``like``."""
    if like.endswith("i"):
        for suffix in ("Ei", "Pi", "Ti", "Gi", "Mi", "Ki"):
            if value and value % _SUFFIX[suffix] == 0:
                return f"{int(value / _SUFFIX[suffix])}{suffix}"
    if value == int(value):
        return str(int(value))
    return f"{round(value * 1000)}m"

"""Virtual times inside stored objects.

Every time that the sandbox itself writes into an object is a ``Stamp`` (virtual seconds), never a string: what a client
sees is computed when it is sent (real now minus virtual age), so that ages agree with the client's own clock whatever
the speed. Times that a client sent stay the strings they were.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import total_ordering
from typing import Any


@total_ordering
class Stamp:
    """A point of virtual time. ``at`` is in virtual epoch seconds; ``micro`` asks for six decimals when shown."""

    __slots__ = ("at", "micro")

    def __init__(self, at: float, *, micro: bool = False) -> None:
        self.at = float(at)
        self.micro = micro

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Stamp) and self.at == other.at

    def __lt__(self, other: "Stamp") -> bool:
        return self.at < other.at

    def __hash__(self) -> int:
        return hash(self.at)

    def __repr__(self) -> str:
        return f"Stamp({self.at!r})"

    def __deepcopy__(self, memo: dict[int, Any]) -> "Stamp":
        return self


Shown = Callable[[float], str]


def show(stamp: Stamp, shown: Shown) -> str:
    """The RFC 3339 text of a stamp; ``shown`` is the clock's."""
    text = shown(stamp.at)
    if stamp.micro and "." not in text:
        text = text[:-1] + f".{int(stamp.at % 1 * 1_000_000):06d}Z"
    return text


def parse(text: str) -> float | None:
    """Epoch seconds of an RFC 3339 text as a client sends it, or None when it is not one."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def seconds(value: Any, now: float, shown: Shown) -> float | None:
    """Virtual seconds of a time field, whoever wrote it: a stamp, or a client's string (its age is a real one)."""
    if isinstance(value, Stamp):
        return value.at
    if isinstance(value, str):
        given, real_now = parse(value), parse(shown(now))
        if given is not None and real_now is not None:
            return now - (real_now - given)
    return None


def visible(value: Any, shown: Shown) -> Any:
    """A copy of ``value`` in which every stamp is its text."""
    if isinstance(value, dict):
        return {key: visible(item, shown) for key, item in value.items()}
    if isinstance(value, list):
        return [visible(item, shown) for item in value]
    return show(value, shown) if isinstance(value, Stamp) else value

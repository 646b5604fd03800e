"""What a rule says about a plan: data without a language. ``locale`` turns it into sentences."""

from typing import Any, Literal

import msgspec

Severity = Literal["error", "warning", "info"]


class Label(msgspec.Struct, frozen=True):
    """A value of a text that is itself a text: the label of the field at ``path``, or the term of that name."""

    path: str


class Remedy(msgspec.Struct, frozen=True, kw_only=True):
    """A way out. ``set`` maps field paths to values that mend the plan; ``action`` names a thing that can be done
    (``register-provider``, ``assign-role`` …), ``commands`` the lines of shell that do it. ``variant`` picks among
    several texts of one code."""

    variant: str = "remedy"
    set: dict[str, Any] | None = None
    action: str | None = None
    commands: tuple[str, ...] = ()


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One complaint. ``field`` and ``related`` are dotted paths as ``--set`` takes them; ``evidence`` maps paths (of
    the plan or of the facts) to what stands there; ``values`` fill the placeholders of the text whose key is
    ``rules.<code>.<variant>``."""

    code: str
    severity: Severity
    field: str
    related: tuple[str, ...] = ()
    variant: str = "message"
    values: dict[str, Any] = {}
    evidence: dict[str, Any] | None = None
    remedy: Remedy | None = None
    source: str = ""
    facts: bool = False
    """Whether it rests on what Azure reported: such an error can be overridden with a reason."""
    accepted: bool = False
    overridden: str | None = None

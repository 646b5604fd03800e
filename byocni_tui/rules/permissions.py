"""May this identity do that, there, and by which assignment: Azure's role-based access control, evaluated."""

import msgspec


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """``allowed`` by the assignment at ``path`` (with ``role`` and ``scope``), or refused, by a deny assignment where
    ``path`` is set."""

    allowed: bool
    role: str | None = None
    scope: str | None = None
    path: str | None = None

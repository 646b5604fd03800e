"""Effective routes of one subnet: the longest prefix decides, and a user's route beats a system one of equal length."""

import msgspec


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """One route: ``hop`` is ARM's ``nextHopType``, ``address`` the appliance's, ``path`` where it stands."""

    name: str
    prefix: str
    hop: str
    address: str | None = None
    path: str | None = None

"""Effective security rules of one network security group: which rule decides about a packet, and with what."""

from typing import Literal

import msgspec

Direction = Literal["Inbound", "Outbound"]
Protocol = Literal["Tcp", "Udp"]
Access = Literal["Allow", "Deny"]


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """The first rule that matches decides. ``certain`` is False where an earlier rule might match, for it names
    things that aren't known (a service tag that isn't static, an application security group)."""

    access: Access
    rule: str
    path: str
    certain: bool = True

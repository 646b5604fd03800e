"""One request to ARM and its answer, free of the web server."""

from typing import Any

import msgspec

from byocni_tui.sandbox.arm.ids import Path

Record = dict[str, Any]
"""A resource as ``Arm.resources`` holds it."""


def copied(value: Any) -> Any:
    """A copy of plain JSON; by way of its text, which is several times quicker than ``copy.deepcopy``."""
    return msgspec.json.decode(msgspec.json.encode(value))


class Caller(msgspec.Struct, frozen=True):
    """Who is asking, from the token's claims."""

    object_id: str
    client_id: str
    tenant: str


class Call(msgspec.Struct, kw_only=True):
    """A request. ``body`` is the decoded JSON (None when there was none); header names are lower-case."""

    method: str
    path: Path
    raw_path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: Any
    caller: Caller
    base: str
    """ARM's base address as the client knows it, without a slash at the end."""

    @property
    def api_version(self) -> str:
        """As asked for; empty when missing."""
        return self.query.get("api-version", "")


class Answer(msgspec.Struct):
    """A response; ``body`` None is an empty one."""

    status: int
    body: Any = None
    headers: dict[str, str] = {}

"""The packed form of stored objects: MessagePack bytes (a pod as a dict takes ten times the room), with what is looked
up without unpacking them. Times that the store writes are ``Stamp``s (virtual seconds)."""

import struct
from typing import Any, Final

import msgspec

from byocni_tui.sandbox.kube.stamp import Stamp

Object = dict[str, Any]

_PACKED_STAMP: Final = struct.Struct("<d?")


def _pack_hook(value: Any) -> Any:
    if isinstance(value, Stamp):
        return msgspec.msgpack.Ext(1, _PACKED_STAMP.pack(value.at, value.micro))
    raise TypeError(f"an object may not hold a {type(value).__name__}")


def _unpack_hook(_code: int, data: memoryview) -> Any:
    stamp = Stamp.__new__(Stamp)  # without __init__: a large cluster unpacks millions of them
    stamp.at, stamp.micro = _PACKED_STAMP.unpack(data)
    return stamp


_ENCODER: Final = msgspec.msgpack.Encoder(enc_hook=_pack_hook)
_DECODER: Final = msgspec.msgpack.Decoder(ext_hook=_unpack_hook)


def pack(obj: Object) -> bytes:
    """The compact form. Raises TypeError for what JSON could not hold either."""
    return _ENCODER.encode(obj)


def unpack(raw: bytes) -> Object:
    """A fresh copy of what was packed."""
    obj: Object = _DECODER.decode(raw)
    return obj


class _Whole(msgspec.Struct):
    """The metadata of an object; the rest is skipped, not read."""

    metadata: dict[str, Any]


_WHOLES: Final = msgspec.msgpack.Decoder(_Whole, ext_hook=_unpack_hook)


class _Meta(msgspec.Struct):
    labels: dict[str, Any] | None = None


class _Head(msgspec.Struct):
    """As much of an object as label selectors look at; the rest is skipped, not read."""

    metadata: _Meta


_HEADS: Final = msgspec.msgpack.Decoder(_Head)


class Entry:
    """One stored object with what is looked up without unpacking it."""

    __slots__ = ("name", "node", "ns", "owner", "raw", "version")

    def __init__(self, ns: str, name: str, raw: bytes, version: int, owner: str, node: str) -> None:
        self.ns = ns
        self.name = name
        self.raw = raw
        self.version = version
        self.owner = owner
        self.node = node

    def object(self) -> Object:
        return unpack(self.raw)

    def metadata(self) -> dict[str, Any]:
        """A copy of the object's metadata, a good deal faster than by way of the object."""
        return _WHOLES.decode(self.raw).metadata

    def labels(self) -> dict[str, Any]:
        """The object's labels, a good deal faster than by way of the object."""
        return _HEADS.decode(self.raw).metadata.labels or {}


class Change:
    """One event of the history: ``before`` is the object's packed form before it (None when it was created)."""

    __slots__ = ("after", "before", "group_resource", "name", "ns", "type", "version")

    def __init__(
        self,
        version: int,
        type: str,
        group_resource: str,
        entry: Entry,
        before: bytes | None,
    ) -> None:
        self.version = version
        self.type = type
        self.group_resource = group_resource
        self.ns = entry.ns
        self.name = entry.name
        self.after = entry.raw
        self.before = before

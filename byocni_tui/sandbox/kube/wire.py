"""Decodes the protobuf that kubectl's typed commands and helm's releases send.

Only reading is needed: these clients accept JSON answers. The field numbers are data (``wire.json.gz``); what the
generic rules don't cover (inlined structs, quantities, times, int-or-string, JSON schemas) is written here.
"""

import base64
import gzip
import json
import struct
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from typing import Any, Final

from byocni_tui.sandbox.kube.names import words
from byocni_tui.sandbox.kube.status import bad_request

MAGIC: Final = b"k8s\x00"
CONTENT_TYPE: Final = "application/vnd.kubernetes.protobuf"
_META: Final = "k8s.io.apimachinery.pkg.apis.meta.v1"
_INLINE: Final = frozenset(
    words(
        "localObjectReference ephemeralContainerCommon persistentVolumeSource handler volumeSource ingressRuleValue "
        "ruleWithOperations rule"
    )
)
_RENAMED: Final = {
    "aPIGroup": "apiGroup",
    "uID": "uid",
    "Webhooks": "webhooks",
    "Expression": "expression",
    "Name": "name",
    "ref": "$ref",
    "schema": "$schema",
    "xKubernetesPreserveUnknownFields": "x-kubernetes-preserve-unknown-fields",
    "xKubernetesEmbeddedResource": "x-kubernetes-embedded-resource",
    "xKubernetesIntOrString": "x-kubernetes-int-or-string",
    "xKubernetesListMapKeys": "x-kubernetes-list-map-keys",
    "xKubernetesListType": "x-kubernetes-list-type",
    "xKubernetesMapType": "x-kubernetes-map-type",
    "xKubernetesValidations": "x-kubernetes-validations",
}
_NUMBERS: Final = frozenset({"int32", "int64", "uint32", "uint64"})


@cache
def _table() -> dict[str, dict[str, list[str]]]:
    path = files("byocni_tui") / "fixtures" / "kubernetes-1.36" / "wire.json.gz"
    table: dict[str, dict[str, list[str]]] = json.loads(gzip.decompress(path.read_bytes()))
    return table


@cache
def _message_of(group: str, version: str, kind: str) -> str | None:
    if kind in ("DeleteOptions", "Status", "ListOptions", "PatchOptions"):
        return f"{_META}.{kind}"
    first = group.split(".")[0] or "core"
    ending = f".{first}.{version}.{kind}"
    return next((name for name in _table() if name.endswith(ending)), None)


def decode(body: bytes) -> dict[str, Any]:
    """The object in an envelope, as JSON would have it. Raises 400 for what is not one."""
    if not body.startswith(MAGIC):
        raise bad_request(
            "provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]"
        )
    try:
        unknown = _read(body[4:], "k8s.io.apimachinery.pkg.runtime.Unknown", raw=True)
    except (IndexError, struct.error, ValueError) as broken:
        raise bad_request(f"unable to decode protobuf: {broken}") from broken
    meta = unknown.get("typeMeta", {})
    api_version, kind = meta.get("apiVersion", ""), meta.get("kind", "")
    group, _, version = api_version.rpartition("/")
    message = _message_of(group, version, kind)
    if message is None:
        raise bad_request(f'no kind "{kind}" is registered for version "{api_version}" in scheme')
    try:
        value = _read(unknown.get("raw", b""), message)
    except (IndexError, struct.error, ValueError) as broken:
        raise bad_request(f"unable to decode protobuf: {broken}") from broken
    return {"apiVersion": api_version, "kind": kind, **value}


def _fields(data: bytes) -> Iterator[tuple[int, int, int | bytes]]:
    at, end = 0, len(data)
    while at < end:
        key, at = _varint(data, at)
        number, form = key >> 3, key & 7
        if form == 0:
            value, at = _varint(data, at)
            yield number, form, value
        elif form == 2:
            size, at = _varint(data, at)
            if at + size > end:
                raise ValueError("unexpected EOF")
            yield number, form, data[at : at + size]
            at += size
        elif form in (1, 5):
            size = 8 if form == 1 else 4
            yield number, form, data[at : at + size]
            at += size
        else:
            raise ValueError(f"illegal wire type {form}")


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7


def _read(data: bytes, message: str, *, raw: bool = False) -> dict[str, Any]:
    table, package = _table()[message], message.rpartition(".")[0]
    out: dict[str, Any] = {}
    for number, _, value in _fields(data):
        entry = table.get(str(number))
        if entry is None:
            continue
        name, sort = entry
        key = _RENAMED.get(name, name)
        if sort.startswith("[]"):
            out.setdefault(key, []).extend(_repeated(sort[2:], value, package))
        elif sort.startswith("map<"):
            inner_key, inner = sort[4:-1].split(",", 1)
            pair: dict[int, Any] = {n: v for n, _, v in _fields(_bytes(value))}
            held = _value(inner, pair[2], package) if 2 in pair else _zero(inner)
            out.setdefault(key, {})[_value(inner_key, pair.get(1, b""), package)] = held
        elif raw and sort == "bytes":
            out[key] = value
        else:
            item = _value(sort, value, package)
            if name in _INLINE:
                out.update(item)
            elif not (item == "" and sort == "string"):
                out[key] = item
    return out


def _bytes(value: int | bytes) -> bytes:
    if isinstance(value, int):
        raise ValueError("a number where a message was expected")
    return value


def _repeated(type: str, value: int | bytes, package: str) -> list[Any]:
    if type in _NUMBERS and isinstance(value, bytes):
        items, at = [], 0
        while at < len(value):
            number, at = _varint(value, at)
            items.append(_signed(number))
        return items
    return [_value(type, value, package)]


def _signed(value: int) -> int:
    return value - (1 << 64) if value >= 1 << 63 else value


def _zero(type: str) -> Any:
    return "" if type in ("string", "bytes") else {}


def _value(type: str, value: int | bytes, package: str) -> Any:
    if type in _NUMBERS:
        return _signed(value if isinstance(value, int) else 0)
    if type == "bool":
        return bool(value)
    data = _bytes(value)
    if type == "string":
        return data.decode()
    if type == "bytes":
        return base64.b64encode(data).decode()
    if type == "double":
        return struct.unpack("<d", data)[0]
    full = type[1:] if type.startswith(".") else f"{package}.{type}"
    return _message(full, data)


def _message(full: str, data: bytes) -> Any:
    short = full.rpartition(".")[2]
    if short == "Quantity":
        return _read(data, full).get("string", "0")
    if short in ("Time", "MicroTime"):
        fields = _read(data, full)
        seconds = fields.get("seconds", 0)
        if not data or not seconds:
            return None
        moment = datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")
        return f"{moment}.{fields.get('nanos', 0) // 1000:06d}Z" if short == "MicroTime" else f"{moment}Z"
    if short == "IntOrString":
        fields = _read(data, full)
        return fields.get("strVal", "") if fields.get("type") else fields.get("intVal", 0)
    if short in ("RawExtension", "JSON", "FieldsV1"):
        held = _read(data, full, raw=True)
        text = held.get("raw") or held.get("Raw")
        return json.loads(text) if text else None
    if short in ("JSONSchemaPropsOrArray", "JSONSchemaPropsOrBool", "JSONSchemaPropsOrStringArray"):
        fields = _read(data, full)
        for key in ("$schema", "jSONSchemas", "property"):
            if key in fields:
                return fields[key]
        return fields.get("allows", False)
    table = _table()[full]
    if len(table) == 1 and table.get("1", [""])[0] == "items":
        return _read(data, full).get("items", [])
    return _read(data, full)

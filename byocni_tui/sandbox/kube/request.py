"""One request, taken apart: what it is about, who asks, and what may come back."""

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import msgspec
import yaml

from byocni_tui.sandbox.kube import wire
from byocni_tui.sandbox.kube.kinds import Kind, Registry
from byocni_tui.sandbox.kube.names import words
from byocni_tui.sandbox.kube.status import ApiError, bad_request, unknown_path

if TYPE_CHECKING:
    from aiohttp import web

LIMIT: Final = 3 * 1024 * 1024
"""Bytes of a request body that the API server takes."""


@dataclass(slots=True)
class User:
    """Who asks. ``groups`` decide with RBAC."""

    name: str
    groups: tuple[str, ...]
    uid: str = ""
    extra: dict[str, list[str]] = field(default_factory=dict)


@dataclass(slots=True)
class Target:
    """What a path names. ``ns`` is "" for cluster-scoped objects and for lists over all namespaces."""

    kind: Kind
    ns: str
    name: str
    subresource: str
    rest: str = ""


def resolve(registry: Registry, path: str) -> Target:
    """The target of ``/api/v1/…`` or ``/apis/group/version/…``. Raises 404 for a path that is not served."""
    parts = [p for p in path.split("/") if p]
    if parts[0] == "api":
        group, version, parts = "", parts[1], parts[2:]
    else:
        group, version, parts = parts[1], parts[2], parts[3:]
    ns = ""
    if len(parts) > 2 and parts[0] == "namespaces" and parts[2] not in ("status", "finalize"):
        ns, parts = parts[1], parts[2:]
    if not parts:
        raise unknown_path()
    kind = registry.path(group, version, parts[0])
    if kind is None:
        raise unknown_path()
    name = parts[1] if len(parts) > 1 else ""
    subresource = parts[2] if len(parts) > 2 else ""
    if subresource and subresource not in kind.subresources:
        raise unknown_path()
    if (ns and not kind.namespaced) or (name and kind.namespaced and not ns):
        raise unknown_path()
    return Target(kind, ns, name, subresource, "/".join(parts[3:]))


async def body_of(request: "web.Request") -> bytes:
    """The request's body. Raises 413 when it is too large."""
    data = await request.content.read(LIMIT + 1)
    while len(data) <= LIMIT and not request.content.at_eof():
        more = await request.content.read(LIMIT + 1 - len(data))
        if not more:
            break
        data += more
    if len(data) > LIMIT:
        text = f"Request entity too large: limit is {LIMIT}"
        raise ApiError(413, "RequestEntityTooLarge", text, {})
    return data


def decode(data: bytes, content_type: str) -> Any:
    """The body as plain data: JSON, YAML or protobuf. Raises 400 or 415."""
    kind = content_type.partition(";")[0].strip().lower()
    if kind == wire.CONTENT_TYPE or data.startswith(wire.MAGIC):
        return tidy(wire.decode(data))
    try:
        if kind in ("application/yaml", "application/apply-patch+yaml", "text/yaml"):
            return yaml.load(data, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 a safe loader
        if kind in ("", "application/json", "*/*") or kind.endswith("+json"):
            return msgspec.json.decode(data)
    except (msgspec.DecodeError, yaml.YAMLError, ValueError) as broken:
        raise bad_request(
            f"couldn't get version/kind; json parse error: {_go_error(data, broken)}"
        ) from broken
    allowed = "application/json, application/yaml, application/vnd.kubernetes.protobuf"
    text = f"the body of the request was in an unknown format - accepted media types include: {allowed}"
    raise ApiError(415, "UnsupportedMediaType", text, {})


def _go_error(data: bytes, broken: Exception) -> str:
    try:
        json.loads(data)
    except json.JSONDecodeError as error:
        if error.pos >= len(data.rstrip()):
            return "unexpected end of JSON input"
        char = data.decode(errors="replace")[error.pos]
        return f"invalid character '{char}' looking for beginning of value"
    except UnicodeDecodeError:
        return "invalid UTF-8"
    return str(broken)


# Fields that are plain numbers and booleans in Go: protobuf sends their zero, JSON leaves it out.
_PLAIN: Final = frozenset(
    words(
        "generation hostNetwork hostPID hostIPC stdin stdinOnce tty minReadySeconds paused hostPort readOnly nodePort "
        "initialDelaySeconds timeoutSeconds periodSeconds successThreshold failureThreshold publishNotReadyAddresses "
        "unschedulable observedGeneration subPath"
    )
)


def tidy(value: Any) -> Any:
    """Drop what protobuf sends and JSON would not: zeros of plain fields, null times."""
    if isinstance(value, list):
        return [tidy(item) for item in value]
    if isinstance(value, dict):
        return {
            key: tidy(item)
            for key, item in value.items()
            if item is not None and not (key in _PLAIN and item in (0, False))
        }
    return value


def flag(query: Any, name: str) -> bool:
    """A boolean query parameter."""
    return str(query.get(name, "")).lower() in ("true", "1")

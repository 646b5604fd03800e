"""Resource types as data: what a type is called, accepts and does, read from ``fixtures/arm/types.yaml``."""

import re
from functools import cache
from pathlib import Path
from typing import Any, Final

import msgspec
import yaml

FOLDER: Final = Path(__file__).parent.parent.parent / "fixtures" / "arm"

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Kind(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One type. Texts of refusals are the service's (see the file's header)."""

    type: str = ""
    spelled: str | None = None
    """The type as answers spell it, where that differs."""
    style: str = "sync"
    """``sync``; ``network``: 201/200 with an ``Azure-AsyncOperation`` and ``provisioningState`` Updating meanwhile;
    ``own``: a module of its own answers."""
    seconds: float = 2.0
    """Virtual seconds that a write takes (network style)."""
    delete_seconds: float = 10.0
    name: str | None = None
    """Regular expression of allowed names."""
    located: bool = True
    """Whether a location is required in the body."""
    tagged: bool = True
    etag: bool = False
    extension: bool = False
    """Hangs on any other resource or scope."""
    embeds: dict[str, str] = {}
    """Property that lists child resources -> the children's type."""
    references: dict[str, str] = {}
    """Path below ``properties`` of an id -> the type that it must be and exist."""
    defaults: dict[str, Any] = {}
    required: tuple[str, ...] = ()
    """Paths below ``properties`` that must be given."""
    shape: Any = {}
    """Of the body (``shapes``); the children that it embeds bring theirs."""
    parent: str | None = None

    @property
    def namespace(self) -> str:
        """The provider."""
        return self.type.partition("/")[0]

    def accepts(self, name: str) -> bool:
        """Whether a name is well-formed."""
        return self.name is None or re.fullmatch(self.name, name, re.UNICODE) is not None


@cache
def kinds() -> dict[str, Kind]:
    """All types by lower-case name."""
    data = yaml.load((FOLDER / "types.yaml").read_text(encoding="utf-8"), _Loader)  # noqa: S506 a safe loader
    table = {name: msgspec.convert({"type": name, **value}, Kind) for name, value in data.items()}
    for name, kind in list(table.items()):
        if "/" in name.partition("/")[2]:
            table[name] = msgspec.structs.replace(kind, parent=name.rpartition("/")[0])
    for name, kind in list(table.items()):
        table[name] = msgspec.structs.replace(kind, shape=_whole(table, kind))
    return {name.lower(): kind for name, kind in table.items()}


_HEAD: Final = {"location": "string", "tags": {"*": "any"}, "properties": {}}


def _whole(table: dict[str, Kind], kind: Kind) -> dict[str, Any]:
    """A type's shape with what every body has, and with the shapes of the children in it."""
    properties = dict(kind.shape.get("properties", {}))
    for field, child in kind.embeds.items():
        inner = table[child].shape.get("properties", {})
        properties[field] = [{"name": "string", "id": "string", "properties": inner}]
    return {**_HEAD, **kind.shape, "properties": properties}


@cache
def api_versions() -> dict[str, list[str]]:
    """Versions that a type accepts, newest first, by lower-case type."""
    data: dict[str, list[str]] = {}
    for namespace, types in msgspec.json.decode((FOLDER / "providers.json").read_bytes()).items():
        for name, versions in types.items():
            data[f"{namespace}/{name}".lower()] = versions
    return data


@cache
def fixture(name: str) -> Any:
    """A JSON fixture of ``fixtures/arm``."""
    return msgspec.json.decode((FOLDER / f"{name}.json").read_bytes())

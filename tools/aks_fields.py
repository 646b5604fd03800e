"""Writes ``byocni_tui/fixtures/arm/managed-cluster.json``: names and types of the fields of a managed cluster and of a
node pool, read from the models of azure-mgmt-containerservice. Run it with a newer package to follow the service.

A type is ``string``, ``int32``, ``bool``, ``float32``, ``any``, ``[]T``, ``map[string]T`` or the name of another entry.
"""

import datetime
import enum
import json
import sys
import types
import typing
from pathlib import Path
from typing import Any

import azure.mgmt.containerservice as package
from azure.mgmt.containerservice import models
from azure.mgmt.containerservice.models import _models

TARGET = Path(__file__).parent.parent / "byocni_tui" / "fixtures" / "arm" / "managed-cluster.json"
_TEXT = (str, bytes, datetime.datetime, datetime.date, datetime.time, datetime.timedelta)
_PLAIN = {int: "int32", bool: "bool", float: "float32", **dict.fromkeys(_TEXT, "string")}


def spelled(hint: Any, found: dict[str, dict[str, str]]) -> str:
    """The type of a field, and whatever it leads to in ``found``."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return spelled(next(one for one in arguments if one is not type(None)), found)
    if origin is list:
        return f"[]{spelled(arguments[0], found)}"
    if origin is dict:
        return f"map[string]{spelled(arguments[1], found)}"
    if hint in _PLAIN:
        return _PLAIN[hint]
    if isinstance(hint, type) and issubclass(hint, enum.Enum):
        return "string"
    if isinstance(hint, type) and hasattr(hint, "_deserialize"):
        collect(hint, found)
        return str(hint.__name__)
    return "any"


def collect(model: Any, found: dict[str, dict[str, str]]) -> None:
    """A model's fields by their names on the wire."""
    if model.__name__ in found:
        return
    fields: dict[str, str] = {}
    found[model.__name__] = fields
    model({})  # the class fills its table of fields when first used
    space = {**vars(typing), **vars(_models), "_models": models, "_enums": models, "datetime": datetime}
    hints: dict[str, Any] = {}
    for base in reversed(model.__mro__):
        for name, hint in vars(base).get("__annotations__", {}).items():
            hints[name] = eval(hint, space) if isinstance(hint, str) else hint
    for name, field in model._attr_to_rest_field.items():
        fields[field._rest_name] = spelled(_resolved(hints.get(name, Any), space), found)


def _resolved(hint: Any, space: dict[str, Any]) -> Any:
    """Forward references within a hint, looked up."""
    return typing.get_type_hints(types.SimpleNamespace(__annotations__={"x": hint}), space)["x"]


def main() -> int:
    """Write the fixture."""
    found: dict[str, dict[str, str]] = {}
    collect(models.ManagedCluster, found)
    collect(models.AgentPool, found)
    origin = f"azure-mgmt-containerservice {package.__version__}, its models"
    data = {"origin": origin, "types": dict(sorted(found.items()))}
    TARGET.write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""The shape of what AKS is sent: fields it doesn't know and values of another type are refused, as its decoder would.

Field names and types: ``fixtures/arm/managed-cluster.json``. The code ``UnmarshalError`` and the beginning of its text
are the service's (public reports); what follows is the wording of Go's JSON decoder. Unknown fields are ignored before
api-version 2024-01-01, as they were.
"""

from typing import Any, Final

from byocni_tui.sandbox.arm.errors import ArmError, aks
from byocni_tui.sandbox.arm.kind import fixture

_STRICT_SINCE: Final = "2024-01-01"
_PREVIEW: Final = {
    "ContainerServiceNetworkProfile": {
        "kubeProxyConfig": "KubeProxyConfig",
        "podLinkLocalAccess": "string",
    },
    "KubeProxyConfig": {"enabled": "bool", "mode": "string", "ipvsConfig": "any"},
    "ManagedClusterAgentPoolProfile": {"nodeInitializationTaints": "[]string"},
    "AgentPoolManagedClusterAgentPoolProfileProperties": {"nodeInitializationTaints": "[]string"},
}
"""Fields of preview versions that clusters without a plugin of AKS meet."""

_GO: Final = {str: "string", bool: "bool", int: "number", float: "number", list: "array", dict: "object"}


def check(body: dict[str, Any], model: str, api_version: str) -> None:
    """Raise 400 ``UnmarshalError`` for the first thing that doesn't fit ``model``."""
    _Shape(api_version).object(body, model, "")


class _Shape:
    def __init__(self, api_version: str) -> None:
        self.strict = api_version >= _STRICT_SINCE
        self.preview = api_version.endswith("-preview")
        self.types: dict[str, dict[str, str]] = fixture("managed-cluster")["types"]

    def fields(self, model: str) -> dict[str, str]:
        known = self.types.get(model, {})
        return {**known, **_PREVIEW.get(model, {})} if self.preview else known

    def object(self, value: dict[str, Any], model: str, path: str) -> None:
        known = {name.lower(): (name, kind) for name, kind in self.fields(model).items()}
        for name, inner in value.items():
            found = known.get(name.lower())
            if found is None:
                if self.strict:
                    raise _refusal(f'json: unknown field "{name}"')
            elif inner is not None:
                where = f"{path}.{found[0]}" if path else found[0]
                self.value(inner, found[1], where, model)

    def value(self, value: Any, kind: str, path: str, model: str) -> None:
        if kind == "any" or value is None:
            return
        if kind.startswith("[]"):
            self._is(value, list, kind, path, model)
            for one in value:
                self.value(one, kind[2:], path, model)
        elif kind.startswith("map[string]"):
            self._is(value, dict, kind, path, model)
            for one in value.values():
                self.value(one, kind.removeprefix("map[string]"), path, model)
        elif kind == "string":
            self._is(value, str, kind, path, model)
        elif kind == "bool":
            self._is(value, bool, kind, path, model)
        elif kind == "int32":
            if isinstance(value, bool) or not isinstance(value, int) or not -(2**31) <= value < 2**31:
                shown = (
                    f"number {value}"
                    if isinstance(value, int | float) and not isinstance(value, bool)
                    else None
                )
                raise _refusal(_cannot(value, kind, path, model, shown))
        elif kind == "float32":
            if isinstance(value, bool) or not isinstance(value, int | float):
                raise _refusal(_cannot(value, kind, path, model))
        else:
            self._is(value, dict, f"v.{kind}", path, model)
            self.object(value, kind, path)

    def _is(self, value: Any, wanted: type, kind: str, path: str, model: str) -> None:
        if not isinstance(value, wanted):
            raise _refusal(_cannot(value, kind, path, model))


def _cannot(value: Any, kind: str, path: str, model: str, shown: str | None = None) -> str:
    told = shown or _GO.get(type(value), "object")
    return f"json: cannot unmarshal {told} into Go struct field {model}.{path} of type {kind}"


def _refusal(text: str) -> ArmError:
    return aks("UnmarshalError", f"UnmarshalEntity encountered error: {text}.")

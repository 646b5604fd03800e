"""What printers share: reaching into objects, selectors and containers as text."""

from collections.abc import Callable
from typing import Any, Final

Object = dict[str, Any]
Age = Callable[[Any], str]
Printer = Callable[[Object, Age], list[Any]]
NONE: Final = "<none>"


def get(obj: Any, path: str, default: Any = None) -> Any:
    for part in path.split("."):
        if not isinstance(obj, dict):
            return default
        obj = obj.get(part)
    return default if obj is None else obj


def age_of(obj: Object, age: Age) -> str:
    return age(obj["metadata"].get("creationTimestamp"))


def name_of(obj: Object) -> str:
    return str(obj["metadata"].get("name", ""))


def label_text(labels: Any) -> str:
    """``a=1,b=2`` in the order of the keys, or ``<none>``."""
    return ",".join(f"{k}={v}" for k, v in sorted((labels or {}).items())) or NONE


def selector_text(selector: Any) -> str:
    """A LabelSelector as text."""
    if not selector:
        return NONE
    parts = [f"{k}={v}" for k, v in sorted((selector.get("matchLabels") or {}).items())]
    for expression in selector.get("matchExpressions") or ():
        key, operator, values = (
            expression["key"],
            expression["operator"],
            ",".join(expression.get("values") or ()),
        )
        words = {"In": f"{key} in ({values})", "NotIn": f"{key} notin ({values})", "Exists": key}
        parts.append(words.get(operator, f"!{key}"))
    return ",".join(parts) or NONE


def containers(template: Any) -> list[Any]:
    found = get(template, "spec.containers", [])
    return [",".join(c["name"] for c in found), ",".join(c.get("image", "") for c in found)]

"""A field's value as a person types it on one line, and back: for the widget and the line-mode question;
files have their own, richer syntax."""

from typing import Any, Final

from byocni_tui.plan.model import Autoscale, KnownRange, Plan
from byocni_tui.plan.path import get, shape_at
from byocni_tui.plan.shape import Shape

YES: Final = "yes"
NO: Final = "no"
_TURNING: Final = frozenset("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


class Unreadable(ValueError):  # noqa: N818 what was typed, not a failure
    """The text can't be a value of this field; ``args[0]`` names the text of ``wizard.unreadable`` that says why."""


def clean(text: str) -> str:
    """Without what can't be meant: control characters, and marks that turn the direction of the line."""
    return "".join(c for c in text if c.isprintable() and c not in _TURNING)


def to_text(value: Any) -> str:
    """One line for what stands in the plan."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return YES if value else NO
    if isinstance(value, Autoscale):
        return f"{value.min}-{value.max}"
    if isinstance(value, KnownRange):
        return f"{value.range} {value.what}".strip()
    if isinstance(value, dict):
        if all(isinstance(item, str) for item in value.values()):
            return ", ".join(f"{key}={item}" for key, item in value.items())
        import msgspec

        return msgspec.json.encode(value).decode()
    if isinstance(value, (tuple, list)):
        return ", ".join(to_text(item) for item in value)
    return str(value)


def from_text(path: str, text: str) -> Any:
    """What ``text`` means at ``path``; raises Unreadable. Empty text is null where the field may be null."""
    text = clean(text).strip()
    if path.endswith(".autoscale"):
        return _autoscale(text)
    return _value(shape_at(path), text)


def _autoscale(text: str) -> Autoscale | None:
    if not text:
        return None
    low, dash, high = text.partition("-")
    if not dash or not low.strip().isdigit() or not high.strip().isdigit():
        raise Unreadable("autoscale")
    return Autoscale(min=int(low), max=int(high))


def _value(shape: Shape, text: str) -> Any:
    if not text and shape.nullable:
        return None
    if shape.kind == "switch":
        return text == YES
    if shape.kind in ("number", "number_or_text"):
        return _number(shape, text)
    if shape.kind == "list" and shape.item is not None:
        parts = [part.strip() for part in text.split(",") if part.strip()]
        if shape.item.model is KnownRange:
            return [KnownRange(range=p.partition(" ")[0], what=p.partition(" ")[2].strip()) for p in parts]
        return [_value(shape.item, part) for part in parts]
    if shape.kind == "map":
        return _map(shape, text)
    return text


def _number(shape: Shape, text: str) -> int | str:
    digits = text.removeprefix("-")
    if digits.isascii() and digits.isdigit() and len(digits) < 10:
        return int(text)
    if shape.kind == "number_or_text":
        return text
    raise Unreadable("number")


def _map(shape: Shape, text: str) -> dict[str, Any]:
    if not text:
        return {}
    if shape.item is not None and shape.item.kind == "any":
        import yaml

        try:
            value = yaml.safe_load(text)
        except yaml.YAMLError:
            raise Unreadable("yaml") from None
        if not isinstance(value, dict):
            raise Unreadable("yaml")
        return value
    found: dict[str, Any] = {}
    for part in text.split(","):
        key, equals, value = part.partition("=")
        if not equals or not key.strip():
            raise Unreadable("pairs")
        found[key.strip()] = value.strip()
    return found


def shown(plan: Plan, path: str) -> str:
    """The text of the field at ``path`` of ``plan``."""
    return to_text(get(plan, path))

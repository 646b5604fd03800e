"""The conditions and templates of the data files: no expression language, only comparison and replacement."""

import re
from collections.abc import Mapping
from typing import Any, Final

from byocni_tui.cni.catalogue import version_key

ABSENT: Final = object()
"""What a template gives when one of its facts is not known."""

_COMPARISON: Final = re.compile(r"(>=|<=|>|<)\s*(\d.*)")
_NAME: Final = re.compile(r"\$(?:\{(\w+)\}|(\w+))")


def holds(when: Mapping[str, Any], facts: Mapping[str, Any]) -> bool:
    """Whether all conditions hold."""
    return all(_one(wanted, facts.get(name)) for name, wanted in when.items())


def _one(wanted: Any, actual: Any) -> bool:
    if isinstance(wanted, bool):
        return bool(actual) is wanted
    if isinstance(wanted, list):
        return any(_one(item, actual) for item in wanted)
    if isinstance(wanted, str) and (match := _COMPARISON.fullmatch(wanted)):
        if actual is None:
            return False
        left, right = version_key(str(actual)), version_key(match[2])
        return {">=": left >= right, "<=": left <= right, ">": left > right, "<": left < right}[match[1]]
    return bool(wanted == actual)


def fill(template: Any, facts: Mapping[str, Any]) -> Any:
    """A template with facts in place of ``$name``: a text that is nothing but ``$name`` takes the fact's type. Leaves
    whose fact is None, and lists and maps that are empty because of that, become ``ABSENT``."""
    if isinstance(template, dict):
        filled = {key: value for key, item in template.items() if (value := fill(item, facts)) is not ABSENT}
        return filled if filled or not template else ABSENT
    if isinstance(template, list):
        items = [value for item in template if (value := fill(item, facts)) is not ABSENT]
        return items if items or not template else ABSENT
    if not isinstance(template, str) or "$" not in template:
        return template
    whole = _NAME.fullmatch(template)
    if whole:
        value = facts[whole[1] or whole[2]]
        return ABSENT if value is None else value
    names = [match[1] or match[2] for match in _NAME.finditer(template)]
    if any(facts[name] is None for name in names):
        return ABSENT
    return _NAME.sub(lambda match: str(facts[match[1] or match[2]]), template)

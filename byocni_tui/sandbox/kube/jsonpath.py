"""The part of JSONPath that CRDs use in printer columns and scale paths."""

import re
from functools import cache
from typing import Any, Final

_STEP: Final = re.compile(
    r"\.([A-Za-z0-9_\-/]+(?:\\\.[A-Za-z0-9_\-/]+)*)|\[['\"]([^'\"]+)['\"]\]|\[(\d+|\*)\]"
    r"|\[\?\(\s*@\.([\w.\-]+)\s*==\s*['\"]([^'\"]*)['\"]\s*\)\]|(\.\*)"
)


@cache
def _steps(path: str) -> tuple[tuple[str, ...], ...]:
    out: list[tuple[str, ...]] = []
    at = 0
    text = path.strip("{}")
    while at < len(text):
        found = _STEP.match(text, at)
        if found is None:
            return ()
        name, quoted, index, key, value, every = found.groups()
        if name or quoted:
            out.append(("field", (name or quoted).replace("\\.", ".")))
        elif index:
            out.append(("index", index))
        elif key:
            out.append(("where", key, value))
        elif every:
            out.append(("index", "*"))
        at = found.end()
    return tuple(out)


def find(obj: Any, path: str) -> list[Any]:
    """All values at a path (``.status.conditions[?(@.type=="Ready")].status``); none when it leads nowhere."""
    values = [obj]
    for step in _steps(path):
        below: list[Any] = []
        for value in values:
            if step[0] == "field" and isinstance(value, dict) and value.get(step[1]) is not None:
                below.append(value[step[1]])
            elif step[0] == "index" and isinstance(value, list):
                if step[1] == "*":
                    below.extend(value)
                elif int(step[1]) < len(value):
                    below.append(value[int(step[1])])
            elif step[0] == "where" and isinstance(value, list):
                below.extend(item for item in value if find(item, "." + step[1]) == [step[2]])
        values = below
    return values

"""Every field that an answers file can hold, once: found in the models, where it is declared.

Texts stand in ``locale`` under ``fields.<path without []>.{label,help,why}``: a short name, what the field means, and
why its default is what it is.
"""

from functools import cache
from typing import Any, Final, NamedTuple

import msgspec

from byocni_tui.plan.model import Plan
from byocni_tui.plan.shape import Kind, Shape, members


class Field(NamedTuple):
    """``path`` is a pattern: ``network.pod_cidr``, ``node_pools[].name``. ``default`` is the model's, None where a
    value has to be given. ``item`` is the kind of a list's or map's items."""

    path: str
    kind: Kind
    default: Any
    nullable: bool = False
    az_flag: str | None = None
    sensitive: bool = False
    choices: tuple[str, ...] = ()
    strict: bool = False
    item: Kind | None = None

    @property
    def text_key(self) -> str:
        """Where the texts stand in ``locale``."""
        return "fields." + self.path.replace("[]", "")


def declare(model: type[msgspec.Struct], prefix: str = "") -> tuple[Field, ...]:
    """The fields of ``model`` and of what it holds, in the order of the file."""
    found: list[Field] = []
    for name, (shape, default) in members(model).items():
        path = f"{prefix}{name}"
        found.extend(_declare_one(path, shape, None if default is msgspec.NODEFAULT else default))
    return tuple(found)


def _declare_one(path: str, shape: Shape, default: Any) -> tuple[Field, ...]:
    if shape.kind == "struct" and shape.model is not None:
        return declare(shape.model, f"{path}.")
    if shape.kind == "list" and shape.item is not None and shape.item.model is not None:
        return declare(shape.item.model, f"{path}[].")
    about = shape.about
    item = shape.item.kind if shape.item else None
    return (
        Field(
            path,
            shape.kind,
            default,
            shape.nullable,
            about.az,
            about.sensitive,
            about.choices,
            about.strict,
            item,
        ),
    )


FIELDS: Final[tuple[Field, ...]] = declare(Plan)


@cache
def _by_path() -> dict[str, Field]:
    return {field.path: field for field in FIELDS}


def field(path: str) -> Field | None:
    """The field that ``path`` (``node_pools[0].name``, ``network.vnet.ranges[0]``) belongs to, or None."""
    from byocni_tui.plan.path import PathError, pattern

    try:
        wanted = pattern(path)
    except PathError:
        return None
    known = _by_path()
    while wanted:
        if wanted in known:
            return known[wanted]
        wanted = wanted[:-2] if wanted.endswith("[]") else wanted.rpartition(".")[0]
    return None

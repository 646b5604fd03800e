"""What a field can hold, taken from the models' own annotations: the reader, the paths, the schema and the writer all
ask here, so a field that is added to a model is known to all of them."""

import types
from functools import cache
from typing import Annotated, Any, Literal, NamedTuple, Union, get_args, get_origin

import msgspec

from byocni_tui.plan.model import About

Kind = Literal["text", "number", "switch", "number_or_text", "any", "struct", "list", "map"]


class Shape(NamedTuple):
    """``item`` is the shape of a list's or a map's items, ``model`` the struct's class."""

    kind: Kind
    nullable: bool = False
    item: "Shape | None" = None
    model: type[msgspec.Struct] | None = None
    about: About = About()


_SCALARS: dict[Any, Kind] = {str: "text", int: "number", bool: "switch", Any: "any"}


def shape_of(annotation: Any) -> Shape:
    """The shape of one annotation of a model."""
    about = About()
    if get_origin(annotation) is Annotated:
        annotation, *notes = get_args(annotation)
        about = next((note for note in notes if isinstance(note, About)), about)
    nullable = False
    if get_origin(annotation) in (types.UnionType, Union):
        members = [member for member in get_args(annotation) if member is not type(None)]
        nullable = len(members) < len(get_args(annotation))
        if set(members) == {int, str}:
            return Shape("number_or_text", nullable, about=about)
        (annotation,) = members
    if annotation in _SCALARS:
        return Shape(_SCALARS[annotation], nullable, about=about)
    if get_origin(annotation) is tuple:
        return Shape("list", nullable, shape_of(get_args(annotation)[0]), about=about)
    if get_origin(annotation) is dict:
        return Shape("map", nullable, shape_of(get_args(annotation)[1]), about=about)
    if isinstance(annotation, type) and issubclass(annotation, msgspec.Struct):
        return Shape("struct", nullable, model=annotation, about=about)
    raise TypeError(annotation)


@cache
def members(model: type[msgspec.Struct]) -> dict[str, tuple[Shape, Any]]:
    """Key -> shape and default (``msgspec.NODEFAULT`` where one must be given), in the order of declaration."""
    found: dict[str, tuple[Shape, Any]] = {}
    for info in msgspec.structs.fields(model):
        default = info.default_factory() if callable(info.default_factory) else info.default
        found[info.name] = (shape_of(info.type), default)
    return found

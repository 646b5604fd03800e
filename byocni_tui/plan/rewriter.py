"""Changes values in an answers file and leaves the rest as it is: comments, order and quotes of the user's own."""

import io
import re
from collections.abc import Sequence
from typing import Any, Final

import msgspec

from byocni_tui.plan import reader
from byocni_tui.plan.model import Plan
from byocni_tui.plan.path import get, parse

_INDENTED: Final = re.compile(
    r"^[^\s#][^\n]*:[ \t]*(?:#[^\n]*)?\n(?:[ \t]*(?:#[^\n]*)?\n)*  +- ", re.MULTILINE
)
"""A list that is indented below its key, as ``writer`` does it: ruamel has to be told, or it moves every list."""


def rewrite(text: str, plan: Plan, assignments: Sequence[str], where: str) -> str:
    """``text`` with the places of ``assignments`` (``path=value``) as ``plan`` has them. The result reads back as
    ``plan``, or the file is written anew without its comments rather than wrongly."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    yaml = YAML()
    yaml.Representer = _representer()
    yaml.preserve_quotes = True
    yaml.width = 4096
    if _INDENTED.search(text):
        yaml.indent(mapping=2, sequence=4, offset=2)
    yaml.allow_duplicate_keys = False
    try:
        document = yaml.load(text)
        for assignment in assignments:
            path = assignment.partition("=")[0].strip()
            _put(document, path, get(plan, path))
        out = io.StringIO()
        yaml.dump(document, out)
        result = out.getvalue()
        if reader.load(result, where) == plan:
            return result
    except (YAMLError, TypeError, KeyError, IndexError, AttributeError, ValueError):
        # What only ruamel can't do with a file that reader accepts (a section that is null, exotic tags) falls
        # through to a file written anew: the values are never lost.
        pass
    from byocni_tui.locale import Translator
    from byocni_tui.plan import writer

    return writer.dump(plan, Translator())


def _representer() -> Any:
    """ruamel's own writes null as nothing at all, which reads like something forgotten."""
    from ruamel.yaml.representer import RoundTripRepresenter

    class Representer(RoundTripRepresenter):
        pass

    def null(representer: Any, _: None) -> Any:
        return representer.represent_scalar("tag:yaml.org,2002:null", "null")

    Representer.add_representer(type(None), null)
    return Representer


def _put(document: Any, path: str, value: Any) -> None:
    *before, last = parse(path)
    node = document
    for index, step in enumerate(before):
        if isinstance(step, str) and node.get(step) is None:
            # A section that the file left out, or null: it begins here.
            node[step] = [] if isinstance((*before, last)[index + 1], int) else {}
        elif isinstance(step, int) and step == len(node):
            node.append({})
        node = node[step]
    plain = _quoted(msgspec.to_builtins(value))
    if isinstance(last, int) and last == len(node):
        node.append(plain)
    else:
        node[last] = plain


def _quoted(value: Any) -> Any:
    """Text that another YAML reader would take for something else gets quotes."""
    from ruamel.yaml.scalarstring import DoubleQuotedScalarString

    from byocni_tui.plan.writer import scalar

    if isinstance(value, str):
        return DoubleQuotedScalarString(value) if scalar(value).startswith('"') else value
    if isinstance(value, (list, tuple)):
        return [_quoted(item) for item in value]
    if isinstance(value, dict):
        return {key: _quoted(item) for key, item in value.items()}
    return value

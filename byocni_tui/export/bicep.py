"""The plan as a Bicep file for a deployment into the cluster's resource group."""

import re
from typing import Any, Final

from byocni_tui.export.arm import SCHEMA, nested_name
from byocni_tui.export.header import header, next_steps
from byocni_tui.export.pieces import DEPLOYMENT_API, SUBNET, Call, Param, Resource
from byocni_tui.export.resources import build
from byocni_tui.export.shell import clean
from byocni_tui.locale import Translator
from byocni_tui.plan.model import Plan

_PLAIN: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_ESCAPES: Final = {"\\": "\\\\", "'": "\\'", "\n": "\\n", "\r": "\\r", "\t": "\\t", "$": "\\$"}


def render(plan: Plan, tr: Translator | None = None) -> str:
    """``main.bicep``: deterministic, every resource with the reason why it is there."""
    tr = tr or Translator()
    template = build(plan)
    lines = [*_comment(header(plan, tr)), *_comment("\n".join(next_steps(plan, tr, "main.bicep")))]
    lines += ["", "targetScope = 'resourceGroup'", ""]
    for param in template.params:
        lines += [f"@description({_string(tr('export.param', field=param.field))})"]
        lines += [f"param {param.name} string", ""]
    for item in template.resources:
        lines += _comment(tr(f"export.why.{item.key}"))
        lines += _resource(item)
        lines.append("")
        if item.symbol == "vnet":
            lines += _subnet_of(item)
    return "\n".join(lines).rstrip() + "\n"


def _comment(text: str) -> list[str]:
    return [f"// {line}".rstrip() for line in clean(text).splitlines()]


def _subnet_of(vnet: Resource) -> list[str]:
    """The subnet was made with its network; this is its name in the rest of the file."""
    name = _inline(vnet.body["properties"]["subnets"][0]["name"])
    head = f"resource subnet {_string(f'{SUBNET}@{vnet.api}')} existing = {{"
    return [head, "  parent: vnet", f"  name: {name}", "}", ""]


def _resource(item: Resource) -> list[str]:
    depends = {"dependsOn": [Symbol(symbol) for symbol in item.depends]} if item.depends else {}
    name: Any = item.name[0] if len(item.name) == 1 else Joined(item.name)
    if item.target is None:
        scope = {"scope": Symbol(item.scope_symbol)} if item.scope_symbol else {}
        body = {"name": name, **scope, **item.body, **depends}
        return [f"resource {item.symbol} {_string(f'{item.type}@{item.api}')} = {_block(body, '')}"]
    subscription, group = item.target
    inner = {
        "type": item.type,
        "apiVersion": item.api,
        "name": name,
        **({"scope": item.scope} if item.scope is not None else {}),
        **item.body,
    }
    template = {"$schema": SCHEMA, "contentVersion": "1.0.0.0", "resources": [inner]}
    body = {
        "name": nested_name(item),
        "subscriptionId": subscription,
        "resourceGroup": group,
        "properties": {"mode": "Incremental", "template": template},
        **depends,
    }
    return [
        # A module would need a second file; the linter's advice is for hand-written ones.
        "#disable-next-line no-deployments-resources",
        f"resource {item.symbol} 'Microsoft.Resources/deployments@{DEPLOYMENT_API}' = {_block(body, '')}",
    ]


class Symbol(str):
    """The name of a resource of this file."""

    __slots__ = ()


class Joined(tuple[Any, ...]):
    """Parts of a name with slashes between them."""

    __slots__ = ()


def _string(text: str) -> str:
    quoted = "".join(_ESCAPES.get(char, char) for char in clean(text))
    return "'" + re.sub(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]", lambda m: f"\\u{{{ord(m[0]):x}}}", quoted) + "'"


def _inline(value: Any) -> str:
    if isinstance(value, Symbol):
        return str(value)
    if isinstance(value, Param):
        return value.name
    if isinstance(value, Joined):
        parts = [f"${{{part.name}}}" if isinstance(part, Param) else _string(part)[1:-1] for part in value]
        return "'" + "/".join(parts) + "'"
    if isinstance(value, Call) and value.bicep is not None:
        return value.bicep
    if isinstance(value, Call):
        args = ", ".join(_inline(arg) for arg in value.args)
        return f"{value.name}({args})" + "".join(f".{part}" for part in value.path)
    if isinstance(value, bool):
        return "true" if value else "false"
    return _string(value) if isinstance(value, str) else str(value)


def _key(key: Any) -> str:
    if isinstance(key, Call | Param):
        return f"'${{{_inline(key)}}}'"
    return key if _PLAIN.fullmatch(key) else _string(key)


def _block(value: Any, indent: str) -> str:
    """Objects and lists over several lines; everything else in one."""
    deeper = indent + "  "
    if isinstance(value, dict):
        if not value:
            return "{}"
        rows = [f"{deeper}{_key(key)}: {_block(item, deeper)}" for key, item in value.items()]
        return "\n".join(("{", *rows, f"{indent}}}"))
    if isinstance(value, list):
        if not value:
            return "[]"
        return "\n".join(("[", *(f"{deeper}{_block(item, deeper)}" for item in value), f"{indent}]"))
    return _inline(value)

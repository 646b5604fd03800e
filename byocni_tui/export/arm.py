"""The plan as an ARM template (JSON) for a deployment into the cluster's resource group."""

import json
from typing import Any

from byocni_tui.export.header import header, next_steps
from byocni_tui.export.pieces import DEPLOYMENT_API, Call, Param, Resource, Template
from byocni_tui.export.resources import build
from byocni_tui.export.shell import clean
from byocni_tui.locale import Translator
from byocni_tui.plan.model import Plan

SCHEMA = "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#"
NESTED_API = DEPLOYMENT_API


def render(plan: Plan, tr: Translator | None = None) -> str:
    """``azuredeploy.json``: plain JSON; reasons stand in ``comments`` and ``metadata``, which ARM ignores."""
    tr = tr or Translator()
    template = build(plan)
    by_symbol = {item.symbol: item for item in template.resources}
    document = {
        "$schema": SCHEMA,
        "contentVersion": "1.0.0.0",
        "metadata": {
            "description": clean(header(plan, tr)),
            "comments": [clean(line) for line in next_steps(plan, tr, "azuredeploy.json")],
        },
        "parameters": _parameters(template, tr),
        "resources": [_resource(item, by_symbol, tr) for item in template.resources],
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _parameters(template: Template, tr: Translator) -> dict[str, Any]:
    return {
        param.name: {"type": "string", "metadata": {"description": tr("export.param", field=param.field)}}
        for param in template.params
    }


def _resource(item: Resource, by_symbol: dict[str, Resource], tr: Translator) -> dict[str, Any]:
    depends = [_text(_id_of(by_symbol[symbol])) for symbol in item.depends]
    comments = tr(f"export.why.{item.key}")
    inner: dict[str, Any] = {
        "type": item.type,
        "apiVersion": _text(item.api),
        "name": _text(_name(item)),
        "comments": comments,
        **({"scope": _text(item.scope)} if item.scope is not None else {}),
        **({"dependsOn": depends} if depends and item.target is None else {}),
        **{key: _value(value) for key, value in item.body.items()},
    }
    if item.target is None:
        return inner
    subscription, group = item.target
    del inner["comments"]
    return {
        "type": "Microsoft.Resources/deployments",
        "apiVersion": NESTED_API,
        "name": nested_name(item),
        "comments": comments,
        "subscriptionId": _text(subscription),
        "resourceGroup": _text(group),
        **({"dependsOn": depends} if depends else {}),
        "properties": {
            "mode": "Incremental",
            "template": {"$schema": SCHEMA, "contentVersion": "1.0.0.0", "resources": [inner]},
        },
    }


def nested_name(item: Resource) -> str:
    """The name of the nested deployment that makes ``item`` in another group."""
    return f"byocni-{item.symbol.lower()}"


def _name(item: Resource) -> Any:
    if len(item.name) == 1:
        return item.name[0]
    if all(isinstance(part, str) for part in item.name):
        return "/".join(item.name)
    return Call("format", ("/".join(f"{{{index}}}" for index in range(len(item.name))), *item.name))


def _id_of(item: Resource) -> Any:
    if item.target is not None:
        return Call("resourceId", ("Microsoft.Resources/deployments", nested_name(item)))
    if item.scope is not None:
        return Call("extensionResourceId", (item.scope, item.type, *item.name))
    return Call("resourceId", (item.type, *item.name))


def _value(value: Any) -> Any:
    if isinstance(value, dict):
        return {_text(key): _value(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_value(item) for item in value]
    return _text(value) if isinstance(value, str | Call | Param) else value


def _text(value: Any) -> str:
    """A JSON text: an expression in brackets, or a literal whose leading bracket is doubled."""
    if isinstance(value, Call | Param):
        return f"[{_expression(value)}]"
    literal = clean(value)
    return f"[{literal}" if literal.startswith("[") else literal


def _expression(value: Any) -> str:
    if isinstance(value, Param):
        return f"parameters('{value.name}')"
    if isinstance(value, Call):
        args = ", ".join(_expression(arg) for arg in value.args)
        return f"{value.name}({args})" + "".join(f".{part}" for part in value.path)
    return "'" + clean(value).replace("'", "''") + "'"

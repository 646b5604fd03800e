"""What templates are made of: their shape, the order of their resources, and functions that ask a resource."""

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from byocni_tui.sandbox.arm import ids
from byocni_tui.sandbox.arm.call import Call, Caller
from byocni_tui.sandbox.arm.errors import not_in_sandbox
from byocni_tui.sandbox.arm.expressions import invalid

if TYPE_CHECKING:
    from byocni_tui.sandbox.arm.template import Template

_VALUE: dict[str, Any] = {"type": "string", "metadata": {}}
RESOURCE: dict[str, Any] = {
    "type": "string", "name": "string", "apiVersion": "string", "scope": "string", "dependsOn": ["string"],
    "resourceGroup": "string", "subscriptionId": "string", "comments": "string",
}  # fmt: skip
RESOURCE["resources"] = [RESOURCE]
SHAPE: dict[str, Any] = {
    "$schema": "string",
    "contentVersion": "string",
    "parameters": {
        "*": {**_VALUE, "allowedValues": ["any"], "minLength": "integer", "maxLength": "integer",
              "minValue": "integer", "maxValue": "integer"}
    },
    "variables": {"*": "any"},
    "outputs": {"*": _VALUE},
}  # fmt: skip
"""What a template is made of; values may be expressions nearly everywhere."""


class Unknown(Exception):  # noqa: N818 no error: a value that only the deployment itself can know
    """A value that can't be known before deploying."""


def listed(template: "Template", name: str, arguments: list[Any]) -> Any:
    """``list*``: the action of that name on a resource, as far as the sandbox has it."""
    wanted = str(arguments[0])
    record = template.arm.get(wanted if wanted.startswith("/") else template.by_name(wanted))
    if record is None:
        if not template.known:
            raise Unknown
        raise invalid(f"The resource '{wanted}' of the template function '{name}' is not defined")
    handler = template.arm.handler(record["type"])
    if handler is None or not template.known:
        raise Unknown if not template.known else not_in_sandbox(f"the template function '{name}'")
    caller = template.arm.data["caller"]
    raw = quote(f"{record['id']}/{name}")
    call = Call(
        method="POST", path=ids.as_action(ids.split(raw)), raw_path=raw, headers={}, body=None,
        query={"api-version": str(arguments[1]) if len(arguments) > 1 else ""}, base=template.arm.world.https_base,
        caller=Caller(object_id=caller["object_id"], client_id=caller["client_id"],
                      tenant=template.arm.data["tenant"]["id"]),
    )  # fmt: skip
    return handler.action(call, record, name).body


def ordered(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Resources after those they depend on. Raises for a circle."""
    by_name: dict[str, list[dict[str, Any]]] = {}
    for one in found:
        for key in {one["name"].lower(), ids.key(one["id"]), one["symbol"].lower(), one["loop"],
                    one["name"].split("/")[-1].lower(), f"{one['type']}/{one['name']}".lower()} - {""}:  # fmt: skip
            by_name.setdefault(key, []).append(one)
    lined: list[dict[str, Any]] = []
    state: dict[str, int] = {}

    def visit(one: dict[str, Any]) -> None:
        key = ids.key(one["id"])
        if state.get(key) == 2:
            return
        if state.get(key) == 1:
            raise invalid(
                f"Circular dependency detected on resource: '{one['id']}'. Please see "
                "https://aka.ms/arm-syntax-resources for "
                "usage details."
            )
        state[key] = 1
        for wanted in one["dependsOn"]:
            for other in by_name.get(ids.key(wanted), []) or by_name.get(wanted.lower(), []):
                visit(other)
        state[key] = 2
        lined.append(one)

    for one in found:
        visit(one)
    return lined

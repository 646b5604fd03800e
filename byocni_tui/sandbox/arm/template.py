"""An ARM template in a scope: parameters judged, variables, loops and conditions worked out, resources in order."""

import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from byocni_tui.sandbox.arm.call import copied
from byocni_tui.sandbox.arm.errors import ArmError, not_in_sandbox
from byocni_tui.sandbox.arm.expressions import invalid, is_expression, parse, run
from byocni_tui.sandbox.arm.shapes import misfit
from byocni_tui.sandbox.arm.template_parts import RESOURCE, SHAPE, Unknown, listed, ordered

if TYPE_CHECKING:
    from byocni_tui.sandbox.arm.cloud import Arm

_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,), "securestring": (str,), "int": (int,), "bool": (bool,), "object": (dict,),
    "secureobject": (dict,), "array": (list,),
}  # fmt: skip
_MOST_COPIES = 800
_NOT_COPIED = ("dependsOn", "copy", "condition", "comments", "apiVersion", "type", "name", "scope", "resources",
               "resourceGroup", "subscriptionId", "existing", "metadata")  # fmt: skip


class Template:
    """``scope_id`` is the group's or subscription's id; ``given`` the parameters as ``{"name": {"value": …}}``."""

    def __init__(
        self,
        arm: "Arm",
        template: Any,
        given: dict[str, Any],
        scope_id: str,
        name: str,
        *,
        known: bool = True,
        location: str | None = None,
    ) -> None:
        self.arm = arm
        self.scope_id = scope_id
        self.name = name
        self.known = known
        """Whether ``reference`` may look at what exists (else it is preflight, and the unknown stays unknown)."""
        self.location = location
        """Of a deployment at subscription scope."""
        if not isinstance(template, dict):
            raise invalid("The template is missing")
        wrong = misfit(template, SHAPE)
        if wrong is not None:
            raise invalid(f"Error converting value to type '{wrong[1]}'. Path '{wrong[0]}'")
        self.template = template
        for field in ("$schema", "contentVersion", "resources"):
            if field not in template:
                raise invalid(
                    f"Required property '{field}' not found in JSON. Path '', line 1, position 1"
                    if field != "resources"
                    else "The template property 'resources' is required"
                )
        self._copy: list[tuple[str, int]] = []
        self._variables: dict[str, Any] = {}
        self._pending: set[str] = set()
        self.parameters = self._judged(given)

    # -- values ------------------------------------------------------------------------------------------------------

    def _judged(self, given: dict[str, Any]) -> dict[str, Any]:
        declared: dict[str, Any] = self.template.get("parameters") or {}
        lower = {name.lower(): name for name in declared}
        unknown = [name for name in given if name.lower() not in lower]
        if unknown:
            raise invalid(
                f"The template parameters '{', '.join(unknown)}' in the parameters file are not valid; they "
                "are not present "
                "in the original template and can therefore not be provided at deployment time. The only supported "
                f"parameters for this template are '{', '.join(declared)}'. Please see "
                "https://aka.ms/arm-pass-parameter-values for usage details."
            )
        self.parameters = {}
        values = {name.lower(): value for name, value in given.items()}
        for name, rule in declared.items():
            if not isinstance(rule, dict):
                raise invalid(f"Error converting value to type 'object'. Path 'parameters.{name}'")
            entry = values.get(name.lower())
            if isinstance(entry, dict) and "value" in entry:
                value = entry["value"]
            elif "defaultValue" in rule:
                value = self.value(rule["defaultValue"])
            elif rule.get("nullable"):
                value = None
            else:
                raise invalid(
                    f"The value for the template parameter '{name}' is not provided. Please see "
                    "https://aka.ms/arm-create-parameter-file for usage details."
                )
            self.parameters[name.lower()] = self._typed(name, rule, value)
        return self.parameters

    def _typed(self, name: str, rule: dict[str, Any], value: Any) -> Any:
        kind = str(rule.get("type", "string")).lower()
        expected = _TYPES.get(kind)
        wrong = expected is not None and not isinstance(value, expected)
        if value is not None and (wrong or (kind == "int" and isinstance(value, bool))):
            raise invalid(
                f"Template parameter JToken type is not valid. Expected '{kind}'. Actual "
                f"'{type(value).__name__}'. Parameter "
                f"'{name}'. Please see https://aka.ms/resource-manager-parameter-files for usage details."
            )
        if expected is None:
            raise invalid(f"The type '{rule.get('type')}' of the template parameter '{name}' is not valid")
        allowed = rule.get("allowedValues")
        if allowed is not None and value not in allowed:
            raise invalid(
                f"The provided value for the template parameter '{name}' is not valid. The value '{value}' "
                "is not part of the "
                f"allowed value(s): '{','.join(str(one) for one in allowed)}'."
            )
        for bound, less in (
            ("minValue", True),
            ("maxValue", False),
            ("minLength", True),
            ("maxLength", False),
        ):
            if bound in rule and value is not None:
                number = bound.endswith("Value")
                if not isinstance(value, int if number else (str, list)):
                    continue
                size = value if isinstance(value, int) else len(value)
                if (size < rule[bound]) if less else (size > rule[bound]):
                    raise invalid(
                        f"The provided value for the template parameter '{name}' is not valid: {bound} is "
                        f"{rule[bound]}."
                    )
        return value

    def value(self, node: Any) -> Any:
        """A part of the template with its expressions worked out, loops of properties included."""
        if isinstance(node, str):
            if is_expression(node):
                return run(parse(node[1:-1]), self)
            return node[1:] if node.startswith("[[") else node
        if isinstance(node, list):
            return [self.value(one) for one in node]
        if not isinstance(node, dict):
            return node
        found = {self._key(key): self.value(value) for key, value in node.items() if key != "copy"}
        loops = node.get("copy")
        if isinstance(loops, list):
            for loop in loops:
                if not isinstance(loop, dict) or not isinstance(loop.get("name"), str) or "input" not in loop:
                    raise invalid(
                        "The template copy input is not valid: 'name', 'count' and 'input' are required"
                    )
                found[loop["name"]] = self._looped(loop)
        elif loops is not None:
            found["copy"] = self.value(loops)
        return found

    def _key(self, key: str) -> str:
        return str(self.value(key)) if is_expression(key) else key

    def _count(self, loop: dict[str, Any]) -> int:
        """How often a loop goes round; at most 800 times."""
        count = self.value(loop.get("count"))
        if isinstance(count, bool) or not isinstance(count, int) or not 0 <= count <= _MOST_COPIES:
            raise invalid(
                f"The template copy count '{count}' of '{loop.get('name')}' is not valid: it must be a whole number "
                f"from 0 to {_MOST_COPIES}"
            )
        if not isinstance(loop.get("name"), str):
            raise invalid("The template copy has no name")
        return count

    def _looped(self, loop: dict[str, Any]) -> list[Any]:
        found = []
        for index in range(self._count(loop)):
            self._copy.append((str(loop["name"]).lower(), index))
            found.append(self.value(loop["input"]))
            self._copy.pop()
        return found

    def call(self, name: str, arguments: list[Any]) -> Any:
        """Functions that need the deployment."""
        if name == "parameters":
            return self._named(self.parameters, arguments[0], "parameter")
        if name == "variables":
            return self._variable(str(arguments[0]))
        if name == "copyindex":
            return self._index(arguments)
        if name in ("resourceid", "subscriptionresourceid", "tenantresourceid", "extensionresourceid"):
            return self._resource_id(name, [str(one) for one in arguments])
        if name in (
            "resourcegroup",
            "subscription",
            "tenant",
            "deployment",
            "environment",
            "managementgroup",
        ):
            return self._about(name)
        if name == "reference":
            return self._reference(arguments)
        if name == "utcnow":
            return datetime.fromtimestamp(self.arm.world.clock.now(), UTC).strftime("%Y%m%dT%H%M%SZ")
        if name == "newguid":
            return str(uuid.UUID(int=self.arm.world.rng(f"newguid/{self.name}").getrandbits(128), version=4))
        if name.startswith("list") and arguments:
            return listed(self, name, arguments)
        if name in ("lambda", "map", "filter", "sort", "reduce"):
            raise not_in_sandbox(f"the template function '{name}'")
        raise invalid(
            f"The template function '{name}' is not valid. Please see https://aka.ms/arm-functions for usage details."
        )

    def _named(self, table: dict[str, Any], name: Any, what: str) -> Any:
        try:
            return table[str(name).lower()]
        except KeyError:
            raise invalid(
                f"The template {what} '{name}' is not found. Please see https://aka.ms/arm-syntax-parameters for usage "
                "details."
            ) from None

    def _variable(self, name: str) -> Any:
        key = name.lower()
        if key not in self._variables:
            declared = {one.lower(): value for one, value in (self.template.get("variables") or {}).items()}
            copies = declared.get("copy")
            loops = {
                str(one.get("name")).lower(): one
                for one in (copies if isinstance(copies, list) else [])
                if isinstance(one, dict) and "input" in one
            }
            if key in self._pending:
                raise invalid(f"The template variable '{name}' refers to itself")
            self._pending.add(key)
            found = (
                self._looped(loops[key])
                if key in loops
                else self.value(self._named(declared, name, "variable"))
            )
            self._variables[key] = found
            self._pending.discard(key)
        return self._variables[key]

    def _index(self, arguments: list[Any]) -> int:
        name = next((str(one).lower() for one in arguments if isinstance(one, str)), None)
        offset = next((one for one in arguments if isinstance(one, int)), 0)
        for loop, index in reversed(self._copy):
            if name in (None, loop):
                return index + offset
        raise invalid("The template function 'copyIndex' is not expected at this location")

    def _resource_id(self, function: str, words: list[str]) -> str:
        at = next(
            (number for number, word in enumerate(words) if "/" in word and not word.startswith("/")), None
        )
        if at is None:
            raise invalid(
                f"Unable to evaluate template language function '{function}': the resource type is missing"
            )
        kind, names, before = words[at], words[at + 1 :], words[:at]
        types = kind.split("/")
        tail = f"/providers/{types[0]}/" + "/".join(
            f"{one}/{name}" for one, name in zip(types[1:], "/".join(names).split("/"), strict=False)
        )
        parts = self.scope_id.split("/")
        if function == "tenantresourceid":
            return tail
        if function == "extensionresourceid":
            return before[0] + tail
        if function == "subscriptionresourceid" or (len(parts) < 5 and len(before) < 2):
            return f"/subscriptions/{before[0] if before else parts[2]}{tail}"
        subscription = before[0] if len(before) == 2 else parts[2]
        group = before[-1] if before else parts[4]
        return f"/subscriptions/{subscription}/resourceGroups/{group}{tail}"

    def _about(self, name: str) -> Any:
        parts, data = self.scope_id.split("/"), self.arm.data
        if name == "resourcegroup":
            record = self.arm.get(self.scope_id)
            if len(parts) > 4 and record is None and not self.known:
                raise Unknown
            if len(parts) < 5 or record is None:
                raise invalid("The template function 'resourceGroup' is not expected at this location")
            return {"tags": {}, **copied(record["body"])}
        if name == "subscription":
            return {
                "id": f"/subscriptions/{parts[2]}",
                "subscriptionId": parts[2],
                "tenantId": data["tenant"]["id"],
                "displayName": self.arm.subscription(parts[2])["name"],
            }
        if name == "tenant":
            return {"tenantId": data["tenant"]["id"], "displayName": data["tenant"]["name"]}
        if name == "deployment":
            place = {"location": self.location} if self.location else {}
            return {"name": self.name, **place, "properties": {"template": self.template, "parameters": {}}}
        if name == "environment":
            return {
                "name": data["name"],
                "resourceManager": self.arm.world.https_base,
                "portal": data["endpoints"]["portal"],
                "authentication": {"loginEndpoint": data["endpoints"]["login"], "tenant": "common"},
                "suffixes": {
                    "acrLoginServer": data["suffixes"]["acr"],
                    "storage": data["suffixes"]["storage"],
                },
            }
        raise not_in_sandbox(f"the template function '{name}'")

    def _reference(self, arguments: list[Any]) -> Any:
        wanted = str(arguments[0])
        if not wanted.startswith("/"):
            symbol = self.symbolic().get(wanted)
            wanted = self.id_of(symbol) if symbol else self.by_name(wanted)
        record = self.arm.get(wanted)
        if record is None:
            if not self.known:
                raise Unknown
            raise ArmError(
                404,
                "ResourceNotFound",
                f"The Resource '{wanted.partition('/providers/')[2]}' under resource group "
                f"'{self.scope_id.split('/')[-1]}' was "
                "not found. For more details please go to https://aka.ms/ARMResourceNotFoundFix",
            )
        handler = self.arm.handler(record["type"])
        version = str(arguments[1]) if len(arguments) > 1 and arguments[1] else "9999"
        shown = handler.show(record, version) if handler else copied(record["body"])
        full = len(arguments) > 2 and str(arguments[2]).lower() == "full"
        return shown if full else shown.get("properties", {})

    # -- resources ---------------------------------------------------------------------------------------------------

    def symbolic(self) -> dict[str, dict[str, Any]]:
        """Resources by symbolic name, where the template has such."""
        resources = self.template["resources"]
        return resources if isinstance(resources, dict) else {}

    def by_name(self, name: str) -> str:
        for resource in self.resources():
            if str(resource["name"]).lower() == name.lower():
                return self.id_of(resource)
        raise invalid(
            f"The template reference '{name}' is not valid: could not find template resource or resource copy"
        )

    def resources(self) -> list[dict[str, Any]]:
        """Every resource to deploy, loops and conditions worked out, in an order that respects ``dependsOn``.

        Each is ``{"name", "type", "apiVersion", "id", "raw", "copy"}``; its body is worked out by ``body`` when its
        turn comes. Raises for a dependency that is missing or circular.
        """
        found: list[dict[str, Any]] = []
        source = self.template["resources"]
        if not isinstance(source, dict | list):
            raise invalid("Error converting value to type 'array'. Path 'resources'")
        entries = list(source.items()) if isinstance(source, dict) else [("", one) for one in source]
        for symbol, raw in entries:
            wrong = misfit(raw, RESOURCE) if raw is not None else ("", "object")
            if wrong is not None:
                raise invalid(f"Error converting value to type '{wrong[1]}'. Path 'resources.{wrong[0]}'")
            if not raw.get("existing"):
                found += self._expanded(raw, symbol, "", "")
        return ordered(found)

    def _expanded(
        self, raw: dict[str, Any], symbol: str, above_type: str, above_name: str
    ) -> list[dict[str, Any]]:
        loop = raw.get("copy")
        count = self._count(loop) if isinstance(loop, dict) else 1
        found = []
        for index in range(count):
            if isinstance(loop, dict):
                self._copy.append((str(loop["name"]).lower(), index))
            if "condition" not in raw or self.value(raw["condition"]):
                for field in ("type", "name", "apiVersion"):
                    if field not in raw and not (field == "apiVersion" and self.template.get("apiProfile")):
                        raise invalid(f"The template resource is missing the required property '{field}'")
                kind = f"{above_type}/{raw['type']}" if above_type else str(self.value(raw["type"]))
                name = (
                    f"{above_name}/{self.value(raw['name'])}" if above_name else str(self.value(raw["name"]))
                )
                if kind.count("/") != name.count("/") + 1 and "/providers/" not in kind:
                    raise invalid(
                        f"The template resource '{name}' of type '{kind}' has an invalid resource name: it "
                        "must have one less "
                        "segment than the type. Please see https://aka.ms/arm-syntax-resources for usage details."
                    )
                one: dict[str, Any] = {
                    "name": name,
                    "type": kind,
                    "apiVersion": self.value(raw.get("apiVersion", "")),
                    "raw": raw,
                    "copy": list(self._copy),
                    "symbol": symbol,
                    "loop": str(loop["name"]).lower() if isinstance(loop, dict) else "",
                    "dependsOn": [str(self.value(entry)) for entry in raw.get("dependsOn") or []],
                }
                one["id"] = self.id_of(one)
                if above_name:
                    one["dependsOn"].append(self.id_of({"type": above_type, "name": above_name, "raw": {}}))
                found.append(one)
                for child in raw.get("resources") or []:
                    found += self._expanded(child, "", kind, name)
            if isinstance(loop, dict):
                self._copy.pop()
        return found

    def id_of(self, resource: dict[str, Any]) -> str:
        """The id that a resource of this template will have."""
        raw = resource.get("raw", resource)
        scope = self.value(raw["scope"]) if raw.get("scope") else None
        name, kind = str(self.value(resource["name"])), str(self.value(resource["type"]))
        parts = self.scope_id.split("/")
        base = self.scope_id
        if raw.get("resourceGroup"):
            subscription = self.value(raw.get("subscriptionId") or parts[2])
            base = f"/subscriptions/{subscription}/resourceGroups/{self.value(raw['resourceGroup'])}"
        if scope is not None:
            base = str(scope) if str(scope).startswith("/") else f"{base}/providers/{_spread(str(scope))}"
        if kind.lower() == "microsoft.resources/resourcegroups":
            return f"/subscriptions/{parts[2]}/resourceGroups/{name}"
        # `Microsoft.Network/virtualNetworks/subnets/providers/roleAssignments`: an extension written the old way.
        if "/providers/" in kind:
            owner, _, extension = kind.partition("/providers/")
            depth = owner.count("/")
            names = name.split("/")
            own = "/".join(f"{t}/{n}" for t, n in zip(owner.split("/")[1:], names[:depth], strict=False))
            return f"{base}/providers/{owner.split('/')[0]}/{own}/providers/{extension}/{names[-1]}"
        types = kind.split("/")
        tail = "/".join(f"{one}/{part}" for one, part in zip(types[1:], name.split("/"), strict=False))
        return f"{base}/providers/{types[0]}/{tail}"

    def body(self, resource: dict[str, Any]) -> dict[str, Any]:
        """The body of the PUT for a resource of ``resources``."""
        self._copy = [(str(name), int(index)) for name, index in resource["copy"]]
        try:
            raw = {key: value for key, value in resource["raw"].items() if key not in _NOT_COPIED}
            if resource["type"].lower() == "microsoft.resources/deployments":
                given = raw.pop("properties", None)
                if not isinstance(given, dict):
                    raise invalid("The nested deployment has no properties")
                properties = {k: v if k == "template" else self.value(v) for k, v in given.items()}
                properties["template"] = self._inner(properties)
                return {**self.value(raw), "properties": properties}
            found: dict[str, Any] = self.value(raw)
            return found
        finally:
            self._copy = []

    def _inner(self, properties: dict[str, Any]) -> Any:
        """A nested template; by default its expressions are worked out here, in the outer one's scope."""
        inner = properties.get("template")
        scope = str((properties.get("expressionEvaluationOptions") or {}).get("scope", "outer")).lower()
        if scope == "inner" or not isinstance(inner, dict):
            return inner
        return {
            **inner,
            "parameters": {},
            "variables": {},
            "resources": self.value(inner.get("resources", [])),
        }

    def outputs(self) -> dict[str, Any]:
        """The outputs as ``{"name": {"type", "value"}}``."""
        found = {}
        for name, rule in (self.template.get("outputs") or {}).items():
            if "condition" in rule and not self.value(rule["condition"]):
                continue
            loop = rule.get("copy")
            value = (
                self._looped({"name": name, **loop})
                if isinstance(loop, dict)
                else self.value(rule.get("value"))
            )
            found[name] = {"type": str(rule.get("type", "String")).capitalize(), "value": value}
        return found


def _spread(scope: str) -> str:
    """``NS/type/name`` stays as it is; ``NS/a/b`` with names ``x/y`` is not written this way."""
    return scope

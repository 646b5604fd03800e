"""What ARM asks of every request, whatever the type: body, location, names, tags, versions of a resource, groups."""

import base64
import re
from typing import TYPE_CHECKING, Any

from byocni_tui.sandbox.arm import ids
from byocni_tui.sandbox.arm.call import copied
from byocni_tui.sandbox.arm.errors import ArmError
from byocni_tui.sandbox.arm.kind import Kind
from byocni_tui.sandbox.arm.shapes import misfit

if TYPE_CHECKING:
    from byocni_tui.sandbox.arm.call import Call, Record
    from byocni_tui.sandbox.arm.cloud import Arm

PAGE = 1000
DEPLOYMENT_NAME = re.compile(r"[-\w.()]{1,64}")


def verb(call: "Call") -> str:
    """As ARM's texts and role actions name it."""
    return {"PUT": "write", "PATCH": "write", "DELETE": "delete", "POST": "action"}.get(call.method, "read")


def no_content() -> ArmError:
    """A write without a JSON object."""
    return ArmError(
        400,
        "InvalidRequestContent",
        "The request content was invalid and could not be deserialized: 'Value cannot be null. (Parameter 'content')'.",
    )


def shaped(kind: Kind, body: Any) -> None:
    """Raise where a body is not of its type's shape, in the words of who answers for the type."""
    wrong = misfit(body, kind.shape)
    if wrong is None:
        return
    path, expected = wrong
    told = f"Error converting value to type '{expected}'. Path '{path}'."
    if kind.namespace == "Microsoft.Network":
        details = [{"code": "InvalidJson", "message": told}]
        raise ArmError(400, "InvalidRequestFormat", "Cannot parse the request.", details=details)
    raise ArmError(
        400,
        "InvalidRequestContent",
        f"The request content was invalid and could not be deserialized: '{told}'.",
    )


def group_exists(arm: "Arm", call: "Call") -> None:
    """Raise unless the path's group exists; a write into one that is going away is 409."""
    if call.path.group is None or call.path.subscription is None:
        return
    group = arm.get(f"/subscriptions/{call.path.subscription}/resourceGroups/{call.path.group}")
    if group is None:
        raise ArmError(
            404, "ResourceGroupNotFound", f"Resource group '{call.path.group}' could not be found."
        )
    if (
        call.method in ("PUT", "PATCH", "POST")
        and group["body"]["properties"]["provisioningState"] == "Deleting"
    ):
        raise ArmError(
            409,
            "ResourceGroupBeingDeleted",
            f"The resource group '{group['name']}' is in deprovisioning state and cannot perform this operation.",
        )


def tags(body: dict[str, Any]) -> dict[str, str]:
    """The tags of a body, judged."""
    found = body.get("tags") or {}
    if not isinstance(found, dict):
        raise ArmError(
            400, "InvalidRequestContent", "The request content was invalid: 'tags' must be an object."
        )
    bad = [name for name in found if any(char in "<>%&\\?/" or ord(char) < 32 for char in name)]
    if bad:
        raise ArmError(
            400,
            "InvalidTagNameCharacters",
            f"The tag names '{','.join(bad)}' have reserved characters '<,>,%,&,\\\\,?,/' or control characters.",
        )
    if len(found) > 50:
        raise ArmError(
            400,
            "InvalidTagsCount",
            f"The number of tags '{len(found)}' exceeds the limit of 50 for a resource.",
        )
    for name, value in found.items():
        if len(name) > 512 or len(str(value)) > 256:
            raise ArmError(
                400,
                "InvalidTagNameLength" if len(name) > 512 else "InvalidTagValueLength",
                f"The tag '{name[:64]}' is too long: a name has at most 512 characters, a value 256.",
            )
    return {name: str(value) if value is not None else "" for name, value in found.items()}


def envelope(arm: "Arm", kind: Kind, call: "Call", old: "Record | None") -> dict[str, Any]:
    """The body of a PUT with location and tags judged, and ``properties`` there."""
    if not isinstance(call.body, dict):
        raise no_content()
    body = copied(call.body)
    if body.get("properties") is None:
        body["properties"] = {}
    if not isinstance(body["properties"], dict):
        raise ArmError(
            400, "InvalidRequestContent", "The request content was invalid: 'properties' must be an object."
        )
    body = {name: value for name, value in body.items() if value is not None}
    for name in ("id", "name", "type", "etag"):
        body.pop(name, None)
    if kind.tagged and "tags" in body:
        body["tags"] = tags(body)
    if kind.located and kind.parent is None:
        body["location"] = location(arm, kind, body, old)
    return body


def location(arm: "Arm", kind: Kind, body: dict[str, Any], old: "Record | None") -> str:
    """The canonical location of a body. Raises for none, an unknown one, or another than the resource's."""
    given = body.get("location")
    if not given:
        raise ArmError(400, "LocationRequired", "The location property is required for this definition.")
    region = arm.region(str(given))
    if region is None:
        regions = ",".join(region["name"] for region in arm.data["regions"])
        raise ArmError(
            400,
            "LocationNotAvailableForResourceType",
            f"The provided location '{given}' is not available for resource type '{kind.type}'. List of available "
            f"regions for the resource type is '{regions}'.",
        )
    if old is not None and old["body"].get("location") != region["name"]:
        raise ArmError(
            409,
            "InvalidResourceLocation",
            f"The resource '{old['name']}' already exists in location '{old['body'].get('location')}' in "
            "resource group "
            f"'{group_of(old['id'])}'. A resource with the same name cannot be created in location '{region['name']}'. "
            "Please select a new resource name.",
        )
    name: str = region["name"]
    return name


def group_of(resource_id: str) -> str:
    """The group in an id; empty without one."""
    parts = resource_id.split("/")
    return parts[4] if len(parts) > 4 and parts[3].lower() == "resourcegroups" else ""


def name(kind: Kind, given: str) -> None:
    """Raise unless the name is well-formed."""
    if kind.accepts(given):
        return
    if kind.namespace == "Microsoft.Network":
        raise ArmError(
            400,
            "InvalidResourceName",
            f"Resource name {given} is invalid. The name can be up to 80 characters long. It must begin with a word "
            "character, and it must end with a word character or with '_'. The name may contain word characters or "
            "'.', '-', '_'.",
        )
    raise ArmError(
        400, "InvalidResourceName", f"The resource name '{given}' is invalid for type '{kind.type}'."
    )


def if_match(call: "Call", etag: str | None) -> None:
    """``If-Match`` and ``If-None-Match``. Raises 412."""
    wanted, unwanted = call.headers.get("if-match"), call.headers.get("if-none-match")
    if wanted and ((wanted == "*" and etag is None) or (wanted != "*" and etag != wanted)):
        raise ArmError(
            412,
            "PreconditionFailed",
            f"The condition specified in 'If-Match' header ('{wanted}') was not satisfied.",
        )
    if unwanted == "*" and etag is not None:
        raise ArmError(
            412, "PreconditionFailed", "The condition specified in 'If-None-Match' header was not satisfied."
        )


def at(properties: Any, path: str) -> Any:
    """A value below ``properties`` by dotted path; None where there is none."""
    for part in path.split("."):
        if not isinstance(properties, dict):
            return None
        properties = properties.get(part)
    return properties


def properties(arm: "Arm", kind: Kind, resource_id: str, body: dict[str, Any]) -> None:
    """Types, required ones, defaults, and references of a body by the type's table."""
    found: dict[str, Any] = body["properties"]
    for field in [field for field, value in found.items() if value is None]:
        del found[field]
    for field in kind.required:
        if at(found, field) in (None, "", [], {}):
            raise ArmError(
                400,
                "InvalidRequestFormat",
                "Cannot parse the request.",
                details=[
                    {"code": "MissingJsonReferenceId" if field.endswith(".id") else "MissingRequiredProperty",
                     "message": f"Value for required property 'properties.{field}' of {resource_id} is missing."}
                ],
            )  # fmt: skip
    for field, value in kind.defaults.items():
        if field not in found:
            found[field] = copied(value)
    for field, kind_wanted in kind.references.items():
        value = at(found, field)
        for one in value if isinstance(value, list) else [value]:
            if one is not None:
                reference(arm, resource_id, one, kind_wanted)


def reference(arm: "Arm", resource_id: str, value: Any, kind_wanted: str) -> None:
    """Raise unless ``{"id": …}`` is the id of an existing resource of that type."""
    wanted = value.get("id") if isinstance(value, dict) else value
    if not isinstance(wanted, str) or not wanted.startswith("/subscriptions/"):
        raise ArmError(
            400,
            "LinkedInvalidPropertyId",
            f"Property id '{wanted or ''}' at path 'properties' is invalid. Expect fully qualified resource "
            "Id that start "
            "with '/subscriptions/{subscriptionId}' or '/providers/{resourceProviderNamespace}/'.",
        )
    found = arm.get(wanted)
    if found is None or found["type"].lower() != kind_wanted.lower():
        raise ArmError(
            400,
            "InvalidResourceReference",
            f"Resource {wanted} referenced by resource {resource_id} was not found. Please make sure that the "
            "referenced "
            "resource exists, and that both resources are in the same region.",
        )


def page(call: "Call", values: list[dict[str, Any]]) -> dict[str, Any]:
    """A page of a list, with ``nextLink`` where there is more; ``$top`` is honoured."""
    start = 0
    if token := call.query.get("$skiptoken"):
        try:
            start = int(base64.urlsafe_b64decode(token.encode()))
        except ValueError as error:
            raise ArmError(400, "InvalidSkipToken", "The skip token is invalid.") from error
    top = call.query.get("$top", "")
    size = min(int(top), PAGE) if top.isdecimal() and int(top) > 0 else PAGE
    answer: dict[str, Any] = {"value": values[start : start + size]}
    if len(values) > start + size and not top:
        token = base64.urlsafe_b64encode(str(start + size).encode()).decode()
        answer["nextLink"] = f"{call.base}{call.raw_path}?api-version={call.api_version}&%24skiptoken={token}"
    return answer


def polling(
    arm: "Arm", call: "Call", operation: dict[str, Any], *, location: bool = False, asynchronous: bool = True
) -> dict[str, str]:
    """Headers that lead to an operation."""
    namespace = call.path.namespace
    target = arm.get("/" + operation["target"])
    region = (target or {}).get("body", {}).get("location") or arm.data["regions"][0]["name"]
    base = f"{call.base}/subscriptions/{call.path.subscription}/providers/{namespace}/locations/{region}"
    query = f"?api-version={call.api_version}"
    # The SDKs take Retry-After of a first answer as a whole number (of polls with fractions): hence this one.
    headers = {"x-ms-retry-after-ms": str(max(1, round(1000 * float(retry_after(arm, operation)))))}
    if asynchronous:
        headers["Azure-AsyncOperation"] = f"{base}/operations/{operation['name']}{query}"
    if location:
        headers["Location"] = f"{base}/operationResults/{operation['name']}{query}"
    return headers


def retry_after(arm: "Arm", operation: dict[str, Any]) -> str:
    """The remaining virtual time in the client's seconds; long waits are asked for in parts, as speed may change."""
    seconds = min(arm.world.clock.real_seconds(arm.operations.remaining(operation)), 30.0)
    return f"{seconds:.3f}".rstrip("0").rstrip(".")


def is_under(resource_id: str, scope: str) -> bool:
    """Whether an id is a scope, or below it."""
    key, above = ids.key(resource_id), ids.key(scope)
    return not above or key == above or key.startswith(above + "/")

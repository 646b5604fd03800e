# ruff: noqa: ARG002 every type answers the same questions, and few need all that is asked
"""What every resource type does by its table: GET, list, PUT, PATCH, DELETE, HEAD, with embedded child resources."""

import hashlib
import uuid
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

from byocni_tui.sandbox.arm import checks, ids
from byocni_tui.sandbox.arm.call import Answer, Call, copied
from byocni_tui.sandbox.arm.errors import ArmError, not_in_sandbox
from byocni_tui.sandbox.arm.kind import Kind

if TYPE_CHECKING:
    from byocni_tui.sandbox.arm.call import Record
    from byocni_tui.sandbox.arm.cloud import Arm


class Handler:
    """Answers for one type. Subclasses override ``prepare``, ``show``, ``before_delete`` and the like."""

    def __init__(self, arm: "Arm", kind: Kind) -> None:
        self.arm = arm
        self.kind = kind

    # -- to be overridden --------------------------------------------------------------------------------------------

    def prepare(
        self, call: Call, resource_id: str, body: dict[str, Any], old: "Record | None"
    ) -> dict[str, Any]:
        """Judge and complete the body of a PUT; what is returned is stored. Raises ``ArmError``."""
        return body

    def show(self, record: "Record", api_version: str) -> dict[str, Any]:
        """What a GET answers."""
        body: dict[str, Any] = copied(record["body"])
        for field, child_type in self.kind.embeds.items():
            child = self.arm.handler(child_type)
            assert child is not None
            body["properties"][field] = [
                child.show(one, api_version) for one in self.arm.of_type(child_type, record["id"])
            ]
        if self.kind.etag:
            body["etag"] = self.etag(record)
        return body

    def before_delete(self, call: Call, record: "Record") -> None:
        """Raise ``ArmError`` where the resource can't go."""

    def after_write(self, record: "Record", old: "Record | None") -> None:
        """A write was stored."""
        self._mirror(record)

    def after_delete(self, record: "Record") -> None:
        """The resource is gone."""
        self._mirror(record)

    def _mirror(self, record: "Record") -> None:
        """A child's change shows in its parent's kept body as well, which other parts of the world read."""
        above = self.arm.get(ids.parent(record["id"])) if self.kind.parent else None
        owner = self.arm.handler(self.kind.parent or "")
        if above is None or owner is None:
            return
        for field, child_type in owner.kind.embeds.items():
            if child_type == self.kind.type:
                children = self.arm.of_type(child_type, above["id"])
                above["body"]["properties"][field] = [copied(one["body"]) for one in children]
                self.arm.touch(above)

    def action(self, call: Call, record: "Record", name: str) -> Answer:
        """A POST below the resource."""
        raise not_in_sandbox(f"POST {self.kind.type}/{name}")

    def revive(self) -> None:
        """The state was loaded from a folder."""

    # -- the verbs ---------------------------------------------------------------------------------------------------

    def handle(self, call: Call) -> Answer:
        """One request for this type."""
        if not call.path.item:
            if call.method == "GET":
                return self.listing(call)
            raise method_not_allowed(call)
        checks.group_exists(self.arm, call)
        verb = {
            "GET": self.get,
            "HEAD": self.head,
            "PUT": self.write,
            "PATCH": self.patch,
            "DELETE": self.delete,
        }
        if call.method not in verb:
            raise method_not_allowed(call)
        return verb[call.method](call)

    def resource_id(self, call: Call) -> str:
        """The id that a request speaks of, with the type spelled as in the table."""
        types = self.kind.type.split("/")
        tail = "/".join(f"{kind}/{name}" for kind, name in zip(types[1:], call.path.names, strict=False))
        return f"{call.path.scope}/providers/{types[0]}/{tail}"

    def find(self, call: Call) -> "Record":
        """The resource asked for. Raises 404 ``ResourceNotFound``, or ``ParentResourceNotFound``."""
        record = self.arm.get(self.resource_id(call))
        if record is None:
            raise self.not_found(call)
        return record

    def not_found(self, call: Call) -> ArmError:
        """404, as ARM words it."""
        names = "/".join(
            part
            for pair in zip(self.kind.type.split("/")[1:], call.path.names, strict=False)
            for part in pair
        )
        where = f" under resource group '{call.path.group}'" if call.path.group else ""
        return ArmError(
            404,
            "ResourceNotFound",
            f"The Resource '{self.kind.namespace}/{names}'{where} was not found. For more details please go to "
            "https://aka.ms/ARMResourceNotFoundFix",
        )

    def get(self, call: Call) -> Answer:
        """GET of one."""
        record = self.find(call)
        return Answer(200, self.show(record, call.api_version), self._etag_header(record))

    def head(self, call: Call) -> Answer:
        """HEAD: exists or not."""
        return Answer(204 if self.arm.get(self.resource_id(call)) else 404)

    def listing(self, call: Call) -> Answer:
        """GET of all below the path's scope."""
        checks.group_exists(self.arm, call)
        scope = call.path.scope
        if self.kind.parent is not None and not self.kind.extension:
            parts = self.kind.type.split("/")
            pairs = "/".join(
                f"{kind}/{name}" for kind, name in zip(parts[1:-1], call.path.names, strict=False)
            )
            scope = f"{scope}/providers/{parts[0]}/{pairs}"
            if self.arm.get(scope) is None:
                raise self._parent_not_found(call, scope)
        found = self.arm.of_type(self.kind.type, scope)
        return Answer(200, checks.page(call, [self.show(record, call.api_version) for record in found]))

    def write(self, call: Call) -> Answer:
        """PUT: make or replace."""
        resource_id = self.resource_id(call)
        old = self.arm.get(resource_id)
        body = checks.envelope(self.arm, self.kind, call, old)
        checks.name(self.kind, call.path.name)
        checks.if_match(call, self.etag(old) if old else None)
        if self.kind.parent is not None and not self.kind.extension:
            above = ids.parent(resource_id)
            if self.arm.get(above) is None:
                raise self._parent_not_found(call, above)
        checks.properties(self.arm, self.kind, resource_id, body)
        record = self.store(call, resource_id, body, old)
        shown = self.show(record, call.api_version)
        status = 200 if old else 201
        if self.kind.style != "network":
            return Answer(status, shown, self._etag_header(record))
        operation = self.arm.operations.begin(
            [(self.arm.seconds(self.kind.type, self.kind.seconds), "Succeeded", "resource.settled")],
            target=ids.key(resource_id),
            data={"id": resource_id},
        )
        mark_updating(shown)
        headers = {**checks.polling(self.arm, call, operation), "Azure-AsyncNotification": "Enabled"}
        return Answer(status, shown, {**headers, **self._etag_header(record)})

    def store(self, call: Call, resource_id: str, body: dict[str, Any], old: "Record | None") -> "Record":
        """Judge a body, keep it, and keep the children that it embeds (those it leaves out go)."""
        embedded: dict[str, list[dict[str, Any]]] = {}
        body = copied(body)
        for field in self.kind.embeds:
            if field in body["properties"]:
                embedded[field] = body["properties"].pop(field) or []
        body = self.prepare(call, resource_id, body, old)
        spelled = self.kind.spelled or self.kind.type
        head = {"id": resource_id, "name": old["name"] if old else ids.last(resource_id), "type": spelled}
        body = {**head, **{key: value for key, value in body.items() if key not in head}}
        if self.kind.style == "network":
            body["properties"].setdefault("provisioningState", "Succeeded")
            if self.kind.located:
                body["properties"].setdefault("resourceGuid", self._guid(resource_id))
        for field, children in embedded.items():
            self._judge_embedded(call, resource_id, field, children)
        with self.arm.whole(resource_id) if embedded else nullcontext():
            record = self.arm.put(resource_id, self.kind.type, body)
            for field, children in embedded.items():
                self._embed(call, resource_id, field, children)
        self.after_write(record, old)
        return record

    def _child(self, field: str) -> "Handler":
        child = self.arm.handler(self.kind.embeds[field])
        assert child is not None
        return child

    def _judge_embedded(
        self, call: Call, resource_id: str, field: str, children: list[dict[str, Any]]
    ) -> None:
        child = self._child(field)
        for one in children:
            checks.name(child.kind, str(one.get("name", "")))
            one["properties"] = one.get("properties") or {}
            checks.properties(self.arm, child.kind, f"{resource_id}/{field}/{one['name']}", one)
        child.judge_siblings(resource_id, children)
        kept = {str(one["name"]).lower() for one in children}
        for record in self.arm.of_type(child.kind.type, resource_id):
            if record["name"].lower() not in kept:
                child.before_delete(call, record)

    def _embed(self, call: Call, resource_id: str, field: str, children: list[dict[str, Any]]) -> None:
        child = self._child(field)
        kept = {str(one["name"]).lower() for one in children}
        for record in self.arm.of_type(child.kind.type, resource_id):
            if record["name"].lower() not in kept:
                self.arm.drop(record["id"])
                child.after_delete(record)
        for one in children:
            child_id = f"{resource_id}/{field}/{one['name']}"
            child.store(call, child_id, {"properties": one["properties"]}, self.arm.get(child_id))

    def judge_siblings(self, parent_id: str, children: list[dict[str, Any]]) -> None:
        """Judge a list of embedded children against each other and their parent-to-be."""

    def patch(self, call: Call) -> Answer:
        """PATCH: tags, and properties merged."""
        record = self.find(call)
        if not isinstance(call.body, dict):
            raise checks.no_content()
        checks.if_match(call, self.etag(record))
        if not isinstance(call.body.get("properties") or {}, dict):
            raise ArmError(
                400,
                "InvalidRequestContent",
                "The request content was invalid: 'properties' must be an object.",
            )
        if "tags" in call.body:
            record["body"]["tags"] = checks.tags(call.body)
            self.arm.touch(record)
        if call.body.get("properties"):
            call.body = {**self.show(record, call.api_version), "properties": {
                **self.show(record, call.api_version)["properties"], **call.body["properties"]}}  # fmt: skip
            return self.write(call)
        return Answer(200, self.show(record, call.api_version), self._etag_header(record))

    def delete(self, call: Call) -> Answer:
        """DELETE; what isn't there is 204."""
        record = self.arm.get(self.resource_id(call))
        if record is None:
            return Answer(204)
        checks.if_match(call, self.etag(record))
        self.before_delete(call, record)
        if self.kind.style != "network":
            self.arm.drop(record["id"])
            self.after_delete(record)
            return Answer(200)
        record["body"]["properties"]["provisioningState"] = "Deleting"
        operation = self.arm.operations.begin(
            [(self.arm.seconds("delete", self.kind.delete_seconds), "Succeeded", "resource.deleted")],
            target=ids.key(record["id"]),
            data={"id": record["id"]},
            after=204,
            verb="delete",
        )
        return Answer(202, None, checks.polling(self.arm, call, operation, location=True))

    # -- inside ------------------------------------------------------------------------------------------------------

    def etag(self, record: "Record") -> str:
        """``W/"guid"``; another one after each change."""
        text = f"{self.arm.world.seed}/etag/{ids.key(record['id'])}/{record['version']}"
        digest = hashlib.blake2b(text.encode(), digest_size=16).hexdigest()
        return f'W/"{digest[:8]}-{digest[8:12]}-4{digest[13:16]}-a{digest[17:20]}-{digest[20:]}"'

    def _etag_header(self, record: "Record") -> dict[str, str]:
        return {"ETag": self.etag(record)} if self.kind.etag else {}

    def _guid(self, what: str) -> str:
        return str(uuid.UUID(int=self.arm.world.rng(f"resource/{ids.key(what)}").getrandbits(128), version=4))

    def _parent_not_found(self, call: Call, above: str) -> ArmError:
        return ArmError(
            404,
            "ParentResourceNotFound",
            f"Failed to perform '{checks.verb(call)}' on resource(s) of type '{self.kind.type.partition('/')[2]}', "
            f"because the parent resource '{above}' could not be found.",
        )


def mark_updating(shown: dict[str, Any]) -> None:
    """What is shown of a resource while its write is under way."""
    shown["properties"]["provisioningState"] = "Updating"
    for value in shown["properties"].values():
        if isinstance(value, list):
            for child in value:
                if isinstance(child, dict) and isinstance(child.get("properties"), dict):
                    child["properties"]["provisioningState"] = "Updating"


def method_not_allowed(call: Call) -> ArmError:
    """A verb that the type does not have."""
    return ArmError(
        405, "HttpMethodNotAllowed", f"The requested resource does not support http method '{call.method}'."
    )

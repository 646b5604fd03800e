"""create, update, patch, delete and deletecollection."""

import copy
from typing import TYPE_CHECKING, Any, Final

import msgspec
import yaml

from byocni_tui.sandbox.kube import convert, escalation, fields, managed, patch
from byocni_tui.sandbox.kube.custom import CRDS
from byocni_tui.sandbox.kube.kinds import Kind
from byocni_tui.sandbox.kube.read import listed
from byocni_tui.sandbox.kube.request import Target, User, flag
from byocni_tui.sandbox.kube.stamp import Stamp
from byocni_tui.sandbox.kube.status import (
    ApiError,
    Cause,
    already_exists,
    bad_request,
    conflict,
    forbidden,
    invalid,
    not_found,
)

if TYPE_CHECKING:
    from byocni_tui.sandbox.kube.cluster import KubeCluster

Object = dict[str, Any]
_UPSERT: Final = frozenset(("endpoints", "events", "leases.coordination.k8s.io", "limitranges"))
"""Kinds that a PUT creates."""

_PATCHES: Final = {
    "application/json-patch+json": "json",
    "application/merge-patch+json": "merge",
    "application/strategic-merge-patch+json": "strategic",
    "application/apply-patch+yaml": "apply",
    "application/apply-patch+json": "apply",
}


class Call:
    """The parameters of a write: who, as which field manager, how strict, for real or not."""

    def __init__(self, query: Any, user: User, agent: str) -> None:
        self.user = user
        self.manager = query.get("fieldManager") or agent.partition("/")[0] or "unknown"
        self.named = bool(query.get("fieldManager"))
        self.mode = query.get("fieldValidation") or "Warn"
        self.dry = query.get("dryRun", "") == "All"
        self.force = flag(query, "force")
        self.query = query
        self.warnings: list[str] = []
        if self.mode not in ("Strict", "Warn", "Ignore"):
            why = f'Unsupported value: "{self.mode}": supported values: "Ignore", "Strict", "Warn"'
            raise invalid(
                "CreateOptions", "meta.k8s.io", "", [Cause("FieldValueNotSupported", "fieldValidation", why)]
            )
        if query.get("dryRun") not in (None, "", "All"):
            why = f'Unsupported value: "{query["dryRun"]}": supported values: "All"'
            raise invalid(
                "CreateOptions", "meta.k8s.io", "", [Cause("FieldValueNotSupported", "dryRun", why)]
            )


class Writes:
    """All changes that clients make to one cluster."""

    def __init__(self, cluster: "KubeCluster") -> None:
        self.cluster = cluster
        self.store = cluster.store
        self.admission = cluster.admission

    # -- create --------------------------------------------------------------------------------------------------------

    def create(self, target: Target, obj: Any, call: Call) -> Object:
        """A new object, as stored. Raises ApiError."""
        kind = target.kind
        _expect(kind, obj)
        call.warnings += self.admission.accept(kind, obj, call.mode)
        meta = obj.setdefault("metadata", {})
        _place(kind, target, meta)
        return self._add(kind, obj, call, lambda new: self._tracked(kind, None, new, call, ""))

    def _add(self, kind: Kind, obj: Object, call: Call, finish: Any) -> Object:
        stored = self.cluster.registry.stored(kind.storage)
        obj = convert.inward(kind, stored, obj)
        meta = obj["metadata"]
        if not meta.get("name") and meta.get("generateName"):
            meta["name"] = meta["generateName"] + self.store.suffix()
        if meta.get("resourceVersion"):
            raise bad_request("resourceVersion should not be set on objects to be created")
        for key in ("uid", "selfLink", "creationTimestamp"):
            meta.pop(key, None)
        self.admission.enter(stored, obj)
        finish(obj)
        escalation.check(self.store, call.user, stored, obj, None)
        self.admission.create(stored, obj, call.user)
        call.warnings += self.admission.drain()
        if meta.get("name") and self.store.entry(kind.storage, meta.get("namespace"), meta["name"]):
            raise already_exists(kind.resource, kind.group, meta["name"])
        if call.dry:
            meta["uid"] = self.store.uid()
            meta["creationTimestamp"] = Stamp(self.cluster.clock.now())
            return {"apiVersion": stored.api_version, "kind": stored.kind, **obj}
        return self.store.create(stored, obj)

    # -- update --------------------------------------------------------------------------------------------------------

    def update(self, target: Target, obj: Any, call: Call) -> tuple[Object, bool]:
        """(the object as stored, whether it is new). Raises ApiError."""
        kind = target.kind
        _expect(kind, obj)
        call.warnings += self.admission.accept(kind, obj, call.mode)
        meta = obj.setdefault("metadata", {})
        if meta.get("name", "") != target.name:
            given = meta.get("name", "")
            raise bad_request(
                f"the name of the object ({given}) does not match the name on the URL ({target.name})"
            )
        _place(kind, target, meta)
        old = self.store.get(kind.storage, target.ns, target.name)
        if old is None:
            if kind.storage in _UPSERT and not target.subresource:
                return self.create(target, obj, call), True
            raise not_found(kind.resource, kind.group, target.name)
        obj = convert.inward(kind, self.cluster.registry.stored(kind.storage), obj)
        return self._change(kind, old, obj, call, target.subresource), False

    def _change(
        self, kind: Kind, old: Object, new: Object, call: Call, subresource: str, tracked: bool = True
    ) -> Object:
        stored = self.cluster.registry.stored(kind.storage)
        version = new["metadata"].get("resourceVersion")
        if version and version != old["metadata"]["resourceVersion"]:
            raise conflict(kind.resource, kind.group, old["metadata"]["name"])
        escalation.check(self.store, call.user, stored, new, old)
        self.admission.update(stored, new, old, subresource, call.user)
        call.warnings += self.admission.drain()
        if tracked:
            self._tracked(kind, old, new, call, subresource)
        if call.dry:
            return new
        return self.store.update(stored, new, status=subresource == "status")

    # -- patch ---------------------------------------------------------------------------------------------------------

    def patch(self, target: Target, data: bytes, content_type: str, call: Call) -> tuple[Object, bool]:
        """(the object as stored, whether it is new). Raises ApiError."""
        kind = target.kind
        how = _PATCHES.get(content_type.partition(";")[0].strip().lower())
        if how is None or (how == "strategic" and kind.crd is not None):
            accepted = ["application/json-patch+json", "application/merge-patch+json"]
            if kind.crd is None:
                accepted.append("application/strategic-merge-patch+json")
            accepted.append("application/apply-patch+yaml")
            text = "the body of the request was in an unknown format - accepted media types include: "
            raise ApiError(415, "UnsupportedMediaType", text + ", ".join(accepted))
        old = self.store.get(kind.storage, target.ns, target.name)
        if how == "apply":
            return self._apply(target, old, data, call)
        if old is None:
            raise not_found(kind.resource, kind.group, target.name)
        form = self.admission.schema_of(kind)
        current = copy.deepcopy(convert.outward(kind, old))
        body = _patch_body(data, how)
        if how == "json":
            new = patch.json_patch(current, body)
        elif how == "merge":
            new = patch.merge(current, body)
        else:
            new = patch.strategic(current, body, form)
        self._sane(kind, new, target, body if how != "json" else None)
        call.warnings += self.admission.accept(kind, new, call.mode)
        new = convert.inward(kind, self.cluster.registry.stored(kind.storage), new)
        return self._change(kind, old, new, call, target.subresource), False

    def _sane(self, kind: Kind, new: Any, target: Target, body: Any) -> None:
        """What a patch may not do: break types, change the name."""
        if not isinstance(new, dict) or not isinstance(new.get("metadata"), dict):
            raise bad_request("error decoding patch: the patch leaves no object")
        if new["metadata"].get("name") != target.name:
            given = new["metadata"].get("name")
            raise bad_request(
                f"the name of the object ({given}) does not match the name on the URL ({target.name})"
            )
        form = self.admission.schema_of(kind)
        if form is not None and body is not None and kind.crd is None:
            wrong = fields.mistyped(new, form)
            if wrong is not None:
                shown = _go_map(body)
                words = {
                    "number": "int64",
                    "boolean": "bool",
                    "object": "map[string]interface {}",
                    "array": "[]interface {}",
                }
                why = f"cannot convert {words.get(wrong[1], wrong[1])} to {words.get(wrong[2], wrong[2])}"
                message = f'Invalid value: "{shown}": {why}'
                causes = [{"reason": "FieldValueInvalid", "message": message, "field": "patch"}]
                raise ApiError(422, "Invalid", f' "" is invalid: patch: {message}', {"causes": causes})

    def _apply(self, target: Target, old: Object | None, data: bytes, call: Call) -> tuple[Object, bool]:
        kind = target.kind
        if not call.named:
            why = [Cause("FieldValueRequired", "fieldManager", "Required value: is required for apply patch")]
            raise invalid("PatchOptions", "meta.k8s.io", "", why)
        try:
            wanted = yaml.load(data, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 a safe loader
        except yaml.YAMLError as broken:
            raise bad_request(f"error decoding YAML: {broken}") from broken
        _expect(kind, wanted)
        meta = wanted.setdefault("metadata", {})
        if meta.get("managedFields"):
            raise bad_request("metadata.managedFields must be nil")
        meta.pop("creationTimestamp", None)
        if meta.get("name") != target.name:
            text = f"the name of the object ({meta.get('name', '')}) does not match the name on the URL ({target.name})"
            raise bad_request(text)
        call.warnings += self.admission.accept(kind, wanted, call.mode)
        _place(kind, target, meta)
        form = self.admission.schema_of(kind)
        now = Stamp(self.cluster.clock.now())
        if old is None:
            if target.subresource:
                raise not_found(kind.resource, kind.group, target.name)

            said = copy.deepcopy(wanted)  # before defaults are filled in: those belong to nobody
            if "status" in kind.subresources:
                said.pop("status", None)

            def mark(new: Object) -> None:
                owned = managed.apply(None, said, form, call.manager, "", False, now)["metadata"]
                if "managedFields" in owned:
                    new["metadata"]["managedFields"] = owned["managedFields"]

            return self._add(kind, wanted, call, mark), True
        version = meta.pop("resourceVersion", None)
        if version and version != old["metadata"]["resourceVersion"]:
            raise conflict(kind.resource, kind.group, target.name)
        if "status" in kind.subresources and target.subresource != "status":
            wanted.pop("status", None)
        shown = convert.outward(kind, old)
        new = managed.apply(shown, wanted, form, call.manager, target.subresource, call.force, now)
        new = convert.inward(kind, self.cluster.registry.stored(kind.storage), new)
        return self._change(kind, old, new, call, target.subresource, tracked=False), False

    # -- delete --------------------------------------------------------------------------------------------------------

    def delete(self, target: Target, options: Any, call: Call) -> tuple[Object, bool]:
        """(the object as it is now, whether it is gone). Raises ApiError."""
        kind = target.kind
        old = self.store.get(kind.storage, target.ns, target.name)
        if old is None:
            raise not_found(kind.resource, kind.group, target.name)
        options = options if isinstance(options, dict) else {}
        wanted = options.get("preconditions") or {}
        for key, label in (("uid", "UID"), ("resourceVersion", "ResourceVersion")):
            if wanted.get(key) and wanted[key] != old["metadata"][key]:
                why = f"Precondition failed: {label} in precondition: {wanted[key]}, {label} in object meta: "
                raise conflict(kind.resource, kind.group, target.name, why + old["metadata"][key])
        propagation, grace = _deletion(options, call.query)
        if kind.storage == "namespaces" and target.name in ("default", "kube-system", "kube-public"):
            raise forbidden("namespaces", "", target.name, "this namespace may not be deleted")
        self.admission.delete(self.cluster.registry.stored(kind.storage), old, call.user)
        call.warnings += self.admission.drain()
        if call.dry or options.get("dryRun") == ["All"]:
            return old, True
        if kind.storage == CRDS:
            self.cluster.definitions.condemn(target.name)
        now = self.store.delete(kind.storage, target.ns, target.name, propagation=propagation, grace=grace)
        gone = self.store.entry(kind.storage, target.ns, target.name) is None
        return now, gone

    def delete_all(self, target: Target, options: Any, call: Call) -> list[Object]:
        """deletecollection: every object that the selectors let through; returns them as they were."""
        items, _ = listed(self.cluster, target, call.query)
        for obj in items:
            meta = obj["metadata"]
            one = Target(target.kind, meta.get("namespace", ""), meta["name"], "")
            if self.store.entry(target.kind.storage, one.ns, one.name):
                self.delete(one, options, call)
        return items

    # -- parts ---------------------------------------------------------------------------------------------------------

    def _tracked(self, kind: Kind, old: Object | None, new: Object, call: Call, subresource: str) -> None:
        form = self.admission.schema_of(self.cluster.registry.stored(kind.storage))
        now = Stamp(self.cluster.clock.now())
        new.setdefault("apiVersion", kind.api_version)
        status = "status" in kind.subresources
        managed.track(old, new, form, call.manager, subresource, now, status)


def _expect(kind: Kind, obj: Any) -> None:
    """The object is of the kind that the path names; what it leaves out is taken from there. Raises 400."""
    if not isinstance(obj, dict):
        raise bad_request("the object provided is unrecognized (must be of type " + kind.kind + ")")
    if not isinstance(obj.setdefault("metadata", {}), dict):
        raise bad_request(
            f"json: cannot unmarshal into Go struct field {kind.kind}.metadata of type v1.ObjectMeta"
        )
    given, name = obj.setdefault("apiVersion", kind.api_version), obj.setdefault("kind", kind.kind)
    if given != kind.api_version:
        text = f"the API version in the data ({given}) does not match the expected API version ({kind.api_version})"
        raise bad_request(text)
    if name != kind.kind:
        raise bad_request(f"the kind in the data ({name}) does not match the expected kind ({kind.kind})")


def _place(kind: Kind, target: Target, meta: Object) -> None:
    if not kind.namespaced:
        meta.pop("namespace", None)
        return
    if meta.setdefault("namespace", target.ns) != target.ns:
        raise bad_request(
            "the namespace of the provided object does not match the namespace sent on the request"
        )


def _patch_body(data: bytes, how: str) -> Any:
    try:
        body = msgspec.json.decode(data)
    except msgspec.DecodeError as broken:
        raise bad_request(f"error decoding patch: {broken}") from broken
    if how == "json" and not isinstance(body, list):
        word = {str: "string", dict: "object", int: "number", bool: "bool"}.get(type(body), "string")
        raise bad_request(
            f"error decoding patch: json: cannot unmarshal {word} into Go value of type []handlers.jsonPatchOp"
        )
    if how != "json" and not isinstance(body, dict):
        word = {str: "string", list: "array", int: "number", bool: "bool"}.get(type(body), "string")
        kind = "map[string]interface {}"
        raise bad_request(f"error decoding patch: json: cannot unmarshal {word} into Go value of type {kind}")
    return body


def _go_map(value: Any) -> str:
    """A value as Go prints it."""
    if isinstance(value, dict):
        return "map[" + " ".join(f"{k}:{_go_map(v)}" for k, v in sorted(value.items())) + "]"
    if isinstance(value, list):
        return "[" + " ".join(_go_map(v) for v in value) + "]"
    return str(value).lower() if isinstance(value, bool) else "<nil>" if value is None else str(value)


def _deletion(options: Object, query: Any) -> tuple[str | None, int | None]:
    propagation = options.get("propagationPolicy") or query.get("propagationPolicy") or None
    if propagation is None and options.get("orphanDependents") is not None:
        propagation = "Orphan" if options["orphanDependents"] else "Background"
    if propagation not in (None, "Background", "Foreground", "Orphan"):
        why = (
            f'Invalid value: "{propagation}": DeletePropagationPolicy need to be one of "Foreground", "Background", '
            '"Orphan" or nil'
        )
        raise invalid(
            "DeleteOptions", "meta.k8s.io", "", [Cause("FieldValueInvalid", "propagationPolicy", why)]
        )
    grace = options.get("gracePeriodSeconds")
    if grace is None and query.get("gracePeriodSeconds"):
        grace = int(query["gracePeriodSeconds"])
    return propagation, grace

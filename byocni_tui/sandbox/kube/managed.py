"""Who owns which field: ``managedFields``, server-side apply and its conflicts.

A path is a tuple of the words that FieldsV1 uses: ``f:name`` a field, ``k:{…}`` an item of a keyed list, ``v:…`` a
member of a set. A set of paths is what one manager owns.
"""

import copy
import json
from dataclasses import dataclass
from typing import Any, Final

from byocni_tui.sandbox.kube.names import words
from byocni_tui.sandbox.kube.schema import Schema, metadata
from byocni_tui.sandbox.kube.stamp import Stamp
from byocni_tui.sandbox.kube.status import ApiError

Object = dict[str, Any]
Path = tuple[str, ...]
_ITEM: Final = object()
_UNTRACKED: Final = frozenset(
    words(
        "name namespace uid resourceVersion generation creationTimestamp selfLink managedFields deletionTimestamp "
        "deletionGracePeriodSeconds generateName"
    )
)


def values(
    obj: Object, schema: Schema | None, only: str = "", without_status: bool = False, *, maps: bool = False
) -> dict[Path, Any]:
    """All tracked fields of an object with their values; ``only`` limits it to one top-level field (``status``);
    ``maps``: a map with free keys counts as a field itself, as it does for updates."""
    out: dict[Path, Any] = {}
    for key, value in obj.items():
        if key in ("apiVersion", "kind") or (only and key != only) or (key == "status" and without_status):
            continue
        below = schema.field(key) if schema else None
        if key == "metadata":
            meta = {name: item for name, item in value.items() if name not in _UNTRACKED}
            _walk(meta, below or metadata(), ("f:metadata",), out, maps, top=True)
        else:
            _walk(value, below, (f"f:{key}",), out, maps)
    return out


def _walk(
    value: Any, schema: Schema | None, path: Path, out: dict[Path, Any], maps: bool, top: bool = False
) -> None:
    if isinstance(value, dict) and (schema is None or schema.granular) and (value or top):
        if maps and schema is not None and schema.is_map:
            out[path] = _ITEM
        for key, item in value.items():
            _walk(item, schema.field(key) if schema else None, (*path, f"f:{key}"), out, maps)
    elif isinstance(value, list) and value and schema is not None and schema.list_type in ("map", "set"):
        item_schema = schema.item()
        for item in value:
            word = item_word(item, schema)
            out[(*path, word)] = _ITEM
            if isinstance(item, dict):
                for key, inner in item.items():
                    _walk(inner, item_schema.field(key), (*path, word, f"f:{key}"), out, maps)
    else:
        out[path] = value


def item_word(item: Any, schema: Schema) -> str:
    """How a list item is named in a path."""
    if schema.list_type == "set" or not isinstance(item, dict):
        return "v:" + json.dumps(item, separators=(",", ":"))
    keys = {}
    for key in sorted(schema.map_keys):
        below = schema.item().field(key)
        keys[key] = item.get(key, below.default if below else None)
    return "k:" + json.dumps(
        {k: v for k, v in keys.items() if v is not None}, separators=(",", ":"), default=str
    )


def to_fields(paths: set[Path]) -> Object:
    """FieldsV1 of a set of paths."""
    root: Object = {}
    for path in sorted(paths):
        node = root
        for word in path:
            node = node.setdefault(word, {})
    for path in paths:
        node = root
        for word in path:
            node = node[word]
        if node or path[-1].startswith("k:"):
            node["."] = {}
    return root


def from_fields(fields: Any, prefix: Path = ()) -> set[Path]:
    """The set of paths of a FieldsV1."""
    out: set[Path] = set()
    for word, below in (fields or {}).items():
        if word == ".":
            out.add(prefix)
        elif below:
            out |= from_fields(below, (*prefix, word))
        else:
            out.add((*prefix, word))
    return out


@dataclass(slots=True)
class Owner:
    """One entry of managedFields."""

    manager: str
    operation: str
    api_version: str
    subresource: str
    paths: set[Path]
    time: Any

    def same(self, manager: str, operation: str, subresource: str) -> bool:
        return (self.manager, self.operation, self.subresource) == (manager, operation, subresource)


def owners(obj: Object) -> list[Owner]:
    """The managers of an object."""
    return [
        Owner(
            e.get("manager", ""),
            e.get("operation", ""),
            e.get("apiVersion", ""),
            e.get("subresource", ""),
            from_fields(e.get("fieldsV1")),
            e.get("time"),
        )
        for e in obj["metadata"].get("managedFields") or ()
    ]


def _write(obj: Object, all_owners: list[Owner]) -> None:
    entries = []
    for owner in all_owners:
        if not owner.paths:
            continue
        entry: Object = {
            "manager": owner.manager,
            "operation": owner.operation,
            "apiVersion": owner.api_version,
            "time": owner.time,
            "fieldsType": "FieldsV1",
            "fieldsV1": to_fields(owner.paths),
        }
        if owner.subresource:
            entry["subresource"] = owner.subresource
        entries.append(entry)
    if entries:
        entries.sort(key=lambda e: e["operation"] != "Apply")
        obj["metadata"]["managedFields"] = entries
    else:
        obj["metadata"].pop("managedFields", None)


def track(
    old: Object | None,
    new: Object,
    schema: Schema | None,
    manager: str,
    subresource: str,
    now: Stamp,
    status: bool,
) -> None:
    """Note in ``new`` what an update by ``manager`` changed. ``status``: the kind has a status of its own."""
    if old is not None and new["metadata"].get("managedFields") == []:
        new["metadata"].pop("managedFields")
        return
    only = "status" if subresource == "status" else ""
    hide = status and subresource != "status"
    before = values(old, schema, only, hide, maps=True) if old else {}
    after = values(new, schema, only, hide, maps=True)
    changed = {path for path, value in after.items() if path not in before or before[path] != value}
    removed = before.keys() - after.keys()
    if not changed and not removed:
        if old is not None:
            _restore(old, new)
        return
    all_owners = owners(old) if old else []
    mine: Owner | None = None
    for owner in all_owners:
        if owner.same(manager, "Update", subresource):
            mine = owner
        else:
            owner.paths -= changed | removed
    if mine is None:
        mine = Owner(manager, "Update", new["apiVersion"], subresource, set(), now)
        all_owners.append(mine)
    mine.paths = (mine.paths | changed) - removed
    mine.time, mine.api_version = now, new["apiVersion"]
    _write(new, all_owners)


def _restore(old: Object, new: Object) -> None:
    if "managedFields" in old["metadata"]:
        new["metadata"]["managedFields"] = old["metadata"]["managedFields"]
    else:
        new["metadata"].pop("managedFields", None)


def apply(
    live: Object | None,
    wanted: Object,
    schema: Schema | None,
    manager: str,
    subresource: str,
    force: bool,
    now: Stamp,
) -> Object:
    """Server-side apply: the merged object with its managedFields. Raises 409 when others own what would change."""
    asked = values(wanted, schema)
    if live is None:
        merged: Object = copy.deepcopy(wanted)
        _write(merged, [Owner(manager, "Apply", wanted["apiVersion"], subresource, set(asked), now)])
        return merged
    present = values(live, schema)
    all_owners = owners(live)
    changed = {path for path, value in asked.items() if path not in present or present[path] != value}
    mine: Owner | None = None
    complaints: list[tuple[Owner, Path]] = []
    for owner in all_owners:
        if owner.same(manager, "Apply", subresource):
            mine = owner
            continue
        disputed = sorted(path for path in owner.paths & changed if path in present)
        complaints += [(owner, path) for path in disputed]
    if complaints and not force:
        raise _conflict(complaints)
    for owner in all_owners:
        if owner is not mine:
            owner.paths -= changed
    given_up = (mine.paths - asked.keys()) if mine else set()
    kept = set().union(*(o.paths for o in all_owners if o is not mine)) if all_owners else set()
    merged = _merge(copy.deepcopy(live), wanted, schema)
    for path in sorted(given_up - kept, key=len, reverse=True):
        if not any(other[: len(path)] == path for other in asked):
            _remove(merged, path, schema)
    if mine is None:
        mine = Owner(manager, "Apply", wanted["apiVersion"], subresource, set(), now)
        all_owners.append(mine)
    if mine.paths != set(asked) or changed or given_up:
        mine.paths, mine.time, mine.api_version = set(asked), now, wanted["apiVersion"]
    _write(merged, all_owners)
    return merged


def _merge(live: Any, wanted: Any, schema: Schema | None) -> Any:
    if isinstance(live, dict) and isinstance(wanted, dict) and (schema is None or schema.granular):
        for key, value in wanted.items():
            below = schema.field(key) if schema else None
            live[key] = _merge(live[key], value, below) if key in live else copy.deepcopy(value)
        return live
    if isinstance(live, list) and isinstance(wanted, list) and schema and schema.list_type in ("map", "set"):
        words = [item_word(item, schema) for item in live]
        for item in wanted:
            word = item_word(item, schema)
            if word not in words:
                live.append(copy.deepcopy(item))
                words.append(word)
            elif isinstance(item, dict):
                at = words.index(word)
                live[at] = _merge(live[at], item, schema.item())
        return live
    return copy.deepcopy(wanted)


def _remove(obj: Any, path: Path, schema: Schema | None) -> None:
    """Take the value at a path out of an object, and the containers that it leaves empty only if they were its own."""
    node: Any = obj
    for word in path[:-1]:
        node, schema = _down(node, word, schema)
        if node is None:
            return
    last = path[-1]
    if last.startswith("f:"):
        if isinstance(node, dict):
            node.pop(last[2:], None)
    elif isinstance(node, list) and schema is not None:
        for at, item in enumerate(node):
            if item_word(item, schema) == last:
                del node[at]
                return


def _down(node: Any, word: str, schema: Schema | None) -> tuple[Any, Schema | None]:
    if word.startswith("f:"):
        below = node.get(word[2:]) if isinstance(node, dict) else None
        return below, schema.field(word[2:]) if schema else None
    if isinstance(node, list) and schema is not None:
        for item in node:
            if item_word(item, schema) == word:
                return item, schema.item()
    return None, None


def text_of(path: Path) -> str:
    """``.spec.template.spec.containers[name="web"].image``."""
    out = ""
    for word in path:
        if word.startswith("f:"):
            out += "." + word[2:]
        elif word.startswith("k:"):
            pairs = json.loads(word[2:])
            out += "[" + ",".join(f"{k}={json.dumps(v)}" for k, v in sorted(pairs.items())) + "]"
        else:
            out += f"[={word[2:]}]"
    return out


def _conflict(complaints: list[tuple[Owner, Path]]) -> ApiError:
    by_owner: dict[str, list[str]] = {}
    causes = []
    for owner, path in complaints:
        who = f'conflict with "{owner.manager}"'
        if owner.subresource:
            who += f' with subresource "{owner.subresource}"'
        if owner.operation == "Update":
            who += f" using {owner.api_version}"
        by_owner.setdefault(who, []).append(text_of(path))
        causes.append({"reason": "FieldManagerConflict", "message": who, "field": text_of(path)})
    total = len(complaints)
    if total == 1:
        who, paths = next(iter(by_owner.items()))
        text = f"Apply failed with 1 conflict: {who}: {paths[0]}"
    else:
        parts = []
        for who, paths in by_owner.items():
            if len(paths) == 1:
                parts.append(f"{who}: {paths[0]}")
            else:
                parts.append(
                    who.replace("conflict ", "conflicts ", 1) + ":\n" + "\n".join(f"- {p}" for p in paths)
                )
        text = f"Apply failed with {total} conflicts: " + "\n".join(parts)
    return ApiError(409, "Conflict", text, {"causes": causes})

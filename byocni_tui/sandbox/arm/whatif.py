"""What a template would change: the resources it describes against those that exist."""

from typing import TYPE_CHECKING, Any

from byocni_tui.sandbox.arm import ids
from byocni_tui.sandbox.arm.call import copied

if TYPE_CHECKING:
    from byocni_tui.sandbox.arm.cloud import Arm

_SHOWN = ("id", "name", "type", "apiVersion", "location", "tags", "sku", "kind", "identity", "properties")


def changes(arm: "Arm", planned: list[dict[str, Any]], scope_id: str, mode: str) -> list[dict[str, Any]]:
    """``changes`` of the result. ``planned``: ``{"id", "type", "name", "apiVersion", "body" or None if unknown}``."""
    found, seen = [], set()
    for one in planned:
        if one["type"].lower() == "microsoft.resources/deployments":
            continue
        key = ids.key(one["id"])
        seen.add(key)
        record = arm.get(one["id"])
        if one["body"] is None:
            found.append({"resourceId": one["id"], "changeType": "Unsupported",
                          "unsupportedReason": "It depends on values that only the deployment can know."})  # fmt: skip
            continue
        head = {
            "id": one["id"],
            "name": one["name"].split("/")[-1],
            "type": one["type"],
            "apiVersion": one["apiVersion"],
        }
        after = {**head, **copied(one["body"])}
        if record is None:
            found.append(
                {
                    "resourceId": one["id"],
                    "changeType": "Create",
                    "before": None,
                    "after": after,
                    "delta": None,
                }
            )
            continue
        handler = arm.handler(record["type"])
        shown = handler.show(record, one["apiVersion"]) if handler else record["body"]
        before = {name: shown[name] for name in _SHOWN if name in shown} | {"apiVersion": one["apiVersion"]}
        delta = _delta(before, one["body"], "")
        found.append(
            {
                "resourceId": one["id"],
                "changeType": "Modify" if delta else "NoChange",
                "before": before,
                "after": _merged(before, one["body"]),
                "delta": delta,
            }
        )
    start = ids.key(scope_id) + "/providers/"
    for key, record in arm.resources.items():
        if (
            key.startswith(start)
            and key not in seen
            and record["type"].count("/") == 1
            and "resourcegroups" in start
        ):
            shown = {name: record["body"][name] for name in _SHOWN if name in record["body"]}
            gone = mode.lower() == "complete"
            found.append(
                {"resourceId": record["id"], "changeType": "Delete" if gone else "Ignore", "before": shown,
                 "after": None if gone else shown, "delta": None}
            )  # fmt: skip
    return found


def _merged(before: Any, body: Any) -> Any:
    if isinstance(before, dict) and isinstance(body, dict):
        return {**before, **{name: _merged(before.get(name), value) for name, value in body.items()}}
    return copied(body)


def _delta(before: Any, after: Any, path: str) -> list[dict[str, Any]]:
    """Properties that the template names and that differ; those it leaves out stay as they are."""
    found: list[dict[str, Any]] = []
    for name, value in after.items():
        here = f"{path}.{name}" if path else name
        old = before.get(name) if isinstance(before, dict) else None
        if isinstance(value, dict) and isinstance(old, dict):
            found += _delta(old, value, here)
        elif isinstance(value, list) and isinstance(old, list):
            children = _array(old, value)
            if children:
                found.append({"path": here, "propertyChangeType": "Array", "before": None, "after": None,
                              "children": children})  # fmt: skip
        elif old is None and value not in (None, "", [], {}):
            found.append(
                {
                    "path": here,
                    "propertyChangeType": "Create",
                    "before": None,
                    "after": value,
                    "children": None,
                }
            )
        elif old is not None and _differs(old, value):
            found.append(
                {
                    "path": here,
                    "propertyChangeType": "Modify",
                    "before": old,
                    "after": value,
                    "children": None,
                }
            )
    return found


def _array(before: list[Any], after: list[Any]) -> list[dict[str, Any]]:
    found = []
    names = {str(one.get("name")): one for one in before if isinstance(one, dict) and "name" in one}
    for index, value in enumerate(after):
        at = str(index)
        old = before[index] if index < len(before) else None
        if isinstance(value, dict):
            old = names.get(str(value.get("name")), old if "name" not in value else None)
        if old is None:
            found.append(
                {"path": at, "propertyChangeType": "Create", "before": None, "after": value, "children": None}
            )
        elif isinstance(value, dict) and isinstance(old, dict):
            inner = _delta(old, value, "")
            if inner:
                found.append(
                    {
                        "path": at,
                        "propertyChangeType": "Modify",
                        "before": None,
                        "after": None,
                        "children": inner,
                    }
                )
        elif _differs(old, value):
            found.append(
                {"path": at, "propertyChangeType": "Modify", "before": old, "after": value, "children": None}
            )
    gone = {"propertyChangeType": "Delete", "after": None, "children": None}
    found += [{"path": str(n), **gone, "before": before[n]} for n in range(len(after), len(before))]
    return found


def _differs(old: Any, new: Any) -> bool:
    if isinstance(old, str) and isinstance(new, str):
        return old.lower() != new.lower()
    return bool(old != new) and new not in (None, "")

"""Whether a condition of a scenario holds in a world: read from what is there and from the log of what clients did."""

import re
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, Final

import msgspec

from byocni_tui.sandbox.scenario import Condition

if TYPE_CHECKING:
    from byocni_tui.sandbox.world import World

REFERENCE: Final = re.compile(r"<(/[^<>:]+):([^<>:]+)>")
"""In a request's body: what a resource of Azure holds at a path, as ``<$aks:properties.fqdn>``."""
_PART: Final = re.compile(r"([^.\[\]]+)|\[([^\]=]+)=([^\]]*)\]")
_STEP: Final = re.compile(r"^(?:[^.\[\]]+|\[[^\]=]+=[^\]]*\])(?:\.?(?:[^.\[\]]+|\[[^\]=]+=[^\]]*\]))*$")


def is_path(path: str) -> bool:
    """Whether a path of ``where`` can be read."""
    return bool(_STEP.match(path))


def values(node: Any, path: str) -> list[Any]:
    """What is at a path: names with dots between them, ``[key=value]`` picks entries of a list, ``*`` any."""
    found = [node]
    for name, key, wanted in _PART.findall(path):
        following: list[Any] = []
        for one in found:
            if key:
                entries = one if isinstance(one, list) else ()
                following += [e for e in entries if isinstance(e, dict) and _agrees(wanted, e.get(key))]
            elif name == "*":
                following += (
                    one if isinstance(one, list) else list(one.values()) if isinstance(one, dict) else []
                )
            elif isinstance(one, list) and name.isdecimal():
                following += one[int(name) : int(name) + 1]
            elif isinstance(one, dict):
                following += [value for k, value in one.items() if k.lower() == name.lower()]
        found = following
    return found


def _agrees(wanted: Any, value: Any) -> bool:
    if isinstance(wanted, list | tuple):
        return any(_agrees(one, value) for one in wanted)
    if wanted is None or value is None:
        return wanted is None and value is None
    if isinstance(value, bool):
        value = str(value).lower()
    return fnmatchcase(str(value).lower(), str(wanted).lower())


def fits(where: dict[str, Any], node: Any) -> bool:
    """Whether every path of ``where`` has a value that agrees; a pattern of null wants none there."""
    for path, wanted in where.items():
        found = values(node, path)
        if wanted is None:
            if any(one not in (None, [], {}) for one in found):
                return False
        elif not any(_agrees(wanted, one) for one in found):
            return False
    return True


def holds(world: "World", condition: Condition) -> bool:
    """Whether a condition holds now."""
    if condition.all:
        return all(holds(world, one) for one in condition.all)
    if condition.any:
        return any(holds(world, one) for one in condition.any)
    if condition.not_ is not None:
        return not holds(world, condition.not_)
    if condition.struck is not None:
        return bool(_struck(world, condition.struck))
    if condition.crossing is not None:
        return all(
            _crosses(cluster) == condition.crossing for cluster in _clusters(world, condition)
        ) and bool(_clusters(world, condition))
    number, of = _count(world, condition)
    if condition.every:
        return of > 0 and number == of and number >= (condition.at_least or 1)
    if condition.at_most is not None and number > condition.at_most:
        return False
    return number >= (
        condition.at_least if condition.at_least is not None else int(condition.at_most is None)
    )


def _count(world: "World", condition: Condition) -> tuple[int, int]:
    """How many agree, and of how many."""
    if condition.act is not None:
        return sum(act.count for act in world.acts if acted(condition.act, act)), 0
    if condition.resource is not None:
        records = world.arm.of_type(condition.resource)
        known = [r for r in records if _named(condition, r["name"]) and _in_group(condition, r["id"])]
        return sum(fits(condition.where, r["body"]) for r in known), len(known)
    there = [o for cluster in _clusters(world, condition) for o in _objects(cluster, condition)]
    if condition.nodes is not None:
        wanted = condition.nodes == "ready"
        return sum(_ready(node) is wanted and fits(condition.where, node) for node in there), len(there)
    return sum(fits(condition.where, obj) for obj in there), len(there)


def _objects(cluster: Any, condition: Condition) -> list[dict[str, Any]]:
    resource = "nodes" if condition.nodes is not None else str(condition.objects)
    found: list[dict[str, Any]] = [
        obj
        for obj in cluster.store.list(resource, condition.namespace)
        if _named(condition, obj["metadata"]["name"])
        and all(
            _agrees(wanted, (obj["metadata"].get("labels") or {}).get(key))
            for key, wanted in condition.labels.items()
        )
        and "deletionTimestamp" not in obj["metadata"]
    ]
    return found


def _clusters(world: "World", condition: Condition) -> list[Any]:
    return [
        cluster
        for cluster in world.clusters.values()
        if condition.cluster is None or _agrees(condition.cluster, cluster.name)
    ]


def _named(condition: Condition, name: str) -> bool:
    return condition.name is None or _agrees(condition.name, name)


def _in_group(condition: Condition, resource_id: str) -> bool:
    parts = resource_id.split("/")
    return condition.group is None or (len(parts) > 4 and _agrees(condition.group, parts[4]))


def _ready(node: dict[str, Any]) -> bool:
    return fits({"status.conditions[type=Ready].status": "True"}, node)


def acted(pattern: dict[str, Any], act: Any) -> bool:
    """Whether an act agrees with a pattern: its fields by name, ``body`` and ``query`` by path."""
    for key, wanted in pattern.items():
        if key in ("body", "query"):
            if not fits(wanted, getattr(act, key) or {}):
                return False
        elif key == "status" and isinstance(wanted, str) and wanted in ("ok", "refused"):
            if (act.status < 400) is not (wanted == "ok"):
                return False
        elif not _agrees(wanted, getattr(act, key)):
            return False
    return True


def _struck(world: "World", fault: str) -> int:
    progress = msgspec.to_builtins(world.faults.dump()["progress"]).get(fault)
    return int(progress["hit"]) if progress else 0


def _crosses(cluster: Any) -> bool:
    """Whether the network carries packets, also large ones, between any two nodes that are Ready; there have to be two.
    Asked of the same model that answers the learner's own probes."""
    nodes = [n["metadata"]["name"] for n in cluster.store.list("nodes") if _ready(n)]
    paths = cluster.life.paths
    return len(nodes) > 1 and all(
        paths.carries(nodes[n - 1], node) and not paths.loses_large(node) for n, node in enumerate(nodes)
    )

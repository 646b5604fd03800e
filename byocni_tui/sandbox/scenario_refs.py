"""What a scenario may refer to: services and events of faults, operations, charts, types of Azure resources.

Each function gives a sentence about what does not exist, or nothing. A value may be a shell pattern, or a list of them,
as everywhere in a scenario: it has to meet something.
"""

from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Final

from byocni_tui.sandbox.arm import ids
from byocni_tui.sandbox.arm.kind import api_versions

SERVICES: Final = ("arm", "identity", "kube", "operation")
EVENTS: Final = (
    "auto-repair", "autoscale", "cni-write", "dns", "egress", "konnectivity", "leftover", "mtu", "node-ready",
    "node-to-node", "policy", "pull", "sandbox", "start",
)  # fmt: skip
"""Occasions in a cluster, as the README beside the scenarios lists them."""
OPERATIONS: Final = (
    "create managed cluster", "update managed cluster", "delete managed cluster", "start managed cluster",
    "stop managed cluster", "create agentpool", "update agentpool", "delete agentpool", "delete machines",
    "upgrade node image version",
)  # fmt: skip
_CHARTS: Final = Path(__file__).parent.parent / "fixtures" / "charts"


def _missing(value: Any, known: tuple[str, ...], what: str) -> str:
    wanted = value if isinstance(value, list | tuple) else [value]
    for one in wanted:
        if not any(fnmatchcase(name.lower(), str(one).lower()) for name in known):
            return f"there is no {what} '{one}'; there are: {', '.join(known)}"
    return ""


def occasion(when: dict[str, Any]) -> tuple[str, str]:
    """The key of a fault's ``when`` that names what does not exist, and the sentence; two empty ones otherwise."""
    for key, known, what in (
        ("service", SERVICES, "service"),
        ("event", EVENTS, "event"),
        ("operation", OPERATIONS, "operation"),
    ):
        if key in when and (problem := _missing(when[key], known, what)):
            return key, problem
    if "type" in when and when.get("service") in ("arm", "operation") and (problem := kind(when["type"])):
        return "type", problem
    return "", ""


def chart(name: str) -> str:
    """A chart of the sandbox's own repository."""
    return _missing(name, tuple(sorted(path.parent.name for path in _CHARTS.glob("*/Chart.yaml"))), "chart")


def kind(value: Any) -> str:
    """A type of Azure resource; what lies below a known one (as ``…/securityRules``) is taken as known."""
    for one in value if isinstance(value, list | tuple) else [value]:
        wanted = str(one).lower()
        if wanted.endswith(("/register", "/unregister")):
            continue  # an action of a namespace, not of a resource
        if any(fnmatchcase(name, wanted) or wanted.startswith(f"{name}/") for name in api_versions()):
            continue
        return f"the sandbox has no resources of the type '{one}'"
    return ""


def path(method: str, where: str) -> str:
    """The path of a request to Azure: its type has to be one that the sandbox has."""
    if "/providers/" not in where:
        return ""
    asked = ids.split(where.partition("?")[0])
    found = ids.as_action(asked) if method == "post" else asked
    return kind(found.type) if found.type else ""

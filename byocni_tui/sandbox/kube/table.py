"""Tables: columns are data here, cells come from ``printers`` or, for custom resources, from the CRD."""

from typing import Any, Final

from byocni_tui.sandbox.kube import human
from byocni_tui.sandbox.kube.jsonpath import find
from byocni_tui.sandbox.kube.kinds import Kind
from byocni_tui.sandbox.kube.printers import PRINTERS
from byocni_tui.sandbox.kube.stamp import Shown, Stamp, seconds, show

Object = dict[str, Any]

# One line a resource: columns in order; "+" is shown with -o wide only, "#" an integer, "?" a boolean, "@" a date.
_COLUMNS: Final = """
pods: Name Ready Status Restarts Age +IP +Node +Nominated_Node +Readiness_Gates
nodes: Name Status Roles Age Version +Internal-IP +External-IP +OS-Image +Kernel-Version +Container-Runtime
namespaces: Name Status Age
services: Name Type Cluster-IP External-IP Port(s) Age +Selector
endpoints: Name Endpoints Age
events: Last_Seen Type Reason Object +Subobject +Source Message +First_Seen +Count Name+
configmaps: Name Data Age
secrets: Name Type Data Age
replicationcontrollers: Name #Desired #Current #Ready Age +Containers +Images +Selector
persistentvolumes: Name Capacity Access_Modes Reclaim_Policy Status Claim StorageClass VolumeAttributesClass Reason \
Age +VolumeMode
persistentvolumeclaims: Name Status Volume Capacity Access_Modes StorageClass VolumeAttributesClass Age +VolumeMode
resourcequotas: Name Request Limit Age
limitranges: Name @Created_At
podtemplates: Name Containers Images Pod_Labels
deployments.apps: Name Ready Up-to-date Available Age +Containers +Images +Selector
replicasets.apps: Name #Desired #Current #Ready Age +Containers +Images +Selector
daemonsets.apps: Name #Desired #Current #Ready #Up-to-date #Available Node_Selector Age +Containers +Images +Selector
statefulsets.apps: Name Ready Age +Containers +Images
controllerrevisions.apps: Name Controller Revision Age
jobs.batch: Name Status Completions Duration Age +Containers +Images +Selector
cronjobs.batch: Name Schedule Timezone ?Suspend #Active Last_Schedule Age +Containers +Images +Selector
horizontalpodautoscalers.autoscaling: Name Reference Targets MinPods MaxPods Replicas Age
poddisruptionbudgets.policy: Name Min_Available Max_Unavailable #Allowed_Disruptions Age
ingresses.networking.k8s.io: Name Class Hosts Address Ports Age
ingressclasses.networking.k8s.io: Name Controller Parameters Age
networkpolicies.networking.k8s.io: Name Pod-Selector Age
endpointslices.discovery.k8s.io: Name AddressType Ports Endpoints Age
roles.rbac.authorization.k8s.io: Name @Created_At
clusterroles.rbac.authorization.k8s.io: Name @Created_At
rolebindings.rbac.authorization.k8s.io: Name Role Age +Users +Groups +ServiceAccounts
clusterrolebindings.rbac.authorization.k8s.io: Name Role Age +Users +Groups +ServiceAccounts
storageclasses.storage.k8s.io: Name Provisioner ReclaimPolicy VolumeBindingMode AllowVolumeExpansion Age
csinodes.storage.k8s.io: Name #Drivers Age
csidrivers.storage.k8s.io: Name ?AttachRequired ?PodInfoOnMount ?StorageCapacity TokenRequests \
?RequiresRepublish Modes Age
customresourcedefinitions.apiextensions.k8s.io: Name @Created_At
apiservices.apiregistration.k8s.io: Name Service Available Age
validatingwebhookconfigurations.admissionregistration.k8s.io: Name #Webhooks Age
mutatingwebhookconfigurations.admissionregistration.k8s.io: Name #Webhooks Age
certificatesigningrequests.certificates.k8s.io: Name Age SignerName Requestor RequestedDuration Condition
priorityclasses.scheduling.k8s.io: Name Value Global-Default Age PreemptionPolicy
leases.coordination.k8s.io: Name Holder Age
runtimeclasses.node.k8s.io: Name Handler Age
"""
_TYPES: Final = {"#": "integer", "?": "boolean", "@": "date"}


def column(word: str) -> Object:
    """A column out of its word in the table above."""
    wide = word.startswith("+") or word.endswith("+")
    word = word.strip("+")
    sort = _TYPES.get(word[0], "string")
    name = word.lstrip("#?@").replace("_", " ")
    return {
        "name": name,
        "type": sort,
        "format": "name" if name == "Name" else "",
        "description": "",
        "priority": 1 if wide else 0,
    }


def _parse() -> dict[str, list[Object]]:
    lines = (line.split(": ", 1) for line in _COLUMNS.strip().splitlines())
    return {resource: [column(word) for word in words.split()] for resource, words in lines}


_BUILTIN: Final = _parse()
_PLAIN: Final = [column("Name"), column("Age")]


class Ages:
    """Turns time fields into ages; ``between`` gives the seconds from one to another."""

    def __init__(self, now: float, shown: Shown) -> None:
        self.now = now
        self.shown = shown

    def __call__(self, value: Any) -> str:
        at = seconds(value, self.now, self.shown)
        return "<unknown>" if at is None else human.duration(self.now - at)

    def between(self, start: Any, end: Any) -> float:
        """Seconds from one time field to another; 0 when one of them is none."""
        first, last = seconds(start, self.now, self.shown), seconds(end, self.now, self.shown)
        return 0.0 if first is None or last is None else last - first


class Printing:
    """How the objects of one kind become rows."""

    def __init__(self, kind: Kind, crd: Object | None) -> None:
        self._printer = PRINTERS.get(kind.storage)
        self._custom: list[Object] = []
        self.columns = _BUILTIN.get(kind.storage, _PLAIN)
        if crd is not None:
            version = next(v for v in crd["spec"]["versions"] if v["name"] == kind.version)
            self._custom = version.get("additionalPrinterColumns") or [
                {"name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"}
            ]
            self.columns = [column("Name")] + [
                {
                    "name": c["name"],
                    "type": c["type"],
                    "format": c.get("format", ""),
                    "description": c.get("description", ""),
                    "priority": c.get("priority", 0),
                }
                for c in self._custom
            ]

    def cells(self, obj: Object, ages: Ages) -> list[Any]:
        """The cells of one object."""
        if self._custom:
            return [obj["metadata"]["name"], *(_custom_cell(obj, c, ages) for c in self._custom)]
        if self._printer is None:
            return [obj["metadata"]["name"], ages(obj["metadata"].get("creationTimestamp"))]
        return [show(c, ages.shown) if isinstance(c, Stamp) else c for c in self._printer(obj, ages)]


def _custom_cell(obj: Object, column: Object, ages: Ages) -> Any:
    found = find(obj, column["jsonPath"])
    if not found:
        return None
    value = found[0]
    sort = column["type"]
    if sort == "date":
        return ages(value)
    if sort in ("integer", "number"):
        return value if isinstance(value, int | float) and not isinstance(value, bool) else None
    if sort == "boolean":
        return value if isinstance(value, bool) else None
    if isinstance(value, Stamp):
        return show(value, ages.shown)
    if len(found) > 1:
        return ",".join(map(str, found))
    if isinstance(value, bool):
        return str(value).lower()
    return value if isinstance(value, str) else _text(value)


def _text(value: Any) -> str:
    if isinstance(value, list):
        return "[" + ",".join(f'"{v}"' if isinstance(v, str) else _text(v) for v in value) + "]"
    return str(value)


def row(printing: Printing, obj: Object, ages: Ages, include: str) -> Object:
    """One row; ``include`` is None, Metadata (default) or Object."""
    out: Object = {"cells": printing.cells(obj, ages)}
    if include == "Object":
        out["object"] = obj
    elif include != "None":
        meta = {key: value for key, value in obj["metadata"].items() if key != "managedFields"}
        out["object"] = {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": meta}
    return out

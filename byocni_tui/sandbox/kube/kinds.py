"""The kinds that the server knows, as data: the recorded discovery, and whatever CRDs and APIServices add."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any, Final

from byocni_tui.sandbox.kube.names import words

# Kinds whose objects carry metadata.generation, counted up when the spec changes (seen in the recordings).
_COUNTED: Final = frozenset(
    words(
        "pods deployments.apps replicasets.apps daemonsets.apps statefulsets.apps replicationcontrollers jobs.batch "
        "cronjobs.batch poddisruptionbudgets.policy networkpolicies.networking.k8s.io ingresses.networking.k8s.io "
        "ingressclasses.networking.k8s.io customresourcedefinitions.apiextensions.k8s.io "
        "priorityclasses.scheduling.k8s.io validatingwebhookconfigurations.admissionregistration.k8s.io "
        "mutatingwebhookconfigurations.admissionregistration.k8s.io flowschemas.flowcontrol.apiserver.k8s.io "
        "prioritylevelconfigurations.flowcontrol.apiserver.k8s.io endpointslices.discovery.k8s.io"
    )
)


@dataclass(frozen=True, slots=True)
class Kind:
    """One resource of one version. ``subresources`` maps a subresource to what it answers with."""

    group: str
    version: str
    resource: str
    singular: str
    kind: str
    namespaced: bool
    verbs: tuple[str, ...] = ()
    short_names: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    subresources: dict[str, dict[str, Any]] = field(default_factory=dict, hash=False, compare=False)
    crd: str | None = None

    @property
    def group_resource(self) -> str:
        """``deployments.apps``; ``pods`` for the core group."""
        return f"{self.resource}.{self.group}" if self.group else self.resource

    @property
    def storage(self) -> str:
        """The group_resource under which its objects are stored: both kinds of Event are one."""
        return "events" if self.group_resource == "events.events.k8s.io" else self.group_resource

    @property
    def api_version(self) -> str:
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def list_kind(self) -> str:
        return self.kind + "List"

    @property
    def counted(self) -> bool:
        """Whether metadata.generation counts changes of the spec."""
        return self.crd is not None or self.group_resource in _COUNTED


@cache
def recorded_discovery() -> list[dict[str, Any]]:
    """The aggregated discovery of a 1.36 server: core group first."""
    text = (files("byocni_tui") / "fixtures" / "kubernetes-1.36" / "discovery.json").read_bytes()
    groups: list[dict[str, Any]] = json.loads(text)["groups"]
    return groups


class Registry:
    """Looks kinds up by path, by (group, version, kind) and by group_resource."""

    def __init__(self) -> None:
        self._by_path: dict[tuple[str, str, str], Kind] = {}
        self._by_kind: dict[tuple[str, str, str], Kind] = {}
        self._stored: dict[str, Kind] = {}
        for group in recorded_discovery():
            for version in group["versions"]:
                for resource in version["resources"]:
                    self.add(_from_discovery(group["metadata"].get("name", ""), version["version"], resource))

    def add(self, kind: Kind) -> None:
        """Serve one more version of a resource; the first version added is the stored one."""
        self._by_path[(kind.group, kind.version, kind.resource)] = kind
        if "list" in kind.verbs or (kind.group, kind.version, kind.kind) not in self._by_kind:
            self._by_kind[(kind.group, kind.version, kind.kind)] = kind
        self._stored.setdefault(kind.group_resource, kind)

    def drop(self, group: str, resource: str) -> None:
        """Stop serving a resource (its CRD is gone)."""
        for key in [k for k in self._by_path if k[0] == group and k[2] == resource]:
            kind = self._by_path.pop(key)
            self._by_kind.pop((kind.group, kind.version, kind.kind), None)
        self._stored.pop(f"{resource}.{group}" if group else resource, None)

    def path(self, group: str, version: str, resource: str) -> Kind | None:
        return self._by_path.get((group, version, resource))

    def serves(self, group: str, version: str) -> bool:
        """Whether anything of a group-version is served."""
        return any(key[0] == group and key[1] == version for key in self._by_path)

    def kind(self, group: str, version: str, kind: str) -> Kind | None:
        return self._by_kind.get((group, version, kind))

    def stored(self, group_resource: str) -> Kind:
        """The kind under which a resource is stored. Raises KeyError for one that is not served."""
        return self._stored[group_resource]

    def find(self, group_resource: str) -> Kind | None:
        return self._stored.get(group_resource)

    def of_object(self, obj: dict[str, Any]) -> Kind | None:
        """The kind of an object by its apiVersion and kind."""
        group, _, version = str(obj.get("apiVersion", "")).rpartition("/")
        return self.kind(group, version, str(obj.get("kind", "")))

    def __iter__(self) -> Iterator[Kind]:
        return iter(list(self._by_path.values()))


def _from_discovery(group: str, version: str, resource: dict[str, Any]) -> Kind:
    return Kind(
        group=group,
        version=version,
        resource=resource["resource"],
        singular=resource.get("singularResource", ""),
        kind=resource["responseKind"]["kind"],
        namespaced=resource["scope"] == "Namespaced",
        verbs=tuple(resource.get("verbs", ())),
        short_names=tuple(resource.get("shortNames", ())),
        categories=tuple(resource.get("categories", ())),
        subresources={s["subresource"]: s for s in resource.get("subresources", ())},
    )

"""APIServices: those that the server serves itself, and metrics.k8s.io, which a Deployment in the cluster serves."""

from typing import TYPE_CHECKING, Any, Final

from byocni_tui.sandbox.kube.stamp import Stamp
from byocni_tui.sandbox.kube.status import ApiError

if TYPE_CHECKING:
    from byocni_tui.sandbox.kube.cluster import KubeCluster

Object = dict[str, Any]
RESOURCE: Final = "apiservices.apiregistration.k8s.io"
METRICS: Final = "metrics.k8s.io"
_NAME: Final = f"v1beta1.{METRICS}"
_BEHIND: Final = ("endpoints", "endpointslices.discovery.k8s.io")


class ApiServices:
    """Creates the APIServices of a new cluster and keeps the condition of the one for metrics true."""

    def __init__(self, cluster: "KubeCluster") -> None:
        self.cluster = cluster
        self.store = cluster.store
        self.store.subscribe(self._seen)

    def seed(self) -> None:
        """What is there from the first second."""
        label = "kube-aggregator.kubernetes.io/automanaged"
        local = self._condition("True", "Local", "Local APIServices are always available")
        for group, version in sorted({(kind.group, kind.version) for kind in self.cluster.registry}):
            spec: Object = {"version": version, "groupPriorityMinimum": 17000, "versionPriority": 15}
            if group:
                spec["group"] = group
            meta = {"name": f"{version}.{group}", "labels": {label: "onstart"}}
            self.store.create(RESOURCE, {"metadata": meta, "spec": spec, "status": {"conditions": [local]}})
        spec = {
            "group": METRICS,
            "version": "v1beta1",
            "groupPriorityMinimum": 100,
            "versionPriority": 100,
            "insecureSkipTLSVerify": True,
            "service": {"namespace": "kube-system", "name": "metrics-server", "port": 443},
        }
        labels = {"addonmanager.kubernetes.io/mode": "Reconcile", "kubernetes.io/cluster-service": "true"}
        down = {"conditions": [self._state()]}
        self.store.create(
            RESOURCE, {"metadata": {"name": _NAME, "labels": labels}, "spec": spec, "status": down}
        )

    def available(self) -> bool:
        """Whether metrics.k8s.io answers now."""
        if self.cluster.hooks.metrics is None:
            return False
        try:
            self.cluster.hooks.metrics("", None)
        except ApiError:
            return False
        return True

    def refresh(self) -> None:
        """Bring the condition up to date."""
        found = self.store.get(RESOURCE, "", _NAME)
        if found is None:
            return
        now, old = self._state(), ((found.get("status") or {}).get("conditions") or [{}])[0]
        if old.get("status") != now["status"]:
            found["status"] = {"conditions": [now]}
            self.store.update(RESOURCE, found, status=True)

    def _seen(self, _event: str, group_resource: str, obj: Object) -> None:
        if group_resource in _BEHIND and obj["metadata"]["name"].startswith("metrics-server"):
            self.refresh()

    def _state(self) -> Object:
        if self.available():
            return self._condition("True", "Passed", "all checks passed")
        why = 'endpoints for service/metrics-server in "kube-system" have no addresses with port name "https"'
        return self._condition("False", "MissingEndpoints", why)

    def _condition(self, status: str, reason: str, message: str) -> Object:
        return {
            "type": "Available",
            "status": status,
            "lastTransitionTime": Stamp(self.cluster.clock.now()),
            "reason": reason,
            "message": message,
        }

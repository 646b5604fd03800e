"""APIServices: those that the server serves itself, metrics.k8s.io, which a Deployment in the cluster serves, and those
that charts bring: what stands behind them is not played, so they are never available, and say why."""

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

    def served_elsewhere(self, group: str, version: str) -> bool:
        """Whether an APIService sends a group-version to a service of the cluster."""
        found = self.store.get(RESOURCE, "", f"{version}.{group}")
        return found is not None and bool((found.get("spec") or {}).get("service"))

    def refresh(self) -> None:
        """Bring the conditions up to date."""
        for found in self.store.list(RESOURCE):
            if not (found.get("spec") or {}).get("service"):
                continue
            now = self._state() if found["metadata"]["name"] == _NAME else self._foreign(found["spec"])
            old = ((found.get("status") or {}).get("conditions") or [{}])[0]
            if (old.get("status"), old.get("message")) != (now["status"], now["message"]):
                found["status"] = {"conditions": [now]}
                self.store.update(RESOURCE, found, status=True)

    def _seen(self, event: str, group_resource: str, obj: Object) -> None:
        name = obj["metadata"]["name"]
        if group_resource == RESOURCE:
            if event != "DELETED" and name != _NAME and (obj.get("spec") or {}).get("service"):
                self.refresh()
        elif group_resource in _BEHIND and name.startswith("metrics-server"):
            self.refresh()

    def _foreign(self, spec: Object) -> Object:
        """The condition of an API that a chart's own server would answer."""
        from byocni_tui.sandbox.kube.forward import behind

        service = spec["service"]
        ns, name = service.get("namespace", ""), service.get("name", "")
        if self.store.entry("services", ns, name) is None:
            return self._condition("False", "ServiceNotFound", f'service/{name} in "{ns}" is not present')
        try:
            pod, port = behind(self.cluster, ns, f"{name}:{service.get('port', 443)}")
        except ApiError:
            why = f'endpoints for service/{name} in "{ns}" have no addresses with port name ""'
            return self._condition("False", "MissingEndpoints", why)
        address = f"https://{(pod.get('status') or {}).get('podIP', '')}:{port}"
        tunnel = self.cluster.hooks.tunnel
        problem = (tunnel(None) if tunnel is not None else "") or "not in the sandbox"
        path = f"{address}/apis/{spec.get('group', '')}/{spec.get('version', '')}"
        why = f'failing or missing response from {path}: Get "{path}": {problem}'
        return self._condition("False", "FailedDiscoveryCheck", why)

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

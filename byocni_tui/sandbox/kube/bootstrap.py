"""What an API server creates by itself: the service in front of it, built-in roles, priority classes."""

from typing import TYPE_CHECKING, Any, Final

from byocni_tui.sandbox.kube.names import words

if TYPE_CHECKING:
    from byocni_tui.sandbox.kube.cluster import KubeCluster

_EVERYTHING: Final = [
    {"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]},
    {"nonResourceURLs": ["*"], "verbs": ["*"]},
]
_AGGREGATE: Final = "rbac.authorization.k8s.io/aggregate-to-"
_READ: Final = ["get", "list", "watch"]
_WRITE: Final = ["create", "delete", "deletecollection", "patch", "update"]
_CORE: Final = list(
    words(
        "configmaps endpoints events persistentvolumeclaims pods pods/log pods/status replicationcontrollers "
        "replicationcontrollers/scale resourcequotas limitranges serviceaccounts services bindings namespaces"
    )
)
_APPS: Final = list(
    words(
        "controllerrevisions daemonsets deployments deployments/scale replicasets replicasets/scale statefulsets "
        "statefulsets/scale"
    )
)


def seed(cluster: "KubeCluster") -> None:
    """Fill a new cluster's store."""
    store = cluster.store
    _front(cluster)
    store.subscribe(lambda event, resource, obj: _restore(cluster, event, resource, obj))
    for name, value in (("system-cluster-critical", 2_000_000_000), ("system-node-critical", 2_000_001_000)):
        store.create(
            "priorityclasses.scheduling.k8s.io",
            {"metadata": {"name": name}, "value": value, "preemptionPolicy": "PreemptLowerPriority"},
        )
    cluster.api_services.seed()
    labels = {"kubernetes.io/bootstrapping": "rbac-defaults"}
    for name, rules in _roles().items():
        notes = {"rbac.authorization.kubernetes.io/autoupdate": "true"}
        meta: dict[str, Any] = {"name": name, "labels": dict(labels), "annotations": notes}
        role: dict[str, Any] = {"metadata": meta, "rules": rules}
        above = {"view": "edit", "edit": "admin"}.get(name, name.removeprefix("system:aggregate-to-"))
        if above != name:
            meta["labels"][f"{_AGGREGATE}{above}"] = "true"
        if name in ("admin", "edit", "view"):
            chosen = [{"matchLabels": {f"{_AGGREGATE}{name}": "true"}}]
            role["aggregationRule"] = {"clusterRoleSelectors": chosen}
        store.create("clusterroles.rbac.authorization.k8s.io", role)
    for name, granted, subject in (
        ("cluster-admin", "cluster-admin", "system:masters"),
        ("system:discovery", "system:discovery", "system:authenticated"),
        ("system:basic-user", "system:basic-user", "system:authenticated"),
        ("system:public-info-viewer", "system:public-info-viewer", "system:unauthenticated"),
    ):
        group = "rbac.authorization.k8s.io"
        store.create(
            "clusterrolebindings.rbac.authorization.k8s.io",
            {
                "metadata": {"name": name, "labels": labels},
                "roleRef": {"apiGroup": group, "kind": "ClusterRole", "name": granted},
                "subjects": [{"apiGroup": group, "kind": "Group", "name": subject}],
            },
        )


def _restore(cluster: "KubeCluster", event: str, resource: str, obj: dict[str, Any]) -> None:
    """The server's own service comes back when somebody deletes it."""
    meta = obj["metadata"]
    if (
        event == "DELETED"
        and resource == "services"
        and (meta["namespace"], meta["name"]) == ("default", "kubernetes")
    ):
        _front(cluster)


def _front(cluster: "KubeCluster") -> None:
    first = cluster.service_cidr.split("/")[0].rsplit(".", 1)
    cluster.store.create(
        "services",
        {
            "metadata": {
                "name": "kubernetes",
                "namespace": "default",
                "labels": {"component": "apiserver", "provider": "kubernetes"},
            },
            "spec": {
                "clusterIP": f"{first[0]}.{int(first[1]) + 1}",
                "clusterIPs": [f"{first[0]}.{int(first[1]) + 1}"],
                "internalTrafficPolicy": "Cluster",
                "ipFamilies": ["IPv4"],
                "ipFamilyPolicy": "SingleStack",
                "ports": [{"name": "https", "port": 443, "protocol": "TCP", "targetPort": 443}],
                "sessionAffinity": "None",
                "type": "ClusterIP",
            },
            "status": {"loadBalancer": {}},
        },
    )


def _roles() -> dict[str, list[dict[str, Any]]]:
    info = ["/healthz", "/livez", "/readyz", "/version", "/version/"]
    reviews = ["selfsubjectaccessreviews", "selfsubjectrulesreviews"]
    view = [
        {"apiGroups": [""], "resources": _CORE, "verbs": _READ},
        {"apiGroups": ["apps"], "resources": _APPS, "verbs": _READ},
        {"apiGroups": ["batch"], "resources": ["cronjobs", "jobs"], "verbs": _READ},
        {"apiGroups": ["autoscaling"], "resources": ["horizontalpodautoscalers"], "verbs": _READ},
        {"apiGroups": ["networking.k8s.io"], "resources": ["ingresses", "networkpolicies"], "verbs": _READ},
        {"apiGroups": ["policy"], "resources": ["poddisruptionbudgets"], "verbs": _READ},
        {"apiGroups": ["discovery.k8s.io"], "resources": ["endpointslices"], "verbs": _READ},
    ]
    edit = [{**rule, "verbs": _READ + _WRITE} for rule in view]
    edit += [
        {"apiGroups": [""], "resources": ["secrets"], "verbs": _READ + _WRITE},
        {
            "apiGroups": [""],
            "resources": ["pods/exec", "pods/attach", "pods/portforward"],
            "verbs": ["create", "get"],
        },
        {"apiGroups": [""], "resources": ["pods/eviction"], "verbs": ["create"]},
    ]
    own = {"apiGroups": ["rbac.authorization.k8s.io"], "resources": ["rolebindings", "roles"]}
    return {
        "cluster-admin": _EVERYTHING,
        "system:aggregate-to-admin": [{**own, "verbs": _READ + _WRITE}],
        "system:aggregate-to-edit": edit,
        "system:aggregate-to-view": view,
        "admin": [],
        "edit": [],
        "view": [],
        "system:discovery": [
            {
                "nonResourceURLs": ["/api", "/api/*", "/apis", "/apis/*", "/openapi", "/openapi/*", *info],
                "verbs": ["get"],
            }
        ],
        "system:public-info-viewer": [{"nonResourceURLs": info, "verbs": ["get"]}],
        "system:basic-user": [
            {"apiGroups": ["authorization.k8s.io"], "resources": reviews, "verbs": ["create"]},
            {
                "apiGroups": ["authentication.k8s.io"],
                "resources": ["selfsubjectreviews"],
                "verbs": ["create"],
            },
        ],
    }

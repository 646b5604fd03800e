"""Defaults that the API server fills in and OpenAPI does not tell: those of workloads, services and their parts."""

from collections.abc import Callable
from typing import Any, Final

from byocni_tui.sandbox.kube import human
from byocni_tui.sandbox.kube.schema import Schema

Object = dict[str, Any]


def from_schema(value: Any, schema: Schema) -> None:
    """Fill in what the schema itself has a default for, in place (protocol TCP, list items of structs that exist)."""
    if isinstance(value, list):
        item = schema.item()
        for element in value:
            from_schema(element, item)
        return
    if not isinstance(value, dict):
        return
    for name, node in schema.properties.items():
        if name in value:
            if isinstance(value[name], dict | list):
                from_schema(value[name], Schema(node, schema._defs))
            elif value[name] is None and "default" in node and not node.get("nullable"):
                value[name] = node["default"]
        elif node.get("default") not in (None, {}, "", 0):
            value[name] = node["default"]
    if schema.is_map:
        for name, item_value in value.items():
            below = schema.field(name)
            if below is not None and isinstance(item_value, dict | list):
                from_schema(item_value, below)


def structural(value: Any, schema: Schema) -> None:
    """Defaults of a custom resource's own schema, in place: any default counts, also an empty one."""
    if isinstance(value, list):
        for element in value:
            structural(element, schema.item())
        return
    if not isinstance(value, dict):
        return
    for name, node in schema.properties.items():
        if "default" in node and name not in value and name != "metadata":
            default = node["default"]
            value[name] = (
                dict(default)
                if isinstance(default, dict)
                else list(default)
                if isinstance(default, list)
                else default
            )
        if name in value:
            structural(value[name], Schema(node, schema._defs))
    if schema.is_map:
        for name in value:
            below = schema.field(name)
            if below is not None:
                structural(value[name], below)


def _probe(probe: Object) -> None:
    for key, value in (
        ("timeoutSeconds", 1),
        ("periodSeconds", 10),
        ("successThreshold", 1),
        ("failureThreshold", 3),
    ):
        if not probe.get(key):
            probe[key] = value
    _handler(probe)


def _handler(holder: Object) -> None:
    if isinstance(get := holder.get("httpGet"), dict):
        get.setdefault("path", "/")
        get.setdefault("scheme", "HTTP")
    if isinstance(grpc := holder.get("grpc"), dict):
        grpc.setdefault("service", "")


def _container(container: Object) -> None:
    image = str(container.get("image", ""))
    tag = image.rpartition("/")[2].partition(":")[2] if "@" not in image else "digest"
    container.setdefault("imagePullPolicy", "Always" if tag in ("", "latest") else "IfNotPresent")
    container.setdefault("resources", {})
    container.setdefault("terminationMessagePath", "/dev/termination-log")
    container.setdefault("terminationMessagePolicy", "File")
    resources = container["resources"]
    if isinstance(limits := resources.get("limits"), dict):
        requests = resources.setdefault("requests", {})
        for name, value in limits.items():
            requests.setdefault(name, value)
    for name in ("livenessProbe", "readinessProbe", "startupProbe"):
        if isinstance(container.get(name), dict):
            _probe(container[name])
    for hook in (container.get("lifecycle") or {}).values():
        if isinstance(hook, dict):
            _handler(hook)
    for port in container.get("ports") or ():
        port.setdefault("protocol", "TCP")
    for variable in container.get("env") or ():
        reference = (variable.get("valueFrom") or {}).get("fieldRef")
        if isinstance(reference, dict):
            reference.setdefault("apiVersion", "v1")


_VOLUME_MODES: Final = ("configMap", "secret", "projected", "downwardAPI")


def _volume(volume: Object) -> None:
    if not any(key != "name" for key in volume):
        volume["emptyDir"] = {}
    for name in _VOLUME_MODES:
        if isinstance(volume.get(name), dict):
            volume[name].setdefault("defaultMode", 420)
    if isinstance(volume.get("hostPath"), dict):
        volume["hostPath"].setdefault("type", "")
    for source in (volume.get("projected") or {}).get("sources") or ():
        if isinstance(source.get("serviceAccountToken"), dict):
            source["serviceAccountToken"].setdefault("expirationSeconds", 3600)
        for item in (source.get("downwardAPI") or {}).get("items") or ():
            if isinstance(item.get("fieldRef"), dict):
                item["fieldRef"].setdefault("apiVersion", "v1")


def pod_spec(spec: Object) -> None:
    """Defaults of a pod or template, in place."""
    for key, value in (
        ("dnsPolicy", "ClusterFirst"),
        ("restartPolicy", "Always"),
        ("schedulerName", "default-scheduler"),
        ("terminationGracePeriodSeconds", 30),
    ):
        spec.setdefault(key, value)
    spec.setdefault("securityContext", {})
    if "serviceAccountName" in spec:
        spec.setdefault("serviceAccount", spec["serviceAccountName"])
    elif "serviceAccount" in spec:
        spec["serviceAccountName"] = spec["serviceAccount"]
    for name in ("containers", "initContainers", "ephemeralContainers"):
        for container in spec.get(name) or ():
            if isinstance(container, dict):
                _container(container)
                if spec.get("hostNetwork"):
                    for port in container.get("ports") or ():
                        port.setdefault("hostPort", port.get("containerPort"))
    for volume in spec.get("volumes") or ():
        _volume(volume)


def _template(obj: Object, *path: str) -> None:
    holder = obj.get("spec")
    for part in path:
        holder = holder.get(part) if isinstance(holder, dict) else None
    template = holder.get("template") if isinstance(holder, dict) else None
    if isinstance(template, dict):
        template.setdefault("metadata", {})
        if isinstance(template.get("spec"), dict):
            pod_spec(template["spec"])


def _pod(obj: Object) -> None:
    spec = obj.get("spec")
    if isinstance(spec, dict):
        pod_spec(spec)
        spec.setdefault("enableServiceLinks", True)


def _deployment(obj: Object) -> None:
    spec = obj["spec"]
    for key, value in (("replicas", 1), ("revisionHistoryLimit", 10), ("progressDeadlineSeconds", 600)):
        spec.setdefault(key, value)
    strategy = spec.get("strategy") or {}
    spec["strategy"] = strategy
    if strategy.setdefault("type", "RollingUpdate") == "RollingUpdate":
        rolling = strategy.setdefault("rollingUpdate", {})
        rolling.setdefault("maxSurge", "25%")
        rolling.setdefault("maxUnavailable", "25%")
    _template(obj)


def _daemon_set(obj: Object) -> None:
    spec = obj["spec"]
    spec.setdefault("revisionHistoryLimit", 10)
    strategy = spec.get("updateStrategy") or {}
    spec["updateStrategy"] = strategy
    if strategy.setdefault("type", "RollingUpdate") == "RollingUpdate":
        rolling = strategy.setdefault("rollingUpdate", {})
        rolling.setdefault("maxSurge", 0)
        rolling.setdefault("maxUnavailable", 1)
    _template(obj)


def _stateful_set(obj: Object) -> None:
    spec = obj["spec"]
    spec.setdefault("replicas", 1)
    spec.setdefault("revisionHistoryLimit", 10)
    spec.setdefault("podManagementPolicy", "OrderedReady")
    spec.setdefault("serviceName", "")
    spec.setdefault("persistentVolumeClaimRetentionPolicy", {"whenDeleted": "Retain", "whenScaled": "Retain"})
    strategy = spec.get("updateStrategy") or {}
    spec["updateStrategy"] = strategy
    if strategy.setdefault("type", "RollingUpdate") == "RollingUpdate":
        strategy.setdefault("rollingUpdate", {}).setdefault("partition", 0)
    _template(obj)


def _replica_set(obj: Object) -> None:
    obj["spec"].setdefault("replicas", 1)
    _template(obj)


def _job_spec(spec: Object) -> None:
    if "completions" not in spec and "parallelism" not in spec:
        spec["completions"] = 1
    spec.setdefault("parallelism", 1)
    spec.setdefault("backoffLimit", 6)
    spec.setdefault("completionMode", "NonIndexed")
    spec.setdefault("suspend", False)
    spec.setdefault("manualSelector", False) if "selector" in spec else None
    spec.setdefault("podReplacementPolicy", "TerminatingOrFailed")


def _job(obj: Object) -> None:
    _job_spec(obj["spec"])
    _template(obj)
    _job_selector(obj)


def _job_selector(job: Object) -> None:
    """A job selects its pods by its own uid, unless its author does it by hand."""
    meta, spec = job["metadata"], job["spec"]
    template = spec.get("template")
    if (
        spec.get("selector")
        or spec.get("manualSelector")
        or not meta.get("uid")
        or not isinstance(template, dict)
    ):
        return
    uid, name = meta["uid"], meta["name"]
    labels = template.setdefault("metadata", {}).setdefault("labels", {})
    for prefix in ("", "batch.kubernetes.io/"):
        labels.setdefault(prefix + "controller-uid", uid)
        labels.setdefault(prefix + "job-name", name)
    spec["selector"] = {"matchLabels": {"batch.kubernetes.io/controller-uid": uid}}
    spec["manualSelector"] = False
    if not meta.get("labels"):
        meta["labels"] = dict(labels)


def _cron_job(obj: Object) -> None:
    spec = obj["spec"]
    for key, value in (
        ("concurrencyPolicy", "Allow"),
        ("failedJobsHistoryLimit", 1),
        ("successfulJobsHistoryLimit", 3),
        ("suspend", False),
    ):
        spec.setdefault(key, value)
    job = spec.setdefault("jobTemplate", {})
    job.setdefault("metadata", {})
    _template(obj, "jobTemplate", "spec")


def _service(obj: Object) -> None:
    spec = obj["spec"]
    spec.setdefault("type", "ClusterIP")
    spec.setdefault("sessionAffinity", "None")
    if spec["type"] != "ExternalName":
        spec.setdefault("internalTrafficPolicy", "Cluster")
        spec.setdefault("ipFamilyPolicy", "SingleStack")
        spec.setdefault("ipFamilies", ["IPv4"])
    if spec["type"] in ("NodePort", "LoadBalancer"):
        spec.setdefault("externalTrafficPolicy", "Cluster")
    if spec["type"] == "LoadBalancer":
        spec.setdefault("allocateLoadBalancerNodePorts", True)
    for port in spec.get("ports") or ():
        port.setdefault("protocol", "TCP")
        port.setdefault("targetPort", port.get("port"))


def _hpa(obj: Object) -> None:
    spec = obj["spec"]
    spec.setdefault("minReplicas", 1)
    if not spec.get("metrics"):
        target = {"type": "Utilization", "averageUtilization": 80}
        spec["metrics"] = [{"type": "Resource", "resource": {"name": "cpu", "target": target}}]
    behavior = spec.get("behavior")
    if not isinstance(behavior, dict):
        return
    doubled = {"type": "Percent", "value": 100, "periodSeconds": 15}
    four = {"type": "Pods", "value": 4, "periodSeconds": 15}
    for way, policies in (("scaleUp", [four, doubled]), ("scaleDown", [doubled])):
        rules = behavior[way] = dict(behavior.get(way) or {})
        if way == "scaleUp":
            rules.setdefault("stabilizationWindowSeconds", 0)
        rules.setdefault("selectPolicy", "Max")
        if not rules.get("policies"):
            rules["policies"] = policies


def _network_policy(obj: Object) -> None:
    spec = obj.setdefault("spec", {})
    spec.setdefault("podSelector", {})
    if "policyTypes" not in spec:
        spec["policyTypes"] = ["Ingress", "Egress"] if spec.get("egress") else ["Ingress"]
    for direction in ("ingress", "egress"):
        for rule in spec.get(direction) or ():
            for port in rule.get("ports") or ():
                port.setdefault("protocol", "TCP")


def _binding(obj: Object) -> None:
    if isinstance(role := obj.get("roleRef"), dict):
        role.setdefault("apiGroup", "rbac.authorization.k8s.io")
    for subject in obj.get("subjects") or ():
        if subject.get("kind") in ("User", "Group"):
            subject.setdefault("apiGroup", "rbac.authorization.k8s.io")


def _secret(obj: Object) -> None:
    obj.setdefault("type", "Opaque")


def _claim(obj: Object) -> None:
    obj["spec"].setdefault("volumeMode", "Filesystem")


def _priority_class(obj: Object) -> None:
    obj.setdefault("preemptionPolicy", "PreemptLowerPriority")


def _storage_class(obj: Object) -> None:
    obj.setdefault("reclaimPolicy", "Delete")
    obj.setdefault("volumeBindingMode", "Immediate")


def _crd(obj: Object) -> None:
    spec = obj["spec"]
    names = spec.setdefault("names", {})
    if names.get("kind"):
        names.setdefault("singular", names["kind"].lower())
        names.setdefault("listKind", names["kind"] + "List")
    spec.setdefault("conversion", {}).setdefault("strategy", "None")


def _webhooks(obj: Object) -> None:
    for hook in obj.get("webhooks") or ():
        for key, value in (("failurePolicy", "Fail"), ("matchPolicy", "Equivalent"), ("timeoutSeconds", 10)):
            hook.setdefault(key, value)
        hook.setdefault("namespaceSelector", {})
        hook.setdefault("objectSelector", {})
        if obj.get("kind") == "MutatingWebhookConfiguration":
            hook.setdefault("reinvocationPolicy", "Never")
        if isinstance(service := (hook.get("clientConfig") or {}).get("service"), dict):
            service.setdefault("port", 443)
        for rule in hook.get("rules") or ():
            rule.setdefault("scope", "*")


def _runtime(obj: Object) -> None:
    if isinstance(service := (obj.get("spec") or {}).get("service"), dict):
        service.setdefault("port", 443)


DEFAULTS: Final[dict[str, Callable[[Object], None]]] = {
    "pods": _pod,
    "services": _service,
    "secrets": _secret,
    "persistentvolumeclaims": _claim,
    "replicationcontrollers": _replica_set,
    "deployments.apps": _deployment,
    "replicasets.apps": _replica_set,
    "daemonsets.apps": _daemon_set,
    "statefulsets.apps": _stateful_set,
    "jobs.batch": _job,
    "cronjobs.batch": _cron_job,
    "horizontalpodautoscalers.autoscaling": _hpa,
    "networkpolicies.networking.k8s.io": _network_policy,
    "rolebindings.rbac.authorization.k8s.io": _binding,
    "clusterrolebindings.rbac.authorization.k8s.io": _binding,
    "priorityclasses.scheduling.k8s.io": _priority_class,
    "storageclasses.storage.k8s.io": _storage_class,
    "customresourcedefinitions.apiextensions.k8s.io": _crd,
    "apiservices.apiregistration.k8s.io": _runtime,
    "validatingwebhookconfigurations.admissionregistration.k8s.io": _webhooks,
    "mutatingwebhookconfigurations.admissionregistration.k8s.io": _webhooks,
}


def quality_of_service(spec: Object) -> str:
    """Guaranteed, Burstable or BestEffort, by the resources of all containers."""
    guaranteed, any_set = True, False
    for container in [*(spec.get("containers") or ()), *(spec.get("initContainers") or ())]:
        resources = container.get("resources") or {}
        requests, limits = resources.get("requests") or {}, resources.get("limits") or {}
        for name in ("cpu", "memory"):
            asked, capped = human.quantity(requests.get(name, 0)), human.quantity(limits.get(name, 0))
            any_set = any_set or bool(asked) or bool(capped)
            guaranteed = guaranteed and bool(capped) and asked == capped
    return "Guaranteed" if any_set and guaranteed else "Burstable" if any_set else "BestEffort"

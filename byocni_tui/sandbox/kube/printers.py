"""What each kind shows in a table: the cells of one object, in the order of its columns.

Columns and cells follow the recordings where they show a kind, and the public printers of 1.36 where not.
"""

from typing import Any, Final

from byocni_tui.sandbox.kube import human, workloads
from byocni_tui.sandbox.kube.cells import (
    NONE,
    Age,
    Object,
    Printer,
    age_of,
    containers,
    get,
    label_text,
    name_of,
    selector_text,
)
from byocni_tui.sandbox.kube.pod_cells import pod_cells


def _node(obj: Object, age: Age) -> list[Any]:
    conditions = {c["type"]: c["status"] for c in get(obj, "status.conditions", [])}
    ready = conditions.get("Ready")
    status = ["Unknown" if ready is None else "Ready" if ready == "True" else "NotReady"]
    if get(obj, "spec.unschedulable"):
        status.append("SchedulingDisabled")
    prefix, roles = "node-role.kubernetes.io/", set()
    for key, value in (obj["metadata"].get("labels") or {}).items():
        if key.startswith(prefix) and key != prefix:
            roles.add(key.removeprefix(prefix))
        elif key == "kubernetes.io/role" and value:
            roles.add(value)
    addresses = {a["type"]: a["address"] for a in reversed(get(obj, "status.addresses", []))}
    info = get(obj, "status.nodeInfo", {})
    kernel = info.get("kernelVersion") or "<unknown>"
    if info.get("kernelVersion") and info.get("architecture"):
        kernel = f"{kernel} ({info['architecture']})"
    return [
        name_of(obj), ",".join(status), ",".join(sorted(roles)) or NONE, age_of(obj, age),
        info.get("kubeletVersion", ""),
        addresses.get("InternalIP", NONE), addresses.get("ExternalIP", NONE), info.get("osImage") or "<unknown>",
        kernel, info.get("containerRuntimeVersion") or "<unknown>",
    ]  # fmt: skip


def _service(obj: Object, age: Age) -> list[Any]:
    spec = obj["spec"]
    sort = spec.get("type", "ClusterIP")
    ports = []
    for port in spec.get("ports") or ():
        node = f":{port['nodePort']}" if port.get("nodePort") else ""
        ports.append(f"{port['port']}{node}/{port.get('protocol', 'TCP')}")
    external = list(spec.get("externalIPs") or ())
    given = [i.get("ip") or i.get("hostname", "") for i in get(obj, "status.loadBalancer.ingress", [])]
    if sort == "LoadBalancer":
        shown = ",".join(given + external) or "<pending>"
    elif sort == "ExternalName":
        shown = spec.get("externalName", "")
    else:
        shown = ",".join(external) or NONE
    return [
        name_of(obj), sort, spec.get("clusterIP") or NONE, shown, ",".join(ports) or NONE, age_of(obj, age),
        label_text(spec.get("selector")),
    ]  # fmt: skip


def _more(items: list[str], limit: int = 3) -> str:
    text = ",".join(items[:limit])
    return f"{text} + {len(items) - limit} more..." if len(items) > limit else text or NONE


def _endpoints(obj: Object, age: Age) -> list[Any]:
    found: list[str] = []
    for subset in obj.get("subsets") or ():
        ports = subset.get("ports") or [None]
        for port in ports:
            addresses = [a["ip"] for a in subset.get("addresses") or ()]
            found += [f"{ip}:{port['port']}" for ip in addresses] if port else addresses
    return [name_of(obj), _more(found), age_of(obj, age)]


def _endpoint_slice(obj: Object, age: Age) -> list[Any]:
    ports = [str(p["port"]) if p.get("port") is not None else "*" for p in obj.get("ports") or ()]
    addresses = [a for e in obj.get("endpoints") or () for a in e.get("addresses") or ()]
    return [
        name_of(obj), obj.get("addressType", ""), _more(ports) if ports else "<unset>",
        _more(addresses) if addresses else "<unset>", age_of(obj, age),
    ]  # fmt: skip


def _event(obj: Object, age: Age) -> list[Any]:
    about = obj.get("involvedObject") or {}
    first = obj.get("firstTimestamp") or obj.get("eventTime")
    last = obj.get("lastTimestamp") or get(obj, "series.lastObservedTime") or first
    source = obj.get("source") or {}
    origin = ", ".join(
        filter(None, (source.get("component") or obj.get("reportingComponent"), source.get("host")))
    )
    where = f"{about.get('kind', '').lower()}/{about.get('name', '')}"
    count = obj.get("count") or get(obj, "series.count") or 1
    return [
        age(last), obj.get("type", ""), obj.get("reason", ""), where, about.get("fieldPath", ""), origin,
        (obj.get("message") or "").strip(), age(first), count, name_of(obj),
    ]  # fmt: skip


def _hpa(obj: Object, age: Age) -> list[Any]:
    spec, status = obj["spec"], obj.get("status", {})
    reference = f"{get(spec, 'scaleTargetRef.kind')}/{get(spec, 'scaleTargetRef.name')}"
    targets = []
    current = {
        get(m, "resource.name"): get(m, "resource.current", {}) for m in status.get("currentMetrics") or ()
    }
    for metric in spec.get("metrics") or ():
        if metric["type"] != "Resource":
            targets.append("<unknown>")
            continue
        name, target = metric["resource"]["name"], metric["resource"].get("target", {})
        now = current.get(name, {})
        if target.get("type") == "Utilization":
            has = now.get("averageUtilization")
            targets.append(
                f"{name}: {'<unknown>' if has is None else f'{has}%'}/{target.get('averageUtilization')}%"
            )
        else:
            targets.append(f"{name}: {now.get('averageValue', '<unknown>')}/{target.get('averageValue')}")
    return [
        name_of(obj), reference, ", ".join(targets) or NONE, str(spec.get("minReplicas", "<unset>")),
        spec.get("maxReplicas", 0), status.get("currentReplicas", 0), age_of(obj, age),
    ]  # fmt: skip


def _pdb(obj: Object, age: Age) -> list[Any]:
    spec = obj["spec"]
    low, high = (str(spec[key]) if key in spec else "N/A" for key in ("minAvailable", "maxUnavailable"))
    return [name_of(obj), low, high, get(obj, "status.disruptionsAllowed", 0), age_of(obj, age)]


def _ingress(obj: Object, age: Age) -> list[Any]:
    spec = obj.get("spec", {})
    hosts = [r["host"] for r in spec.get("rules") or () if r.get("host")]
    given = [i.get("ip") or i.get("hostname", "") for i in get(obj, "status.loadBalancer.ingress", [])]
    ports = "80, 443" if spec.get("tls") else "80"
    return [
        name_of(obj), spec.get("ingressClassName") or NONE, _more(hosts) if hosts else "*", ",".join(given), ports,
        age_of(obj, age),
    ]  # fmt: skip


def _binding(obj: Object, age: Age) -> list[Any]:
    subjects: dict[str, list[str]] = {"User": [], "Group": [], "ServiceAccount": []}
    for subject in obj.get("subjects") or ():
        name = subject["name"]
        if subject["kind"] == "ServiceAccount":
            name = f"{subject.get('namespace', '')}/{name}"
        subjects.setdefault(subject["kind"], []).append(name)
    role = f"{get(obj, 'roleRef.kind')}/{get(obj, 'roleRef.name')}"
    return [
        name_of(obj),
        role,
        age_of(obj, age),
        *(", ".join(subjects[k]) for k in ("User", "Group", "ServiceAccount")),
    ]


def _storage_class(obj: Object, age: Age) -> list[Any]:
    notes = obj["metadata"].get("annotations") or {}
    default = notes.get("storageclass.kubernetes.io/is-default-class") == "true"
    return [
        name_of(obj) + (" (default)" if default else ""), obj.get("provisioner", ""),
        obj.get("reclaimPolicy", "Delete"),
        obj.get("volumeBindingMode", "Immediate"), bool(obj.get("allowVolumeExpansion")), age_of(obj, age),
    ]  # fmt: skip


_MODES: Final = {
    "ReadWriteOnce": "RWO",
    "ReadOnlyMany": "ROX",
    "ReadWriteMany": "RWX",
    "ReadWriteOncePod": "RWOP",
}


def _modes(modes: Any) -> str:
    return ",".join(_MODES[m] for m in _MODES if m in (modes or ()))


def _pvc(obj: Object, age: Age) -> list[Any]:
    spec, status = obj["spec"], obj.get("status", {})
    phase = "Terminating" if obj["metadata"].get("deletionTimestamp") else status.get("phase", "")
    bound = bool(spec.get("volumeName"))
    return [
        name_of(obj), phase, spec.get("volumeName", ""), get(status, "capacity.storage", "") if bound else "",
        _modes(status.get("accessModes")) if bound else "", spec.get("storageClassName", ""),
        spec.get("volumeAttributesClassName") or "<unset>", age_of(obj, age), spec.get("volumeMode", "Filesystem"),
    ]  # fmt: skip


def _pv(obj: Object, age: Age) -> list[Any]:
    spec, claim = obj["spec"], get(obj, "spec.claimRef")
    phase = "Terminating" if obj["metadata"].get("deletionTimestamp") else get(obj, "status.phase", "")
    return [
        name_of(obj), get(spec, "capacity.storage", ""), _modes(spec.get("accessModes")),
        spec.get("persistentVolumeReclaimPolicy", ""), phase, f"{claim['namespace']}/{claim['name']}" if claim else "",
        spec.get("storageClassName", ""), spec.get("volumeAttributesClassName") or "<unset>",
        get(obj, "status.reason", ""), age_of(obj, age), spec.get("volumeMode", "Filesystem"),
    ]  # fmt: skip


def _quota(obj: Object, age: Age) -> list[Any]:
    hard, used = get(obj, "status.hard", {}), get(obj, "status.used", {})
    parts: dict[bool, list[str]] = {False: [], True: []}
    for key in sorted(hard):
        parts[key.startswith("limits.")].append(f"{key}: {used.get(key, '0')}/{hard[key]}")
    return [name_of(obj), ", ".join(parts[False]), ", ".join(parts[True]), age_of(obj, age)]


def _api_service(obj: Object, age: Age) -> list[Any]:
    service = get(obj, "spec.service")
    where = f"{service['namespace']}/{service['name']}" if service else "Local"
    for condition in get(obj, "status.conditions", []):
        if condition["type"] == "Available":
            available = (
                "True"
                if condition["status"] == "True"
                else f"{condition['status']} ({condition.get('reason')})"
            )
            return [name_of(obj), where, available, age_of(obj, age)]
    return [name_of(obj), where, "Unknown", age_of(obj, age)]


def _webhooks(obj: Object, age: Age) -> list[Any]:
    return [name_of(obj), len(obj.get("webhooks") or ()), age_of(obj, age)]


def _csr(obj: Object, age: Age) -> list[Any]:
    spec = obj["spec"]
    conditions = [c["type"] for c in get(obj, "status.conditions", [])]
    state = next((w for w in ("Denied", "Approved") if w in conditions), "Pending")
    if "Failed" in conditions:
        state += ",Failed"
    if get(obj, "status.certificate"):
        state += ",Issued"
    seconds = spec.get("expirationSeconds")
    return [
        name_of(obj), age_of(obj, age), spec.get("signerName") or NONE, spec.get("username", ""),
        human.duration(seconds) if seconds else NONE, state,
    ]  # fmt: skip


def _plain(*paths: str) -> Printer:
    """Name, the values at these paths, age."""

    def cells(obj: Object, age: Age) -> list[Any]:
        return [name_of(obj), *(get(obj, path, "") for path in paths), age_of(obj, age)]

    return cells


def _data(obj: Object, age: Age) -> list[Any]:
    return [name_of(obj), len(obj.get("data") or ()) + len(obj.get("binaryData") or ()), age_of(obj, age)]


def _secret(obj: Object, age: Age) -> list[Any]:
    return [name_of(obj), obj.get("type", ""), len(obj.get("data") or ()), age_of(obj, age)]


def _namespace(obj: Object, age: Age) -> list[Any]:
    return [name_of(obj), get(obj, "status.phase", "Active"), age_of(obj, age)]


def _network_policy(obj: Object, age: Age) -> list[Any]:
    return [name_of(obj), selector_text(get(obj, "spec.podSelector")), age_of(obj, age)]


def _created(obj: Object, _age: Age) -> list[Any]:
    return [name_of(obj), obj["metadata"].get("creationTimestamp")]


def _priority_class(obj: Object, age: Age) -> list[Any]:
    return [
        name_of(obj), obj.get("value", 0), bool(obj.get("globalDefault")), age_of(obj, age),
        obj.get("preemptionPolicy", "PreemptLowerPriority"),
    ]  # fmt: skip


def _controller_revision(obj: Object, age: Age) -> list[Any]:
    owner = next((o for o in obj["metadata"].get("ownerReferences") or () if o.get("controller")), None)
    text = NONE
    if owner:
        group = owner["apiVersion"].rpartition("/")[0]
        text = f"{owner['kind'].lower()}{'.' + group if group else ''}/{owner['name']}"
    return [name_of(obj), text, obj.get("revision", 0), age_of(obj, age)]


def _csi_node(obj: Object, age: Age) -> list[Any]:
    return [name_of(obj), len(get(obj, "spec.drivers", [])), age_of(obj, age)]


def _csi_driver(obj: Object, age: Age) -> list[Any]:
    spec = obj.get("spec", {})
    tokens = ",".join(t.get("audience", "") for t in spec.get("tokenRequests") or ()) or "<unset>"
    return [
        name_of(obj), spec.get("attachRequired", True), spec.get("podInfoOnMount", False),
        spec.get("storageCapacity", False), tokens, spec.get("requiresRepublish", False),
        ",".join(spec.get("volumeLifecycleModes") or ["Persistent"]), age_of(obj, age),
    ]  # fmt: skip


def _pod_template(obj: Object, _age: Age) -> list[Any]:
    template = obj.get("template")
    return [name_of(obj), *containers(template), label_text(get(template, "metadata.labels"))]


def _ingress_class(obj: Object, age: Age) -> list[Any]:
    given = get(obj, "spec.parameters")
    text = NONE
    if given:
        group = given.get("apiGroup")
        text = f"{given['kind']}{'.' + group if group else ''}/{given['name']}"
    return [name_of(obj), get(obj, "spec.controller", ""), text, age_of(obj, age)]


def _pod(obj: Object, age: Age) -> list[Any]:
    return pod_cells(obj, age)


PRINTERS: Final[dict[str, Printer]] = {
    "pods": _pod,
    "nodes": _node,
    "namespaces": _namespace,
    "services": _service,
    "endpoints": _endpoints,
    "events": _event,
    "configmaps": _data,
    "secrets": _secret,
    "replicationcontrollers": workloads.replica_set,
    "persistentvolumes": _pv,
    "persistentvolumeclaims": _pvc,
    "resourcequotas": _quota,
    "limitranges": _created,
    "podtemplates": _pod_template,
    "deployments.apps": workloads.deployment,
    "replicasets.apps": workloads.replica_set,
    "daemonsets.apps": workloads.daemon_set,
    "statefulsets.apps": workloads.stateful_set,
    "controllerrevisions.apps": _controller_revision,
    "jobs.batch": workloads.job,
    "cronjobs.batch": workloads.cron_job,
    "horizontalpodautoscalers.autoscaling": _hpa,
    "poddisruptionbudgets.policy": _pdb,
    "ingresses.networking.k8s.io": _ingress,
    "ingressclasses.networking.k8s.io": _ingress_class,
    "networkpolicies.networking.k8s.io": _network_policy,
    "endpointslices.discovery.k8s.io": _endpoint_slice,
    "roles.rbac.authorization.k8s.io": _created,
    "clusterroles.rbac.authorization.k8s.io": _created,
    "rolebindings.rbac.authorization.k8s.io": _binding,
    "clusterrolebindings.rbac.authorization.k8s.io": _binding,
    "storageclasses.storage.k8s.io": _storage_class,
    "csinodes.storage.k8s.io": _csi_node,
    "csidrivers.storage.k8s.io": _csi_driver,
    "customresourcedefinitions.apiextensions.k8s.io": _created,
    "apiservices.apiregistration.k8s.io": _api_service,
    "validatingwebhookconfigurations.admissionregistration.k8s.io": _webhooks,
    "mutatingwebhookconfigurations.admissionregistration.k8s.io": _webhooks,
    "certificatesigningrequests.certificates.k8s.io": _csr,
    "priorityclasses.scheduling.k8s.io": _priority_class,
    "leases.coordination.k8s.io": _plain("spec.holderIdentity"),
    "runtimeclasses.node.k8s.io": _plain("handler"),
}

"""What happens to an object between the request and the store: decoding rules, defaults, strategy, admission."""

import ipaddress
from typing import TYPE_CHECKING, Any, Final

from byocni_tui.sandbox.kube import cel_rules, defaults, fields, limits, quotas, schema, validation, volumes
from byocni_tui.sandbox.kube.complaints import Complaints
from byocni_tui.sandbox.kube.kinds import Kind
from byocni_tui.sandbox.kube.policies import Policies
from byocni_tui.sandbox.kube.request import User
from byocni_tui.sandbox.kube.schema import Schema
from byocni_tui.sandbox.kube.status import ApiError, bad_request, forbidden, not_found
from byocni_tui.sandbox.kube.webhooks import Webhooks

if TYPE_CHECKING:
    from byocni_tui.sandbox.kube.cluster import KubeCluster

Object = dict[str, Any]
_CRDS: Final = "customresourcedefinitions.apiextensions.k8s.io"
_PRIORITIES: Final = "priorityclasses.scheduling.k8s.io"
_TOLERATED: Final = ("node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable")
_CONTROLLER: Final = User("system:kube-controller-manager", ("system:authenticated",))
_TOKEN: Final = "/var/run/secrets/kubernetes.io/serviceaccount"  # noqa: S105 a path


class Admission:
    """Prepares writes to one cluster."""

    def __init__(self, cluster: "KubeCluster") -> None:
        self.cluster = cluster
        self.store = cluster.store
        self.webhooks = Webhooks(cluster)
        self.policies = Policies(cluster)
        self.warnings: list[str] = []
        """What the next answer says besides; ``drain`` takes them."""

    def schema_of(self, kind: Kind) -> Schema | None:
        """The schema of a kind, or None for one without."""
        if kind.crd is None:
            return schema.of_kind(kind, {})
        crd = self.store.get(_CRDS, "", kind.crd)
        return schema.of_kind(kind, {kind.crd: crd}) if crd else None

    def accept(self, kind: Kind, obj: Any, mode: str) -> list[str]:
        """Check the form of what was sent and drop what is unknown, in place; returns warnings. ``mode`` is
        fieldValidation: Strict, Warn or Ignore. Raises 400."""
        if not isinstance(obj, dict):
            raise bad_request(f"json: cannot unmarshal into Go value of type {kind.kind}")
        form = self.schema_of(kind)
        if form is None:
            return []
        wrong = fields.mistyped(obj.get("metadata") or {}, schema.metadata(), "metadata")
        if wrong is not None:
            raise fields.type_error(kind.kind, kind.version, form, wrong)
        wrong = fields.mistyped(obj, form)
        if wrong is not None and kind.crd is None:
            raise fields.type_error(kind.kind, kind.version, form, wrong)
        unknown = [] if mode == "Ignore" else fields.unknown(obj, form)
        complaints = [f'unknown field "{path}"' for path in unknown]
        if complaints and mode == "Strict":
            prefix = f'{kind.kind} in version "{kind.version}" cannot be handled as a {kind.kind}: '
            raise bad_request(f"{prefix}strict decoding error: {', '.join(complaints)}")
        fields.prune(obj, form)
        fields.drop_nulls(obj, form if kind.crd else None)
        return complaints

    def default(self, kind: Kind, obj: Object) -> None:
        """Fill in the defaults of a kind, in place."""
        form = self.schema_of(kind)
        if kind.crd is not None:
            if form is not None:
                defaults.structural(obj, form)
            return
        if form is not None:
            defaults.from_schema(obj, form)
        if kind.storage == "limitranges":
            limits.default_range(obj)
        special = defaults.DEFAULTS.get(kind.storage)
        if special is not None and (
            isinstance(obj.get("spec"), dict) or "spec" not in (form.properties if form else {})
        ):
            special(obj)

    def enter(self, kind: Kind, obj: Object) -> None:
        """The namespace is there and takes new objects, and defaults are filled in, in place. Raises ApiError."""
        meta = obj["metadata"]
        if kind.namespaced:
            self._namespace(kind, meta.get("namespace", ""), meta.get("name", ""))
        self.default(kind, obj)

    def drain(self) -> list[str]:
        """The warnings since the last time."""
        said, self.warnings = self.warnings, []
        return said

    def create(self, kind: Kind, obj: Object, user: User = _CONTROLLER) -> None:
        """Everything else before a new object is stored, in place. Raises ApiError."""
        if "status" in kind.subresources and kind.storage not in ("nodes", _CRDS):
            obj.pop("status", None)
        limits.fill(self.store, kind, obj)
        self.webhooks.enforce(kind, obj)
        self._strategy(kind, obj)
        validation.create(kind, obj, self.schema_of(kind))
        self._expressions(kind, obj)
        if kind.storage == "pods":
            self._pod(obj)
        elif kind.storage == "services":
            self._service(obj)
        limits.admit(self.store, kind, obj)
        self.webhooks.ask("CREATE", kind, obj, None)
        self.warnings += self.policies.judge("CREATE", kind, obj, None, user)
        self._quota(kind, obj)

    def update(
        self, kind: Kind, obj: Object, old: Object, subresource: str, user: User = _CONTROLLER
    ) -> None:
        """Everything before a changed object is stored, in place. Raises ApiError."""
        if subresource == "status":
            new_status = obj.get("status")
            kept = {k: v for k, v in old.items() if k != "status"}
            meta = dict(old["metadata"])
            if "resourceVersion" in obj["metadata"]:
                meta["resourceVersion"] = obj["metadata"]["resourceVersion"]
            if kind.storage == "nodes":
                for key in ("labels", "annotations"):
                    if key in obj["metadata"]:
                        meta[key] = obj["metadata"][key]
            obj.clear()
            obj.update({**kept, "metadata": meta})
            if new_status is not None:
                obj["status"] = new_status
        elif subresource == "ephemeralcontainers":
            added = (obj.get("spec") or {}).get("ephemeralContainers")
            obj.clear()
            obj.update({**old, "spec": {**old["spec"], "ephemeralContainers": added or []}})
        elif "status" in kind.subresources:
            if "status" in old:
                obj["status"] = old["status"]
            else:
                obj.pop("status", None)
        self.default(kind, obj)
        if kind.storage == "services" and not subresource:
            self._service(obj, old)
        if kind.storage == "secrets":
            _string_data(obj)
        self.webhooks.enforce(kind, obj)
        validation.update(kind, obj, old, self.schema_of(kind), subresource)
        if not subresource and obj.get("spec") != old.get("spec"):
            self._expressions(kind, obj)
        self.webhooks.ask("UPDATE", kind, obj, old, subresource)
        self.warnings += self.policies.judge("UPDATE", kind, obj, old, user, subresource)

    def delete(self, kind: Kind, old: Object, user: User) -> None:
        """Before an object is deleted. Raises ApiError."""
        self.webhooks.ask("DELETE", kind, old, None)
        self.warnings += self.policies.judge("DELETE", kind, None, old, user)

    def _expressions(self, kind: Kind, obj: Object) -> None:
        """CEL in CRDs and policies must be CEL. Raises 422."""
        found = Complaints()
        if kind.storage == _CRDS:
            self.warnings += cel_rules.problems(obj, found)
        else:
            self.warnings += self.policies.check(kind, obj, found)
        validation.refuse(kind, obj, found)

    # -- parts ---------------------------------------------------------------------------------------------------------

    def _namespace(self, kind: Kind, ns: str, name: str) -> None:
        space = self.store.get("namespaces", "", ns)
        if space is None:
            raise not_found("namespaces", "", ns)
        if "deletionTimestamp" in space["metadata"]:
            why = f"unable to create new content in namespace {ns} because it is being terminated"
            error = forbidden(kind.resource, kind.group, name, why)
            cause = {"reason": "NamespaceTerminating", "message": f"namespace {ns} is being terminated"}
            error.details = {**(error.details or {}), "causes": [{**cause, "field": "metadata.namespace"}]}
            raise error

    def _strategy(self, kind: Kind, obj: Object) -> None:
        meta, what = obj["metadata"], kind.storage
        if what == "namespaces":
            meta.setdefault("labels", {})["kubernetes.io/metadata.name"] = meta.get("name", "")
            spec = obj.setdefault("spec", {})
            spec["finalizers"] = sorted({*(spec.get("finalizers") or ()), "kubernetes"})
            obj["status"] = {"phase": "Active"}
        elif what == "secrets":
            _string_data(obj)
        elif what == "pods":
            obj["status"] = {
                "phase": "Pending",
                "qosClass": defaults.quality_of_service(obj.get("spec") or {}),
            }
        elif what in ("deployments.apps", "daemonsets.apps", "replicasets.apps", "statefulsets.apps"):
            if what == "daemonsets.apps":
                notes = meta.setdefault("annotations", {})
                notes.setdefault("deprecated.daemonset.template.generation", "1")
                zero = (
                    "currentNumberScheduled",
                    "desiredNumberScheduled",
                    "numberMisscheduled",
                    "numberReady",
                )
                obj["status"] = dict.fromkeys(zero, 0)
            elif what == "deployments.apps":
                obj["status"] = {}
            elif what == "statefulsets.apps":
                obj["status"] = {"availableReplicas": 0, "replicas": 0}
            else:
                obj["status"] = {"replicas": 0}
        elif what in ("services", "ingresses.networking.k8s.io"):
            obj["status"] = {"loadBalancer": {}}
        elif what in ("jobs.batch", "cronjobs.batch"):
            obj["status"] = {}
        elif what == "persistentvolumeclaims":
            volumes.claim(self.store, obj)
        elif what == "persistentvolumes":
            obj["status"] = {"phase": "Available"}
            finalizers = meta.setdefault("finalizers", [])
            if volumes.KEPT_VOLUME not in finalizers:
                finalizers.append(volumes.KEPT_VOLUME)
        elif what == _CRDS:
            stored = [
                v.get("name", "") for v in obj.get("spec", {}).get("versions") or () if v.get("storage")
            ]
            names = {"plural": "", "kind": ""}
            obj["status"] = {"conditions": None, "acceptedNames": names, "storedVersions": stored}

    def _pod(self, pod: Object) -> None:
        spec, ns = pod["spec"], pod["metadata"].get("namespace", "")
        account = spec.setdefault("serviceAccountName", "default")
        spec["serviceAccount"] = account
        found = self.store.get("serviceaccounts", ns, account)
        if found is None and account != "default":
            name = pod["metadata"].get("name") or pod["metadata"].get("generateName", "")
            why = f'error looking up service account {ns}/{account}: serviceaccount "{account}" not found'
            raise forbidden("pods", "", name, why)
        wanted = spec.get(
            "automountServiceAccountToken", (found or {}).get("automountServiceAccountToken", True)
        )
        if wanted:
            self._mount_token(spec)
        if found and found.get("imagePullSecrets") and not spec.get("imagePullSecrets"):
            spec["imagePullSecrets"] = found["imagePullSecrets"]
        self._priority(pod)
        tolerations = spec.setdefault("tolerations", [])
        for key in _TOLERATED:
            if not any(
                t.get("key") in (key, None, "") and t.get("effect") in ("NoExecute", None, "")
                for t in tolerations
            ):
                toleration = {
                    "key": key,
                    "operator": "Exists",
                    "effect": "NoExecute",
                    "tolerationSeconds": 300,
                }
                tolerations.append(toleration)

    def _mount_token(self, spec: Object) -> None:
        containers = [*(spec.get("initContainers") or ()), *(spec.get("containers") or ())]
        needing = [
            c
            for c in containers
            if not any(m.get("mountPath") == _TOKEN for m in c.get("volumeMounts") or ())
        ]
        if not needing:
            return
        name = "kube-api-access-" + self.store.suffix()
        for container in needing:
            mounts = container.setdefault("volumeMounts", [])
            mounts.append({"name": name, "readOnly": True, "mountPath": _TOKEN})
        reference = {"apiVersion": "v1", "fieldPath": "metadata.namespace"}
        sources = [
            {"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}},
            {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
            {"downwardAPI": {"items": [{"path": "namespace", "fieldRef": reference}]}},
        ]
        volume = {"name": name, "projected": {"sources": sources, "defaultMode": 420}}
        spec.setdefault("volumes", []).append(volume)

    def _priority(self, pod: Object) -> None:
        spec = pod["spec"]
        name = spec.get("priorityClassName")
        if name:
            found = self.store.get(_PRIORITIES, "", name)
            if found is None:
                pod_name = pod["metadata"].get("name") or pod["metadata"].get("generateName", "")
                raise forbidden("pods", "", pod_name, f"no PriorityClass with name {name} was found")
            spec["priority"] = found["value"]
            spec.setdefault("preemptionPolicy", found.get("preemptionPolicy", "PreemptLowerPriority"))
            return
        usual = [c for c in self.store.list(_PRIORITIES) if c.get("globalDefault")]
        if usual:  # of several the least
            least = min(usual, key=lambda c: int(c["value"]))
            spec["priorityClassName"] = least["metadata"]["name"]
            spec["priority"] = least["value"]
            spec.setdefault("preemptionPolicy", least.get("preemptionPolicy", "PreemptLowerPriority"))
            return
        spec.setdefault("priority", 0)
        spec.setdefault("preemptionPolicy", "PreemptLowerPriority")

    def _service(self, obj: Object, old: Object | None = None) -> None:
        spec = obj["spec"]
        if spec.get("type") == "ExternalName":
            for key in ("clusterIP", "clusterIPs"):
                spec.pop(key, None)
            return
        if old is not None:
            for key in ("clusterIP", "clusterIPs"):
                if not spec.get(key) and old["spec"].get(key):
                    spec[key] = old["spec"][key]
            for port in spec.get("ports") or ():
                before: Object = next(
                    (p for p in old["spec"].get("ports") or () if p.get("port") == port.get("port")), {}
                )
                if not port.get("nodePort") and before.get("nodePort"):
                    port["nodePort"] = before["nodePort"]
        if not spec.get("clusterIP"):
            spec["clusterIP"] = self._free_address()
        elif spec["clusterIP"] != "None":
            self._check_address(obj, old)
        spec["clusterIPs"] = [spec["clusterIP"]]
        if spec.get("type") in ("NodePort", "LoadBalancer"):
            used = {
                p.get("nodePort") for s in self.store.list("services") for p in s["spec"].get("ports") or ()
            }
            for port in spec.get("ports") or ():
                while not port.get("nodePort"):
                    candidate = self.cluster.rng.randint(30000, 32767)
                    if candidate not in used:
                        port["nodePort"] = candidate
                        used.add(candidate)
        else:
            for port in spec.get("ports") or ():
                port.pop("nodePort", None)

    def _check_address(self, obj: Object, old: Object | None) -> None:
        ip = obj["spec"]["clusterIP"]
        if old is not None and old["spec"].get("clusterIP") == ip:
            return
        why = ""
        try:
            if ipaddress.ip_address(ip) not in ipaddress.ip_network(self.cluster.service_cidr):
                why = f"failed to allocate IP {ip}: the provided network does not match the current range"
        except ValueError:
            why = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"
        if not why and any(s["spec"].get("clusterIP") == ip for s in self.store.list("services")):
            why = f"failed to allocate IP {ip}: provided IP is already allocated"
        if why:
            raise validation.refuse_service(obj, f'spec.clusterIPs: Invalid value: ["{ip}"]: {why}')

    def _free_address(self) -> str:
        network = ipaddress.ip_network(self.cluster.service_cidr)
        used = {s["spec"].get("clusterIP") for s in self.store.list("services")} | {self.cluster.dns_ip}
        size = network.num_addresses
        for _ in range(10_000):
            candidate = str(network[self.cluster.rng.randrange(min(16, size // 2), size - 1)])
            if candidate not in used:
                return candidate
        raise ApiError(500, "InternalError", "failed to allocate a serviceIP: range is full", {})

    def _quota(self, kind: Kind, obj: Object) -> None:
        if kind.namespaced:
            quotas.admit(self.store, kind, obj)


def _string_data(obj: Object) -> None:
    import base64

    for key, value in (obj.pop("stringData", None) or {}).items():
        obj.setdefault("data", {})[key] = base64.b64encode(str(value).encode()).decode()

"""Endpoints and EndpointSlices: which pods answer for a service."""

from byocni_tui.sandbox.kube.life.engine import Key, Life
from byocni_tui.sandbox.kube.life.index import Pods
from byocni_tui.sandbox.kube.life.objects import (
    Obj,
    deleting,
    key_of,
    matches,
    name_of,
    owner_reference,
    pod_ready,
)

_SLICES = "endpointslices.discovery.k8s.io"
_MANAGER = "endpointslice-controller.k8s.io"


class Endpoints:
    """One slice a service (the sandbox's services are small), and the old Endpoints object beside it."""

    name = "endpoints"

    def __init__(self, life: Life, pods: Pods) -> None:
        self._life = life
        self._pods = pods
        self._selectors: dict[str, dict[Key, dict[str, str]]] = {}
        life.add(self)
        life.watch("services", self._service)
        life.watch("pods", self._pod)
        life.watch("namespaces", self._space)

    def _space(self, event: str, space: Obj) -> None:
        if event == "ADDED" and name_of(space) == "default":
            self._life.enqueue(self.name, "default", "kubernetes")

    def _pod(self, _event: str, pod: Obj) -> None:
        labels = pod["metadata"].get("labels") or {}
        if not labels:
            return
        for key, selector in self._selectors.get(pod["metadata"]["namespace"], {}).items():
            if matches({"matchLabels": selector}, labels):
                self._life.enqueue(self.name, *key)

    def _service(self, event: str, service: Obj) -> None:
        key, selector = key_of(service), service["spec"].get("selector")
        space = self._selectors.setdefault(key[0], {})
        if event == "DELETED" or not selector:
            space.pop(key, None)
        else:
            space[key] = dict(selector)
        self._life.enqueue(self.name, *key)

    def reconcile(self, namespace: str, name: str) -> None:
        """One service."""
        life = self._life
        service = life.get("services", namespace, name)
        if service is None or deleting(service):
            if service is None:
                life.delete("endpoints", namespace, name)
            return
        if (namespace, name) == ("default", "kubernetes"):
            self._api_server()
            return
        selector = service["spec"].get("selector")
        if not selector or service["spec"].get("type") == "ExternalName":
            return
        pods = [
            p
            for p in self._pods.chosen(namespace, {"matchLabels": selector})
            if (p.get("status") or {}).get("podIP")
            and p["status"].get("phase") not in ("Succeeded", "Failed")
        ]
        self._old(service, pods)
        self._slice(service, pods)

    def _ports(self, service: Obj, pod: Obj | None) -> list[Obj]:
        found = []
        for port in service["spec"].get("ports") or ():
            number = target_port(port, pod) if pod is not None else None
            if number is None and isinstance(port.get("targetPort", port["port"]), int):
                number = int(port.get("targetPort", port["port"]))
            if number is not None:
                found.append(
                    {"name": port.get("name", ""), "port": number, "protocol": port.get("protocol", "TCP")}
                )
        return found

    def _old(self, service: Obj, pods: list[Obj]) -> None:
        m = service["metadata"]
        living = [p for p in pods if not deleting(p)]
        groups = {
            "addresses": [
                p for p in living if pod_ready(p) or service["spec"].get("publishNotReadyAddresses")
            ],
        }
        groups["notReadyAddresses"] = [p for p in living if p not in groups["addresses"]]
        subset: Obj = {
            key: [
                {
                    "ip": p["status"]["podIP"],
                    "nodeName": p["spec"]["nodeName"],
                    "targetRef": _reference(p),
                }
                for p in sorted(members, key=lambda p: tuple(map(int, p["status"]["podIP"].split("."))))
            ]
            for key, members in groups.items()
            if members
        }
        ports = [
            {k: v for k, v in p.items() if v != ""}
            for p in self._ports(service, living[0] if living else None)
        ]
        if subset and ports:
            subset["ports"] = ports
        labels = {**(m.get("labels") or {}), "endpoints.kubernetes.io/managed-by": "endpoint-controller"}
        self._put(
            "endpoints",
            m["namespace"],
            m["name"],
            {"metadata": {"labels": labels}, "subsets": [subset] if subset else []},
        )

    def _slice(self, service: Obj, pods: list[Obj]) -> None:
        life, m = self._life, service["metadata"]
        endpoints = []
        for p in pods:
            ready = pod_ready(p) and not deleting(p)
            node = life.get("nodes", None, p["spec"]["nodeName"])
            zone = ((node or {}).get("metadata", {}).get("labels") or {}).get("topology.kubernetes.io/zone")
            endpoints.append(
                {
                    "addresses": [p["status"]["podIP"]],
                    "conditions": {
                        "ready": ready or bool(service["spec"].get("publishNotReadyAddresses")),
                        "serving": pod_ready(p), "terminating": deleting(p),
                    },
                    "nodeName": p["spec"]["nodeName"],
                    "targetRef": _reference(p),
                    **({"zone": zone} if zone else {}),
                }
            )  # fmt: skip
        labels = {
            **(m.get("labels") or {}), "endpointslice.kubernetes.io/managed-by": _MANAGER,
            "kubernetes.io/service-name": m["name"],
        }  # fmt: skip
        if service["spec"].get("clusterIP") == "None":
            labels["service.kubernetes.io/headless"] = ""
        own = [
            s for s in life.list(_SLICES, m["namespace"])
            if (s["metadata"].get("labels") or {}).get("kubernetes.io/service-name") == m["name"]
            and (s["metadata"].get("labels") or {}).get("endpointslice.kubernetes.io/managed-by") == _MANAGER
        ]  # fmt: skip
        name = name_of(own[0]) if own else f"{m['name']}-{life.suffix('slice/' + m['name'])}"
        self._put(
            _SLICES, m["namespace"], name,
            {
                "metadata": {
                    "labels": labels, "generateName": m["name"] + "-",
                    "ownerReferences": [owner_reference(service, "v1", "Service")],
                },
                "addressType": "IPv4", "endpoints": endpoints, "ports": self._ports(service, pods[0] if pods else None),
            },
        )  # fmt: skip

    def _api_server(self) -> None:
        address = self._life.address_of(self._life.cluster.fqdn)
        ports = [{"name": "https", "port": 443, "protocol": "TCP"}]
        self._put("endpoints", "default", "kubernetes", {
            "metadata": {"labels": {"endpointslice.kubernetes.io/skip-mirror": "true"}},
            "subsets": [{"addresses": [{"ip": address}], "ports": ports}],
        })  # fmt: skip
        self._put(_SLICES, "default", "kubernetes", {
            "metadata": {"labels": {"kubernetes.io/service-name": "kubernetes"}},
            "addressType": "IPv4",
            "endpoints": [{"addresses": [address], "conditions": {"ready": True}}], "ports": ports,
        })  # fmt: skip

    def _put(self, resource: str, namespace: str, name: str, want: Obj) -> None:
        life = self._life
        have = life.get(resource, namespace, name)
        if have is None:
            want["metadata"] = {"name": name, "namespace": namespace, **want["metadata"]}
            life.create(resource, want)
            return
        new = {**have, **{k: v for k, v in want.items() if k != "metadata"}}
        new["metadata"] = {**have["metadata"], "labels": want["metadata"]["labels"]}
        if new != have:
            life.update(resource, new)


def _reference(pod: Obj) -> Obj:
    m = pod["metadata"]
    return {"kind": "Pod", "namespace": m["namespace"], "name": m["name"], "uid": m["uid"]}


def target_port(port: Obj, pod: Obj) -> int | None:
    """The number behind a service's targetPort on a pod."""
    target = port.get("targetPort", port["port"])
    if isinstance(target, int):
        return target
    for container in pod["spec"]["containers"]:
        for own in container.get("ports") or ():
            if own.get("name") == target:
                return int(own["containerPort"])
    return None

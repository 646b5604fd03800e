"""The objects of the network checks. Pure.

Every probe is one program with arguments, no shell: its exit status is the result, and the kubelet hands over its last
lines (``FallbackToLogsOnError``). Neither ``exec`` nor ``logs`` is needed, which don't work while a CNI is broken.
"""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

Json = dict[str, Any]

MANAGED_BY: Final = "app.kubernetes.io/managed-by"
OURS: Final = "byocni-tui"
PORT: Final = 8080
IMAGE: Final = "{registry}/azurelinux/busybox:1.36"
"""Small, in the registry that nodes must reach anyway, with wget, nc, nslookup and httpd."""

LARGE: Final = 256 * 1024
"""Bytes of the large answer: some two hundred full packets; a tunnel whose MTU is too large stalls on the first."""

_RESTRICTED: Final = {
    "runAsNonRoot": True,
    "runAsUser": 65534,
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "seccompProfile": {"type": "RuntimeDefault"},
}
_TOLERATIONS: Final = [{"key": "CriticalAddonsOnly", "operator": "Exists"}]


class Probe(NamedTuple):
    """One check by a Job: ``id`` as in ``verify -o json``, the program, the node it runs on, whether on the host's
    network, and the ``role`` label that policies look at."""

    id: str
    words: tuple[str, ...]
    node: str
    host: bool = False
    role: str = "client"


def namespace(name: str) -> Json:
    """The namespace of one verification. Host-network probes need ``privileged``."""
    labels = {MANAGED_BY: OURS, "pod-security.kubernetes.io/enforce": "privileged"}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}


def content(token: str) -> Json:
    """What the servers serve: a token and a large file."""
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "content", "labels": {MANAGED_BY: OURS}},
        "data": {"token": token, "large": "x" * LARGE},
    }


def _pod_spec(node: str, image: str, words: Sequence[str], *, host: bool = False) -> Json:
    where = {
        "nodeAffinity": {
            "requiredDuringSchedulingIgnoredDuringExecution": {
                "nodeSelectorTerms": [
                    {"matchFields": [{"key": "metadata.name", "operator": "In", "values": [node]}]}
                ]
            }
        }
    }
    return {
        "affinity": where,
        "nodeSelector": {"kubernetes.io/os": "linux"},
        "tolerations": _TOLERATIONS,
        "hostNetwork": host,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": 1,
        "containers": [
            {
                "name": "probe",
                "image": image,
                "command": [words[0]],
                "args": list(words[1:]),
                "resources": {"requests": {"cpu": "10m", "memory": "16Mi"}},
                "securityContext": _RESTRICTED,
                "terminationMessagePolicy": "FallbackToLogsOnError",
            }
        ],
    }


def server(name: str, node: str, image: str) -> Json:
    """A small web server on one node."""
    spec = _pod_spec(node, image, ("httpd", "-f", "-p", str(PORT), "-h", "/content"))
    container = spec["containers"][0]
    container["ports"] = [{"containerPort": PORT, "name": "http"}]
    container["readinessProbe"] = {"tcpSocket": {"port": PORT}, "periodSeconds": 2}
    container["volumeMounts"] = [{"name": "content", "mountPath": "/content", "readOnly": True}]
    spec["volumes"] = [{"name": "content", "configMap": {"name": "content"}}]
    labels = {MANAGED_BY: OURS, "app": name, "role": "server"}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": labels}, "spec": spec}


def service(target: str) -> Json:
    """A cluster address in front of one server."""
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "check", "labels": {MANAGED_BY: OURS}},
        "spec": {"selector": {"app": target}, "ports": [{"name": "http", "port": 80, "targetPort": PORT}]},
    }


def job(probe: Probe, image: str, suffix: str = "") -> Json:
    """One probe as a Job that is tried three times within a minute and a half."""
    labels = {MANAGED_BY: OURS, "check": probe.id, "role": probe.role}
    spec = _pod_spec(probe.node, image, probe.words, host=probe.host)
    spec["restartPolicy"] = "Never"
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": f"{probe.id}{suffix}", "labels": labels},
        "spec": {
            "backoffLimit": 2 if not suffix else 0,
            "activeDeadlineSeconds": 90,
            "ttlSecondsAfterFinished": 600,
            "template": {"metadata": {"labels": labels}, "spec": spec},
        },
    }


def deny_ingress(app: str) -> Json:
    """A policy that lets nothing in but pods with ``role: allowed``."""
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": "only-allowed", "labels": {MANAGED_BY: OURS}},
        "spec": {
            "podSelector": {"matchLabels": {"app": app}},
            "policyTypes": ["Ingress"],
            "ingress": [{"from": [{"podSelector": {"matchLabels": {"role": "allowed"}}}]}],
        },
    }


def fetch(address: str, what: str = "token", port: int = PORT, seconds: int = 5) -> tuple[str, ...]:
    """Fetch a file of a server."""
    return ("wget", "-q", "-T", str(seconds), "-O", "/dev/null", f"http://{address}:{port}/{what}")


def connect(host: str, port: str) -> tuple[str, ...]:
    """Open a TCP connection and close it."""
    return ("nc", "-z", "-w", "5", host, port)


def resolve(name: str) -> tuple[str, ...]:
    """Look a name up with the pod's resolver."""
    return ("nslookup", name)

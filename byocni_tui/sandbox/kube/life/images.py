"""Image pulls: how long they take and how they fail."""

from typing import TYPE_CHECKING

from byocni_tui.sandbox.kube.life.azure import Azure, address_of_node
from byocni_tui.sandbox.kube.life.objects import Obj

if TYPE_CHECKING:
    from byocni_tui.sandbox.kube.life.engine import Life

_MEGABYTE = 1_000_000
_SIZES = {  # megabytes, compressed; rounded figures of the public registries
    "cilium": 250, "cilium-envoy": 60, "operator-generic": 35, "hubble-relay": 30, "hubble-ui": 15,
    "hubble-ui-backend": 25, "node": 150, "cni": 90, "typha": 70, "operator": 60, "kube-controllers": 40,
    "apiserver": 45, "antrea-agent-ubuntu": 200, "antrea-controller-ubuntu": 80, "busybox": 4, "pause": 1,
    "kube-proxy": 35, "coredns": 25, "nginx": 70,
}  # fmt: skip
_RATE = 12.0  # megabytes a second
_NO_SUCH_HOST = (".invalid", ".example", ".test")  # names that the DNS reserves for never existing (RFC 2606)
_RESOLVER = "168.63.129.16:53"


def reference(image: str) -> tuple[str, str, str]:
    """Registry host, repository and tag (or digest) of an image name as containerd completes it."""
    name, _, digest = image.partition("@")
    head, _, rest = name.partition("/")
    if rest and ("." in head or ":" in head or head == "localhost"):
        host, path = head, rest
    else:
        host, path = "docker.io", name if rest else f"library/{name}"
    path, _, tag = path.partition(":")
    return host, path, digest or tag or "latest"


def full_name(image: str) -> str:
    """``docker.io/library/busybox:1.36`` of ``busybox:1.36``."""
    host, path, tag = reference(image)
    return f"{host}/{path}{'@' if tag.startswith('sha256:') else ':'}{tag}"


def must_pull(container: Obj, present: bool) -> bool:
    """Whether the pull policy asks the registry."""
    image = container["image"]
    tag = image.rsplit("/", 1)[-1].partition(":")[2] or "latest"
    policy = container.get("imagePullPolicy") or ("Always" if tag == "latest" else "IfNotPresent")
    return policy == "Always" or (policy == "IfNotPresent" and not present)


def size(life: "Life", image: str) -> int:
    """Bytes of an image, the same each time."""
    last = reference(image)[1].rsplit("/", 1)[-1]
    known = _SIZES.get(last)
    if known is None:
        known = life.world.rng("image/" + image).randint(15, 90)
    return int(known * _MEGABYTE + life.world.rng("image-rest/" + image).randrange(_MEGABYTE))


def seconds(life: "Life", image: str, node: str) -> float:
    """How long a node pulls."""
    spread: float = life.world.rng(f"pull/{node}/{image}").uniform(0.7, 1.5)
    return 0.4 + size(life, image) / _MEGABYTE / _RATE * spread


def failure(life: "Life", image: str, node: str) -> str | None:
    """Why a pull fails now, in containerd's words; None if it works."""
    host, path, tag = reference(image)
    shown = full_name(image)
    fault = life.fault("pull", {"image": shown, "registry": host, "node": node})
    if fault is not None and fault.get("message"):
        return str(fault["message"]).format(image=shown, host=host, path=path, tag=tag)
    registry = {"docker.io": "registry-1.docker.io"}.get(host, host)
    head = f'failed to do request: Head "https://{registry}/v2/{path}/manifests/{tag}": dial tcp'
    start = f'failed to pull and unpack image "{shown}": failed to resolve reference "{shown}": '
    address = life.address_of(registry)
    if fault is not None or not Azure(life).outward(address_of_node(life, node), host, address, 443, node):
        return f"{start}{head} {address}:443: i/o timeout"
    if host.endswith(_NO_SUCH_HOST):
        return f"{start}{head}: lookup {registry} on {_RESOLVER}: no such host"
    if tag in ("nonexistent", "does-not-exist", "nosuch"):
        return f"{start}{shown}: not found"
    return None

"""``cilium status`` in an agent's container: the lines that the model knows something about, and no others."""

from byocni_tui.sandbox.kube.life.engine import Life
from byocni_tui.sandbox.kube.life.objects import Obj, condition_true, name_of, pod_ready
from byocni_tui.sandbox.kube.life.paths import Paths

_PROGRAMS = ("cilium", "cilium-dbg")
_RESERVED = 2  # addresses of a node's block that the agent keeps: its router's and its health endpoint's
_HEALTH = 4240


def answer(
    life: Life, paths: Paths, pod: Obj, container: str, words: list[str]
) -> tuple[str, str, int] | None:
    """Output, errors and exit status; None for any other command."""
    if container != "cilium-agent" or not words or words[0].rpartition("/")[2] not in _PROGRAMS:
        return None
    if words[1:2] != ["status"] or not {*words[2:]} <= {"--brief", "--verbose"}:
        return None
    node = pod["spec"]["nodeName"]
    block = _block(life, node)
    ready = pod_ready(pod)
    if "--brief" in words:
        return ("OK\n", "", 0) if ready else ("", "error in status: the agent is not ready\n", 1)
    config = (life.get("configmaps", "kube-system", "cilium-config") or {}).get("data") or {}
    version = life.cluster.version
    image = next(c["image"] for c in pod["spec"]["containers"] if c["name"] == container)
    release = image.partition("@")[0].rpartition(":")[2].removeprefix("v")
    replaces = "True" if config.get("kube-proxy-replacement") == "true" else "False"
    lines = [
        ("Kubernetes", f"Ok         {version.rpartition('.')[0]} (v{version}) [linux/amd64]"),
        ("KubeProxyReplacement", replaces),
        ("Cilium", f"Ok   {release}" if ready else "Failure   the agent is not ready"),
    ]
    if block is not None:
        used = len(life.state["addresses"].get(node, {}).get("used") or ())
        room = 2 ** (32 - int(block.partition("/")[2] or 32)) - 2
        lines.append(("IPAM", f"IPv4: {used + _RESERVED}/{room} allocated from {block}, "))
    if config.get("routing-mode", "tunnel") == "tunnel":
        lines.append(("Routing", f"Network: Tunnel [{config.get('tunnel-protocol', 'vxlan')}]"))
    seen = [n for n in life.list("nodes") if _block(life, name_of(n)) is not None]
    fine = sum(name_of(n) == node or _reached(paths, pod, n) for n in seen)
    at = life.clock.shown(life.now())
    lines.append(("Cluster health", f"{fine}/{len(seen)} reachable   ({at})"))
    return "".join(f"{key + ':':<25}{text}\n" for key, text in lines), "", 0 if ready else 1


def _block(life: Life, node: str) -> str | None:
    """What the operator gave a node."""
    record = life.get("ciliumnodes.cilium.io", None, node)
    blocks = ((record or {}).get("spec") or {}).get("ipam", {}).get("podCIDRs") or []
    return str(blocks[0]) if blocks else None


def _reached(paths: Paths, pod: Obj, node: Obj) -> bool:
    """Whether the agent of this pod reaches the one of another node on its health port."""
    address = next((a["address"] for a in node["status"]["addresses"] if a["type"] == "InternalIP"), "")
    here = str((pod.get("status") or {}).get("hostIP", ""))
    return condition_true(node, "Ready") and paths.azure.between(here, address, "TCP", _HEALTH)

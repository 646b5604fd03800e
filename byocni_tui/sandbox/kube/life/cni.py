"""A node's network: whether a CNI configuration was written on it, which addresses its pods get, and from whom.

The rule: a file exists in the host's CNI configuration folder once an init container that mounts the folder writable
has completed, or else once the mounting main container is Ready. It outlives the pod. Of several files the runtime
takes the first by name, whichever plugin is alive.
"""

import ipaddress
import re
from typing import TYPE_CHECKING, Any, Final

from byocni_tui.sandbox.kube.life.objects import Obj, controller_of, name_of

if TYPE_CHECKING:
    from byocni_tui.sandbox.kube.life.behaviours import Behaviours
    from byocni_tui.sandbox.kube.life.engine import Life

FOLDER: Final = "/etc/cni/net.d"
_FILE: Final = re.compile(r"[\w./-]*/net\.d/([\w.-]+\.(?:conflist|conf|json))")
_SEEN: Final = (0.5, 3.0)  # seconds until the runtime and the kubelet have noticed a change of the folder
_SUBNET: Final = re.compile(r'"subnet"\s*:\s*"([0-9./]+)"')


class NodeNetwork:
    """The CNI side of all nodes of a cluster."""

    def __init__(self, life: "Life", behaviours: "Behaviours") -> None:
        self._life = life
        self._behaviours = behaviours
        for resource in behaviours.block_records():
            life.watch(resource, self._renumbered)

    def _renumbered(self, event: str, obj: Obj) -> None:
        """Whoever deletes the object in which a plugin wrote a node's block has the node given another."""
        disk = self._life.state["nodes"].get(name_of(obj))
        if event == "DELETED" and disk is not None:
            disk.pop("block", None)

    def record(self, node: str) -> Obj | None:
        """What is configured on a node: ``file``, ``behaviour`` (id or ""), ``owner`` ([namespace, kind, name])."""
        files = self.files(node)
        found: Obj | None = files[min(files)] if files else None
        return found

    def files(self, node: str) -> Obj:
        """The records of all configuration files of a node, by file name."""
        found: Obj = self._life.state["nodes"].get(node, {}).get("files") or {}
        return found

    def configured(self, node: str) -> bool:
        """Whether a CNI configuration is there."""
        return self.record(node) is not None

    def written(self, pod: Obj, container: Obj, *, init: bool) -> None:
        """A container has completed (init) or got ready (main); the configuration exists if it mounts the folder."""
        if not mounts_folder(pod, container):
            return
        if not init and any(mounts_folder(pod, c) for c in pod["spec"].get("initContainers") or ()):
            return
        if pod["spec"].get("restartPolicy", "Always") != "Always":
            return  # no agent, but somebody who looks after a node once
        life, node = self._life, pod["spec"]["nodeName"]
        if self._mark(pod, container) in life.state["nodes"].get(node, {}).get("cleaners", ()):
            return
        if life.fault("cni-write", {"node": node, "pod": name_of(pod)}) is not None:
            return
        behaviour = self._behaviours.of_agent(pod)
        if behaviour is not None and not self._behaviours.writes(behaviour, pod):
            return
        owner = controller_of(pod) or {"kind": "Pod", "name": name_of(pod)}
        text = " ".join([*(container.get("command") or ()), *(container.get("args") or ())])
        named = _FILE.search(text)
        subnet = _SUBNET.search(text)
        file = named[1] if named else f"10-{owner['name']}.conflist"
        name = (behaviour or {}).get("cni", {}).get("file") or file
        new = {
            "file": name,
            "behaviour": behaviour["id"] if behaviour else "",
            "owner": [pod["metadata"]["namespace"], owner["kind"], owner["name"]],
            "subnet": subnet[1] if subnet else "",
        }  # fmt: skip
        files = self.files(node)
        alone = behaviour is not None and self._behaviours.exclusive(behaviour)
        if files.get(name) != new or (alone and len(files) > 1):
            self._put(node, {name: new} if alone else {**files, name: new})

    def leave(self, node: str, what: Obj) -> None:
        """A file that no agent wrote, or one that is not there any more: ``behaviour`` and, if it is none's usual one,
        ``file``; ``text`` is what it holds, where that is known."""
        behaviour = self._behaviours.get(str(what.get("behaviour", "")))
        name = str(what.get("file") or (behaviour or {}).get("cni", {}).get("file") or "10-old.conflist")
        record = {
            "file": name, "behaviour": behaviour["id"] if behaviour else "", "owner": ["", "", ""],
            "subnet": str(what.get("subnet", "")), **({"text": str(what["text"])} if "text" in what else {}),
        }  # fmt: skip
        self._put(node, {**self.files(node), name: record})

    def remove(self, node: str, names: "set[str]") -> None:
        """Files are deleted from a node's configuration folder."""
        files = self.files(node)
        rest = {k: v for k, v in files.items() if k not in names}
        if rest != files:
            self._put(node, rest)

    # -- what scripts do to the folder -------------------------------------------------------------------------------

    def _mark(self, pod: Obj, container: Obj) -> str:
        return f"{pod['metadata']['uid']}/{container['name']}"

    def seen(self, pod: Obj, container: Obj) -> "list[str]":
        """The paths under which a container finds the configuration files of its node."""
        places = [p.rstrip("/") for p in folders(pod, container)]
        return [f"{p}/{name}" for p in places for name in self.files(pod["spec"].get("nodeName", ""))]

    def touched(self, pod: Obj, container: Obj, before: "dict[str, str]", after: "dict[str, str]") -> None:
        """A script has run in a container that may have the folder mounted: what it deleted there is gone."""
        gone = {p.rpartition("/")[2] for p in self.seen(pod, container) if p in before and p not in after}
        if gone:
            node = pod["spec"]["nodeName"]
            cleaners = self._life.state["nodes"].setdefault(node, {}).setdefault("cleaners", [])
            cleaners.append(self._mark(pod, container))
            self.remove(node, gone)

    def _put(self, node: str, files: Obj) -> None:
        life = self._life
        life.state["nodes"].setdefault(node, {})["files"] = files
        delay = life.world.rng(f"{life.id}/cni-seen/{node}").uniform(*_SEEN)
        life.after(delay, "node.ready", {"node": node}, awaited=True)

    def plugin(self, node: str) -> str:
        """The behaviour of the plugin that is configured; empty if it is none that is known."""
        record = self.record(node)
        return str(record["behaviour"]) if record is not None else ""

    # -- addresses ---------------------------------------------------------------------------------------------------

    def attach(self, pod: Obj, node: str) -> tuple[str, str]:
        """An address for a pod and no error, or none and the plugin's error."""
        life, record = self._life, self.record(node)
        if record is None:
            return "", "cni plugin not initialized"
        fault = life.fault("sandbox", {"node": node, "pod": name_of(pod)})
        if fault is not None:
            return "", str(fault.get("message", 'plugin type="bridge" failed (add): operation not permitted'))
        behaviour = self._behaviours.get(record["behaviour"])
        if behaviour is not None and (error := self._behaviours.agent_missing(behaviour, node)):
            return "", error
        first = self.block(node)
        if first is None:
            return "", f'plugin type="{self._type(record)}" failed (add): no IP addresses available'
        taken = life.state["addresses"].setdefault(node, {"next": {}, "used": []})
        number, block = 0, first
        while True:
            address = _free(block, taken)
            if address:
                taken["used"].append(address)
                return address, ""
            number += 1
            more = self._behaviours.node_block(behaviour, node, number) if behaviour is not None else None
            if more is None:
                break
            block = more
        ends = f"{first[1]}-{first[-2]}"
        return (
            "",
            f'plugin type="{self._type(record)}" failed (add): no IP addresses available in range set: {ends}',
        )

    def _type(self, record: Obj) -> str:
        return str(record["behaviour"] or "bridge")

    def release(self, node: str, address: str) -> None:
        """Give an address back."""
        used = self._life.state["addresses"].get(node, {}).get("used", [])
        if address in used:
            used.remove(address)

    def block(self, node: str) -> ipaddress.IPv4Network | None:
        """The part of the pool that a node's pods get their addresses from."""
        life, record = self._life, self.record(node)
        if record is None:
            return None
        kept = life.state["nodes"][node].get("block")
        if kept is not None and kept[0] == [record["behaviour"], record["subnet"]]:
            return ipaddress.IPv4Network(kept[1])
        block = self._choose(node, record)
        if block is not None:
            life.state["nodes"][node]["block"] = [[record["behaviour"], record["subnet"]], str(block)]
        return block

    def _choose(self, node: str, record: Obj) -> ipaddress.IPv4Network | None:
        behaviour = self._behaviours.get(record["behaviour"])
        if behaviour is not None:
            return self._behaviours.node_block(behaviour, node)
        if record["subnet"]:
            return ipaddress.IPv4Network(record["subnet"], strict=False)
        return carve(self._life, self._life.cluster.pod_cidr or "10.244.0.0/16", 24, node)


def _free(block: ipaddress.IPv4Network, taken: Obj) -> str:
    """The next free address of a block, in turn; the first two and the last are not given out."""
    size = block.num_addresses
    start = taken["next"].get(str(block), 2)
    for step in range(size):
        offset = (start + step) % size
        if offset in (0, 1, size - 1):
            continue
        address = str(block[offset])
        if address not in taken["used"]:
            taken["next"][str(block)] = offset + 1
            return address
    return ""


def mounts_folder(pod: Obj, container: Obj) -> bool:
    """Whether a container can write into the host's CNI configuration folder (it or a folder above it is mounted)."""
    return bool(folders(pod, container))


def folders(pod: Obj, container: Obj) -> "list[str]":
    """Where a container has the host's CNI configuration folder, writable."""
    hosts = {
        v["name"]: str(v["hostPath"]["path"]).rstrip("/") or "/"
        for v in pod["spec"].get("volumes") or ()
        if v.get("hostPath")
    }
    found = []
    for mount in container.get("volumeMounts") or ():
        path = hosts.get(mount["name"])
        if path is None or mount.get("readOnly"):
            continue
        if path == FOLDER or path == "/" or FOLDER.startswith(path + "/"):
            found.append(mount["mountPath"].rstrip("/") + FOLDER.removeprefix(path.rstrip("/")))
    return found


def carve(life: "Life", pool: str, mask: int, node: str) -> ipaddress.IPv4Network | None:
    """The next free block of a pool, one a node, in the order in which they ask. None when the pool is used up."""
    network = ipaddress.IPv4Network(pool, strict=False)
    given: dict[str, Any] = life.state["serials"].setdefault(f"blocks/{network}/{mask}", {})
    if node not in given:
        if mask < network.prefixlen or len(given) >= 2 ** (mask - network.prefixlen):
            return None
        # Blocks are given in turn and never given back, so that the next number is the count.
        given[node] = len(given)
    start = int(network.network_address) + given[node] * 2 ** (32 - mask)
    return ipaddress.IPv4Network((start, mask))

"""Which pods belong to whom and run where, kept up by watching, so that nobody has to list all pods to know."""

from collections.abc import Iterator

from byocni_tui.sandbox.kube.life.engine import Key, Life
from byocni_tui.sandbox.kube.life.objects import (
    Obj,
    condition,
    controller_of,
    key_of,
    matches,
    pinned_to,
    requests,
)


class Group:
    """The pods of a namespace that have the same labels: few groups, however many pods."""

    __slots__ = ("keys", "labels", "namespace")

    def __init__(self, namespace: str, labels: "dict[str, str]") -> None:
        self.namespace = namespace
        self.labels = labels
        self.keys: set[Key] = set()


class Brief:
    """What a controller of many pods has to know of each."""

    __slots__ = ("code", "deleting", "group", "key", "node", "phase", "priority", "ready", "since")

    def __init__(self, pod: Obj, group: Group) -> None:
        m, status = pod["metadata"], pod.get("status") or {}
        self.group = group
        self.key: Key = (m["namespace"], m["name"])
        self.code = (m.get("labels") or {}).get("controller-revision-hash", "")
        self.deleting = "deletionTimestamp" in m
        self.node = pod["spec"].get("nodeName") or pinned_to(pod["spec"]) or ""
        self.phase = status.get("phase", "")
        self.priority = int(pod["spec"].get("priority") or 0)
        ready = condition(pod, "Ready")
        self.ready = ready is not None and ready["status"] == "True"
        self.since = ready.get("lastTransitionTime") if ready is not None else None


class Load:
    """What the pods of one node ask for."""

    __slots__ = ("cpu", "host_ports", "memory", "pods")

    def __init__(self) -> None:
        self.cpu = 0.0
        self.memory = 0.0
        self.pods: dict[Key, tuple[float, float]] = {}
        self.host_ports: dict[tuple[str, int], Key] = {}


class Pods:
    """Pods by controller and by node."""

    def __init__(self, life: Life) -> None:
        self._life = life
        self._by_owner: dict[str, set[Key]] = {}
        self._by_node: dict[str, set[Key]] = {}
        self._owner: dict[Key, str] = {}
        self._node: dict[Key, str] = {}
        self._loads: dict[str, Load] = {}
        self._by_address: dict[str, Key] = {}
        self._address: dict[Key, str] = {}
        self._lone: dict[str, set[Key]] = {}
        self._briefs: dict[Key, Brief] = {}
        self._groups: dict[str, dict[frozenset[tuple[str, str]], Group]] = {}
        life.watch("pods", self._pod)

    def clear(self) -> None:
        """Forget everything; it is told anew."""
        for table in (self._by_owner, self._owner, self._node, self._by_node, self._loads):
            table.clear()
        for more in (self._by_address, self._address, self._lone, self._briefs, self._groups):
            more.clear()

    def owned(self, uid: str) -> "list[Obj]":
        """The pods whose controller has this uid, oldest first."""
        found = list(self._objects(self._by_owner.get(uid, set())))
        found.sort(key=lambda p: (p["metadata"]["creationTimestamp"].at, p["metadata"]["name"]))
        return found

    def briefs(self, uid: str) -> "list[Brief]":
        """The pods whose controller has this uid, in short."""
        return [self._briefs[key] for key in sorted(self._by_owner.get(uid, ()))]

    def orphans(self, namespace: str) -> "list[Key]":
        """The pods of a namespace that nobody controls."""
        return sorted(self._lone.get(namespace, ()))

    def on_node(self, name: str) -> "list[Key]":
        """The pods bound to a node, finished ones too."""
        return sorted(self._by_node.get(name, ()))

    def below(self, node: str, priority: int) -> "list[Key]":
        """The pods of a node that run and have a lower priority."""
        found = [k for k in self.load(node).pods if self._briefs[k].priority < priority]
        return sorted(found)

    def ready_on(self, node: str) -> "Iterator[Group]":
        """The labels of the ready pods of a node."""
        for key in self._by_node.get(node, ()):
            brief = self._briefs[key]
            if brief.ready:
                yield brief.group

    def selected(self, namespace: str | None, selector: Obj | None) -> "list[Key]":
        """The pods of a namespace (or of all) that a label selector selects, in order."""
        spaces = list(self._groups.values()) if namespace is None else [self._groups.get(namespace, {})]
        return sorted(
            key
            for space in spaces
            for group in space.values()
            if group.keys and matches(selector, group.labels)
            for key in group.keys
        )

    def chosen(self, namespace: str | None, selector: Obj | None) -> "list[Obj]":
        """As ``selected``, the pods themselves."""
        return [p for key in self.selected(namespace, selector) if (p := self._life.get("pods", *key))]

    def count(self, uid: str) -> int:
        """How many pods the controller of this uid has."""
        return len(self._by_owner.get(uid, ()))

    def load(self, node: str) -> Load:
        """What is asked for on a node by pods that are not finished."""
        load = self._loads.get(node)
        if load is None:
            load = self._loads[node] = Load()
        return load

    def at(self, address: str) -> Obj | None:
        """The pod that holds an address of its own (not a node's)."""
        key = self._by_address.get(address)
        return self._life.get("pods", *key) if key else None

    def _objects(self, keys: "set[Key]") -> Iterator[Obj]:
        for key in list(keys):
            pod = self._life.get("pods", *key)
            if pod is not None:
                yield pod

    def _pod(self, event: str, pod: Obj) -> None:
        key = key_of(pod)
        self._forget(key)
        old = self._briefs.get(key)
        group = self._group(key[0], pod["metadata"].get("labels") or {}, old)
        if old is not None and (old.group is not group or event == "DELETED"):
            old.group.keys.discard(key)
            if not old.group.keys:
                self._groups[key[0]].pop(frozenset(old.group.labels.items()), None)
        if event == "DELETED":
            self._briefs.pop(key, None)
            return
        group.keys.add(key)
        self._briefs[key] = Brief(pod, group)
        ref = controller_of(pod)
        if ref is not None:
            self._by_owner.setdefault(ref["uid"], set()).add(key)
            self._owner[key] = ref["uid"]
        else:
            self._lone.setdefault(key[0], set()).add(key)
        spec, status = pod["spec"], pod.get("status") or {}
        address = status.get("podIP")
        done = status.get("phase") in ("Succeeded", "Failed")
        if address and not spec.get("hostNetwork") and not done:
            self._by_address[address] = key
            self._address[key] = address
        node = spec.get("nodeName")
        if not node:
            return
        self._node[key] = node
        self._by_node.setdefault(node, set()).add(key)
        if done:
            return
        load, wants = self.load(node), requests(spec)
        cpu, memory = wants.get("cpu", 0.0), wants.get("memory", 0.0)
        load.pods[key] = (cpu, memory)
        load.cpu += cpu
        load.memory += memory
        for port in host_ports(spec):
            load.host_ports[port] = key

    def _group(self, namespace: str, labels: "dict[str, str]", old: Brief | None) -> Group:
        if old is not None and old.group.labels == labels:
            return old.group
        groups = self._groups.setdefault(namespace, {})
        mark = frozenset(labels.items())
        group = groups.get(mark)
        if group is None:
            group = groups[mark] = Group(namespace, dict(labels))
        return group

    def _forget(self, key: Key) -> None:
        owner = self._owner.pop(key, None)
        if owner is not None:
            self._by_owner[owner].discard(key)
            if not self._by_owner[owner]:
                del self._by_owner[owner]
        else:
            self._lone.get(key[0], set()).discard(key)
        address = self._address.pop(key, None)
        if address is not None and self._by_address.get(address) == key:
            del self._by_address[address]
        node = self._node.pop(key, None)
        if node is None:
            return
        self._by_node[node].discard(key)
        load = self.load(node)
        cpu, memory = load.pods.pop(key, (0.0, 0.0))
        load.cpu -= cpu
        load.memory -= memory
        for port in [p for p, k in load.host_ports.items() if k == key]:
            del load.host_ports[port]


def host_ports(spec: Obj) -> "list[tuple[str, int]]":
    """The ports a pod wants on its host: hostPort, and every container port on the host's network."""
    found = []
    for container in spec.get("containers") or ():
        for port in container.get("ports") or ():
            number = port.get("hostPort") or (port.get("containerPort") if spec.get("hostNetwork") else None)
            if number:
                found.append((port.get("protocol", "TCP"), int(number)))
    return found

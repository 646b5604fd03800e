"""Why are these nodes NotReady? Reads a cluster, changes nothing, and names causes with what it saw as evidence.

Gathering is thin; ``diagnose`` is pure. Signatures are the words of kubelet, containerd, scheduler and plugins
(kubernetes 1.25 to 1.36, cilium 1.18+, calico 3.31+). Nothing here needs logs or exec: both go through konnectivity,
which doesn't run before the CNI does.
"""

import ipaddress
import re
from collections.abc import Iterator
from typing import Any, Final

import msgspec

from byocni_tui.deploy.nodes import KNOWN_AGENTS, NodeState, condition, node_state
from byocni_tui.locale import Translator
from byocni_tui.providers.errors import ProviderError
from byocni_tui.providers.protocols import Json, KubernetesProvider

CODES: Final = tuple(f"BYO8{number:02d}" for number in range(1, 18))

_OPERATORS: Final = (
    "cilium-operator",
    "tigera-operator",
    "antrea-controller",
    "calico-typha",
    "calico-kube-controllers",
)
_API_WORDS: Final = re.compile(
    r"Unable to contact k8s api-server|dial tcp [\d.]+:443: (?:i/o timeout|connect:)|"
    r"Get \"https://[^\"]+\": context deadline|failed to (?:get|list|contact).{0,80}(?:i/o timeout|connection refused)",
    re.IGNORECASE,
)
_PULL: Final = ("ErrImagePull", "ImagePullBackOff", "InvalidImageName", "RegistryUnavailable")
_LEFT: Final = re.compile(
    r'plugin type="(?P<plugin>[\w-]+)".*(?:cilium\.sock|connect to (?:Cilium|cilium)|stat /var/lib/calico/nodename|'
    r"antrea.*sock|no such file)",
    re.DOTALL,
)


class Cause(msgspec.Struct, frozen=True, kw_only=True):
    """One cause: ``object`` is what it was seen on, ``evidence`` the words that say so, ``values`` fill the texts
    ``doctor.causes.<code>.message`` and ``.remedy``."""

    code: str
    object: str
    evidence: str = ""
    values: dict[str, Any] = {}


def to_dict(cause: Cause, tr: Translator) -> dict[str, Any]:
    """A cause in the shape of ``doctor -o json``."""
    return {
        "code": cause.code,
        "object": cause.object,
        "message": tr(f"doctor.causes.{cause.code}.message", **cause.values),
        "evidence": cause.evidence,
        "remedy": tr(f"doctor.causes.{cause.code}.remedy", **cause.values),
    }


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """What was read; None: it could not be."""

    nodes: list[Json]
    pods: list[Json] = []
    events: list[Json] = []
    daemon_sets: list[Json] = []
    deployments: list[Json] = []
    installations: list[Json] = []
    tigera: list[Json] = []
    services: list[Json] = []
    cilium_nodes: list[Json] = []
    not_seen: tuple[str, ...] = ()


_READ: Final = (
    ("pods", "/api/v1/pods"),
    ("events", "/api/v1/events"),
    ("daemon_sets", "/apis/apps/v1/daemonsets"),
    ("deployments", "/apis/apps/v1/deployments"),
    ("services", "/api/v1/services"),
)
_OPTIONAL: Final = (
    ("installations", "/apis/operator.tigera.io/v1/installations"),
    ("tigera", "/apis/operator.tigera.io/v1/tigerastatuses"),
    ("cilium_nodes", "/apis/cilium.io/v2/ciliumnodes"),
)


async def gather(kube: KubernetesProvider) -> Snapshot:
    """Read the cluster. Raises ``ProviderError`` where not even its nodes can be read."""
    nodes = await kube.items("/api/v1/nodes")
    found: dict[str, list[Json]] = {}
    missed: list[str] = []
    for key, path in (*_READ, *_OPTIONAL):
        try:
            found[key] = await kube.items(path)
        except ProviderError as error:
            if not (error.absent and (key, path) in _OPTIONAL):
                missed.append(f"{path}: {error.message}")
    return Snapshot(nodes=nodes, not_seen=tuple(missed), **found)


def diagnose(snapshot: Snapshot) -> list[Cause]:
    """The causes, the likeliest to come first. Empty where nothing is wrong."""
    states = [node_state(node) for node in snapshot.nodes]
    causes: list[Cause] = []
    for judge in (_agents, _images, _crashes, _operators, _calico, _leftovers, _ranges, _kubelets, _sleepers):
        causes.extend(judge(snapshot, states))
    if not causes:
        causes.extend(_others(states))
    return list({(cause.code, cause.object): cause for cause in reversed(causes)}.values())[::-1]


def _name(obj: Json) -> str:
    meta = obj.get("metadata") or {}
    return f"{meta['namespace']}/{meta['name']}" if meta.get("namespace") else str(meta.get("name", ""))


def _known_agents(snapshot: Snapshot) -> list[Json]:
    return [item for item in snapshot.daemon_sets if item["metadata"]["name"] in KNOWN_AGENTS]


def _owned(pod: Json, kinds: tuple[str, ...], names: tuple[str, ...]) -> bool:
    owners = (pod.get("metadata") or {}).get("ownerReferences") or ()
    return any(
        owner.get("kind") in kinds and str(owner.get("name", "")).startswith(names) for owner in owners
    )


def _is_cni_pod(pod: Json) -> bool:
    return _owned(pod, ("DaemonSet",), KNOWN_AGENTS) or _owned(pod, ("ReplicaSet",), _OPERATORS)


def _containers(pod: Json) -> Iterator[Json]:
    status = pod.get("status") or {}
    yield from status.get("initContainerStatuses") or ()
    yield from status.get("containerStatuses") or ()


def _events_of(snapshot: Snapshot, pod: Json) -> list[str]:
    """Messages of events about a pod, latest last."""
    uid, name = pod["metadata"].get("uid"), pod["metadata"]["name"]
    found = [
        event
        for event in snapshot.events
        if (event.get("involvedObject") or {}).get("uid") == uid
        or (not uid and (event.get("involvedObject") or {}).get("name") == name)
    ]
    return [
        str(event.get("message", ""))
        for event in sorted(found, key=lambda it: str(it.get("lastTimestamp") or ""))
    ]


def _without_cni(states: list[NodeState]) -> list[NodeState]:
    return [state for state in states if not state.ready and "cni plugin not initialized" in state.message]


def _agents(snapshot: Snapshot, states: list[NodeState]) -> Iterator[Cause]:
    agents = _known_agents(snapshot)
    bare = _without_cni(states)
    mounting = [item for item in snapshot.daemon_sets if _mounts_cni(item)]
    operators = [item for item in snapshot.deployments if item["metadata"]["name"] in _OPERATORS]
    if bare and not agents and not mounting and not operators:
        yield Cause(code="BYO801", object=bare[0].name, evidence=bare[0].message, values={"count": len(bare)})
    if len(agents) > 1:
        names = ", ".join(_name(item) for item in agents)
        yield Cause(code="BYO809", object=_name(agents[1]), evidence=names, values={"names": names})
    labels = {str(node["metadata"]["name"]): node["metadata"].get("labels") or {} for node in snapshot.nodes}
    for item in agents:
        spec = ((item.get("spec") or {}).get("template") or {}).get("spec") or {}
        selector: dict[str, str] = spec.get("nodeSelector") or {}
        left_out = [s.name for s in bare if not selector.items() <= labels.get(s.name, {}).items()]
        nowhere = bool(item.get("status")) and not item["status"].get("desiredNumberScheduled")
        if bare and (nowhere or left_out):
            names = ", ".join((left_out or [state.name for state in bare])[:3])
            yield Cause(
                code="BYO810",
                object=_name(item),
                evidence=f"nodeSelector {selector}",
                values={"nodes": names},
            )


def _mounts_cni(daemon_set: Json) -> bool:
    spec = (((daemon_set.get("spec") or {}).get("template") or {}).get("spec")) or {}
    paths = [str((volume.get("hostPath") or {}).get("path", "")) for volume in spec.get("volumes") or ()]
    return any(path.startswith("/etc/cni") for path in paths)


def _images(snapshot: Snapshot, _states: list[NodeState]) -> Iterator[Cause]:
    for pod in snapshot.pods:
        for container in _containers(pod):
            waiting = (container.get("state") or {}).get("waiting") or {}
            if waiting.get("reason") in _PULL and (_is_cni_pod(pod) or _mounts_pod(pod)):
                words = [text for text in _events_of(snapshot, pod) if "pull" in text.lower()]
                evidence = next(
                    (text for text in reversed(words) if "failed" in text.lower()), waiting.get("message", "")
                )
                image = str(container.get("image", ""))
                yield Cause(
                    code="BYO802",
                    object=image,
                    evidence=str(evidence),
                    values={"image": image, "pod": _name(pod)},
                )


def _mounts_pod(pod: Json) -> bool:
    volumes = (pod.get("spec") or {}).get("volumes") or ()
    return any(
        str((volume.get("hostPath") or {}).get("path", "")).startswith("/etc/cni") for volume in volumes
    )


def _crashes(snapshot: Snapshot, _states: list[NodeState]) -> Iterator[Cause]:
    for pod in snapshot.pods:
        if not (_is_cni_pod(pod) or _mounts_pod(pod)):
            continue
        for container in _containers(pod):
            state, last = container.get("state") or {}, container.get("lastState") or {}
            ended = last.get("terminated") or state.get("terminated") or {}
            looping = (state.get("waiting") or {}).get("reason") == "CrashLoopBackOff"
            failing = looping or (
                int(container.get("restartCount") or 0) > 1 and int(ended.get("exitCode") or 0) != 0
            )
            if not failing:
                continue
            said = str(ended.get("message") or "").strip()
            words = said or next(iter(reversed(_events_of(snapshot, pod))), "")
            code = "BYO803" if _API_WORDS.search(words) else "BYO804"
            values = {
                "container": container.get("name"),
                "pod": _name(pod),
                "exit": ended.get("exitCode", "?"),
            }
            owner = ((pod["metadata"].get("ownerReferences") or [{}])[0]).get("name") or _name(pod)
            yield Cause(code=code, object=str(owner), evidence=words[-600:], values=values)


def _operators(snapshot: Snapshot, _states: list[NodeState]) -> Iterator[Cause]:
    for pod in snapshot.pods:
        if (pod.get("status") or {}).get("phase") != "Pending" or not _owned(
            pod, ("ReplicaSet",), _OPERATORS
        ):
            continue
        why = str(condition(pod, "PodScheduled").get("message", ""))
        if "CriticalAddonsOnly" in why:
            yield Cause(code="BYO805", object=_name(pod), evidence=why, values={"pod": _name(pod)})
        elif "anti-affinity" in why or "free ports" in why:
            yield Cause(code="BYO806", object=_name(pod), evidence=why, values={"pod": _name(pod)})
        elif "Insufficient" in why:
            yield Cause(code="BYO812", object=_name(pod), evidence=why, values={"pod": _name(pod)})
        elif "untolerated taint" in why:
            yield Cause(code="BYO805", object=_name(pod), evidence=why, values={"pod": _name(pod)})


def _calico(snapshot: Snapshot, states: list[NodeState]) -> Iterator[Cause]:
    running = any(item["metadata"]["name"] == "calico-node" for item in snapshot.daemon_sets)
    for item in snapshot.installations:
        spec = item.get("spec") or {}
        kind = (spec.get("cni") or {}).get("type")
        if kind != "Calico" and (not running or _without_cni(states)):
            yield Cause(
                code="BYO807",
                object=_name(item),
                evidence=f"spec.cni.type: {kind}",
                values={"type": kind or "-"},
            )
    for item in snapshot.tigera:
        degraded = condition(item, "Degraded")
        if degraded.get("status") == "True":
            words = str(degraded.get("message", ""))
            yield Cause(code="BYO815", object=_name(item), evidence=words, values={"name": _name(item)})


def _leftovers(snapshot: Snapshot, _states: list[NodeState]) -> Iterator[Cause]:
    agents = {item["metadata"]["name"] for item in _known_agents(snapshot)}
    for event in snapshot.events:
        if event.get("reason") != "FailedCreatePodSandBox":
            continue
        words = str(event.get("message", ""))
        found = _LEFT.search(words)
        plugin = found.group("plugin") if found else ""
        gone = plugin.startswith("cilium") and "cilium" not in agents
        gone = gone or (plugin.startswith("calico") and "calico-node" not in agents)
        gone = gone or (plugin.startswith("antrea") and "antrea-agent" not in agents)
        if plugin and gone:
            yield Cause(code="BYO808", object=plugin, evidence=words[-600:], values={"plugin": plugin})


def _ranges(snapshot: Snapshot, _states: list[NodeState]) -> Iterator[Cause]:
    """Pods get addresses out of the range of services: whoever asks for such a service reaches a pod, or nobody."""
    services = {str((item.get("spec") or {}).get("clusterIP", "")): _name(item) for item in snapshot.services}
    given: list[tuple[str, str]] = [
        (_name(node), str(text))
        for node in [*snapshot.cilium_nodes, *snapshot.nodes]
        for text in (((node.get("spec") or {}).get("ipam") or {}).get("podCIDRs") or [])
        or [(node.get("spec") or {}).get("podCIDR")]
        if text
    ]
    given += [
        (_name(pod), f"{pod['status']['podIP']}/32")
        for pod in snapshot.pods
        if (pod.get("status") or {}).get("podIP") in services
        and not (pod.get("spec") or {}).get("hostNetwork")
    ]
    for owner, text in given:
        try:
            network = ipaddress.ip_network(text, strict=False)
        except ValueError:
            continue
        for address, service in services.items():
            if address not in ("", "None") and ipaddress.ip_address(address) in network:
                evidence = f"{owner}: {text}; {service}: {address}"
                yield Cause(code="BYO817", object=owner, evidence=evidence, values={"range": text})
                return


def _kubelets(snapshot: Snapshot, states: list[NodeState]) -> Iterator[Cause]:
    for node, state in zip(snapshot.nodes, states, strict=True):
        ready = condition(node, "Ready")
        if ready.get("status") == "Unknown":
            yield Cause(code="BYO811", object=state.name, evidence=state.message, values={"node": state.name})
    for event in snapshot.events:
        source = (event.get("source") or {}).get("component") or event.get("reportingComponent") or ""
        if source == "aks-auto-repair" and str(event.get("reason", "")).endswith("Start"):
            machine = str((event.get("involvedObject") or {}).get("name", ""))
            yield Cause(
                code="BYO814",
                object=machine,
                evidence=str(event.get("message", "")),
                values={"node": machine},
            )


def _sleepers(snapshot: Snapshot, states: list[NodeState]) -> Iterator[Cause]:
    """konnectivity that doesn't run although nodes are Ready: logs, exec and webhooks fail."""
    if not any(state.ready for state in states):
        return
    tunnels = [
        pod
        for pod in snapshot.pods
        if (pod["metadata"].get("labels") or {}).get("app") == "konnectivity-agent"
    ]
    if tunnels and not any(condition(pod, "Ready").get("status") == "True" for pod in tunnels):
        why = str(condition(tunnels[0], "PodScheduled").get("message", ""))
        evidence = why or next(iter(reversed(_events_of(snapshot, tunnels[0]))), "")
        yield Cause(code="BYO813", object=_name(tunnels[0]), evidence=evidence, values={})


def _others(states: list[NodeState]) -> Iterator[Cause]:
    """NotReady for a reason that nothing above explains."""
    for state in states:
        if not state.ready:
            yield Cause(code="BYO816", object=state.name, evidence=state.message, values={"node": state.name})

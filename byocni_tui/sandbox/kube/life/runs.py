"""What runs in a pod, and how that looks in its status. The kubelet moves a ``Run``; the status is only its picture."""

from typing import Any

import msgspec

from byocni_tui.sandbox.kube.life.objects import Obj, qos_class
from byocni_tui.sandbox.kube.stamp import Stamp


class Box(msgspec.Struct, omit_defaults=True):
    """One container. ``state``: waiting (``reason``), running or exited; times are virtual epoch seconds."""

    name: str
    init: bool = False
    state: str = "waiting"
    reason: str = ""
    message: str = ""
    runs: int = 0
    """How often it was started; a timer of an earlier run finds another number and is void."""
    restarts: int = 0
    back: float = 0.0
    """Seconds of the present back-off, 0 before the first."""
    pulls: int = 0
    """Failed pulls in a row."""
    started_at: float = 0.0
    finished_at: float = 0.0
    code: int = 0
    id: str = ""
    image_id: str = ""
    started: bool = False
    ready: bool = False
    failures: int = 0
    """Probe failures in a row."""
    last: dict[str, Any] = {}
    """The previous run's terminated state."""
    log: str = ""
    previous_log: str = ""
    listens: list[int] | None = None
    """Ports that answer; None: whatever it declares."""
    stubborn: bool = False
    """Does not react to SIGTERM."""
    extra: bool = False
    """An ephemeral container: never restarted, and of no weight for the pod's phase and conditions."""


class Run(msgspec.Struct, omit_defaults=True):
    """One pod on its node."""

    ns: str
    name: str
    node: str
    start: float
    boxes: list[Box]
    mounted: bool = False
    sandbox: bool = False
    ip: str = ""
    wired: str = ""
    """The behaviour of the plugin that made the sandbox's interface; empty if it is none that is known."""
    tries: int = 0
    """Failed attempts at what comes next (mount, sandbox)."""
    retry_at: float = 0.0
    """Before then what failed is not tried again."""
    stopping: bool = False
    since: dict[str, float] = {}
    """When each condition last changed."""
    values: dict[str, str] = {}
    """The last value of each condition."""

    def box(self, name: str) -> Box | None:
        """A container by name."""
        return next((b for b in self.boxes if b.name == name), None)


def new_run(pod: Obj, now: float) -> Run:
    """A pod that the kubelet has just seen."""
    spec, m = pod["spec"], pod["metadata"]
    inits = spec.get("initContainers") or []
    boxes = [Box(c["name"], init=True, reason="PodInitializing") for c in inits]
    waiting = "PodInitializing" if inits else "ContainerCreating"
    boxes += [Box(c["name"], reason=waiting) for c in spec["containers"]]
    return Run(m["namespace"], m["name"], spec["nodeName"], now, boxes)


def extended(pod: Obj, run: Run) -> None:
    """Take up the ephemeral containers that the pod has been given."""
    for container in pod["spec"].get("ephemeralContainers") or ():
        if run.box(container["name"]) is None:
            run.boxes.append(Box(container["name"], reason="ContainerCreating", extra=True))


def spec_of(pod: Obj, box: Box) -> Obj:
    """What the pod says of a container."""
    part = "initContainers" if box.init else "ephemeralContainers" if box.extra else "containers"
    group = pod["spec"].get(part) or ()
    container: Obj = next(c for c in group if c["name"] == box.name)
    return container


def renewed(pod: Obj, old: Run, now: float) -> Run:
    """The pod after its machine went down under it: containers that ran have ended, nobody knows how."""
    run = new_run(pod, old.start)
    for box in run.boxes:
        before = old.box(box.name)
        if before is None or not before.runs:
            continue
        box.runs = before.runs + 1  # timers of before are void
        box.restarts = before.restarts + (before.state == "running")
        box.last, box.previous_log, box.image_id = before.last, before.log, before.image_id
        if before.state == "running":
            ended = {"exitCode": 255, "reason": "Unknown", "startedAt": Stamp(before.started_at)}
            box.last = {"terminated": {**ended, "finishedAt": Stamp(now), "containerID": before.id}}
    return run


def phase(spec: Obj, run: Run) -> str:
    """The pod's phase."""
    policy = spec.get("restartPolicy", "Always")
    sidecars = {c["name"] for c in spec.get("initContainers") or () if c.get("restartPolicy") == "Always"}
    inits = [b for b in run.boxes if b.init and b.name not in sidecars]
    mains = [b for b in run.boxes if not b.init and not b.extra]
    if any(b.state == "exited" and b.code for b in inits) and policy == "Never":
        return "Failed"
    if any(not (b.state == "exited" and b.code == 0) for b in inits) or not any(b.runs for b in mains):
        return "Pending"
    if all(b.state == "exited" for b in mains) and policy != "Always":
        if all(b.code == 0 for b in mains):
            return "Succeeded"
        if policy == "Never":
            return "Failed"
    return "Running"


def status(pod: Obj, run: Run, host_ip: str, now: float) -> Obj:
    """The status of a pod as its kubelet reports it; conditions keep their times while they keep their values."""
    spec = pod["spec"]
    generation = pod["metadata"].get("generation", 1)
    what = phase(spec, run)
    sidecars = {c["name"] for c in spec.get("initContainers") or () if c.get("restartPolicy") == "Always"}
    inits = [b for b in run.boxes if b.init]
    mains = [b for b in run.boxes if not b.init and not b.extra]
    undone = [
        b.name for b in inits if not (b.started if b.name in sidecars else b.state == "exited" and not b.code)
    ]
    extras = [b for b in run.boxes if b.extra]
    serving = [b for b in run.boxes if not b.extra and (not b.init or b.name in sidecars)]
    unready = [b.name for b in serving if not b.ready]
    done = what in ("Succeeded", "Failed")
    words: dict[str, tuple[str, str, str]] = {
        "PodReadyToStartContainers": ("True" if run.sandbox and not done else "False", "", ""),
        "Initialized": ("True", "PodCompleted" if what == "Succeeded" else "", "")
        if not undone
        else (
            "False",
            "ContainersNotInitialized",
            f"containers with incomplete status: [{' '.join(undone)}]",
        ),
    }
    for kind in ("Ready", "ContainersReady"):
        if what == "Succeeded":
            words[kind] = ("False", "PodCompleted", "")
        elif what == "Failed":
            words[kind] = ("False", "PodFailed", "")
        elif unready:
            words[kind] = (
                "False",
                "ContainersNotReady",
                f"containers with unready status: [{' '.join(unready)}]",
            )
        else:
            words[kind] = ("True", "", "")
    conditions = []
    for kind, (value, reason, message) in words.items():
        if run.values.get(kind) != value:
            run.values[kind] = value
            run.since[kind] = now
        entry: Obj = {
            "type": kind, "observedGeneration": generation, "status": value, "lastProbeTime": None,
            "lastTransitionTime": Stamp(run.since[kind]),
        }  # fmt: skip
        if reason:
            entry["reason"] = reason
        if message:
            entry["message"] = message
        conditions.append(entry)
    old = (pod.get("status") or {}).get("conditions") or ()
    conditions += [c for c in old if c["type"] not in words]
    result: Obj = {
        "observedGeneration": generation, "phase": what, "conditions": conditions, "hostIP": host_ip,
        "hostIPs": [{"ip": host_ip}],
    }  # fmt: skip
    ip = host_ip if spec.get("hostNetwork") and run.sandbox else run.ip
    if ip:
        result["podIP"] = ip
        result["podIPs"] = [{"ip": ip}]
    result["startTime"] = Stamp(run.start)
    parts = ("initContainers", "containers", "ephemeralContainers")
    images = {c["name"]: c for part in parts for c in spec.get(part) or ()}
    if inits:
        result["initContainerStatuses"] = [_container(b, images[b.name]) for b in inits]
    result["containerStatuses"] = [_container(b, images[b.name]) for b in mains]
    if extras:
        result["ephemeralContainerStatuses"] = [_container(b, images[b.name]) for b in extras]
    result["qosClass"] = qos_class(spec)
    return result


def terminated(box: Box) -> Obj:
    """The terminated state of the present run."""
    reason = (
        box.reason if box.reason in ("StartError", "OOMKilled") else "Completed" if box.code == 0 else "Error"
    )
    state: Obj = {"exitCode": box.code, "reason": reason}
    if box.message:
        state["message"] = box.message
    state["startedAt"] = Stamp(box.started_at)
    state["finishedAt"] = Stamp(box.finished_at)
    if box.id:
        state["containerID"] = box.id
    return {"terminated": state}


def _container(box: Box, spec: Obj) -> Obj:
    if box.state == "running":
        state: Obj = {"running": {"startedAt": Stamp(box.started_at)}}
    elif box.state == "exited":
        state = terminated(box)
    else:
        state = {"waiting": {"reason": box.reason}}
        if box.message:
            state["waiting"]["message"] = box.message
    result: Obj = {
        "name": box.name, "state": state, "lastState": box.last, "ready": box.ready, "restartCount": box.restarts,
        "image": spec["image"], "imageID": box.image_id,
    }  # fmt: skip
    if box.id:
        result["containerID"] = box.id
    result["started"] = box.started
    wants = spec.get("resources") or {}
    if box.state == "running" and wants.get("requests"):
        result["allocatedResources"] = dict(wants["requests"])
    if box.runs:
        result["resources"] = wants
    mounts = [
        {"name": m["name"], "mountPath": m["mountPath"], **({"readOnly": True} if m.get("readOnly") else {})}
        for m in spec.get("volumeMounts") or ()
    ]
    if mounts and box.runs:
        result["volumeMounts"] = mounts
    return result

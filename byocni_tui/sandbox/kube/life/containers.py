"""Containers on a node: pulled, started, probed, restarted; each step told as an event and set in the pod's ``Run``."""

from typing import Any, Protocol

from byocni_tui.sandbox.kube.life import images, programs
from byocni_tui.sandbox.kube.life.engine import Life
from byocni_tui.sandbox.kube.life.objects import Obj
from byocni_tui.sandbox.kube.life.programs import Outcome
from byocni_tui.sandbox.kube.life.runs import Box, Run, terminated

_PATIENCE = 120.0  # seconds of a container's own running time that somebody would wait for
_SECOND_LOOK = 1.0
_CRASH_FIRST, _CRASH_MOST = 10.0, 300.0
_PULL_FIRST, _PULL_MOST = 10.0, 300.0
_HOPEFUL_SECONDS = {
    True: 300.0,
    False: 30.0,
}  # and so long for a probe, if its answer can still change by itself or not


class Network(Protocol):
    """What the kubelet asks of the node's network."""

    def configured(self, node: str) -> bool:
        """Whether a CNI configuration is there."""
        ...

    def attach(self, pod: Obj, node: str) -> tuple[str, str]:
        """An address for a pod's sandbox and no error, or none and the plugin's error."""
        ...

    def plugin(self, node: str) -> str:
        """The behaviour of the plugin that is configured; empty if it is none that is known."""
        ...

    def release(self, node: str, address: str) -> None:
        """The pod's sandbox is gone."""
        ...

    def written(self, pod: Obj, container: Obj, *, init: bool) -> None:
        """A container has done its work (init) or got ready (main): it may have written the configuration."""
        ...


class Minds(Protocol):
    """What containers do."""

    def outcome(self, pod: Obj, container: Obj, box: Box, *, init: bool) -> Outcome:
        """What this container does in its next run."""
        ...

    def probe(self, pod: Obj, container: Obj, box: Box, which: str) -> str | None:
        """None if the probe passes now, else what the kubelet says about it."""
        ...

    def stop_seconds(self, pod: Obj, box: Box, grace: float) -> float:
        """How long it takes to end."""
        ...


class Containers:
    """What the kubelets do with containers."""

    def __init__(self, life: Life, network: Network, minds: Minds) -> None:
        self._life = life
        self.network = network
        self.minds = minds

    # -- containers --------------------------------------------------------------------------------------------------

    def _drive(self, pod: Obj, run: Run, box: Box, container: Obj) -> None:
        """Start a container that is not started yet; nothing for one that runs, ends or backs off."""
        if box.state != "waiting" or box.reason in (
            "pulling",
            "ErrImagePull",
            "ImagePullBackOff",
            "CrashLoopBackOff",
        ):
            return
        if box.reason in ("RunContainerError", "CreateContainerConfigError", "ErrImageNeverPull"):
            return
        self._begin(pod, run, box, container)

    def _begin(self, pod: Obj, run: Run, box: Box, container: Obj) -> None:
        """Pull the image or, where it need not be, start; a failure of before stays in the status meanwhile."""
        life, image = self._life, container["image"]
        disk = life.state["nodes"].setdefault(run.node, {}).setdefault("images", {})
        present = images.full_name(image) in disk
        if images.must_pull(container, present):
            if box.pulls == -1:
                return  # one pull at a time
            known, box.pulls = box.pulls, -1
            self._tell(pod, "Pulling", f'Pulling image "{image}"', box=box)
            error = images.failure(life, image, run.node)
            if error:
                delay = 30.0 if "timeout" in error else 0.8
            else:
                delay = 0.5 if present else images.seconds(life, image, run.node)
            mark = f"{run.ns}/{run.name}/{box.name}"
            life.state["pods"][mark] = {"tries": known, "error": error, "took": delay}
            self._again(run, delay, "pulled", box, awaited=known <= 0)
            return
        if container.get("imagePullPolicy") == "Never" and not present:
            if not box.reason.startswith("ErrImageNeverPull"):
                why = f'Container image "{image}" is not present with pull policy of Never'
                self._tell(pod, "ErrImageNeverPull", why, warning=True, box=box)
                self._tell(pod, "Failed", "Error: ErrImageNeverPull", warning=True, box=box)
                box.reason, box.message = "ErrImageNeverPull", why
            self._again(run, 12.0, "pull", box, awaited=False)
            return
        if box.reason != "CreateContainerConfigError":
            seen = "already present on machine"
            seen += " and can be accessed by the pod" if self._new_words() else ""
            self._tell(pod, "Pulled", f'Container image "{image}" {seen}', box=box)
        self._start(pod, run, box, container)

    def _pulled(self, pod: Obj, run: Run, box: Box, container: Obj) -> None:
        life, image = self._life, container["image"]
        pull = life.state["pods"].pop(
            f"{run.ns}/{run.name}/{box.name}", {"tries": 0, "error": None, "took": 1.0}
        )
        box.pulls = pull["tries"]
        if pull["error"]:
            box.pulls += 1
            self._tell(
                pod, "Failed", f'Failed to pull image "{image}": {pull["error"]}', warning=True, box=box
            )
            self._tell(pod, "Failed", "Error: ErrImagePull", warning=True, box=box)
            box.reason, box.message = "ErrImagePull", pull["error"]
            self._again(run, 1.0, "pullback", box, awaited=box.pulls == 1)
            return
        box.pulls = 0
        bytes_ = images.size(life, image)
        life.state["nodes"].setdefault(run.node, {}).setdefault("images", {})[images.full_name(image)] = (
            bytes_
        )
        took = f"{pull['took']:.3f}s"
        self._tell(
            pod, "Pulled", f'Successfully pulled image "{image}" in {took} ({took} including waiting). Image size: '
            f"{bytes_} bytes.", box=box,
        )  # fmt: skip
        self._start(pod, run, box, container)

    def _pull_backs_off(self, pod: Obj, run: Run, box: Box, container: Obj) -> None:
        image = container["image"]
        self._tell(pod, "BackOff", f'Back-off pulling image "{image}"', box=box)
        self._tell(pod, "Failed", "Error: ImagePullBackOff", warning=True, box=box)
        box.message = f'Back-off pulling image "{image}": ErrImagePull: {box.message}'
        box.reason = "ImagePullBackOff"
        self._again(
            run, min(_PULL_MOST, _PULL_FIRST * 2 ** (box.pulls - 1)) + 3.0, "pull", box, awaited=False
        )

    def _start(self, pod: Obj, run: Run, box: Box, container: Obj) -> None:
        missing = self._missing_config(run, container)
        if missing:
            self._tell(pod, "Failed", f"Error: {missing}", warning=True, box=box)
            box.reason, box.message = "CreateContainerConfigError", missing
            self._again(run, 12.0, "pull", box, awaited=False)
            return
        life = self._life
        out = self.minds.outcome(pod, container, box, init=box.init)
        life.clock.now()
        box.runs += 1
        rng = life.world.rng(f"{life.id}/container/{pod['metadata']['uid']}/{box.name}/{box.runs}")
        box.id = f"containerd://{rng.getrandbits(256):064x}"
        box.image_id = (
            f"sha256:{life.world.rng('digest/' + images.full_name(container['image'])).getrandbits(256):064x}"
        )
        box.previous_log, box.log = box.log, out.log
        new = self._new_words()
        self._tell(pod, "Created", "Container created" if new else f"Created container: {box.name}", box=box)
        if out.refused:
            self._tell(pod, "Failed", f"Error: {out.refused}", warning=True, box=box)
            box.state, box.code, box.message, box.reason = "exited", 128, out.refused, "StartError"
            box.started_at, box.finished_at = 0.0, life.now()
            self._after_exit(pod, run, box, container)
            return
        self._tell(pod, "Started", "Container started" if new else f"Started container {box.name}", box=box)
        box.state, box.reason, box.message = "running", "", ""
        box.started_at, box.code, box.failures = life.now(), out.code, 0
        box.listens, box.stubborn = out.listens, out.stubborn
        if out.message:
            life.state["messages"][f"{pod['metadata']['uid']}/{box.name}"] = out.message
        if out.seconds is not None:
            ends = box.init or box.extra or pod["spec"].get("restartPolicy") != "Always"
            patience = out.seconds <= _PATIENCE and (not box.restarts or (ends and not out.code))
            self._again(run, out.seconds, "exit", box, awaited=patience)
        probes = [p for p in ("startupProbe", "readinessProbe", "livenessProbe") if container.get(p)]
        box.started = not container.get("startupProbe")
        box.ready = (
            box.started
            and not box.extra
            and not container.get("readinessProbe")
            and (not box.init or container.get("restartPolicy") == "Always")
        )
        if box.ready:
            self._got_ready(pod, box, container)
        if probes and not (box.init and container.get("restartPolicy") != "Always"):
            first = min(float(container[p].get("initialDelaySeconds", 0)) for p in probes)
            self._again(run, max(out.boot, first), "probe", box, awaited=not self._loops(box))

    def _missing_config(self, run: Run, container: Obj) -> str:
        life = self._life
        for source in container.get("envFrom") or ():
            for kind, resource in (("configMapRef", "configmaps"), ("secretRef", "secrets")):
                ref = source.get(kind)
                if ref and not ref.get("optional") and life.get(resource, run.ns, ref["name"]) is None:
                    return f'{resource[:-1]} "{ref["name"]}" not found'
        for env in container.get("env") or ():
            origin = env.get("valueFrom") or {}
            for kind, resource in (("configMapKeyRef", "configmaps"), ("secretKeyRef", "secrets")):
                ref = origin.get(kind)
                if not ref or ref.get("optional"):
                    continue
                held = life.get(resource, run.ns, ref["name"])
                if held is None:
                    return f'{resource[:-1]} "{ref["name"]}" not found'
                if ref["key"] not in (held.get("data") or {}):
                    what = "ConfigMap" if resource == "configmaps" else "Secret"
                    return f"couldn't find key {ref['key']} in {what} {run.ns}/{ref['name']}"
        return ""

    def _got_ready(self, pod: Obj, box: Box, container: Obj) -> None:
        box.ready = True
        self.network.written(pod, container, init=False)

    def _exited(self, pod: Obj, run: Run, box: Box, container: Obj) -> None:
        life = self._life
        box.state, box.finished_at, box.ready, box.started = "exited", life.now(), False, False
        message = life.state["messages"].pop(f"{pod['metadata']['uid']}/{box.name}", "")
        if not message and box.code and container.get("terminationMessagePolicy") == "FallbackToLogsOnError":
            message = programs.as_message(box.log)
        box.message = message[:4096]
        if box.code == 0 and box.init:
            box.ready = container.get("restartPolicy") != "Always"
            self.network.written(pod, container, init=True)
        self._after_exit(pod, run, box, container)

    def _after_exit(self, pod: Obj, run: Run, box: Box, container: Obj) -> None:
        if box.extra:
            return
        policy = container.get("restartPolicy") or pod["spec"].get("restartPolicy", "Always")
        if box.init and box.code == 0 and container.get("restartPolicy") != "Always":
            return
        if policy == "Never" or (policy == "OnFailure" and not box.code):
            return
        if not box.back:
            box.back = _CRASH_FIRST
            self._remember(box)
            self._again(run, _SECOND_LOOK, "restart", box, awaited=False)
        else:
            self._again(run, 0.5, "crash", box, awaited=False)

    def _remember(self, box: Box) -> None:
        box.last = terminated(box)

    def _crash_backs_off(self, pod: Obj, run: Run, box: Box) -> None:
        m = pod["metadata"]
        self._tell(
            pod, "BackOff", f"Back-off restarting failed container {box.name} in pod {m['name']}_{m['namespace']}"
            f"({m['uid']})", warning=True, box=box,
        )  # fmt: skip
        self._remember(box)
        unstarted = box.reason == "StartError"
        box.state, box.reason = "waiting", "RunContainerError" if unstarted else "CrashLoopBackOff"
        box.message = (
            box.message
            if unstarted
            else (
                f"back-off {_span(box.back)} restarting failed container={box.name} pod={m['name']}_{m['namespace']}"
                f"({m['uid']})"
            )
        )
        self._again(run, box.back, "restart", box, awaited=False)
        box.back = min(_CRASH_MOST, box.back * 2)

    # -- probes ------------------------------------------------------------------------------------------------------

    def _probe(self, pod: Obj, run: Run, box: Box, container: Obj) -> None:
        which = next(
            (p for p in ("startupProbe",) if container.get(p) and not box.started),
            "readinessProbe" if container.get("readinessProbe") else "livenessProbe",
        )
        rule = container.get(which)
        if rule is None:
            return
        error = self.minds.probe(pod, container, box, which)
        if error is None:
            box.failures = 0
            if which == "startupProbe":
                box.started = True
                box.ready = not container.get("readinessProbe")
                if box.ready:
                    self._got_ready(pod, box, container)
                self._again(run, 0.5, "probe", box, awaited=not box.ready)
                return
            if which == "readinessProbe" and not box.ready:
                self._got_ready(pod, box, container)
            live = container.get("livenessProbe")
            if which == "readinessProbe" and live and self.minds.probe(pod, container, box, "livenessProbe"):
                which, error, rule = "livenessProbe", "", live
        if error is not None:
            self._failed_probe(pod, run, box, container, which, error, rule)
            if box.state != "running":
                return
        elif not self.minds.probe(pod, container, box, "steady"):
            return  # nothing can change its answer by itself; whoever changes it looks again
        hope = _HOPEFUL_SECONDS[self.minds.probe(pod, container, box, "steady") is not None]
        waiting = not box.ready and not self._loops(box) and self._life.now() - box.started_at < hope
        self._again(run, float(rule.get("periodSeconds", 10)), "probe", box, awaited=waiting)

    def _failed_probe(
        self, pod: Obj, run: Run, box: Box, container: Obj, which: str, error: str, rule: Obj
    ) -> None:
        word = {"startupProbe": "Startup", "readinessProbe": "Readiness", "livenessProbe": "Liveness"}[which]
        self._tell(pod, "Unhealthy", f"{word} probe failed: {error}", warning=True, box=box)
        box.failures += 1
        if box.failures < int(rule.get("failureThreshold", 3)):
            return
        if which == "readinessProbe":
            box.ready = False
            return
        what = "liveness" if which == "livenessProbe" else "startup"
        self._tell(pod, "Killing", f"Container {box.name} failed {what} probe, will be restarted", box=box)
        box.code = 137 if box.stubborn else 143
        self._exited(pod, run, box, container)

    @staticmethod
    def _loops(box: Box) -> bool:
        """Whether the container has crashed before and will crash again: nobody waits for it."""
        return bool(box.restarts and box.code)

    # -- helpers -----------------------------------------------------------------------------------------------------

    def _new_words(self) -> bool:
        return tuple(map(int, self._life.cluster.version.split(".")[:2])) >= (1, 36)

    def _tell(
        self, pod: Obj, reason: str, message: str, *, warning: bool = False, box: Box | None = None
    ) -> None:
        field = None
        if box is not None:
            part = "initContainers" if box.init else "ephemeralContainers" if box.extra else "containers"
            field = f"spec.{part}{{{box.name}}}"
        self._life.recorder.event(
            pod,
            "Pod",
            reason,
            message,
            source="kubelet",
            warning=warning,
            host=pod["spec"]["nodeName"],
            field=field,
        )

    def _again(
        self, run: Run, delay: float, what: str = "", box: Box | None = None, *, awaited: bool
    ) -> None:
        data: dict[str, Any] = {"ns": run.ns, "n": run.name, "w": what, "s": run.start}
        if box is not None:
            data["c"], data["r"] = box.name, box.runs
        self._life.after(delay, "pod", data, awaited=awaited)


def _span(seconds: float) -> str:
    whole = int(seconds)
    minutes, rest = divmod(whole, 60)
    return f"{minutes}m{rest}s" if minutes else f"{rest}s"

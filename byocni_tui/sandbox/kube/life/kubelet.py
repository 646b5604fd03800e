"""The kubelets: bring the pods bound to a node to life, keep them there, and say what happened.

Level-triggered like the controllers: ``sync`` looks at a pod and its ``Run`` and does the next thing that can be done;
what takes time comes back as a timer. A timer carries the number of the run it belongs to and is void after a restart.
"""

from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from byocni_tui.sandbox.kube.life.containers import Containers, Minds, Network
from byocni_tui.sandbox.kube.life.engine import Life
from byocni_tui.sandbox.kube.life.objects import Obj, deleting, key_of
from byocni_tui.sandbox.kube.life.runs import Run, extended, new_run, phase, renewed, spec_of, status
from byocni_tui.sandbox.kube.stamp import Stamp

_AT = "$at"
_NETWORK_RETRY = 2.0
_UNHEARD = 5.0  # seconds after which a kubelet that was cut off goes on with a pod, if it may
_SANDBOX_RETRY = 12.0
_HOPEFUL_TRIES = 20  # so often somebody would still be waiting for a sandbox
NOT_INITIALIZED = (
    "container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady "
    "message:Network plugin returns error: cni plugin not initialized"
)


class Kubelet(Containers):
    """All kubelets of a cluster."""

    name = "kubelet"

    def __init__(self, life: Life, network: Network, minds: Minds) -> None:
        super().__init__(life, network, minds)
        self.runs: dict[str, Run] = {}
        life.add(self)
        self._hosts: dict[str, str] = {}
        self._unwired: dict[str, set[str]] = {}
        """By node, the pods that wait for a sandbox."""
        self.quiet = False
        """Whoever creates pods together with their runs does not want them looked at."""
        self.off: Callable[[str], bool] = lambda _node: False
        """Whether a node's machine does not run: nothing happens in its pods then."""
        self.silent: Callable[[str], bool] = lambda _node: False
        """Whether a kubelet does not reach the API server: it neither hears of pods nor tells of them until it does."""
        life.watch("nodes", self._node)
        life.watch("pods", self._pod)
        life.on("pod", self._timer)

    def _node(self, event: str, node: Obj) -> None:
        name = node["metadata"]["name"]
        if event == "DELETED":
            self._hosts.pop(name, None)
            return
        addresses = (node.get("status") or {}).get("addresses") or ()
        self._hosts[name] = next((a["address"] for a in addresses if a["type"] == "InternalIP"), "")

    def host(self, node: str) -> str:
        """A node's address."""
        return self._hosts.get(node, "")

    def _pod(self, event: str, pod: Obj) -> None:
        if event == "DELETED":
            run = self.runs.pop(pod["metadata"]["uid"], None)
            if run is not None and run.ip:
                self.network.release(run.node, run.ip)
        elif pod["spec"].get("nodeName") and not self.quiet:
            self._life.enqueue(self.name, *key_of(pod))

    # -- timers ------------------------------------------------------------------------------------------------------

    def _timer(self, data: Obj) -> None:
        pod = self._life.get("pods", data["ns"], data["n"])
        run = self.runs.get(pod["metadata"]["uid"]) if pod else None
        if pod is None or run is None or run.start != data["s"] or self.off(run.node):
            return
        if self.silent(run.node):
            self._life.after(_UNHEARD, "pod", data, awaited=False)
            return
        box = run.box(data["c"]) if "c" in data else None
        if box is not None and box.runs != data["r"]:
            return
        container = spec_of(pod, box) if box is not None else {}
        match data["w"]:
            case "pulled" if box is not None and box.state == "waiting":
                self._pulled(pod, run, box, container)
            case "pullback" if box is not None and box.reason == "ErrImagePull":
                self._pull_backs_off(pod, run, box, container)
            case "pull" if box is not None and box.state == "waiting":
                self._begin(pod, run, box, container)
            case "exit" if box is not None and box.state == "running":
                self._exited(pod, run, box, container)
            case "crash" if box is not None and box.state == "exited":
                self._crash_backs_off(pod, run, box)
            case "restart" if box is not None and box.state in ("exited", "waiting"):
                box.state, box.reason, box.message = "waiting", "ContainerCreating", ""
                box.restarts += 1
            case "probe" if box is not None and box.state == "running":
                self._probe(pod, run, box, container)
            case "stopped":
                self._life.delete("pods", run.ns, run.name, grace=0)
                return
        self._sync(pod, run)

    def leave(self, pod: Obj, container: str, code: int, said: str) -> None:
        """A program that somebody typed into has ended by itself."""
        run = self.runs.get(pod["metadata"]["uid"])
        box = run.box(container) if run is not None else None
        if run is None or box is None or box.state != "running":
            return
        box.code, box.log = code, box.log + said
        self._again(run, 0.0, "exit", box, awaited=True)

    # -- the loop ----------------------------------------------------------------------------------------------------

    def reconcile(self, namespace: str, name: str) -> None:
        """One pod."""
        life = self._life
        pod = life.get("pods", namespace, name)
        if pod is None or not pod["spec"].get("nodeName"):
            return
        node = self._hosts.get(pod["spec"]["nodeName"])
        uid = pod["metadata"]["uid"]
        run = self.runs.get(uid)
        if node is None:  # the machine is gone: nobody will confirm the end of its pods
            life.delete("pods", namespace, name, grace=0)
            return
        if self.off(pod["spec"]["nodeName"]) or self.silent(pod["spec"]["nodeName"]):
            return
        if run is None:
            if (pod.get("status") or {}).get("phase") in ("Succeeded", "Failed"):
                return
            run = self.runs[uid] = new_run(pod, life.now())
        self._sync(pod, run)

    def wake(self, node: str) -> None:
        """Look at the pods that wait for their sandbox on a node."""
        for uid in sorted(self._unwired.pop(node, ())):
            run = self.runs.get(uid)
            if run is not None and not run.sandbox:
                run.retry_at = 0.0
                self._life.enqueue(self.name, run.ns, run.name)

    def boot(self, node: str, keys: Iterable[tuple[str, str]]) -> None:
        """A machine starts: what ran on it (the pods of ``keys``) when it stopped is begun anew."""
        life = self._life
        for key in keys:
            pod = life.get("pods", *key)
            run = self.runs.get(pod["metadata"]["uid"]) if pod is not None else None
            if pod is not None and run is not None and phase(pod["spec"], run) in ("Pending", "Running"):
                if run.ip:
                    self.network.release(node, run.ip)
                self.runs[pod["metadata"]["uid"]] = renewed(pod, run, life.now())
            life.enqueue(self.name, *key)

    def _sync(self, pod: Obj, run: Run) -> None:
        if deleting(pod):
            self._stop(pod, run)
        elif phase(pod["spec"], run) in ("Pending", "Running"):
            self._advance(pod, run)
        self.report(pod, run)

    def report(self, pod: Obj, run: Run) -> None:
        """Write the status if it differs."""
        life = self._life
        host = self._hosts.get(run.node)
        if host is None:
            return
        entry = life.store.entry("pods", run.ns, run.name)
        if entry is None:
            return
        current = pod if str(entry.version) == pod["metadata"]["resourceVersion"] else entry.object()
        if current["metadata"]["uid"] != pod["metadata"]["uid"]:
            return
        new = status(current, run, host, life.now())
        if current.get("status") != new:
            life.update_status("pods", {**current, "status": new})

    def _advance(self, pod: Obj, run: Run) -> None:
        extended(pod, run)
        if not run.sandbox and self._life.now() < run.retry_at - 1e-6:
            return
        if not run.mounted and not self._mount(pod, run):
            return
        if not run.sandbox and not self._sandbox(pod, run):
            return
        for box in run.boxes:
            if not box.init:
                break
            container = spec_of(pod, box)
            if box.state == "exited" and not box.code:
                continue
            self._drive(pod, run, box, container)
            if not (container.get("restartPolicy") == "Always" and box.started):
                return
        for box in run.boxes:
            if not box.init:
                if box.reason == "PodInitializing":
                    box.reason = "PodInitializing" if not box.runs else box.reason
                self._drive(pod, run, box, spec_of(pod, box))

    def _retry(self, run: Run, delay: float, *, awaited: bool) -> None:
        run.retry_at = self._life.now() + delay
        self._again(run, delay, awaited=awaited)

    # -- before the containers ---------------------------------------------------------------------------------------

    def _mount(self, pod: Obj, run: Run) -> bool:
        for volume in pod["spec"].get("volumes") or ():
            for kind, key, resource in (
                ("secret", "secretName", "secrets"),
                ("configMap", "name", "configmaps"),
            ):
                source = volume.get(kind)
                if not source or source.get("optional") or self._life.get(resource, run.ns, source[key]):
                    continue
                what = resource[:-1]
                self._tell(
                    pod, "FailedMount",
                    f'MountVolume.SetUp failed for volume "{volume["name"]}" : {what} "{source[key]}" not found',
                    warning=True,
                )  # fmt: skip
                run.tries += 1
                self._retry(run, min(120.0, 0.5 * 2 ** (run.tries - 1)), awaited=False)
                return False
        run.mounted, run.tries = True, 0
        return True

    def _sandbox(self, pod: Obj, run: Run) -> bool:
        if not pod["spec"].get("hostNetwork"):
            if not self.network.configured(run.node):
                self._unwired.setdefault(run.node, set()).add(pod["metadata"]["uid"])
                self._tell(pod, "NetworkNotReady", f"network is not ready: {NOT_INITIALIZED}", warning=True)
                self._retry(run, _NETWORK_RETRY, awaited=False)
                return False
            run.ip, error = self.network.attach(pod, run.node)
            if error:
                self._unwired.setdefault(run.node, set()).add(pod["metadata"]["uid"])
                sandbox = f"{self._life.rng('sandbox/' + run.name).getrandbits(256):064x}"
                self._tell(
                    pod, "FailedCreatePodSandBox",
                    "Failed to create pod sandbox: rpc error: code = Unknown desc = failed to setup network for "
                    f'sandbox "{sandbox}": {error}', warning=True,
                )  # fmt: skip
                run.tries += 1
                self._retry(run, _SANDBOX_RETRY, awaited=run.tries <= _HOPEFUL_TRIES)
                return False
            run.wired = self.network.plugin(run.node)
        run.sandbox = True
        return True

    # -- the end -----------------------------------------------------------------------------------------------------

    def _stop(self, pod: Obj, run: Run) -> None:
        if run.stopping:
            return
        run.stopping = True
        grace = float(pod["metadata"].get("deletionGracePeriodSeconds") or 0)
        longest = 0.2
        for box in run.boxes:
            if box.state == "running":
                self._tell(pod, "Killing", f"Stopping container {box.name}", box=box)
                longest = max(longest, self.minds.stop_seconds(pod, box, grace))
        self._again(run, min(longest, max(grace, 0.2)), "stopped", awaited=True)

    def dump(self) -> Obj:
        """The runs, as plain JSON."""
        runs: Obj = msgspec.to_builtins(self.runs, enc_hook=_kept)
        return runs

    def load(self, state: Obj) -> None:
        """Take over what ``dump`` gave."""
        self.runs = msgspec.convert(state, dict[str, Run])
        self._unwired.clear()
        for uid, run in self.runs.items():
            if not run.sandbox:
                self._unwired.setdefault(run.node, set()).add(uid)
        for run in self.runs.values():
            for box in run.boxes:
                box.last = _brought_back(box.last)


def _kept(value: Any) -> Any:
    """The times of a container's last end, in a form that JSON has."""
    if isinstance(value, Stamp):
        return {_AT: value.at}
    raise NotImplementedError(type(value))


def _brought_back(value: Any) -> Any:
    if isinstance(value, dict):
        if value.keys() == {_AT}:
            return Stamp(value[_AT])
        return {key: _brought_back(one) for key, one in value.items()}
    return value

"""What containers do and whether their probes pass: behaviours first, then the command line, else all is well."""

from typing import TYPE_CHECKING

from byocni_tui.sandbox.kube.life import programs
from byocni_tui.sandbox.kube.life.behaviours import Behaviours, fill
from byocni_tui.sandbox.kube.life.objects import Obj, name_of
from byocni_tui.sandbox.kube.life.programs import Outcome
from byocni_tui.sandbox.kube.life.runs import Box
from byocni_tui.sandbox.kube.life.scripts import Scripts, Served

if TYPE_CHECKING:
    from byocni_tui.sandbox.kube.life.engine import Life


class Minds:
    """The kubelet's answers about containers."""

    def __init__(self, life: "Life", behaviours: Behaviours, scripts: Scripts, served: Served) -> None:
        self._life = life
        self._behaviours = behaviours
        self._scripts = scripts
        self._served = served

    def outcome(self, pod: Obj, container: Obj, box: Box, *, init: bool) -> Outcome:
        """What this container does in its next run."""
        life = self._life
        fault = life.fault(
            "start",
            {"namespace": pod["metadata"]["namespace"], "pod": name_of(pod), "container": container["name"],
             "node": pod["spec"]["nodeName"], "image": container["image"],
             "labels": [f"{k}={v}" for k, v in (pod["metadata"].get("labels") or {}).items()]},
        )  # fmt: skip
        if fault is not None:
            return Outcome(
                float(fault.get("seconds", 1.0)), int(fault.get("code", 1)), log=str(fault.get("log", "")),
                message=str(fault.get("message", "")), listens=[],
            )  # fmt: skip
        rng = life.world.rng(f"{life.id}/boot/{pod['metadata']['uid']}/{box.name}/{box.runs}")
        rule = self._behaviours.container(pod, container)
        if rule is not None:
            return self._ruled(rule, self._context(pod, container, rule), rng.random(), init=init)
        known = programs.plain(container)
        if known is not None:
            return known
        played = self._scripts.play(pod, container)
        if played is not None:
            if played.serves:
                self._served.pages[pod["metadata"]["uid"]] = played.serves
            return played.outcome
        if init:
            return Outcome(rng.uniform(0.4, 2.0), 0)
        return Outcome(None, boot=rng.uniform(0.8, 2.5))

    def _context(self, pod: Obj, container: Obj, rule: Obj) -> dict[str, str]:
        """What a behaviour's texts and conditions about a container can name."""
        node = pod["spec"]["nodeName"]
        service = self._life.get("services", "default", "kubernetes") or {"spec": {"clusterIP": "10.0.0.1"}}
        given = {e["name"]: str(e.get("value") or "") for e in container.get("env") or ()}
        told = (self._behaviours.get(rule["behaviour"]) or {}).get("api")
        over = str(self._behaviours.source(told, {}) or "") if told else ""
        over = over.partition("://")[2] or over
        host = (
            given.get("KUBERNETES_SERVICE_HOST")
            or over.partition(":")[0]
            or str(service["spec"]["clusterIP"])
        )
        port = given.get("KUBERNETES_SERVICE_PORT") or over.partition(":")[2] or "443"
        return {"node": node, "pod": name_of(pod), "apiHost": host, "api": f"{host}:{port}"}

    def _ruled(self, rule: Obj, context: dict[str, str], chance: float, *, init: bool) -> Outcome:
        low, high = rule.get("boot") or (0.8, 2.5)
        seconds = low + (high - low) * chance
        log = "\n".join(rule.get("log") or ())
        for way in rule.get("fails") or ():
            if all(self._behaviours.holds(w, context) for w in fill(way["when"], context)):
                context["apiError"] = self._behaviours.contact(context["node"], context["apiHost"])
                said = "\n".join(
                    [*(rule.get("log") or ())[: int(way.get("keeps", 0))], *fill(way["log"], context)]
                )
                return Outcome(
                    float(way.get("after", 5.0)),
                    int(way.get("code", 1)),
                    log=said + "\n",
                    boot=1.0,
                    listens=[],
                )
        if init or rule.get("ends"):
            return Outcome(seconds, int(rule.get("code", 0)), log=log)
        return Outcome(None, boot=seconds, log=log + "\n" if log else "")

    def probe(self, pod: Obj, container: Obj, box: Box, which: str) -> str | None:
        """None if the probe passes now, else what the kubelet says. ``steady`` asks whether the answer can change by
        itself later (text) or not (None)."""
        rule = self._behaviours.container(pod, container)
        waits = (rule or {}).get("waits_for") or ()
        if which == "steady":
            return "may change" if waits else None
        context = {"node": pod["spec"]["nodeName"], "pod": name_of(pod)}
        for want in waits:
            if which != "livenessProbe" and not self._behaviours.holds(fill(want, context), context):
                return str((rule or {}).get("not_ready") or self._refused(pod, container, which))
        if box.listens is None:
            return None
        return self._command_probe(pod, container, box, which)

    def _command_probe(self, pod: Obj, container: Obj, box: Box, which: str) -> str | None:
        probe = container[which]
        if "exec" in probe:
            words = probe["exec"].get("command") or []
            ends = programs.plain({"command": words})
            if ends is None and words:
                played = self._scripts.play(pod, container, words)
                ends = played.outcome if played is not None else None
            return None if ends is None or ends.code == 0 else ends.log
        port = _port(probe, container)
        if port in (box.listens or ()):
            return None
        return self._refused(pod, container, which)

    def _refused(self, pod: Obj, container: Obj, which: str) -> str:
        probe = container.get(which) or {}
        address = (pod.get("status") or {}).get("podIP") or "127.0.0.1"
        port = _port(probe, container)
        if "httpGet" in probe:
            http = probe["httpGet"]
            host = http.get("host") or address
            scheme = str(http.get("scheme", "HTTP")).lower()
            return (
                f'Get "{scheme}://{host}:{port}{http.get("path", "/")}": dial tcp {host}:{port}: connect: '
                "connection refused"
            )
        if "tcpSocket" in probe:
            return f"dial tcp {address}:{port}: connect: connection refused"
        if "grpc" in probe:
            return (
                f'timeout: failed to connect service "{address}:{port}" within 1s: context deadline exceeded'
            )
        return ""

    def stop_seconds(self, pod: Obj, box: Box, grace: float) -> float:
        """Seconds until a container has ended after SIGTERM."""
        if box.stubborn:
            return grace
        rng = self._life.world.rng(f"stop/{pod['metadata']['uid']}/{box.name}")
        return min(grace, 0.3 + float(rng.random()) * 1.5)


def _port(probe: Obj, container: Obj) -> int:
    raw = (probe.get("httpGet") or probe.get("tcpSocket") or probe.get("grpc") or {}).get("port", 0)
    if isinstance(raw, int):
        return raw
    for port in container.get("ports") or ():
        if port.get("name") == raw:
            return int(port["containerPort"])
    return int(raw) if str(raw).isdigit() else 0

"""Command lines that the small shell can play: scripts and probes of pods, with true answers from the network."""

import re
from typing import TYPE_CHECKING, Final

from byocni_tui.sandbox.kube.life.applets import commands
from byocni_tui.sandbox.kube.life.cni import NodeNetwork
from byocni_tui.sandbox.kube.life.kubelet import Kubelet
from byocni_tui.sandbox.kube.life.objects import Obj
from byocni_tui.sandbox.kube.life.paths import Answer, Listening, Paths
from byocni_tui.sandbox.kube.life.programs import Outcome, command_line, quoted
from byocni_tui.sandbox.kube.life.reach import Reach
from byocni_tui.sandbox.kube.life.runs import spec_of
from byocni_tui.sandbox.kube.life.shell import Forever, Shell
from byocni_tui.sandbox.kube.life.words import Unknown

if TYPE_CHECKING:
    from byocni_tui.sandbox.kube.life.engine import Life

_SHELLS: Final = ("sh", "bash", "ash")
_PLAYED: Final = (
    "wget", "curl", "nc", "nslookup", "httpd", "timeout", "ping", "cat", "grep", "env", "date", "hostname",
    "seq", "echo", "ls", "tar", "test", "true", "false", "head", "tail", "wc", "tee", "printf",
)  # fmt: skip
_ENTERED: Final = ("rm", "mkdir", "touch", "sleep")
_PORTS: Final = {"nginx": 80, "httpd": 80, "caddy": 80, "redis": 6379, "traefik": 80}
_REFERENCE: Final = re.compile(r"\$\(([A-Za-z_]\w*)\)")
_LARGE: Final = 4096
_FROM_AZURE: Final = "168.63.129.16"


class Script:
    """How a played command line ended."""

    def __init__(self, outcome: Outcome, serves: dict[str, str], errors: str) -> None:
        self.outcome, self.serves, self.errors = outcome, serves, errors


class Scripts:
    """Plays command lines in the place of a pod."""

    def __init__(self, life: "Life", paths: Paths, served: "Served", network: NodeNetwork) -> None:
        self._life = life
        self._network = network
        self._paths = paths
        self._served = served
        self._written: dict[tuple[str, str], dict[str, str]] = {}
        """What commands that were run in a container have written there, by the pod's uid and the container."""

    def play(self, pod: Obj, container: Obj, words: list[str] | None = None, feed: str = "") -> Script | None:
        """None if this is no command line for the small shell, or one with programs that are not in it."""
        environment = self._environment(pod, container)
        entered = words is not None
        words = words or [
            _REFERENCE.sub(lambda m: environment.get(m[1], m[0]), w) for w in command_line(container)
        ]
        if not words:
            return None
        program = words[0].rsplit("/", 1)[-1]
        if program in _SHELLS and len(words) > 2 and words[1].startswith("-") and words[1].endswith("c"):
            script, arguments = words[2], words[4:]
            script = ("set -e\n" if "e" in words[1] else "") + script
        elif program in _PLAYED or (entered and program in _ENTERED):
            script, arguments = quoted(words), []
        else:
            return None
        reach = self.reach(pod)
        life = self._life
        shell = Shell(commands(reach, hostname=pod["metadata"]["name"], now=life.now), environment)
        shell.arguments = arguments
        shell.files = self._files(pod, container)
        place = (pod["metadata"]["uid"], container["name"])
        shell.files.update(self._written.get(place, {}))
        if feed:
            shell.files["/dev/stdin"] = shell.stdin = feed
        before = dict(shell.files)
        seconds: float | None = None
        try:
            code = shell.run(script)
            seconds = max(0.05, shell.elapsed)
        except Forever:
            code = 0
        except (
            Unknown,
            ValueError,
            IndexError,
        ) as unread:  # a script beyond the small shell, whatever tripped over it
            if pod["spec"].get("restartPolicy") != "Never":
                return None
            return Script(Outcome(0.1, 126, log=f"not in the sandbox: {unread}\n", listens=[]), {}, "")
        if shell.missing and pod["spec"].get("restartPolicy") != "Never":
            return None
        if entered:
            wrote = {k: v for k, v in shell.files.items() if before.get(k) != v and not k.startswith("/dev/")}
            if wrote:
                self._written.setdefault(place, {}).update(wrote)
        self._network.touched(pod, container, before, shell.files)
        message = shell.files.get(container.get("terminationMessagePath") or "/dev/termination-log", "")
        outcome = Outcome(
            seconds,
            code,
            log=shell.out,
            message=message,
            boot=0.3,
            listens=sorted(reach.listens),
            stubborn=True,
        )
        return Script(outcome, {k: _shortened(v) for k, v in reach.serves.items()}, "")

    def reach(self, pod: Obj) -> Reach:
        """What network commands in the place of a pod may do."""
        spec = pod["spec"]
        plain = spec.get("dnsPolicy") == "Default" or (
            spec.get("hostNetwork") and spec.get("dnsPolicy") != "ClusterFirstWithHostNet"
        )
        names: dict[str, str] = {}

        def resolve(name: str) -> tuple[list[str], str]:
            found, why = self._paths.resolve(pod, name)
            names.update(dict.fromkeys(found, name))
            return found, why

        return Reach(
            connect=lambda address, port: self._paths.connect(
                pod, address, port, host=names.get(address, "")
            ),
            resolve=resolve,
            page=self._served.page,
            nameserver=_FROM_AZURE if plain else self._life.cluster.dns_ip,
        )

    def _environment(self, pod: Obj, container: Obj) -> dict[str, str]:
        life, m, status = self._life, pod["metadata"], pod.get("status") or {}
        service = life.get("services", "default", "kubernetes") or {"spec": {"clusterIP": "10.0.0.1"}}
        values = {
            "KUBERNETES_SERVICE_HOST": service["spec"]["clusterIP"], "KUBERNETES_SERVICE_PORT": "443",
            "HOSTNAME": m["name"], "HOME": "/root", "PATH": "/bin:/usr/bin",
        }  # fmt: skip
        fields = {
            "metadata.name": m["name"], "metadata.namespace": m["namespace"], "metadata.uid": m["uid"],
            "spec.nodeName": pod["spec"].get("nodeName", ""), "status.podIP": status.get("podIP", ""),
            "status.hostIP": status.get("hostIP", ""),
        }  # fmt: skip
        for source in container.get("envFrom") or ():
            held = life.get("configmaps", m["namespace"], (source.get("configMapRef") or {}).get("name", ""))
            values.update({k: str(v) for k, v in ((held or {}).get("data") or {}).items()})
        for env in container.get("env") or ():
            origin = env.get("valueFrom") or {}
            if "fieldRef" in origin:
                values[env["name"]] = fields.get(origin["fieldRef"]["fieldPath"], "")
            elif "configMapKeyRef" in origin:
                ref = origin["configMapKeyRef"]
                held = life.get("configmaps", m["namespace"], ref["name"])
                values[env["name"]] = str(((held or {}).get("data") or {}).get(ref["key"], ""))
            else:
                text = str(env.get("value") or "")
                values[env["name"]] = _REFERENCE.sub(lambda x: values.get(x[1], x[0]), text)
        return values

    def _files(self, pod: Obj, container: Obj) -> dict[str, str]:
        """What config maps put into the container, and the resolver's file."""
        space = pod["metadata"]["namespace"]
        files = {
            "/etc/resolv.conf": f"search {space}.svc.cluster.local svc.cluster.local cluster.local\n"
            f"nameserver {self._life.cluster.dns_ip}\noptions ndots:5\n"
        }
        sources = {
            v["name"]: v["configMap"]["name"] for v in pod["spec"].get("volumes") or () if v.get("configMap")
        }
        for mount in container.get("volumeMounts") or ():
            name = sources.get(mount["name"])
            held = self._life.get("configmaps", pod["metadata"]["namespace"], name) if name else None
            for key, text in ((held or {}).get("data") or {}).items():
                path = (
                    mount["mountPath"]
                    if mount.get("subPath") == key
                    else f"{mount['mountPath'].rstrip('/')}/{key}"
                )
                files[path] = str(text)
        return files | dict.fromkeys(self._network.seen(pod, container), '{"simulation": true}\n')


class Served(Listening):
    """Who listens where and what a server's pages say, read from what runs."""

    def __init__(self) -> None:
        self.kubelet: Kubelet | None = None
        self.pages: dict[str, dict[str, str]] = {}

    def wired(self, pod: Obj) -> str | None:
        """The plugin that made the pod's interface."""
        run = self.kubelet.runs.get(pod["metadata"]["uid"]) if self.kubelet else None
        return run.wired if run is not None else None

    def answers(self, pod: Obj, port: int, protocol: str) -> bool:
        """Whether something in the pod answers on a port."""
        run = self.kubelet.runs.get(pod["metadata"]["uid"]) if self.kubelet else None
        if run is None:
            return False
        for box in run.boxes:
            if box.state != "running":
                continue
            if box.listens is not None:
                if port in box.listens:
                    return True
                continue
            if port in _declared(spec_of(pod, box), protocol):
                return True
        return False

    def page(self, answer: Answer, path: str) -> str | None:
        """A page of the pod that answered; None: there is none. What is no played server answers everything."""
        return "<html></html>\n" if answer.pod is None else self.page_of(answer.pod, path)

    def page_of(self, pod: Obj, path: str) -> str | None:
        """What a pod's server says at a path; None: there is nothing."""
        pages = self.pages.get(pod["metadata"]["uid"])
        if not pages:
            return "ok\n"
        text = pages.get(path, pages.get(path.rstrip("/") + "/index.html"))
        if text is None and "/" in pages:
            text = pages["/"]
        if text is not None and text.startswith("\1"):
            return "\0" * int(text[1:])
        return text


def _declared(container: Obj, protocol: str) -> set[int]:
    ports = {
        int(p["containerPort"]) for p in container.get("ports") or () if p.get("protocol", "TCP") == protocol
    }
    for which in ("readinessProbe", "livenessProbe", "startupProbe"):
        probe = container.get(which) or {}
        number = (probe.get("httpGet") or probe.get("tcpSocket") or probe.get("grpc") or {}).get("port")
        if isinstance(number, int):
            ports.add(number)
    image = str(container["image"]).rsplit("/", 1)[-1].split(":")[0].split("@")[0]
    if image in _PORTS:
        ports.add(_PORTS[image])
    return ports


def _shortened(text: str) -> str:
    return f"\1{len(text)}" if len(text) > _LARGE else text

"""A shell on a node, as ``az vmss run-command`` gives one: its CNI folder, addresses, routes and kubelet's log."""

import json
import re
import shlex
from datetime import datetime
from ipaddress import ip_network
from typing import TYPE_CHECKING, Any, Final

import msgspec

from byocni_tui.sandbox.kube.life.applets import commands
from byocni_tui.sandbox.kube.life.archives import ls as plain_ls
from byocni_tui.sandbox.kube.life.azure import Azure, address_of_node
from byocni_tui.sandbox.kube.life.cni import FOLDER, NodeNetwork
from byocni_tui.sandbox.kube.life.journal import kubelet_log
from byocni_tui.sandbox.kube.life.objects import Obj
from byocni_tui.sandbox.kube.life.scripts import Scripts
from byocni_tui.sandbox.kube.life.shell import Forever, Result, Shell
from byocni_tui.sandbox.kube.life.words import Unknown
from byocni_tui.sandbox.kube.stamp import seconds

if TYPE_CHECKING:
    from byocni_tui.sandbox.kube.life.behaviours import Behaviours
    from byocni_tui.sandbox.kube.life.engine import Life

_BINARIES: Final = "/opt/cni/bin"
_REFERENCE: Final = ("bandwidth", "bridge", "firewall", "host-local", "loopback", "portmap", "tuning")
_CONFIGURATION: Final = re.compile(re.escape(FOLDER) + r"/([\w.-]+\.(?:conflist|conf|json))")
_SUBNET: Final = re.compile(r'"subnet"\s*:\s*"([0-9./]+)"')
_WIRE_SERVER: Final = "168.63.129.16"
_METADATA: Final = "169.254.169.254"


class Played(msgspec.Struct):
    """What a script printed; ``missing`` names what it asked for and no node here has."""

    out: str
    errors: str
    missing: str


class Host:
    """The machines of a cluster, from inside."""

    def __init__(
        self, life: "Life", scripts: Scripts, network: NodeNetwork, behaviours: "Behaviours"
    ) -> None:
        self._life = life
        self._scripts = scripts
        self._network = network
        self._behaviours = behaviours
        self._azure = Azure(life)

    def play(self, node: str, script: str, parameters: dict[str, str]) -> Played:
        """Run a script as root on a node. What it does to the CNI folder is done."""
        life = self._life
        table = commands(self._scripts.reach(_place(node)), hostname=node, now=life.now)
        shell = Shell(table, {"HOME": "/root", "HOSTNAME": node, **parameters})
        shell.arguments = list(parameters.values())
        shell.complaints = ""
        shell.files = self._files(node)
        before = dict(shell.files)
        table |= {
            "ls": lambda s, a, f: self._ls(s, a, f, node),
            "ip": lambda s, a, _f: self._ip(s, a, node),
            "journalctl": lambda s, a, _f: self._journal(s, a, node),
            "uname": self._uname(node),
            "sudo": _sudo,
            "systemctl": _systemctl,
        }
        try:
            shell.run(script)
        except (Unknown, Forever, ValueError, IndexError):  # beyond the small shell, or it would never end
            return Played("", "", script.strip().splitlines()[0][:80])
        if not shell.missing:
            self._keep(node, before, shell.files)
        return Played(shell.out, shell.complaints or "", shell.missing)

    # -- files -------------------------------------------------------------------------------------------------------

    def _files(self, node: str) -> dict[str, str]:
        image = ((self._life.get("nodes", None, node) or {}).get("status") or {}).get("nodeInfo", {})
        files = {
            "/etc/hostname": f"{node}\n",
            "/etc/os-release": f'PRETTY_NAME="{image.get("osImage", "Ubuntu")}"\nNAME="Ubuntu"\nID=ubuntu\n',
            "/etc/resolv.conf": "nameserver 127.0.0.53\noptions edns0 trust-ad\nsearch .\n",
            "/run/systemd/resolve/resolv.conf": f"nameserver {_WIRE_SERVER}\nsearch .\n",
        }
        binaries = dict.fromkeys(_REFERENCE)
        for name, record in self._network.files(node).items():
            files[f"{FOLDER}/{name}"] = self._configuration(record)
            config = self._config(record)
            binaries |= dict.fromkeys(str(p["type"]) for p in config.get("plugins", ()))
        return files | {f"{_BINARIES}/{name}": "" for name in binaries}

    def _config(self, record: Obj) -> Obj:
        behaviour = self._behaviours.get(str(record["behaviour"])) or {}
        config: Obj = (behaviour.get("cni") or {}).get("config") or {}
        return config

    def _configuration(self, record: Obj) -> str:
        """A configuration's text: as it was written by hand, or as its plugin is known to write it."""
        if record.get("text"):
            return str(record["text"])
        config = self._config(record) or {"simulation": True, "owner": "/".join(record["owner"])}
        return json.dumps(config, indent=2) + "\n"

    def _keep(self, node: str, before: dict[str, str], after: dict[str, str]) -> None:
        """What a script deleted from the CNI folder, and what it wrote there."""
        gone = {m[1] for p in before if p not in after and (m := _CONFIGURATION.fullmatch(p))}
        if gone:
            self._network.remove(node, gone)
        for path, text in after.items():
            written = _CONFIGURATION.fullmatch(path)
            if written is not None and before.get(path) != text:
                subnet = _SUBNET.search(text)
                what = {"file": written[1], "text": text, "subnet": subnet[1] if subnet else ""}
                self._network.leave(node, what)

    def _ls(self, s: Shell, a: list[str], f: str, node: str) -> Result:
        """As the small shell's, with folders that are there though empty, and with ``-l``."""
        flags = "".join(word[1:] for word in a if word.startswith("-"))
        paths = [word.rstrip("/") or "/" for word in a if not word.startswith("-")]
        out = ""
        for path in paths:
            names = {p.removeprefix(f"{path}/").split("/")[0] for p in s.files if p.startswith(f"{path}/")}
            names |= {"net.d"} if path == "/etc/cni" else set()
            if set(flags) - set("la1") or not (names or path in s.files or path == FOLDER):
                return plain_ls(s, a, f)
            shown = [path] if path in s.files else sorted(names)
            if "a" in flags and path not in s.files:
                shown = [".", "..", *shown]
            out += f"{path}:\n" if len(paths) > 1 and path not in s.files else ""
            if "l" in flags:
                out += "total 4\n" if path not in s.files else ""
                shown = [self._long(s, path, name, node) for name in shown]
            out += "".join(f"{name}\n" for name in shown)
        return Result(out) if paths else plain_ls(s, a, f)

    def _long(self, s: Shell, path: str, name: str, node: str) -> str:
        """One line of ``ls -l``; nothing here knows when a file was written: it is the node's age."""
        obj = self._life.get("nodes", None, node)
        made = obj["metadata"]["creationTimestamp"] if obj is not None else None
        at = seconds(made, self._life.now(), self._life.clock.shown) or self._life.now()
        day = datetime.fromisoformat(self._life.clock.shown(at).replace("Z", "+00:00"))
        text = s.files.get(name, s.files.get(f"{path}/{name}"))
        kind, size = ("drwxr-xr-x 2", 4096) if text is None else ("-rw-r--r-- 1", len(text))
        return f"{kind} root root {size:>5} {day:%b} {day.day:>2} {day:%H:%M} {name}"

    # -- commands ----------------------------------------------------------------------------------------------------

    def _ip(self, s: Shell, a: list[str], node: str) -> Result:
        """``ip addr`` and ``ip route`` of the machine's own interfaces; what a plugin adds is not modelled."""
        words = [word for word in a if word not in ("-4", "show", "list", "dev", "eth0", "ls")]
        what = words[0] if len(words) == 1 else ""
        address = address_of_node(self._life, node)
        prefix = ip_network(self._azure.prefix() or f"{address}/24", strict=False)
        if what in ("a", "addr", "address"):
            text = "" if "eth0" in a else (
                "1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN group default qlen 1000\n"
                "    inet 127.0.0.1/8 scope host lo\n       valid_lft forever preferred_lft forever\n"
            )  # fmt: skip
            text += "2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc mq state UP group default qlen 1000\n"
            text += f"    inet {address}/{prefix.prefixlen} metric 100 brd {prefix.broadcast_address} "
            return Result(f"{text}scope global eth0\n       valid_lft forever preferred_lft forever\n")
        if what in ("r", "route", "ro"):
            gateway, tail = prefix[1], f"dev eth0 proto dhcp src {address} metric 100\n"
            return Result(
                f"default via {gateway} {tail}{prefix} dev eth0 proto kernel scope link src {address} metric 100\n"
                f"{_WIRE_SERVER} via {gateway} {tail}{_METADATA} via {gateway} {tail}"
            )
        s.missing = shlex.join(["ip", *a])
        return Result(code=1)

    def _journal(self, s: Shell, a: list[str], node: str) -> Result:
        known = re.fullmatch(
            r"((?:-u|--unit)[= ]?kubelet(?:\.service)?|--no-pager|-n[= ]?\d+|--lines=\d+|-x|-e|-xe| )*",
            " ".join(a),
        )
        if known is None or "kubelet" not in " ".join(a):
            s.missing = shlex.join(["journalctl", *a])
            return Result(code=1)
        count = re.search(r"(?:-n[= ]?|--lines=)(\d+)", " ".join(a))
        lines = kubelet_log(self._life, node, ready=self._network.configured(node))
        lines = lines[-int(count[1]) :] if count and int(count[1]) else [] if count else lines
        return Result("".join(line + "\n" for line in lines) or "-- No entries --\n")

    def _uname(self, node: str) -> Any:
        info = ((self._life.get("nodes", None, node) or {}).get("status") or {}).get("nodeInfo", {})
        kernel = str(info.get("kernelVersion", ""))
        said = {"-r": kernel, "-n": node, "-m": "x86_64", "": "Linux", "-s": "Linux"}

        def uname(s: Shell, a: list[str], _f: str) -> Result:
            word = " ".join(a)
            if word not in said:
                s.missing = shlex.join(["uname", *a])
            return Result(f"{said.get(word, '')}\n")

        return uname


def _place(node: str) -> Obj:
    """Where a program on the node's own network stands, in the shape of a pod."""
    return {
        "metadata": {"name": node, "namespace": "default", "uid": f"host/{node}", "labels": {}},
        "spec": {"nodeName": node, "hostNetwork": True, "dnsPolicy": "Default", "containers": []},
        "status": {},
    }


def _sudo(s: Shell, a: list[str], f: str) -> Result:
    command = s.commands.get(a[0].rsplit("/", 1)[-1]) if a else None
    if command is None:
        s.missing = shlex.join(["sudo", *a])
        return Result(code=1)
    return command(s, a[1:], f)


def _systemctl(s: Shell, a: list[str], _f: str) -> Result:
    words = [word.removesuffix(".service") for word in a if not word.startswith("-")]
    if words[:1] == ["is-active"] and set(words[1:]) <= {"kubelet", "containerd"} and words[1:]:
        return Result("active\n" * len(words[1:]))
    s.missing = shlex.join(["systemctl", *a])
    return Result(code=1)

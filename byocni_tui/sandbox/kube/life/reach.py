"""The small shell's network commands, with busybox's words; what they reach is asked of ``paths``."""

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from byocni_tui.sandbox.kube.life.shell import Forever, Result, Shell

if TYPE_CHECKING:
    from byocni_tui.sandbox.kube.life.paths import Answer

Connect = Callable[[str, int], "Answer"]
Resolve = Callable[[str], "tuple[list[str], str]"]
Serve = Callable[["Answer", str], "str | None"]

_HANG: Final = 15.0
_QUICK: Final = 0.004
_BIG: Final = 1200


class Reach:
    """What a script's network commands may do: ``connect(address, port)``, ``resolve(name)``, ``page(answer, path)``:
    the text that a server gives (None: 404)."""

    def __init__(self, connect: Connect, resolve: Resolve, page: Serve, nameserver: str) -> None:
        self.connect, self.resolve, self.page, self.nameserver = connect, resolve, page, nameserver
        self.listens: set[int] = set()
        self.serves: dict[str, str] = {}


class Network:
    """wget, curl, nc, nslookup, httpd."""

    def __init__(self, reach: Reach) -> None:
        self._reach = reach

    def _fetch(self, s: Shell, url: str, limit: float) -> tuple[str | None, str]:
        """The page, or None and why not (as ``wget`` words it)."""
        parts = urlsplit(url if "//" in url else f"http://{url}")
        host = parts.hostname or ""
        port = parts.port or (443 if parts.scheme == "https" else 80)
        addresses, why = self._reach.resolve(host)
        if not addresses:
            s.wait(min(limit, 10.0) if why == "timeout" else 0.02)
            return None, f"bad address '{parts.netloc}'"
        s.wait(_QUICK)
        answer = self._reach.connect(addresses[0], port)
        shown = (
            f"{parts.hostname}:{port}"
            if parts.port or parts.scheme == "https"
            else f"{parts.hostname} ({addresses[0]}:{port})"
        )
        if answer.why == "refused":
            return None, f"can't connect to remote host ({addresses[0]}): Connection refused"
        if answer.why == "timeout":
            s.wait(limit)
            return None, "download timed out"
        text = self._reach.page(answer, parts.path or "/")
        if text is None:
            return None, "server returned error: HTTP/1.1 404 Not Found"
        if answer.why == "big" and len(text) > _BIG:
            s.wait(limit)
            return None, "download timed out"
        s.wait(_QUICK + len(text) / 50_000_000)
        del shown
        return text, ""

    def wget(self, s: Shell, a: list[str], _f: str) -> Result:
        limit, target, spider, urls = 900.0, "", False, list[str]()
        words = iter(a)
        for word in words:
            if word in ("-T", "--timeout"):
                limit = float(next(words, "900"))
            elif word.startswith("--timeout="):
                limit = float(word.partition("=")[2])
            elif re.fullmatch(r"-T\d+", word):
                limit = float(word[2:])
            elif word in ("-O", "-o", "-t", "--tries", "--header", "-U", "-Y"):
                value = next(words, "")
                target = value if word == "-O" else target
            elif word == "--spider":
                spider = True
            elif word.startswith("-"):
                if "O" in word:
                    rest = word.partition("O")[2]
                    target = rest or next(words, "-")
            else:
                urls.append(word)
        if not urls:
            return Result(code=1, err="wget: missing URL\n")
        text, why = self._fetch(s, urls[0], limit)
        if text is None:
            return Result(code=1, err=f"wget: {why}\n")
        if spider or target == "/dev/null":
            return Result()
        if target == "-":
            return Result(text)
        s.files[target or (urlsplit(urls[0]).path.rpartition("/")[2] or "index.html")] = text
        return Result()

    def curl(self, s: Shell, a: list[str], _f: str) -> Result:
        limit, target, urls, code_only, fail = 300.0, "-", list[str](), False, False
        words = iter(a)
        for word in words:
            if word in ("-m", "--max-time", "--connect-timeout"):
                limit = min(limit, float(next(words, "300")))
            elif word in ("-o", "--output"):
                target = next(words, "-")
            elif word in ("-w", "--write-out"):
                code_only = "http_code" in next(words, "")
            elif word in ("-H", "--header", "-X", "-d", "--retry", "--resolve"):
                next(words, "")
            elif word.startswith("-"):
                fail = fail or "f" in word.lstrip("-")[:4]
            else:
                urls.append(word)
        if not urls:
            return Result(code=2, err="curl: (2) no URL specified\n")
        host = urlsplit(urls[0] if "//" in urls[0] else f"http://{urls[0]}")
        text, why = self._fetch(s, urls[0], limit)
        if text is not None:
            s.files.update({target: text} if target not in ("-", "/dev/null") else {})
            return Result(("200" if code_only else "") if target != "-" else text)
        port = host.port or (443 if host.scheme == "https" else 80)
        if "bad address" in why:
            return Result(code=6, err=f"curl: (6) Could not resolve host: {host.hostname}\n")
        if "refused" in why:
            return Result(
                code=7,
                err=f"curl: (7) Failed to connect to {host.hostname} port {port}: Connection refused\n",
            )
        if "404" in why:
            return Result("404" if code_only else "", 22 if fail else 0)
        return Result(
            "000" if code_only else "",
            28,
            f"curl: (28) Connection timed out after {int(limit * 1000)} milliseconds\n",
        )

    def nc(self, s: Shell, a: list[str], f: str) -> Result:
        limit, port, places, listen, words = _HANG, 0, list[str](), False, iter(a)
        for word in words:
            if re.fullmatch(r"-[a-z]*w", word):
                limit = float(next(words, "15"))
            elif re.fullmatch(r"-w\d+", word):
                limit = float(word[2:])
            elif word == "-p":
                port = int(next(words, "0"))
            elif word in ("-e", "-s", "-i"):
                break
            elif word.startswith("-"):
                listen = listen or "l" in word
                if word.endswith("p"):
                    port = int(next(words, "0"))
            else:
                places.append(word)
        if listen:
            self._reach.listens.add(port or int(places[-1] if places else 0))
            self._reach.serves.setdefault("/", f)
            raise Forever
        if len(places) < 2:
            return Result(code=1)
        addresses, why = self._reach.resolve(places[0])
        if not addresses:
            s.wait(min(limit, 10.0) if why == "timeout" else 0.02)
            return Result(code=1, err=f"nc: bad address '{places[0]}'\n")
        answer = self._reach.connect(addresses[0], int(places[1]))
        s.wait(limit if answer.why == "timeout" else _QUICK)
        if answer.why == "refused":
            return Result(code=1, err=f"nc: {places[0]} ({addresses[0]}:{places[1]}): Connection refused\n")
        if answer.why == "timeout":
            return Result(code=1, err=f"nc: {places[0]} ({addresses[0]}:{places[1]}): Connection timed out\n")
        return Result(
            f"{places[0]} ({addresses[0]}:{places[1]}) open\n"
            if any("v" in w for w in a if w[:1] == "-")
            else ""
        )

    def nslookup(self, s: Shell, a: list[str], _f: str) -> Result:
        names = [x for x in a if not x.startswith("-")]
        if not names:
            return Result(code=1)
        addresses, why = self._reach.resolve(names[0])
        head = f"Server:\t\t{self._reach.nameserver}\nAddress:\t{self._reach.nameserver}:53\n\n"
        if why == "timeout":
            s.wait(10.0)
            return Result(code=1, err=";; connection timed out; no servers could be reached\n\n")
        if not addresses:
            s.wait(0.02)
            return Result(head + f"** server can't find {names[0]}: NXDOMAIN\n\n", 1)
        s.wait(_QUICK)
        return Result(head + "".join(f"Name:\t{names[0]}\nAddress: {x}\n" for x in addresses) + "\n")

    def ping(self, s: Shell, _a: list[str], _f: str) -> Result:
        s.wait(1.0)
        return Result(code=1, err="ping: permission denied (are you root?)\n")

    def httpd(self, s: Shell, a: list[str], _f: str) -> Result:
        text = " ".join(a)
        port = re.search(r"-[fv]*p\s*(?:[\d.]+:)?(\d+)", text)
        folder = re.search(r"-h\s*(\S+)", text)
        root = (folder[1] if folder else "").rstrip("/")
        self._reach.listens.add(int(port[1]) if port else 80)
        for name, held in s.files.items():
            if name.startswith(root + "/") or not root:
                self._reach.serves[name[len(root) :] if name.startswith(root) else "/" + name] = held
        if "-f" in a or any(re.fullmatch(r"-[a-z]*f[a-z]*", x) for x in a):
            raise Forever
        return Result()

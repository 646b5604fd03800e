"""port-forward and the API server's proxy: HTTP into pods, answered by the model of what listens in them."""

import asyncio
import contextlib
import struct
from email.utils import formatdate
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from aiohttp import web

from byocni_tui.sandbox.kube import upgrade
from byocni_tui.sandbox.kube.execute import through
from byocni_tui.sandbox.kube.spdy import Session, Stream
from byocni_tui.sandbox.kube.status import ApiError, bad_request, not_found

if TYPE_CHECKING:
    from byocni_tui.sandbox.kube.cluster import KubeCluster

Object = dict[str, Any]
_TUNNEL: Final = "SPDY/3.1+portforward.k8s.io"
_CHANNELS: Final = ("v5.channel.k8s.io", "v4.channel.k8s.io", "portforward.k8s.io")
_PROTOCOL: Final = "portforward.k8s.io"
_LONGEST_HEAD: Final = 65_536


class Caller:
    """One forwarded connection: bytes of HTTP/1 in, answers out. ``feed`` gives what to send and whether it ends."""

    def __init__(self, cluster: "KubeCluster", pod: Object) -> None:
        self._cluster = cluster
        self._pod = pod
        self._waiting = b""

    def feed(self, data: bytes) -> tuple[bytes, bool]:
        """Answers to every request that is complete by now. What is no HTTP ends the connection."""
        self._waiting += data
        out = b""
        while True:
            head, found, rest = self._waiting.partition(b"\r\n\r\n")
            if not found:
                over = len(head) > _LONGEST_HEAD or not _maybe_http(head)
                return out, over
            lines = head.decode("latin-1").split("\r\n")
            parts = lines[0].split(" ")
            if len(parts) != 3 or not parts[2].startswith("HTTP/1."):
                return out, True
            headers = {
                k.strip().lower(): v.strip() for k, _, v in (line.partition(":") for line in lines[1:])
            }
            length = int(headers["content-length"]) if headers.get("content-length", "").isdigit() else 0
            if len(rest) < length:
                return out, False
            self._waiting = rest[length:]
            closes = headers.get("connection", "").lower() == "close" or parts[2] == "HTTP/1.0"
            out += self._answer(parts[0], parts[1], closes)
            if closes:
                return out, True

    def _answer(self, method: str, path: str, closes: bool) -> bytes:
        page = self._cluster.hooks.page
        text = page(self._pod, path.partition("?")[0]) if page is not None else None
        status = HTTPStatus.OK if text is not None else HTTPStatus.NOT_FOUND
        body = (text if text is not None else "404 Not Found\n").encode()
        head = (
            f"HTTP/1.1 {status.value} {status.phrase}\r\nDate: {formatdate(usegmt=True)}\r\n"
            f"Content-Type: text/plain; charset=utf-8\r\nContent-Length: {len(body)}\r\n"
            f"Connection: {'close' if closes else 'keep-alive'}\r\n\r\n"
        )
        return head.encode() + (b"" if method == "HEAD" else body)


def _maybe_http(head: bytes) -> bool:
    """Whether bytes may be the beginning of an HTTP/1 request."""
    word = head.split(b" ", 1)[0]
    return len(word) <= 16 and (not word or (word.isalpha() and word.isupper()))


def _closed(cluster: "KubeCluster", pod: Object, port: int) -> str:
    """What the kubelet says when nothing listens; empty when something does."""
    listens = cluster.hooks.listens
    if listens is None or listens(pod, port, "TCP"):
        return ""
    uid = pod["metadata"]["uid"]
    space = f"/var/run/netns/cni-{uid}"
    return (
        f"error forwarding port {port} to pod {uid.replace('-', '')}{uid.replace('-', '')}, uid : failed to execute "
        f'portforward in network namespace "{space}": failed to connect to localhost:{port} inside namespace '
        f'"{space}", IPv4: dial tcp4 127.0.0.1:{port}: connect: connection refused IPv6 dial tcp6: address '
        "localhost: no suitable address found"
    )


async def forward(cluster: "KubeCluster", request: web.Request, pod: Object) -> web.StreamResponse:
    """Serve port-forward, by SPDY, by SPDY inside WebSocket, or by plain WebSocket channels."""
    if (pod.get("status") or {}).get("phase") != "Running":
        raise bad_request(f"unable to forward port because pod is not running. Current status={_phase(pod)}")
    through(cluster, pod)
    how = upgrade.wanted(request)
    if how == "spdy":
        return await _spdy(cluster, request, pod)
    if how == "websocket":
        if _TUNNEL in request.headers.get("Sec-WebSocket-Protocol", ""):
            return await _tunnelled(cluster, request, pod)
        return await _channels(cluster, request, pod)
    raise upgrade.refuse()


def _phase(pod: Object) -> str:
    return str((pod.get("status") or {}).get("phase", ""))


class _Pairs:
    """The streams of one SPDY session: an error and a data stream for each connection."""

    def __init__(self, cluster: "KubeCluster", pod: Object) -> None:
        self._cluster = cluster
        self._pod = pod
        self._errors: dict[str, Stream] = {}

    def opened(self, stream: Stream) -> None:
        which, request = stream.headers.get("streamtype", ""), stream.headers.get("requestid", "")
        if which == "error":
            self._errors[request] = stream
            return
        error = self._errors.pop(request, None)
        port = stream.headers.get("port", "")
        if which != "data" or error is None or not port.isdigit():
            stream.reset()
            return
        if why := _closed(self._cluster, self._pod, int(port)):
            error.send(why.encode(), last=True)
            stream.send(b"", last=True)
            return
        caller = Caller(self._cluster, self._pod)

        def take(data: bytes, last: bool) -> None:
            answer, over = caller.feed(data)
            if over or last:
                stream.send(answer, last=True)
                error.send(b"", last=True)
                stream.on_data = lambda _data, _last: None
            elif answer:
                stream.send(answer)

        stream.on_data = take


async def _spdy(cluster: "KubeCluster", request: web.Request, pod: Object) -> web.StreamResponse:
    chosen = upgrade.protocol(request, "X-Stream-Protocol-Version", (_PROTOCOL,))
    taken = upgrade.Taken(request)
    taken.on_data = Session(taken.write, _Pairs(cluster, pod).opened).feed
    response = await taken.begin({"X-Stream-Protocol-Version": chosen})
    await taken.gone.wait()
    return response


async def _tunnelled(cluster: "KubeCluster", request: web.Request, pod: Object) -> web.StreamResponse:
    socket = web.WebSocketResponse(protocols=(_TUNNEL,))
    await socket.prepare(request)
    await _pumped(socket, lambda write: Session(write, _Pairs(cluster, pod).opened).feed)
    return socket


async def _pumped(socket: web.WebSocketResponse, make: Any) -> None:
    """Bytes from the socket go into what ``make(write)`` gives; what it writes goes out, in order."""
    waiting: asyncio.Queue[bytes] = asyncio.Queue()

    async def send() -> None:
        while True:
            await socket.send_bytes(await waiting.get())

    sender = asyncio.create_task(send())
    try:
        await upgrade.binary(socket, make(waiting.put_nowait))
    finally:
        sender.cancel()
        with contextlib.suppress(asyncio.CancelledError, ConnectionError):
            await sender


async def _channels(cluster: "KubeCluster", request: web.Request, pod: Object) -> web.StreamResponse:
    """Two channels for each of the query's ports, data and errors; each begins with the port's number."""
    ports = [int(p) for text in request.query.getall("ports", []) for p in text.split(",") if p.isdigit()]
    if not ports:
        raise bad_request('query parameter "ports" is required')
    socket = web.WebSocketResponse(protocols=_CHANNELS)
    await socket.prepare(request)

    def make(write: Any) -> Any:
        callers: dict[int, Caller] = {}
        for at, port in enumerate(ports):
            number = struct.pack("<H", port)
            write(bytes([2 * at]) + number)
            write(bytes([2 * at + 1]) + number)
            if why := _closed(cluster, pod, port):
                write(bytes([2 * at + 1]) + why.encode())
            else:
                callers[2 * at] = Caller(cluster, pod)

        def take(data: bytes) -> None:
            caller = callers.get(data[0]) if data else None
            if caller is not None:
                answer, _over = caller.feed(data[1:])
                if answer:
                    write(data[:1] + answer)

        return take

    await _pumped(socket, make)
    return socket


# -- the proxy subresources ------------------------------------------------------------------------------------------


def proxy(cluster: "KubeCluster", pod: Object, port: int, path: str) -> web.Response:
    """``pods/NAME:PORT/proxy/…`` and ``services/NAME:PORT/proxy/…``. Raises 503 when nothing answers there."""
    tunnel = cluster.hooks.tunnel
    address = f"{(pod.get('status') or {}).get('podIP', '')}:{port}"
    problem = tunnel(pod["spec"].get("nodeName", "")) if tunnel is not None else ""
    if not problem and _closed(cluster, pod, port):
        problem = f"dial tcp {address}: connect: connection refused"
    if problem:
        text = f"error trying to reach service: {problem}"
        raise ApiError(
            503,
            "ServiceUnavailable",
            text,
            {"causes": [{"reason": "UnexpectedServerResponse", "message": text}]},
        )
    page = cluster.hooks.page
    said = page(pod, "/" + path) if page is not None else None
    if said is None:
        return web.Response(status=404, text="404 Not Found\n")
    return web.Response(text=said)


def behind(cluster: "KubeCluster", ns: str, name: str) -> tuple[Object, int]:
    """(a pod that stands behind a service, its port) for ``NAME``, ``NAME:PORT`` or ``SCHEME:NAME:PORT``. Raises
    404 and 503."""
    parts = name.split(":")
    scheme, name, port = parts if len(parts) == 3 else ("", parts[0], parts[1] if len(parts) == 2 else "")
    del scheme
    service = cluster.store.get("services", ns, name)
    if service is None:
        raise not_found("services", "", name)
    ports = service["spec"].get("ports") or []
    chosen = next((p for p in ports if port in ("", str(p["port"]), p.get("name", ""))), None)
    wanted = {"kubernetes.io/service-name": name}
    for entry in cluster.store.list("endpointslices.discovery.k8s.io", ns, labels=wanted) if chosen else ():
        number = next(
            (
                p["port"]
                for p in entry.get("ports") or ()
                if p.get("name", "") == (chosen or {}).get("name", "")
            ),
            None,
        )
        for endpoint in entry.get("endpoints") or ():
            target = endpoint.get("targetRef") or {}
            pod = cluster.store.get("pods", ns, target.get("name", ""))
            if number and pod and (endpoint.get("conditions") or {}).get("ready", True):
                return pod, number
    why = (
        f'no endpoints available for service "{name}"'
        if chosen
        else f'no service port "{port}" found for service "{name}"'
    )
    raise ApiError(503, "ServiceUnavailable", why)

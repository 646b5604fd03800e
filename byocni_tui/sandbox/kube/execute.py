"""exec and attach: standard streams over WebSocket (``v5.channel.k8s.io``) or SPDY/3.1. What a command says is the
controllers' model."""

import asyncio
import contextlib
import json
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Final

from aiohttp import web

from byocni_tui.sandbox.kube import upgrade
from byocni_tui.sandbox.kube.names import words
from byocni_tui.sandbox.kube.packed import Change, unpack
from byocni_tui.sandbox.kube.request import flag
from byocni_tui.sandbox.kube.spdy import Session, Stream
from byocni_tui.sandbox.kube.status import ApiError, bad_request

if TYPE_CHECKING:
    from byocni_tui.sandbox.kube.cluster import KubeCluster

Object = dict[str, Any]
Run = Callable[["Channels"], Awaitable[Object]]
_CHANNELS: Final = ("v5.channel.k8s.io", "v4.channel.k8s.io")
_STREAMS: Final = ("v4.channel.k8s.io",)
_SHELLS: Final = frozenset(words("sh bash ash"))
_READERS: Final = frozenset(
    words(
        "sh bash ash cat tar tee grep wc head tail sed tr cut sort xargs dd base64 md5sum sha256sum nc read"
    )
)
"""Programs that read their standard input to its end; others are run without waiting for it."""


class Channels:
    """Standard streams of one session. ``read`` gives what the client types, b"" once it closed its end."""

    def __init__(self, *, stdin: bool, tty: bool, send: Callable[[int, bytes], None]) -> None:
        self.stdin = stdin
        self.tty = tty
        self._send = send
        self._given: asyncio.Queue[bytes] = asyncio.Queue()
        self._ended = False

    def give(self, data: bytes) -> None:
        """The client typed; b"" closes."""
        self._given.put_nowait(data)

    async def read(self) -> bytes:
        if self._ended:
            return b""
        data = await self._given.get()
        self._ended = not data
        return data

    async def everything(self) -> bytes:
        """All that the client sends until it closes its end."""
        parts = []
        while part := await self.read():
            parts.append(part)
        return b"".join(parts)

    def out(self, text: str) -> None:
        if text:
            if self.tty:
                text = text.replace("\n", "\r\n")
            self._send(1, text.encode("utf-8", "surrogateescape"))

    def err(self, text: str) -> None:
        if text:
            self._send(1 if self.tty else 2, text.encode("utf-8", "surrogateescape"))


def through(cluster: "KubeCluster", pod: Object) -> None:
    """Whether the pod's kubelet can be reached: said before a connection is upgraded. Raises 500 when it can't."""
    tunnel = cluster.hooks.tunnel
    problem = tunnel(pod["spec"].get("nodeName", "")) if tunnel is not None else ""
    if problem:
        raise ApiError(500, "InternalError", f"error dialing backend: {problem}")


async def exec_in(
    cluster: "KubeCluster", request: web.Request, pod: Object, container: str
) -> web.StreamResponse:
    """Run one command and close. Raises what an API server says before it upgrades."""
    command = list(request.query.getall("command", []))
    if not command:
        raise bad_request("you must specify at least 1 command for the container")
    play = cluster.hooks.exec
    assert play is not None
    through(cluster, pod)
    _running(pod, container)
    interactive = command[0].rsplit("/", 1)[-1] in _SHELLS and all(w.strip("-il") == "" for w in command[1:])
    reads = flag(request.query, "stdin") and command[0].rsplit("/", 1)[-1] in _READERS
    done: tuple[str, str, int] | None = None
    if not interactive and not reads:
        done = play(pod, container, command, b"")

    async def run(channels: Channels) -> Object:
        if interactive and channels.tty:
            return _status(
                await _terminal(channels, lambda line: play(pod, container, ["sh", "-c", line], b""))
            )
        try:
            if done is not None:
                out, err, code = done
            elif interactive:
                script = (await channels.everything()).decode(errors="surrogateescape")
                out, err, code = play(pod, container, ["sh", "-c", script], b"")
            else:
                out, err, code = play(pod, container, command, await channels.everything())
        except ApiError as refused:
            return refused.body()
        channels.out(out)
        channels.err(err)
        return _status(code)

    return await _session(request, run)


async def _terminal(channels: Channels, play: Callable[[str], tuple[str, str, int]]) -> int:
    """A prompt, line by line: each line is run by itself, as much of a shell as the model has."""
    code, line = 0, ""
    channels.out("/ # ")
    while data := await channels.read():
        for char in data.decode(errors="replace"):
            if char == "\x04" and not line:
                channels.out("\n")
                return code
            if char == "\x03":
                line = ""
                channels.out("^C\n/ # ")
            elif char in "\x7f\b":
                if line:
                    line = line[:-1]
                    channels.out("\b \b")
            elif char in "\r\n":
                channels.out("\n")
                first = line.split()[:2]
                if first[:1] == ["exit"]:
                    return int(first[1]) if len(first) > 1 and first[1].isdigit() else code
                if line.strip():
                    try:
                        out, err, code = play(line)
                    except ApiError as refused:
                        out, err, code = "", f"{refused.message}\n", 127
                    channels.out(out)
                    channels.out(err)
                line = ""
                channels.out("/ # ")
            elif char.isprintable():
                line += char
                channels.out(char)
    return code


async def attach(
    cluster: "KubeCluster", request: web.Request, pod: Object, container: str
) -> web.StreamResponse:
    """Show what a running container says from now on, until it ends or the client goes."""
    logs = cluster.hooks.logs
    assert logs is not None
    through(cluster, pod)
    state = _state(pod, container)
    if "terminated" in state:
        raise bad_request(f"cannot attach a container in a completed pod; current phase is {_phase(pod)}")
    _running(pod, container)
    said = logs(pod, container, {})
    shell = cluster.hooks.shell
    if flag(request.query, "stdin") and shell is not None and shell(pod, container):
        return await _session(request, lambda channels: _typed(cluster, pod, container, channels))

    async def run(channels: Channels) -> Object:
        added = following(cluster, pod, container, said)
        try:
            async for text, code in added:
                channels.out(text)
                if code is not None:
                    return _status(code)
        finally:
            added.close()
        return _status(0)

    return await _session(request, run)


async def _typed(cluster: "KubeCluster", pod: Object, container: str, channels: Channels) -> Object:
    """Somebody types into the shell that a container runs. It ends, and the container with it, at ``exit`` or when
    the client closes its end."""
    play, left = cluster.hooks.exec, cluster.hooks.left
    assert play is not None
    assert left is not None
    code, said = 0, ""
    try:
        if channels.tty:
            code = await _terminal(channels, lambda line: play(pod, container, ["sh", "-c", line], b""))
        else:
            script = (await channels.everything()).decode(errors="surrogateescape")
            try:
                out, err, code = play(pod, container, ["sh", "-c", script], b"")
            except ApiError as refused:
                out, err, code = "", f"{refused.message}\n", 127
            channels.out(out)
            channels.err(err)
            said = out + err
    finally:
        left(pod, container, code, said)
    return _status(0)  # how the container ended stands in the pod's status, as in life


def _running(pod: Object, container: str) -> None:
    """Raises what the kubelet says of a container that is not there to be entered."""
    if "running" not in _state(pod, container):
        text = f'unable to upgrade connection: container not found ("{container}")'
        raise ApiError(
            500, "InternalError", f"Internal error occurred: {text}", {"causes": [{"message": text}]}
        )


def _phase(pod: Object) -> str:
    return str((pod.get("status") or {}).get("phase", ""))


def _state(pod: Object, container: str) -> Object:
    for part in ("containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses"):
        for status in (pod.get("status") or {}).get(part) or ():
            if status["name"] == container:
                return {**(status.get("state") or {}), "restarts": status.get("restartCount", 0)}
    return {}


class following:  # noqa: N801 used as ``async for``
    """What a container adds to its log after ``said``, piece by piece: (text, None), at last (text, exit status)."""

    def __init__(self, cluster: "KubeCluster", pod: Object, container: str, said: str) -> None:
        self._cluster, self._pod, self._container, self._said = cluster, pod, container, said
        self._first = _state(pod, container).get("restarts", 0)
        self._changes: asyncio.Queue[Change] = asyncio.Queue()
        self._end = cluster.store.watch("pods", self._take)
        self._over = False

    def _take(self, change: Change) -> None:
        meta = self._pod["metadata"]
        if (change.ns, change.name) == (meta["namespace"], meta["name"]):
            self._changes.put_nowait(change)

    def __aiter__(self) -> "following":
        return self

    async def __anext__(self) -> tuple[str, int | None]:
        if self._over:
            raise StopAsyncIteration
        try:
            while True:
                state = _state(self._pod, self._container)
                ended = state.get("terminated")
                text = self._more()
                if ended is not None or state.get("restarts", 0) > self._first:
                    self._over = True
                    return text, int((ended or {}).get("exitCode", 0))
                if text:
                    return text, None
                change = await self._changes.get()
                self._pod = unpack(change.after)
                if change.type == "DELETED":
                    self._over = True
                    return "", 0
        finally:
            if self._over:
                self._end()

    def _more(self) -> str:
        logs = self._cluster.hooks.logs
        try:
            text = logs(self._pod, self._container, {}) if logs is not None else ""
        except ApiError:
            return ""  # the tunnel broke: what was said stays said, and more can't be had
        if not text.startswith(self._said):
            return ""
        more, self._said = text[len(self._said) :], text
        return more

    def close(self) -> None:
        """Stop watching, whatever came."""
        with contextlib.suppress(ValueError):
            self._end()


# -- transports --------------------------------------------------------------------------------------------------------


async def _session(request: web.Request, run: Run) -> web.StreamResponse:
    how = upgrade.wanted(request)
    if how == "websocket":
        return await _websocket(request, run)
    if how == "spdy":
        return await _spdy(request, run)
    raise upgrade.refuse()


async def _websocket(request: web.Request, run: Run) -> web.StreamResponse:
    socket = web.WebSocketResponse(protocols=_CHANNELS)
    await socket.prepare(request)
    waiting: asyncio.Queue[bytes | None] = asyncio.Queue()
    channels = Channels(
        stdin=flag(request.query, "stdin"),
        tty=flag(request.query, "tty"),
        send=lambda channel, data: waiting.put_nowait(bytes([channel]) + data),
    )

    def take(data: bytes) -> None:
        if data[:1] == b"\x00":
            channels.give(data[1:])
        elif data == b"\xff\x00":
            channels.give(b"")

    async def send() -> None:
        while (data := await waiting.get()) is not None:
            await socket.send_bytes(data)

    reader = asyncio.create_task(upgrade.binary(socket, take))
    sender = asyncio.create_task(send())
    work = asyncio.ensure_future(run(channels))
    try:
        await asyncio.wait({reader, work}, return_when=asyncio.FIRST_COMPLETED)
        if work.done():
            status = work.result()
            waiting.put_nowait(b"\x03" + json.dumps(status).encode())
        waiting.put_nowait(None)
        with contextlib.suppress(ConnectionError):
            await sender
    finally:
        for task in (reader, sender, work):
            task.cancel()
        await asyncio.gather(reader, sender, work, return_exceptions=True)
    await socket.close()
    return socket


async def _spdy(request: web.Request, run: Run) -> web.StreamResponse:
    chosen = upgrade.protocol(request, "X-Stream-Protocol-Version", _STREAMS)
    stdin, tty = flag(request.query, "stdin"), flag(request.query, "tty")
    expected = {"error"}
    expected |= {name for name in ("stdin", "stdout") if flag(request.query, name)}
    if flag(request.query, "stderr") and not tty:
        expected.add("stderr")
    if tty:
        expected.add("resize")
    taken, streams, complete = upgrade.Taken(request), dict[str, Stream](), asyncio.Event()

    def typed(data: bytes, last: bool) -> None:
        if data:
            channels.give(data)
        if last:
            channels.give(b"")

    def opened(stream: Stream) -> None:
        streams[stream.headers.get("streamtype", "")] = stream
        if stream.headers.get("streamtype") == "stdin":
            stream.on_data = typed
        if expected <= streams.keys():
            complete.set()

    def send(channel: int, data: bytes) -> None:
        stream = streams.get({1: "stdout", 2: "stderr"}[channel])
        if stream is not None:
            stream.send(data)

    channels = Channels(stdin=stdin, tty=tty, send=send)
    session = Session(taken.write, opened)
    taken.on_data = session.feed
    response = await taken.begin({"X-Stream-Protocol-Version": chosen})
    gone = asyncio.create_task(taken.gone.wait())

    async def work() -> None:
        await complete.wait()
        status = await run(channels)
        streams["error"].send(
            b"" if status.get("status") == "Success" else json.dumps(status).encode(), last=True
        )
        for name in ("stdout", "stderr"):
            if name in streams:
                streams[name].send(b"", last=True)

    task = asyncio.create_task(work())
    try:
        await asyncio.wait({gone, task}, return_when=asyncio.FIRST_COMPLETED)
        await asyncio.wait({gone}, timeout=5)  # the client closes once it has read all
    finally:
        for one in (gone, task):
            one.cancel()
        await asyncio.gather(gone, task, return_exceptions=True)
    return response


def _status(code: int) -> Object:
    if code == 0:
        return {"metadata": {}, "status": "Success"}
    return {
        "metadata": {},
        "status": "Failure",
        "message": f"command terminated with non-zero exit code: exit status {code}",
        "reason": "NonZeroExitCode",
        "details": {"causes": [{"reason": "ExitCode", "message": str(code)}]},
    }

"""watch: a stream of changes, resumable from a version, with bookmarks."""

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Any, Final

from aiohttp import web

from byocni_tui.sandbox.kube.answer import Form, Writer
from byocni_tui.sandbox.kube.packed import Change, unpack
from byocni_tui.sandbox.kube.read import listed, matcher
from byocni_tui.sandbox.kube.request import Target, flag
from byocni_tui.sandbox.kube.status import ApiError, bad_request

if TYPE_CHECKING:
    from byocni_tui.sandbox.kube.cluster import KubeCluster

Object = dict[str, Any]
_BOOKMARK: Final = 60.0
"""Real seconds between bookmarks: they are for clients, not part of the simulated world."""

_BACKLOG: Final = 100_000
"""Changes that a client may be behind before its stream is cut."""


class Watch:
    """One open stream."""

    def __init__(
        self, cluster: "KubeCluster", writer: Writer, target: Target, query: Any, form: Form
    ) -> None:
        self.cluster = cluster
        self.writer = writer
        self.target = target
        self.query = query
        self.form = form
        self.matches = matcher(target, query)
        self._queue: deque[Change] = deque()
        self._wake = asyncio.Event()
        self._first = True

    async def run(self, request: web.Request) -> web.StreamResponse:
        """Stream until the client goes, ``timeoutSeconds`` are over or the cluster stops."""
        store, kind = self.cluster.store, self.target.kind
        initial, version = self._start()
        backlog = store.since(version, kind.storage) if version is not None else []
        end = store.watch(kind.storage, self._take)
        response = web.StreamResponse(
            headers={"Content-Type": "application/json", "Cache-Control": "no-cache, private"}
        )
        response.enable_chunked_encoding()
        try:
            await response.prepare(request)
            await self._send_initial(response, initial)
            for change in backlog:
                if change.version <= (version or 0) or (data := self._event(change)) is None:
                    continue
                await response.write(data)
            await self._follow(response)
            await response.write_eof()
        except (ConnectionResetError, ConnectionAbortedError):
            pass  # the client went away, which is how most watches end
        finally:
            end()
        return response

    def _start(self) -> tuple[list[Object] | None, int | None]:
        """(objects to begin with, version to go on from)."""
        text = self.query.get("resourceVersion", "")
        send = self.query.get("sendInitialEvents")
        if text and not text.isdigit():
            raise bad_request(
                f'invalid resource version "{text}": strconv.ParseUint: parsing "{text}": invalid syntax'
            )
        if send is not None and flag(self.query, "sendInitialEvents"):
            return self._initial(), None
        if send is not None or (text and text != "0"):
            version = int(text or 0) or self.cluster.store.version
            if version > self.cluster.store.version:
                raise ApiError(
                    504,
                    "Timeout",
                    f"Too large resource version: {version}, current: {self.cluster.store.version}",
                    {},
                )
            return None, version
        return self._initial(), None

    def _initial(self) -> list[Object]:
        query = {k: v for k, v in self.query.items() if k not in ("limit", "continue")}
        return listed(self.cluster, self.target, query)[0]

    def _take(self, change: Change) -> None:
        target = self.target
        if (not target.ns or change.ns == target.ns) and (not target.name or change.name == target.name):
            self._queue.append(change)
            self._wake.set()

    async def _send_initial(self, response: web.StreamResponse, initial: list[Object] | None) -> None:
        if initial is not None:
            for obj in initial:
                await response.write(self._line("ADDED", obj))
            if flag(self.query, "sendInitialEvents"):
                await response.write(self._bookmark({"k8s.io/initial-events-end": "true"}))
        else:
            await response.write(b"")

    async def _follow(self, response: web.StreamResponse) -> None:
        loop = asyncio.get_running_loop()
        seconds = int(self.query.get("timeoutSeconds") or 0) or 3600
        until, mark = loop.time() + seconds, loop.time() + _BOOKMARK
        while self.cluster.running:
            while self._queue:
                if len(self._queue) > _BACKLOG:
                    return
                parts: list[bytes] = []
                while self._queue and len(parts) < 500:
                    data = self._event(self._queue.popleft())
                    if data is not None:
                        parts.append(data)
                if parts:
                    await response.write(b"".join(parts))
            self._wake.clear()
            now = loop.time()
            if now >= until:
                return
            if now >= mark:
                mark = now + _BOOKMARK
                if flag(self.query, "allowWatchBookmarks"):
                    await response.write(self._bookmark({}))
            try:
                await asyncio.wait_for(self._wake.wait(), min(until, mark) - now)
            except TimeoutError:
                continue

    def _event(self, change: Change) -> bytes | None:
        """A change as this stream shows it: what comes into the selection is ADDED, what leaves it DELETED."""
        target = self.target
        if (target.ns and change.ns != target.ns) or (target.name and change.name != target.name):
            return None
        obj, event = unpack(change.after), change.type
        if self.matches is not None:
            now = event != "DELETED" and self.matches(obj)
            before = change.before is not None and self.matches(unpack(change.before))
            if not now and not before:
                return None
            if event == "DELETED":
                pass
            elif now and not before:
                event = "ADDED"
            elif before and not now:
                event = "DELETED"
        return self._line(event, obj)

    def _line(self, type: str, obj: Object) -> bytes:
        shaped = self.writer.shape(self.target.kind, obj, self.form)
        if self.form.how == "table":
            if not self._first:
                shaped["columnDefinitions"] = None
            self._first = False
        return self.writer.encode({"type": type, "object": shaped}) + b"\n"

    def _bookmark(self, annotations: dict[str, str]) -> bytes:
        kind = self.target.kind
        meta: Object = {"resourceVersion": str(self.cluster.store.version), "creationTimestamp": None}
        if annotations:
            meta["annotations"] = annotations
        if self.form.how == "table":
            obj: Object = {
                "kind": "Table",
                "apiVersion": "meta.k8s.io/v1",
                "metadata": meta,
                "columnDefinitions": None,
                "rows": [],
            }
        elif self.form.how == "metadata":
            obj = {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": meta}
        else:
            obj = {"kind": kind.kind, "apiVersion": kind.api_version, "metadata": meta}
        return self.writer.encode({"type": "BOOKMARK", "object": obj}) + b"\n"

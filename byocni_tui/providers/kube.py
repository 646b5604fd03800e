"""A Kubernetes API server through kubernetes.aio's connection and authentication, with answers left as JSON.

The generated model classes are not used: five thousand nodes as models cost more than everything else together.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

from byocni_tui import __version__
from byocni_tui.providers import recorder
from byocni_tui.providers.errors import ProviderError
from byocni_tui.providers.protocols import Json, WatchEvent

_CHUNK: Final = "500"
_WATCH_SECONDS: Final = "240"
_BACKOFF: Final = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
_AGAIN: Final = (0.2, 1.0, 3.0)
"""Seconds before a request that could not be answered now is sent again, unless the server says how many."""

_METADATA: Final = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"

_LIMIT: Final = 30.0
"""Seconds that an answer may take, and the first line of a watch's."""


class KubeClient:
    """``KubernetesProvider`` from a kubeconfig. The library is imported, and the file read, with the first call."""

    def __init__(
        self, kubeconfig: Path | None, context: str | None = None, *, trust_env: bool = True
    ) -> None:
        self._kubeconfig = kubeconfig
        self._context = context
        self._trust_env = trust_env
        self._api: Any = None
        self._retired: list[Any] = []
        self._lock = asyncio.Lock()
        self._tap = recorder.active()

    @staticmethod
    def preload() -> None:
        """Import the library; for a thread while something else is being waited for."""
        import kubernetes.aio.client
        import kubernetes.aio.config  # noqa: F401

    async def _connect(self) -> Any:
        async with self._lock:
            if self._api is None:
                await asyncio.to_thread(self.preload)
                from kubernetes.aio import client, config
                from yaml import YAMLError

                settings = client.Configuration()
                try:
                    await config.load_kube_config(  # type: ignore[no-untyped-call]
                        config_file=str(self._kubeconfig) if self._kubeconfig else None,
                        context=self._context,
                        client_configuration=settings,
                        persist_config=False,
                    )
                except (
                    config.ConfigException,
                    OSError,
                    ValueError,
                    TypeError,
                    LookupError,
                    YAMLError,
                ) as error:
                    # The library assumes a well-formed file: on another one it trips in several ways.
                    raise ProviderError(
                        "BadKubeconfig", str(error), operation=str(self._kubeconfig or "")
                    ) from error
                settings.client_session_kwargs = {"trust_env": self._trust_env}
                self._api = client.ApiClient(settings)
                self._api.user_agent = f"byocni-tui/{__version__}"
            return self._api

    async def server_in(self, suffix: str) -> bool:
        """Whether the API server's host name ends so; tells the cloud of a cluster that was made elsewhere."""
        from urllib.parse import urlsplit

        api = await self._connect()
        return (urlsplit(str(api.configuration.host)).hostname or "").endswith(suffix)

    async def _forget(self, api: Any) -> None:
        """Read the kubeconfig anew with the next request. Others may be in the middle of theirs with the old client: it
        is closed with this one."""
        async with self._lock:
            if self._api is api:
                self._retired.append(api)
                self._api = None

    async def _open(
        self, method: str, path: str, query: Mapping[str, str] | None, body: Any, timeout: float, accept: str
    ) -> Any:
        """An answer below 400, not yet read."""
        import aiohttp

        what = f"{method} {path}"
        for attempt in (1, 2):
            api = await self._connect()
            try:
                request = await api.param_serialize(
                    method,
                    path,
                    query_params=list((query or {}).items()),
                    header_params={"Accept": accept, "Content-Type": "application/json"},
                    body=body,
                    auth_settings=["BearerToken"],
                )
                # A watch lasts, but that it has begun is said at once.
                async with asyncio.timeout(_LIMIT):
                    answer = (
                        await api.call_api(*request, _request_timeout=aiohttp.ClientTimeout(total=timeout))
                    ).response
            except (aiohttp.ClientError, OSError, TimeoutError) as error:
                raise ProviderError(
                    "Unreachable", f"{type(error).__name__}: {error}", operation=what
                ) from error
            if answer.status == 401 and attempt == 1:
                # A token that ran out: the kubeconfig is read again, which also runs its login plugin again.
                answer.release()
                await self._forget(api)
                continue
            if answer.status >= 400:
                refusal, data = await _refusal(answer, what)
                self._note(method, path, query, body, answer, data)
                raise refusal
            return answer
        raise AssertionError("unreachable")

    async def _read(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None,
        body: Any,
        timeout: float | None,
        accept: str,
    ) -> bytes:
        import aiohttp

        answer = await self._open(method, path, query, body, timeout or _LIMIT, accept)
        try:
            data: bytes = await answer.read()
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise ProviderError(
                "Unreachable", f"{type(error).__name__}: {error}", operation=f"{method} {path}"
            ) from error
        self._note(method, path, query, body, answer, data)
        return data

    def _note(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None,
        body: Any,
        answer: Any,
        data: bytes | None,
        stream: list[tuple[float, str]] | None = None,
    ) -> None:
        """Tell the recorder, where one listens."""
        if self._tap is not None:
            where = f"{path}?{urlencode(query)}" if query else path
            kind = str(answer.headers.get("Content-Type", ""))
            self._tap.kubernetes(method, where, body, answer.status, kind, data, stream)

    async def _json(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        body: Any = None,
        timeout: float | None = None,
        accept: str = "application/json",
    ) -> Json:
        """Sent again a few times where that may help. Whatever is created has a name, so nothing comes twice: what an
        answer that got lost had made already is read instead."""
        name = str(((body or {}).get("metadata") or {}).get("name", ""))
        for attempt, pause in enumerate((*_AGAIN, None)):
            try:
                return await self._once(method, path, query, body, timeout, accept)
            except ProviderError as error:
                if attempt and method == "POST" and error.code == "AlreadyExists" and name:
                    return await self._once("GET", f"{path}/{name}", None, None, timeout)
                if pause is None or not error.passing:
                    raise
                await asyncio.sleep(pause if error.retry_after is None else min(error.retry_after, 30.0))
        raise AssertionError("unreachable")

    async def _once(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None,
        body: Any,
        timeout: float | None,
        accept: str = "application/json",
    ) -> Json:
        data = await self._read(method, path, query, body, timeout, accept)
        try:
            value = json.loads(data)
        except ValueError as error:
            raise ProviderError(
                "BadAnswer", f"not JSON: {data[:200]!r}", operation=f"{method} {path}"
            ) from error
        if not isinstance(value, dict):
            raise ProviderError("BadAnswer", f"not an object: {data[:200]!r}", operation=f"{method} {path}")
        return value

    async def get(
        self, path: str, query: Mapping[str, str] | None = None, *, timeout: float | None = None
    ) -> Json:
        """One object or list."""
        return await self._json("GET", path, query, timeout=timeout)

    async def text(
        self, path: str, query: Mapping[str, str] | None = None, *, timeout: float | None = None
    ) -> str:
        """An answer that isn't JSON."""
        return (await self._read("GET", path, query, None, timeout, "*/*")).decode("utf-8", "replace")

    async def items(self, path: str, query: Mapping[str, str] | None = None) -> list[Json]:
        """All items of a collection."""
        return (await self._list(path, query))[0]

    async def labels(self, path: str, query: Mapping[str, str] | None = None) -> list[Json]:
        """The labels of all items of a collection: their contents are neither asked for nor sent."""
        page = await self._json("GET", path, query, accept=_METADATA)
        return [(item.get("metadata") or {}).get("labels") or {} for item in page.get("items") or ()]

    async def _list(self, path: str, query: Mapping[str, str] | None) -> tuple[list[Json], str]:
        found: list[Json] = []
        more: dict[str, str] = {}
        while True:
            page = await self._json("GET", path, {**(query or {}), "limit": _CHUNK, **more})
            found.extend(page.get("items") or ())
            meta = page.get("metadata") or {}
            if not meta.get("continue"):
                return found, str(meta.get("resourceVersion", ""))
            more = {"continue": meta["continue"]}

    async def create(self, path: str, body: Json) -> Json:
        """POST to a collection."""
        return await self._json("POST", path, None, body)

    async def delete(self, path: str, body: Json | None = None) -> None:
        """DELETE; nothing is said where it is gone already."""
        try:
            await self._json("DELETE", path, None, body)
        except ProviderError as error:
            if not error.absent:
                raise

    async def watch(self, path: str, query: Mapping[str, str] | None = None) -> AsyncIterator[WatchEvent]:
        """List, then follow for ever. Raises only what waiting can't mend (403, 404, a broken kubeconfig)."""
        known: dict[str, Json] = {}
        version = ""
        failures = 0
        while True:
            try:
                if not version:
                    items, version = await self._list(path, query)
                    for event in _differences(known, items):
                        yield event
                    yield WatchEvent("SYNCED", {})
                    failures = 0
                async for change, version_now in self._follow(path, query, version):
                    version = version_now
                    failures = 0
                    if change is not None:
                        _remember(known, change)
                        yield change
            except ProviderError as error:
                if error.status == 410 or error.code == "Expired":
                    version = ""
                    continue
                if not error.passing and error.status != 401:
                    raise
                await asyncio.sleep(_BACKOFF[min(failures, len(_BACKOFF) - 1)])
                failures += 1

    async def _follow(
        self, path: str, query: Mapping[str, str] | None, version: str
    ) -> AsyncIterator[tuple[WatchEvent | None, str]]:
        import aiohttp

        asked = {
            **(query or {}),
            "watch": "true",
            "allowWatchBookmarks": "true",
            "resourceVersion": version,
            "timeoutSeconds": _WATCH_SECONDS,
        }
        answer = await self._open(
            "GET",
            path,
            asked,
            None,
            float(_WATCH_SECONDS) + 30,
            "application/json",
        )
        rest = b""
        began = time.monotonic()
        seen: list[tuple[float, str]] = []
        try:
            async for data in answer.content.iter_any():
                *lines, rest = (rest + data).split(b"\n")
                for line in lines:
                    if line.strip():
                        if self._tap is not None:
                            seen.append((time.monotonic() - began, line.decode("utf-8", "replace")))
                        yield _watch_line(line, path)
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise ProviderError(
                "Unreachable", f"{type(error).__name__}: {error}", operation=f"WATCH {path}"
            ) from error
        finally:
            answer.close()
            self._note("GET", path, asked, None, answer, None, seen)

    async def close(self) -> None:
        """Close connections."""
        async with self._lock:
            for api in (*self._retired, *([self._api] if self._api is not None else [])):
                await api.close()
            self._retired, self._api = [], None


async def _refusal(answer: Any, what: str) -> tuple[ProviderError, bytes]:
    """What a status of 400 or more means, and the answer as it came."""
    data: bytes = await answer.read()
    text = data.decode("utf-8", "replace")
    try:
        body = json.loads(text)
    except ValueError:
        body = None
    if not isinstance(body, dict):
        body = {}
    error = ProviderError(
        str(body.get("reason") or f"Http{answer.status}"),
        str(body.get("message") or text.strip()[:2000] or answer.reason),
        status=answer.status,
        operation=what,
        retry_after=_seconds(answer.headers.get("Retry-After")),
        body=body,
    )
    return error, data


def _seconds(header: str | None) -> float | None:
    try:
        return max(0.0, float(header)) if header is not None else None
    except ValueError:
        return None


def _watch_line(line: bytes, path: str) -> tuple[WatchEvent | None, str]:
    try:
        event = json.loads(line)
        kind, obj = event["type"], event["object"]
    except (ValueError, KeyError, TypeError) as error:
        raise ProviderError(
            "Unreachable", f"cut-off watch line: {line[:100]!r}", operation=f"WATCH {path}"
        ) from error
    if kind == "ERROR":
        raise ProviderError(
            str(obj.get("reason", "Error")),
            str(obj.get("message", "")),
            status=int(obj.get("code") or 0),
            operation=f"WATCH {path}",
        )
    version = str((obj.get("metadata") or {}).get("resourceVersion", ""))
    return (None if kind == "BOOKMARK" else WatchEvent(kind, obj)), version


def _key(obj: Json) -> str:
    meta = obj.get("metadata") or {}
    return f"{meta.get('namespace', '')}/{meta.get('name', '')}"


def _remember(known: dict[str, Json], event: WatchEvent) -> None:
    if event.type == "DELETED":
        known.pop(_key(event.object), None)
    else:
        known[_key(event.object)] = {"metadata": event.object.get("metadata") or {}}


def _differences(known: dict[str, Json], items: list[Json]) -> list[WatchEvent]:
    """What happened while nobody watched; ``known`` becomes what ``items`` says."""
    events: list[WatchEvent] = []
    present = set()
    for item in items:
        key = _key(item)
        present.add(key)
        before = known.get(key)
        if before is None:
            events.append(WatchEvent("ADDED", item))
        elif before["metadata"].get("resourceVersion") != item["metadata"].get("resourceVersion"):
            events.append(WatchEvent("MODIFIED", item))
    events.extend(WatchEvent("DELETED", known[key]) for key in list(known) if key not in present)
    known.clear()
    known.update({_key(item): {"metadata": item.get("metadata") or {}} for item in items})
    return events

"""What deployment, verification and the collection of facts ask of the outside. Answers are the services' own JSON."""

from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple, Protocol

Json = dict[str, Any]


class WatchEvent(NamedTuple):
    """``type`` is ADDED, MODIFIED, DELETED or SYNCED (the first list is complete; ``object`` is empty)."""

    type: str
    object: Json


class Operation(NamedTuple):
    """A long operation as Azure tells it: ``status`` is ``Succeeded``, ``Failed``, ``Canceled`` or anything else while
    it runs; ``wait`` is how many real seconds the service asks to wait before the next look (None: it said nothing);
    ``url`` is what to ask again."""

    status: str
    url: str
    wait: float | None
    error: Json | None = None

    @property
    def ended(self) -> bool:
        """Whether it will not change any more."""
        return self.status in ("Succeeded", "Failed", "Canceled")


class Put(NamedTuple):
    """The answer to a write: the resource as it stands, and the operation that goes on behind it, if any."""

    body: Json
    operation: Operation | None


class AzureProvider(Protocol):
    """Azure Resource Manager by resource id (``/subscriptions/…``). Raises ``ProviderError``."""

    async def get(self, path: str) -> Json:
        """One object."""
        ...

    async def find(self, path: str) -> Json | None:
        """One object, or None where it does not exist."""
        ...

    async def items(self, path: str, query: Mapping[str, str] | None = None) -> list[Json]:
        """All items, following ``nextLink``."""
        ...

    async def put(self, path: str, body: Json, *, version: str | None = None) -> Put:
        """Create or update; ``version`` is an api-version other than the usual one (a preview)."""
        ...

    async def post(self, path: str, body: Json | None = None) -> Put:
        """An action."""
        ...

    async def delete(self, path: str) -> Operation | None:
        """Delete; None where it is gone at once (or never was)."""
        ...

    async def operation(self, url: str) -> Operation:
        """Look at a long operation once."""
        ...

    async def account(self) -> Json:
        """Who is signed in and how: ``{"credential", "id", "type", "name", "tenant"}``, from the token's claims."""
        ...

    async def close(self) -> None:
        """Close connections."""
        ...


class KubernetesProvider(Protocol):
    """One API server, by path (``/api/v1/nodes``). Raises ``ProviderError``."""

    async def get(
        self, path: str, query: Mapping[str, str] | None = None, *, timeout: float | None = None
    ) -> Json:
        """One object or list."""
        ...

    async def text(
        self, path: str, query: Mapping[str, str] | None = None, *, timeout: float | None = None
    ) -> str:
        """An answer that isn't JSON (logs, ``/readyz``)."""
        ...

    async def items(self, path: str, query: Mapping[str, str] | None = None) -> list[Json]:
        """All items of a collection, in chunks behind the scenes."""
        ...

    async def labels(self, path: str, query: Mapping[str, str] | None = None) -> list[Json]:
        """The labels of all items of a collection, without their contents."""
        ...

    async def create(self, path: str, body: Json) -> Json:
        """POST to a collection."""
        ...

    async def delete(self, path: str, body: Json | None = None) -> None:
        """DELETE; nothing is said where it is gone already."""
        ...

    def watch(self, path: str, query: Mapping[str, str] | None = None) -> AsyncIterator[WatchEvent]:
        """List, then follow for ever: survives 410, dropped connections and an API server that comes and goes. After a
        gap it lists again and tells the differences."""
        ...

    async def close(self) -> None:
        """Close connections."""
        ...


class Release(NamedTuple):
    """A Helm release: ``status`` as helm says it (``deployed``, ``failed``, ``pending-install`` …)."""

    name: str
    namespace: str
    status: str
    chart: str


class HelmProvider(Protocol):
    """Helm. Raises ``ProviderError`` with helm's own words."""

    async def find(self, name: str, namespace: str) -> Release | None:
        """The release of that name, in whatever state."""
        ...

    async def install(
        self,
        name: str,
        namespace: str,
        chart: str,
        repo: str | None,
        version: str | None,
        values: Path,
        *,
        status: str | None = None,
    ) -> None:
        """Install or, where the release exists, upgrade to the same. ``chart`` is a name in ``repo``, or an ``oci://``
        reference or path with ``repo`` None; ``values`` is a YAML file. Doesn't wait for readiness. ``status`` is that
        of the release where the caller knows it ('' for none); else it is asked for."""
        ...

    async def uninstall(self, name: str, namespace: str) -> None:
        """Remove; nothing is said where it is gone already."""
        ...

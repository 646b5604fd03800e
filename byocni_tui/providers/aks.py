"""Managed clusters, their node pools, credentials and versions through Microsoft's own client, by resource id.

``azure.mgmt.containerservice`` builds the requests and judges the status; its models are left aside: bodies go in and
come out as the JSON that they are. Waiting for long operations is left to the caller, who keeps their address on disk.
"""

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any, Final, NamedTuple

from byocni_tui.providers.protocols import Json

API_VERSION: Final = "2026-08-01"
"""What azure-mgmt-containerservice 41.8 speaks by itself."""

_ID: Final = re.compile(
    r"/subscriptions/(?P<subscription>[^/]+)(?:/resourcegroups/(?P<group>[^/]+))?/providers/"
    r"microsoft\.containerservice/(?P<rest>.+)",
    re.IGNORECASE,
)

Maker = Callable[[str, str], Any]
"""Makes a ``ContainerServiceClient`` for a subscription and an api-version, on the caller's pipeline."""


class Target(NamedTuple):
    """A path below the provider: ``words`` are its segments after it, names as they are, types in lower case."""

    subscription: str
    group: str
    words: tuple[str, ...]


def target(path: str) -> Target | None:
    """What a path names, or None where it isn't AKS's."""
    found = _ID.fullmatch(path.partition("?")[0].rstrip("/"))
    if found is None:
        return None
    words = found["rest"].split("/")
    kinds = [word.lower() if index % 2 == 0 else word for index, word in enumerate(words)]
    return Target(found["subscription"], found["group"] or "", tuple(kinds))


class Keeper:
    """A polling method that doesn't poll: it keeps the first answer for whoever follows the operation himself."""

    def __init__(self) -> None:
        self.response: Any = None

    def initialize(self, _client: Any, initial_response: Any, _callback: Any) -> None:
        """Called by the SDK with the answer to the request."""
        self.response = initial_response

    async def run(self) -> None:
        """Nothing to wait for."""

    def status(self) -> str:
        """Never looked at."""
        return "Kept"

    def finished(self) -> bool:
        """Whether waiting is over."""
        return True

    def resource(self) -> Any:
        """The first answer."""
        return self.response

    def get_continuation_token(self) -> str:
        """The caller keeps the operation's address instead."""
        return ""


def _raw(response: Any, *_: Any) -> Any:
    """``cls`` of an operation: the answer as it came."""
    return response


async def _begun(begin: Callable[..., Awaitable[Any]], *words: Any, **options: Any) -> Any:
    keeper = Keeper()
    await begin(*words, polling=keeper, **options)
    return keeper.response


class Aks:
    """Calls the SDK's operation for a method and path. Raises what the SDK raises."""

    def __init__(self, make: Maker) -> None:
        self._make = make
        self._clients: dict[tuple[str, str], Any] = {}

    def _client(self, subscription: str, version: str | None) -> Any:
        key = (subscription, version or API_VERSION)
        if key not in self._clients:
            self._clients[key] = self._make(*key)
        return self._clients[key]

    def operation(
        self, method: str, path: str, body: Json | None, version: str | None
    ) -> Callable[[Mapping[str, Any]], Awaitable[Any]] | None:
        """The operation, to be called with the SDK's common options (``headers``, ``error_map``); it returns a pipeline
        response. None for what the SDK has no operation for."""
        found = target(path)
        if found is None:
            return None
        group, words = found.group, found.words
        kinds = words[::2]

        def clusters() -> Any:
            return self._client(found.subscription, version).managed_clusters

        def pools() -> Any:
            return self._client(found.subscription, version).agent_pools

        match method, kinds, len(words):
            case "GET", ("managedclusters",), 2:
                return lambda options: clusters().get(group, words[1], cls=_raw, **options)
            case "PUT", ("managedclusters",), 2:
                return lambda options: _begun(
                    clusters().begin_create_or_update, group, words[1], body, **options
                )
            case "DELETE", ("managedclusters",), 2:
                return lambda options: _begun(clusters().begin_delete, group, words[1], **options)
            case "POST", ("managedclusters", "listclusterusercredential"), 3:
                return lambda options: clusters().list_cluster_user_credentials(
                    group, words[1], cls=_raw, **options
                )
            case "POST", ("managedclusters", "abort"), 3:
                return lambda options: _begun(
                    clusters().begin_abort_latest_operation, group, words[1], **options
                )
            case "GET", ("managedclusters", "agentpools"), 4:
                return lambda options: pools().get(group, words[1], words[3], cls=_raw, **options)
            case "PUT", ("managedclusters", "agentpools"), 4:
                return lambda options: _begun(
                    pools().begin_create_or_update, group, words[1], words[3], body, **options
                )
            case "DELETE", ("managedclusters", "agentpools"), 4:
                return lambda options: _begun(pools().begin_delete, group, words[1], words[3], **options)
            case "GET", ("locations", "kubernetesversions"), 3:
                return lambda options: clusters().list_kubernetes_versions(words[1], cls=_raw, **options)
        return None

    def listing(self, path: str) -> Callable[[Mapping[str, Any]], AsyncIterator[Any]] | None:
        """A collection of the SDK's that comes in pages, item by item; None for what isn't one."""
        found = target(path)
        if found is None:
            return None
        subscription, group, words = found
        if words == ("managedclusters",) and group:
            return lambda options: self._client(subscription, None).managed_clusters.list_by_resource_group(
                group, **options
            )
        if words == ("managedclusters",):
            return lambda options: self._client(subscription, None).managed_clusters.list(**options)
        if words[::2] == ("managedclusters", "agentpools") and len(words) == 3:
            return lambda options: self._client(subscription, None).agent_pools.list(
                group, words[1], **options
            )
        return None

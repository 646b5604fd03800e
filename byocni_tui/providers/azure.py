"""Azure Resource Manager through azure-core's pipeline: its retries, throttling, redirects and token handling, with the
answers left as the JSON that they are. One connection pool and the same policies serve all resource types: AKS's by
azure-mgmt-containerservice (``aks``), the others, of which a run asks little, by their resource ids."""

import asyncio
import base64
import json
import uuid
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, NamedTuple, TypeVar
from urllib.parse import urlencode, urlsplit

from byocni_tui import __version__
from byocni_tui.providers import aks, recorder
from byocni_tui.providers.azure_errors import from_answer
from byocni_tui.providers.clouds import at_home
from byocni_tui.providers.errors import ProviderError
from byocni_tui.providers.protocols import Json, Operation, Put

_VERSIONS: Final = {
    "": "2024-11-01",
    "subscriptions": "2022-12-01",
    "tenants": "2022-12-01",
    "locations": "2022-12-01",
    "resourcegroups": "2024-11-01",
    "microsoft.containerservice": aks.API_VERSION,
    "microsoft.network": "2024-07-01",
    "microsoft.compute": "2024-11-01",
    "microsoft.compute/skus": "2021-07-01",
    "microsoft.managedidentity": "2024-11-30",
    "microsoft.authorization": "2022-04-01",
    "microsoft.authorization/locks": "2020-05-01",
    "microsoft.resources": "2025-04-01",
    "microsoft.features": "2021-07-01",
    "microsoft.containerregistry": "2023-07-01",
}
"""api-version by resource type, else by namespace: what Azure CLI 2.91 and the SDKs of 2026 use."""

_PAGE_LIMIT: Final = 1000
_Answer = TypeVar("_Answer")


class ArmSettings(NamedTuple):
    """Where ARM is and how to reach it. ``scope`` is the token's scope; ``ca_file`` a CA of one's own; ``trust_env``
    whether proxies of the environment apply."""

    base_url: str
    scope: str
    ca_file: str | None = None
    trust_env: bool = True
    timeout: float = 60.0
    retries: int = 5
    limit: float = 600.0
    """Seconds that one call may take with all its repetitions."""


def api_version(path: str) -> str:
    """The api-version for a resource id or collection."""
    parts = path.partition("?")[0].strip("/").lower().split("/")
    if "providers" in parts:
        at = len(parts) - 1 - parts[::-1].index("providers")
        words = parts[at + 1 :]
        if len(words) <= 1:
            return _VERSIONS[""]
        kind = words[-1] if len(words) % 2 == 0 else words[-2]
        return _VERSIONS.get(f"{words[0]}/{kind}") or _VERSIONS.get(words[0], _VERSIONS[""])
    return _VERSIONS.get(parts[-1] if len(parts) % 2 else parts[-2], _VERSIONS[""])


async def _once_more(ask: Callable[[], Awaitable[_Answer]]) -> _Answer:
    """What it answers; asked again where the token ran out on the way (or ARM thinks so): azure-core has forgotten it
    by then and fetches a new one."""
    try:
        return await ask()
    except ProviderError as error:
        if error.status != 401 or error.code == "NotSignedIn":
            raise
    return await ask()


class ArmClient:
    """``AzureProvider`` over a credential of azure-identity. The pipeline is built with the first call: importing it
    takes a noticeable part of a second."""

    def __init__(self, credential: Any, settings: ArmSettings) -> None:
        self._credential = credential
        self._settings = settings
        self._client: Any = None
        self._policies: list[Any] = []
        self._aks = aks.Aks(self._container_service)
        self._building = asyncio.Lock()
        self._tap = recorder.active()
        self.calls = 0

    def _pipeline(self) -> Any:
        """Import and build; for a thread, since the imports take a noticeable part of a second."""
        import azure.mgmt.containerservice.aio  # noqa: F401 for ``_container_service``
        from azure.core.pipeline import policies
        from azure.core.pipeline.transport import AioHttpTransport
        from azure.mgmt.core import AsyncARMPipelineClient
        from azure.mgmt.core.policies import AsyncARMChallengeAuthenticationPolicy

        from byocni_tui.providers.azure_policies import Home, Tap, Waits

        settings = self._settings
        # azure-mgmt-core would also register resource providers by itself: here that is a step of its own, so
        # that the user sees it and a missing permission is named.
        self._policies = [
            policies.RequestIdPolicy(),
            policies.HeadersPolicy({"Accept": "application/json"}),
            policies.UserAgentPolicy(f"byocni-tui/{__version__}"),
            policies.ProxyPolicy(),
            policies.AsyncRedirectPolicy(),
            Home(settings.base_url),
            policies.AsyncRetryPolicy(
                retry_total=settings.retries,
                retry_connect=settings.retries,
                retry_read=settings.retries,
                retry_status=settings.retries,
                retry_backoff_factor=0.4,
                retry_backoff_max=20,
                timeout=settings.limit,
            ),
            AsyncARMChallengeAuthenticationPolicy(self._credential, settings.scope),
            policies.SensitiveHeaderCleanupPolicy(),
            Waits(),
            *([Tap(self._tap)] if self._tap is not None else []),
        ]
        self._transport = AioHttpTransport(
            connection_timeout=15,
            read_timeout=settings.timeout,
            connection_verify=settings.ca_file or True,
            use_env_settings=settings.trust_env,
        )
        self._client = AsyncARMPipelineClient(
            base_url=settings.base_url, policies=self._policies, transport=self._transport
        )
        return self._client

    def _container_service(self, subscription: str, version: str) -> Any:
        from azure.mgmt.containerservice.aio import ContainerServiceClient

        return ContainerServiceClient(
            self._credential,
            subscription,
            self._settings.base_url,
            api_version=version,
            credential_scopes=[self._settings.scope],
            policies=self._policies,
            transport=self._transport,
        )

    async def _send(
        self, method: str, path: str, body: Json | None = None, version: str | None = None
    ) -> tuple[int, Mapping[str, str], str]:
        """One call by path: through the SDK where it has an operation for it."""
        found = self._aks.operation(method, path, body, version)
        if found is None:
            return await self._request(method, self._url(path, version=version), body)
        operation = found

        async def send(options: Mapping[str, Any]) -> Any:
            return (await operation(options)).http_response

        return await self._called(f"{method} {path}", send)

    async def _request(
        self, method: str, url: str, body: Json | None = None
    ) -> tuple[int, Mapping[str, str], str]:
        """One call by address."""

        async def send(options: Mapping[str, Any]) -> Any:
            from azure.core.rest import HttpRequest

            request = HttpRequest(method, self._client.format_url(url), json=body, headers=options["headers"])
            return await self._client.send_request(request)

        return await self._called(f"{method} {url.partition('?')[0]}", send)

    async def _built(self) -> None:
        async with self._building:
            if self._client is None:
                await asyncio.to_thread(self._pipeline)
        self.calls += 1

    async def _called(
        self, what: str, send: Callable[[Mapping[str, Any]], Awaitable[Any]]
    ) -> tuple[int, Mapping[str, str], str]:
        """Send within the time limit; whatever goes wrong becomes a ``ProviderError``."""
        await self._built()
        return await _once_more(lambda: self._sent(what, send))

    async def _sent(
        self, what: str, send: Callable[[Mapping[str, Any]], Awaitable[Any]]
    ) -> tuple[int, Mapping[str, str], str]:
        from byocni_tui.providers.azure_policies import judged

        correlation = str(uuid.uuid4())
        async with judged(what, correlation, self._settings.limit) as options:
            response = await send(options)
            # An empty answer can't be read twice, and the SDK has read those of long operations.
            data = response.content if response.is_stream_consumed else await response.read()
            text = data.decode("utf-8")
        if response.status_code >= 400:
            error = from_answer(
                response.status_code, text, what, _seconds(response.headers.get("Retry-After"))
            )
            error.correlation = correlation
            raise error
        return response.status_code, response.headers, text

    def _url(self, path: str, query: Mapping[str, str] | None = None, version: str | None = None) -> str:
        return f"{path}?{urlencode({'api-version': version or api_version(path), **(query or {})})}"

    def _same_host(self, url: str) -> str:
        """A link from an answer: followed only to ARM itself, since the token goes with it."""
        if not at_home(self._settings.base_url, url):
            there = urlsplit(url)
            raise ProviderError(
                "BadAnswer", f"link to another host: {there.scheme}://{there.netloc}", operation=url
            )
        return url

    async def get(self, path: str) -> Json:
        """One object."""
        return _decode((await self._send("GET", path))[2], path)

    async def find(self, path: str) -> Json | None:
        """One object, or None where it does not exist."""
        try:
            return await self.get(path)
        except ProviderError as error:
            if error.absent:
                return None
            raise

    async def items(self, path: str, query: Mapping[str, str] | None = None) -> list[Json]:
        """All items, following ``nextLink``; ``values`` (AKS) is read like ``value``."""
        if query is None and (listing := self._aks.listing(path)) is not None:
            return await self._listed(path, listing)
        first = self._send("GET", path) if query is None else self._request("GET", self._url(path, query))
        page = _decode((await first)[2], path)
        items: list[Json] = list(page.get("value") or page.get("values") or ())
        for _ in range(_PAGE_LIMIT):
            if not page.get("nextLink"):
                break
            page = _decode((await self._request("GET", self._same_host(page["nextLink"])))[2], path)
            items.extend(page.get("value") or ())
        return items

    async def _listed(self, path: str, listing: Callable[[Mapping[str, Any]], Any]) -> list[Json]:
        """A collection that the SDK pages through."""
        from byocni_tui.providers.azure_policies import judged

        async def read() -> list[Json]:
            async with judged(f"GET {path}", str(uuid.uuid4()), self._settings.limit) as options:
                return [dict(item.as_dict()) async for item in listing(options)]

        await self._built()
        return await _once_more(read)

    async def put(self, path: str, body: Json, *, version: str | None = None) -> Put:
        """Create or update."""
        return self._written(await self._send("PUT", path, body, version), path)

    async def post(self, path: str, body: Json | None = None) -> Put:
        """An action."""
        return self._written(await self._send("POST", path, body), path)

    async def delete(self, path: str) -> Operation | None:
        """Delete; None where it is gone at once, or never was."""
        try:
            answer = await self._send("DELETE", path)
        except ProviderError as error:
            if error.absent:
                return None
            raise
        return self._written(answer, path).operation

    def _written(self, answer: tuple[int, Mapping[str, str], str], path: str) -> Put:
        status, headers, text = answer
        body = _decode(text, path) if text.strip() else {}
        url = headers.get("Azure-AsyncOperation") or (headers.get("Location") if status == 202 else None)
        wait = _wait(headers)
        return Put(body, Operation("InProgress", self._same_host(url), wait) if url else None)

    async def operation(self, url: str) -> Operation:
        """Look once: ``Azure-AsyncOperation`` answers 200 with a status, ``Location`` answers 202 until it is done."""
        status, headers, text = await self._request("GET", self._same_host(url))
        wait = _wait(headers)
        if status == 202:
            return Operation("InProgress", headers.get("Location") or url, wait)
        body = _decode(text, url) if text.strip() else {}
        return Operation(str(body.get("status") or "Succeeded"), url, wait, body.get("error"))

    async def account(self) -> Json:
        """Who is signed in, from the claims of the token (its signature is ARM's business)."""
        from azure.core.exceptions import AzureError, ClientAuthenticationError

        try:
            token = (await self._credential.get_token(self._settings.scope)).token
        except ClientAuthenticationError as error:
            raise ProviderError("NotSignedIn", str(error.message), status=401, operation="token") from error
        except AzureError as error:
            raise ProviderError("Unreachable", str(error.message), operation="token") from error
        claims = _claims(token)
        return {
            "credential": getattr(self._credential, "used", "") or "managed-identity",
            "id": claims.get("oid") or claims.get("sub"),
            "type": "User" if claims.get("upn") or claims.get("unique_name") else "ServicePrincipal",
            "name": claims.get("upn") or claims.get("unique_name") or claims.get("appid") or "",
            "tenant": claims.get("tid"),
        }

    async def close(self) -> None:
        """Close connections."""
        if self._client is not None:
            await self._client.close()
            await self._transport.close()
        await self._credential.close()


def _decode(text: str, what: str) -> Json:
    try:
        value = json.loads(text)
    except ValueError as error:
        raise ProviderError("BadAnswer", f"not JSON: {text[:200]!r}", operation=what) from error
    if not isinstance(value, dict):
        raise ProviderError("BadAnswer", f"not an object: {text[:200]!r}", operation=what)
    return value


def _claims(token: str) -> Json:
    parts = token.split(".")
    if len(parts) != 3:
        return {}
    try:
        value = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _wait(headers: Mapping[str, str]) -> float | None:
    """Until the next poll: ``Retry-After``, else the millisecond form that azure-core also knows."""
    seconds, milliseconds = _seconds(headers.get("Retry-After")), _seconds(headers.get("x-ms-retry-after-ms"))
    return seconds if seconds is not None or milliseconds is None else milliseconds / 1000


def _seconds(header: str | None) -> float | None:
    """``Retry-After`` in seconds (fractions allowed); a date is left to the client's own interval."""
    try:
        return max(0.0, float(header)) if header is not None else None
    except ValueError:
        return None

"""Azure Resource Manager through azure-core's pipeline: its retries, throttling, redirects and token handling, with the
answers left as the JSON that they are. One pipeline and one connection pool serve all resource types."""

import asyncio
import base64
import json
import re
import uuid
from collections.abc import Mapping
from typing import Any, Final, NamedTuple
from urllib.parse import urlencode, urlsplit

from byocni_tui import __version__
from byocni_tui.providers.azure_errors import from_answer
from byocni_tui.providers.errors import ProviderError
from byocni_tui.providers.protocols import Json, Operation, Put

_VERSIONS: Final = {
    "": "2024-11-01",
    "subscriptions": "2022-12-01",
    "tenants": "2022-12-01",
    "locations": "2022-12-01",
    "resourcegroups": "2024-11-01",
    "microsoft.containerservice": "2026-06-01",
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
_SSL: Final = re.compile(r" ssl:<[^>]*>")
"""What aiohttp puts into its messages and nobody wants to read."""


class ArmSettings(NamedTuple):
    """Where ARM is and how to reach it. ``scope`` is the token's scope; ``ca_file`` a CA of one's own; ``trust_env``
    whether proxies of the environment apply."""

    base_url: str
    scope: str
    ca_file: str | None = None
    trust_env: bool = True
    timeout: float = 60.0
    retries: int = 5


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


class ArmClient:
    """``AzureProvider`` over a credential of azure-identity. The pipeline is built with the first call: importing it
    takes a noticeable part of a second."""

    def __init__(self, credential: Any, settings: ArmSettings) -> None:
        self._credential = credential
        self._settings = settings
        self._client: Any = None
        self._building = asyncio.Lock()
        self.calls = 0

    def _pipeline(self) -> Any:
        if self._client is None:
            from azure.core.pipeline import policies
            from azure.mgmt.core import AsyncARMPipelineClient
            from azure.mgmt.core.policies import AsyncARMChallengeAuthenticationPolicy

            settings = self._settings
            # azure-mgmt-core would also register resource providers by itself: here that is a step of its own, so
            # that the user sees it and a missing permission is named.
            self._client = AsyncARMPipelineClient(
                base_url=settings.base_url,
                policies=[
                    policies.RequestIdPolicy(),
                    policies.HeadersPolicy({"Accept": "application/json"}),
                    policies.UserAgentPolicy(f"byocni-tui/{__version__}"),
                    policies.ProxyPolicy(),
                    policies.AsyncRedirectPolicy(),
                    policies.AsyncRetryPolicy(
                        retry_total=settings.retries,
                        retry_connect=settings.retries,
                        retry_read=settings.retries,
                        retry_status=settings.retries,
                        retry_backoff_factor=0.4,
                        retry_backoff_max=20,
                        timeout=600,
                    ),
                    AsyncARMChallengeAuthenticationPolicy(self._credential, settings.scope),
                    policies.SensitiveHeaderCleanupPolicy(),
                ],
                connection_timeout=15,
                read_timeout=settings.timeout,
                connection_verify=settings.ca_file or True,
                use_env_settings=settings.trust_env,
            )
        return self._client

    async def _send(
        self, method: str, url: str, body: Json | None = None
    ) -> tuple[int, Mapping[str, str], str]:
        from azure.core.exceptions import AzureError, ClientAuthenticationError, HttpResponseError
        from azure.core.rest import HttpRequest

        what = f"{method} {url.partition('?')[0]}"
        async with self._building:
            client = self._client or await asyncio.to_thread(self._pipeline)
        self.calls += 1
        try:
            request = HttpRequest(method, client.format_url(url), json=body, headers=self._correlation())
            response = await client.send_request(request)
            text = response.text()
        except ClientAuthenticationError as error:
            answer = error.response
            raise ProviderError(
                "NotSignedIn",
                str(error.message),
                status=(answer.status_code or 401) if answer is not None else 401,
                operation=what,
            ) from error
        except HttpResponseError as error:
            raise ProviderError("BadAnswer", str(error.message), operation=what) from error
        except (AzureError, UnicodeDecodeError) as error:
            raise ProviderError("Unreachable", _SSL.sub("", str(error)), operation=what) from error
        if response.status_code >= 400:
            raise from_answer(response.status_code, text, what, _seconds(response.headers.get("Retry-After")))
        return response.status_code, response.headers, text

    @staticmethod
    def _correlation() -> dict[str, str]:
        return {"x-ms-correlation-request-id": str(uuid.uuid4())}

    def _url(self, path: str, query: Mapping[str, str] | None = None) -> str:
        return f"{path}?{urlencode({'api-version': api_version(path), **(query or {})})}"

    def _same_host(self, url: str) -> str:
        """A link from an answer: followed only to ARM itself, since the token goes with it."""
        home, there = urlsplit(self._settings.base_url), urlsplit(url)
        if there.scheme != home.scheme or not (
            there.netloc == home.netloc or (there.hostname or "").endswith(f".{home.hostname}")
        ):
            raise ProviderError(
                "BadAnswer", f"link to another host: {there.scheme}://{there.netloc}", operation=url
            )
        return url

    async def get(self, path: str) -> Json:
        """One object."""
        return _decode((await self._send("GET", self._url(path)))[2], path)

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
        url: str | None = self._url(path, query)
        items: list[Json] = []
        for _ in range(_PAGE_LIMIT):
            if url is None:
                break
            page = _decode((await self._send("GET", url))[2], path)
            items.extend(page.get("value") or page.get("values") or ())
            url = self._same_host(page["nextLink"]) if page.get("nextLink") else None
        return items

    async def put(self, path: str, body: Json) -> Put:
        """Create or update."""
        return self._written(await self._send("PUT", self._url(path), body), path)

    async def post(self, path: str, body: Json | None = None) -> Put:
        """An action."""
        return self._written(await self._send("POST", self._url(path), body), path)

    async def delete(self, path: str) -> Operation | None:
        """Delete; None where it is gone at once, or never was."""
        try:
            answer = await self._send("DELETE", self._url(path))
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
        status, headers, text = await self._send("GET", self._same_host(url))
        wait = _wait(headers)
        if status == 202:
            return Operation("InProgress", headers.get("Location") or url, wait)
        body = _decode(text, url) if text.strip() else {}
        return Operation(str(body.get("status") or "Succeeded"), url, wait, body.get("error"))

    async def account(self) -> Json:
        """Who is signed in, from the claims of the token (its signature is ARM's business)."""
        from azure.core.exceptions import AzureError

        try:
            token = (await self._credential.get_token(self._settings.scope)).token
        except AzureError as error:
            raise ProviderError("NotSignedIn", str(error.message), status=401, operation="token") from error
        claims = _claims(token)
        return {
            "id": claims.get("oid") or claims.get("sub"),
            "type": "User" if claims.get("upn") or claims.get("unique_name") else "ServicePrincipal",
            "name": claims.get("upn") or claims.get("unique_name") or claims.get("appid") or "",
            "tenant": claims.get("tid"),
        }

    async def close(self) -> None:
        """Close connections."""
        if self._client is not None:
            await self._client.close()
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

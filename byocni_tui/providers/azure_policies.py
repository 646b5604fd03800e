"""Policies of ours for azure-core's pipeline, and how its exceptions become ours. Imports azure-core."""

import asyncio
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final
from urllib.parse import urlsplit

from azure.core.exceptions import AzureError, ClientAuthenticationError, DecodeError, HttpResponseError
from azure.core.pipeline import PipelineRequest, PipelineResponse
from azure.core.pipeline.policies import AsyncHTTPPolicy, SansIOHTTPPolicy

from byocni_tui.providers.azure_errors import from_answer
from byocni_tui.providers.clouds import at_home
from byocni_tui.providers.errors import ProviderError
from byocni_tui.providers.recorder import Recorder

_SSL: Final = re.compile(r" ssl:<[^>]*>")
"""What aiohttp puts into its messages and nobody wants to read."""

_AS_ANSWERS: Final = dict.fromkeys((304, 401, 404, 409, 412), HttpResponseError)
"""For the SDK's ``error_map``: a refusal of the service must not look like a sign-in that failed."""


class Home(SansIOHTTPPolicy[Any, Any]):
    """Lets requests go to ARM only: its token goes with each of them, also along links and redirects."""

    def __init__(self, base_url: str) -> None:
        self._home = base_url

    def on_request(self, request: PipelineRequest[Any]) -> None:
        """Raises ``ProviderError`` for another host."""
        url = str(request.http_request.url)
        if not at_home(self._home, url):
            there = urlsplit(url)
            raise ProviderError(
                "BadAnswer", f"link to another host: {there.scheme}://{there.netloc}", operation=url
            )


class Waits(SansIOHTTPPolicy[Any, Any]):
    """The SDK takes ``Retry-After`` of an accepted request for a whole number of seconds and trips over anything else
    (a fraction, a date): such a one is handed on in milliseconds, or dropped."""

    def on_response(self, _request: PipelineRequest[Any], response: PipelineResponse[Any, Any]) -> None:
        """Only for answers below 300: azure-core's own retries know all forms."""
        headers, given = (
            response.http_response.headers,
            response.http_response.headers.get("Retry-After", "0"),
        )
        if response.http_response.status_code >= 300 or given.isdecimal():
            return
        del headers["Retry-After"]
        try:
            headers["x-ms-retry-after-ms"] = str(round(float(given) * 1000))
        except ValueError:
            return


class Tap(AsyncHTTPPolicy[Any, Any]):
    """Writes each exchange down as it happens: the last policy, so that repetitions are seen as well."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder

    async def send(self, request: PipelineRequest[Any]) -> PipelineResponse[Any, Any]:
        """Pass on, then keep the answer."""
        asked = request.http_request
        answer = await self.next.send(request)
        response = answer.http_response
        if response.is_stream_consumed:
            data = response.content
        elif response.headers.get("Content-Length") == "0" or response.status_code == 204:
            # Nothing to read; and what is empty can't be read twice, which the SDK would try.
            data = b""
        else:
            data = await response.read()
        self._recorder.azure(
            str(asked.method), str(asked.url), _content(asked), response.status_code, response.headers, data
        )
        return answer


def _content(request: Any) -> str | None:
    content = getattr(request, "content", None) or getattr(request, "body", None)
    return content.decode("utf-8", "replace") if isinstance(content, bytes) else content


@asynccontextmanager
async def judged(what: str, correlation: str, limit: float) -> AsyncIterator[Mapping[str, Any]]:
    """Gives the options of one call (``headers``, ``error_map``); inside, azure-core's exceptions become ours."""
    try:
        async with asyncio.timeout(limit):
            yield {"headers": {"x-ms-correlation-request-id": correlation}, "error_map": dict(_AS_ANSWERS)}
    except TimeoutError as error:
        raise _ours(
            ProviderError("TimedOut", f"no answer within {limit:.0f} s", operation=what), correlation
        ) from error
    except ClientAuthenticationError as error:
        answer = error.response
        status = (answer.status_code or 401) if answer is not None else 401
        raise ProviderError("NotSignedIn", str(error.message), status=status, operation=what) from error
    except DecodeError as error:
        raise _ours(ProviderError("BadAnswer", str(error.message), operation=what), correlation) from error
    except HttpResponseError as error:
        raise _ours(_refusal(error, what), correlation) from error
    except (AzureError, UnicodeDecodeError) as error:
        raise _ours(
            ProviderError("Unreachable", _SSL.sub("", str(error)), operation=what), correlation
        ) from error
    except (ValueError, AttributeError, TypeError) as error:
        # The SDK reads answers as if they were always well-formed: a proxy's page makes it trip in these ways.
        raise _ours(ProviderError("BadAnswer", str(error), operation=what), correlation) from error


def _ours(error: ProviderError, correlation: str) -> ProviderError:
    error.correlation = correlation
    return error


def _refusal(error: HttpResponseError, what: str) -> ProviderError:
    response: Any = error.response
    if response is None or response.status_code < 400:
        return ProviderError("BadAnswer", str(error.message), operation=what)
    try:
        wait = float(response.headers["Retry-After"])
    except (KeyError, ValueError):
        wait = None
    return from_answer(response.status_code, response.text(), what, wait)

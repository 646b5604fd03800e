"""Helm in this process, for who has no helm program: the optional extra ``helm`` brings Helm's own library.

The library takes the kubeconfig, the namespace and the storage from us, not from helm's variables; of the user's
folders it touches only the cache of repository indices.
"""

import asyncio
import importlib
import importlib.util
import json
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import yaml

from byocni_tui.providers import recorder
from byocni_tui.providers.errors import ProviderError
from byocni_tui.providers.protocols import Release

MODULE: Final = "helm_python"
"""What the extra's distribution, ``helm-python-sdk``, is imported as."""

PENDING: Final = ("pending-install", "pending-upgrade", "pending-rollback", "uninstalling")
"""The states of a release that was cut off half-way: helm refuses every further operation on it."""

LIMIT: Final = 600.0
"""Seconds that one operation may take: it fetches a chart and sends its objects, and doesn't wait for them."""

_FAREWELL: Final = 10.0
"""Seconds that a cancelled operation gets to write down how far it came."""


def installed() -> bool:
    """Whether the extra is there; doesn't load it (its library is 80 MB)."""
    return importlib.util.find_spec(MODULE) is not None


class HelmLibrary:
    """``HelmProvider``. Each call runs in a thread of its own: the library blocks."""

    def __init__(self, kubeconfig: Path, *, context: str | None = None) -> None:
        self._kubeconfig = kubeconfig
        self._context = context
        self._tap = recorder.active()

    async def _call(self, words: list[str], namespace: str, act: Callable[[Any, Any], Any]) -> Any:
        """``act(config, token)`` in a thread. ``words`` are what the helm program would have been given: they name the
        operation, and stand in a recording."""
        loop = asyncio.get_running_loop()
        answered: asyncio.Future[Any] = loop.create_future()
        sdk = await asyncio.to_thread(self._load)
        token = sdk.HelmContext()

        def tell(result: Any, error: Exception | None) -> None:
            if answered.cancelled():
                return
            if error is None:
                answered.set_result(result)
            else:
                answered.set_exception(error)

        def work() -> None:
            result, failure = None, None
            try:
                with sdk.Config(
                    kubeconfig_path=self._kubeconfig,
                    kube_context=self._context,
                    namespace=namespace,
                    storage_driver="secret",
                ) as config:
                    result = act(config, token)
            except Exception as error:  # noqa: BLE001 whatever it is, it belongs to the caller's thread
                failure = error
            with suppress(RuntimeError):  # the loop has ended: nobody waits for this any more
                loop.call_soon_threadsafe(tell, result, failure)

        # A thread that dies with the process: one that hangs must not keep it from ending.
        threading.Thread(target=work, name=f"helm {words[0]}", daemon=True).start()
        try:
            async with asyncio.timeout(LIMIT):
                result = await asyncio.shield(answered)
        except sdk.HelmError as error:
            self._record(words, 1, "", str(error))
            code = "NotFound" if isinstance(error, sdk.HelmNotFoundError) else "HelmFailed"
            raise ProviderError(code, str(error), operation=f"helm {words[0]}") from error
        except (TimeoutError, asyncio.CancelledError) as error:
            token.cancel()
            await asyncio.wait((answered,), timeout=_FAREWELL)
            if answered.done():
                answered.exception()  # looked at: what it says is that it was cancelled
            if isinstance(error, TimeoutError):
                raise ProviderError(
                    "TimedOut", f"helm said nothing within {LIMIT:.0f} s", operation=f"helm {words[0]}"
                ) from error
            raise
        self._record(words, 0, json.dumps(result) if words[0] == "status" else "", "")
        return result

    def _load(self) -> Any:
        """The library. ``ProviderError`` where it is installed, but not for this machine."""
        try:
            return importlib.import_module(MODULE)
        except Exception as error:
            # Its native part is looked for while it is imported; the package's own errors can't be named before that.
            raise ProviderError("HelmFailed", f"{MODULE}: {error}", operation="helm") from error

    def _record(self, words: list[str], status: int, out: str, err: str) -> None:
        if self._tap is not None:
            self._tap.program(words, status, out, err)

    async def find(self, name: str, namespace: str) -> Release | None:
        """The release of that name, in whatever state."""
        words = ["status", name, "--namespace", namespace, "--output", "json"]

        def status(config: Any, _token: Any) -> Any:
            answer = config.status(name)
            return {  # in the shape of ``helm status -o json``
                "name": answer.get("name"),
                "namespace": answer.get("namespace"),
                "info": {"status": answer.get("status", "")},
                "chart": {
                    "metadata": {"name": answer.get("chart_name"), "version": answer.get("chart_version")}
                },
            }

        try:
            answer = await self._call(words, namespace, status)
        except ProviderError as error:
            if error.code == "NotFound":
                return None
            raise
        chart = answer["chart"]["metadata"]
        return Release(name, namespace, str(answer["info"]["status"]), f"{chart['name']}-{chart['version']}")

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
        """Install, or upgrade a release that exists to the same. One that was cut off half-way is removed first."""
        if status is None:
            release = await self.find(name, namespace)
            status = release.status if release is not None else ""
        if status in PENDING:
            await self.uninstall(name, namespace)
            status = ""
        where = ["--repo", repo] if repo else []
        which = ["--version", version] if version else []
        words = [
            "upgrade", name, chart, "--install", "--namespace", namespace, "--create-namespace",
            "--values", values.name, *where, *which,
        ]  # fmt: skip

        def send(config: Any, token: Any) -> Any:
            given = yaml.safe_load(values.read_text(encoding="utf-8")) or {}
            options = {"namespace": namespace, "chart_repo_url": repo, "chart_version": version}
            if status:
                return config.upgrade(chart, name, given, context=token, **options)
            return config.install(chart, name, given, context=token, create_namespace=True, **options)

        await self._call(words, namespace, send)

    async def uninstall(self, name: str, namespace: str) -> None:
        """Remove; nothing is said where it is gone already."""
        words = ["uninstall", name, "--namespace", namespace, "--ignore-not-found"]
        try:
            await self._call(words, namespace, lambda config, _token: config.uninstall(name))
        except ProviderError as error:
            if error.code != "NotFound":
                raise

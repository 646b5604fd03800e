"""Helm: the program where there is one, run with folders of its own, so that nothing of the user's helm is read or
changed; else the library of the optional extra; else a message that says what to type."""

import asyncio
import json
import os
import shutil
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

from byocni_tui.errors import UserError
from byocni_tui.providers import helm_library, recorder
from byocni_tui.providers.errors import ProviderError
from byocni_tui.providers.helm_library import PENDING, HelmLibrary
from byocni_tui.providers.protocols import HelmProvider, Release

_LIMIT: Final = helm_library.LIMIT


def clients_folder(environ: Mapping[str, str] = os.environ) -> Path:
    """Where ``make clients`` puts helm and kubectl."""
    return Path(environ.get("BYOCNI_CLIENTS") or "~/.cache/byocni-tui").expanduser() / "bin"


def program(environ: Mapping[str, str] = os.environ) -> Path | None:
    """Helm on PATH, else in the clients' folder."""
    found = shutil.which("helm", path=environ.get("PATH")) or shutil.which(
        "helm", path=str(clients_folder(environ))
    )
    return Path(found) if found else None


def find_helm(environ: Mapping[str, str] = os.environ) -> Path:
    """The program. Raises ``UserError`` that says what to do where there is none."""
    found = program(environ)
    if found is None:
        raise UserError("no_helm", folder=str(clients_folder(environ)))
    return found


def available(environ: Mapping[str, str] = os.environ) -> bool:
    """Whether a chart can be installed from here."""
    return program(environ) is not None or helm_library.installed()


def client(
    kubeconfig: Path, home: Path, *, context: str | None = None, environ: Mapping[str, str] | None = None
) -> HelmProvider:
    """The program; where there is none, the library; where neither is there, a client that says so when it is used."""
    if program(os.environ if environ is None else environ) is None and helm_library.installed():
        return HelmLibrary(kubeconfig, context=context)
    return HelmProgram(kubeconfig, home, context=context, environ=environ)


class HelmProgram:
    """``HelmProvider``. ``home`` holds helm's cache, configuration and data; ``environ`` is what it inherits."""

    def __init__(
        self,
        kubeconfig: Path,
        home: Path,
        *,
        context: str | None = None,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        self._kubeconfig = kubeconfig
        self._context = context
        self._home = home
        self._environ = dict(os.environ if environ is None else environ)
        self._tap = recorder.active()

    def _environment(self) -> dict[str, str]:
        kept = {key: value for key, value in self._environ.items() if not key.startswith(("HELM_", "KUBE"))}
        folders = {
            f"HELM_{kind}_HOME": str(self._home / kind.lower()) for kind in ("CACHE", "CONFIG", "DATA")
        }
        return {**kept, **folders, "KUBECONFIG": str(self._kubeconfig)}

    async def _run(self, *words: str) -> str:
        helm = find_helm(self._environ)
        self._home.mkdir(parents=True, exist_ok=True, mode=0o700)
        extra = ("--kube-context", self._context) if self._context else ()
        process = await asyncio.create_subprocess_exec(
            str(helm),
            *words,
            *extra,
            env=self._environment(),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,  # a Ctrl-C in the terminal is ours to answer: helm must not stop half-way
        )
        try:
            async with asyncio.timeout(_LIMIT):
                out, err = await process.communicate()
        except BaseException as error:
            with suppress(ProcessLookupError):
                process.terminate()
            await process.wait()
            if isinstance(error, TimeoutError):
                raise ProviderError(
                    "TimedOut", f"helm said nothing within {_LIMIT:.0f} s", operation=f"helm {words[0]}"
                ) from error
            raise
        if self._tap is not None:
            shown = [Path(word).name if word.startswith("/") else word for word in words]
            self._tap.program(
                shown, process.returncode or 0, out.decode("utf-8", "replace"), err.decode("utf-8", "replace")
            )
        if process.returncode:
            text = err.decode("utf-8", "replace").strip() or out.decode("utf-8", "replace").strip()
            raise ProviderError("HelmFailed", text, operation=f"helm {words[0]}")
        return out.decode("utf-8", "replace")

    async def find(self, name: str, namespace: str) -> Release | None:
        """The release of that name, in whatever state."""
        try:
            answer = json.loads(await self._run("status", name, "--namespace", namespace, "--output", "json"))
        except ProviderError as error:
            if "not found" in error.message:
                return None
            raise
        except ValueError as error:
            raise ProviderError(
                "BadAnswer", "helm status printed no JSON", operation="helm status"
            ) from error
        chart = (answer.get("chart") or {}).get("metadata") or {}
        return Release(
            str(answer.get("name", name)),
            str(answer.get("namespace", namespace)),
            str((answer.get("info") or {}).get("status", "")),
            f"{chart.get('name', '')}-{chart.get('version', '')}" if chart else "",
        )

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
        """Install, or upgrade a release that exists to the same. One that was cut off half-way is removed first: helm
        would refuse every further operation on it."""
        if status is None:
            release = await self.find(name, namespace)
            status = release.status if release is not None else ""
        if status in PENDING:
            await self.uninstall(name, namespace)
        where = ("--repo", repo) if repo else ()
        which = ("--version", version) if version else ()
        await self._run(
            "upgrade", name, chart, "--install", "--namespace", namespace, "--create-namespace",
            "--values", str(values), *where, *which,
        )  # fmt: skip

    async def uninstall(self, name: str, namespace: str) -> None:
        """Remove; nothing is said where it is gone already."""
        await self._run("uninstall", name, "--namespace", namespace, "--ignore-not-found")

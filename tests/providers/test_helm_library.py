"""Helm without a helm program: when it is taken, and how what the library does becomes what a run expects."""

import asyncio
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from byocni_tui.errors import UserError
from byocni_tui.providers import helm, helm_library
from byocni_tui.providers.errors import ProviderError
from byocni_tui.providers.helm_library import HelmLibrary


class HelmError(Exception):
    pass


class HelmNotFoundError(HelmError):
    pass


class HelmContext:
    """A cancellation token, as the library's."""

    def __init__(self) -> None:
        self.cancelled = threading.Event()

    def cancel(self) -> None:
        self.cancelled.set()


class Library(ModuleType):
    """What the adaptor uses of the library: releases in a table, and what was asked for."""

    def __init__(self) -> None:
        super().__init__(helm_library.MODULE)
        self.HelmError, self.HelmNotFoundError, self.HelmContext = HelmError, HelmNotFoundError, HelmContext
        self.releases: dict[str, str] = {}
        self.asked: list[str] = []
        self.options: dict[str, Any] = {}
        self.values: dict[str, Any] = {}
        self.refusal = ""
        self.hangs = False

    def Config(self, **options: Any) -> "Library":  # noqa: N802 the library's name
        self.options = options
        return self

    def __enter__(self) -> "Library":
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def status(self, name: str) -> dict[str, Any]:
        self.asked.append("status")
        if name not in self.releases:
            raise HelmNotFoundError("release: not found")
        return {"name": name, "namespace": "kube-system", "status": self.releases[name], "chart_name": name}

    def _send(
        self, verb: str, name: str, values: dict[str, Any], context: HelmContext, **options: Any
    ) -> dict[str, Any]:
        self.asked.append(verb)
        self.values = values
        if self.hangs:
            context.cancelled.wait()
            raise HelmError("the operation was cancelled")
        if self.refusal:
            raise HelmError(self.refusal)
        self.releases[name] = "deployed"
        return {"status": "deployed"}

    def install(self, chart: str, name: str, values: dict[str, Any], **options: Any) -> dict[str, Any]:
        return self._send("install", name, values, **options)

    def upgrade(self, chart: str, name: str, values: dict[str, Any], **options: Any) -> dict[str, Any]:
        return self._send("upgrade", name, values, **options)

    def uninstall(self, name: str) -> None:
        self.asked.append("uninstall")
        if name not in self.releases:
            raise HelmNotFoundError("release: not found")
        del self.releases[name]


@pytest.fixture
def library(monkeypatch: pytest.MonkeyPatch) -> Iterator[Library]:
    found = Library()
    monkeypatch.setitem(sys.modules, helm_library.MODULE, found)
    return found


@pytest.fixture
def values(tmp_path: Path) -> Path:
    path = tmp_path / "values.yaml"
    path.write_text("aksbyocni: {enabled: true}\n")
    return path


async def install(client: HelmLibrary, values: Path) -> None:
    await client.install("cilium", "kube-system", "cilium", "https://helm.cilium.io", "1.19.9", values)


def bare(tmp_path: Path) -> dict[str, str]:
    """An environment in which there is no helm program."""
    return {"PATH": str(tmp_path / "empty"), "BYOCNI_CLIENTS": str(tmp_path / "none")}


async def test_the_program_comes_first_then_the_library_then_a_message(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, values: Path
) -> None:
    program = tmp_path / "none" / "bin" / "helm"
    program.parent.mkdir(parents=True)
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    environ = bare(tmp_path)
    monkeypatch.setattr(helm_library, "installed", lambda: True)
    assert isinstance(helm.client(tmp_path / "kc", tmp_path, environ=environ), helm.HelmProgram)
    program.unlink()
    assert isinstance(helm.client(tmp_path / "kc", tmp_path, environ=environ), HelmLibrary)
    assert helm.available(environ)
    monkeypatch.setattr(helm_library, "installed", lambda: False)
    assert not helm.available(environ)
    nobody = helm.client(tmp_path / "kc", tmp_path, environ=environ)
    with pytest.raises(UserError) as caught:
        await nobody.install("cilium", "kube-system", "cilium", None, None, values, status="")
    assert caught.value.key == "no_helm"


async def test_it_installs_what_is_not_there_and_upgrades_what_is(
    tmp_path: Path, library: Library, values: Path
) -> None:
    client = HelmLibrary(tmp_path / "kubeconfig")
    await install(client, values)
    assert library.asked == ["status", "install"]
    assert library.values == {"aksbyocni": {"enabled": True}}
    # Whatever HELM_DRIVER or KUBECONFIG say.
    assert library.options["kubeconfig_path"] == tmp_path / "kubeconfig"
    assert library.options["storage_driver"] == "secret"
    await install(client, values)
    assert library.asked[2:] == ["status", "upgrade"]
    found = await client.find("cilium", "kube-system")
    assert found is not None
    assert found.status == "deployed"


async def test_a_release_that_was_cut_off_is_removed_first(
    tmp_path: Path, library: Library, values: Path
) -> None:
    library.releases["cilium"] = "pending-install"
    await install(HelmLibrary(tmp_path / "kubeconfig"), values)
    assert library.asked == ["status", "uninstall", "install"]


async def test_what_is_not_there_is_removed_without_a_word(tmp_path: Path, library: Library) -> None:
    await HelmLibrary(tmp_path / "kubeconfig").uninstall("cilium", "kube-system")
    assert library.asked == ["uninstall"]


async def test_helm_s_own_words_are_kept(tmp_path: Path, library: Library, values: Path) -> None:
    library.refusal = "execution error: RoutingMode must be set to tunnel when aksbyocni.enabled=true"
    with pytest.raises(ProviderError) as caught:
        await install(HelmLibrary(tmp_path / "kubeconfig"), values)
    assert (caught.value.code, caught.value.message) == ("HelmFailed", library.refusal)


async def test_who_leaves_takes_the_operation_back(tmp_path: Path, library: Library, values: Path) -> None:
    library.hangs = True
    task = asyncio.ensure_future(install(HelmLibrary(tmp_path / "kubeconfig"), values))
    while "install" not in library.asked:  # noqa: ASYNC110 another thread writes it
        await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert library.releases == {}


async def test_one_that_says_nothing_ends_in_time(
    tmp_path: Path, library: Library, values: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    library.hangs = True
    monkeypatch.setattr(helm_library, "LIMIT", 0.1)
    with pytest.raises(ProviderError) as caught:
        await HelmLibrary(tmp_path / "kubeconfig").install(
            "cilium", "kube-system", "cilium", None, None, values, status=""
        )
    assert caught.value.code == "TimedOut"

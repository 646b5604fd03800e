"""Helm as a program: its own folders, no proxies of ours, what an interrupted installation needs."""

import json
import os
from pathlib import Path

import pytest

from byocni_tui.errors import UserError
from byocni_tui.providers.errors import ProviderError
from byocni_tui.providers.helm import HelmProgram, find_helm

SCRIPT = """#!/bin/sh
echo "$*" >> {log}
env | grep -E '^(HELM_|KUBECONFIG)' | sort > {log}.env
case "$1" in
status) {status} ;;
upgrade) {upgrade} ;;
esac
"""


def program(tmp_path: Path, status: str, upgrade: str = "true") -> tuple[HelmProgram, Path]:
    """A helm that writes down how it was called."""
    log = tmp_path / "log"
    script = tmp_path / "bin" / "helm"
    script.parent.mkdir()
    script.write_text(SCRIPT.format(log=log, status=status, upgrade=upgrade))
    script.chmod(0o755)
    environ = {"PATH": f"{script.parent}:/usr/bin:/bin", "HELM_DRIVER": "sql", "KUBECONFIG": "/the/user/s"}
    return HelmProgram(tmp_path / "kubeconfig", tmp_path / "home", environ=environ), log


NOT_FOUND = 'echo "Error: release: not found" >&2; exit 1'


def status(word: str) -> str:
    """How ``helm status -o json`` answers."""
    answer = {"name": "cilium", "namespace": "kube-system", "info": {"status": word}}
    return f"echo '{json.dumps(answer)}'"


async def test_an_installation_uses_folders_of_its_own(tmp_path: Path) -> None:
    helm, log = program(tmp_path, NOT_FOUND)
    await helm.install(
        "cilium", "kube-system", "cilium", "https://helm.cilium.io", "1.19.9", tmp_path / "v.yaml"
    )
    words = log.read_text().splitlines()[-1]
    assert words.startswith("upgrade cilium cilium --install --namespace kube-system")
    assert "--repo https://helm.cilium.io --version 1.19.9" in words
    environment = dict(line.split("=", 1) for line in log.with_suffix(".env").read_text().splitlines())
    assert environment["KUBECONFIG"] == str(tmp_path / "kubeconfig")
    assert "HELM_DRIVER" not in environment
    assert environment["HELM_CACHE_HOME"].startswith(str(tmp_path / "home"))


async def test_a_release_that_was_cut_off_is_removed_first(tmp_path: Path) -> None:
    helm, log = program(tmp_path, status("pending-install"))
    await helm.install("cilium", "kube-system", "cilium", None, None, tmp_path / "v.yaml")
    assert [line.split()[0] for line in log.read_text().splitlines()] == ["status", "uninstall", "upgrade"]


async def test_a_release_that_stands_is_upgraded_in_place(tmp_path: Path) -> None:
    helm, log = program(tmp_path, status("deployed"))
    await helm.install("cilium", "kube-system", "cilium", None, None, tmp_path / "v.yaml")
    assert [line.split()[0] for line in log.read_text().splitlines()] == ["status", "upgrade"]


async def test_helm_s_own_words_are_kept(tmp_path: Path) -> None:
    words = "Error: execution error: RoutingMode must be set to tunnel when aksbyocni.enabled=true"
    helm, _ = program(tmp_path, NOT_FOUND, f'echo "{words}" >&2; exit 1')
    with pytest.raises(ProviderError) as caught:
        await helm.install("cilium", "kube-system", "cilium", None, None, tmp_path / "v.yaml")
    assert caught.value.code == "HelmFailed"
    assert caught.value.message == words


def test_helm_is_found_on_path_or_among_the_clients(tmp_path: Path) -> None:
    clients = tmp_path / "clients"
    (clients / "bin").mkdir(parents=True)
    environ = {"PATH": str(tmp_path / "empty"), "BYOCNI_CLIENTS": str(clients)}
    with pytest.raises(UserError) as caught:
        find_helm(environ)
    assert caught.value.key == "no_helm"
    (clients / "bin" / "helm").write_text("#!/bin/sh\n")
    os.chmod(clients / "bin" / "helm", 0o755)
    assert find_helm(environ) == clients / "bin" / "helm"

"""Adding a cluster to a kubeconfig that somebody works with."""

import stat
from pathlib import Path
from typing import Any

import pytest
import yaml

from byocni_tui.deploy.kubeconfig import default_path, merge
from byocni_tui.errors import UserError


def config(name: str, token: str = "canary-token") -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": name, "cluster": {"server": f"https://{name}.example"}}],
        "users": [{"name": f"user-{name}", "user": {"token": token}}],
        "contexts": [{"name": name, "context": {"cluster": name, "user": f"user-{name}"}}],
        "current-context": name,
    }


@pytest.fixture
def ours(tmp_path: Path) -> Path:
    path = tmp_path / "ours"
    path.write_text(yaml.safe_dump(config("new")))
    return path


def test_into_nothing_and_again(ours: Path, tmp_path: Path) -> None:
    into = tmp_path / "fresh" / "config"
    assert merge(ours, into) is None
    assert stat.S_IMODE(into.stat().st_mode) == 0o600
    first = yaml.safe_load(into.read_text())
    assert merge(ours, into) is not None, "the same once more is no conflict, and is backed up"
    assert yaml.safe_load(into.read_text()) == first


def test_another_of_the_same_name_is_left_alone(ours: Path, tmp_path: Path) -> None:
    into = tmp_path / "config"
    text = yaml.safe_dump(config("new", token="another"))
    into.write_text(text)
    with pytest.raises(UserError) as caught:
        merge(ours, into)
    assert (caught.value.key, caught.value.values["section"]) == ("kubeconfig_conflict", "users")
    assert into.read_text() == text
    assert list(tmp_path.glob("config.*")) == []


@pytest.mark.parametrize("text", ["[1, 2", "- a\n- b\n", "clusters: 7\n", "users: [{token: canary-token}]\n"])
def test_what_is_no_kubeconfig_is_named_without_its_words(ours: Path, tmp_path: Path, text: str) -> None:
    into = tmp_path / "config"
    into.write_text(text)
    with pytest.raises(UserError) as caught:
        merge(ours, into)
    assert caught.value.key == "kubeconfig_unusable"
    assert "canary" not in str(caught.value.detail)
    assert into.read_text() == text


def test_a_symbolic_link_is_not_followed(ours: Path, tmp_path: Path) -> None:
    (tmp_path / "target").write_text("")
    (tmp_path / "link").symlink_to(tmp_path / "target")
    with pytest.raises(UserError) as caught:
        merge(ours, tmp_path / "link")
    assert caught.value.key == "kubeconfig_link"
    assert (tmp_path / "target").read_text() == ""


def test_a_folder_that_can_t_be_written_changes_nothing(ours: Path) -> None:
    with pytest.raises(UserError) as caught:
        merge(ours, Path("/proc/config"))
    assert caught.value.key == "kubeconfig_unusable"


def test_where_kubectl_looks(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("KUBECONFIG", f"{tmp_path}/a:{tmp_path}/b")
    assert default_path() == tmp_path / "a"
    monkeypatch.delenv("KUBECONFIG")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert default_path() == tmp_path / ".kube" / "config"

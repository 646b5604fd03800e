"""Rendered values are accepted by Helm itself, for charts of the same shape as the real ones."""

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from export_plans import EVERYTHING, KINDS, plan

from byocni_tui.cni.values import chart_of, render
from byocni_tui.export import values
from byocni_tui.plan.model import Cni, NodePool, Plan
from byocni_tui.sandbox.kube.life.charts import repository

PLUGINS = ("cilium", "calico", "antrea")
TAINTED = NodePool(taints=("CriticalAddonsOnly=true:NoSchedule",), count=1)


@pytest.fixture(scope="session")
def helm() -> Path:
    """An unmodified helm."""
    cache = Path(os.environ.get("BYOCNI_CLIENTS") or Path.home() / ".cache" / "byocni-tui")
    path = cache / "bin" / "helm"
    if not path.exists():
        pytest.fail("helm is not installed: run `make clients`", pytrace=False)
    return path


def template(helm: Path, of: Plan, folder: Path) -> list[dict[str, Any]]:
    """What Helm makes of the exported values with the stand-in chart of the sandbox."""
    chart = chart_of(of)
    assert chart is not None
    files = repository("http://charts.example")
    archive = folder / "chart.tgz"
    served = [name for name in files if name.endswith(f"{chart.name}-{chart.version}.tgz")]
    assert served, f"the sandbox serves no chart {chart.name} {chart.version}"
    archive.write_bytes(files[served[0]])
    written = folder / "values.yaml"
    written.write_text(values.render(of), encoding="utf-8")
    command = [str(helm), "template", chart.release, str(archive), "--namespace", chart.namespace]
    done = subprocess.run(
        [*command, "--values", str(written)],
        capture_output=True,
        text=True,
        env={"HOME": str(folder), "PATH": "/usr/bin:/bin"},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return [item for item in yaml.safe_load_all(done.stdout) if item]


@pytest.mark.clients
@pytest.mark.parametrize("plugin", PLUGINS)
@pytest.mark.parametrize("registry", [None, "mirror.azurecr.cn/team"])
def test_values_of_each_plugin_render_with_its_chart(
    plugin: str, registry: str | None, helm: Path, tmp_path: Path
) -> None:
    of = plan(
        cni=Cni(plugin=plugin, registry=registry, observability=True, encryption="wireguard", mtu=1340),
        node_pools=(TAINTED,),
    )
    objects = template(helm, of, tmp_path)
    text = yaml.safe_dump_all(objects)
    assert "10.244.0.0" in text
    if registry:
        assert registry in text


@pytest.mark.clients
def test_values_of_a_plan_with_everything_render(helm: Path, tmp_path: Path) -> None:
    text = yaml.safe_dump_all(template(helm, EVERYTHING, tmp_path))
    assert "10.128.0.0/15" in text
    assert "mirror.azurecr.cn/team" in text


@pytest.mark.parametrize("of", KINDS.values(), ids=list(KINDS))
def test_the_values_file_is_yaml_with_the_rendered_values(of: Plan) -> None:
    text = values.render(of)
    read = yaml.safe_load(text) or {}
    expected = render(of)
    if of.cni.kube_proxy == "replace" and of.cni.plugin == "cilium":
        assert read.pop("k8sServicePort") == 443
        assert 'k8sServiceHost="$API_SERVER"' in text
    assert read == expected
    assert text == values.render(of)


def test_the_values_file_says_how_it_is_used() -> None:
    text = values.render(plan())
    assert "# helm upgrade --install cilium cilium/cilium \\" in text
    assert "--version 1.19.9" in text
    assert "10.0.0.0/8" in text


def test_the_values_file_says_all_that_has_to_run_before() -> None:
    text = values.render(EVERYTHING)
    for part in ("cilium-ipsec-keys", "helm repo add cilium", "API_SERVER=$(az aks show", "helm upgrade"):
        assert part in text
    assert "crd.projectcalico.org.v1" in values.render(KINDS["calico"])


def test_a_value_that_is_shared_is_written_twice() -> None:
    shared = [{"operator": "Exists"}]
    text = values.render(plan(cni=Cni(values={"a": shared, "b": shared})))
    assert "&" not in text.split("\n", 1)[1]
    assert yaml.safe_load(text)["b"] == shared

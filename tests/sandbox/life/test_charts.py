"""The chart repository: what Helm reads there."""

import io
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest
import yaml

from byocni_tui.sandbox.kube.life.charts import CHARTS, repository

BASE = "http://127.0.0.1:1/charts/x"


def test_the_index_names_every_archive_with_its_digest() -> None:
    files = repository(BASE)
    index = yaml.safe_load(files["index.yaml"])
    assert set(index["entries"]) == set(CHARTS)
    for name, versions in index["entries"].items():
        for entry in versions:
            file = entry["urls"][0].removeprefix(BASE + "/")
            with tarfile.open(fileobj=io.BytesIO(files[file])) as tar:
                chart = yaml.safe_load(tar.extractfile(f"{name}/Chart.yaml"))  # type: ignore[arg-type]
            assert (chart["name"], chart["version"]) == (name, entry["version"])
            assert "SIMULATION" in chart["description"]


def test_the_bytes_are_the_same_each_time() -> None:
    assert dict(repository(BASE)) == dict(repository(BASE))


def test_calicos_definitions_are_a_chart_of_their_own_from_3_32_on() -> None:
    files = repository(BASE)

    def has(file: str) -> bool:
        with tarfile.open(fileobj=io.BytesIO(files[file])) as tar:
            return any("/crds/" in n for n in tar.getnames())

    assert has("tigera-operator-v3.31.7.tgz")
    assert not has("tigera-operator-v3.32.2.tgz")


HELM = shutil.which("helm")


@pytest.mark.clients
@pytest.mark.skipif(HELM is None, reason="helm is not on the path")
@pytest.mark.parametrize(
    ("chart", "arguments", "expected"),
    [
        ("cilium-1.19.9", ["--set", "aksbyocni.enabled=true"], "name: cilium-operator"),
        ("tigera-operator-v3.32.2", ["--set", "installation.cni.type=Calico"], "kind: Installation"),
        ("antrea-2.6.3", ["--set", "nodeIPAM.enable=true"], "name: antrea-agent"),
        (
            "cilium-1.19.9",
            ["--set", "aksbyocni.enabled=true", "--set", "routingMode=native"],
            "RoutingMode must be set to tunnel when aksbyocni.enabled=true",
        ),
    ],
)
def test_helm_renders_them(tmp_path: Path, chart: str, arguments: list[str], expected: str) -> None:
    archive = tmp_path / "chart.tgz"
    archive.write_bytes(repository(BASE)[f"{chart}.tgz"])
    assert HELM is not None
    done = subprocess.run(
        [HELM, "template", "x", str(archive), *arguments], capture_output=True, text=True, check=False
    )
    assert expected in done.stdout + done.stderr

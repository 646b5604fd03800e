"""The record of a helm release where there is no helm program: by Helm's library, which the extra ``helm`` brings."""

import base64
import importlib
import importlib.util
import tarfile
from pathlib import Path
from typing import Any, Final

MODULE: Final = "helm_python"
_NOWHERE: Final = "apiVersion: v1\nkind: Config\n"


def installed() -> bool:
    """Whether the extra is there; doesn't load it."""
    return importlib.util.find_spec(MODULE) is not None


def record(chart: Path, release: str, namespace: str, values: dict[str, Any]) -> tuple[dict[str, Any], str]:
    """What ``helm install --dry-run=client -o json`` prints (without what helm needs for tests only), and the chart's
    CRDs. ``ValueError`` with the library's words."""
    sdk: Any = importlib.import_module(MODULE)
    try:
        with sdk.Chart.load(chart) as loaded:
            metadata, defaults = loaded.metadata, loaded.values
        with sdk.Config(kubeconfig_content=_NOWHERE, namespace=namespace, storage_driver="memory") as nowhere:
            made = nowhere.install(chart, release, values, namespace=namespace, dry_run="client")
        crds = str(sdk.show(str(chart), output_format="crds"))
    except sdk.HelmError as error:
        raise ValueError(str(error)) from error
    found: dict[str, Any] = {
        "name": release,
        "namespace": namespace,
        "version": 1,
        "info": {"notes": made.get("notes", "")},
        "chart": {
            "metadata": metadata,
            "lock": None,
            "templates": _templates(chart),
            "values": defaults,
            "schema": None,
            "files": None,
        },
        "manifest": made["manifest"],
        "apply_method": "ssa",
    }
    return found | ({"config": values} if values else {}), crds


def _templates(chart: Path) -> list[dict[str, str]]:
    """As a release keeps them: paths below the chart, contents in base64."""
    kept = []
    with tarfile.open(chart) as archive:
        for member in archive.getmembers():
            _, _, path = member.name.partition("/")
            file = archive.extractfile(member) if path.startswith("templates/") else None
            if file is not None:
                kept.append({"name": path, "data": base64.b64encode(file.read()).decode()})
    return kept

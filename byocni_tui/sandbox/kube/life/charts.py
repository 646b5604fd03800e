"""The sandbox's chart repository: small charts of our own (fixtures/charts), packed as Helm packs them.

A chart folder holds one chart; ``versions.yaml`` beside its ``Chart.yaml`` lists the versions it is offered as, with
the application version and what differs in its default values. The archives are the same bytes each time.
"""

import gzip
import hashlib
import io
import tarfile
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any, Final

import yaml

_EPOCH: Final = "2026-01-01T00:00:00Z"
CHARTS: Final = ("cilium", "tigera-operator", "crd.projectcalico.org.v1", "antrea")
"""All of them are in one repository, which stands in for each plugin's own."""


def repository(base_url: str) -> Mapping[str, bytes]:
    """Every file by its path: ``index.yaml`` and the archives beside it. ``base_url`` is the address under which the
    paths are served, without a slash at the end."""
    found: dict[str, bytes] = {}
    entries: dict[str, list[dict[str, Any]]] = {}
    for chart in CHARTS:
        for version in _versions(chart):
            archive = _archive(chart, version["version"])
            file = f"{chart}-{version['version']}.tgz"
            found[file] = archive
            entry = {
                **_metadata(chart, version),
                "created": _EPOCH,
                "digest": hashlib.sha256(archive).hexdigest(),
            }
            entries.setdefault(chart, []).append({**entry, "urls": [f"{base_url}/{file}"]})
    index = {"apiVersion": "v1", "entries": entries, "generated": _EPOCH}
    found["index.yaml"] = yaml.safe_dump(index, sort_keys=False).encode()
    return found


def _folder(chart: str) -> Traversable:
    return files("byocni_tui") / "fixtures" / "charts" / chart


@cache
def _versions(chart: str) -> list[dict[str, Any]]:
    """Newest first."""
    listed: list[dict[str, Any]] = yaml.safe_load(
        (_folder(chart) / "versions.yaml").read_text(encoding="utf-8")
    )
    return listed


def _metadata(chart: str, version: dict[str, Any]) -> dict[str, Any]:
    base = yaml.safe_load((_folder(chart) / "Chart.yaml").read_text(encoding="utf-8"))
    return {**base, "version": version["version"], "appVersion": version["appVersion"]}


@cache
def _archive(chart: str, number: str) -> bytes:
    version = next(v for v in _versions(chart) if v["version"] == number)
    contents: dict[str, bytes] = {}
    _gather(_folder(chart), "", contents)
    del contents["versions.yaml"]
    contents["Chart.yaml"] = yaml.safe_dump(_metadata(chart, version), sort_keys=False).encode()
    if version.get("values"):
        values = yaml.safe_load(contents["values.yaml"])
        contents["values.yaml"] = yaml.safe_dump(_merge(values, version["values"]), sort_keys=False).encode()
    drop = tuple(version.get("without") or ())
    kept = {path: data for path, data in contents.items() if not (drop and path.startswith(drop))}
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for path in sorted(kept, key=lambda p: (p != "Chart.yaml", p)):
            entry = tarfile.TarInfo(f"{chart}/{path}")
            entry.size, entry.mode = len(kept[path]), 0o644
            tar.addfile(entry, io.BytesIO(kept[path]))
    return gzip.compress(packed.getvalue(), mtime=0)


def _gather(folder: Traversable, prefix: str, into: dict[str, bytes]) -> None:
    for entry in sorted(folder.iterdir(), key=lambda e: e.name):
        if entry.is_dir():
            _gather(entry, f"{prefix}{entry.name}/", into)
        else:
            into[prefix + entry.name] = entry.read_bytes()


def _merge(base: Any, over: Any) -> Any:
    if isinstance(base, dict) and isinstance(over, dict):
        return {**base, **{k: _merge(base.get(k), v) for k, v in over.items()}}
    return over

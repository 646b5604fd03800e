"""Objects and helm releases that a world begins with. Helm renders the sandbox's own charts, and what is stored is what
helm itself would have left, its release record included: a learner's ``helm list`` and ``helm upgrade`` go on there."""

import base64
import gzip
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import yaml

from byocni_tui.sandbox import release_library
from byocni_tui.sandbox.kube.status import ApiError

if TYPE_CHECKING:
    from byocni_tui.sandbox.kube.cluster import KubeCluster
    from byocni_tui.sandbox.scenario import Helm

_LIMIT: Final = 20.0
_GET_HELM: Final = (
    "Install it (https://helm.sh/docs/intro/install), or its library (pip install 'byocni-tui[helm]'), "
    "and try again."
)
_FIRST: Final = ("Namespace", "ServiceAccount", "Secret", "ConfigMap", "CustomResourceDefinition")
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def create(cluster: "KubeCluster", objects: Iterable[dict[str, Any]], where: str) -> None:
    """Create objects the way a client's request goes. Raises ``ValueError``."""
    for given in objects:
        obj = {**given, "metadata": dict(given.get("metadata") or {})}
        kind = cluster.registry.of_object(obj)
        if kind is None:
            raise ValueError(f"{where}: {obj.get('apiVersion')} {obj.get('kind')} is not in the sandbox")
        if kind.namespaced:
            obj["metadata"].setdefault("namespace", "default")
        try:
            cluster.admission.enter(kind, obj)
            cluster.admission.create(kind, obj)
            cluster.store.create(kind, obj)
        except (ApiError, KeyError, TypeError) as error:
            name = obj["metadata"].get("name")
            raise ValueError(f"{where}: {obj.get('kind')} {name}: {error}") from error


def patch(cluster: "KubeCluster", path: str, body: dict[str, Any], where: str) -> None:
    """Change an object by a merge patch; ``path`` as in the API. Raises ``ValueError``."""
    parts = path.strip("/").split("/")
    group = "" if parts[0] == "api" else parts[1] if len(parts) > 1 else ""
    rest = parts[2:] if parts[0] == "api" else parts[3:]
    namespace = ""
    if len(rest) == 4 and rest[0] == "namespaces":
        namespace, rest = rest[1], rest[2:]
    if len(rest) != 2:
        raise ValueError(f"{where}: {path} is no path of an object")
    resource = f"{rest[0]}.{group}" if group else rest[0]
    obj = cluster.store.get(resource, namespace, rest[1])
    if obj is None:
        raise ValueError(f"{where}: there is no {resource} {rest[1]}")
    cluster.store.update(resource, _merged(obj, body))


def _merged(base: Any, over: Any) -> Any:
    """RFC 7386: null takes away."""
    if not isinstance(over, dict):
        return over
    kept = dict(base) if isinstance(base, dict) else {}
    for key, value in over.items():
        if value is None:
            kept.pop(key, None)
        else:
            kept[key] = _merged(kept.get(key), value)
    return kept


def carry_out(cluster: "KubeCluster", release: "Helm", where: str) -> None:
    """Install a release, or uninstall it where no chart is named. Raises ``ValueError``."""
    if release.chart is None:
        _uninstall(cluster, release, where)
        return
    record, crds = _rendered(
        release.chart, release.version or "", release.release, release.namespace,
        json.dumps(release.values, sort_keys=True), where,
    )  # fmt: skip
    if cluster.store.get("namespaces", None, release.namespace) is None:
        create(
            cluster,
            [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": release.namespace}}],
            where,
        )
    objects = [obj for obj in yaml.load_all(crds, _Loader) if obj]
    objects += [_owned(obj, release) for obj in _objects(record["manifest"])]
    create(cluster, [_record(cluster, release, record), *objects], where)


def _objects(manifest: str) -> list[dict[str, Any]]:
    found = [obj for obj in yaml.load_all(manifest, _Loader) if obj]
    return sorted(found, key=lambda o: _FIRST.index(o["kind"]) if o["kind"] in _FIRST else len(_FIRST))


def _owned(obj: dict[str, Any], release: "Helm") -> dict[str, Any]:
    """With the marks by which helm knows its own."""
    metadata = dict(obj.get("metadata") or {})
    metadata["labels"] = {**(metadata.get("labels") or {}), "app.kubernetes.io/managed-by": "Helm"}
    metadata["annotations"] = {
        **(metadata.get("annotations") or {}),
        "meta.helm.sh/release-name": release.release,
        "meta.helm.sh/release-namespace": release.namespace,
    }
    return {**obj, "metadata": metadata}


def _record(cluster: "KubeCluster", release: "Helm", record: dict[str, Any]) -> dict[str, Any]:
    """The secret in which helm remembers a release."""
    shown = cluster.clock.shown(cluster.clock.now())
    info = {
        **record["info"],
        "first_deployed": shown,
        "last_deployed": shown,
        "status": "deployed",
        "description": "Install complete",
    }
    text = json.dumps({**record, "info": info}).encode()
    packed = base64.b64encode(gzip.compress(text, mtime=0)).decode()
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "type": "helm.sh/release.v1",
        "metadata": {
            "name": f"sh.helm.release.v1.{release.release}.v1",
            "namespace": release.namespace,
            "labels": {"name": release.release, "owner": "helm", "status": "deployed", "version": "1"},
        },
        "data": {"release": base64.b64encode(packed.encode()).decode()},
    }


def _uninstall(cluster: "KubeCluster", release: "Helm", where: str) -> None:
    name = f"sh.helm.release.v1.{release.release}.v1"
    secret = cluster.store.get("secrets", release.namespace, name)
    if secret is None:
        raise ValueError(f"{where}: there is no release {release.release} in {release.namespace}")
    packed = base64.b64decode(base64.b64decode(secret["data"]["release"]))
    record = json.loads(gzip.decompress(packed))
    for obj in reversed(_objects(record["manifest"])):
        kind = cluster.registry.of_object(obj)
        if kind is None:
            continue
        namespace = (obj["metadata"].get("namespace") or release.namespace) if kind.namespaced else ""
        if cluster.store.get(kind.storage, namespace, obj["metadata"]["name"]) is not None:
            cluster.store.delete(kind.storage, namespace, obj["metadata"]["name"])
    cluster.store.delete("secrets", release.namespace, name)


@cache
def _rendered(
    chart: str, version: str, release: str, namespace: str, values: str, where: str
) -> tuple[dict[str, Any], str]:
    """Helm's own record of a release, and the chart's CRDs. One rendering serves a whole class."""
    from byocni_tui.sandbox.kube.life.charts import repository

    charts = repository("http://localhost")
    fit = [n for n in charts if n.startswith(f"{chart}-{version}") and n.endswith(".tgz")]
    if not fit:
        raise ValueError(f"{where}: the sandbox has no chart {chart} {version}".rstrip())
    with tempfile.TemporaryDirectory(prefix="byocni-world-") as name:
        folder = Path(name)
        file = folder / "chart.tgz"
        file.write_bytes(charts[fit[0]])
        if program() is None and release_library.installed():
            try:
                return release_library.record(file, release, namespace, json.loads(values))
            except ValueError as error:
                raise ValueError(f"{where}: helm: {error}") from error
        (folder / "values.yaml").write_text(values, encoding="utf-8")  # JSON is YAML
        words = ["--namespace", namespace, "--values", str(folder / "values.yaml")]
        text = _helm(["install", release, str(file), *words, "--dry-run=client", "-o", "json"], folder, where)
        crds = _helm(["show", "crds", str(file)], folder, where)
    try:
        record: dict[str, Any] = json.loads(text)
    except ValueError as error:
        raise ValueError(f"{where}: helm printed no JSON: {text[:200]}") from error
    return record, crds


def program() -> str | None:
    """Helm on PATH, else in the clients' folder."""
    own = Path(os.environ.get("BYOCNI_CLIENTS") or "~/.cache/byocni-tui").expanduser() / "bin"
    return shutil.which("helm") or shutil.which("helm", path=str(own))


def _helm(words: list[str], folder: Path, where: str) -> str:
    helm = program()
    if helm is None:
        raise ValueError(
            f"{where}: this world begins with a helm release, and there is no helm here. {_GET_HELM}"
        )
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("HELM_", "KUBE"))}
    folders = {f"HELM_{kind}_HOME": str(folder / kind.lower()) for kind in ("CACHE", "CONFIG", "DATA")}
    try:
        done = subprocess.run(
            [helm, *words], env={**kept, **folders, "KUBECONFIG": str(folder / "none")}, stdin=subprocess.DEVNULL,
            capture_output=True, text=True, timeout=_LIMIT, check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ValueError(f"{where}: helm: {error}") from error
    if done.returncode:
        raise ValueError(f"{where}: helm: {done.stderr.strip()[-600:]}")
    return done.stdout

"""Adds a run's kubeconfig to another one, as ``az aks get-credentials`` does: only where the user asked for it."""

import os
import tempfile
import time
from pathlib import Path
from typing import Any, Final

import yaml

from byocni_tui.errors import UserError

_SECTIONS: Final = ("clusters", "users", "contexts")


def default_path() -> Path:
    """Where kubectl would look: the first of ``KUBECONFIG``, else ``~/.kube/config``."""
    first = os.environ.get("KUBECONFIG", "").split(os.pathsep)[0]
    return Path(first).expanduser() if first else Path("~/.kube/config").expanduser()


def merge(ours: Path, into: Path) -> Path | None:
    """Put what ``ours`` holds into ``into``, and make it the current context. The file is replaced whole, readable by
    its owner only; what it held before is kept beside it (returned; None where there was nothing).

    UserError where ``into`` is a symbolic link, can't be read or written, or has another object of the same name.
    """
    if into.is_symlink():
        raise UserError("kubeconfig_link", path=str(into))
    new = _read(ours)
    try:
        exists = into.exists()
    except OSError as error:
        raise UserError("kubeconfig_unusable", path=str(into), detail=str(error)) from error
    old: dict[str, Any] = _read(into) if exists else {"apiVersion": "v1", "kind": "Config", "preferences": {}}
    merged: dict[str, Any] = dict(old)
    for section in _SECTIONS:
        merged[section] = _joined(section, old.get(section) or [], new.get(section) or [], into)
    merged["current-context"] = new.get("current-context", "")
    try:
        into.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        kept = _backup(into) if exists else None
        _write(into, yaml.safe_dump(merged, sort_keys=False))
    except OSError as error:
        raise UserError("kubeconfig_unusable", path=str(into), detail=str(error)) from error
    return kept


def _read(path: Path) -> dict[str, Any]:
    try:
        value = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        # A YAML error quotes the line, which may hold a token: only its kind is told.
        told = str(error) if isinstance(error, OSError) else type(error).__name__
        raise UserError("kubeconfig_unusable", path=str(path), detail=told) from error
    if value is None:
        return {}
    if not isinstance(value, dict) or not all(_listing(value.get(section)) for section in _SECTIONS):
        raise UserError("kubeconfig_unusable", path=str(path))
    return value


def _listing(value: Any) -> bool:
    return value is None or (
        isinstance(value, list) and all(isinstance(item, dict) and "name" in item for item in value)
    )


def _joined(section: str, old: list[Any], new: list[Any], where: Path) -> list[Any]:
    known = {item["name"]: item for item in old}
    for item in new:
        before = known.get(item["name"])
        if before is not None and before != item:
            raise UserError("kubeconfig_conflict", path=str(where), section=section, name=item["name"])
        known[item["name"]] = item
    return list(known.values())


def _backup(path: Path) -> Path:
    kept = path.with_name(f"{path.name}.{time.strftime('%Y%m%d-%H%M%S')}.bak")
    descriptor = os.open(kept, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(path.read_bytes())
    return kept


def _write(path: Path, text: str) -> None:
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise

"""The plugins on offer, and those that are known and refused: read from ``data/<id>.yaml`` when first asked for."""

from functools import cache
from pathlib import Path
from typing import Any, Final

import msgspec

from byocni_tui.cni.model import Plugin, Version

DATA: Final = Path(__file__).parent / "data"


def version_key(text: str) -> tuple[int, ...]:
    """``1.19.9`` and ``v1.19.9-rc.1`` as numbers to compare; parts that are not numbers end it."""
    numbers: list[int] = []
    for part in text.strip().removeprefix("v").split("."):
        digits = part[: len(part) - len(part.lstrip("0123456789"))]
        if not digits:
            break
        # A version has no numbers of nine digits, and Python refuses to read one of thousands.
        numbers.append(int(digits[:9]))
        if digits != part:
            break
    return tuple(numbers)


def minor_in(kubernetes: str, low: str, high: str | None) -> bool:
    """Whether a Kubernetes version (``1.35``, ``1.35.6``) is within two minors, both included."""
    minor = version_key(kubernetes)[:2]
    return version_key(low) <= minor and (high is None or minor <= version_key(high))


class Catalogue:
    """A folder of data files, one a plugin; a file is read once."""

    def __init__(self, folder: Path = DATA) -> None:
        self._folder = folder
        self._read: dict[str, Plugin] = {}
        self._ids: tuple[str, ...] | None = None

    def ids(self) -> tuple[str, ...]:
        """All ids, offered or not, by name of file."""
        if self._ids is None:
            self._ids = tuple(sorted(path.stem for path in self._folder.glob("*.yaml")))
        return self._ids

    def plugin(self, plugin_id: str) -> Plugin | None:
        """The plugin of that id, or None; never a path: only ids that are listed are looked up."""
        found = self._read.get(plugin_id)
        if found is not None:
            return found
        if plugin_id not in self.ids():
            return None
        import yaml

        # libyaml reads the catalogue about ten times faster; a wheel without it still works.
        loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        path = self._folder / f"{plugin_id}.yaml"
        raw = yaml.load(path.read_text(encoding="utf-8"), loader)  # noqa: S506 the loader is one of the safe ones
        try:
            found = msgspec.convert(raw, Plugin)
        except msgspec.ValidationError as error:
            raise ValueError(f"{path.name}: {error}") from error
        if found.id != plugin_id:
            raise ValueError(f"{path.name}: id is {found.id!r}, must be {plugin_id!r}")
        self._read[plugin_id] = found
        return found

    def plugins(self) -> tuple[Plugin, ...]:
        """All of them in the order of the comparison: offered ones first."""
        found = [plugin for name in self.ids() if (plugin := self.plugin(name)) is not None]
        return tuple(sorted(found, key=lambda plugin: (not plugin.offered, plugin.order, plugin.id)))


@cache
def catalogue() -> Catalogue:
    """The one that comes with the program."""
    return Catalogue()


def plugins() -> tuple[Plugin, ...]:
    """All plugins that the program knows, offered ones first."""
    return catalogue().plugins()


def plugin(plugin_id: str) -> Plugin | None:
    """The plugin of that id, or None."""
    return catalogue().plugin(plugin_id)


def default_version(of: Plugin, kubernetes: str | None = None) -> Version | None:
    """The version that the catalogue takes for a Kubernetes version (``1.35``, ``1.35.6`` or None: unknown): the first
    whose ``default_for`` holds it, else the first that is a default for anything; None where there are no versions."""
    candidates = [version for version in of.versions if version.default_for is not None]
    if kubernetes:
        for version in candidates:
            span = version.default_for
            if span is not None and minor_in(kubernetes, span.min, span.max):
                return version
    return next(iter(candidates or of.versions), None)


def find_version(of: Plugin, text: str) -> Version | None:
    """The offered version that is meant by ``text`` (a leading ``v`` is forgiven), or None."""
    wanted = text.strip().removeprefix("v")
    return next((version for version in of.versions if version.version == wanted), None)

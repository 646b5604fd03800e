"""What an installation weighs without extras: the files of the program and of every distribution that it needs."""

import re
from collections.abc import Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

PACKAGE = Path(__file__).parents[1] / "byocni_tui"
MIB = 2**20


def closure(name: str) -> dict[str, Distribution]:
    """The distributions that ``name`` needs here, without extras; markers of other platforms left out."""
    found: dict[str, Distribution] = {}
    waiting = [name]
    while waiting:
        wanted = re.sub(r"[-_.]+", "-", waiting.pop()).lower()
        if wanted in found:
            continue
        try:
            one = found[wanted] = distribution(wanted)
        except PackageNotFoundError:
            # Needed on another platform or Python only.
            continue
        for line in one.requires or ():
            words, _, marker = line.partition(";")
            if "extra" not in marker:
                waiting.append(re.split(r"[^A-Za-z0-9._-]", words.strip(), maxsplit=1)[0])
    return found


def weight(one: Distribution) -> int:
    """Bytes of its files, compiled ones left out."""
    sizes = 0
    for file in one.files or ():
        path = Path(str(one.locate_file(file)))
        if path.suffix != ".pyc" and path.is_file():
            sizes += path.stat().st_size
    return sizes


def figures(figure: Any) -> Iterator[Any]:
    """Stated, without a budget."""
    needed = closure("byocni-tui")
    needed.pop("byocni-tui", None)
    files = [path for path in PACKAGE.rglob("*") if path.is_file() and path.suffix != ".pyc"]
    kept = [path for path in files if not any(part[0] == "." for part in path.relative_to(PACKAGE).parts)]
    own = sum(path.stat().st_size for path in kept)
    sizes = {name: weight(one) for name, one in needed.items()}
    heavy = sorted(sizes, key=lambda name: -sizes[name])[:5]
    note = ", ".join(f"{name} {sizes[name] / MIB:.0f} MiB" for name in heavy)
    yield figure("the program itself, installed", own / MIB, None, "MiB")
    yield figure("all that it needs, without extras", sum(sizes.values()) / MIB, None, "MiB", note)
    yield figure("distributions that it needs", len(sizes), None, "")

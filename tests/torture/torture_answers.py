"""The answers file that runs of this folder carry out."""

from pathlib import Path

ANSWERS = """\
version: 1
cloud: AzureCloud
subscription: 00000000-0000-0000-0000-000000000000
region: westeurope
resource_group: {name: rg}
cluster: {name: c1}
acknowledge_support_boundary: true
"""
WORDS = ("--simulate", "--scenario", "public", "--speed", "max", "--yes")


def written(folder: Path) -> Path:
    """The file, in ``folder``."""
    path = folder / "answers.yaml"
    path.write_text(ANSWERS, encoding="utf-8")
    return path

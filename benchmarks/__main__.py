"""``make bench``: every figure next to what it is compared with, in one run, as a ratio with its budget.

Absolute times only inform; machines differ. A line that misses its budget is marked, and the exit status is 1.
"""

import importlib
import platform
import sys
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

SUITES = ("startup", "rules")


@dataclass(frozen=True)
class Figure:
    """One line: ``value`` must be at most (``at_least``: at least) ``budget``, both in ``unit``."""

    what: str
    value: float
    budget: float
    unit: str
    note: str = ""
    at_least: bool = False

    @property
    def met(self) -> bool:
        return self.value >= self.budget if self.at_least else self.value <= self.budget


def main() -> int:
    chosen = sys.argv[1:] or SUITES
    print(f"{platform.platform()}, Python {platform.python_version()}\n")
    missed = 0
    for name in chosen:
        for figure in importlib.import_module(name).figures(Figure):
            mark = "ok    " if figure.met else "MISSED"
            sign = ">=" if figure.at_least else "<="
            print(
                f"{mark} {figure.what:58} {figure.value:9.2f} {figure.unit:3} {sign} {figure.budget:g}"
                f"   {figure.note}",
                flush=True,
            )
            missed += not figure.met
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())

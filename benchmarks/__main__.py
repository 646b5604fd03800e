"""``python -m benchmarks [SUITE…] [--write FOLDER]``: measure, print, and write the page.

A line that misses its budget, or could not be measured, is marked, and the exit status is 1.
"""

import argparse
import importlib
import pkgutil
import sys
import time
import traceback
from pathlib import Path

import benchmarks
from benchmarks.figure import Figure
from benchmarks.report import Result, machine, write

LAST = ("wizard", "kubernetes", "arm", "training")
"""Suites that load the machine most go last."""


def suites() -> list[str]:
    """Every module here that measures something."""
    names = [item.name for item in pkgutil.iter_modules(benchmarks.__path__) if not item.name.startswith("_")]
    found = [name for name in names if hasattr(importlib.import_module(f"benchmarks.{name}"), "figures")]
    return sorted(found, key=lambda name: (name in LAST, name))


def measure(name: str) -> Result:
    """One suite; what goes wrong in it is a line of the result, and the other suites go on."""
    figures: list[Figure] = []
    begin, problem = time.perf_counter(), ""
    print(f"-- {name}", flush=True)
    try:
        for figure in importlib.import_module(f"benchmarks.{name}").figures(Figure):
            figures.append(figure)
            print(line(figure), flush=True)
    except (Exception, SystemExit) as error:  # noqa: BLE001 whatever breaks in a suite is a line of the result
        problem = f"{type(error).__name__}: {error}".splitlines()[0][:200]
        traceback.print_exc()
    spent = time.perf_counter() - begin
    print(f"   {name}: {spent:.0f} s", flush=True)
    return Result(name, tuple(figures), problem, spent)


def line(figure: Figure) -> str:
    """A line for the terminal."""
    if figure.budget is None:
        return f"       {figure.what:58} {figure.value:9.2f} {figure.unit:5}          {figure.note}"
    mark, sign = "ok    " if figure.met else "MISSED", ">=" if figure.at_least else "<="
    return f"{mark} {figure.what:58} {figure.value:9.2f} {figure.unit:5} {sign} {figure.budget:g}   {figure.note}"


def main() -> int:
    """Measure all suites, or those that are named."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("suites", nargs="*", metavar="SUITE", help="default: all of them")
    parser.add_argument(
        "--write", type=Path, metavar="FOLDER", help="also write benchmarks.md and its translation"
    )
    parser.add_argument("--list", action="store_true", help="print the suites")
    args = parser.parse_args()
    known = suites()
    if args.list:
        print("\n".join(known))
        return 0
    if unknown := [name for name in args.suites if name not in known]:
        parser.error(f"there is no suite {', '.join(unknown)}; there are {', '.join(known)}")
    print("\n".join(f"{key}: {value}" for key, value in machine().items()) + "\n")
    results = [measure(name) for name in args.suites or known]
    if args.write:
        write(args.write, results)
    bad = sum(bool(result.problem) + sum(not one.met for one in result.figures) for result in results)
    print(f"\n{sum(len(result.figures) for result in results)} figures, {bad} missed or not measured")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())

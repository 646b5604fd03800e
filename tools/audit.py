"""``make audit``: asks whether a version that this project pins has a known vulnerability.

Every line of ``constraints.txt`` is asked for. A vulnerability fails it, and so does a package that could not be
audited: silence is no good news. It needs a way to the advisories, so it is not part of ``make check``.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

from environment import tool

PIP_AUDIT = "pip-audit==2.10.1"
PINNED = Path(__file__).parents[1] / "constraints.txt"


def audit(pinned: Path) -> list[dict[str, Any]]:
    """One entry a package: ``name``, ``version``, ``vulns``; ``skip_reason`` where nobody could tell."""
    words = ["-r", str(pinned), "--no-deps", "--disable-pip", "--format", "json", "--progress-spinner", "off"]
    done = subprocess.run(
        [tool(PIP_AUDIT) / "pip-audit", *words], capture_output=True, text=True, check=False
    )
    if not done.stdout.strip():
        raise SystemExit(f"pip-audit could not work:\n{done.stderr}")
    packages: list[dict[str, Any]] = json.loads(done.stdout)["dependencies"]
    return packages


def judge(packages: list[dict[str, Any]], count: int) -> list[str]:
    """What speaks against a release; empty if nothing does. ``count`` packages should have been looked at."""
    problems = []
    for one in packages:
        if "skip_reason" in one:
            problems.append(f"{one['name']}: not audited: {one['skip_reason']}")
        for known in one.get("vulns", ()):
            fixed = ", ".join(known.get("fix_versions") or ()) or "no version yet"
            problems.append(f"{one['name']} {one['version']}: {known['id']}, mended in {fixed}")
    if len(packages) != count:
        problems.append(f"{count} packages are pinned, {len(packages)} were looked at")
    return problems


def main() -> int:
    """Print what speaks against a release."""
    lines = PINNED.read_text(encoding="utf-8").splitlines()
    count = sum(bool(line.strip()) and not line.startswith("#") for line in lines)
    problems = judge(audit(PINNED), count)
    for problem in problems:
        print(problem)
    print(f"{count} packages, {len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())

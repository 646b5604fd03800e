"""``byocni-tui sandbox`` and ``scenarios`` as a shell meets them."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest


def run(*words: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "byocni_tui", *words],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, **env},
    )


def test_a_command_runs_inside_and_its_status_is_ours() -> None:
    done = run("sandbox", "--", "sh", "-c", 'echo "$AZURE_CONFIG_DIR|$KUBECONFIG|$IDENTITY_ENDPOINT"; exit 7')
    assert done.returncode == 7
    azure, kube, identity = done.stdout.strip().split("|")
    assert Path(azure).name == "azure"
    assert Path(kube).name == "config"
    assert identity.startswith("http://127.0.0.1:")
    assert not Path(azure).exists(), "without --state nothing is left"


def test_env_starts_one_in_the_background_and_stop_ends_it(environment: Path) -> None:
    first = run("sandbox", "--env")
    assert first.returncode == 0
    assert all(line.startswith("export ") for line in first.stdout.splitlines())
    again = run("sandbox", "--env")
    assert again.stdout == first.stdout, "the one that runs is used again"
    assert run("sandbox", "stop").returncode == 0
    gone = run("sandbox", "stop")
    assert gone.returncode == 1
    assert "no sandbox is running" in gone.stderr


def test_other_addresses_need_a_token() -> None:
    done = run("sandbox", "--host", "0.0.0.0")
    assert done.returncode == 2
    assert "--token" in done.stderr


def test_an_unknown_scenario_and_an_unknown_command() -> None:
    done = run("sandbox", "--scenario", "nope", "--", "true")
    assert done.returncode == 1
    assert "article" in done.stderr
    assert run("sandbox", "--", "no-such-program-here").returncode == 127


@pytest.mark.parametrize("ends", [signal.SIGINT, signal.SIGTERM])
def test_in_the_foreground_until_told_to_end(tmp_path: Path, ends: signal.Signals) -> None:
    words = [sys.executable, "-m", "byocni_tui", "sandbox", "--state", str(tmp_path)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        while "Ctrl-C" not in (line := process.stderr.readline()):
            assert line, "it ended by itself"
        endpoints = json.loads((tmp_path / "endpoints.json").read_text())
        process.send_signal(ends)
        process.communicate(timeout=20)
    with pytest.raises(ProcessLookupError):
        os.kill(endpoints["pid"], 0)
    assert (tmp_path / "world.json").exists()


def test_scenarios_as_json(tmp_path: Path) -> None:
    listed = json.loads(run("scenarios", "-o", "json").stdout)
    assert listed[0]["id"] == "article"
    shown = json.loads(run("scenarios", "show", "throttled", "-o", "json").stdout)
    assert shown["faults"] == ["throttle"]
    mine = tmp_path / "mine.yaml"
    assert run("scenarios", "new", str(mine)).returncode == 0
    assert run("scenarios", "new", str(mine)).returncode == 1
    assert run("scenarios", "check", str(mine)).returncode == 0
    text = mine.read_text()
    line = text[: text.index("level: 1")].count("\n") + 1
    mine.write_text(text.replace("level: 1", "level: high"))
    done = run("scenarios", "check", str(mine))
    assert done.returncode == 2
    assert f"{mine}:{line}:8" in done.stderr

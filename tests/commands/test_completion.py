"""The completion scripts, run by the shells that they are for. A shell that is not there is skipped; bash always is."""

import os
import pty
import select
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from byocni_tui import cli
from byocni_tui.cli import main
from byocni_tui.completion import words
from byocni_tui.locale import Translator
from byocni_tui.plan.model import Plan
from byocni_tui.plan.path import get

# What is typed, and what must be among the candidates; a space ends a word.
CASES = (
    ("ch", "check"),
    ("check pl", "plan.yaml"),
    ("check --sim", "--simulate"),
    ("check plan.yaml --scenario us", "usgov"),
    ("check --lang=z", "zh"),
    ("plan plan.yaml --set network.pod", "network.pod_cidr="),
    ("plan plan.yaml --set cni.plugin=ci", "cilium"),
    ("explain BYO31", "BYO312"),
    ("cni comp", "compare"),
    ("cni compare cilium ant", "antrea"),
    ("export plan.yaml --to t", "terraform"),
    ("apply plan.yaml --accept BYO709,BYO20", "BYO709,BYO208"),
    ("runs show some", "some-run"),
    ("--scenario ar", "article"),
    ("scenarios show quo", "quota-exceeded"),
    ("sandbox -- kubec", "kubectl"),
    ("record folder -- app", "apply"),
)
ZSH = {"explain BYO31": "BYO312  BYO313", "apply plan.yaml --accept BYO709,BYO20": "BYO709,BYO20"}
"""What zsh shows where there are several."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("home")
    (home / "plan.yaml").write_text("", encoding="utf-8")
    (home / "state" / "runs" / "some-run").mkdir(parents=True)
    kubectl = home / "bin" / "kubectl"
    kubectl.parent.mkdir()
    kubectl.write_text("#!/bin/sh\n", encoding="utf-8")
    kubectl.chmod(0o755)
    return home


def environment(folder: Path) -> dict[str, str]:
    return {
        "PATH": f"{folder / 'bin'}:/usr/bin:/bin",
        "HOME": str(folder),
        "BYOCNI_STATE_HOME": str(folder / "state"),
        "LC_ALL": "C.UTF-8",
        "TERM": "dumb",
    }


def script(shell: str, folder: Path, capsys: pytest.CaptureFixture[str], lang: str = "en") -> Path:
    assert main(["completion", shell, "--lang", lang]) == 0
    path = folder / f"completion.{shell}"
    path.write_text(capsys.readouterr().out, encoding="utf-8")
    return path


def needs(shell: str) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")


def test_bash(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As bash calls it: ``=`` is a word of its own."""
    source = script("bash", folder, capsys)
    asked = "\n".join(
        "ask byocni-tui " + " ".join(f"'{word}'" for word in typed.replace("=", " = ").split(" "))
        for typed, _ in CASES
    )
    text = f"""
        source '{source}'
        ask() {{ COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=(); _byocni_tui; echo "${{COMPREPLY[*]}}"; }}
        {asked}
    """
    done = subprocess.run(
        ["bash", "--norc", "-c", text],
        cwd=folder,
        env=environment(folder),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stderr == ""
    lines = done.stdout.splitlines()
    for (typed, wanted), line in zip(CASES, lines, strict=True):
        assert wanted in line.split(), typed


def test_fish(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    needs("fish")
    source = script("fish", folder, capsys)
    asked = "\n".join(f"complete -C 'byocni-tui {typed}'; echo ==" for typed, _ in CASES)
    done = subprocess.run(
        ["fish", "--no-config", "-c", f"source '{source}'\n{asked}"],
        cwd=folder,
        env=environment(folder),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stderr == ""
    answers = done.stdout.split("==\n")[:-1]
    for (typed, wanted), answer in zip(CASES, answers, strict=True):
        found = [line.partition("\t")[0] for line in answer.splitlines()]
        assert any(word.endswith(wanted) for word in found), typed


class Terminal:
    """An interactive zsh behind a pseudo-terminal."""

    def __init__(self, folder: Path) -> None:
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.chdir(folder)
            os.execve(shutil.which("zsh") or "zsh", ["zsh", "-f", "-i"], environment(folder))

    def send(self, text: str) -> None:
        os.write(self.fd, text.encode())

    def until(self, wanted: str, seconds: float = 20) -> str:
        """What was printed until ``wanted`` was; all of it where that never comes."""
        seen, end = b"", time.monotonic() + seconds
        while wanted.encode() not in seen and time.monotonic() < end:
            if select.select([self.fd], [], [], 0.1)[0]:
                seen += os.read(self.fd, 65536)
        return seen.decode(errors="replace")

    def close(self) -> None:
        os.close(self.fd)
        os.waitpid(self.pid, 0)


@pytest.fixture
def zsh(folder: Path) -> Iterator[Terminal]:
    needs("zsh")
    terminal = Terminal(folder)
    yield terminal
    terminal.close()


def test_zsh(zsh: Terminal, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = script("zsh", folder, capsys)
    zsh.send(
        "stty cols 200; PS1='> '; unsetopt zle_bracketed_paste beep; setopt noalwayslastprompt\n"
        f"autoload -Uz compinit; compinit -u -D; source '{source}'; echo rea''dy\n"
    )
    assert "ready" in zsh.until("ready")
    for typed, wanted in CASES:
        shown = ZSH.get(typed, wanted)
        zsh.send(f"byocni-tui {typed}\t")
        assert shown in zsh.until(shown), typed
        zsh.send("\x15")


def test_scripts_are_in_the_language_that_was_asked_for(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for shell in ("zsh", "fish"):
        text = script(shell, folder, capsys, "zh").read_text(encoding="utf-8")
        assert Translator("zh")("cli.check.help") in text


def test_every_command_option_and_field_can_be_completed() -> None:
    known = {command.name: command for command in words.commands(Translator("en"))}
    assert tuple(known) == cli.COMMANDS
    assert "--accept" in {flag for option in known["apply"].options for flag in option.flags}
    for path in words.paths():
        get(Plan(), path)


def test_an_unknown_shell_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", "powershell"]) == 2
    assert main(["completion"]) == 2
    assert "bash" in capsys.readouterr().err

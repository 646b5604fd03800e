"""What scripts and people rely on at the command line, whatever the command."""

import subprocess
import sys

import pytest

from byocni_tui import __version__
from byocni_tui.cli import COMMANDS, main

HEAVY = ("textual", "azure", "kubernetes", "aiohttp", "ruamel", "cryptography")


@pytest.mark.parametrize("command", [name for name in COMMANDS if name != "wizard"])
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_each_command_explains_itself_in_both_languages(
    command: str, lang: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([command, "--help", "--lang", lang]) == 0
    out = capsys.readouterr().out
    assert f"byocni-tui {command}" in out
    assert f"cli.{command}" not in out, "a text is missing"
    assert ("显示帮助并退出" in out) is (lang == "zh")


def test_help_lists_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    out = capsys.readouterr().out
    assert all(f"  {name} " in out for name in COMMANDS if name != "wizard")
    assert "cli." not in out


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"byocni-tui {__version__}\n"


def test_a_misspelt_command_is_answered_with_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["chekc"]) == 2
    assert "Did you mean 'check'?" in capsys.readouterr().err


def test_an_unknown_option_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--frobnicate", "x"]) == 2
    assert "--frobnicate" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words",
    [["--version"], ["--help"], ["explain", "BYO203"], ["explain"], ["check", "--help"], ["apply", "--help"]],
    ids=" ".join,
)
def test_light_commands_stay_light(words: list[str]) -> None:
    """They must answer before a heavy library could even be imported (budgets: at most half of `az version`)."""
    script = (
        "import sys; from byocni_tui.cli import main; main(sys.argv[1:]);"
        f"print([m for m in {HEAVY!r} if m in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", script, *words], capture_output=True, text=True, check=True)
    assert done.stderr.strip().splitlines()[-1] == "[]"

"""``byocni-tui record DIR -- COMMAND``: runs a command of this program and keeps what Azure and Kubernetes answered."""

import argparse
import importlib
import os
import re
from pathlib import Path
from typing import Any, Final

from byocni_tui.console import Console
from byocni_tui.errors import EXIT_DONE, EXIT_FAILED, EXIT_USAGE, UserError
from byocni_tui.locale import Translator

RECORDED: Final = ("apply", "check", "verify", "doctor", "runs", "destroy")
"""Commands that talk to a cloud or a cluster."""

COMMAND: Final = "command.json"
ANSWERS: Final = "answers.yaml"
_SECRET_NAMES: Final = re.compile(r"SECRET|PASSWORD|PASSWD|TOKEN|CREDENTIAL|_KEY$|KUBETOKEN", re.IGNORECASE)


def configure(parser: argparse.ArgumentParser, tr: Translator) -> None:
    """Arguments of ``record``."""
    parser.add_argument("folder", metavar="DIR", type=Path, help=tr("cli.record.folder"))
    parser.add_argument(
        "words", metavar="-- COMMAND …", nargs=argparse.REMAINDER, help=tr("cli.record.words")
    )


def run(args: argparse.Namespace, console: Console) -> int:
    """Run it, scan what was written, say what is there. The command's own exit status, 1 where a secret was found."""
    from byocni_tui.providers.recorder import Recorder, recording

    words = [word for index, word in enumerate(args.words) if not (index == 0 and word == "--")]
    if not words or words[0] not in RECORDED:
        raise UserError("record_command", exit_code=EXIT_USAGE, known=", ".join(RECORDED))
    name, rest = words[0], words[1:]
    inner_args = _parsed(name, rest, console)
    if inner_args is None:
        return EXIT_DONE
    inner = Console(
        console.tr, json_output=getattr(inner_args, "output", "text") == "json", ascii_only=console.ascii_only
    )
    folder: Path = args.folder
    _made(folder)
    console.say(console.tr("cli.record.begins", folder=str(folder)))
    try:
        with recording(Recorder(folder, _secrets())) as recorder:
            try:
                status: int = importlib.import_module(f"byocni_tui.commands.{name}").run(inner_args, inner)
            finally:
                _about(folder, name, inner_args, recorder.redactor)
    except OSError as error:
        raise UserError("file_not_writable", where=str(folder), detail=str(error)) from error
    found = scan(folder, recorder.redactor.secrets)
    console.say(console.tr("cli.record.done", count=recorder.lines, folder=str(folder)))
    if found:
        for where, kinds in found.items():
            console.say(console.tr("cli.record.leak", where=where, kinds=", ".join(kinds)))
        return EXIT_FAILED
    console.say(console.tr("cli.record.clean"))
    return status


def _parsed(name: str, words: list[str], console: Console) -> argparse.Namespace | None:
    """The arguments of the command; None where only its help was wanted."""
    from byocni_tui.cli import build_parser

    try:
        return build_parser(name, console.tr).parse_args(words)
    except SystemExit as stop:
        if not stop.code:
            return None
        raise UserError(
            "record_words", exit_code=stop.code if isinstance(stop.code, int) else EXIT_USAGE
        ) from stop


def _made(folder: Path) -> None:
    """The folder, new or empty, for its owner only."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        used = any(folder.iterdir())
    except OSError as error:
        raise UserError("file_not_writable", where=str(folder), detail=str(error)) from error
    if used:
        raise UserError("record_folder", exit_code=EXIT_USAGE, folder=str(folder))


def _secrets() -> list[str]:
    """Values of the environment whose names say that they are secret."""
    return [value for name, value in os.environ.items() if _SECRET_NAMES.search(name) and len(value) >= 8]


def _about(folder: Path, name: str, args: argparse.Namespace, redactor: Any) -> None:
    """What was run, and with which answers, redacted alike."""
    import msgspec

    from byocni_tui import __version__

    about = {
        "version": __version__,
        "command": name,
        "accept": getattr(args, "accept", ""),
        "pod_cidr": getattr(args, "pod_cidr", None),
    }
    (folder / COMMAND).write_bytes(msgspec.json.format(msgspec.json.encode(redactor.value(about))))
    if name in ("apply", "check"):
        import yaml

        from byocni_tui.files import load_plan

        plan = redactor.value(msgspec.to_builtins(load_plan(args.file)))
        text = yaml.safe_dump(plan, sort_keys=False, allow_unicode=True)
        (folder / ANSWERS).write_text(text, encoding="utf-8")


def scan(folder: Path, secrets: frozenset[str]) -> dict[str, list[str]]:
    """Kinds of secrets that are still in the files, by ``file:line``."""
    from byocni_tui.providers.redaction import leaks

    found: dict[str, list[str]] = {}
    for path in sorted(folder.iterdir()):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            if kinds := leaks(line, secrets):
                found[f"{path.name}:{number}"] = kinds
    return found

"""``byocni-tui replay DIR``: plays back what ``record`` has kept, offline."""

import argparse
import asyncio
import importlib
import json
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from byocni_tui.commands.record import ANSWERS, COMMAND
from byocni_tui.console import Console
from byocni_tui.errors import EXIT_USAGE, UserError
from byocni_tui.locale import Translator

if TYPE_CHECKING:
    from byocni_tui.context import Context
    from byocni_tui.plan.model import Plan

PLAYED: Final = ("apply", "check", "verify", "doctor")
"""Commands that begin from nothing; going on with a run or undoing one needs its journal."""


def configure(parser: argparse.ArgumentParser, tr: Translator) -> None:
    """Arguments of ``replay``."""
    parser.add_argument("folder", metavar="DIR", type=Path, help=tr("cli.replay.folder"))
    parser.add_argument(
        "-o", "--output", choices=("text", "json"), default="text", help=tr("cli.replay.output")
    )


def run(args: argparse.Namespace, console: Console) -> int:
    """Run the recorded command against its recording; its exit status."""
    folder: Path = args.folder
    about = _about(folder)
    name = str(about.get("command"))
    if name not in PLAYED:
        raise UserError("replay_command", exit_code=EXIT_USAGE, name=name, known=", ".join(PLAYED))
    before = os.environ.get("BYOCNI_STATE_HOME")
    with tempfile.TemporaryDirectory(prefix="byocni-replay-") as home:
        os.environ["BYOCNI_STATE_HOME"] = home
        try:
            if name in ("apply", "check"):
                return _azure(folder, name, about, console)
            return _cluster(folder, name, about, args, console, Path(home))
        finally:
            if before is None:
                del os.environ["BYOCNI_STATE_HOME"]
            else:
                os.environ["BYOCNI_STATE_HOME"] = before


def _about(folder: Path) -> dict[str, Any]:
    try:
        about = json.loads((folder / COMMAND).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UserError(
            "replay_folder", exit_code=EXIT_USAGE, folder=str(folder), detail=str(error)
        ) from error
    if not isinstance(about, dict):
        raise UserError("replay_folder", exit_code=EXIT_USAGE, folder=str(folder))
    return about


def _azure(folder: Path, name: str, about: dict[str, Any], console: Console) -> int:
    from byocni_tui.commands.apply import accepting, carry_out
    from byocni_tui.context import Context
    from byocni_tui.files import load_plan

    plan: Plan = load_plan(str(folder / ANSWERS))
    context = Context.replayed(plan, folder, tr=console.tr)
    if name == "check":
        return asyncio.run(_checked(context, folder, console))
    context.plan = accepting(context, str(about.get("accept") or ""))
    return carry_out(context, console)


async def _checked(context: "Context", folder: Path, console: Console) -> int:
    from byocni_tui.commands.check import collect, tell
    from byocni_tui.rules import check

    facts, unread = await collect(context)
    return tell(check(context.plan, facts), unread, str(folder / ANSWERS), console)


def _cluster(
    folder: Path, name: str, about: dict[str, Any], args: argparse.Namespace, console: Console, home: Path
) -> int:
    from byocni_tui.connections import stage

    played = stage(folder, home)
    try:
        kubeconfig = home / "kubeconfig"
        kubeconfig.touch(mode=0o600)
        kubeconfig.write_text(played.player.kubeconfig())
        wanted = {
            "kubeconfig": kubeconfig,
            "context": None,
            "image": None,
            "egress_target": "",
            "keep": False,
        }
        inner = argparse.Namespace(**wanted, pod_cidr=about.get("pod_cidr"), output=args.output)
        status: int = importlib.import_module(f"byocni_tui.commands.{name}").run(inner, console)
        return status
    finally:
        played.close()

"""``byocni-tui sandbox``: serves the offline Azure and Kubernetes, and runs commands in their environment."""

import argparse
import math
import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from byocni_tui.console import Console
from byocni_tui.errors import EXIT_DONE, EXIT_FAILED, EXIT_USAGE, UserError
from byocni_tui.locale import Translator

if TYPE_CHECKING:
    from byocni_tui.sandbox.endpoints import Endpoints


def _speed(text: str) -> float:
    if text == "max":
        return math.inf
    value = float(text)
    if not 0 <= value < math.inf:
        raise ValueError(text)
    return value


def configure(parser: argparse.ArgumentParser, tr: Translator) -> None:
    """Options."""
    parser.add_argument("--scenario", metavar="ID", default="article", help=tr("cli.sandbox.scenario"))
    parser.add_argument("--seed", type=int, default=1, metavar="N", help=tr("cli.sandbox.seed"))
    parser.add_argument("--speed", type=_speed, default=60.0, metavar="N|max", help=tr("cli.sandbox.speed"))
    parser.add_argument("--host", metavar="H", default="127.0.0.1", help=tr("cli.sandbox.host"))
    parser.add_argument("--token", metavar="T", help=tr("cli.sandbox.token"))
    parser.add_argument("--port", type=int, default=0, metavar="N", help=tr("cli.sandbox.port"))
    parser.add_argument("--state", type=Path, metavar="DIR", help=tr("cli.sandbox.state"))
    parser.add_argument("--env", action="store_true", help=tr("cli.sandbox.env"))
    parser.add_argument("--run", metavar="RUN", help=tr("cli.sandbox.run"))
    parser.add_argument("words", nargs="*", metavar="stop | -- COMMAND …", help=tr("cli.sandbox.words"))


def run(args: argparse.Namespace, console: Console) -> int:
    """Foreground, ``--env``, ``stop`` or a command."""
    words: list[str] = args.words
    if words == ["stop"]:
        return _stop(args, console)
    if words[:1] == ["fault"] and len(words) == 2:
        return _fault(args, console, words[1])
    if args.host not in ("127.0.0.1", "localhost", "::1") and not args.token:
        raise UserError("sandbox_host", exit_code=EXIT_USAGE, host=args.host)
    if args.run:
        return _environment_of(_folder_of_run(args.run), console)
    if args.env:
        folder = args.state or _fresh(default_folder(args.scenario, args.seed))
        endpoints = _start(args, folder, idle=1800.0)
        return _print_environment(endpoints, folder, console)
    if args.state is not None:
        return _serve(args, console, args.state, words)
    with tempfile.TemporaryDirectory(prefix="byocni-sandbox-") as folder:
        return _serve(args, console, Path(folder), words)


def default_folder(scenario: str, seed: int) -> Path:
    """Where ``--env`` keeps the state of a sandbox that has no folder of its own."""
    from byocni_tui.deploy.journal import state_home

    return state_home() / "sandbox" / f"{Path(scenario).stem}-{seed}"


def _fresh(folder: Path) -> Path:
    """The folder, emptied unless a sandbox runs there: without ``--state`` nothing outlives the sandbox."""
    from byocni_tui.sandbox.endpoints import alive, read

    endpoints = read(folder)
    if endpoints is None or not alive(endpoints):
        shutil.rmtree(folder, ignore_errors=True)
    return folder


def _folder_of_run(run_id: str) -> Path:
    from byocni_tui.deploy.journal import state_home

    folder = state_home() / "runs" / run_id / "sandbox"
    if not folder.is_dir():
        raise UserError("sandbox_run", exit_code=EXIT_USAGE, run=run_id, folder=str(folder))
    return folder


def _start(args: argparse.Namespace, folder: Path, idle: float) -> "Endpoints":
    from byocni_tui.sandbox import launcher as launch

    try:
        return launch.start(
            args.scenario,
            seed=args.seed,
            speed=args.speed,
            state_dir=folder,
            idle_seconds=idle,
            host=args.host,
            port=args.port,
            token=args.token,
        )
    except (launch.LaunchError, OSError) as error:
        raise UserError("sandbox_start", exit_code=EXIT_FAILED, detail=str(error)) from error


def _serve(args: argparse.Namespace, console: Console, folder: Path, command: list[str]) -> int:
    """In the foreground until Ctrl-C, or as long as a command runs."""
    from byocni_tui.sandbox import launcher

    endpoints = _start(args, folder, idle=7 * 24 * 3600.0)
    try:
        if command:
            return _command(endpoints, folder, command)
        ends = {signal.SIGINT, signal.SIGTERM}
        signal.pthread_sigmask(signal.SIG_BLOCK, ends)
        console.say(console.tr("cli.sandbox.serving", url=endpoints.arm_url, scenario=endpoints.scenario))
        _print_environment(endpoints, folder, console)
        console.say(console.tr("cli.sandbox.until"))
        signal.sigwait(ends)
        return EXIT_DONE
    except KeyboardInterrupt:
        return EXIT_DONE
    finally:
        launcher.stop(endpoints)


def _command(endpoints: "Endpoints", folder: Path, command: list[str]) -> int:
    from byocni_tui.sandbox import launcher

    env = {**os.environ, **launcher.environment(endpoints, folder / "clients")}
    try:
        with subprocess.Popen(command, env=env) as process:
            while True:
                try:
                    status = process.wait()
                except KeyboardInterrupt:
                    # The terminal sent it to the command as well: its answer to it is ours.
                    continue
                return 128 - status if status < 0 else status
    except OSError as error:
        sys.stdout.flush()
        raise UserError("sandbox_command", exit_code=127, command=command[0], detail=str(error)) from error


def _print_environment(endpoints: "Endpoints", folder: Path, console: Console) -> int:
    from byocni_tui.sandbox import launcher

    for name, value in launcher.environment(endpoints, folder / "clients").items():
        console.out(f"export {name}={shlex.quote(value)}")
    return EXIT_DONE


def _environment_of(folder: Path, console: Console) -> int:
    return _print_environment(_running(folder), folder, console)


def _running(folder: Path) -> "Endpoints":
    from byocni_tui.sandbox import launcher
    from byocni_tui.sandbox.endpoints import alive, read

    endpoints = read(folder)
    if endpoints is None or not alive(endpoints) or not launcher.answers(endpoints):
        raise UserError("sandbox_gone", exit_code=EXIT_FAILED, folder=str(folder))
    return endpoints


def _stop(args: argparse.Namespace, console: Console) -> int:
    from byocni_tui.sandbox import launcher

    folder = args.state or default_folder(args.scenario, args.seed)
    launcher.stop(_running(folder))
    console.say(console.tr("cli.sandbox.stopped"))
    return EXIT_DONE


def _fault(args: argparse.Namespace, console: Console, file: str) -> int:
    """Inject the faults of a YAML file into the running sandbox."""
    import yaml

    from byocni_tui.sandbox import launcher

    endpoints = _running(args.state or default_folder(args.scenario, args.seed))
    try:
        loaded = yaml.safe_load(Path(file).read_text(encoding="utf-8"))
        for fault in loaded if isinstance(loaded, list) else [loaded]:
            launcher.control(endpoints, "faults", "POST", fault)
            console.say(console.tr("cli.sandbox.injected", id=fault["id"]))
    except (OSError, yaml.YAMLError, TypeError, KeyError) as error:
        raise UserError("sandbox_fault", exit_code=EXIT_USAGE, file=file, detail=str(error)) from error
    return EXIT_DONE

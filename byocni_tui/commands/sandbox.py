"""``byocni-tui sandbox``: serves the offline Azure and Kubernetes, and runs commands in their environment."""

import argparse
import hashlib
import math
import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

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
    parser.add_argument(
        "--class", type=int, default=0, metavar="N", dest="learners", help=tr("cli.sandbox.class")
    )
    parser.add_argument("--learner", metavar="N|all", default="all", help=tr("cli.sandbox.learner"))
    parser.add_argument("--sandbox", metavar="URL", dest="join", help=tr("cli.sandbox.join"))
    parser.add_argument(
        "words", nargs="*", metavar="stop | fault FILE | -- COMMAND …", help=tr("cli.sandbox.words")
    )


def run(args: argparse.Namespace, console: Console) -> int:
    """Foreground, ``--env``, ``stop`` or a command."""
    words: list[str] = args.words
    if words == ["stop"]:
        return _stop(args, console)
    if words[:1] == ["fault"] and len(words) == 2:
        return _fault(args, console, words[1])
    if args.join:
        return _join(args, console, words)
    if args.host not in ("127.0.0.1", "localhost", "::1") and not args.token:
        raise UserError("sandbox_host", exit_code=EXIT_USAGE, host=args.host)
    if args.learners and (args.run or words):
        raise UserError("sandbox_class_only", exit_code=EXIT_USAGE)
    if args.run:
        return _environment_of(_folder_of_run(args.run), console)
    if args.env:
        folder = args.state or _fresh(default_folder(args.scenario, args.seed, args.learners))
        endpoints = _start(args, folder, idle=1800.0 if not args.learners else _DAY)
        return _announce(endpoints, folder, console)
    if args.state is not None:
        return _serve(args, console, args.state, words)
    folder = _home() / f"foreground-{os.getpid()}"
    try:
        return _serve(args, console, folder, words)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


_DAY = 24 * 3600.0


def _home() -> Path:
    from byocni_tui.deploy.journal import state_home

    return state_home() / "sandbox"


def default_folder(scenario: str, seed: int, learners: int = 0) -> Path:
    """Where ``--env`` keeps the state of a sandbox that has no folder of its own."""
    name = f"{Path(scenario).stem}-{seed}"
    return _home() / (f"class-{name}" if learners else name)


def _join(args: argparse.Namespace, console: Console, words: list[str]) -> int:
    """Another machine's sandbox: its environment for this shell, or around a command."""
    from byocni_tui.sandbox import launcher

    name = hashlib.sha256(args.join.encode()).hexdigest()[:12]
    folder = args.state or _home() / f"joined-{name}"
    try:
        endpoints = launcher.join(args.join, folder)
        if words:
            return _command(endpoints, folder, words)
        return _print_environment(endpoints, folder, console)
    except (launcher.LaunchError, OSError) as error:
        raise UserError(
            "sandbox_join", exit_code=EXIT_FAILED, url=args.join.partition("/join/")[0], detail=str(error)
        ) from error


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
            learners=args.learners,
        )
    except (launch.LaunchError, OSError) as error:
        raise UserError("sandbox_start", exit_code=EXIT_FAILED, detail=str(error)) from error


def _serve(args: argparse.Namespace, console: Console, folder: Path, command: list[str]) -> int:
    """In the foreground until Ctrl-C, or as long as a command runs."""
    from byocni_tui.sandbox import launcher

    endpoints = _start(args, folder, idle=7 * _DAY)
    try:
        if command:
            return _command(endpoints, folder, command)
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        if not endpoints.learners:
            serving = console.tr("cli.sandbox.serving", url=endpoints.arm_url, scenario=endpoints.scenario)
            console.say(serving)
        _announce(endpoints, folder, console)
        console.say(console.tr("cli.sandbox.until"))
        # `sandbox stop` in another window ends it as well.
        while not launcher.ended(endpoints):
            time.sleep(0.5)
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


def _announce(endpoints: "Endpoints", folder: Path, console: Console) -> int:
    """What leads into the sandbox: lines for a shell, or a class's addresses."""
    if not endpoints.learners:
        return _print_environment(endpoints, folder, console)
    base = endpoints.control_url.removesuffix("/sandbox")
    tr = console.tr
    console.say(
        tr(
            "cli.sandbox.class_serving",
            scenario=endpoints.scenario,
            count=len(endpoints.learners),
            url=endpoints.arm_url,
        )
    )
    console.say(tr("cli.sandbox.class_overview", url=f"{base}/class?token={endpoints.token}"))
    console.say(tr("cli.sandbox.class_join"))
    for one in endpoints.learners:
        console.out(f"{one.number}\t{one.url}")
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


def _found(args: argparse.Namespace) -> "Endpoints":
    """The sandbox that is meant: of the folder named, of this shell, or the only one that runs."""
    from byocni_tui.sandbox import launcher
    from byocni_tui.sandbox.endpoints import alive, read

    if args.state is not None:
        return _running(args.state)
    given = default_folder(args.scenario, args.seed, args.learners)
    folders = [given, *(one for one in sorted(_home().glob("*/")) if one != given)]
    running = []
    for folder in folders:
        endpoints = read(folder)
        if endpoints is not None and endpoints.pid and alive(endpoints) and launcher.answers(endpoints):
            running.append((folder, endpoints))
    here = [one for _, one in running if one.control_url == os.environ.get("BYOCNI_SANDBOX")]
    if here:
        return here[0]
    if running and (len(running) == 1 or running[0][0] == given):
        return running[0][1]
    if running:
        listed = ", ".join(str(folder) for folder, _ in running)
        raise UserError("sandbox_several", exit_code=EXIT_USAGE, folders=listed)
    raise UserError("sandbox_gone", exit_code=EXIT_FAILED, folder=str(given))


def _stop(args: argparse.Namespace, console: Console) -> int:
    from byocni_tui.sandbox import launcher

    launcher.stop(_found(args))
    console.say(console.tr("cli.sandbox.stopped"))
    return EXIT_DONE


def _fault(args: argparse.Namespace, console: Console, file: str) -> int:
    """Inject the faults of a YAML file into the running sandbox: into one learner's world, or all of a class."""
    import yaml

    from byocni_tui.sandbox import launcher

    endpoints = _found(args)
    where = f"?learner={quote(str(args.learner))}" if endpoints.learners else ""
    try:
        loaded = yaml.safe_load(Path(file).read_text(encoding="utf-8"))
        if isinstance(loaded, dict) and "faults" in loaded:
            loaded = loaded["faults"]
        for fault in loaded if isinstance(loaded, list) else [loaded]:
            launcher.control(endpoints, f"faults{where}", "POST", fault)
            console.say(console.tr("cli.sandbox.injected", id=fault["id"]))
    except launcher.ControlError as error:
        raise UserError(
            "sandbox_fault_refused", exit_code=EXIT_USAGE, file=file, detail=str(error)
        ) from error
    except (OSError, yaml.YAMLError, TypeError, KeyError) as error:
        raise UserError("sandbox_fault", exit_code=EXIT_USAGE, file=file, detail=str(error)) from error
    return EXIT_DONE

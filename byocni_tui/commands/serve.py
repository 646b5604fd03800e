"""``byocni-tui serve``: the simulated wizard in a browser."""

import argparse
import asyncio
import importlib.util
import secrets
import signal
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from byocni_tui.commands.apply import speed
from byocni_tui.console import Console
from byocni_tui.errors import EXIT_DONE, EXIT_FAILED, EXIT_USAGE, UserError
from byocni_tui.locale import Translator

if TYPE_CHECKING:
    from aiohttp import web


def configure(parser: argparse.ArgumentParser, tr: Translator) -> None:
    """Options of the contract, and the limits."""
    parser.add_argument("--host", metavar="H", default="127.0.0.1", help=tr("cli.serve.host"))
    parser.add_argument("--token", metavar="T", help=tr("cli.serve.token"))
    parser.add_argument("--port", type=int, default=8765, metavar="N", help=tr("cli.serve.port"))
    parser.add_argument("--scenario", metavar="ID", default="article", help=tr("cli.wizard.scenario"))
    parser.add_argument("--speed", metavar="N|max", type=speed, default=60.0, help=tr("cli.wizard.speed"))
    parser.add_argument("--visitors", type=int, default=10, metavar="N", help=tr("cli.serve.visitors"))
    parser.add_argument("--idle", type=float, default=15.0, metavar="MINUTES", help=tr("cli.serve.idle"))
    parser.add_argument("--memory", type=int, default=700, metavar="MIB", help=tr("cli.serve.memory"))


def run(args: argparse.Namespace, console: Console) -> int:
    """Serve until Ctrl-C or SIGTERM."""
    if importlib.util.find_spec("textual_serve") is None:
        raise UserError("serve_extra", exit_code=EXIT_FAILED)
    from byocni_tui.browser.door import is_loopback

    local = is_loopback(args.host)
    if not local and not args.token:
        raise UserError("serve_host", exit_code=EXIT_USAGE, host=args.host)
    if args.token is not None and len(args.token) < 8:
        raise UserError("serve_token", exit_code=EXIT_USAGE)
    if args.visitors < 1 or args.idle <= 0 or args.memory < 1:
        raise UserError("serve_limits", exit_code=EXIT_USAGE)
    from byocni_tui.connections import scenario

    scenario(args.scenario)  # an unknown one is said here, not to each visitor
    with tempfile.TemporaryDirectory(prefix="byocni-serve-", ignore_cleanup_errors=True) as folder:
        return asyncio.run(_serve(args, console, Path(folder), local))


async def _serve(args: argparse.Namespace, console: Console, folder: Path, local: bool) -> int:
    from aiohttp import web

    token: str = args.token or secrets.token_urlsafe(16)
    runner = web.AppRunner(_app(args, console, folder, token, local), access_log=None)
    await runner.setup()
    try:
        site = web.TCPSite(runner, args.host, args.port)
        try:
            await site.start()
        except OSError as error:
            raise UserError(
                "serve_port", exit_code=EXIT_FAILED, host=args.host, port=args.port, detail=str(error)
            ) from error
        host = f"[{args.host}]" if ":" in args.host else args.host
        console.out(console.tr("browser.serving", url=f"http://{host}:{_port(runner)}/?token={token}"))
        await _asked_to_stop()
    finally:
        await runner.cleanup()
    return EXIT_DONE


def _app(
    args: argparse.Namespace, console: Console, folder: Path, token: str, local: bool
) -> "web.Application":
    from byocni_tui.browser.door import Door
    from byocni_tui.browser.limits import MIB, Limits
    from byocni_tui.browser.server import Browser
    from byocni_tui.browser.visitors import Visitors
    from byocni_tui.clock import RealClock

    limits = Limits(visitors=args.visitors, idle=args.idle * 60, memory=args.memory * MIB)
    pace = "max" if args.speed == float("inf") else f"{args.speed:g}"
    options = ["--scenario", args.scenario, "--speed", pace, "--lang", console.tr.lang]
    clock = RealClock()
    visitors = Visitors(folder, limits, clock, options)
    return Browser(Door(token, local), visitors, limits, clock, console.tr).app()


def _port(runner: Any) -> int:
    """The port that was given, where 0 asked for any."""
    return int(runner.addresses[0][1])


async def _asked_to_stop() -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        try:
            loop.add_signal_handler(number, stop.set)
        except NotImplementedError:
            # Windows has no such handlers: Ctrl-C arrives as KeyboardInterrupt, and clean-up runs all the same.
            continue
    await stop.wait()

"""``byocni-tui verify``: proves that the pod network of a cluster works."""

import argparse
import asyncio
import signal
from typing import TYPE_CHECKING

from byocni_tui.commands.doctor import add_cluster, refused
from byocni_tui.console import Console
from byocni_tui.errors import EXIT_CTRL_C, EXIT_DONE, EXIT_FAILED, EXIT_USAGE, UserError
from byocni_tui.locale import Translator

if TYPE_CHECKING:
    from byocni_tui.deploy.verification import Check

_MARKS = {"passed": "✓", "failed": "✗", "warning": "!", "skipped": "–"}


def configure(parser: argparse.ArgumentParser, tr: Translator) -> None:
    """Arguments of ``verify``."""
    add_cluster(parser, tr)
    parser.add_argument("--pod-cidr", metavar="RANGE", help=tr("cli.verify.pod_cidr"))
    parser.add_argument("--image", metavar="REF", help=tr("cli.verify.image"))
    parser.add_argument("--egress-target", metavar="HOST:PORT", default="", help=tr("cli.verify.egress"))
    parser.add_argument("--keep", action="store_true", help=tr("cli.verify.keep"))
    parser.add_argument(
        "-o", "--output", choices=("text", "json"), default="text", help=tr("cli.verify.output")
    )


def run(args: argparse.Namespace, console: Console) -> int:
    """Run the matrix. Exit status 1 where a check failed."""
    import ipaddress

    host, colon, port = args.egress_target.rpartition(":")
    if args.egress_target and not (host and colon and port.isdecimal()):
        raise UserError("verify_egress", exit_code=EXIT_USAGE, value=args.egress_target)
    if args.pod_cidr:
        try:
            ipaddress.ip_network(args.pod_cidr, strict=False)
        except ValueError as error:
            raise UserError("verify_range", exit_code=EXIT_USAGE, value=args.pod_cidr) from error
    return asyncio.run(_stoppable(args, console))


async def _stoppable(args: argparse.Namespace, console: Console) -> int:
    """A signal ends it as Ctrl-C does: what was put on the cluster is removed first."""
    loop, task = asyncio.get_running_loop(), asyncio.ensure_future(_run(args, console))
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, task.cancel)
    try:
        return await task
    except asyncio.CancelledError:
        console.say(console.tr("doctor.stopped"))
        return EXIT_CTRL_C


async def _run(args: argparse.Namespace, console: Console) -> int:
    from byocni_tui.deploy.probes import IMAGE
    from byocni_tui.deploy.proof import summary
    from byocni_tui.deploy.verification import Options, Verifier, count
    from byocni_tui.providers.errors import ProviderError
    from byocni_tui.providers.kube import KubeClient

    kube = KubeClient(args.kubeconfig, args.context)

    def tell(check: "Check") -> None:
        if not console.json_output:
            console.out(line(check, console.tr))

    try:
        registry = "mcr.azure.cn" if await kube.server_in(".azk8s.cn") else "mcr.microsoft.com"
        options = Options(
            image=args.image or IMAGE.format(registry=registry),
            egress=args.egress_target or f"{registry}:443",
            pod_cidr=args.pod_cidr,
            keep=args.keep,
        )
        verifier = Verifier(kube, options, tell=tell, why=lambda key: console.tr(f"doctor.why.{key}"))
        nodes, checks = await verifier.run()
    except ProviderError as error:
        return refused(error, console)
    finally:
        await kube.close()
    if console.json_output:
        console.json({"nodes": nodes, "checks": checks})
    else:
        console.out(summary(count(checks), console.tr))
    return EXIT_FAILED if any(check.status == "failed" for check in checks) else EXIT_DONE


def line(check: "Check", tr: Translator) -> str:
    """One check for people."""
    took = f" {check.ms} ms" if check.ms is not None else ""
    detail = f"  {check.detail}" if check.detail else ""
    return f"{_MARKS[check.status]} {check.id.ljust(15)} {tr(f'doctor.checks.{check.id}')}{took}{detail}"

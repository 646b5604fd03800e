"""``byocni-tui doctor``: why are these nodes NotReady? Reads, changes nothing."""

import argparse
import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any

from byocni_tui.console import Console
from byocni_tui.errors import EXIT_DONE, EXIT_FAILED
from byocni_tui.locale import Translator

if TYPE_CHECKING:
    from byocni_tui.deploy.doctor import Cause, Snapshot


def add_cluster(parser: argparse.ArgumentParser, tr: Translator) -> None:
    """Which cluster: as kubectl finds it, unless told."""
    parser.add_argument("--kubeconfig", metavar="FILE", type=Path, help=tr("cli.doctor.kubeconfig"))
    parser.add_argument("--context", metavar="NAME", help=tr("cli.doctor.context"))


def configure(parser: argparse.ArgumentParser, tr: Translator) -> None:
    """Arguments of ``doctor``."""
    add_cluster(parser, tr)
    parser.add_argument(
        "-o", "--output", choices=("text", "json"), default="text", help=tr("cli.doctor.output")
    )


def run(args: argparse.Namespace, console: Console) -> int:
    """Read the cluster, say what is wrong. Exit status 0 only if all nodes are Ready."""
    return asyncio.run(_run(args, console))


async def _run(args: argparse.Namespace, console: Console) -> int:
    from byocni_tui.deploy.doctor import diagnose, gather
    from byocni_tui.providers.errors import ProviderError
    from byocni_tui.providers.kube import KubeClient

    kube = KubeClient(args.kubeconfig, args.context)
    try:
        snapshot = await gather(kube)
    except ProviderError as error:
        return refused(error, console)
    finally:
        await kube.close()
    causes = diagnose(snapshot)
    if console.json_output:
        console.json(to_dict(snapshot, causes, console.tr))
    else:
        _print(snapshot, causes, console)
    return EXIT_DONE if _all_ready(snapshot) else EXIT_FAILED


def refused(error: Any, console: Console) -> int:
    """An API server that can't be asked: what, and the original words."""
    from byocni_tui.deploy.failure import describe

    message, detail = describe(error, console.tr)
    console.say(message)
    console.say(f"  {detail.get('original', '')}")
    console.say(f"  {detail.get('remedy', '')}")
    return EXIT_FAILED


def _all_ready(snapshot: "Snapshot") -> bool:
    from byocni_tui.deploy.nodes import node_state

    return bool(snapshot.nodes) and all(node_state(node).ready for node in snapshot.nodes)


def to_dict(snapshot: "Snapshot", causes: "list[Cause]", tr: Translator) -> dict[str, Any]:
    """The JSON of the contract."""
    from byocni_tui.deploy.doctor import to_dict as cause_dict
    from byocni_tui.deploy.nodes import node_state

    states = [node_state(node) for node in snapshot.nodes]
    return {
        "nodes": [{"name": state.name, "ready": state.ready, "message": state.message} for state in states],
        "causes": [cause_dict(cause, tr) for cause in causes],
        "not_seen": [*snapshot.not_seen, tr("doctor.blind")],
    }


def _print(snapshot: "Snapshot", causes: "list[Cause]", console: Console) -> None:
    tr = console.tr
    data = to_dict(snapshot, causes, tr)
    ready = sum(node["ready"] for node in data["nodes"])
    count = len(data["nodes"])
    if ready == count and count and not causes:
        console.out(tr("doctor.healthy", count=count))
        return
    console.out(tr("doctor.nodes", ready=ready, count=count))
    for cause in data["causes"]:
        console.out(f"✗ {cause['code']} {cause['object']}")
        console.out(f"    {cause['message']}")
        if cause["evidence"]:
            console.out(f"    {tr('doctor.evidence')}: {cause['evidence']}")
        console.out(f"    {tr('doctor.remedy')}: {cause['remedy']}")
    if not causes:
        console.out(tr("doctor.unexplained"))
    for what in data["not_seen"]:
        console.out(tr("doctor.not_seen", what=what))

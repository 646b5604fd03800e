"""The two ways to connect: the very same clients, with Azure's addresses or with a sandbox's. Part of the composition
root; ``context`` is its only user."""

import json
import math
import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import msgspec

from byocni_tui.cni.values import ChartRef
from byocni_tui.errors import EXIT_SIGN_IN, EXIT_USAGE, UserError
from byocni_tui.plan.model import Plan
from byocni_tui.providers.clouds import CLOUDS, Cloud
from byocni_tui.providers.protocols import HelmProvider

# The clients are imported where somebody connects: the first frame does not wait for them.
if TYPE_CHECKING:
    from byocni_tui.context import Context
    from byocni_tui.providers.azure import ArmClient
    from byocni_tui.providers.kube import KubeClient
    from byocni_tui.providers.player import Stage
    from byocni_tui.sandbox.endpoints import Endpoints
    from byocni_tui.sandbox.scenario import Scenario
    from byocni_tui.virtual_time import ClockFollower

IDLE_SECONDS: Final = 900
_PATIENCE_FLOOR: Final = 20.0
"""Real seconds that a simulated wait gets at least: a busy machine is not a defect of the cluster."""


class Simulation(msgspec.Struct, frozen=True, kw_only=True):
    """What a simulated run was started with. ``speed`` is None where it jumps (JSON has no infinity). ``joined``: the
    sandbox is somebody else's, and its address (which lets in) is in the run's folder."""

    scenario: str
    speed: float | None
    seed: int
    cloud: str
    joined: bool = False

    @property
    def pace(self) -> float:
        """Virtual seconds per real second."""
        return math.inf if self.speed is None else self.speed


@dataclass
class Connections:
    """The clients of one run. ``settings`` is what the journal keeps to connect again; ``follow`` keeps a sandbox's
    clock in step; ``dismiss`` ends what was started only for this run."""

    azure: "ArmClient"
    kubernetes: "Callable[[Path], KubeClient]"
    helm: Callable[[Path, Path], HelmProvider]
    cloud: str
    registry: str
    settings: dict[str, Any]
    chart_source: Callable[[ChartRef], ChartRef] = lambda ref: ref
    patience: Callable[[float], float] = lambda seconds: seconds
    follow: "ClockFollower | None" = None
    dismiss: Callable[[], object] = lambda: None
    can_install: Callable[[], bool] = lambda: True
    """Whether a chart can be installed from here."""

    @staticmethod
    def preload() -> None:
        """Import what later steps need, while something else is being waited for."""
        from byocni_tui.providers.kube import KubeClient

        KubeClient.preload()

    async def close(self) -> None:
        """Close connections."""
        if self.follow is not None:
            await self.follow.end()
        await self.azure.close()


def scenario(name: str) -> "Scenario":
    """A scenario by id or file. UserError, exit status 2, where it can't be read."""
    from byocni_tui.sandbox.scenario import ScenarioError, load

    try:
        return load(name)
    except ScenarioError as error:
        raise UserError(
            "scenario_unreadable", exit_code=EXIT_USAGE, where=error.where, detail=error.problem
        ) from error


def scenario_cloud(known: "Scenario") -> str:
    """The name of the cloud that a scenario plays in."""
    from byocni_tui.sandbox.scenario import load_cloud

    return str(load_cloud(known)["name"])


def scenarios_in(cloud: str) -> list[str]:
    """The ids of the scenarios that play in a cloud."""
    from byocni_tui.sandbox.scenario import names

    return [name for name in names() if scenario_cloud(scenario(name)) == cloud]


_PLAIN: Final = {"AzureCloud": "public", "AzureChinaCloud": "article", "AzureUSGovernment": "usgov"}


def fitting_scenario(plan: Plan, wanted: str | None) -> str:
    """``wanted``, or without one the scenario of the plan's cloud in which all goes well. UserError, exit status 2,
    where it plays in another cloud than the plan's, or can't be read."""
    name = wanted or _PLAIN[plan.cloud]
    cloud = scenario_cloud(scenario(name))
    if plan.cloud != cloud:
        fits = ", ".join(scenarios_in(plan.cloud)) or "-"
        raise UserError(
            "other_cloud", exit_code=EXIT_USAGE, plan=plan.cloud, scenario=name, cloud=cloud, fits=fits
        )
    return name


def scenario_plan(known: "Scenario") -> Plan:
    """The plan that a scenario begins with."""
    return _begun(known.plan, scenario_cloud(known), known.id)


def _begun(answers: dict[str, Any], cloud: str, where: str) -> Plan:
    import yaml

    from byocni_tui.plan.reader import load

    return load(yaml.safe_dump({"version": 1, "cloud": cloud, **answers}, allow_unicode=True), where)


def joining(url: str) -> "Endpoints":
    """The sandbox (or a learner's world) behind an address that it gave out. UserError where there is none."""
    from byocni_tui.sandbox import launcher

    with tempfile.TemporaryDirectory() as folder:
        try:
            return launcher.join(url, Path(folder))
        except (launcher.LaunchError, OSError) as error:
            raise UserError("sandbox_address", exit_code=EXIT_USAGE, detail=str(error)) from error


def joined_plan(endpoints: "Endpoints") -> Plan:
    """What a run in a joined sandbox begins with: its scenario's plan, where it has one."""
    if endpoints.plan:
        return _begun(endpoints.plan, endpoints.cloud, endpoints.scenario)
    return Plan(cloud=endpoints.cloud, subscription=endpoints.subscription)


def _reached(options: Simulation, folder: Path, url: str | None) -> "Endpoints":
    """Start the sandbox of a run's folder, find it again, or join the one that the run joined."""
    from byocni_tui.sandbox import launcher

    state, address = folder / "sandbox", folder / "sandbox.url"
    try:
        if options.joined:
            if url is not None:
                address.touch(mode=0o600)
                address.write_text(url)
            return launcher.join(url or address.read_text(), state)
        return launcher.start(
            options.scenario,
            seed=options.seed,
            speed=options.pace,
            state_dir=state,
            idle_seconds=IDLE_SECONDS,
        )
    except (launcher.LaunchError, OSError) as error:
        if options.joined:
            raise UserError("sandbox_address", detail=str(error)) from error
        raise UserError("sandbox_failed", detail=str(error)) from error


def simulated(context: "Context", options: Simulation, url: str | None = None) -> Connections:
    """Start the sandbox of this run, or find it again, and point the clients at it. Blocks for its start."""
    from byocni_tui.providers import helm
    from byocni_tui.providers.azure import ArmClient, ArmSettings
    from byocni_tui.providers.credentials import managed_identity
    from byocni_tui.providers.kube import KubeClient
    from byocni_tui.sandbox import launcher
    from byocni_tui.virtual_time import FAST, ClockFollower, SandboxClock

    endpoints = _reached(options, context.open_journal().folder, url)
    context.endpoints = endpoints
    pace = options.pace if not options.joined else math.inf if endpoints.speed < 0 else endpoints.speed
    clock = SandboxClock()
    follow = ClockFollower(clock, f"{endpoints.control_url}/clock", endpoints.token, jumps=pace > FAST)
    follow.read()
    context.clock = clock
    cloud = CLOUDS[endpoints.cloud]

    def charts(ref: ChartRef) -> ChartRef:
        return msgspec.structs.replace(ref, repo=endpoints.charts_url) if ref.repo else ref

    def patience(seconds: float) -> float:
        return math.inf if pace == 0 else max(_PATIENCE_FLOOR, seconds / pace)

    def dismiss() -> None:
        if not options.joined:
            launcher.stop(endpoints)

    return Connections(
        azure=ArmClient(
            managed_identity(endpoints.identity_url, endpoints.identity_header),
            ArmSettings(endpoints.arm_url, cloud.scope, ca_file=str(endpoints.ca_file), trust_env=False),
        ),
        kubernetes=lambda path: KubeClient(path, trust_env=False),
        helm=lambda kubeconfig, home: helm.client(kubeconfig, home, environ=_direct(os.environ)),
        can_install=helm.available,
        cloud=cloud.name,
        registry=cloud.check_registry,
        settings={"simulation": msgspec.to_builtins(options)},
        chart_source=charts,
        patience=patience,
        follow=follow,
        dismiss=dismiss,
    )


def stage(recording: Path, home: Path) -> "Stage":
    """A server that plays a recording back, in a thread of its own."""
    from byocni_tui.providers.player import Stage
    from byocni_tui.sandbox.tls import certificates

    context, authority = certificates(["127.0.0.1"], None)
    (home / "ca.pem").write_bytes(authority)
    return Stage(recording, authority, context)


def replayed(context: "Context", recording: Path) -> Connections:
    """The clients against a recording."""
    from byocni_tui.providers.azure import ArmClient, ArmSettings
    from byocni_tui.providers.kube import KubeClient
    from byocni_tui.providers.player import PlayedHelm, Token

    home = context.open_journal().folder
    played = stage(recording, home)
    cloud = CLOUDS[context.plan.cloud]
    settings = ArmSettings(
        played.player.base, cloud.scope, ca_file=str(home / "ca.pem"), trust_env=False, retries=0
    )
    helm = PlayedHelm(recording)
    return Connections(
        azure=ArmClient(Token(), settings),
        kubernetes=lambda path: KubeClient(path, trust_env=False),
        helm=lambda _kubeconfig, _home: helm,
        cloud=cloud.name,
        registry=cloud.check_registry,
        settings={"replay": True},
        patience=lambda seconds: min(_PATIENCE_FLOOR, seconds),
        dismiss=played.close,
    )


def end_sandbox(run_folder: Path) -> None:
    """End the sandbox of a run, if one is there."""
    if not (run_folder / "sandbox").is_dir():
        return
    from byocni_tui.sandbox import endpoints, launcher

    if (running := endpoints.read(run_folder / "sandbox")) is not None:
        launcher.stop(running)


def _direct(environ: "os._Environ[str]") -> dict[str, str]:
    """The environment without proxies: loopback must not go through one."""
    return {key: value for key, value in environ.items() if not key.lower().endswith("_proxy")}


def live_cloud(plan: Plan) -> tuple[Cloud, str | None]:
    """The plan's cloud, or the one that ``BYOCNI_CLOUD_METADATA`` describes, and the authorities to trust. UserError
    for an address of this machine, unless that was allowed."""
    cloud = CLOUDS.get(plan.cloud) or CLOUDS["AzureCloud"]
    ca_file = os.environ.get("REQUESTS_CA_BUNDLE") or None
    if metadata := os.environ.get("BYOCNI_CLOUD_METADATA"):
        cloud = _described(metadata, cloud, ca_file)
    host = urlsplit(cloud.arm).hostname or ""
    here = host in ("localhost", "::1") or host.startswith("127.")
    if here and os.environ.get("BYOCNI_ALLOW_SANDBOX") != "1":
        raise UserError("live_sandbox", exit_code=EXIT_USAGE, url=cloud.arm)
    return cloud, ca_file


def live(context: "Context", method: str) -> Connections:
    """The clients for Azure."""
    from byocni_tui.providers import helm
    from byocni_tui.providers.azure import ArmClient, ArmSettings
    from byocni_tui.providers.credentials import sign_in
    from byocni_tui.providers.kube import KubeClient

    plan = context.plan
    cloud, ca_file = live_cloud(plan)
    credential = sign_in(method, authority=cloud.authority, tenant=plan.tenant, ca_file=ca_file)  # type: ignore[arg-type]
    return Connections(
        azure=ArmClient(credential, ArmSettings(cloud.arm, cloud.scope, ca_file=ca_file)),
        kubernetes=KubeClient,
        helm=helm.client,
        can_install=helm.available,
        cloud=cloud.name,
        registry=cloud.check_registry,
        settings={"method": method},
    )


def _described(url: str, base: Cloud, ca_file: str | None) -> Cloud:
    """A cloud from its metadata endpoint (``authentication.audiences[0]`` is the token's audience)."""
    import ssl
    import urllib.request

    context = ssl.create_default_context(cafile=ca_file)
    where = f"{url.rstrip('/')}/metadata/endpoints?api-version=2022-09-01" if "/metadata/" not in url else url
    try:
        with urllib.request.urlopen(where, timeout=15, context=context) as answer:  # noqa: S310 the user's own address
            value = json.loads(answer.read())
        data = value[0] if isinstance(value, list) else value
        return base._replace(
            name=str(data.get("name") or base.name),
            arm=str(data["resourceManager"]).rstrip("/"),
            scope=str(data["authentication"]["audiences"][0]).rstrip("/") + "/.default",
            authority=urlsplit(str(data["authentication"]["loginEndpoint"])).netloc,
        )
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise UserError("cloud_metadata", exit_code=EXIT_SIGN_IN, url=where, detail=str(error)) from error


def scenario_titles(lang: str) -> list[tuple[str, str]]:
    """(id, id and title) of the scenarios that come along and can be read."""
    from byocni_tui.sandbox.scenario import ScenarioError, load, names

    found = []
    for name in names():
        try:
            title = load(name).title
        except ScenarioError:
            continue
        found.append((name, f"{name}: {title.zh if lang == 'zh' else title.en}"))
    return found

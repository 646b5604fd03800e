"""Three clouds: the endpoints, the authority and the token's audience, as they go over the wire."""

import base64
import json
import math
from pathlib import Path
from typing import Any

import pytest
from wire import Wire

from byocni_tui.context import Context
from byocni_tui.plan.model import Cluster, Cni, Plan, ResourceGroup
from byocni_tui.sandbox import launcher

CLOUDS = {
    "AzureCloud": (
        "public", "westeurope", "management.azure.com", "login.microsoftonline.com", "https://management.azure.com",
    ),
    "AzureChinaCloud": (
        "article", "chinanorth3", "management.chinacloudapi.cn", "login.chinacloudapi.cn",
        "https://management.chinacloudapi.cn",
    ),
    "AzureUSGovernment": (
        "usgov", "usgovvirginia", "management.usgovcloudapi.net", "login.microsoftonline.us",
        "https://management.core.usgovcloudapi.net",
    ),
}  # fmt: skip
"""Scenario, region, ARM's host, the authority's host, the audience (Azure CLI's ``core/cloud.py``)."""

CANARY = "canary-client-secret-5up3r"


def claims(authorization: str) -> dict[str, Any]:
    body = authorization.split(".")[1]
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    return found


@pytest.mark.parametrize("cloud", list(CLOUDS))
async def test_a_live_run_talks_to_its_own_cloud_only(
    cloud: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scenario, region, arm, login, audience = CLOUDS[cloud]
    world = launcher.start(scenario, speed=math.inf, state_dir=tmp_path / "world", idle_seconds=300)
    plan = Plan(
        cloud=cloud,
        subscription=world.subscription,
        region=region,
        resource_group=ResourceGroup(name="rg"),
        cluster=Cluster(name="c1"),
        cni=Cni(chart=world.charts_url),
        accept=("BYO709",),
        acknowledge_support_boundary=True,
    )
    try:
        async with Wire(world, tmp_path, arm=arm, login=login) as wire:
            for name in (
                "IDENTITY_ENDPOINT",
                "IDENTITY_HEADER",
                "BYOCNI_CLOUD_METADATA",
                "AZURE_AUTHORITY_HOST",
            ):
                monkeypatch.delenv(name, raising=False)
            for name, value in {
                "BYOCNI_STATE_HOME": str(tmp_path / "state"),
                "AZURE_TENANT_ID": world.tenant,
                "AZURE_CLIENT_ID": "11111111-1111-1111-1111-111111111111",
                "AZURE_CLIENT_SECRET": CANARY,
                "REQUESTS_CA_BUNDLE": str(wire.ca_file),
                "SSL_CERT_FILE": str(wire.ca_file),
                "HTTPS_PROXY": wire.proxy,
                "https_proxy": wire.proxy,
                "NO_PROXY": "127.0.0.1,localhost",
                "no_proxy": "127.0.0.1,localhost",
            }.items():
                monkeypatch.setenv(name, value)
            context = Context.live(plan)
            events = [event async for event in context.deploy()]
            shown = "\n".join(context.commands())
            await context.close()
    finally:
        launcher.stop(world)
    assert events[-1].status == "done", events[-3:]
    assert any("(environment)" in event.message for event in events), "which sign-in was used is said"
    assert {request.host for request in wire.seen} == {arm, login}
    assert set(wire.connects) == {f"{arm}:443", f"{login}:443"}
    tokens = [request for request in wire.seen if request.host == login]
    assert {request.form["scope"] for request in tokens} == {f"{audience}/.default"}
    assert {request.path for request in tokens} == {f"/{world.tenant}/oauth2/v2.0/token"}
    asked = [request for request in wire.seen if request.host == arm]
    assert {claims(request.authorization)["aud"].rstrip("/") for request in asked} == {audience}
    if cloud != "AzureCloud":
        assert f"az cloud set --name {cloud}" in shown
    others = {host for key, value in CLOUDS.items() if key != cloud for host in value[2:4]}
    everything = "".join(json.dumps(event.detail) + event.message for event in events) + shown
    assert not any(host in everything for host in others)
    assert CANARY not in everything
    for path in (tmp_path / "state").rglob("*"):
        if path.is_file():
            assert CANARY.encode() not in path.read_bytes(), path

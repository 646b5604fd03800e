"""Remedies that are done in Azure from a screen."""

from contextlib import aclosing

import pytest

from byocni_tui.context import Context
from byocni_tui.errands import security_rule
from byocni_tui.locale import Translator
from byocni_tui.plan.finding import Finding, Remedy
from byocni_tui.rules.actions import allow

GROUP = {
    "id": "/subscriptions/s/resourceGroups/rg it's/providers/Microsoft.Network/networkSecurityGroups/nsg-1"
}


def test_what_is_put_is_what_the_command_says() -> None:
    (udp, esp) = allow(
        GROUP,
        [199, 198],
        "Inbound",
        ["UDP 8472, 6081", "ESP"],
        ["10.0.0.0/24", "10.1.0.0/24"],
        ["10.0.0.0/24"],
    )
    path, body = security_rule(udp)
    assert path == f"{GROUP['id']}/securityRules/byocni-inbound-199"
    assert body["properties"] == {
        "priority": 199, "direction": "Inbound", "access": "Allow", "protocol": "Udp", "sourcePortRange": "*",
        "sourceAddressPrefixes": ["10.0.0.0/24", "10.1.0.0/24"], "destinationAddressPrefix": "10.0.0.0/24",
        "destinationPortRanges": ["8472", "6081"],
    }  # fmt: skip
    _, body = security_rule(esp)
    assert body["properties"]["protocol"] == "Esp"
    assert body["properties"]["destinationPortRange"] == "*"


async def test_one_key_opens_what_the_overlay_needs() -> None:
    context = Context.simulated(scenario="own-network", speed=float("inf"), tr=Translator("en"))
    try:
        async with aclosing(context.preflight()) as events:
            async for _ in events:
                pass
        (denied,) = [f for f in context.findings().findings if f.code == "BYO312"]
        await context.mend(denied)
        assert not context.findings().findings
    finally:
        (await context.connections()).dismiss()
        await context.close()


async def test_an_action_that_is_not_done_from_here_is_refused() -> None:
    context = Context.live(tr=Translator("en"))
    finding = Finding(
        code="BYO302", severity="error", field="network.subnet.id", remedy=Remedy(action="remove-delegation")
    )
    with pytest.raises(ValueError, match="remove-delegation"):
        await context.mend(finding)

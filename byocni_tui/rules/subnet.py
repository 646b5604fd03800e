"""BYO301–305: the subnet that the nodes shall live in."""

from collections.abc import Iterator
from typing import Final

from byocni_tui.plan.finding import Finding, Remedy
from byocni_tui.rules import sources
from byocni_tui.rules.case import Case
from byocni_tui.rules.registry import found, rule
from byocni_tui.rules.resources import properties, subnet_of

OWN_DELEGATION: Final = "microsoft.containerservice/managedclusters"


def has_subnet(case: Case) -> bool:
    """Whether the plan names a subnet that exists."""
    return bool(case.plan.network.subnet.id) and case.new


@rule("BYO301", "error", source=sources.BYO_CNI, needs=("virtualNetworks",), applies=has_subnet)
def delegated(case: Case) -> Iterator[Finding]:
    """A subnet that belongs to another service."""
    item = subnet_of(case)
    for delegation in properties(item).get("delegations") or ():
        service = str(properties(delegation).get("serviceName", ""))
        if service.lower() != OWN_DELEGATION:
            yield found(
                "BYO301",
                "network.subnet.id",
                evidence={f"{case.plan.network.subnet.id}/delegations": service},
                remedy=Remedy(action="remove-delegation"),
                facts=True,
                subnet=str((item or {}).get("name", "")),
                service=service,
            )

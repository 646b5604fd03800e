"""The plans that everyone begins with raise exactly what they should."""

import subprocess
import sys
from typing import Any

import pytest

from byocni_tui.cni.catalogue import plugins
from byocni_tui.plan import path, reader
from byocni_tui.plan.facts import Facts
from byocni_tui.plan.model import KnownRange, Plan
from byocni_tui.rules import Report, check

SAMPLE = """
version: 1
cloud: AzureChinaCloud
tenant: null
subscription: 00000000-0000-0000-0000-000000000000
region: chinanorth3
resource_group: {name: myResourceGroup, create: true, tags: {}}
cluster: {name: myAKSCluster, create: true, kubernetes_version: null, tier: free, ssh_key: null}
node_pools:
  - {name: nodepool1, mode: system, os: Linux, vm_size: null, count: 3, autoscale: null, zones: [], max_pods: 110,
     max_surge: "10%", taints: []}
network:
  managed: true
  vnet: {id: null, name: null, ranges: [10.224.0.0/12]}
  subnet: {id: null, name: null, range: 10.224.0.0/16}
  service_cidr: 10.0.0.0/16
  dns_service_ip: null
  pod_cidr: 10.244.0.0/16
  outbound_type: loadBalancer
identity: {type: system, id: null, name: null, assign_role: true}
cni: {plugin: cilium, encapsulation: vxlan, mtu: auto, kube_proxy: keep}
acknowledge_support_boundary: true
"""


def plan(**changes: Any) -> Plan:
    found = reader.load(SAMPLE, "sample")
    for where, value in changes.items():
        found = path.replace(found, where.replace("__", "."), value)
    return found


def codes(report: Report) -> list[str]:
    return [finding.code for finding in report.findings]


def test_the_sample_raises_the_registries_only() -> None:
    assert codes(check(plan())) == ["BYO709"]


@pytest.mark.parametrize(
    ("plugin", "expected"), [("cilium", ["BYO702", "BYO208", "BYO709"]), ("calico", ["BYO208", "BYO709"])]
)
def test_the_article_raises_what_its_age_left_out(plugin: str, expected: list[str]) -> None:
    article = plan(network__pod_cidr=None, cni__plugin=plugin)
    report = check(article)
    assert codes(report) == expected
    for finding in report.findings:
        if finding.code in ("BYO208", "BYO702"):
            assert finding.remedy is not None
            assert finding.remedy.set == {"network.pod_cidr": "10.244.0.0/16"}


def test_an_accepted_warning_blocks_no_more() -> None:
    report = check(plan(accept=["BYO709"]))
    assert codes(report) == ["BYO709"]
    assert report.findings[0].accepted
    assert not report.blocking
    assert (report.errors, report.warnings, report.infos) == (0, 1, 0)
    assert check(plan()).blocking


def test_what_plan_writes_lacks_only_what_nobody_can_guess() -> None:
    assert sorted(set(codes(check(Plan())))) == ["BYO001", "BYO002"]
    assert [f.field for f in check(Plan()).findings if f.code == "BYO002"] == [
        "subscription", "region", "resource_group.name", "cluster.name",
    ]  # fmt: skip


def test_an_unreadable_range_is_no_other_rule_s_business() -> None:
    assert codes(check(plan(network__service_cidr="10.0.0.0/33"))) == ["BYO201", "BYO709"]
    assert codes(check(plan(network__pod_cidr="10.244.0.0"))) == ["BYO201", "BYO709"]


def test_one_defect_one_code() -> None:
    assert "BYO211" not in codes(check(plan(network__pod_cidr="192.0.2.0/24", node_pools=[])))
    known = [{"range": "10.224.3.0/24", "what": "a subnet"}]
    both = check(plan(network__pod_cidr="10.224.0.0/16", network__known_ranges=known))
    assert "BYO204" in codes(both)
    assert "BYO210" not in codes(both)
    apart = [{"range": "10.244.3.0/24", "what": "elsewhere"}]
    assert "BYO210" in codes(check(plan(network__known_ranges=apart)))


def test_only_errors_that_rest_on_facts_can_be_overridden() -> None:
    facts = Facts(resource_groups=())
    wanted = plan(resource_group__create=False, override={"BYO110": "it comes later", "BYO205": "no"})
    finding = next(f for f in check(wanted, facts).findings if f.code == "BYO110")
    assert (finding.severity, finding.overridden, finding.accepted) == ("warning", "it comes later", True)
    large = path.replace(wanted, "network.service_cidr", "10.0.0.0/12")
    assert next(f for f in check(large, facts).findings if f.code == "BYO205").severity == "error"


def test_rules_without_their_facts_are_named() -> None:
    report = check(plan())
    lacking = {entry.code: entry.needs for entry in report.not_run}
    assert lacking["BYO508"] == ("providers",)
    assert "BYO301" not in lacking, "no subnet is named, so nothing is lost"
    own = plan(
        network__managed=False, network__subnet__id="/subscriptions/a/resourceGroups/b/providers/c/d/e"
    )
    assert "BYO301" in {entry.code for entry in check(own).not_run}
    assert "BYO508" not in {entry.code for entry in check(plan(), Facts(providers=())).not_run}


def test_known_ranges_are_indexed_once() -> None:
    """Ten thousand of them: a key press shares the tuple, so nothing is parsed or sorted again."""
    from byocni_tui.rules import known_ranges

    many = tuple(KnownRange(range=f"10.{n >> 8 & 63}.{n & 255}.0/24") for n in range(64 * 256 - 1))
    first = path.replace(plan(network__service_cidr="172.16.0.0/16"), "network.known_ranges", ())
    first = path.replace(first, "network.known_ranges", many)
    held = first.network.known_ranges
    facts = Facts()
    before = known_ranges.taken(held, facts)
    second = path.replace(first, "cluster.name", "other")
    assert second.network.known_ranges is held
    assert known_ranges.taken(second.network.known_ranges, facts) is before


@pytest.mark.parametrize("command", [["check"], ["explain", "BYO204"], ["explain"], ["plan"]])
def test_light_commands_import_nothing_heavy(command: list[str], tmp_path: Any) -> None:
    sample = tmp_path / "plan.yaml"
    sample.write_text(SAMPLE, encoding="utf-8")
    words = [*command, str(sample)] if command == ["check"] else command
    code = (
        "import sys\nfrom byocni_tui.cli import main\n"
        f"status = main({words!r})\n"
        "names = {'textual', 'azure', 'kubernetes', 'aiohttp', 'ruamel', 'cryptography'}\n"
        "heavy = names & {name.split('.')[0] for name in sys.modules}\n"
        "sys.exit(f'imported: {heavy}' if heavy else 0 if status in (0, 1) else status)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("kubernetes", [None, "1.32", "1.33", "1.34", "1.35", "1.36"])
@pytest.mark.parametrize("plugin", [item.id for item in plugins() if item.chart])
def test_the_default_version_warns_of_nothing_where_a_tested_one_exists(
    plugin: str, kubernetes: str | None
) -> None:
    """Calico's maintained line was tested from 1.34 on, and no line of Antrea on Azure: those two say so."""
    found = plan(
        cloud="AzureCloud", region="westeurope", cni__plugin=plugin, cluster__kubernetes_version=kubernetes
    )
    calico = plugin == "calico" and kubernetes in ("1.32", "1.33")
    assert codes(check(found)) == (["BYO712"] if plugin == "antrea" or calico else [])

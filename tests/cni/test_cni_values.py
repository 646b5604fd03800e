"""What the plugins are told: the traps of the catalogue's notes are not stepped into, and the user's values win."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from byocni_tui.cni.catalogue import plugins
from byocni_tui.cni.values import chart_of, merge, pool_of, render, version_of
from byocni_tui.plan.model import Autoscale, Cluster, Cni, Network, NodePool, Plan

# A busy machine draws slowly; that says nothing about the code.
patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
INSTALLED = [item.id for item in plugins() if item.chart]
TAINTED = NodePool(taints=("CriticalAddonsOnly=true:NoSchedule",))


def at(values: dict[str, Any], path: str) -> Any:
    node: Any = values
    for part in path.split("."):
        node = node[part]
    return node


def plan_with(plugin: str, **cni: Any) -> Plan:
    return Plan(cni=Cni(plugin=plugin, **cni))


def test_cilium_of_a_default_plan() -> None:
    assert render(Plan()) == {
        "aksbyocni": {"enabled": True},
        "routingMode": "tunnel",
        "tunnelProtocol": "vxlan",
        "ipam": {
            "mode": "cluster-pool",
            "operator": {"clusterPoolIPv4PodCIDRList": ["10.244.0.0/16"], "clusterPoolIPv4MaskSize": 24},
        },
        "operator": {"replicas": 2},
    }


def test_calico_of_a_default_plan() -> None:
    assert render(plan_with("calico")) == {
        "installation": {
            "enabled": True,
            "kubernetesProvider": "AKS",
            "cni": {"type": "Calico"},
            "calicoNetwork": {
                "bgp": "Disabled",
                "ipPools": [{"cidr": "10.244.0.0/16", "encapsulation": "VXLAN", "blockSize": 26}],
            },
        },
        "goldmane": {"enabled": False},
        "whisker": {"enabled": False},
    }


def test_antrea_of_a_default_plan() -> None:
    assert render(plan_with("antrea")) == {
        "nodeIPAM": {
            "enable": True,
            "clusterCIDRs": ["10.244.0.0/16"],
            "serviceCIDR": "10.0.0.0/16",
            "nodeCIDRMaskSizeIPv4": 24,
        },
        "trafficEncapMode": "encap",
        "tunnelType": "vxlan",
    }


@pytest.mark.parametrize("plugin", INSTALLED)
def test_the_plugins_pool_is_its_own_or_the_clusters(plugin: str) -> None:
    own = Plan(cni=Cni(plugin=plugin, pool="10.77.0.0/16"))
    assert "10.77.0.0/16" in json.dumps(render(own))
    assert "10.244.0.0/16" not in json.dumps(render(own))
    none = Plan(cni=Cni(plugin=plugin), network=Network(pod_cidr=None))
    assert pool_of(none) is None
    assert "10.2" not in json.dumps(render(none))


@pytest.mark.parametrize("plugin", INSTALLED)
def test_a_mirror_reaches_every_image(plugin: str) -> None:
    text = json.dumps(render(plan_with(plugin, registry="mirror.example/team", observability=True)))
    assert "mirror.example/team" in text
    assert "quay.io" not in text
    assert "docker.io" not in text


def test_every_image_of_cilium_has_its_own_setting() -> None:
    values = render(plan_with("cilium", registry="m.example", observability=True))
    paths = (
        "image",
        "operator.image",
        "envoy.image",
        "certgen.image",
        "preflight.image",
        "hubble.relay.image",
        "hubble.ui.backend.image",
        "hubble.ui.frontend.image",
    )
    for path in paths:
        assert at(values, path)["repository"].startswith("m.example/cilium/"), path
        assert at(values, path)["useDigest"] is False, path


def test_one_node_gets_one_operator() -> None:
    assert render(Plan(node_pools=(NodePool(count=1),)))["operator"]["replicas"] == 1
    assert render(Plan(), node_count=1)["operator"]["replicas"] == 1
    assert render(Plan(), node_count=0)["operator"]["replicas"] == 1
    assert render(Plan(node_pools=(NodePool(count=1), NodePool(count=1))))["operator"]["replicas"] == 2


@pytest.mark.parametrize(
    ("plugin", "path"),
    [
        ("cilium", "operator.tolerations"),
        ("calico", "installation.controlPlaneTolerations"),
        ("antrea", "controller.tolerations"),
    ],
)
def test_what_must_run_first_fits_on_tainted_system_pools(plugin: str, path: str) -> None:
    everywhere = [{"operator": "Exists"}]
    tainted = Plan(cni=Cni(plugin=plugin), node_pools=(TAINTED, NodePool(name="user", mode="user")))
    assert at(render(tainted), path) == everywhere
    open_pools = (TAINTED, NodePool(name="open"))
    with pytest.raises(KeyError):
        at(render(Plan(cni=Cni(plugin=plugin), node_pools=open_pools)), path)


def test_replacing_kube_proxy_needs_the_api_servers_name() -> None:
    plan = plan_with("cilium", kube_proxy="replace")
    assert "k8sServiceHost" not in render(plan)
    known = render(plan, api_server="c.hcp.example")
    assert (known["kubeProxyReplacement"], known["k8sServiceHost"], known["k8sServicePort"]) == (
        True,
        "c.hcp.example",
        443,
    )
    antrea = render(plan_with("antrea", kube_proxy="replace"), api_server="c.hcp.example")
    assert antrea["kubeAPIServerOverride"] == "https://c.hcp.example:443"
    assert antrea["antreaProxy"] == {"proxyAll": True}


@pytest.mark.parametrize(
    ("plugin", "path"),
    [("cilium", "MTU"), ("calico", "installation.calicoNetwork.mtu"), ("antrea", "defaultMTU")],
)
def test_the_mtu_is_left_to_the_plugin_unless_given(plugin: str, path: str) -> None:
    assert at(render(plan_with(plugin, mtu=1340)), path) == 1340
    with pytest.raises(KeyError):
        at(render(plan_with(plugin, mtu="auto")), path)


def test_encryption_observability_and_masks() -> None:
    assert render(plan_with("cilium", encryption="wireguard"))["encryption"] == {
        "enabled": True,
        "type": "wireguard",
    }
    assert render(plan_with("cilium", node_mask=25))["ipam"]["operator"]["clusterPoolIPv4MaskSize"] == 25
    assert render(plan_with("cilium", observability=True))["hubble"]["relay"] == {"enabled": True}
    assert render(plan_with("calico", observability=True))["whisker"] == {"enabled": True}
    assert render(plan_with("calico", encryption="wireguard"))["defaultFelixConfiguration"][
        "wireguardEnabled"
    ]
    assert render(plan_with("antrea", encryption="wireguard"))["trafficEncryptionMode"] == "wireGuard"


def test_an_encapsulation_that_the_plugin_lacks_is_shown_as_typed() -> None:
    pools = render(plan_with("calico", encapsulation="IPIP"))["installation"]["calicoNetwork"]["ipPools"]
    assert pools[0]["encapsulation"] == "IPIP"


@pytest.mark.parametrize("plugin", ["manual", "flannel", "no-such-plugin"])
def test_where_nothing_is_installed_only_the_users_values_are_rendered(plugin: str) -> None:
    plan = plan_with(plugin, values={"a": 1})
    assert render(plan) == {"a": 1}
    assert chart_of(plan) is None


def test_versions_are_the_plans_or_the_catalogues() -> None:
    assert version_of(Plan(cluster=Cluster(kubernetes_version="1.33"))) == "1.18.14"
    assert version_of(plan_with("cilium", version="v1.20.4")) == "1.20.4"
    assert version_of(plan_with("no-such-plugin")) is None


@pytest.mark.parametrize(
    ("chart", "name", "repo", "version"),
    [
        (None, "cilium", "https://helm.cilium.io/", "1.19.9"),
        ("https://charts.example/", "cilium", "https://charts.example/", "1.19.9"),
        ("oci://r.example/charts/cilium", "oci://r.example/charts/cilium", None, "1.19.9"),
        ("https://x.example/cilium-1.tgz", "https://x.example/cilium-1.tgz", None, None),
        ("./charts/cilium", "./charts/cilium", None, None),
    ],
)
def test_charts_come_from_where_the_plan_says(
    chart: str | None, name: str, repo: str | None, version: str | None
) -> None:
    found = chart_of(plan_with("cilium", chart=chart))
    assert found is not None
    assert (found.name, found.repo, found.version) == (name, repo, version)
    assert found.crds is None


@pytest.mark.parametrize(("version", "separate"), [(None, True), ("3.32.2", True), ("3.31.7", False)])
def test_calicos_resource_definitions_are_a_chart_of_their_own_from_3_32_on(
    version: str | None, separate: bool
) -> None:
    found = chart_of(plan_with("calico", version=version))
    assert found is not None
    assert (found.crds is not None) is separate
    if found.crds:
        assert (found.crds.name, found.crds.version) == ("crd.projectcalico.org.v1", found.version)
        assert found.version == "v3.32.2"


def test_users_values_win_and_null_stays_null() -> None:
    values = {"operator": {"replicas": 5}, "routingMode": None, "ipam": {"operator": {"extra": [1]}}}
    got = render(plan_with("cilium", values=values))
    assert got["operator"]["replicas"] == 5
    assert got["routingMode"] is None
    assert got["ipam"]["operator"]["extra"] == [1]
    assert got["ipam"]["operator"]["clusterPoolIPv4PodCIDRList"] == ["10.244.0.0/16"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)
MAPS = st.dictionaries(st.sampled_from("abc"), JSON, max_size=3)


@patient
@given(MAPS, MAPS)
def test_merging_keeps_both_sides_and_the_right_one_wins(left: dict[str, Any], right: dict[str, Any]) -> None:
    merged = merge(left, right)
    assert set(merged) == set(left) | set(right)
    for key, value in right.items():
        if not isinstance(value, dict) or not isinstance(left.get(key), dict):
            assert merged[key] == value
    assert merge(merged, right) == merged
    assert merge({}, right) == right


TEXT = st.text(max_size=12)


@patient
@given(
    st.builds(
        Cni,
        plugin=st.sampled_from(["cilium", "calico", "antrea", "manual"]) | TEXT,
        version=st.none() | TEXT,
        chart=st.none() | TEXT,
        encapsulation=TEXT,
        mtu=st.integers() | TEXT,
        registry=st.none() | TEXT,
        pool=st.none() | TEXT,
        node_mask=st.none() | st.integers(),
        values=MAPS,
    ),
    st.integers(-5, 5),
)
def test_nothing_that_stands_in_a_plan_makes_rendering_fail(cni: Cni, count: int) -> None:
    plan = Plan(cni=cni, node_pools=(NodePool(count=count, autoscale=Autoscale()),))
    values = render(plan, api_server="x")
    msgspec.json.encode(values)
    chart_of(plan)
    assert merge(values, cni.values) == values

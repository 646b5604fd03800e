"""The az script and the live preview: valid shell at every moment, every value exactly as typed, nothing else run."""

import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest
import yaml
from export_plans import ACR_ID, EVERYTHING, HOSTILE, KEY, KINDS, SUB, SUBNET_ID, patient, plan
from export_shell_run import run
from hypothesis import given

from byocni_tui.cni.values import render as render_values
from byocni_tui.export import az, preview
from byocni_tui.export.shell import Command, Raw, comment, heredoc, quote
from byocni_tui.export.steps import steps
from byocni_tui.locale import Translator
from byocni_tui.plan.model import Cluster, Cni, Identity, Network, Plan, Subnet, Vnet

SHELLCHECK = shutil.which("shellcheck") or shutil.which(
    "shellcheck", path=str(Path(__import__("sys").executable).parent)
)


def variables(of: Plan) -> dict[str, str]:
    """What the environment must hold for a script."""
    return {"HOME": "/home/me"} | {name: f"value-of-{name}" for step in steps(of) for name in step.missing}


def flag(call: list[str], name: str) -> str:
    return call[call.index(name) + 1]


def called(calls: list[list[str]], *words: str) -> list[str]:
    found = [call for call in calls if call[: len(words)] == list(words)]
    assert len(found) == 1, (words, calls)
    return found[0]


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("of", KINDS.values(), ids=list(KINDS))
def test_the_script_of_every_kind_of_plan_runs(of: Plan, lang: str, tmp_path: Path) -> None:
    calls = run(az.render(of, Translator(lang)), tmp_path, variables(of))
    assert calls[0][:3] == ["az", "account", "set"]
    assert ["kubectl", "get", "nodes"] in calls
    if of.cluster.create:
        assert flag(called(calls, "az", "aks", "create"), "--network-plugin") == "none"


@pytest.mark.parametrize("of", KINDS.values(), ids=list(KINDS))
def test_the_preview_runs_the_same_commands(of: Plan, tmp_path: Path) -> None:
    text = "\n".join(["set -euo pipefail", *preview.commands(of)]) + "\n"
    shown = [
        call
        for call in run(text, tmp_path, variables(of))
        if call[:2] not in (["az", "cloud"], ["az", "login"])
    ]
    scripted = run(az.render(of), tmp_path, variables(of))
    # The only word that differs from run to run is a fresh key.
    assert [_without_key(call) for call in shown] == [_without_key(call) for call in scripted]


def _without_key(call: list[str]) -> list[str]:
    return [word for word in call if not word.startswith("--from-literal=keys=3+ rfc4106(gcm(aes)) ")]


@pytest.mark.skipif(SHELLCHECK is None, reason="shellcheck is not installed")
@pytest.mark.parametrize("of", KINDS.values(), ids=list(KINDS))
def test_shellcheck_has_nothing_to_say(of: Plan, tmp_path: Path) -> None:
    script = tmp_path / "create.sh"
    script.write_text(az.render(of), encoding="utf-8")
    done = subprocess.run(
        [str(SHELLCHECK), str(script)], capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
    )
    assert done.stdout == ""


@patient
@given(HOSTILE)
def test_hostile_values_stay_words(of: Plan) -> None:
    with tempfile.TemporaryDirectory() as folder:
        calls = run(az.render(of), Path(folder), variables(of))
        if of.cluster.create:
            create = called(calls, "az", "aks", "create")
            words = set(create) | {word.partition("=")[2] for word in create}
            given_words = (of.cluster.name, of.region, of.network.pod_cidr, of.cluster.node_resource_group)
            for value in given_words:
                assert not value or value in words
            for key, value in of.cluster.tags.items():
                assert {f"{key}={value}", f"--tags={key}={value}"} & set(create)
        values = Path(folder) / "log.values"
        if values.exists():
            read = yaml.safe_load(values.read_text(encoding="utf-8"))
            expected = render_values(of, api_server="x")
            for name in of.cni.values:
                assert read[name] == expected[name]


@patient
@given(HOSTILE)
def test_the_preview_is_valid_shell_whatever_was_typed(of: Plan) -> None:
    text = "\n".join(preview.commands(of))
    done = subprocess.run(["bash", "-n"], input=text.encode(), capture_output=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, b""), text


@pytest.mark.parametrize("text", ["\0", "a\0b", "\ud800"])
def test_what_no_argument_can_hold_is_shown_as_replaced(text: str) -> None:
    of = plan(cluster=Cluster(name=text, tags={text: text}), cni=Cni(values={"a": text}))
    script = az.render(of)
    script.encode("utf-8")
    assert "\0" not in script
    assert "\ufffd" in script


def test_everything_the_user_typed_is_there(tmp_path: Path) -> None:
    calls = run(az.render(EVERYTHING), tmp_path, variables(EVERYTHING))
    group = called(calls, "az", "group", "create")
    assert group[-3:] == ["--tags", "team=net work", "a.b=[x]"]
    vnet = called(calls, "az", "network", "vnet", "create")
    assert vnet[-3:] == ["--address-prefixes", "10.20.0.0/16", "10.21.0.0/16"]
    assert (
        flag(called(calls, "az", "network", "vnet", "subnet", "create"), "--address-prefixes")
        == "10.20.4.0/22"
    )
    role = called(calls, "az", "role", "assignment", "create")
    assert flag(role, "--scope") == "from-az"
    create = called(calls, "az", "aks", "create")
    expected = {
        "--name": "aks-1",
        "--resource-group": "rg-1",
        "--location": "chinanorth3",
        "--pod-cidr": "10.128.0.0/14",
        "--service-cidr": "10.96.0.0/16",
        "--dns-service-ip": "10.96.0.53",
        "--outbound-type": "userDefinedRouting",
        "--kubernetes-version": "1.35",
        "--tier": "premium",
        "--k8s-support-plan": "AKSLongTermSupport",
        "--dns-name-prefix": "prefix",
        "--node-resource-group": "nodes-1",
        "--vnet-subnet-id": "from-az",
        "--assign-identity": "from-az",
        "--private-dns-zone": "system",
        "--enable-addons": "monitoring,azure-policy",
        "--attach-acr": ACR_ID,
        "--kube-proxy-config": "kube-proxy.json",
        "--nodepool-name": "system1",
        "--node-vm-size": "Standard_D4s_v5",
        "--node-count": "3",
        "--nodepool-taints": "CriticalAddonsOnly=true:NoSchedule",
        "--max-pods": "110",
        "--ssh-key-value": KEY,
        "--tags": "env=test=1",
    }
    assert {name: flag(create, name) for name in expected} == expected
    assert {"--enable-private-cluster", "--skip-subnet-role-assignment"} <= set(create)
    zones = create.index("--zones")
    assert create[zones + 1 : zones + 4] == ["1", "2", "3"]
    assert flag(called(calls, "az", "aks", "nodepool", "update"), "--max-surge") == "2"
    pool = called(calls, "az", "aks", "nodepool", "add")
    expected = {
        "--name": "user1",
        "--mode": "User",
        "--os-type": "Linux",
        "--min-count": "1",
        "--max-count": "9",
        "--max-pods": "60",
        "--max-surge": "33%",
        "--node-taints": "dedicated=batch:NoSchedule,x=y:NoExecute",
    }
    assert {name: flag(pool, name) for name in expected} == expected
    assert (tmp_path / "kube-proxy.json").read_text() == '{"enabled": false}\n'
    helm = called(calls, "helm", "upgrade")
    assert flag(helm, "--set-string") == "k8sServiceHost=from-az"
    assert flag(helm, "--version") == "1.20.4"
    values = yaml.safe_load((tmp_path / "log.values").read_text())
    expected_values = render_values(EVERYTHING)
    assert values == expected_values | {"k8sServicePort": 443}
    secret = called(calls, "kubectl", "create", "--namespace", "kube-system", "secret")
    assert "rfc4106(gcm(aes))" in secret[-1]


def test_the_articles_commands_are_in_it(tmp_path: Path) -> None:
    calls = run("\n".join(preview.commands(plan())), tmp_path)
    assert called(calls, "az", "group", "create")[3:] == ["--location", "westeurope", "--name", "rg"]
    assert called(calls, "az", "aks", "get-credentials")
    columns = 'custom-columns=NAME:.metadata.name,STATUS:.status.conditions[?(@.type=="Ready")].message'
    assert columns in called(calls, "kubectl", "get", "node")


def test_the_plugin_follows_at_once_and_pools_come_after_it(tmp_path: Path) -> None:
    calls = run(az.render(EVERYTHING), tmp_path, variables(EVERYTHING))
    order = [" ".join(call[:4]) for call in calls]
    helm = next(index for index, text in enumerate(order) if text.startswith("helm upgrade"))
    create = next(index for index, text in enumerate(order) if text.startswith("az aks create"))
    add = next(index for index, text in enumerate(order) if text.startswith("az aks nodepool add"))
    wait = next(
        index for index, text in enumerate(order) if text.startswith("kubectl wait --for=condition=Ready")
    )
    assert create < helm < add < wait


def test_missing_values_are_variables_and_named(tmp_path: Path) -> None:
    shown = preview.commands(Plan())
    assert shown[0].splitlines() == [
        "# SUBSCRIPTION stands for a value that is still missing: subscription",
        "az account set \\",
        '  --subscription "$SUBSCRIPTION"',
    ]
    script = tmp_path / "create.sh"
    script.write_text(az.render(Plan()))
    done = subprocess.run(["bash", str(script)], capture_output=True, text=True, env={}, check=False)
    assert done.returncode != 0
    assert "subscription" in done.stderr


def test_roles_are_assigned_by_az_or_by_the_script_never_by_both(tmp_path: Path) -> None:
    own = Network(managed=False, vnet=Vnet(name="v"), subnet=Subnet(name="s"))
    for identity, skip, explicit in (
        (Identity(), False, False),
        (Identity(assign_role=False), True, False),
        (Identity(type="user", name="abc"), True, True),
        (Identity(type="user", name="abc", assign_role=False), True, False),
    ):
        calls = run(az.render(plan(network=own, identity=identity)), tmp_path)
        assert ("--skip-subnet-role-assignment" in called(calls, "az", "aks", "create")) is skip
        assert any(call[:3] == ["az", "role", "assignment"] for call in calls) is explicit


def test_a_subnet_in_another_subscription_is_made_there(tmp_path: Path) -> None:
    of = KINDS["subnet made in a network that exists"]
    subnet = called(run(az.render(of), tmp_path), "az", "network", "vnet", "subnet", "create")
    assert flag(subnet, "--subscription").startswith("1111")
    assert (flag(subnet, "--resource-group"), flag(subnet, "--vnet-name")) == ("hub-rg", "hub")
    existing = run(az.render(KINDS["existing subnet"]), tmp_path)
    assert flag(called(existing, "az", "aks", "create"), "--vnet-subnet-id") == SUBNET_ID


def test_kube_proxy_is_only_switched_off_where_a_preview_was_chosen(tmp_path: Path) -> None:
    of = plan(cni=Cni(kube_proxy="replace"))
    text = az.render(of)
    assert "kube-proxy stays beside its replacement" in text
    assert "--kube-proxy-config" not in called(run(text, tmp_path), "az", "aks", "create")


def test_an_existing_cluster_is_checked_and_nothing_is_made(tmp_path: Path) -> None:
    calls = run(az.render(KINDS["existing cluster"]), tmp_path)
    assert {" ".join(call[:3]) for call in calls if call[0] == "az"} == {
        "az account set",
        "az aks show",
        "az aks get-credentials",
    }


def test_calicos_definitions_are_applied_first(tmp_path: Path) -> None:
    calls = run(az.render(KINDS["calico"]), tmp_path)
    kinds = [" ".join(call[:2]) for call in calls if call[0] in ("helm", "kubectl")]
    assert kinds.index("helm template") < kinds.index("helm upgrade")
    assert "--server-side" in called(calls, "kubectl", "apply")
    assert "helm template" not in " ".join(
        " ".join(call) for call in run(az.render(KINDS["calico 3.31"]), tmp_path)
    )


def test_charts_come_from_the_vendors_repository_or_from_where_the_plan_says(tmp_path: Path) -> None:
    vendor = run(az.render(KINDS["calico"]), tmp_path)
    assert ["helm", "repo", "add", "projectcalico", "https://docs.tigera.io/calico/charts"] in vendor
    assert "projectcalico/tigera-operator" in called(vendor, "helm", "upgrade")
    assert "projectcalico/crd.projectcalico.org.v1" in called(vendor, "helm", "template")
    mirror = run(az.render(plan(cni=Cni(chart="https://charts.example/"))), tmp_path)
    assert flag(called(mirror, "helm", "upgrade"), "--repo") == "https://charts.example/"
    artifact = called(
        run(az.render(plan(cni=Cni(chart="oci://r.example/cilium"))), tmp_path), "helm", "upgrade"
    )
    assert "oci://r.example/cilium" in artifact
    assert not {"--repo", "repo"} & set(artifact)


def test_the_script_says_why_and_how_to_sign_in_there() -> None:
    text = az.render(EVERYTHING)
    assert "az cloud set --name AzureChinaCloud && az login --tenant 2222" in text
    assert "# " + Translator("en")("export.why.cni") in text
    assert "az cloud set" not in "\n".join(preview.commands(plan()))
    assert preview.commands(EVERYTHING)[0] == "az cloud set --name AzureChinaCloud"


def test_a_key_in_the_home_folder_is_found_there(tmp_path: Path) -> None:
    calls = run(az.render(KINDS["key in a file"]), tmp_path, {"HOME": "/home/a b"})
    assert flag(called(calls, "az", "aks", "create"), "--ssh-key-value") == "/home/a b/.ssh/id_ed25519.pub"


def test_the_same_plan_gives_the_same_text() -> None:
    assert az.render(EVERYTHING) == az.render(EVERYTHING)
    assert SUB in az.render(EVERYTHING)


def test_building_blocks() -> None:
    assert quote("a b") == "'a b'"
    assert quote(Raw('"$X"')) == '"$X"'
    assert Command("x").flag("--n", "-1").text() == "x \\\n  --n=-1"
    assert Command("x").maybe("--n", None).many("--m", ()).text() == "x"
    assert comment("a\nb\u2028c") == ["# a", "# b", "# c"]
    assert heredoc("cat", "VALUES\nx").splitlines()[0] == "cat <<'VALUES_'"

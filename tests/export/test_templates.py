"""ARM, Bicep and Terraform: the same resources, read back by parsers of their own."""

import importlib.util
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from arm_engine import Engine
from export_plans import ACR_ID, EVERYTHING, HOSTILE, HUB, KINDS, NASTY, SUB, SUBNET_ID, patient, plan
from hypothesis import given

from byocni_tui.deploy import bodies
from byocni_tui.export import arm, bicep, hcl, pieces, terraform
from byocni_tui.locale import Translator
from byocni_tui.plan.model import Cluster, Export, Identity, Network, Plan, ResourceGroup, Subnet, Vnet

CLUSTER = "Microsoft.ContainerService/managedClusters"
TERRAFORM = shutil.which("terraform")
has_bicep_parser = pytest.mark.skipif(
    importlib.util.find_spec("pycep") is None, reason="pycep is not installed"
)
has_hcl_parser = pytest.mark.skipif(importlib.util.find_spec("hcl2") is None, reason="hcl2 is not installed")
has_terraform = pytest.mark.skipif(TERRAFORM is None, reason="terraform is not installed")
NASTY_TEXTS: list[str] = [text for text in NASTY.elements if text]  # type: ignore[attr-defined]
CREATED = {name: of for name, of in KINDS.items() if of.cluster.create}


def evaluated(of: Plan) -> dict[str, Any]:
    """The ARM template as ARM would carry it out, parameters filled with their names."""
    template = json.loads(arm.render(of))
    parameters = {name: f"value-of-{name}" for name in template["parameters"]}
    engine = Engine(of.subscription or SUB, of.resource_group.name or "rg", parameters)
    template["resources"] = engine.value(template["resources"])
    template["engine"] = engine
    return template


def flat(template: dict[str, Any]) -> list[dict[str, Any]]:
    """All resources, those of nested deployments too, with the group that they go to under ``@``."""
    found = []
    for item in template["resources"]:
        if item["type"] == "Microsoft.Resources/deployments":
            where = (item["subscriptionId"], item["resourceGroup"])
            found += [inner | {"@": where} for inner in item["properties"]["template"]["resources"]]
        else:
            found.append(item)
    return found


def of_type(template: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return [item for item in flat(template) if item["type"] == kind]


@pytest.mark.parametrize("of", KINDS.values(), ids=list(KINDS))
def test_templates_of_every_kind_of_plan_hold_together(of: Plan) -> None:
    template = evaluated(of)
    engine: Engine = template["engine"]
    ids = []
    for item in template["resources"]:
        if "scope" in item:
            ids.append(f"{item['scope']}/providers/{item['type']}/{item['name']}")
        else:
            ids.append(engine._call("resourceId", [item["type"], *item["name"].split("/")]))
        assert set(item.get("dependsOn", [])) <= set(ids), "only on what stands above"
        assert item["comments"]
    assert len(set(ids)) == len(ids)
    assert len(of_type(template, CLUSTER)) == (1 if of.cluster.create else 0)


def _without_empty(node: Any) -> Any:
    if isinstance(node, dict):
        return {key: _without_empty(value) for key, value in node.items() if value not in ("", None)}
    return [_without_empty(item) for item in node] if isinstance(node, list) else node


@pytest.mark.parametrize(
    "name",
    [name for name in CREATED if name not in ("empty", "key in a file", "unreadable ranges", "no pools")],
)
def test_the_template_makes_what_the_program_itself_makes(name: str) -> None:
    of = CREATED[name]
    if "unnamed" in name:
        pytest.skip("the program refuses to run without names")
    cluster = of_type(evaluated(of), CLUSTER)[0]
    made = {
        key: cluster[key] for key in ("location", "properties", "identity", "sku", "tags") if key in cluster
    }
    own = _without_empty(bodies.cluster_body(of))
    assert own["properties"].pop("disableLocalAccounts") is False
    assert made == own


def test_roles_come_before_the_cluster_where_they_can() -> None:
    kinds = [item["type"].rpartition("/")[2] for item in flat(evaluated(EVERYTHING))]
    assert kinds == [
        "virtualNetworks",
        "userAssignedIdentities",
        "roleAssignments",
        "managedClusters",
        "roleAssignments",
    ]
    system = [
        item["type"].rpartition("/")[2] for item in flat(evaluated(KINDS["own network, system identity"]))
    ]
    assert system == ["virtualNetworks", "managedClusters", "roleAssignments"]


def test_roles_go_to_the_identity_that_needs_them() -> None:
    roles = of_type(evaluated(EVERYTHING), pieces.ROLE)
    assert roles[0]["properties"]["principalId"].startswith("reference:")
    assert "identity-1" in roles[0]["properties"]["principalId"]
    assert roles[0]["scope"].endswith("/virtualNetworks/vnet-1/subnets/nodes")
    assert roles[1]["scope"] == ACR_ID
    assert roles[1]["@"] == (HUB, "acr-rg")
    definitions = "providers/Microsoft.Authorization/roleDefinitions"
    expected = f"/subscriptions/{HUB}/{definitions}/{bodies.ACR_PULL}"
    assert roles[1]["properties"]["roleDefinitionId"] == expected
    assert roles[0]["properties"]["roleDefinitionId"].endswith(bodies.NETWORK_CONTRIBUTOR)
    existing = of_type(evaluated(KINDS["existing subnet"]), pieces.ROLE)[0]
    assert (existing["scope"], existing["@"]) == (SUBNET_ID, (HUB, "hub-rg"))
    assert of_type(evaluated(KINDS["own network, no role"]), pieces.ROLE) == []
    assert of_type(evaluated(plan()), pieces.ROLE) == []


def test_a_subnet_in_a_network_that_exists_is_made_where_that_is() -> None:
    subnet = of_type(evaluated(KINDS["subnet made in a network that exists"]), pieces.SUBNET)[0]
    assert (subnet["name"], subnet["@"]) == ("hub/aks", (HUB, "hub-rg"))


def test_values_that_are_missing_become_parameters() -> None:
    template = json.loads(arm.render(Plan()))
    assert set(template["parameters"]) == {"region", "clusterName", "dnsPrefix"}
    assert "param clusterName string" in bicep.render(Plan())
    text = terraform.render(Plan())
    for name in ("subscription_id", "resource_group_name", "region", "cluster_name", "dns_prefix"):
        assert f'variable "{name}"' in text
        assert f"var.{name}" in text


@patient
@given(HOSTILE)
def test_hostile_values_stay_values_in_json(of: Plan) -> None:
    template = evaluated(of)
    if not of.cluster.create:
        assert template["resources"] == []
        return
    cluster = of_type(template, CLUSTER)[0]
    if of.cluster.name:
        assert cluster["name"] == of.cluster.name
    assert cluster.get("tags", {}) == of.cluster.tags
    profile = cluster["properties"]["networkProfile"]
    assert profile.get("podCidr") == of.network.pod_cidr
    assert profile["networkPlugin"] == "none"


STRING = re.compile(r"'((?:[^'\\\n$]|\\.|\$(?!\{))*)'")


def bicep_strings(text: str) -> list[str]:
    """Every text of a Bicep file, unescaped by the rules of the language."""
    code = "\n".join(line for line in text.split("\n") if not line.lstrip().startswith("//"))
    plain = {"n": "\n", "r": "\r", "t": "\t"}

    def char(match: re.Match[str]) -> str:
        return chr(int(match[2], 16)) if match[2] else plain.get(match[1], match[1])

    return [re.sub(r"\\(u\{([0-9a-f]+)\}|.)", char, found) for found in STRING.findall(code)]


@pytest.mark.parametrize("text", NASTY_TEXTS)
def test_bicep_texts_read_back_as_typed(text: str) -> None:
    rendered = bicep.render(plan(cluster=Cluster(name=text, tags={text: text}), region=text))
    assert bicep_strings(rendered).count(text) >= 3


@has_bicep_parser
@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("of", KINDS.values(), ids=list(KINDS))
def test_bicep_is_read_by_a_parser(of: Plan, lang: str) -> None:
    import pycep

    document = pycep.BicepParser().parse(text=bicep.render(of, Translator(lang)))
    declared = document.get("resources", {})
    assert ("cluster" in declared) is of.cluster.create


def test_an_api_version_is_a_text_like_any_other() -> None:
    of = plan(export=Export(api_version="a\r\n'}\n[x"))
    assert r"managedClusters@a\r\n\'}\n[x' = {" in bicep.render(of)
    assert of_type(evaluated(plan(export=Export(api_version="[x"))), CLUSTER)[0]["apiVersion"] == "[x"


@has_bicep_parser
# That parser cannot read a text that ends in a backslash; the language can.
@pytest.mark.parametrize("text", [text for text in NASTY_TEXTS if not text.endswith("\\")])
def test_bicep_with_hostile_texts_is_read_by_a_parser(text: str) -> None:
    import pycep

    of = plan(
        cluster=Cluster(name=text, tags={text: text}), region=text, resource_group=ResourceGroup(name=text)
    )
    assert "cluster" in pycep.BicepParser().parse(text=bicep.render(of))["resources"]


@patient
@given(HOSTILE)
def test_bicep_brackets_close_whatever_was_typed(of: Plan) -> None:
    text = bicep.render(of)
    code = "\n".join(line for line in text.split("\n") if not line.lstrip().startswith("//"))
    bare = STRING.sub("", re.sub(r"'\$\{[A-Za-z.]+\}'", "", code))
    for left, right in ("{}", "[]", "()"):
        assert bare.count(left) == bare.count(right), text
    assert all(char.isprintable() or char in "\n" for char in bare.replace("\u202e", "")), text


@has_hcl_parser
@pytest.mark.parametrize("of", KINDS.values(), ids=list(KINDS))
def test_terraform_is_read_by_a_parser(of: Plan) -> None:
    import hcl2

    document = hcl2.loads(terraform.render(of))
    kinds = [kind.strip('"') for block in document.get("resource", []) for kind in block]
    assert ("azapi_resource" in kinds) is of.cluster.create


@has_terraform
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_terraform_itself_would_not_change_a_character(lang: str, tmp_path: Path) -> None:
    for index, of in enumerate(KINDS.values()):
        (tmp_path / f"{index}.tf").write_text(terraform.render(of, Translator(lang)), encoding="utf-8")
    done = subprocess.run(
        [str(TERRAFORM), "fmt", "-check", "-diff", str(tmp_path)],
        capture_output=True,
        text=True,
        env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "CHECKPOINT_DISABLE": "1"},
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, ""), done.stderr


@has_terraform
def test_terraform_reads_hostile_texts_as_typed(tmp_path: Path) -> None:
    rows = "".join(f"  v{index} = {hcl.string(text)}\n" for index, text in enumerate(NASTY_TEXTS))
    (tmp_path / "main.tf").write_text("locals {\n" + rows + "}\n", encoding="utf-8")
    listed = ", ".join(f"local.v{index}" for index in range(len(NASTY_TEXTS)))
    done = subprocess.run(
        [str(TERRAFORM), "console"],
        input=f"jsonencode([{listed}])\n",
        cwd=tmp_path,
        capture_output=True,
        text=True,
        env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "CHECKPOINT_DISABLE": "1"},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(json.loads(done.stdout)) == NASTY_TEXTS


def test_terraform_says_the_cloud_and_reuses_what_exists() -> None:
    text = terraform.render(EVERYTHING)
    assert text.count('"china"') == 2
    assert 'data "azurerm_resource_group" "this"' in terraform.render(KINDS["existing group"])
    existing = terraform.render(KINDS["existing subnet"])
    assert "data.azapi_resource.identity.output.properties.principalId" in existing
    assert f'"{SUBNET_ID}"' in existing
    assert 'resource "' not in terraform.render(KINDS["existing cluster"])


@pytest.mark.parametrize("module", [arm, bicep, terraform], ids=["arm", "bicep", "terraform"])
@pytest.mark.parametrize("of", KINDS.values(), ids=list(KINDS))
def test_every_tongue_is_deterministic_and_ends_with_a_newline(module: Any, of: Plan) -> None:
    text = module.render(of)
    assert text == module.render(of)
    assert text.endswith("\n")
    assert not text.endswith("\n\n")
    assert "export." not in text.replace("export.api_version", "")


@pytest.mark.parametrize("module", [arm, bicep, terraform], ids=["arm", "bicep", "terraform"])
def test_everything_the_user_typed_is_in_every_tongue(module: Any) -> None:
    text = module.render(EVERYTHING)
    for value in (
        "aks-1",
        "1.35",
        "Premium",
        "prefix",
        "nodes-1",
        "ssh-ed25519",
        "test=1",
        "omsagent",
        "azurepolicy",
        ACR_ID,
        "system1",
        "user1",
        "Standard_D8s_v5",
        "33%",
        "dedicated=batch:NoSchedule",
        "CriticalAddonsOnly=true:NoSchedule",
        "10.20.0.0/16",
        "10.21.0.0/16",
        "10.20.4.0/22",
        "10.96.0.0/16",
        "10.96.0.53",
        "10.128.0.0/14",
        "userDefinedRouting",
        "identity-1",
        "2026-02-02-preview",
        "kubeProxyConfig",
        "chinanorth3",
    ):
        assert value in text, value


def test_a_user_identity_in_an_own_network_waits_for_its_role() -> None:
    own = Network(managed=False, vnet=Vnet(name="v"), subnet=Subnet(name="s"))
    text = terraform.render(plan(network=own, identity=Identity(type="user", name="abc")))
    assert "depends_on                = [azurerm_role_assignment.subnet]" in text


@has_terraform
def test_terraform_reads_files_with_hostile_texts(tmp_path: Path) -> None:
    for index, text in enumerate(NASTY_TEXTS):
        of = plan(
            region=text,
            resource_group=ResourceGroup(name=text, tags={text: text}),
            cluster=Cluster(name=text, tags={text: text}),
            network=Network(managed=False, vnet=Vnet(name=text), subnet=Subnet(name=text, range=text)),
            identity=Identity(type="user", name=text),
        )
        (tmp_path / f"{index}.tf").write_text(terraform.render(of), encoding="utf-8")
    done = subprocess.run(
        [str(TERRAFORM), "fmt", "-list=false", str(tmp_path)],
        capture_output=True,
        text=True,
        env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "CHECKPOINT_DISABLE": "1"},
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")

"""A landing zone with a defect of each kind; the commands of the remedies, run as they are printed, mend it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

SUBSCRIPTION = "00000000-0000-0000-0000-000000000000"
NET = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/net/providers"
SUBNET = f"{NET}/Microsoft.Network/virtualNetworks/hub/subnets/nodes"
PLAN = f"""
version: 1
subscription: {SUBSCRIPTION}
region: westeurope
resource_group: {{name: clusters, create: false}}
cluster: {{name: aks}}
network: {{managed: false, subnet: {{id: {SUBNET}}}}}
identity: {{type: user, id: {NET}/Microsoft.ManagedIdentity/userAssignedIdentities/me-id, assign_role: false}}
acknowledge_support_boundary: true
"""
SCRIPT = """
set -euo pipefail
export BYOCNI_ALLOW_SANDBOX=1
BYOCNI_CLOUD_METADATA=$(az cloud show --query endpoints.resourceManager -o tsv)
export BYOCNI_CLOUD_METADATA
az provider unregister --namespace Microsoft.Compute -o none
az group create -l westeurope -n net -o none
az group create -l westeurope -n clusters -o none
az network nsg create -g net -n guard -o none
deny() {
    az network nsg rule create -g net --nsg-name guard --access Deny -o none "$@"
}
deny -n no-udp --priority 200 --direction Inbound --protocol Udp --destination-port-ranges 8000-9000 \\
    --source-address-prefixes VirtualNetwork --destination-address-prefixes VirtualNetwork
deny -n no-web --priority 300 --direction Outbound --protocol Tcp --destination-port-ranges 443
deny -n no-time --priority 301 --direction Outbound --protocol Udp --destination-port-ranges 123
az network vnet create -g net -n hub --address-prefixes 10.30.0.0/16 -o none
az network vnet subnet create -g net --vnet-name hub -n nodes --address-prefixes 10.30.1.0/24 \\
    --network-security-group guard --delegations Microsoft.ContainerInstance/containerGroups -o none
az identity create -g net -n me-id -o none
"$PYTHON" -m byocni_tui check plan.yaml --live -o json > before.json && exit 1
"$PYTHON" - > mend.sh <<'END'
import json
for finding in json.load(open("before.json"))["findings"]:
    for command in finding["remedy"]["commands"]:
        print(command, "--output none")
END
bash -e mend.sh
"$PYTHON" -m byocni_tui check plan.yaml --live -o json > after.json
"""


@pytest.mark.clients
def test_the_commands_of_the_remedies_mend_what_they_are_about(tmp_path: Path) -> None:
    cache = Path(os.environ.get("BYOCNI_CLIENTS") or Path.home() / ".cache" / "byocni-tui")
    if not (cache / "az" / "bin" / "az").exists():
        pytest.fail("az is not installed: run `make clients`", pytrace=False)
    (tmp_path / "plan.yaml").write_text(PLAN, encoding="utf-8")
    (tmp_path / "mend-all.sh").write_text(SCRIPT, encoding="utf-8")
    words = ["-m", "byocni_tui", "sandbox", "--scenario", "public", "--speed", "max", "--state", "state"]
    done = subprocess.run(
        [sys.executable, *words, "--", "bash", "mend-all.sh"],
        cwd=tmp_path,
        env={
            **os.environ,
            "PATH": f"{cache / 'az' / 'bin'}{os.pathsep}{os.environ['PATH']}",
            "PYTHON": sys.executable,
            "BYOCNI_STATE_HOME": str(tmp_path / "home"),
        },
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )
    assert done.returncode == 0, done.stderr + done.stdout
    before = json.loads((tmp_path / "before.json").read_text(encoding="utf-8"))
    codes = {finding["code"] for finding in before["findings"]}
    assert codes == {"BYO301", "BYO311", "BYO312", "BYO313", "BYO402", "BYO503"}
    after = json.loads((tmp_path / "after.json").read_text(encoding="utf-8"))
    assert after["findings"] == []

"""The Azure SDKs, unmodified, at their own default api-versions."""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.core.pipeline.transport import RequestsTransport
from azure.identity import ManagedIdentityCredential
from azure.mgmt.authorization import AuthorizationManagementClient
from azure.mgmt.compute import ComputeManagementClient
from azure.mgmt.containerservice import ContainerServiceClient
from azure.mgmt.msi import ManagedServiceIdentityClient
from azure.mgmt.network import NetworkManagementClient
from azure.mgmt.resource.deployments import DeploymentsMgmtClient
from azure.mgmt.resource.locks import ManagementLockClient
from azure.mgmt.resource.resources import ResourceManagementClient
from azure.mgmt.resource.subscriptions import SubscriptionClient

from byocni_tui.sandbox import launcher
from byocni_tui.sandbox.endpoints import Endpoints

SUBSCRIPTION = "00000000-0000-0000-0000-000000000000"


class Sdk:
    """Makes clients of a sandbox."""

    def __init__(self, endpoints: Endpoints, credential: ManagedIdentityCredential) -> None:
        self.base, self.ca, self.credential = endpoints.arm_url, endpoints.ca_file, credential

    def __call__(self, client: Any, *args: Any) -> Any:
        return client(
            self.credential,
            *args,
            base_url=self.base,
            credential_scopes=[f"{self.base}/.default"],
            transport=RequestsTransport(connection_verify=self.ca),
        )


@pytest.fixture
def sdk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sdk]:
    endpoints = launcher.start("public", speed=math.inf, state_dir=tmp_path, idle_seconds=120)
    monkeypatch.setenv("IDENTITY_ENDPOINT", endpoints.identity_url)
    monkeypatch.setenv("IDENTITY_HEADER", endpoints.identity_header)
    try:
        with ManagedIdentityCredential() as credential:
            yield Sdk(endpoints, credential)
    finally:
        launcher.stop(endpoints)


def test_the_whole_way(sdk: Sdk) -> None:
    with sdk(SubscriptionClient) as subscriptions:
        assert [one.subscription_id for one in subscriptions.subscriptions.list()] == [SUBSCRIPTION]
        regions = [one.name for one in subscriptions.subscriptions.list_locations(SUBSCRIPTION)]
        assert "westeurope" in regions
    with sdk(ResourceManagementClient, SUBSCRIPTION) as resources:
        resources.resource_groups.create_or_update("rg", {"location": "westeurope"})
        assert resources.providers.get("Microsoft.ContainerService").registration_state == "Registered"
    with sdk(NetworkManagementClient, SUBSCRIPTION) as network:
        vnet = {
            "location": "westeurope",
            "properties": {"addressSpace": {"addressPrefixes": ["10.1.0.0/16"]}},
        }
        network.virtual_networks.begin_create_or_update("rg", "net", vnet).result(30)
        subnet = network.subnets.begin_create_or_update(
            "rg", "net", "nodes", {"properties": {"addressPrefix": "10.1.0.0/24"}}
        ).result(30)
        assert subnet.provisioning_state == "Succeeded"
        assert any(one.name.value == "VirtualNetworks" for one in network.usages.list("westeurope"))
    with sdk(ManagedServiceIdentityClient, SUBSCRIPTION) as msi:
        own = msi.user_assigned_identities.create_or_update("rg", "own", {"location": "westeurope"})
    with sdk(AuthorizationManagementClient, SUBSCRIPTION) as authorization:
        role = next(
            authorization.role_definitions.list(subnet.id, filter="roleName eq 'Network Contributor'")
        )
        made = authorization.role_assignments.create(
            subnet.id,
            "99999999-0000-4000-8000-000000000000",
            {
                "properties": {
                    "roleDefinitionId": role.id,
                    "principalId": own.principal_id,
                    "principalType": "ServicePrincipal",
                }
            },
        )
        assert made.scope == subnet.id
        assert any(one.actions == ["*"] for one in authorization.permissions.list_for_resource_group("rg"))
    with sdk(ComputeManagementClient, SUBSCRIPTION) as compute:
        assert any(one.name.value == "cores" for one in compute.usage.list("westeurope"))
    with sdk(ManagementLockClient, SUBSCRIPTION) as locks:
        locks.management_locks.create_or_update_at_resource_group_level(
            "rg", "keep", {"properties": {"level": "CanNotDelete"}}
        )
        assert [one.level for one in locks.management_locks.list_at_resource_group_level("rg")] == [
            "CanNotDelete"
        ]
        locks.management_locks.delete_at_resource_group_level("rg", "keep")
    with sdk(ContainerServiceClient, SUBSCRIPTION) as aks:
        cluster(aks, subnet.id, own.id)
    with sdk(ResourceManagementClient, SUBSCRIPTION) as resources:
        resources.resource_groups.begin_delete("rg").result(60)
        assert not resources.resource_groups.check_existence("rg")


def cluster(aks: Any, subnet: str, identity: str) -> None:
    body = {
        "location": "westeurope",
        "identity": {"type": "UserAssigned", "userAssignedIdentities": {identity: {}}},
        "properties": {
            "dnsPrefix": "c1",
            "agentPoolProfiles": [{"name": "np1", "count": 2, "mode": "System", "vnetSubnetID": subnet}],
            "networkProfile": {"networkPlugin": "none", "podCidr": "10.244.0.0/16"},
        },
    }
    bad = {**body, "properties": {**body["properties"], "kubernetesVersion": "1.0.0"}}
    with pytest.raises(HttpResponseError, match="not supported in this region"):
        aks.managed_clusters.begin_create_or_update("rg", "c1", bad)
    with pytest.raises(ResourceNotFoundError):
        aks.managed_clusters.get("rg", "c1")
    made = aks.managed_clusters.begin_create_or_update("rg", "c1", body).result(60)
    assert made.provisioning_state == "Succeeded"
    assert made.network_profile.network_plugin == "none"
    assert made.network_profile.pod_cidr == "10.244.0.0/16"
    found = aks.managed_clusters.list_cluster_user_credentials("rg", "c1").kubeconfigs
    assert b"current-context: c1" in found[0].value
    assert [one.name for one in aks.agent_pools.list("rg", "c1")] == ["np1"]
    assert any(
        one.is_default for one in aks.managed_clusters.list_kubernetes_versions("westeurope").values_property
    )
    aks.managed_clusters.begin_delete("rg", "c1").result(60)
    assert not list(aks.managed_clusters.list())


def test_deployments(sdk: Sdk) -> None:
    with sdk(ResourceManagementClient, SUBSCRIPTION) as resources:
        resources.resource_groups.create_or_update("rg", {"location": "westeurope"})
    template = {
        "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
        "contentVersion": "1.0.0.0",
        "resources": [
            {
                "type": "Microsoft.Network/routeTables",
                "apiVersion": "2024-07-01",
                "name": "rt",
                "location": "westeurope",
            }
        ],
    }
    body = {"properties": {"mode": "Incremental", "template": template}}
    with sdk(DeploymentsMgmtClient, SUBSCRIPTION) as client:
        assert client.deployments.begin_validate("rg", "d", body).result(30).error is None
        changes = client.deployments.begin_what_if("rg", "d", body).result(30).properties.changes
        assert [one.change_type for one in changes] == ["Create"]
        done = client.deployments.begin_create_or_update("rg", "d", body).result(30)
        assert done.properties.provisioning_state == "Succeeded"

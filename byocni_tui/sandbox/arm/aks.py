# ruff: noqa: ARG002 every type answers the same questions, and few need all that is asked
"""Microsoft.ContainerService/managedClusters: create, update, delete, credentials, versions."""

import base64
from typing import TYPE_CHECKING, Any

from byocni_tui.sandbox.arm import (
    aks_checks,
    aks_fill,
    aks_life,
    aks_network,
    aks_rules,
    aks_shape,
    checks,
    ids,
)
from byocni_tui.sandbox.arm.aks_versions import minors, upgrades
from byocni_tui.sandbox.arm.call import Answer, Call, copied
from byocni_tui.sandbox.arm.errors import ArmError, aks, not_in_sandbox
from byocni_tui.sandbox.arm.handler import Handler
from byocni_tui.sandbox.arm.kind import Kind

if TYPE_CHECKING:
    from byocni_tui.sandbox.arm.call import Record
    from byocni_tui.sandbox.arm.cloud import Arm

_OPERATION_VERSION = "2025-03-01"
"""AKS's own api-version of operations."""


class ManagedClusters(Handler):
    """Clusters."""

    def __init__(self, arm: "Arm", kind: Kind) -> None:
        super().__init__(arm, kind)
        self.life = aks_life.Life(arm)

    def show(self, record: "Record", api_version: str) -> dict[str, Any]:
        body: dict[str, Any] = copied(record["body"])
        network = body["properties"]["networkProfile"]
        if network["networkPlugin"] == "none" and api_version < "2026-01-01":
            network.pop("podCidr", None)
            network.pop("podCidrs", None)
        if api_version >= "2024-09-01":
            body["eTag"] = self.tag(record)
            for pool in body["properties"]["agentPoolProfiles"]:
                pool["eTag"] = body["eTag"]
        return body

    def tag(self, record: "Record") -> str:
        """The ``eTag`` of a cluster and its pools: a bare GUID."""
        return self.etag(record).strip('W/"')

    def write(self, call: Call) -> Answer:
        resource_id = self.resource_id(call)
        old = self.arm.get(resource_id)
        body = checks.envelope(self.arm, self.kind, call, old)
        aks_shape.check(body, "ManagedCluster", call.api_version)
        aks_checks.not_busy(self.arm, resource_id, "managed cluster")
        checks.if_match(call, self.tag(old) if old else None)
        aks_checks.cluster(self.arm, call, resource_id, body, old)
        aks_rules.asked(body)
        aks_rules.identities(self.arm, resource_id, body)
        filled = aks_fill.cluster(self.arm, resource_id, body, old["body"] if old else None)
        aks_rules.pools(filled)
        if old:
            aks_rules.changed(old["body"], filled)
        aks_network.judge(self.arm, resource_id, filled, old["body"] if old else None)
        # AKS answers ids with a lower-case "resourcegroups" and its own spelling of the type.
        shown_id = resource_id.replace("/resourceGroups/", "/resourcegroups/")
        head = {
            "id": shown_id,
            "name": ids.last(resource_id),
            "type": "Microsoft.ContainerService/ManagedClusters",
        }
        record = self.arm.put(resource_id, self.kind.type, {**head, **filled})
        self._state(record, "Updating" if old else "Creating")
        operation = self.life.update(record, old) if old else self.life.create(record)
        return Answer(200 if old else 201, self.show(record, call.api_version), self.headers(call, operation))

    def _state(self, record: "Record", state: str) -> None:
        aks_life.set_state(record, state)
        self.arm.touch(record)

    def headers(self, call: Call, operation: dict[str, Any], *, location: bool = False) -> dict[str, str]:
        """Where to poll; AKS names its own api-version there."""
        query = f"api-version={call.api_version}"
        found = checks.polling(self.arm, call, operation, location=location)
        return {
            name: value.replace(query, f"api-version={_OPERATION_VERSION}") for name, value in found.items()
        }

    def patch(self, call: Call) -> Answer:
        record = self.find(call)
        if not isinstance(call.body, dict):
            raise checks.no_content()
        record["body"]["tags"] = checks.tags(call.body)
        self._state(record, "Updating")
        operation = self.arm.operations.begin(
            [(5.0, "Succeeded", "aks.settled")], target=ids.key(record["id"]), data={"id": record["id"]}
        )
        return Answer(200, self.show(record, call.api_version), self.headers(call, operation))

    def delete(self, call: Call) -> Answer:
        record = self.arm.get(self.resource_id(call))
        if record is None:
            return Answer(204)
        running = self.arm.operations.running(ids.key(record["id"]))
        if running is not None and running["verb"] == "delete":
            return Answer(202, None, self.headers(call, running, location=True))
        if running is not None:
            self.arm.operations.fail(
                running,
                ArmError(
                    409,
                    "AKSOperationPreemptedByDelete",
                    "This operation has been preempted by Deleting operation.",
                ),
            )
        self._state(record, "Deleting")
        operation = self.life.delete(record)
        return Answer(202, None, self.headers(call, operation, location=True))

    def after_delete(self, record: "Record") -> None:
        self.life.gone(record)

    def revive(self) -> None:
        self.life.revive()

    def handle(self, call: Call) -> Answer:
        if call.method == "POST" and call.path.action:
            checks.group_exists(self.arm, call)
            return self.action(call, self.find(call), call.path.action)
        return super().handle(call)

    def action(self, call: Call, record: "Record", name: str) -> Answer:
        lower = name.lower()
        if lower in (
            "listclusterusercredential",
            "listclusteradmincredential",
            "listclustermonitoringusercredential",
        ):
            admin = lower == "listclusteradmincredential"
            if admin and record["body"]["properties"].get("disableLocalAccounts"):
                raise aks("BadRequest", "Getting static credential is not allowed because this cluster is set to "
                          "disable local accounts.")  # fmt: skip
            return Answer(200, {"kubeconfigs": [self._kubeconfig(record, admin=admin)]})
        if lower in ("stop", "start"):
            aks_checks.not_busy(self.arm, record["id"], "managed cluster")
            operation = self.life.power(record, on=lower == "start")
            return Answer(202, None, self.headers(call, operation, location=True))
        if lower == "abort":
            return self._abort(call, record)
        raise not_in_sandbox(f"POST {self.kind.type}/{name}")

    def _abort(self, call: Call, record: "Record") -> Answer:
        running = self.arm.operations.running(ids.key(record["id"]))
        if running is None:
            raise aks("OperationNotAllowed", "There is no operation in progress to abort.", status=409)
        self.arm.operations.cancel(running)
        self._state(record, "Canceled")
        operation = self.arm.operations.begin(
            [(5.0, "Succeeded", None)], target=ids.key(record["id"]) + "/abort", data={}, after=204
        )
        return Answer(202, None, self.headers(call, operation, location=True))

    def _kubeconfig(self, record: "Record", *, admin: bool) -> dict[str, str]:
        cluster = self.life.cluster(record)
        if cluster is None:
            raise aks(
                "BadRequest", "The cluster is being deleted or hasn't been fully provisioned yet.", status=400
            )
        import yaml

        name = record["name"]
        user = f"cluster{'Admin' if admin else 'User'}_{checks.group_of(record['id'])}_{name}"
        world = self.arm.world
        server = f"{world.https_base}/k8s/{world.cluster_path(record['meta']['number'])}"
        config: dict[str, Any] = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [
                {
                    "name": name,
                    "cluster": {
                        "certificate-authority-data": base64.b64encode(self.arm.world.ca_pem).decode(),
                        "server": server,
                    },
                }
            ],
            "contexts": [{"name": name, "context": {"cluster": name, "user": user}}],
            "current-context": name,
            "preferences": {},
            "users": [{"name": user, "user": {"token": cluster.token("clusterAdmin")}}],
        }
        text = yaml.safe_dump(config, sort_keys=False)
        return {
            "name": f"cluster{'Admin' if admin else 'User'}",
            "value": base64.b64encode(text.encode()).decode(),
        }


class KubernetesVersions(Handler):
    """``locations/L/kubernetesVersions``: ``values``, not ``value``."""

    def handle(self, call: Call) -> Answer:
        values = []
        for entry in minors():
            one: dict[str, Any] = {
                "version": entry["version"],
                "capabilities": {"supportPlan": entry["plans"]},
            }
            for flag in ("isDefault", "isPreview"):
                if entry.get(flag):
                    one[flag] = True
            one["patchVersions"] = {patch: {"upgrades": upgrades(patch)} for patch in entry["patches"]}
            values.append(one)
        return Answer(200, {"values": values})


class UpgradeProfiles(Handler):
    """``upgradeProfiles/default`` of a cluster."""

    def handle(self, call: Call) -> Answer:
        cluster_id = (
            f"{call.path.scope}/providers/Microsoft.ContainerService/managedClusters/{call.path.names[0]}"
        )
        record = self.arm.get(cluster_id)
        if record is None:
            checks.group_exists(self.arm, call)
            raise self.not_found(call)
        properties = record["body"]["properties"]

        def profile(version: str) -> dict[str, Any]:
            return {
                "kubernetesVersion": version,
                "osType": "Linux",
                "upgrades": [{"kubernetesVersion": one} for one in upgrades(version)],
            }

        return Answer(
            200,
            {
                "id": f"{record['body']['id']}/upgradeprofiles/default",
                "name": "default",
                "type": "Microsoft.ContainerService/managedClusters/upgradeprofiles",
                "properties": {
                    "controlPlaneProfile": profile(properties["currentKubernetesVersion"]),
                    "agentPoolProfiles": [
                        {"name": pool["name"], **profile(pool["currentOrchestratorVersion"])}
                        for pool in properties["agentPoolProfiles"]
                    ],
                },
            },
        )

# ruff: noqa: ARG002 every type answers the same questions, and few need all that is asked
"""Microsoft.Resources: tenants, subscriptions, locations, resource groups, providers, generic lists of resources."""

import re
from typing import Any

from byocni_tui.sandbox.arm import checks, ids
from byocni_tui.sandbox.arm.call import Answer, Call, Record
from byocni_tui.sandbox.arm.errors import ArmError, not_in_sandbox
from byocni_tui.sandbox.arm.handler import Handler, method_not_allowed
from byocni_tui.sandbox.arm.kind import api_versions
from byocni_tui.sandbox.arm.network import refuse_used

_GROUP = re.compile(r"[-\w._()]{0,89}[-\w_()]", re.UNICODE)


class Tenants(Handler):
    """``/tenants``."""

    def handle(self, call: Call) -> Answer:
        tenant = self.arm.data["tenant"]
        one = {
            "id": f"/tenants/{tenant['id']}",
            "tenantId": tenant["id"],
            "countryCode": tenant["country"],
            "displayName": tenant["name"],
            "domains": [tenant["domain"]],
            "tenantCategory": "Home",
            "defaultDomain": tenant["domain"],
            "tenantType": "AAD",
        }
        return Answer(200, {"value": [one]})


class Subscriptions(Handler):
    """``/subscriptions`` and one of them."""

    def handle(self, call: Call) -> Answer:
        if call.method != "GET":
            raise not_in_sandbox(f"{call.method} {call.path.type}")
        if call.path.item:
            return Answer(200, self._show(self.arm.subscription(call.path.name)))
        shown = [self._show(entry) for entry in self.arm.data["subscriptions"]]
        return Answer(200, {"value": shown, "count": {"type": "Total", "value": len(shown)}})

    def _show(self, entry: dict[str, Any]) -> dict[str, Any]:
        return {
            "id": f"/subscriptions/{entry['id']}",
            "authorizationSource": "RoleBased",
            "managedByTenants": [],
            "subscriptionId": entry["id"],
            "tenantId": self.arm.data["tenant"]["id"],
            "displayName": entry["name"],
            "state": entry.get("state", "Enabled"),
            "subscriptionPolicies": {
                "locationPlacementId": entry.get("placement", "Public_2014-09-01"),
                "quotaId": entry.get("quota_id", "PayAsYouGo_2014-09-01"),
                "spendingLimit": "Off",
            },
        }


class Locations(Handler):
    """``/subscriptions/S/locations``."""

    def handle(self, call: Call) -> Answer:
        values = []
        for region in self.arm.data["regions"]:
            base = f"/subscriptions/{call.path.subscription}/locations"
            one: dict[str, Any] = {
                "id": f"{base}/{region['name']}",
                "name": region["name"],
                "type": "Region",
                "displayName": region["display"],
                "regionalDisplayName": f"({region['geography_group']}) {region['display']}",
                "metadata": {
                    "regionType": "Physical",
                    "regionCategory": region.get("category", "Recommended"),
                    "geography": region["geography"],
                    "geographyGroup": region["geography_group"],
                    "longitude": str(region["longitude"]),
                    "latitude": str(region["latitude"]),
                    "physicalLocation": region["place"],
                    "pairedRegion": [
                        {"name": pair, "id": f"{base}/{pair}"} for pair in region.get("paired", [])
                    ],
                },
            }
            if region.get("zones"):
                one["availabilityZoneMappings"] = [
                    {"logicalZone": zone, "physicalZone": f"{region['name']}-az{zone}"}
                    for zone in region["zones"]
                ]
            values.append(one)
        return Answer(200, {"value": values})


class Groups(Handler):
    """Resource groups: PUT at once, DELETE takes its time and everything in it along."""

    def handle(self, call: Call) -> Answer:
        if not call.path.item:
            return self.listing(call)
        if call.path.action is not None:
            return self._below(call)
        if call.method == "PUT":
            return self.write(call)
        if call.method == "HEAD":
            return self.head(call)
        act = {"GET": self.get, "PATCH": self.patch, "DELETE": self.delete}.get(call.method)
        if act is None:
            raise method_not_allowed(call)
        return act(call)

    def resource_id(self, call: Call) -> str:
        return f"/subscriptions/{call.path.subscription}/resourceGroups/{call.path.name}"

    def not_found(self, call: Call) -> ArmError:
        return ArmError(
            404, "ResourceGroupNotFound", f"Resource group '{call.path.name}' could not be found."
        )

    def listing(self, call: Call) -> Answer:
        found = self.arm.of_type(self.kind.type, f"/subscriptions/{call.path.subscription}")
        wanted = re.fullmatch(r"tagName eq '(.*)' and tagValue eq '(.*)'", call.query.get("$filter", ""))
        if wanted:
            found = [one for one in found if one["body"].get("tags", {}).get(wanted[1]) == wanted[2]]
        return Answer(200, checks.page(call, [self.show(one, call.api_version) for one in found]))

    def write(self, call: Call) -> Answer:
        if not isinstance(call.body, dict):
            raise checks.no_content()
        given = call.path.name
        if not _GROUP.fullmatch(given):
            raise _bad_group_name(given)
        old = self.arm.get(self.resource_id(call))
        location = call.body.get("location")
        if not location:
            raise ArmError(400, "LocationRequired", "The location property is required for this definition.")
        region = self.arm.region(str(location))
        if region is None:
            regions = ",".join(one["name"] for one in self.arm.data["regions"])
            raise ArmError(
                400,
                "LocationNotAvailableForResourceGroup",
                f"The provided location '{location}' is not available for resource group. List of available regions is "
                f"'{regions}'.",
            )
        if old is not None:
            checks.group_exists(self.arm, call)
            if old["body"]["location"] != region["name"]:
                raise ArmError(
                    409,
                    "InvalidResourceGroupLocation",
                    f"Invalid resource group location '{region['name']}'. The Resource group already exists "
                    "in location "
                    f"'{old['body']['location']}'.",
                )
        body: dict[str, Any] = {
            "id": old["id"] if old else self.resource_id(call),
            "name": old["name"] if old else given,
            "type": "Microsoft.Resources/resourceGroups",
            "location": region["name"],
        }
        if "tags" in call.body and call.body["tags"] is not None:
            body["tags"] = checks.tags(call.body)
        if call.body.get("managedBy"):
            body["managedBy"] = call.body["managedBy"]
        body["properties"] = {"provisioningState": "Succeeded"}
        record = self.arm.put(body["id"], self.kind.type, body)
        return Answer(200 if old else 201, self.show(record, call.api_version))

    def delete(self, call: Call) -> Answer:
        record = self.find(call)
        operation = self.arm.operations.running(ids.key(record["id"]))
        if operation is None:
            leaving = self._leaving(record)
            for inside in self._resources(record):
                if inside["type"].lower() == "microsoft.network/virtualnetworks":
                    refuse_used(self.arm, inside, leaving)
            record["body"]["properties"]["provisioningState"] = "Deleting"
            self.arm.touch(record)
            clusters = [
                one for one in self._resources(record) if one["type"].lower().endswith("/managedclusters")
            ]
            seconds = self.arm.seconds("group_delete", 30.0)
            if clusters:
                seconds += self.arm.seconds("cluster_delete", 240.0)
            operation = self.arm.operations.begin(
                [(seconds, "Succeeded", "group.deleted")],
                target=ids.key(record["id"]),
                data={"id": record["id"]},
                verb="delete",
            )
        return Answer(202, None, self._location(call, operation))

    def _leaving(self, group: Record) -> tuple[str, ...]:
        """How the ids begin of whatever goes with a group: its own, and the machines of its clusters."""
        node_groups = [
            str(one["body"]["properties"].get("nodeResourceGroup", ""))
            for one in self._resources(group)
            if one["type"].lower().endswith("/managedclusters")
        ]
        subscription = group["id"].rpartition("/resourceGroups/")[0]
        whole = [group["id"], *(f"{subscription}/resourceGroups/{name}" for name in node_groups if name)]
        return tuple(f"{ids.key(one)}/" for one in whole)

    def _location(self, call: Call, operation: dict[str, Any]) -> dict[str, str]:
        at = f"{call.base}/subscriptions/{call.path.subscription}/operationresults/{operation['name']}"
        return {
            "Location": f"{at}?api-version={call.api_version}",
            "x-ms-retry-after-ms": str(max(1, round(1000 * float(checks.retry_after(self.arm, operation))))),
        }

    def _resources(self, group: Record) -> list[Record]:
        start = ids.key(group["id"]) + "/"
        return [one for key, one in self.arm.resources.items() if key.startswith(start)]

    def _below(self, call: Call) -> Answer:
        """``…/resourceGroups/G/resources`` and the like."""
        checks.group_exists(self.arm, call)
        action = (call.path.action or "").lower()
        if action == "resources" and call.method == "GET":
            return list_resources(self, call, self.resource_id(call))
        raise not_in_sandbox(f"{call.method} resourceGroups/{call.path.action}")


def _bad_group_name(given: str) -> ArmError:
    bad = sorted({char for char in given if not re.fullmatch(r"[-\w._()]", char)})
    if bad:
        what = f"has these invalid characters: '{''.join(bad)}'"
    elif len(given) > 90:
        return ArmError(
            400,
            "InvalidResourceGroup",
            f"The provided resource group name '{given}' has a length of '{len(given)}' characters. It can "
            "have at most "
            "'90' characters.",
        )
    else:
        what = "cannot end with a '.'"
        return ArmError(400, "InvalidResourceGroup", f"The provided resource group name '{given}' {what}.")
    return ArmError(
        400,
        "InvalidResourceGroup",
        f"The provided resource group name '{given}' {what}. The name can only be a letter, digit, '-', '.', "
        "'(', ')' or "
        "'_'.",
    )


class Resources(Handler):
    """``/subscriptions/S/resources``."""

    def handle(self, call: Call) -> Answer:
        if call.method != "GET":
            raise not_in_sandbox(f"{call.method} {call.path.type}")
        return list_resources(self, call, f"/subscriptions/{call.path.subscription}")


def list_resources(handler: Handler, call: Call, scope: str) -> Answer:
    """Top-level resources below a scope in short form, by the filters that az uses."""
    arm = handler.arm
    values = []
    tests = re.findall(r"(resourceType|resourceGroup|name|location|tagName|tagValue) eq '([^']*)'",
                       call.query.get("$filter", ""))  # fmt: skip
    start = ids.key(scope) + "/"
    for key, record in sorted(arm.resources.items(), key=lambda item: int(item[1]["order"])):
        kind = record["type"]
        if not key.startswith(start) or kind.count("/") != 1 or kind.startswith("Microsoft.Resources/"):
            continue
        if kind.startswith("Microsoft.Authorization/"):
            continue
        body = record["body"]
        facts = {
            "resourceType": kind,
            "resourceGroup": checks.group_of(record["id"]),
            "name": record["name"],
            "location": body.get("location", ""),
        }
        tags = body.get("tags", {})
        if any(
            (field == "tagName" and value not in tags)
            or (field == "tagValue" and value not in tags.values())
            or (field in facts and facts[field].lower() != value.lower())
            for field, value in tests
        ):
            continue
        short = {"id": record["id"], "name": record["name"], "type": kind, "location": body.get("location")}
        short |= {
            field: body[field] for field in ("sku", "kind", "tags", "identity", "managedBy") if field in body
        }
        values.append(short)
    return Answer(200, checks.page(call, values))


class Providers(Handler):
    """Resource providers: shown, registered, unregistered."""

    def handle(self, call: Call) -> Answer:
        if call.path.subscription is None:
            raise not_in_sandbox(f"{call.method} /providers")
        if not call.path.item:
            names = dict.fromkeys(name.partition("/")[0] for name in self._known())
            return Answer(200, checks.page(call, [self._show(call, name) for name in names]))
        return Answer(200, self._show(call, self.spelled(call.path.name)))

    @staticmethod
    def _known() -> list[str]:
        from byocni_tui.sandbox.arm.kind import fixture

        return [f"{namespace}/{kind}" for namespace, kinds in fixture("providers").items() for kind in kinds]

    def spelled(self, given: str) -> str:
        """The namespace as it is spelled. Raises 404."""
        for name in self._known():
            namespace = name.partition("/")[0]
            if namespace.lower() == given.lower():
                return namespace
        raise ArmError(404, "InvalidResourceNamespace", f"The resource namespace '{given}' is invalid.")

    def _show(self, call: Call, namespace: str) -> dict[str, Any]:
        places = [region["display"] for region in self.arm.data["regions"]]
        kinds = [name for name in self._known() if name.startswith(namespace + "/")]
        return {
            "id": f"/subscriptions/{call.path.subscription}/providers/{namespace}",
            "namespace": namespace,
            "registrationPolicy": "RegistrationRequired",
            "registrationState": self.arm.registration(namespace),
            "resourceTypes": [
                {
                    "resourceType": name.partition("/")[2],
                    "locations": places,
                    "apiVersions": api_versions()[name.lower()],
                    "capabilities": "SupportsTags, SupportsLocation" if name.count("/") == 1 else "None",
                }
                for name in kinds
            ],
        }

    def register(self, call: Call, given: str, verb: str) -> Answer:
        """POST …/register and …/unregister."""
        namespace = self.spelled(given)
        key, state = namespace.lower(), self.arm.registration(namespace)
        if verb == "register" and state != "Registered":
            if state != "Registering":
                self.arm.registrations[key] = "Registering"
                self.arm.operations.begin(
                    [(self.arm.seconds("register", 90.0), "Succeeded", "provider.registered")],
                    target=f"providers/{key}",
                    data={"namespace": key},
                )
        elif verb == "unregister":
            self.arm.registrations[key] = "Unregistered"
        self.arm.world.changed = True
        return Answer(200, self._show(call, namespace))

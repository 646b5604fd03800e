"""The shapes of Azure's refusals, as public reports quote them."""

import json

import pytest

from byocni_tui.providers.azure_errors import from_answer, from_operation

RECONCILER = (
    "Reconcile VNet failed. Details: VNetReconciler retry failed: Category: ClientError; "
    "SubCode: LinkedAuthorizationFailed; "
    'Dependency: Microsoft.Network/virtualNetworks; OrginalError: Code="LinkedAuthorizationFailed" Message="no"; '
    "AKSTeam: Networking, Retriable: false."
)


def test_the_flat_form_of_aks_keeps_its_target() -> None:
    body = {
        "code": "ServiceCidrOverlapExistingSubnetsCidr",
        "details": None,
        "message": "The specified service CIDR 10.0.0.0/16 is conflicted with an existing subnet CIDR 10.0.3.0/24.",
        "subcode": "",
        "target": "networkProfile.serviceCIDR",
    }
    error = from_answer(400, json.dumps(body), "PUT x")
    assert (error.code, error.target) == (
        "ServiceCidrOverlapExistingSubnetsCidr",
        "networkProfile.serviceCIDR",
    )
    assert error.message == body["message"]
    assert not error.passing


def test_arm_s_form_and_details_inside_details() -> None:
    inner = json.dumps({"code": "K8sVersionNotSupported", "message": "not here"})
    body = {
        "error": {
            "code": "DeploymentFailed",
            "message": "At least one resource deployment operation failed.",
            "details": [{"code": "BadRequest", "message": inner}],
        }
    }
    error = from_answer(400, json.dumps(body), "PUT x")
    assert error.code == "K8sVersionNotSupported"
    assert "At least one resource" in error.message
    assert "not here" in error.message


def test_the_reconciler_s_one_line_form() -> None:
    assert (
        from_operation({"code": "ReconcileVNetFailed", "message": RECONCILER}, "x").code
        == "LinkedAuthorizationFailed"
    )


@pytest.mark.parametrize("text", ["", "<html>busy</html>", "[1]", '"x"', "null", "{"])
def test_whatever_is_no_error_object_is_shown_as_it_is(text: str) -> None:
    error = from_answer(503, text, "GET x")
    assert error.code == "Http503"
    assert error.passing
    assert error.message


@pytest.mark.parametrize(
    ("status", "passing"), [(401, False), (403, False), (404, False), (409, False), (429, True), (500, True)]
)
def test_what_waiting_can_mend(status: int, passing: bool) -> None:
    assert from_answer(status, "", "GET x").passing is passing

"""A refusal in the user's words: what, remedy, field, and the original."""

import re
from pathlib import Path

import pytest

import byocni_tui
from byocni_tui.deploy.failure import FIELDS, StepError, describe, exit_code
from byocni_tui.locale import Translator
from byocni_tui.plan.fields import field
from byocni_tui.providers.errors import ProviderError

BOTH = [Translator("en"), Translator("zh")]


@pytest.mark.parametrize("tr", BOTH, ids=["en", "zh"])
def test_every_code_with_a_field_has_texts_and_a_field_that_exists(tr: Translator) -> None:
    for code, path in FIELDS.items():
        assert tr.has(f"deploy.errors.{code}.what"), code
        assert tr.has(f"deploy.errors.{code}.remedy"), code
        assert field(path) is not None, path


def test_every_reason_of_ours_has_texts() -> None:
    package = Path(byocni_tui.__file__).parent
    sources = "\n".join(path.read_text() for path in (package / "deploy").glob("*.py"))
    codes = set(re.findall(r'StepError\(\s*"(\w+)"', sources))
    assert codes
    for tr in BOTH:
        assert [code for code in codes if not tr.has(f"deploy.errors.{code}.what")] == []


def test_the_service_s_words_are_kept_beside_ours() -> None:
    error = ProviderError("SubnetIsDelegated", "AgentPoolProfile subnet with id x cannot be used", status=400)
    message, detail = describe(error, BOTH[0])
    assert message == "the subnet is delegated to another service"
    assert detail["original"] == error.message
    assert detail["field"] == "network.subnet.id"
    assert detail["remedy"]


def test_a_target_names_the_field_where_the_code_does_not() -> None:
    error = ProviderError("InvalidParameter", "no", status=400, target="agentPoolProfile.vnetSubnetID")
    assert describe(error, BOTH[0])[1]["field"] == "network.subnet.id"


def test_what_nobody_described_is_shown_whole() -> None:
    message, detail = describe(ProviderError("BrandNewCode", "all {of} it", status=400), BOTH[0])
    assert "BrandNewCode" in message
    assert "all {of} it" in message
    assert detail["original"] == "all {of} it"


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ProviderError("NotSignedIn", "", status=401), 3),
        (ProviderError("AuthorizationFailed", "", status=403), 3),
        (ProviderError("SkuNotAvailable", "", status=409), 1),
        (StepError("cluster_exists"), 1),
    ],
)
def test_exit_statuses(error: ProviderError | StepError, code: int) -> None:
    assert exit_code(error) == code

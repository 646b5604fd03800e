"""What a run says at its end about what it has proven."""

from byocni_tui.deploy.proof import summary
from byocni_tui.deploy.verification import IDS, Check, CheckStatus, count
from byocni_tui.locale import Translator


def matrix(**others: CheckStatus) -> list[Check]:
    """All checks passed but those named."""
    return [Check(id=name, status=others.get(name.replace("-", "_"), "passed")) for name in IDS]


def test_a_summary_names_each_check_that_did_not_pass() -> None:
    found = count(matrix(egress="warning", policy="warning", pod_cross_node="skipped", dns="failed"))
    assert (found.total, len(found.passed)) == (15, 11)
    for lang in ("en", "zh"):
        said = summary(found, Translator(lang))
        assert "15" in said
        assert "11" in said
        assert all(name in said for name in ("egress", "policy", "pod-cross-node", "dns"))
    assert "egress" not in summary(count(matrix()), Translator("en"))

"""Line mode asks the same fields and judges by the same rules."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from wizard_fake import FakeContext, ready_plan

from byocni_tui.app import RuleWords
from byocni_tui.files import load_plan
from byocni_tui.screens.lines import Lines
from byocni_tui.screens.store import Store


class Dialogue:
    """Answers by the beginning of the prompt; Enter to everything else."""

    def __init__(
        self, context: FakeContext, answers: dict[str, list[str]], store: Store | None = None
    ) -> None:
        self.said: list[str] = []
        self._answers: dict[str, Iterator[str]] = {key: iter(value) for key, value in answers.items()}
        self.lines = Lines(context, store, RuleWords(), self.said.append, self._ask)

    def _ask(self, prompt: str) -> str:
        self.said.append(prompt)
        for start, answers in self._answers.items():
            if prompt.strip().startswith(start):
                return next(answers, "")
        return ""

    @property
    def text(self) -> str:
        return "\n".join(self.said)


async def test_from_nothing_to_a_ready_cluster() -> None:
    context = FakeContext()
    answers = {
        "Support boundary": ["y"], "Resource group": ["rg1"], "Cluster [": ["c1"], "Read and accepted": ["y", "y"],
        "Deploy now": ["y"],
    }  # fmt: skip
    talk = Dialogue(context, answers)
    assert await talk.lines.run() == 0, talk.text
    assert context.plan.cluster.name == "c1"
    assert "Cluster c1 in group rg1 runs on cilium." in talk.text
    assert "az aks create" in talk.text
    assert context.closed


async def test_a_finding_is_said_and_its_remedy_taken_with_one_answer() -> None:
    context = FakeContext(plan=ready_plan())
    talk = Dialogue(context, {"Pod range": ["10.0.0.0/16"], "Take this": ["y"]})
    await talk.lines.run()
    assert "BYO204" in talk.text
    assert context.plan.network.pod_cidr not in ("10.0.0.0/16", "10.244.0.0/16")


async def test_questions_explain_go_back_and_empty() -> None:
    context = FakeContext(plan=ready_plan())
    answers = {
        "DNS service": ["?", "10.0.0.20"],
        "Kubernetes": ["1.36", "-"],
        "Subscription": ["<"],
        "Service": ["<"],
    }
    talk = Dialogue(context, answers)
    await talk.lines.run()
    assert "--dns-service-ip" in talk.text
    assert context.plan.network.dns_service_ip == "10.0.0.20"
    assert context.plan.cluster.kubernetes_version is None
    assert talk.text.count("Step 1 of") == 2


async def test_leaving_keeps_the_answers(tmp_path: Path) -> None:
    context = FakeContext(plan=ready_plan())
    store = Store("t", home=tmp_path)
    talk = Dialogue(context, {"Cluster [": ["other"], "Kubernetes version": ["q"]}, store)
    assert await talk.lines.run() == 0
    assert load_plan(store.answers).cluster.name == "other"
    assert str(store.answers) in talk.text
    assert "deploy" not in context.calls


async def test_a_failed_run_has_the_exit_status_of_its_last_event() -> None:
    context = FakeContext(plan=ready_plan(), fail_at="cluster")
    talk = Dialogue(context, {"Deploy now": ["y"]})
    assert await talk.lines.run() == 1
    assert "exceeding quota" in talk.text


@pytest.mark.parametrize("answer", ["wrong", ""])
async def test_live_is_confirmed_by_the_name(answer: str) -> None:
    context = FakeContext(plan=ready_plan(), mode="live")
    talk = Dialogue(context, {"Type the cluster's name": [answer]})
    assert await talk.lines.run() == 0
    assert "deploy" not in context.calls


async def test_an_answer_that_ends_the_input_leaves() -> None:
    context = FakeContext(plan=ready_plan())

    def closed(prompt: str) -> str:
        raise EOFError

    assert await Lines(context, None, RuleWords(), lambda text: None, closed).run() == 0
    assert context.closed

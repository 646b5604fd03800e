"""The store: versions, finalizers, history."""

import random

import pytest

from byocni_tui.sandbox.kube.kinds import Registry
from byocni_tui.sandbox.kube.stamp import Stamp
from byocni_tui.sandbox.kube.status import ApiError
from byocni_tui.sandbox.kube.store import Store


@pytest.fixture
def store() -> Store:
    return Store(Registry(), lambda: 1000.0, random.Random(1), history=5)


def _pod(name: str, **spec: object) -> dict:
    return {"metadata": {"name": name, "namespace": "a"}, "spec": spec}


def test_a_copy_changes_nothing_until_it_is_written(store: Store) -> None:
    store.create("pods", _pod("p"))
    copy = store.get("pods", "a", "p")
    copy["spec"]["nodeName"] = "n"
    assert store.get("pods", "a", "p")["spec"] == {}
    store.update("pods", copy)
    assert store.get("pods", "a", "p")["spec"] == {"nodeName": "n"}
    assert [p["metadata"]["name"] for p in store.list("pods", node="n")] == ["p"]


def test_a_stale_version_is_a_conflict(store: Store) -> None:
    old = store.create("pods", _pod("p"))
    store.update("pods", {**old, "spec": {"nodeName": "n"}})
    with pytest.raises(ApiError, match="the object has been modified") as refused:
        store.update("pods", {**old, "spec": {"nodeName": "m"}})
    assert (refused.value.code, refused.value.reason) == (409, "Conflict")


def test_an_update_without_a_difference_is_no_change(store: Store) -> None:
    pod = store.create("pods", _pod("p"))
    assert store.update("pods", pod)["metadata"]["resourceVersion"] == pod["metadata"]["resourceVersion"]


def test_generation_counts_changes_of_the_spec_only(store: Store) -> None:
    obj = store.create(
        "deployments.apps", {"metadata": {"name": "d", "namespace": "a"}, "spec": {"replicas": 1}}
    )
    obj["status"] = {"replicas": 1}
    obj = store.update("deployments.apps", obj, status=True)
    assert obj["metadata"]["generation"] == 1
    obj["spec"]["replicas"] = 2
    assert store.update("deployments.apps", obj)["metadata"]["generation"] == 2


def test_a_finalizer_holds_an_object_until_it_is_taken_off(store: Store) -> None:
    pod = _pod("p")
    pod["metadata"]["finalizers"] = ["a.example/x"]
    store.create("pods", pod)
    left = store.delete("pods", "a", "p")
    assert left["metadata"]["deletionTimestamp"] == Stamp(1000.0)
    left["metadata"]["finalizers"] = []
    store.update("pods", left)
    assert store.get("pods", "a", "p") is None


def test_a_bound_pod_waits_for_its_kubelet(store: Store) -> None:
    store.create("pods", _pod("p", nodeName="n", terminationGracePeriodSeconds=7))
    left = store.delete("pods", "a", "p")
    assert left["metadata"]["deletionGracePeriodSeconds"] == 7
    store.delete("pods", "a", "p", grace=0)
    assert store.get("pods", "a", "p") is None


def test_subscribers_see_one_order_even_when_they_write(store: Store) -> None:
    seen: list[tuple[str, str]] = []

    def first(event: str, resource: str, obj: dict) -> None:
        if event == "ADDED" and obj["metadata"]["name"] == "p":
            store.create("pods", _pod("q"))

    store.subscribe(first)
    store.subscribe(lambda event, resource, obj: seen.append((event, obj["metadata"]["name"])))
    store.create("pods", _pod("p"))
    assert seen == [("ADDED", "p"), ("ADDED", "q")]


def test_a_history_that_is_too_short_says_gone(store: Store) -> None:
    start = store.version
    for at in range(7):
        store.create("pods", _pod(f"p{at}"))
    with pytest.raises(ApiError, match="too old resource version") as refused:
        store.since(start, "pods")
    assert refused.value.code == 410
    assert [c.name for c in store.since(store.version - 2, "pods")] == ["p5", "p6"]


def test_a_dump_brings_everything_back(store: Store) -> None:
    store.create("pods", _pod("p"))
    state = store.dump()
    other = Store(Registry(), lambda: 2000.0, random.Random(2))
    other.load(state)
    assert other.get("pods", "a", "p") == store.get("pods", "a", "p")
    assert other.uid() == store.uid()

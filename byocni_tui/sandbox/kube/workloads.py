"""Cells of the kinds that run pods."""

from typing import Any

from byocni_tui.sandbox.kube import human
from byocni_tui.sandbox.kube.cells import (
    NONE,
    Age,
    Object,
    age_of,
    containers,
    get,
    label_text,
    name_of,
    selector_text,
)


def deployment(obj: Object, age: Age) -> list[Any]:
    status = obj.get("status", {})
    ready = f"{status.get('readyReplicas', 0)}/{get(obj, 'spec.replicas', 1)}"
    return [
        name_of(obj), ready, status.get("updatedReplicas", 0), status.get("availableReplicas", 0), age_of(obj, age),
        *containers(obj["spec"].get("template")), selector_text(get(obj, "spec.selector")),
    ]  # fmt: skip


def replica_set(obj: Object, age: Age) -> list[Any]:
    status, selector = obj.get("status", {}), get(obj, "spec.selector")
    text = label_text(selector) if obj.get("kind") == "ReplicationController" else selector_text(selector)
    return [
        name_of(obj), get(obj, "spec.replicas", 1), status.get("replicas", 0), status.get("readyReplicas", 0),
        age_of(obj, age), *containers(obj["spec"].get("template")), text,
    ]  # fmt: skip


def daemon_set(obj: Object, age: Age) -> list[Any]:
    status = obj.get("status", {})
    keys = (
        "desiredNumberScheduled",
        "currentNumberScheduled",
        "numberReady",
        "updatedNumberScheduled",
        "numberAvailable",
    )
    return [
        name_of(obj), *(status.get(key, 0) for key in keys), label_text(get(obj, "spec.template.spec.nodeSelector")),
        age_of(obj, age), *containers(obj["spec"].get("template")), selector_text(get(obj, "spec.selector")),
    ]  # fmt: skip


def stateful_set(obj: Object, age: Age) -> list[Any]:
    ready = f"{get(obj, 'status.readyReplicas', 0)}/{get(obj, 'spec.replicas', 1)}"
    return [name_of(obj), ready, age_of(obj, age), *containers(obj["spec"].get("template"))]


def job(obj: Object, age: Age) -> list[Any]:
    status, spec = obj.get("status", {}), obj["spec"]
    conditions = {c["type"] for c in status.get("conditions") or () if c["status"] == "True"}
    state = next((w for w in ("Complete", "Failed") if w in conditions), "")
    if not state:
        if obj["metadata"].get("deletionTimestamp"):
            state = "Terminating"
        else:
            state = next(
                (w for w in ("Suspended", "FailureTarget", "SuccessCriteriaMet") if w in conditions),
                "Running",
            )
    done, wanted = status.get("succeeded", 0), spec.get("completions")
    if wanted is not None:
        completions = f"{done}/{wanted}"
    else:
        parallel = spec.get("parallelism", 0)
        completions = f"{done}/1 of {parallel}" if parallel > 1 else f"{done}/1"
    spent = ""
    if status.get("startTime") is not None:
        spent = age(status["startTime"])
        if status.get("completionTime") is not None:
            spent = human.duration(age.between(status["startTime"], status["completionTime"]))  # type: ignore[attr-defined]
    return [
        name_of(obj), state, completions, spent, age_of(obj, age), *containers(spec.get("template")),
        selector_text(spec.get("selector")),
    ]  # fmt: skip


def cron_job(obj: Object, age: Age) -> list[Any]:
    spec, last = obj["spec"], get(obj, "status.lastScheduleTime")
    return [
        name_of(obj), spec["schedule"], spec.get("timeZone") or NONE, str(bool(spec.get("suspend"))),
        len(get(obj, "status.active", [])), age(last) if last is not None else NONE, age_of(obj, age),
        *containers(get(spec, "jobTemplate.spec.template")), selector_text(get(spec, "jobTemplate.spec.selector")),
    ]  # fmt: skip

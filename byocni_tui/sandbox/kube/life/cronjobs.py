"""CronJob: a Job each time its schedule comes round, at the pace of life."""

from datetime import UTC, datetime, timedelta
from typing import Any

from byocni_tui.sandbox.kube.life.engine import Life
from byocni_tui.sandbox.kube.life.jobs import RESOURCE as JOBS
from byocni_tui.sandbox.kube.life.objects import (
    Obj,
    clone,
    condition_true,
    controller_of,
    deleting,
    key_of,
    name_of,
    owner_reference,
)

RESOURCE = "cronjobs.batch"
_SOURCE = "cronjob-controller"
_RANGES = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))
_LOOK_AHEAD = 366 * 24 * 60
_SHORT = {
    "@hourly": "0 * * * *", "@daily": "0 0 * * *", "@midnight": "0 0 * * *", "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *", "@yearly": "0 0 1 1 *", "@annually": "0 0 1 1 *",
}  # fmt: skip


class CronJobs:
    """Starts Jobs, and forgets old ones."""

    name = "cronjob"

    def __init__(self, life: Life) -> None:
        self._life = life
        life.add(self)
        life.watch(RESOURCE, lambda _event, c: life.enqueue(self.name, *key_of(c)))
        life.watch(JOBS, self._job)

    def _job(self, _event: str, job: Obj) -> None:
        ref = controller_of(job)
        if ref is not None and ref["kind"] == "CronJob":
            self._life.enqueue(self.name, job["metadata"]["namespace"], ref["name"])

    def reconcile(self, namespace: str, name: str) -> None:
        """One CronJob."""
        life = self._life
        cron = life.get(RESOURCE, namespace, name)
        if cron is None or deleting(cron):
            return
        jobs = [
            j
            for j in life.list(JOBS, namespace)
            if (ref := controller_of(j)) is not None and ref["uid"] == cron["metadata"]["uid"]
        ]
        planned = life.state["schedules"]
        key = f"{namespace}/{name}"
        now = life.now()
        wanted = [cron["spec"]["schedule"], bool(cron["spec"].get("suspend"))]
        plan = planned.get(key)
        if plan is None or plan[1] != wanted:
            plan = self._plan(key, cron, wanted)
        if plan[0] is not None and plan[0] <= now + 1e-6:
            self._start(cron, jobs, plan[0])
            self._plan(key, cron, wanted)
            return
        self._status(cron, jobs)
        self._forget(cron, jobs)

    def _plan(self, key: str, cron: Obj, wanted: list[object]) -> list[Any]:
        life = self._life
        due = None if wanted[1] else following(str(wanted[0]), life.now())
        plan: list[Any] = [due, wanted]
        life.state["schedules"][key] = plan
        if due is not None:
            life.enqueue_later(due - life.now(), self.name, *key_of(cron), awaited=False)
        return plan

    def _start(self, cron: Obj, jobs: list[Obj], due: float) -> None:
        life, m, spec = self._life, cron["metadata"], cron["spec"]
        active = [j for j in jobs if not _done(j)]
        policy = spec.get("concurrencyPolicy", "Allow")
        if active and policy == "Forbid":
            text = "Not starting job because prior execution is running and concurrency policy is Forbid"
            life.recorder.event(cron, "CronJob", "JobAlreadyActive", text, source=_SOURCE)
            return
        for job in active if policy == "Replace" else ():
            life.delete(JOBS, m["namespace"], name_of(job), propagation="Background")
        template = clone(spec["jobTemplate"])
        metadata = template.get("metadata") or {}
        job = {
            "metadata": {
                "name": f"{m['name']}-{int(due // 60)}", "namespace": m["namespace"],
                "labels": dict(metadata.get("labels") or {}),
                "annotations": {
                    **(metadata.get("annotations") or {}),
                    "batch.kubernetes.io/cronjob-scheduled-timestamp": _text(due),
                },
                "ownerReferences": [owner_reference(cron, "batch/v1", "CronJob")],
            },
            "spec": template["spec"],
        }  # fmt: skip
        made = life.create(JOBS, job)
        if made is None:
            return
        life.recorder.event(
            cron, "CronJob", "SuccessfulCreate", f"Created job {name_of(made)}", source=_SOURCE
        )
        cron["status"] = {**(cron.get("status") or {}), "lastScheduleTime": life.stamp()}
        life.update_status(RESOURCE, cron)

    def _status(self, cron: Obj, jobs: list[Obj]) -> None:
        status = dict(cron.get("status") or {})
        active = [
            {"apiVersion": "batch/v1", "kind": "Job", "name": name_of(j), "namespace": j["metadata"]["namespace"],
             "uid": j["metadata"]["uid"], "resourceVersion": j["metadata"]["resourceVersion"]}
            for j in jobs
            if not _done(j)
        ]  # fmt: skip
        before = {a["uid"] for a in status.get("active") or ()}
        for job in jobs:
            if _done(job) and job["metadata"]["uid"] in before:
                how = "Complete" if condition_true(job, "Complete") else "Failed"
                text = f"Saw completed job: {name_of(job)}, condition: {how}"
                self._life.recorder.event(cron, "CronJob", "SawCompletedJob", text, source=_SOURCE)
                if how == "Complete":
                    status["lastSuccessfulTime"] = job["status"]["completionTime"]
        if {a["uid"] for a in active} != before:
            status["active"] = active
            if not active:
                del status["active"]
            self._life.update_status(RESOURCE, {**cron, "status": status})

    def _forget(self, cron: Obj, jobs: list[Obj]) -> None:
        for kind, limit in (("Complete", "successfulJobsHistoryLimit"), ("Failed", "failedJobsHistoryLimit")):
            old = sorted((j for j in jobs if condition_true(j, kind)), key=name_of)
            keep = int(cron["spec"].get(limit, 3 if kind == "Complete" else 1))
            for job in old[: max(0, len(old) - keep)]:
                self._life.delete(JOBS, job["metadata"]["namespace"], name_of(job), propagation="Background")


def _done(job: Obj) -> bool:
    return condition_true(job, "Complete") or condition_true(job, "Failed")


def _text(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def following(schedule: str, after: float) -> float | None:
    """The next virtual epoch second of a schedule (five fields, UTC); None if there is none within a year."""
    fields = _SHORT.get(schedule, schedule).split()
    if len(fields) != len(_RANGES):
        return None
    minutes, hours, days, months, weekdays = (
        _values(f, low, high) for f, (low, high) in zip(fields, _RANGES, strict=True)
    )
    weekdays = {0 if d == 7 else d for d in weekdays}
    moment = datetime.fromtimestamp(after - after % 60, UTC) + timedelta(minutes=1)
    either = fields[2] != "*" and fields[4] != "*"  # cron's own rule: one of the two days is enough then
    for _ in range(_LOOK_AHEAD):
        weekday = (moment.weekday() + 1) % 7
        day = (
            (moment.day in days or weekday in weekdays)
            if either
            else (moment.day in days and weekday in weekdays)
        )
        if moment.minute in minutes and moment.hour in hours and moment.month in months and day:
            return moment.timestamp()
        moment += timedelta(minutes=1)
    return None


def _values(field: str, low: int, high: int) -> set[int]:
    found: set[int] = set()
    for part in field.split(","):
        span, _, step = part.partition("/")
        first, _, last = span.partition("-")
        start = low if span == "*" else int(first)
        end = high if span == "*" or (step and not last) else int(last or first)
        found.update(range(start, end + 1, int(step or 1)))
    return found

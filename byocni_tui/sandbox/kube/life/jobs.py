"""Job: pods until enough of them have succeeded, or too many failed."""

from byocni_tui.sandbox.kube.life.engine import Life
from byocni_tui.sandbox.kube.life.index import Pods
from byocni_tui.sandbox.kube.life.objects import (
    Obj,
    clone,
    condition_true,
    controller_of,
    deleting,
    key_of,
    name_of,
    owner_reference,
    pod_ready,
    template_pod,
)

RESOURCE = "jobs.batch"
_SOURCE = "job-controller"
_BACK_FIRST, _BACK_MOST = 10.0, 600.0
_UID = "batch.kubernetes.io/controller-uid"
_NAME = "batch.kubernetes.io/job-name"


class Jobs:
    """Runs pods to their end."""

    name = "job"

    def __init__(self, life: Life, pods: Pods) -> None:
        self._life = life
        self._pods = pods
        life.add(self)
        life.watch(RESOURCE, lambda _event, job: life.enqueue(self.name, *key_of(job)))
        life.watch("pods", self._pod)

    def _pod(self, _event: str, pod: Obj) -> None:
        ref = controller_of(pod)
        if ref is not None and ref["kind"] == "Job":
            self._life.enqueue(self.name, pod["metadata"]["namespace"], ref["name"])

    def reconcile(self, namespace: str, name: str) -> None:
        """One Job."""
        life = self._life
        job = life.get(RESOURCE, namespace, name)
        if job is None or deleting(job):
            return
        if not (job["spec"].get("selector") or {}).get("matchLabels"):
            job = self._label(job)
        if condition_true(job, "Complete") or condition_true(job, "Failed"):
            self._expire(job)
            return
        if job["spec"].get("suspend"):
            self._suspend(job)
            return
        status = job.setdefault("status", {})
        if "startTime" not in status:
            status["startTime"] = life.stamp()
            deadline = job["spec"].get("activeDeadlineSeconds")
            if deadline:
                life.enqueue_later(float(deadline), self.name, namespace, name, awaited=False)
        self._run(job)

    def _label(self, job: Obj) -> Obj:
        """Selector and labels by the job's own uid."""
        uid, name = job["metadata"]["uid"], name_of(job)
        labels = {_UID: uid, _NAME: name, "controller-uid": uid, "job-name": name}
        metadata = job["spec"]["template"].setdefault("metadata", {})
        metadata["labels"] = {**(metadata.get("labels") or {}), **labels}
        job["metadata"]["labels"] = {**labels, **(job["metadata"].get("labels") or {})}
        job["spec"]["selector"] = {"matchLabels": {_UID: uid}}
        job["spec"]["manualSelector"] = False
        return self._life.update_status(RESOURCE, job) or job

    def _run(self, job: Obj) -> None:
        life, spec, status = self._life, job["spec"], job["status"]
        pods = self._pods.owned(job["metadata"]["uid"])
        succeeded = [p for p in pods if p["status"].get("phase") == "Succeeded"]
        failed = [p for p in pods if p["status"].get("phase") == "Failed"]
        active = [p for p in pods if p not in succeeded and p not in failed and not deleting(p)]
        restarts = sum(
            c.get("restartCount", 0)
            for p in active
            for c in [
                *p["status"].get("containerStatuses", []),
                *p["status"].get("initContainerStatuses", []),
            ]
        )
        completions = spec.get("completions")
        enough = len(succeeded) >= completions if completions is not None else bool(succeeded) and not active
        limit = int(spec.get("backoffLimit", 6))
        deadline = spec.get("activeDeadlineSeconds")
        late = deadline is not None and life.age_of(status["startTime"]) >= float(deadline) - 1e-6
        on_failure = spec["template"]["spec"].get("restartPolicy") == "OnFailure"
        if enough:
            self._end(job, "Complete", "CompletionsReached", "Reached expected number of succeeded pods")
        elif late:
            self._end(
                job, "Failed", "DeadlineExceeded", "Job was active longer than specified deadline", active
            )
        elif len(failed) > limit or (on_failure and restarts >= max(limit, 1) and restarts):
            text = "Job has reached the specified backoff limit"
            self._end(job, "Failed", "BackoffLimitExceeded", text, active)
        else:
            self._start(job, len(active), len(succeeded), failed)
        self._count(job)

    def _start(self, job: Obj, active: int, succeeded: int, failed: list[Obj]) -> None:
        life, spec, m = self._life, job["spec"], job["metadata"]
        left = (
            int(spec["completions"]) - succeeded
            if spec.get("completions") is not None
            else int(spec["parallelism"])
        )
        missing = min(int(spec.get("parallelism", 1)), left) - active
        if missing <= 0:
            return
        if failed:
            last = max(float(_finished(p) or life.now()) for p in failed)
            wait = min(_BACK_MOST, _BACK_FIRST * 2 ** (len(failed) - 1)) - (life.now() - last)
            if wait > 1e-6:
                life.enqueue_later(wait, self.name, *key_of(job), awaited=len(failed) <= 2)
                return
        for _ in range(missing):
            pod = template_pod(
                spec["template"], namespace=m["namespace"], name=f"{m['name']}-{life.suffix(m['name'])}",
                owner=owner_reference(job, "batch/v1", "Job"), labels={},
            )  # fmt: skip
            made, why = life.try_create("pods", pod)
            if made is None:
                life.recorder.event(
                    job, "Job", "FailedCreate", f"Error creating: {why}", source=_SOURCE, warning=True
                )
                life.enqueue_later(10.0, self.name, *key_of(job), awaited=False)
                return
            life.recorder.event(
                job, "Job", "SuccessfulCreate", f"Created pod: {name_of(made)}", source=_SOURCE
            )

    def _end(self, job: Obj, kind: str, reason: str, message: str, active: list[Obj] | None = None) -> None:
        life, status = self._life, job["status"]
        for pod in active or ():
            life.delete("pods", pod["metadata"]["namespace"], name_of(pod))
            life.recorder.event(
                job, "Job", "SuccessfulDelete", f"Deleted pod: {name_of(pod)}", source=_SOURCE
            )
        now = life.stamp()
        first = "SuccessCriteriaMet" if kind == "Complete" else "FailureTarget"
        status["conditions"] = [
            *(status.get("conditions") or ()),
            *(
                {"type": t, "status": "True", "lastProbeTime": now, "lastTransitionTime": now, "reason": reason,
                 "message": message}
                for t in (first, kind)
            ),
        ]  # fmt: skip
        if kind == "Complete":
            status["completionTime"] = now
            life.recorder.event(job, "Job", "Completed", "Job completed", source=_SOURCE)
        else:
            life.recorder.event(job, "Job", reason, message, source=_SOURCE, warning=True)

    def _count(self, job: Obj) -> None:
        life, status = self._life, job["status"]
        pods = self._pods.owned(job["metadata"]["uid"])
        done = {p: sum(1 for x in pods if x["status"].get("phase") == p) for p in ("Succeeded", "Failed")}
        running = [
            p for p in pods if p["status"].get("phase") not in ("Succeeded", "Failed") and not deleting(p)
        ]
        for key, value in (
            ("active", len(running)),
            ("succeeded", done["Succeeded"]),
            ("failed", done["Failed"]),
        ):
            if value:
                status[key] = value
            else:
                status.pop(key, None)
        status["terminating"] = sum(1 for p in pods if deleting(p))
        status["uncountedTerminatedPods"] = {}
        status["ready"] = sum(1 for p in running if pod_ready(p))
        old = life.get(RESOURCE, *key_of(job))
        if old is not None and old.get("status") != status:
            old["status"] = status
            life.update_status(RESOURCE, old)

    def _suspend(self, job: Obj) -> None:
        for pod in self._pods.owned(job["metadata"]["uid"]):
            if pod["status"].get("phase") not in ("Succeeded", "Failed") and not deleting(pod):
                self._life.delete("pods", pod["metadata"]["namespace"], name_of(pod))
        if not condition_true(job, "Suspended"):
            now = self._life.stamp()
            status = clone(job.get("status") or {})
            status.setdefault("conditions", []).append(
                {"type": "Suspended", "status": "True", "lastProbeTime": now, "lastTransitionTime": now,
                 "reason": "JobSuspended", "message": "Job suspended"}
            )  # fmt: skip
            self._life.recorder.event(job, "Job", "Suspended", "Job suspended", source=_SOURCE)
            self._life.update_status(RESOURCE, {**job, "status": status})

    def _expire(self, job: Obj) -> None:
        """ttlSecondsAfterFinished."""
        ttl = job["spec"].get("ttlSecondsAfterFinished")
        if ttl is None:
            return
        ended = next(c for c in job["status"]["conditions"] if c["type"] in ("Complete", "Failed"))
        left = float(ttl) - self._life.age_of(ended["lastTransitionTime"])
        if left > 1e-6:
            self._life.enqueue_later(left, self.name, *key_of(job), awaited=False)
        else:
            self._life.delete(RESOURCE, job["metadata"]["namespace"], name_of(job))


def _finished(pod: Obj) -> float | None:
    ends = [
        c["state"]["terminated"]["finishedAt"].at
        for c in pod["status"].get("containerStatuses") or ()
        if "terminated" in c["state"]
    ]
    return max(ends, default=None)

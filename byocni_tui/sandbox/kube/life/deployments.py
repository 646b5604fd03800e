"""Deployment: one ReplicaSet a template, and the careful way from one to the next."""

from byocni_tui.sandbox.kube.life.engine import Life
from byocni_tui.sandbox.kube.life.index import Pods
from byocni_tui.sandbox.kube.life.objects import (
    Obj,
    clone,
    condition,
    controller_of,
    deleting,
    int_or_percent,
    key_of,
    matches,
    name_of,
    owner_reference,
    pod_active,
    safe_hash,
)
from byocni_tui.sandbox.kube.life.replicasets import RESOURCE as REPLICASETS
from byocni_tui.sandbox.kube.life.replicasets import created

RESOURCE = "deployments.apps"
REVISION = "deployment.kubernetes.io/revision"
_DESIRED = "deployment.kubernetes.io/desired-replicas"
_MAX = "deployment.kubernetes.io/max-replicas"
_HASH = "pod-template-hash"
_OWN_ANNOTATIONS = {
    "kubectl.kubernetes.io/last-applied-configuration", REVISION, "deprecated.deployment.rollback.to",
    "deployment.kubernetes.io/revision-history", _DESIRED, _MAX,
}  # fmt: skip
_SOURCE = "deployment-controller"


class Deployments:
    """Rolls templates out."""

    name = "deployment"

    def __init__(self, life: Life, pods: Pods) -> None:
        self._life = life
        self._pods = pods
        life.add(self)
        life.watch(RESOURCE, lambda _event, d: life.enqueue(self.name, *key_of(d)))
        life.watch(REPLICASETS, self._replicaset)

    def _replicaset(self, _event: str, rs: Obj) -> None:
        ref = controller_of(rs)
        if ref is not None and ref["kind"] == "Deployment":
            self._life.enqueue(self.name, rs["metadata"]["namespace"], ref["name"])

    def reconcile(self, namespace: str, name: str) -> None:
        """One Deployment."""
        life = self._life
        d = life.get(RESOURCE, namespace, name)
        if d is None:
            return
        sets = self._sets(d)
        if deleting(d):
            self._status(d, sets, self._current(d, sets))
            return
        new = self._current(d, sets)
        if d["spec"].get("paused"):
            if len([rs for rs in sets if _wanted(rs)]) == 1:
                self._resize(d, next(rs for rs in sets if _wanted(rs)), int(d["spec"].get("replicas", 1)))
            self._status(d, self._sets(d), new)
            return
        if new is None:
            if d["spec"].get("strategy", {}).get("type") == "Recreate" and self._clear(d, sets):
                self._status(d, self._sets(d), None)
                return
            new = self._make(d, sets)
            if new is None:
                return
            d = life.get(RESOURCE, namespace, name) or d
        else:
            d, new = self._revise(d, new, sets)
        old = [rs for rs in self._sets(d) if name_of(rs) != name_of(new)]
        if d["spec"].get("strategy", {}).get("type") == "Recreate":
            if not self._clear(d, old):
                self._resize(d, new, int(d["spec"].get("replicas", 1)))
        elif not self._grow(d, new, old):
            self._shrink(d, new, old)
        sets = self._sets(d)
        self._status(d, sets, self._current(d, sets))
        self._forget(d, sets)

    # -- what there is -----------------------------------------------------------------------------------------------

    def _sets(self, d: Obj) -> list[Obj]:
        """Its ReplicaSets, oldest first; matching ones without a controller are adopted."""
        life, found = self._life, []
        for rs in life.list(REPLICASETS, d["metadata"]["namespace"]):
            ref = controller_of(rs)
            labels = rs["metadata"].get("labels") or {}
            if (
                ref is None
                and not deleting(d)
                and not deleting(rs)
                and matches(d["spec"]["selector"], labels)
            ):
                rs["metadata"].setdefault("ownerReferences", []).append(
                    owner_reference(d, "apps/v1", "Deployment")
                )
                found.append(life.update(REPLICASETS, rs) or rs)
            elif ref is not None and ref["uid"] == d["metadata"]["uid"]:
                found.append(rs)
        return sorted(found, key=lambda rs: (created(rs), int(_revision(rs)), name_of(rs)))

    def _current(self, d: Obj, sets: list[Obj]) -> Obj | None:
        want = d["spec"]["template"]
        for rs in sets:
            have = rs["spec"]["template"]
            given = want.get("metadata", {})
            labels = {k: v for k, v in (have["metadata"].get("labels") or {}).items() if k != _HASH}
            if {**have, "metadata": {**have["metadata"], "labels": labels}} == {
                **want, "metadata": {**given, "labels": given.get("labels") or {}},
            }:  # fmt: skip
                return rs
        return None

    def _make(self, d: Obj, sets: list[Obj]) -> Obj | None:
        life, m = self._life, d["metadata"]
        spec = d["spec"]
        collisions = (d.get("status") or {}).get("collisionCount", 0)
        code = safe_hash(spec["template"], collisions)
        template = clone(spec["template"])
        template.setdefault("metadata", {}).setdefault("labels", {})[_HASH] = code
        selector = clone(spec["selector"])
        selector.setdefault("matchLabels", {})[_HASH] = code
        revision = str(max([int(_revision(rs)) for rs in sets], default=0) + 1)
        total = sum(_wanted(rs) for rs in sets)
        want = int(spec.get("replicas", 1))
        count = want if not sets else max(0, min(want, want + self._surge(d) - total))
        rs: Obj = {
            "metadata": {
                "name": f"{m['name']}-{code}", "namespace": m["namespace"],
                "labels": dict(template["metadata"]["labels"]), "annotations": self._annotations(d, revision),
                "ownerReferences": [owner_reference(d, "apps/v1", "Deployment")],
            },
            "spec": {"replicas": count, "selector": selector, "template": template},
            "status": {"replicas": 0},
        }  # fmt: skip
        if spec.get("minReadySeconds"):
            rs["spec"]["minReadySeconds"] = spec["minReadySeconds"]
        made = life.create(REPLICASETS, rs)
        if made is None:
            return None
        d["metadata"].setdefault("annotations", {})[REVISION] = revision
        d = life.update(RESOURCE, d) or d
        if count:
            self._scaled(d, made, 0, count)
        progress = _condition(
            life, "Progressing", "True", "NewReplicaSetCreated", f'Created new replica set "{name_of(made)}"'
        )
        conditions = _with(d, progress)
        life.update_status(RESOURCE, {**d, "status": {**(d.get("status") or {}), "conditions": conditions}})
        return made

    def _revise(self, d: Obj, new: Obj, sets: list[Obj]) -> tuple[Obj, Obj]:
        """The ReplicaSet in use carries the highest revision, also after a rollback to an old template."""
        life = self._life
        others = max([int(_revision(rs)) for rs in sets if name_of(rs) != name_of(new)], default=0)
        revision = _revision(new) if int(_revision(new)) > others else str(others + 1)
        wanted = {**(new["metadata"].get("annotations") or {}), **self._annotations(d, revision)}
        if wanted != new["metadata"].get("annotations"):
            new["metadata"]["annotations"] = wanted
            new = life.update(REPLICASETS, new) or new
        if (d["metadata"].get("annotations") or {}).get(REVISION) != revision:
            d["metadata"].setdefault("annotations", {})[REVISION] = revision
            d = life.update(RESOURCE, d) or d
        if condition(d, "Progressing") is None:
            found = _condition(
                life, "Progressing", "True", "FoundNewReplicaSet", f'Found new replica set "{name_of(new)}"'
            )
            status = {**(d.get("status") or {}), "conditions": _with(d, found)}
            d = life.update_status(RESOURCE, {**d, "status": status}) or d
        return d, new

    def _annotations(self, d: Obj, revision: str) -> dict[str, str]:
        own = (d["metadata"].get("annotations") or {}).items()
        want = int(d["spec"].get("replicas", 1))
        return {
            **{k: v for k, v in own if k not in _OWN_ANNOTATIONS},
            _DESIRED: str(want), _MAX: str(want + self._surge(d)), REVISION: revision,
        }  # fmt: skip

    # -- scaling -----------------------------------------------------------------------------------------------------

    def _surge(self, d: Obj) -> int:
        rolling = d["spec"].get("strategy", {}).get("rollingUpdate")
        if not rolling:
            return 0
        return int_or_percent(rolling.get("maxSurge", "25%"), int(d["spec"].get("replicas", 1)), up=True)

    def _unavailable(self, d: Obj) -> int:
        want = int(d["spec"].get("replicas", 1))
        rolling = d["spec"].get("strategy", {}).get("rollingUpdate")
        if not rolling or not want:
            return 0
        allowed = min(want, int_or_percent(rolling.get("maxUnavailable", "25%"), want, up=False))
        return 1 if not allowed and not self._surge(d) else allowed

    def _grow(self, d: Obj, new: Obj, old: list[Obj]) -> bool:
        want = int(d["spec"].get("replicas", 1))
        have = _wanted(new)
        if have == want:
            return False
        if have > want:
            return self._resize(d, new, want)
        room = want + self._surge(d) - have - sum(_wanted(rs) for rs in old)
        return room > 0 and self._resize(d, new, min(want, have + room))

    def _shrink(self, d: Obj, new: Obj, old: list[Obj]) -> None:
        if not sum(_wanted(rs) for rs in old):
            return
        want = int(d["spec"].get("replicas", 1))
        at_least = want - self._unavailable(d)
        lacking = _wanted(new) - _available(new)
        room = sum(_wanted(rs) for rs in [*old, new]) - at_least - lacking
        for rs in old:  # replicas that never got well go first
            unhealthy = min(_wanted(rs) - _available(rs), room)
            if unhealthy > 0:
                self._resize(d, rs, _wanted(rs) - unhealthy)
                rs["spec"]["replicas"] = _wanted(rs) - unhealthy
                room -= unhealthy
        room = sum(_available(rs) for rs in [*old, new]) - at_least
        for rs in old:
            count = min(_wanted(rs), room)
            if count > 0:
                self._resize(d, rs, _wanted(rs) - count)
                room -= count

    def _clear(self, d: Obj, old: list[Obj]) -> bool:
        """Recreate: no old pods, then the new ones. True while there are any."""
        for rs in old:
            self._resize(d, rs, 0)
        return any(
            pod_active(p) or deleting(p) for rs in old for p in self._pods.owned(rs["metadata"]["uid"])
        )

    def _resize(self, d: Obj, rs: Obj, count: int) -> bool:
        life = self._life
        now = life.get(REPLICASETS, rs["metadata"]["namespace"], name_of(rs))
        if now is None or _wanted(now) == count:
            return False
        before = _wanted(now)
        now["spec"]["replicas"] = count
        want = int(d["spec"].get("replicas", 1))
        now["metadata"].setdefault("annotations", {}).update(
            {_DESIRED: str(want), _MAX: str(want + self._surge(d))}
        )
        life.update(REPLICASETS, now)
        self._scaled(d, now, before, count)
        return True

    def _scaled(self, d: Obj, rs: Obj, before: int, after: int) -> None:
        way = "up" if after > before else "down"
        text = f"Scaled {way} replica set {name_of(rs)} from {before} to {after}"
        self._life.recorder.event(d, "Deployment", "ScalingReplicaSet", text, source=_SOURCE)

    def _forget(self, d: Obj, sets: list[Obj]) -> None:
        """Drop the oldest empty ReplicaSets beyond the history limit."""
        current = self._current(d, sets)
        idle = [
            rs
            for rs in sets
            if not _wanted(rs)
            and not (rs.get("status") or {}).get("replicas")
            and rs is not current
            and not deleting(rs)
        ]
        for rs in idle[: max(0, len(idle) - int(d["spec"].get("revisionHistoryLimit", 10)))]:
            self._life.delete(REPLICASETS, rs["metadata"]["namespace"], name_of(rs))

    # -- status ------------------------------------------------------------------------------------------------------

    def _status(self, d: Obj, sets: list[Obj], new: Obj | None) -> None:
        life = self._life
        d = life.get(RESOURCE, *key_of(d)) or d
        old_status = d.get("status") or {}
        total = sum((rs.get("status") or {}).get("replicas", 0) for rs in sets)
        updated = (new.get("status") or {}).get("replicas", 0) if new else 0
        ready = sum((rs.get("status") or {}).get("readyReplicas", 0) for rs in sets)
        available = sum(_available(rs) for rs in sets)
        lacking = max(0, sum(_wanted(rs) for rs in sets) - available)
        status: Obj = {"observedGeneration": d["metadata"].get("generation", 1)}
        for key, value in (
            ("replicas", total), ("updatedReplicas", updated), ("readyReplicas", ready),
            ("availableReplicas", available), ("unavailableReplicas", lacking),
        ):  # fmt: skip
            if value:
                status[key] = value
        status["terminatingReplicas"] = sum(
            (rs.get("status") or {}).get("terminatingReplicas", 0) for rs in sets
        )
        want = int(d["spec"].get("replicas", 1))
        enough = available >= want - self._unavailable(d)
        conditions = _with(
            d,
            _condition(life, "Available", "True", "MinimumReplicasAvailable", "Deployment has minimum availability.")
            if enough
            else _condition(
                life, "Available", "False", "MinimumReplicasUnavailable",
                "Deployment does not have minimum availability.",
            ),
        )  # fmt: skip
        complete = updated == want and total == want and available == want
        conditions = self._held(d, conditions)
        if not d["spec"].get("paused"):
            conditions = self._progress(d, conditions, old_status, status, new, complete=complete)
        if old_status.get("collisionCount"):
            status["collisionCount"] = old_status["collisionCount"]
        status["conditions"] = conditions
        if status != old_status:
            life.update_status(RESOURCE, {**d, "status": status})

    def _held(self, d: Obj, conditions: list[Obj]) -> list[Obj]:
        """Say once that a rollout is paused, and once that it goes on."""
        current = condition({"status": {"conditions": conditions}}, "Progressing")
        said = current is not None and current["reason"] == "DeploymentPaused"
        paused = bool(d["spec"].get("paused"))
        if paused is said:
            return conditions
        reason, text = ("DeploymentPaused", "paused") if paused else ("DeploymentResumed", "resumed")
        new = _condition(self._life, "Progressing", "Unknown", reason, f"Deployment is {text}")
        return _with({"status": {"conditions": conditions}}, new)

    def _progress(
        self, d: Obj, conditions: list[Obj], before: Obj, status: Obj, new: Obj | None, *, complete: bool
    ) -> list[Obj]:
        life = self._life
        shown = {"status": {"conditions": conditions}}
        current = condition(shown, "Progressing")
        if status.get("replicas") == status.get("updatedReplicas") and (
            current is not None and current["reason"] == "NewReplicaSetAvailable"
        ):
            return conditions
        what = f'ReplicaSet "{name_of(new)}"' if new else f'Deployment "{name_of(d)}"'
        if complete:
            done = _condition(
                life, "Progressing", "True", "NewReplicaSetAvailable", f"{what} has successfully progressed."
            )
            return _with(shown, done)
        old_before = before.get("replicas", 0) - before.get("updatedReplicas", 0)
        old_now = status.get("replicas", 0) - status.get("updatedReplicas", 0)
        moved = (
            status.get("updatedReplicas", 0) > before.get("updatedReplicas", 0)
            or old_now < old_before
            or status.get("readyReplicas", 0) > before.get("readyReplicas", 0)
            or status.get("availableReplicas", 0) > before.get("availableReplicas", 0)
        )
        deadline = int(d["spec"].get("progressDeadlineSeconds", 600))
        if moved or current is None:
            life.enqueue_later(deadline + 1, self.name, *key_of(d), awaited=False)
            moving = _condition(life, "Progressing", "True", "ReplicaSetUpdated", f"{what} is progressing.")
            if current is not None and current["status"] == "True":
                moving["lastTransitionTime"] = current["lastTransitionTime"]
            return [*(c for c in conditions if c["type"] != "Progressing"), moving]
        if (
            current["reason"] != "ProgressDeadlineExceeded"
            and life.age_of(current["lastUpdateTime"]) > deadline
        ):
            late = _condition(
                life, "Progressing", "False", "ProgressDeadlineExceeded", f"{what} has timed out progressing."
            )
            return _with(shown, late)
        return conditions


def _condition(life: Life, kind: str, status: str, reason: str, message: str) -> Obj:
    now = life.stamp()
    return {
        "type": kind, "status": status, "lastUpdateTime": now, "lastTransitionTime": now,
        "reason": reason, "message": message,
    }  # fmt: skip


def _with(obj: Obj, new: Obj) -> list[Obj]:
    """The conditions with one set: nothing changes if status and reason stay, else it goes to the end."""
    conditions: list[Obj] = list((obj.get("status") or {}).get("conditions") or [])
    old = next((c for c in conditions if c["type"] == new["type"]), None)
    if old is not None and old["status"] == new["status"] and old["reason"] == new["reason"]:
        return conditions
    if old is not None and old["status"] == new["status"]:
        new["lastTransitionTime"] = old["lastTransitionTime"]
    return [*(c for c in conditions if c["type"] != new["type"]), new]


def _revision(rs: Obj) -> str:
    return str((rs["metadata"].get("annotations") or {}).get(REVISION, "0"))


def _wanted(rs: Obj) -> int:
    return int(rs["spec"].get("replicas", 1))


def _available(rs: Obj) -> int:
    return int((rs.get("status") or {}).get("availableReplicas", 0))

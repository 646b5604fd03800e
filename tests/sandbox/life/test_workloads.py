"""Deployments, StatefulSets, Jobs and what becomes of their pods; expectations are the recordings'."""

import json
from typing import Any

from life_lab import Lab

WEB = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: "nginx:1.27", ports: [{containerPort: 80}]}]}
"""


def test_a_rollout_keeps_two_revisions_and_ends(online: Lab) -> None:
    online.apply(WEB)
    online.settle()
    web = online.get("deployments.apps", "web")
    assert [c["reason"] for c in web["status"]["conditions"]] == [
        "MinimumReplicasAvailable",
        "NewReplicaSetAvailable",
    ]
    web["spec"]["template"]["spec"]["containers"][0]["image"] = "nginx:1.28"
    online.store.update("deployments.apps", web)
    online.settle()
    web = online.get("deployments.apps", "web")
    status = {
        k: web["status"][k]
        for k in ("replicas", "updatedReplicas", "availableReplicas", "observedGeneration")
    }
    assert status == {"replicas": 2, "updatedReplicas": 2, "availableReplicas": 2, "observedGeneration": 2}
    sets = online.store.list("replicasets.apps", "default")
    revisions = {
        s["metadata"]["annotations"]["deployment.kubernetes.io/revision"]: s["spec"]["replicas"] for s in sets
    }
    assert revisions == {"1": 0, "2": 2}
    messages = [e["message"] for e in online.events("web", "ScalingReplicaSet")]
    assert sum(m.endswith("from 0 to 2") for m in messages) == 1
    assert sum(m.endswith("from 1 to 0") for m in messages) == 1


def test_an_image_that_never_comes_keeps_the_old_pods(online: Lab) -> None:
    online.apply(WEB)
    online.settle()
    web = online.get("deployments.apps", "web")
    web["spec"]["template"]["spec"]["containers"][0]["image"] = "registry.invalid/none:1"
    online.store.update("deployments.apps", web)
    online.settle()
    online.step(700)
    status = online.get("deployments.apps", "web")["status"]
    assert status["availableReplicas"] == 2
    assert status["conditions"][-1]["reason"] == "ProgressDeadlineExceeded"


def test_deleting_a_deployment_takes_everything_along(online: Lab) -> None:
    online.apply(WEB)
    online.settle()
    online.store.delete("deployments.apps", "default", "web")
    online.settle()
    assert not online.store.list("replicasets.apps", "default")
    assert not online.pods("web-")


def test_orphans_stay(online: Lab) -> None:
    online.apply(WEB)
    online.settle()
    online.store.delete("deployments.apps", "default", "web", propagation="Orphan")
    online.settle()
    (rs,) = online.store.list("replicasets.apps", "default")
    assert "ownerReferences" not in rs["metadata"]
    assert len(online.pods("web-")) == 2


def test_a_stateful_set_counts_its_pods(online: Lab) -> None:
    online.apply(
        WEB.replace("Deployment", "StatefulSet")
        .replace("name: web}", "name: db}")
        .replace("replicas: 2", "replicas: 3")
    )
    online.settle()
    assert [p["metadata"]["name"] for p in online.pods("db-")] == ["db-0", "db-1", "db-2"]
    status = online.get("statefulsets.apps", "db")["status"]
    assert (status["readyReplicas"], status["currentRevision"]) == (3, status["updateRevision"])


def job(command: str, **spec: object) -> str:
    extra = "".join(f"  {k}: {v}\n" for k, v in spec.items())
    return (
        "apiVersion: batch/v1\nkind: Job\nmetadata: {name: j}\nspec:\n" + extra + "  template:\n    spec:\n"
        "      restartPolicy: Never\n"
        f"      containers: [{{name: x, image: 'busybox:1.36', command: [sh, -c, {command!r}]}}]\n"
    )  # fmt: skip


def test_a_job_succeeds_with_its_message(online: Lab) -> None:
    online.apply(job("echo done > /dev/termination-log"))
    online.settle()
    assert [c["type"] for c in online.get("jobs.batch", "j")["status"]["conditions"]] == [
        "SuccessCriteriaMet",
        "Complete",
    ]
    (pod,) = online.pods("j-")
    assert pod["status"]["phase"] == "Succeeded"
    assert pod["status"]["containerStatuses"][0]["state"]["terminated"]["message"] == "done\n"


def test_a_job_fails_after_its_limit(online: Lab) -> None:
    online.apply(job("echo no route; exit 3", backoffLimit=1))
    online.settle()
    online.step(30)
    last = online.get("jobs.batch", "j")["status"]["conditions"][-1]
    assert (last["type"], last["reason"]) == ("Failed", "BackoffLimitExceeded")
    assert [p["status"]["phase"] for p in online.pods("j-")] == ["Failed", "Failed"]


def test_a_namespace_goes_with_its_content(online: Lab) -> None:
    online.apply("{apiVersion: v1, kind: Namespace, metadata: {name: lab}}")
    online.apply(WEB.replace("{name: web}", "{name: web, namespace: lab}"))
    online.settle()
    online.store.delete("namespaces", "", "lab")
    online.settle()
    assert online.store.get("namespaces", "", "lab") is None
    assert not online.store.list("pods", "lab")


def test_a_service_knows_its_ready_pods(online: Lab) -> None:
    online.apply(WEB)
    online.apply(
        "{apiVersion: v1, kind: Service, metadata: {name: web}, spec: {selector: {app: web}, ports: [{port: 80}]}}"
    )
    online.settle()
    addresses = {p["status"]["podIP"] for p in online.pods("web-")}
    (subset,) = online.get("endpoints", "web")["subsets"]
    assert {a["ip"] for a in subset["addresses"]} == addresses
    (piece,) = online.store.list("endpointslices.discovery.k8s.io", "default")[1:]
    assert {a for e in piece["endpoints"] for a in e["addresses"]} == addresses


def test_a_budget_counts(online: Lab) -> None:
    online.apply(WEB)
    online.apply(
        "{apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {name: web}, "
        "spec: {minAvailable: 2, selector: {matchLabels: {app: web}}}}"
    )
    online.settle()
    status = online.get("poddisruptionbudgets.policy", "web")["status"]
    assert (status["currentHealthy"], status["desiredHealthy"], status["disruptionsAllowed"]) == (2, 2, 0)


def test_crash_loops_back_off(online: Lab) -> None:
    online.apply(
        "{apiVersion: v1, kind: Pod, metadata: {name: crashes}, spec: {containers: [{name: x, image: 'busybox:1.36', "
        "terminationMessagePolicy: FallbackToLogsOnError, command: [sh, -c, 'echo cannot reach 10.0.0.1; exit 1']}]}}"
    )
    online.settle()
    online.step(25)
    status = online.get("pods", "crashes")["status"]["containerStatuses"][0]
    assert status["restartCount"] == 2
    assert status["lastState"]["terminated"]["message"] == "cannot reach 10.0.0.1\n"
    (event,) = online.events("crashes", "BackOff")
    assert event["message"].startswith("Back-off restarting failed container x in pod crashes_default(")


def test_the_state_goes_on_where_it_was(online: Lab) -> None:
    online.apply(WEB)
    online.settle()
    state = online.cluster.dump()
    import json

    other = Lab(0)
    clock = online.clock.dump()
    other.cluster.load(json.loads(json.dumps(state)))
    other.clock.load(json.loads(json.dumps(clock)))
    web = other.get("deployments.apps", "web")
    web["spec"]["replicas"] = 4
    other.store.update("deployments.apps", web)
    other.settle()
    assert other.get("deployments.apps", "web")["status"]["readyReplicas"] == 4
    addresses = [p["status"]["podIP"] for p in other.pods("web-")]
    assert len(set(addresses)) == 4


def test_a_cron_job_starts_its_jobs_in_time(online: Lab) -> None:
    containers = "[{name: t, image: 'busybox:1.36', command: ['true']}]"
    template = f"{{template: {{spec: {{restartPolicy: OnFailure, containers: {containers}}}}}}}"
    online.apply(
        "{apiVersion: batch/v1, kind: CronJob, metadata: {name: tick}, "
        f"spec: {{schedule: '*/5 * * * *', jobTemplate: {{spec: {template}}}}}}}"
    )
    online.settle()
    online.step(301)
    online.settle()
    (job,) = online.store.list("jobs.batch", "default")
    assert job["metadata"]["name"].startswith("tick-")
    assert online.events("tick", "SuccessfulCreate")
    online.step(3600)
    online.settle()
    assert len(online.store.list("jobs.batch", "default")) == 3
    assert "lastSuccessfulTime" in online.get("cronjobs.batch", "tick")["status"]


def test_unhealthy_pods_say_what_the_recorded_ones_said(online: Lab) -> None:
    for name, container in {
        "no-config": "{name: x, image: busybox, envFrom: [{configMapRef: {name: missing}}]}",
        "no-command": "{name: x, image: busybox, command: [/no/such]}",
        "no-image": "{name: x, image: 'registry.invalid/none:1'}",
    }.items():
        online.apply(
            f"{{apiVersion: v1, kind: Pod, metadata: {{name: {name}}}, spec: {{containers: [{container}]}}}}"
        )
    online.step(26)
    states = {
        p["metadata"]["name"]: p["status"]["containerStatuses"][0]
        for p in online.store.list("pods", "default")
    }
    reasons = {name: s["state"]["waiting"]["reason"] for name, s in states.items()}
    assert reasons == {
        "no-config": "CreateContainerConfigError", "no-command": "RunContainerError", "no-image": "ImagePullBackOff",
    }  # fmt: skip
    assert states["no-command"]["lastState"]["terminated"]["reason"] == "StartError"
    (failed,) = online.events("no-config", "Failed")
    assert (failed["message"], failed["count"]) == ('Error: configmap "missing" not found', 3)
    assert any("no such host" in e["message"] for e in online.events("no-image", "Failed"))


SCALED = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: busy}
spec:
  replicas: 1
  selector: {matchLabels: {app: busy}}
  template:
    metadata: {labels: {app: busy}}
    spec: {containers: [{name: web, image: 'nginx:1.27', resources: {requests: {cpu: 100m}}}]}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: busy}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: busy}
  minReplicas: 2
  maxReplicas: 4
  metrics: [{type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 1}}}]
"""


def test_an_autoscaler_says_what_it_sees_and_scales_within_its_bounds(online: Lab) -> None:
    online.apply(SCALED)
    online.settle()
    online.step(120)
    online.settle()
    status = online.get("horizontalpodautoscalers.autoscaling", "busy")["status"]
    assert status["currentReplicas"] == status["desiredReplicas"] == 4
    assert status["currentMetrics"][0]["resource"]["current"]["averageUtilization"] > 1
    kinds = {c["type"]: c["status"] for c in status["conditions"]}
    assert kinds == {"AbleToScale": "True", "ScalingActive": "True", "ScalingLimited": "True"}
    assert online.get("deployments.apps", "busy")["status"]["readyReplicas"] == 4
    online.fault({"event": "konnectivity"})
    online.step(30)
    status = online.get("horizontalpodautoscalers.autoscaling", "busy")["status"]
    assert next(c for c in status["conditions"] if c["type"] == "ScalingActive")["status"] == "False"
    assert status["desiredReplicas"] == 4


def _scaler(lab: Lab) -> dict[str, Any]:
    status: dict[str, Any] = lab.get("horizontalpodautoscalers.autoscaling", "busy")["status"]
    return status | {c["type"]: c["reason"] for c in status["conditions"]}


IDLE = SCALED.replace("replicas: 1\n", "replicas: 2\n", 1).replace("minReplicas: 2", "minReplicas: 1")
IDLE = IDLE.replace("averageUtilization: 1}", "averageUtilization: 90}")


def test_an_idle_deployment_shrinks_after_five_quiet_minutes_only(online: Lab) -> None:
    online.apply(IDLE)
    online.settle()
    online.step(280)
    status = _scaler(online)
    assert (status["desiredReplicas"], status["AbleToScale"]) == (2, "ScaleDownStabilized")
    assert online.get("deployments.apps", "busy")["spec"]["replicas"] == 2
    online.step(60)
    assert online.get("deployments.apps", "busy")["spec"]["replicas"] == 1
    (event,) = online.events("busy", "SuccessfulRescale")
    assert event["message"] == "New size: 1; reason: All metrics below target"


def test_what_an_autoscaler_remembers_survives_a_restart(online: Lab) -> None:
    online.apply(IDLE)
    online.settle()
    online.step(200)
    other = Lab(0)
    state, clock = (json.loads(json.dumps(part)) for part in (online.cluster.dump(), online.clock.dump()))
    other.cluster.load(state)
    other.clock.load(clock)
    other.step(60)
    assert other.get("deployments.apps", "busy")["spec"]["replicas"] == 2
    other.step(90)
    assert other.get("deployments.apps", "busy")["spec"]["replicas"] == 1


def test_a_behavior_says_how_fast_and_whether(online: Lab) -> None:
    online.apply(
        IDLE.replace("replicas: 2", "replicas: 4") + "  behavior: {scaleDown: {selectPolicy: Disabled, "
        "stabilizationWindowSeconds: 0}}\n"
    )
    online.settle()
    online.step(400)
    status = _scaler(online)
    assert (status["desiredReplicas"], status["ScalingLimited"]) == (4, "ScaleDownLimit")
    hpa = online.get("horizontalpodautoscalers.autoscaling", "busy")
    policy = {"type": "Pods", "value": 1, "periodSeconds": 60}
    hpa["spec"]["behavior"]["scaleDown"] |= {"selectPolicy": "Max", "policies": [policy]}
    online.store.update("horizontalpodautoscalers.autoscaling", hpa)
    sizes = []
    for _ in range(4):
        online.step(16)
        online.settle()
        sizes.append(online.get("deployments.apps", "busy")["spec"]["replicas"])
    assert sizes == [3, 3, 3, 3]
    online.step(16)
    assert online.get("deployments.apps", "busy")["spec"]["replicas"] == 2


def test_metrics_that_nothing_gives_are_refused_in_the_controllers_words(online: Lab) -> None:
    online.apply(
        IDLE.replace(
            "type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 90}}",
            "type: Pods, pods: {metric: {name: hits}, target: {type: AverageValue, averageValue: 5}}",
        )
    )
    online.settle()
    online.step(20)
    (event,) = online.events("busy", "FailedGetPodsMetric")
    assert event["message"].endswith("no custom metrics API (custom.metrics.k8s.io) registered")
    assert _scaler(online)["ScalingActive"] == "FailedGetPodsMetric"

"""What a scenario's world holds before anybody looks: its ``world`` steps, each carried out to its end as the service
would. Whatever it does, it is done before the first client comes; nothing of it is in the act log."""

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from byocni_tui.sandbox.arm import ids
from byocni_tui.sandbox.arm.call import Call, Caller
from byocni_tui.sandbox.arm.errors import ArmError
from byocni_tui.sandbox.arm.kind import api_versions
from byocni_tui.sandbox.scenario_judge import REFERENCE, values

if TYPE_CHECKING:
    from byocni_tui.sandbox.arm.cloud import Arm
    from byocni_tui.sandbox.scenario import Step

_TIMERS: Final = 300_000
"""Timers that one step may take to come to rest."""


def make(arm: "Arm") -> None:
    """Carry them out, each to its end. Raises ``ValueError`` naming the one that the service would refuse."""
    for number, step in enumerate(arm.world.scenario.world):
        where = f"world[{number}]"
        if step.helm is not None:
            from byocni_tui.sandbox import releases

            releases.carry_out(_cluster(arm, step, where), step.helm, where)
        elif step.objects:
            from byocni_tui.sandbox import releases

            releases.create(_cluster(arm, step, where), step.objects, where)
        elif step.kubectl is not None and step.patch is not None:
            from byocni_tui.sandbox import releases

            releases.patch(_cluster(arm, step, where), step.patch, step.body or {}, where)
        elif step.pass_ is not None:
            arm.world.clock.step(step.pass_)
        elif step.request is not None and not (step.az or step.kubectl):
            _request(arm, step, where)
        else:
            raise ValueError(f"{where}: a world is made of requests to Azure, objects, helm and pass")
        try:
            arm.world.clock.run_until_idle(_TIMERS)
        except RuntimeError as error:
            raise ValueError(f"{where}: this world never comes to rest: {error}") from error


def _cluster(arm: "Arm", step: "Step", where: str) -> Any:
    for cluster in arm.world.clusters.values():
        if step.cluster in (None, cluster.name):
            return cluster
    raise ValueError(f"{where}: there is no cluster {step.cluster or ''} in this world yet")


def _request(arm: "Arm", step: "Step", where: str) -> None:
    assert step.request is not None
    method, path = step.request
    raw = quote(path)
    try:
        parsed = ids.split(raw)
    except (ValueError, IndexError) as error:
        raise ValueError(f"{where}: {path} is no path of Azure Resource Manager") from error
    if method == "POST":
        parsed = ids.as_action(parsed)
    versions = api_versions().get(parsed.type.lower())
    if versions is None:
        raise ValueError(f"{where}: {path}: {parsed.type} is not in the sandbox")
    caller = arm.data["caller"]
    call = Call(
        method=method,
        path=parsed,
        raw_path=raw,
        query={"api-version": step.api_version or next(v for v in versions if "preview" not in v)},
        headers={},
        body=None if method in ("GET", "DELETE") else _filled(arm, step.body or {}, where),
        caller=Caller(
            # Where the learner may do little, somebody else has built the world.
            object_id=arm.data.get("builder") or caller["object_id"],
            client_id=caller["client_id"],
            tenant=arm.data["tenant"]["id"],
        ),
        base=arm.world.https_base,
    )
    try:
        arm.handle(call)
    except ArmError as error:
        raise ValueError(f"{where}: {path}: {error.code}: {error.message}") from error


def _filled(arm: "Arm", value: Any, where: str) -> Any:
    """A body with each ``<id:path>`` replaced by what that resource holds there."""
    if isinstance(value, dict):
        return {key: _filled(arm, one, where) for key, one in value.items()}
    if isinstance(value, list):
        return [_filled(arm, one, where) for one in value]
    if not isinstance(value, str) or (asked := REFERENCE.fullmatch(value)) is None:
        return value
    record = arm.get(asked[1])
    found = values(record["body"], asked[2]) if record else []
    if not found:
        raise ValueError(f"{where}: {value}: there is nothing there")
    return found[0]

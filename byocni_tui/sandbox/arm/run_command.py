"""``az vmss run-command invoke``: a script for one machine, answered by the model of its node."""

from typing import TYPE_CHECKING, Any, Final

from byocni_tui.sandbox.arm import ids
from byocni_tui.sandbox.arm.errors import ArmError, not_in_sandbox

if TYPE_CHECKING:
    from byocni_tui.sandbox.arm.call import Record
    from byocni_tui.sandbox.arm.cloud import Arm
    from byocni_tui.sandbox.arm.machine_life import Pool

_SHELL: Final = "runshellscript"
_SECONDS: Final = 25.0
"""The machine's agent fetches the script, runs it and reports: about so long."""


def begin(arm: "Arm", pool: "Pool", record: "Record", node: dict[str, Any], body: Any) -> dict[str, Any]:
    """Run a script and begin the operation whose result holds what it printed.

    Raises what the service says to a machine that does not run, and 501 for a script that the node's model can't run.
    """
    command, script, parameters = _asked(body)
    if pool.off.get(node["name"]):
        raise ArmError(
            409, "OperationNotAllowed", "Cannot modify extensions in the VM when the VM is not running."
        )
    kube = arm.world.clusters.get(ids.key(pool.cluster["id"]))
    if kube is None or kube.life is None:
        raise not_in_sandbox(f"run command {command} on a machine that is no node yet")
    played = kube.life.host.play(node["name"], script, parameters)
    if played.missing:
        raise not_in_sandbox(f"'{played.missing}' in a script for a node")
    message = f"Enable succeeded: \n[stdout]\n{played.out}\n[stderr]\n{played.errors}"
    value = {
        "code": "ProvisioningState/succeeded",
        "level": "Info",
        "displayStatus": "Provisioning succeeded",
        "message": message,
    }
    steps: list[tuple[float, str, str | None]] = [(_SECONDS, "Succeeded", None)]
    return arm.operations.begin(
        steps, target=f"{ids.key(record['id'])}/virtualmachines/{node['number']}", verb="run command",
        data={"result": {"value": [value]}},
    )  # fmt: skip


def _asked(body: Any) -> tuple[str, str, dict[str, str]]:
    """The command's id, its script and its parameters by name."""
    if not isinstance(body, dict) or not isinstance(body.get("commandId"), str):
        raise _wrong("Required parameter 'commandId' is missing (null).", "commandId")
    command: str = body["commandId"]
    lines, given = body.get("script") or [], body.get("parameters") or []
    if not isinstance(lines, list) or not all(isinstance(line, str) for line in lines):
        raise _wrong("The value of parameter script is invalid: an array of strings is expected.", "script")
    if not isinstance(given, list) or not all(isinstance(one, dict) and "name" in one for one in given):
        raise _wrong("The value of parameter parameters is invalid.", "parameters")
    if command.lower() != _SHELL:
        raise not_in_sandbox(f"run command '{command}'")
    if not "".join(lines).strip():
        raise _wrong("The value of parameter script is invalid: it holds no command.", "script")
    return command, "\n".join(lines), {str(one["name"]): str(one.get("value", "")) for one in given}


def _wrong(message: str, target: str) -> ArmError:
    return ArmError(400, "InvalidParameter", message, target=target)

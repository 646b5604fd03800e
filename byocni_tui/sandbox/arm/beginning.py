"""What a scenario's world holds before anybody looks: its ``world`` requests, carried out as the service would."""

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from byocni_tui.sandbox.arm import ids
from byocni_tui.sandbox.arm.call import Call, Caller
from byocni_tui.sandbox.arm.errors import ArmError
from byocni_tui.sandbox.arm.kind import api_versions

if TYPE_CHECKING:
    from byocni_tui.sandbox.arm.cloud import Arm


def make(arm: "Arm") -> None:
    """Carry them out, each to its end. Raises ``ValueError`` naming the one that the service would refuse."""
    caller = arm.data["caller"]
    for entry in arm.world.scenario.world:
        path = str(entry["put"])
        raw = quote(path)
        parsed = ids.split(raw)
        versions = api_versions().get(parsed.type.lower())
        if versions is None:
            raise ValueError(f"world: {path}: {parsed.type} is not in the sandbox")
        body: Any = entry.get("body") or {}
        call = Call(
            method="PUT",
            path=parsed,
            raw_path=raw,
            query={
                "api-version": str(
                    entry.get("api_version") or next(v for v in versions if "preview" not in v)
                )
            },
            headers={},
            body=body,
            caller=Caller(
                object_id=caller["object_id"], client_id=caller["client_id"], tenant=arm.data["tenant"]["id"]
            ),
            base=arm.world.https_base,
        )
        try:
            arm.handle(call)
        except ArmError as error:
            raise ValueError(f"world: {path}: {error.code}: {error.message}") from error
        arm.world.clock.run_until_idle()

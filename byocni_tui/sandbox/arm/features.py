"""Microsoft.Features: preview features of providers, which a subscription registers before it may use them.

Paths as the Azure CLI writes them (``az feature``): ``…/providers/Microsoft.Features/providers/NS/features/NAME`` and
POST ``…/register``, ``…/unregister``. A registration takes minutes; nothing in the sandbox asks for one.
"""

from typing import Any, Final

from byocni_tui.sandbox.arm import checks
from byocni_tui.sandbox.arm.call import Answer, Call
from byocni_tui.sandbox.arm.errors import not_in_sandbox
from byocni_tui.sandbox.arm.handler import Handler

KNOWN: Final = {"Microsoft.ContainerService": ("KubeProxyConfigurationPreview",)}
"""Those that a cluster without a plugin of Azure's can meet (AKS documentation, "Configure kube-proxy")."""

_SECONDS: Final = 240.0


class Features(Handler):
    """Preview features: listed (all, or one provider's), shown, registered, unregistered."""

    def handle(self, call: Call) -> Answer:
        namespace = call.path.namespace
        spelled = next((name for name in KNOWN if name.lower() == namespace.lower()), namespace)
        if call.method == "GET" and not call.path.item:
            wanted = KNOWN if namespace.lower() == "microsoft.features" else {spelled: KNOWN.get(spelled, ())}
            shown = [self._show(call, space, name) for space, names in wanted.items() for name in names]
            return Answer(200, checks.page(call, shown))
        name = next((one for one in KNOWN.get(spelled, ()) if one.lower() == call.path.name.lower()), None)
        action = (call.path.action or "").lower()
        if name is None or (call.method, action) not in (
            ("GET", ""),
            ("POST", "register"),
            ("POST", "unregister"),
        ):
            raise not_in_sandbox(f"{call.method} feature {namespace}/{call.path.name} {action}".rstrip())
        if call.method == "POST":
            self._change(f"{spelled}/{name}".lower(), action)
        return Answer(200, self._show(call, spelled, name))

    def _change(self, key: str, action: str) -> None:
        state = self.arm.registration(key)
        if action == "unregister":
            self.arm.registrations[key] = "Unregistered"
        elif state not in ("Registered", "Registering"):
            self.arm.registrations[key] = "Registering"
            steps: list[tuple[float, str, str | None]] = [
                (self.arm.seconds("feature", _SECONDS), "Succeeded", "provider.registered")
            ]
            self.arm.operations.begin(steps, target=f"features/{key}", data={"namespace": key})
        self.arm.world.changed = True

    def _show(self, call: Call, namespace: str, name: str) -> dict[str, Any]:
        scope = f"/subscriptions/{call.path.subscription}/providers/Microsoft.Features/providers"
        return {
            "properties": {"state": self.arm.registration(f"{namespace}/{name}")},
            "id": f"{scope}/{namespace}/features/{name}",
            "type": "Microsoft.Features/providers/features",
            "name": f"{namespace}/{name}",
        }

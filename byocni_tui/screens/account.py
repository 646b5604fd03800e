"""Account: which cloud, tenant and subscription; who is signed in, and which subscriptions they see."""

from collections.abc import Iterable
from typing import ClassVar

from textual.widget import Widget
from textual.widgets import Static

from byocni_tui.screens.panel import StepPanel
from byocni_tui.screens.picker import Picker
from byocni_tui.widgets.glyphs import fit


class AccountPanel(StepPanel):
    """The fields work without an answer from Azure; with one, a subscription (and its tenant) can be picked."""

    step: ClassVar[str] = "account"
    asks_account: ClassVar[bool] = True
    DEFAULT_CSS = """
    AccountPanel Picker { max-height: 5; }
    AccountPanel .state { margin: 1 0 0 1; color: $text-muted; height: auto; }
    """

    def extra(self) -> Iterable[Widget]:
        self._who = Static("", classes="state", markup=False)
        self._list = Picker()
        yield self._who
        yield self._list

    def own_action(self) -> str:
        return "sign_in" if self.session.context.mode == "live" else ""

    def refresh_state(self) -> None:
        super().refresh_state()
        session, tr = self.session, self.session.tr
        account = session.account
        if account:
            who = tr("wizard.account.who", name=account.get("name") or account.get("id") or "?")
            tenant = account.get("tenant")
            self._who.update(f"{who}\n{tr('wizard.account.tenant', tenant=tenant)}" if tenant else who)
        else:
            failed = session.account_failed
            hint = f"\n{tr('wizard.account.other_way')}" if failed and self.own_action() else ""
            self._who.update(f"{failed}{hint}" if failed else tr("wizard.account.asking"))
        found = [item for item in session.subscriptions if item.get("subscriptionId")]
        lines = []
        for item in found:
            state = str(item.get("state") or "Enabled")
            more = "" if state == "Enabled" else f"  {state}"
            name = fit(str(item.get("displayName", "")), 26, self.marks.more)
            lines.append((str(item["subscriptionId"]), f"{name} {item['subscriptionId']}{more}"))
        self._list.show(lines, session.plan.subscription)

    def on_picker_taken(self, event: Picker.Taken) -> None:
        """Take the subscription under the cursor, and its tenant where that is another than one's own."""
        event.stop()
        session = self.session
        item = next((i for i in session.subscriptions if i.get("subscriptionId") == event.key), {})
        tenant = str(item.get("tenantId") or "")
        if tenant and (session.plan.tenant or tenant != session.account.get("tenant")):
            session.edit("tenant", tenant)
        session.edit("subscription", event.key)
        session.leave("subscription")
        session.changed()
        self.focus_row("subscription")

"""Account: which cloud, tenant and subscription; who is signed in, and which subscriptions they see."""

from collections.abc import Iterable
from typing import ClassVar

from textual.widget import Widget
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from byocni_tui.screens.panel import StepPanel
from byocni_tui.widgets.glyphs import fit


class AccountPanel(StepPanel):
    """The fields work without an answer from Azure; with one, a subscription can be picked."""

    step: ClassVar[str] = "account"
    asks_account: ClassVar[bool] = True
    DEFAULT_CSS = """
    AccountPanel OptionList { height: auto; max-height: 5; margin: 1 1 0 1; border: none; background: $background;
                              padding: 0; scrollbar-size-vertical: 1; }
    AccountPanel .state { margin: 1 0 0 1; color: $text-muted; height: auto; }
    """

    def extra(self) -> Iterable[Widget]:
        self._who = Static("", classes="state", markup=False)
        self._list = OptionList()
        self._list.display = False
        self._shown: tuple[str, ...] = ()
        yield self._who
        yield self._list

    def refresh_state(self) -> None:
        super().refresh_state()
        session, tr = self.session, self.session.tr
        account = session.account
        if account:
            self._who.update(tr("wizard.account.who", name=account.get("name") or account.get("id") or "?"))
        else:
            self._who.update(session.account_failed or tr("wizard.account.asking"))
        found = [item for item in session.subscriptions if item.get("subscriptionId")]
        ids = tuple(str(item["subscriptionId"]) for item in found)
        if ids != self._shown:
            self._shown = ids
            self._list.clear_options()
            for name, item in zip(ids, found, strict=True):
                self._list.add_option(Option(f"{fit(str(item.get('displayName', '')), 32)} {name}", id=name))
            held = session.plan.subscription
            self._list.highlighted = ids.index(held) if held in ids else 0
        self._list.display = bool(ids)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Take the subscription under the cursor."""
        event.stop()
        if event.option.id:
            self.session.edit("subscription", event.option.id)
            self.session.leave("subscription")
            self.session.changed()
            self.focus_row("subscription")

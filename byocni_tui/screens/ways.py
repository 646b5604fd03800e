"""What Ctrl-O does on each step: another way to run or to sign in, node pools, overriding, exporting, cleaning up."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from byocni_tui.errors import UserError
from byocni_tui.plan.finding import Finding
from byocni_tui.screens.dialogs import AskText, Choose, TypeName
from byocni_tui.screens.session import Session
from byocni_tui.screens.tools import open_tool

if TYPE_CHECKING:
    from textual.screen import Screen

    from byocni_tui.screens.panel import StepPanel

    _Base = Screen[None]
else:
    _Base = object

METHODS: Final = ("default", "azure-cli", "device-code", "browser", "managed-identity")


class Ways(_Base):
    """A part of ``WizardScreen``."""

    session: Session

    if TYPE_CHECKING:

        @property
        def panel(self) -> StepPanel: ...
        @property
        def wizard(self) -> Any: ...
        def _chosen(self) -> Finding | None: ...
        async def build_anew(self, focus: str = "") -> None: ...
        def save_soon(self) -> None: ...

    def action_own(self) -> None:
        """What is offered here beside the way on."""
        if self.session.step == "deploy" and self.session.run.failed:
            self._offer_clean()
        elif name := self.panel.own_action():
            getattr(self, f"_offer_{name}")()

    # Start: how to run

    def _offer_ways(self) -> None:
        tr = self.session.tr
        if self.session.run.active:
            return
        options = [("live", tr("wizard.ways.live"))]
        options += [(f"scenario:{name}", text) for name, text in self.wizard.scenarios()]
        current = "live" if self.session.context.mode == "live" else f"scenario:{self.wizard.scenario}"
        self.app.push_screen(Choose(tr("wizard.ways.title"), options, current), self._way_chosen)

    def _way_chosen(self, way: str | None) -> None:
        if way == "live":
            self.wizard.reopen(live=True)
        elif way:
            self.wizard.reopen(scenario=way.removeprefix("scenario:"))

    # Account: how to sign in

    def _offer_sign_in(self) -> None:
        tr = self.session.tr
        options = [(name, tr(f"wizard.sign_in.{name.replace('-', '_')}")) for name in METHODS]
        self.app.push_screen(Choose(tr("wizard.sign_in.title"), options, "default"), self._method_chosen)

    def _method_chosen(self, method: str | None) -> None:
        if method:
            self.wizard.ask_account(method)

    # Cluster: node pools, or why a cluster's nodes are not Ready

    def _offer_pools(self) -> None:
        tr, pools = self.session.tr, self.session.plan.node_pools
        options = [("add", tr("wizard.pools.add"))]
        options += [(str(i), tr("wizard.pools.remove", name=pool.name)) for i, pool in enumerate(pools) if i]
        self.app.push_screen(Choose(tr("wizard.pools.title"), options, "add"), self._pool_chosen)

    def _pool_chosen(self, choice: str | None) -> None:
        if choice == "add":
            path = self.session.add_pool()
            self.run_worker(self.build_anew(path), exit_on_error=False)
        elif choice:
            self.session.remove_pool(int(choice))
            self.run_worker(self.build_anew(), exit_on_error=False)

    def _offer_doctor(self) -> None:
        open_tool(self.app, "doctor")

    # Pre-flight: override with a reason

    def _offer_override(self) -> None:
        session, tr = self.session, self.session.tr
        finding = self._chosen()
        if finding is None or not session.can_override(finding):
            finding = next((f for f in session.findings if session.can_override(f)), None)
        if finding is None:
            self.notify(tr("wizard.override.none"), timeout=5, markup=False)
            return
        chosen = finding
        message = session.words.message(finding, tr)
        text = tr("wizard.override.text", code=finding.code, message=message)

        def said(reason: str | None) -> None:
            if reason:
                session.override(chosen, reason)
                self.save_soon()

        self.app.push_screen(AskText(tr("wizard.override.title"), text), said)

    # Review: export

    def _offer_export(self) -> None:
        tr = self.session.tr
        folder = Path.cwd() / f"byocni-{self.session.plan.cluster.name or 'plan'}"
        names = ", ".join(self.session.export_files().values())
        text = tr("wizard.export.text", names=names)
        self.app.push_screen(AskText(tr("wizard.export.title"), text, str(folder)), self._export)

    def _export(self, where: str | None) -> None:
        if not where:
            return
        session, tr = self.session, self.session.tr
        try:
            written = session.export_to(Path(where).expanduser())
        except UserError as error:
            self.notify(tr(f"errors.{error.key}", **error.values), severity="error", timeout=10, markup=False)
            return
        self.notify(tr("wizard.export.done", count=len(written), where=where), timeout=6, markup=False)

    # Deploy: clean up after a failure

    def _offer_clean(self) -> None:
        session, tr = self.session, self.session.tr
        if session.run.active or session.run.cleaning:
            return
        ids = session.context.doomed()
        if not ids:
            self.notify(tr("wizard.clean.nothing"), timeout=5, markup=False)
            return
        listed = "\n".join("/".join(item.strip("/").split("/")[-2:]) for item in ids)
        name = session.plan.cluster.name or session.run.run
        text = tr("wizard.clean.text", listed=listed, name=name)
        self.app.push_screen(TypeName(tr("wizard.clean.title"), text, name), self._clean_confirmed)

    def _clean_confirmed(self, confirmed: bool | None) -> None:
        if confirmed:
            self.wizard.clean_up()

"""CNI: the catalogue as a comparison, and the options that the chosen plugin has."""

from collections.abc import Iterable
from typing import ClassVar

from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from byocni_tui.cni.catalogue import plugin, plugins
from byocni_tui.screens.catalogue import comparison
from byocni_tui.screens.panel import StepPanel
from byocni_tui.widgets.field_row import FieldRow
from byocni_tui.widgets.glyphs import wrap

_OPTIONS = {
    "cni.encapsulation": "encapsulation",
    "cni.encryption": "encryption",
    "cni.kube_proxy": "kube_proxy",
}


class CniPanel(StepPanel):
    """What a plugin doesn't have isn't offered (a file can still say it; the rules then speak)."""

    step: ClassVar[str] = "cni"
    DEFAULT_CSS = """
    CniPanel .compare { margin: 1 0 0 0; height: auto; }
    """

    def options(self, path: str) -> tuple[tuple[str, str], ...]:
        if path == "cni.plugin":
            return tuple((item.id, item.name) for item in plugins() if item.offered)
        chosen = plugin(self.session.plan.cni.plugin)
        if chosen is None:
            return super().options(path)
        if path == "cni.version" and chosen.versions:
            automatic = (("", self.session.tr("wizard.cni.automatic")),)
            return automatic + tuple((item.version, item.version) for item in chosen.versions)
        if path in _OPTIONS:
            values: tuple[str, ...] = getattr(chosen.options, _OPTIONS[path])
            return tuple((value, value) for value in values)
        return super().options(path)

    def extra(self) -> Iterable[Widget]:
        self._compare = Static("", classes="compare", markup=False)
        self._plugin = self.session.plan.cni.plugin
        yield self._compare

    def on_mount(self) -> None:
        self._draw()

    def on_resize(self) -> None:
        self.call_after_refresh(self._draw)

    def refresh_state(self) -> None:
        super().refresh_state()
        if self.session.plan.cni.plugin != self._plugin:
            self._plugin = self.session.plan.cni.plugin
            self._fit_options()
            self._draw()

    def _fit_options(self) -> None:
        """Another plugin has other options: choices are exchanged in place, what it lacks is hidden."""
        from byocni_tui.widgets.choice import Choice

        for path in ("cni.version", *_OPTIONS):
            row: FieldRow | None = self.rows.get(path)
            if row is not None and isinstance(row.editor, Choice):
                options = self.options(path)
                row.editor.set_options(options)
                row.display = bool(options)

    def _draw(self) -> None:
        """Plugins as columns, what they can do as rows."""
        tr, width = self.session.tr, max(40, self.size.width - 4)
        chosen = plugin(self._plugin)
        lines: list[Content] = []
        if chosen:
            summary = wrap(chosen.summary.get(tr.lang), width)
            lines += [Content.styled(f" {line}", "$foreground") for line in summary] + [Content("")]
        lines += comparison(self._plugin, width, tr, self.marks)
        self._compare.update(Content("\n").join(lines))

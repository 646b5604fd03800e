"""The catalogue: all plugins side by side, and each with its versions, options and notes. Enter takes one."""

from collections.abc import Iterable
from typing import ClassVar

from rich.cells import cell_len
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widget import Widget

from byocni_tui.cni import show
from byocni_tui.cni.catalogue import plugin, plugins
from byocni_tui.cni.model import Plugin
from byocni_tui.locale import Translator
from byocni_tui.screens.picker import Picker
from byocni_tui.screens.tool import ToolScreen
from byocni_tui.widgets.glyphs import Glyphs, fit

COMPARE = "compare"


def comparison(chosen: str, width: int, tr: Translator, marks: Glyphs) -> list[Content]:
    """Offered plugins as columns, what they can do as rows; the text beside each mark says the same."""
    offered = [item for item in plugins() if item.offered]
    label = 20
    column = max(9, min(18, (width - label) // max(1, len(offered))))
    head: list[tuple[str, str]] = [(" " * label, "")]
    for item in offered:
        style = "bold $accent" if item.id == chosen else "bold $text-muted"
        head.append((fit(item.name, column, marks.more), style))
    lines = [Content.assemble(*head)]
    for name in show.capability_keys(tuple(offered)):
        title = capability(name, tr)
        row: list[tuple[str, str]] = [(fit(f" {title}", label - 1, marks.more) + " ", "$text-muted")]
        for item in offered:
            level = item.capabilities[name].level if name in item.capabilities else "no"
            mark = {"yes": marks.ok, "partly": "~", "no": marks.skip}[level]
            text = f"{mark} {tr(f'wizard.level.{level}')}"
            style = {"yes": "$text-success", "partly": "$text-warning", "no": "$text-muted"}[level]
            row.append((fit(text if cell_len(text) < column else mark, column), style))
        lines.append(Content.assemble(*row))
    return lines


def capability(name: str, tr: Translator) -> str:
    """What a capability is called."""
    key = f"wizard.capability.{name}"
    return tr(key) if tr.has(key) else name.replace("_", " ")


class CatalogueScreen(ToolScreen):
    """A list of plugins above, the one under the cursor below."""

    tool: ClassVar[str] = "catalogue"
    keys: ClassVar[tuple[tuple[str, str, str], ...]] = (("Enter", "take", "take"),)
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("pagedown", "page(1)", show=False),
        Binding("pageup", "page(-1)", show=False),
    ]
    DEFAULT_CSS = """
    CatalogueScreen Picker { max-height: 7; margin-bottom: 1; }
    """

    def body(self) -> Iterable[Widget]:
        self._list = Picker()
        self._here = COMPARE
        yield self._list
        with VerticalScroll(can_focus=False) as self._scroll:
            yield self._page

    def on_mount(self) -> None:
        tr = self.session.tr
        lines = [(COMPARE, tr("wizard.tool.catalogue.compare"))]
        for item in plugins():
            mark = self.marks.ok if item.offered else self.marks.bad
            lines.append((item.id, f"{mark} {item.name}"))
        self._list.show(lines, COMPARE)
        self._list.focus()

    def on_option_list_option_highlighted(self, event: Picker.OptionHighlighted) -> None:
        event.stop()
        self._here = event.option.id or COMPARE
        self._scroll.scroll_home(animate=False)
        self._draw()

    def _draw(self) -> None:
        chosen = plugin(self._here)
        if chosen is not None:
            self._text = tuple(detail(chosen, self.session.tr))
            super()._draw()
            return
        lines = comparison(self.session.plan.cni.plugin, self.size.width - 6, self.session.tr, self.marks)
        self._text = tuple((line.plain.rstrip(), "") for line in lines)
        self._page.update(Content("\n").join(lines))

    def on_picker_taken(self, event: Picker.Taken) -> None:
        event.stop()
        self.action_take()

    def action_take(self) -> None:
        """The plugin under the cursor, into the plan."""
        session, tr = self.session, self.session.tr
        chosen = plugin(self._here)
        if chosen is None:
            return
        if not chosen.offered:
            self.notify(
                tr("wizard.tool.catalogue.refused", name=chosen.name), severity="warning", markup=False
            )
            return
        session.edit("cni.plugin", chosen.id)
        session.edit("cni.version", "")
        session.leave("cni.plugin")
        self.wizard.save_soon()
        self.notify(tr("wizard.tool.catalogue.taken", name=chosen.name), timeout=4, markup=False)
        self.dismiss(None)

    def action_page(self, direction: int) -> None:
        """Scroll the lower part."""
        if direction > 0:
            self._scroll.scroll_page_down(animate=False)
        else:
            self._scroll.scroll_page_up(animate=False)


def detail(of: Plugin, tr: Translator) -> list[tuple[str, str]]:
    """Everything that the catalogue knows of one plugin, as paragraphs."""
    lines: list[tuple[str, str]] = [(of.name, "bold $accent"), (of.summary.get(tr.lang), "$foreground")]
    if of.refused is not None:
        lines.append((f"{of.refused.reason.get(tr.lang)}  {of.refused.code}", "$text-error"))
    if of.versions:
        lines += [("", ""), (tr("wizard.tool.catalogue.versions"), "bold $text-muted")]
        for version in of.versions:
            name, kubernetes, remarks = show.version_row(of, version, tr)
            about = f"  {remarks}" if remarks else ""
            lines.append((f"  {name}  Kubernetes {kubernetes}{about}", "$foreground"))
    if of.offered and of.versions:
        lines += [("", ""), (tr("wizard.tool.catalogue.options"), "bold $text-muted")]
        lines += [(f"  {name}: {value}", "$foreground") for name, value in show.option_rows(of, tr) if value]
    if of.capabilities:
        lines += [("", ""), (tr("wizard.tool.catalogue.can"), "bold $text-muted")]
        for name, item in of.capabilities.items():
            lines.append((f"  {capability(name, tr)}: {show.capability_text(item, tr)}", "$foreground"))
    if of.ports:
        lines += [("", ""), (tr("wizard.tool.catalogue.ports"), "bold $text-muted")]
        for port in of.ports:
            need = f"  {tr('wizard.tool.catalogue.required')}" if port.required else ""
            lines.append((f"  {port.label}  {port.purpose.get(tr.lang)}{need}", "$foreground"))
    if of.docs:
        lines += [("", ""), (of.docs, "$text-muted")]
    if notes := show.notes(of, tr):
        lines += [("", ""), (tr("wizard.tool.catalogue.notes"), "bold $text-muted")]
        lines += [(f"  {note}", "$foreground") for note in notes]
    return lines

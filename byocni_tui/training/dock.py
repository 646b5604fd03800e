"""The coach's place in the wizard: what a lesson asks for and how far the learner is, drawn from the sandbox's reading.

Ctrl-T offers a hint and says what it costs; pressed again it is taken. What the learner does in another window with az,
kubectl or helm shows here as it happens. ``WizardLesson`` is what ``context.lesson`` holds (``screens.port.Lesson``).
"""

import asyncio
import time
from typing import Any, ClassVar

from textual.content import Content
from textual.widget import Widget

from byocni_tui.errors import UserError
from byocni_tui.locale import Translator
from byocni_tui.training import words
from byocni_tui.training.coach import Coach, joined
from byocni_tui.widgets.glyphs import fit, glyphs, wrap
from byocni_tui.widgets.why import heading

_LOOK = 2.0
"""Seconds between two looks at the sandbox."""


class WizardLesson:
    """One lesson beside the wizard. ``context`` is the run's; its sandbox may start later than the wizard, but the one
    that is joined by ``url`` is there."""

    def __init__(self, context: Any, scenario: Any = None, *, url: str = "") -> None:
        self._context = context
        self._url = url
        self._scenario = scenario
        self._dock: Dock | None = None
        self.reading: dict[str, Any] | None = None
        self.offered = False
        self.trouble = ""

    @property
    def tr(self) -> Translator:
        """Texts in the wizard's language of the moment."""
        tr: Translator = self._context.tr
        return tr

    def widget(self) -> "Dock":
        """A fresh dock."""
        self._dock = Dock(self)
        return self._dock

    def noticed(self, what: str, _detail: dict[str, Any]) -> None:
        """The wizard tells what happened; what counts is seen in the sandbox, so this is only a reason to look."""
        if what in ("deploy", "cancel", "event", "done") and self._dock is not None:
            self._dock.soon()

    def act(self) -> None:
        """Offer a hint; take it when asked for again; once all are taken, check."""
        if self.reading is None or self.reading["solved"]:
            return
        if self.reading["hints_left"] and not self.offered:
            self.offered = True
        elif self.reading["hints_left"]:
            self.offered = False
            self._do("hint")
        else:
            self._do("check")
        if self._dock is not None:
            self._dock.refresh()

    def debrief(self) -> str:
        """Score and debrief, once it is solved."""
        if self._dock is None and (coach := self._coach()) is not None:
            # Without a screen nobody has looked meanwhile.
            try:
                self.reading = coach.reading()
            except UserError:
                return ""
        if self.reading is None or not self.reading["solved"]:
            return ""
        lines = [self.tr("training.solved"), *words.sheet(self.reading, self.tr)]
        journal = getattr(self._context, "journal", None)
        if journal is not None:
            lines.append(self.tr("training.dock.result", run=journal.run))
        return "\n".join(lines)

    # -- the sandbox -------------------------------------------------------------------------------------------------

    def _coach(self) -> Coach | None:
        endpoints = getattr(self._context, "endpoints", None)
        return Coach(endpoints) if endpoints is not None else None

    async def look(self) -> None:
        """Read how things stand, if there is a sandbox yet."""
        coach = self._coach()
        if coach is None and not self._url:
            return
        try:
            if coach is None:
                coach = await asyncio.to_thread(joined, self._url)
            self.reading = await coach.reading_soon()
            self.trouble = ""
        except UserError as error:
            self.trouble = self.tr(f"errors.{error.key}", **error.values)

    def _do(self, name: str) -> None:
        if self._dock is not None:
            self._dock.run_worker(self._done(name), exit_on_error=False)

    async def _done(self, name: str) -> None:
        coach = self._coach()
        if coach is None:
            return
        try:
            self.reading = await coach.do_soon(name)
        except UserError as error:
            self.trouble = self.tr(f"errors.{error.key}", **error.values)
        if self._dock is not None:
            self._dock.refresh()

    # -- words -------------------------------------------------------------------------------------------------------

    def lines(self, roomy: bool) -> list[tuple[str, str]]:
        """(text, style), the most important first; a small dock shows the first of them."""
        tr = self.tr
        if self.trouble:
            return [(self.trouble, "$text-error")]
        if self.reading is None:
            if self._scenario is None:
                return [(tr("training.dock.starting"), "$text-muted")]
            lang = tr.lang
            return [(getattr(self._scenario.lesson, lang), "$foreground")]
        reading = self.reading
        if reading["solved"]:
            return [(tr("training.solved"), "bold $text-success"),
                    *((line, "$foreground") for line in words.sheet(reading, tr))]  # fmt: skip
        found: list[tuple[str, str]] = []
        if self.offered:
            found.append((tr("training.dock.offer", cost=reading["next_cost"]), "bold $accent"))
        elif reading["hints"]:
            found.append((words.hints(reading, tr)[-1], "$accent"))
        found += [(line, "$text-error") for line in words.wrong(reading, tr)[-1:]]
        story = [] if reading["changes"] else [(words.text(reading["lesson"], tr), "$foreground")]
        if not roomy:
            wanted = [words.text(g["say"], tr) for g in reading["goals"] if not g["met"] and g["say"]]
            return [*found, *((f"· {line}", "$foreground") for line in wanted[:1]), *story]
        found = found or story
        found += [(line, "$foreground") for line in words.goals(reading, tr)]
        if reading["changes"] and reading["notice"]:
            found.append((words.text(reading["notice"], tr), "$text-muted"))
        looks = words.looks(reading["look"], reading.get("look_later", ()), tr)
        return [*found, *((line, "$text-muted") for line in looks)]

    def title(self) -> str:
        """The lesson's name and the time so far."""
        if self.reading is None:
            return (
                getattr(self._scenario.title, self.tr.lang)
                if self._scenario
                else self.tr("training.dock.title")
            )
        name = words.text(self.reading["title"], self.tr)
        return f"{name} · {words.duration(self.reading['seconds'])}"


class Dock(Widget):
    """Draws a lesson in the room that the wizard gives it; looks at the sandbox now and then."""

    DEFAULT_CSS: ClassVar[str] = "Dock { height: 1fr; }"

    def __init__(self, lesson: WizardLesson) -> None:
        super().__init__()
        self._lesson = lesson
        self._looking = False
        self._not_before = 0.0

    def on_mount(self) -> None:
        self.set_interval(_LOOK, self.soon)
        self.soon()

    def soon(self) -> None:
        """Look, unless that is being done."""
        if not self._looking and self.is_mounted and time.monotonic() >= self._not_before:
            self._looking = True
            self.run_worker(self._look(), exit_on_error=False)

    async def _look(self) -> None:
        began = time.monotonic()
        try:
            await self._lesson.look()
        finally:
            self._looking = False
            # In a large world a look takes a while: never more than a tenth of the time.
            took = time.monotonic() - began
            self._not_before = began + took * 10 if took > 0.2 else 0.0
        self.refresh()

    def render(self) -> Content:
        width, height = max(10, self.size.width - 2), self.size.height
        roomy = height > 8
        marks = getattr(self.app, "marks", None) or glyphs(False)
        title = fit(self._lesson.title(), max(8, self.size.width - 12), marks.more)
        head = heading(title, "Ctrl-T", self.size.width, marks)
        body = [
            Content.styled(f" {piece}", style)
            for text, style in self._lesson.lines(roomy)
            for piece in wrap(text, width)
        ]
        return Content("\n").join([head, *body][: max(1, height)])

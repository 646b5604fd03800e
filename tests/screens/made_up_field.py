"""Run by ``test_one_field_once``: the plan's models with one line more, and where the new field is then met.

A process of its own, because everything that is imported afterwards takes its fields from that one declaration.
"""

import asyncio
import contextlib
import importlib.util
import io
import json
import sys
from pathlib import Path
from typing import Any

LINE = '    made_up: Annotated[str | None, About(az="--made-up")] = "as it comes"\n'
BEFORE = "    kubernetes_version:"
PATH = "cluster.made_up"


def declare() -> None:
    """``byocni_tui.plan.model`` with the line in it."""
    found = importlib.util.find_spec("byocni_tui.plan.model")
    assert found is not None
    assert found.origin is not None
    source = Path(found.origin).read_text(encoding="utf-8")
    assert source.count(BEFORE) == 1
    module = importlib.util.module_from_spec(found)
    sys.modules["byocni_tui.plan.model"] = module
    exec(compile(source.replace(BEFORE, LINE + BEFORE), found.origin, "exec"), module.__dict__)


async def on_the_screen(context: Any, app: Any) -> dict[str, Any]:
    """Its row under "more fields", what typing into it does, and the help page."""
    from shots import text

    seen: dict[str, Any] = {}
    async with app.run_test(size=(140, 60)) as pilot:
        await app.wizard_screen.show_step("cluster")
        await pilot.press("f7")
        await pilot.pause()
        row = app.wizard_screen.panel.rows[PATH]
        seen["row"] = row.spec.label
        row.editor.focus()
        await pilot.press("end", "!")
        await pilot.pause()
        seen["typed"] = context.plan.cluster.made_up
        seen["preview"] = "\n".join(app.session.commands())
        await pilot.press("f1")
        await pilot.pause()
        seen["help"] = text(app)
    return seen


async def by_lines(context: Any) -> tuple[list[str], Any]:
    """Every prompt of line mode, and what the answer did."""
    from byocni_tui.app import RuleWords
    from byocni_tui.locale import Translator
    from byocni_tui.screens.lines import Lines

    prompts: list[str] = []
    more = Translator("en")("wizard.line.more", count=0).partition("(")[0]

    def ask(prompt: str) -> str:
        prompts.append(prompt)
        if prompt.startswith(more):
            return "y"
        return "by line" if PATH in prompt else ""

    await Lines(context, None, RuleWords(), lambda _text: None, ask).run()
    return prompts, context.plan.cluster.made_up


def command(*words: str) -> str:
    """What a command prints."""
    from byocni_tui.cli import main

    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        main(list(words))
    return out.getvalue()


def run(folder: Path) -> dict[str, Any]:
    from wizard_fake import FakeContext, ready_plan

    from byocni_tui.app import make_app
    from byocni_tui.files import load_plan

    context = FakeContext(plan=ready_plan())
    seen = asyncio.run(on_the_screen(context, make_app(context)))
    seen["prompts"], seen["answered"] = asyncio.run(by_lines(FakeContext(plan=ready_plan())))
    file = folder / "answers.yaml"
    command("plan", str(file), "--set", f"{PATH}=by-set")
    seen["answers"] = file.read_text(encoding="utf-8")
    seen["read back"] = load_plan(file).cluster.made_up  # type: ignore[attr-defined]
    seen["schema"] = json.loads(command("plan", "--schema"))["properties"]["cluster"]["properties"]["made_up"]
    return seen


if __name__ == "__main__":
    declare()
    sys.stdout.write(json.dumps(run(Path(sys.argv[1]))))

"""``docs/answers.md``: the answers file, field by field, from the declarations."""

import json

from byocni_tui.locale import Translator
from byocni_tui.plan.fields import FIELDS, Field
from byocni_tui.plan.model import Plan
from byocni_tui.plan.writer import dump
from tools.pages.markdown import begin, end, heads, table, text


def _kind(field: Field, lang: str) -> str:
    name = text(lang, f"kind.{field.kind}")
    if field.item:
        name = text(lang, "kind.of").format(kind=name, item=text(lang, f"kind.{field.item}"))
    return f"{name}, {text(lang, 'kind.null')}" if field.nullable else name


def _default(field: Field) -> str:
    value = list(field.default) if isinstance(field.default, tuple) else field.default
    return f"`{json.dumps(value, ensure_ascii=False)}`"


def _row(field: Field, tr: Translator) -> list[str]:
    words = [tr(f"{field.text_key}.help")]
    if field.choices:
        words.append(
            text(tr.lang, "answers.choices") + " " + ", ".join(f"`{one}`" for one in field.choices) + "."
        )
    words.append(tr(f"{field.text_key}.why"))
    return [
        f"`{field.path}`",
        _kind(field, tr.lang),
        _default(field),
        f"`{field.az_flag}`" if field.az_flag else "",
        " ".join(words),
    ]


def page(lang: str) -> str:
    """The whole page."""
    tr = Translator(lang)
    lines = begin(lang, "answers")
    groups: dict[str, list[Field]] = {}
    for field in FIELDS:
        head = field.path.split(".")[0].removesuffix("[]") if "." in field.path else ""
        groups.setdefault(head, []).append(field)
    for head, fields in groups.items():
        lines += [f"## {f'`{head}`' if head else text(lang, 'answers.top')}", ""]
        lines += table(heads(lang, "field kind default az meaning"), (_row(field, tr) for field in fields))
    lines += [f"## {text(lang, 'answers.whole')}", "", "```yaml", dump(Plan(), tr).rstrip(), "```"]
    return end(lines)

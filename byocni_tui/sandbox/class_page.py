"""A trainer's overview of a class: rows for JSON, and a page that reloads itself (no script, no other host)."""

import time
from html import escape
from typing import TYPE_CHECKING, Any, Final

import msgspec
from aiohttp import web

from byocni_tui.locale import Translator

if TYPE_CHECKING:
    from byocni_tui.sandbox.place import Place

_STYLE: Final = (
    "body{font:15px/1.5 system-ui,sans-serif;margin:2rem;color:#1b1b1b;background:#fff}"
    "table{border-collapse:collapse;width:100%}td,th{padding:.35rem .7rem;border-bottom:1px solid #ccc;text-align:left;"
    "vertical-align:top}.sim{background:#ffd54a;padding:.1rem .5rem;font-weight:700}.bad{color:#a4262c}"
    "@media(prefers-color-scheme:dark){body{color:#eee;background:#1b1b1b}.sim{color:#1b1b1b}.bad{color:#ff8a80}}"
)


def row(place: "Place", url: str) -> dict[str, Any]:
    """How one learner is getting on: ``seen`` real seconds since the last request (None: never came), ``clusters`` with
    state and nodes, the log's length, the last change with its outcome, refusals so far, faults that may strike."""
    acts = list(place.world.acts)
    changes = [act for act in acts if act.mutates and act.plane != "control"]
    last = changes[-1] if changes else None
    return {
        "number": place.learner,
        "url": url,
        "seen": round(time.monotonic() - place.last_request, 1) if place.last_request else None,
        "clusters": [_cluster(place, key, cluster) for key, cluster in place.world.clusters.items()],
        "acts": place.world.acts.told,
        "refused": sum(1 for act in changes if act.status >= 400),
        "last": None
        if last is None
        else {"client": last.client, "verb": last.verb, "type": last.type, "name": last.name,
              "status": last.status, "code": last.code},
        "faults": sorted(place.world.faults.dump()["faults"]),
    }  # fmt: skip


def _cluster(place: "Place", key: str, cluster: Any) -> dict[str, Any]:
    nodes = cluster.store.list("nodes")
    ready = sum(
        1
        for node in nodes
        for condition in node.get("status", {}).get("conditions", ())
        if condition["type"] == "Ready" and condition["status"] == "True"
    )
    record = place.arm.get(key)
    state = record["body"]["properties"]["provisioningState"] if record else ""
    return {"name": cluster.name, "state": state, "nodes": len(nodes), "ready": ready}


def answer(overview: dict[str, Any], accepted: str) -> web.Response:
    """The page, in the language that the browser asks for (Chinese, else English)."""
    tr = Translator("zh" if accepted.lower().startswith("zh") else "en")
    headers = {
        "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-store",
    }
    return web.Response(text=page(overview, tr), content_type="text/html", charset="utf-8", headers=headers)


def page(overview: dict[str, Any], tr: Translator) -> str:
    """The page as HTML."""
    title = overview["title"]["zh" if tr.lang == "zh" else "en"]
    heads = "".join(
        f"<th>{escape(tr(f'cli.classroom.{name}'))}</th>"
        for name in ("learner", "seen", "clusters", "last", "refused", "faults", "join")
    )
    rows = "\n".join(f"<tr>{_cells(one, tr)}</tr>" for one in overview["learners"])
    return (
        f'<!doctype html><html lang="{tr.lang}"><head><meta charset="utf-8"><meta http-equiv="refresh" content="5">'
        f'<meta name="viewport" content="width=device-width"><title>byocni-tui – SIMULATION</title><style>{_STYLE}'
        f'</style></head><body><h1>{escape(title)} <span class="sim">SIMULATION</span></h1>'
        f"<table><thead><tr>{heads}</tr></thead><tbody>\n{rows}\n</tbody></table></body></html>\n"
    )


def _cells(one: dict[str, Any], tr: Translator) -> str:
    seen = (
        tr("cli.classroom.never")
        if one["seen"] is None
        else tr("cli.classroom.ago", seconds=round(one["seen"]))
    )
    clusters = "<br>".join(
        escape(f"{c['name']}: {c['state']}, {c['ready']}/{c['nodes']} Ready") for c in one["clusters"]
    )
    last = one["last"]
    told = ""
    if last is not None:
        told = escape(" ".join(filter(None, (last["client"], last["verb"], last["type"], last["name"]))))
        if last["status"] >= 400:
            told += f' <span class="bad">{last["status"]} {escape(last["code"])}</span>'
    cells = [
        str(one["number"]), escape(seen), clusters or "–", told or "–", str(one["refused"]),
        escape(", ".join(one["faults"])) or "–", f"<code>{escape(one['url'])}</code>",
    ]  # fmt: skip
    return "".join(f"<td>{cell}</td>" for cell in cells)


def as_json(overview: dict[str, Any]) -> web.Response:
    """The same for programs."""
    return web.Response(body=msgspec.json.encode(overview), content_type="application/json")

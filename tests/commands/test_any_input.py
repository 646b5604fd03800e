"""Whatever stands in an answers or facts file, a command ends with one complaint that says where, or with findings."""

import json
import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from byocni_tui.cli import main
from byocni_tui.locale import Translator
from byocni_tui.plan import writer
from byocni_tui.plan.model import Plan

ZONES = Path(__file__).parents[1] / "rules" / "landing_zones"
ANSWERS = writer.dump(Plan(), Translator("en")).encode()
RECORDING = json.dumps(
    {
        "method": "GET",
        "path": "/subscriptions/x/resourcegroups?api-version=1",
        "status": 200,
        "body": {"value": [{"name": "g", "properties": {}}]},
    }
).encode()
FACTS = [path.read_bytes() for path in sorted(ZONES.glob("*.json"))] + [RECORDING + b"\n" + RECORDING]
PLACE = re.compile(r"f\.(yaml|json):\d+:\d+: |f\.(yaml|json): (at \$|'.*' isn't a key)")
PIECES = [b"", b"\0", b"\xff", b"{", b"]", b'"', b"'", b":", b": ", b"\n", b"\t", b"- ", b"null", b"9" * 30]
PIECES += [
    b"&a ",
    b"*a",
    b"!!x ",
    b"[[[[",
    b"1e999",
    b"NaN",
    b"\\ud800",
    b"#",
    b"\xef\xbb\xbf",
    b"%",
    b"---\n",
]

patient = settings(
    deadline=None,
    max_examples=120,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@st.composite
def spoilt(draw: st.DrawFn, originals: list[bytes]) -> bytes:
    """A good file with a few places cut out, doubled or overwritten."""
    data = draw(st.sampled_from(originals))
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(data)))
        size = draw(st.integers(0, 40))
        piece = draw(st.sampled_from(PIECES) | st.just(data[at : at + size]) | st.binary(max_size=4))
        data = data[:at] + piece + data[at + size :]
    return data


def judged(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """No traceback: findings on stdout, or exit status 2 with one message (and perhaps the parser's own words)."""
    capsys.readouterr()
    status = main([*words, "-o", "json"])
    shown = capsys.readouterr()
    if status == 2:
        assert shown.out == ""
        first, *more = shown.err.splitlines()
        assert PLACE.search(first), first
        assert all(line.startswith("  ") for line in more), shown.err
        assert len(more) <= 1, shown.err
    else:
        assert status in (0, 1)
        assert shown.err == ""
        json.loads(shown.out)


@patient
@given(data=spoilt([ANSWERS, b"version: 1\n"]) | st.binary(min_size=1, max_size=80))
@example(data=b"version: 1\nnode_pools: [{autoscale: {min: 1, max: " + b"9" * 18 + b"}}]\n")
@example(data=b"version: 1\naccept: [" + b"[" * 60 + b"]" * 60 + b"]\n")
@example(data=b"version: 1\nnode_pools:\n" + b"  - {}\n" * 3000)
@example(data=b"version: 1\n? [a]\n: b\n")
@example(data=b"version: 2\n")
def test_any_bytes_as_answers(data: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "f.yaml"
    file.write_bytes(data)
    judged(["check", str(file)], capsys)


@patient
@given(data=spoilt(FACTS) | st.binary(max_size=80))
@example(data=b"[" * 100_000)
@example(data=b'{"virtualNetworks": ' + b'[{"a":' * 2000)
@example(data=b'{"azureCli": {"version": "' + b"9" * 5000 + b'"}}')
@example(data=b'{"kubernetesVersions": {"x": [{"version": 1}]}}')
@example(data=b'{"locations": 1, "locations": []}')
@example(data=FACTS[0].replace(b'"location": "chinanorth3"', b'"location": "\\ud800chinanorth3"'))
@example(data=b"")
def test_any_bytes_as_facts(data: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plan, file = tmp_path / "plan.yaml", tmp_path / "f.json"
    zone = json.loads(FACTS[0])["virtualNetworks"][0]["properties"]["subnets"][0]["id"]
    plan.write_text(
        f"version: 1\ncloud: AzureChinaCloud\nregion: chinanorth3\n"
        f"network: {{managed: false, subnet: {{id: {zone}}}}}\n"
        "subscription: 11111111-2222-3333-4444-555555555555\ncluster: {name: a, kubernetes_version: '1.35'}\n",
        encoding="utf-8",
    )
    file.write_bytes(data)
    judged(["check", str(plan), "--facts", str(file)], capsys)

"""The small shell: the constructs that check scripts are written in."""

import pytest

from byocni_tui.sandbox.kube.life.applets import commands
from byocni_tui.sandbox.kube.life.paths import Answer
from byocni_tui.sandbox.kube.life.reach import Reach
from byocni_tui.sandbox.kube.life.shell import Forever, Shell


def shell() -> Shell:
    reach = Reach(
        lambda a, p: Answer("refused", a, p), lambda n: (["10.0.0.1"], ""), lambda _a, _p: None, "10.0.0.10"
    )
    return Shell(commands(reach, hostname="pod-1", now=lambda: 1000.0), {"X": "1 2"})


@pytest.mark.parametrize(
    ("script", "out", "code"),
    [
        ("echo a b; false", "a b\n", 1),
        ("true && echo yes || echo no", "yes\n", 0),
        ("false && echo yes || echo no", "no\n", 0),
        ('for i in $X 3; do echo "<$i>"; done', "<1>\n<2>\n<3>\n", 0),
        ('echo "$X" $((2*3+1)) ${Y:-none} ${#X}', "1 2 7 none 3\n", 0),
        ("i=0; while [ $i -lt 3 ]; do i=$((i+1)); [ $i = 2 ] && continue; echo $i; done", "1\n3\n", 0),
        ("until false; do echo once; break; done", "once\n", 0),
        ("f() { echo in $1; return 4; }\nf x; echo $?", "in x\n4\n", 0),
        ("if ! out=$(false); then echo failed; fi", "failed\n", 0),
        ("x=$(echo a; exit 3) || echo $? $x", "3 a\n", 0),
        ("(exit 5); echo $?", "5\n", 0),
        ("set -e; false; echo never", "", 1),
        ("set -e; if false; then :; fi; false || true; echo on", "on\n", 0),
        ("printf '%s-%d\\n' a 1 | tr a b", "b-1\n", 0),
        ("cat <<EOF\nline $X\nEOF", "line $X\n", 0),
        ("echo hidden > /dev/null 2>&1; nosuch 2>/dev/null; echo $?", "127\n", 0),
        ("nosuch", "sh: nosuch: not found\n", 127),
        ("echo one > /f; echo two >> /f; cat /f | wc -l", "2\n", 0),
        ("timeout 3 sleep 10; echo $?", "143\n", 0),
        ("{ echo a; echo b; } | grep -c .", "2\n", 0),
    ],
)
def test_scripts(script: str, out: str, code: int) -> None:
    s = shell()
    assert (s.run(script), s.out) == (code, out)


def test_time_is_a_number() -> None:
    s = shell()
    s.run("for i in 1 2 3; do sleep 2; done; wget -q -T 4 -O - http://x/")
    assert 6.0 <= s.elapsed < 7.0


@pytest.mark.parametrize(
    "script", ["sleep infinity", "while true; do sleep 3600; done", "nc -lk -p 80", "httpd -f"]
)
def test_what_never_ends(script: str) -> None:
    with pytest.raises(Forever):
        shell().run(script)

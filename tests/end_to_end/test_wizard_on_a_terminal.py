"""The whole way in a real pseudo-terminal against a real sandbox: by keys in each language, by lines, by mouse; and
what a terminal can do to a program."""

import os
import pty
import re
import select
import signal
import struct
import sys
import time
from collections.abc import Iterator
from fcntl import ioctl
from pathlib import Path
from termios import TIOCSWINSZ

import pytest

from byocni_tui.files import load_plan
from byocni_tui.locale import Translator

PATIENCE = 60.0
_ESCAPES = re.compile(rb"\x1b\[[0-9;?<>=]*[a-zA-Z]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[()][A-Z0-9]")
NEXT, BACK, QUIT, INTERRUPT = "\x0e", "\x02", "\x11", "\x03"
LEFT, ACCEPT, REMEDY = "\x1b[D", "\x1b[15~", "\x1bOS"
STEPS = ("account", "region", "group", "cluster", "network", "cni", "preflight", "review")
pytestmark = pytest.mark.filterwarnings("ignore:This process")


class Terminal:
    """A child on a terminal. Blanks don't count in what it paints: a frame holds only what changed."""

    def __init__(self, words: tuple[str, ...], size: tuple[int, int], environ: dict[str, str]) -> None:
        self.seen = b""
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execve(sys.executable, [sys.executable, "-m", "byocni_tui", *words], {**os.environ, **environ})
        self.resize(*size)

    def resize(self, width: int, height: int) -> None:
        ioctl(self.fd, TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))

    def read(self, patience: float) -> bool:
        if not select.select([self.fd], [], [], patience)[0]:
            return False
        try:
            piece = os.read(self.fd, 65536)
        except OSError:
            return False
        self.seen += piece
        return bool(piece)

    @property
    def text(self) -> str:
        return "".join(_ESCAPES.sub(b"", self.seen).decode(errors="replace").split())

    def until(self, *texts: str) -> None:
        """Read until all were painted since ``forget``."""
        end = time.monotonic() + PATIENCE
        while missing := [text for text in texts if "".join(text.split()) not in self.text]:
            assert time.monotonic() < end, f"{missing} did not come; the end was {self.text[-600:]!r}"
            self.read(0.5)

    def forget(self) -> None:
        """Look only at what comes from now on."""
        while self.read(0.15):
            pass
        assert "Traceback" not in self.text
        self.seen = b""

    def send(self, text: str) -> None:
        os.write(self.fd, text.encode())

    def press(self, key: str, *texts: str) -> None:
        """A key, and what it must bring."""
        self.forget()
        self.send(key)
        self.until(*texts)

    def leaves(self) -> int:
        """Read to the end; the exit status."""
        while self.read(PATIENCE):
            pass
        assert "Traceback" not in self.text
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


class Opener:
    """Opens terminals; none outlives its test."""

    def __init__(self) -> None:
        self.opened: list[Terminal] = []

    def __call__(
        self, *words: str, size: tuple[int, int] = (80, 24), environ: dict[str, str] | None = None
    ) -> Terminal:
        terminal = Terminal(("--simulate", "--speed", "max", *words), size, environ or {})
        self.opened.append(terminal)
        return terminal


@pytest.fixture
def opens(monkeypatch: pytest.MonkeyPatch) -> Iterator[Opener]:
    monkeypatch.chdir(Path(__file__).parents[2])
    opener = Opener()
    yield opener
    for terminal in opener.opened:
        try:
            os.kill(terminal.pid, signal.SIGKILL)
            os.waitpid(terminal.pid, 0)
        except (ProcessLookupError, ChildProcessError):
            continue


def starts(terminal: Terminal, tr: Translator, last: str = "review") -> None:
    """From Start to a step by accepting defaults: a key a screen, and what has to be acknowledged once it was asked."""
    terminal.until("SIMULATION", tr("wizard.start.simulated"))
    terminal.press(NEXT, "BYO001")
    terminal.press(LEFT, tr("wizard.keys.next"))
    for step in STEPS[: STEPS.index(last) + 1]:
        if step == "preflight":
            terminal.press(NEXT, "BYO709", tr("wizard.keys.accept"))
            terminal.press(ACCEPT, tr("wizard.keys.next"))
        terminal.press(NEXT, tr(f"wizard.steps.{step}.lead"))


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_whole_way_by_keys(opens: Opener, lang: str) -> None:
    tr = Translator(lang)
    terminal = opens("--lang", lang)
    starts(terminal, tr)
    terminal.press(NEXT, tr("deploy.run.done", name="myAKSCluster"))
    terminal.press(NEXT, tr("wizard.done.next"), "byocni-tui destroy")
    terminal.send(QUIT)
    assert terminal.leaves() == 0
    assert b"\x1b[?1049l" in terminal.seen, "the terminal's own screen comes back"


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_whole_way_by_lines(opens: Opener, lang: str) -> None:
    tr = Translator(lang)
    terminal = opens("--lang", lang, environ={"TERM": "dumb"})
    deploy = "".join(tr("wizard.line.deploy").split())
    boundary = tr(
        "wizard.line.field", label=tr("fields.acknowledge_support_boundary.label"), value=tr("wizard.no")
    )
    to_say_yes_to = tuple("".join(text.split()) for text in (boundary, tr("wizard.line.accept")))
    terminal.until(tr("wizard.line.intro"))
    end = time.monotonic() + PATIENCE
    while deploy not in terminal.text:
        assert time.monotonic() < end, terminal.text[-400:]
        asked = terminal.text.endswith((":", "：", ")", "?", "？"))
        if not terminal.read(0.4) and asked and deploy not in terminal.text:
            terminal.send("y\n" if terminal.text.endswith(to_say_yes_to) else "\n")
    terminal.press("y\n", tr("deploy.run.done", name="myAKSCluster"), tr("wizard.done.undo"))
    assert terminal.leaves() == 0


def test_the_whole_way_by_mouse(opens: Opener) -> None:
    """Next stands in the key line, bottom left; a step of the stepper is clicked as well."""
    tr = Translator("en")
    terminal = opens()
    terminal.until("SIMULATION", tr("wizard.start.simulated"))

    def click(column: int, line: int, *texts: str) -> None:
        terminal.forget()
        terminal.send(f"\x1b[<0;{column};{line}M\x1b[<0;{column};{line}m")
        terminal.until(*texts)

    click(28, 7, f"● {tr('wizard.yes')}")  # the boundary: yes
    for step in STEPS:
        if step == "preflight":
            click(3, 24, "BYO709", tr("wizard.keys.accept"))
            click(34, 24, tr("wizard.keys.next"))  # F5, between Back and Help
        click(3, 24, tr(f"wizard.steps.{step}.lead"))
    click(2, 2, tr("wizard.steps.start.lead"))
    terminal.press("\x1bOQ", "Go to")  # F2: the list
    click(20, 14, tr("wizard.steps.review.lead"))
    click(3, 24, tr("deploy.run.done", name="myAKSCluster"))
    click(3, 24, tr("wizard.done.next"))


def test_a_screen_that_shrinks_and_grows_while_deploying(opens: Opener) -> None:
    tr = Translator("en")
    terminal = opens("--speed", "600")
    starts(terminal, tr)
    terminal.press(NEXT, tr("wizard.run.cluster"))
    for size in ((20, 5), (1, 1), (200, 60), (80, 24)):
        terminal.resize(*size)
        terminal.read(0.3)
    terminal.until(tr("deploy.run.done", name="myAKSCluster"))
    terminal.forget()
    terminal.send(QUIT)
    assert terminal.leaves() == 0


def test_a_terminal_that_goes_away_loses_no_answer(opens: Opener, environment: Path) -> None:
    tr = Translator("en")
    terminal = opens()
    starts(terminal, tr, "cluster")
    terminal.press("-mine", "myAKSCluster-mine")
    kept_in = environment / "wizard" / "simulated-article.yaml"
    end = time.monotonic() + PATIENCE
    while not kept_in.exists() or "myAKSCluster-mine" not in kept_in.read_text():
        assert time.monotonic() < end, "what is typed is saved without being asked"
        terminal.read(0.1)
    os.close(terminal.fd)
    end = time.monotonic() + PATIENCE
    while os.waitpid(terminal.pid, os.WNOHANG) == (0, 0):
        assert time.monotonic() < end, "the program outlives its terminal"
        select.select([], [], [], 0.1)
    kept = load_plan(kept_in)
    assert kept.cluster.name == "myAKSCluster-mine"
    again = opens()
    again.until(tr("wizard.steps.cluster.lead"), "myAKSCluster-mine")


def test_a_locale_that_is_not_utf8_gets_ascii(opens: Opener) -> None:
    terminal = opens(environ={"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"})
    terminal.until("SIMULATION", "Support boundary")
    assert not re.search(r"[✓▸●○─│]", terminal.text)


def test_a_home_that_cannot_be_written_is_said_and_the_screen_works(opens: Opener, tmp_path: Path) -> None:
    home = tmp_path / "file"
    home.write_text("")
    terminal = opens(environ={"BYOCNI_STATE_HOME": str(home)})
    terminal.until("SIMULATION", "Support boundary")
    terminal.press(LEFT, "● yes")
    terminal.press(NEXT, "Which Azure")
    terminal.forget()
    terminal.send(QUIT)
    assert terminal.leaves() in (0, 130)

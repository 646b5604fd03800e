"""A learner's way through a scenario: hints taken, checks asked for, what was seen. It lives in the sandbox, so that
the wizard, the command line and a trainer see the same, whichever clients the learner uses.

``GET /sandbox/lesson`` (with the token) gives ``reading``; ``POST /sandbox/lesson/NAME`` does one of: ``begin``
(``{"learner": NAME}``: the time counts from now), ``hint`` (take the next), ``check`` (is it solved? noted),
``condition`` (a condition as in a scenario: ``{"met": …}``), ``skip`` (``{"seconds": N}``: let virtual time pass),
``result`` (the sealed result). Texts are tables of both languages.
"""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

import msgspec

from byocni_tui.sandbox import lesson_seal
from byocni_tui.sandbox.scenario import Condition
from byocni_tui.sandbox.scenario_judge import acted, holds

if TYPE_CHECKING:
    from byocni_tui.sandbox.acts import Act
    from byocni_tui.sandbox.world import World

HINTS: Final = (10, 15, 25)
"""Points that the first, second, third hint costs."""
WRONG: Final = 5
WRONG_MOST: Final = 30
LATE_MOST: Final = 20
"""Points at most for being late: one for each minute over the scenario's own."""
LONGEST_SKIP: Final = 7200.0

_QUIET: Final = ("validate", "whatif", "listclusteradmincredential", "listclusterusercredential")
"""Posted to ask, not to change."""
_PATIENCE: Final = frozenset(("Throttled", "ExpiredAuthenticationToken", "SubscriptionRequestsThrottled"))
"""Refusals that are nobody's mistake."""


class Lesson:
    """What is kept of one learner's way. Times are real epoch seconds unless they say otherwise."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self.now: Callable[[], float] = time.time
        """Real epoch seconds; a recording pins them."""
        self.learner = ""
        self.started = self.now()
        self.virtual = world.clock.now()
        self.hints: list[dict[str, Any]] = []
        self.checks: list[dict[str, Any]] = []
        self.solved: dict[str, Any] | None = None

    # -- what is asked of it -----------------------------------------------------------------------------------------

    def act(self, name: str, body: dict[str, Any]) -> dict[str, Any]:
        """One of the addresses below ``lesson``. Raises ``KeyError`` for another name, ``ValueError`` for a body that
        can't be meant."""
        answer: dict[str, Any] = {
            "begin": self._begin, "hint": self._hint, "check": self._check, "condition": self._condition,
            "skip": self._skip, "result": self._result,
        }[name](body)  # fmt: skip
        self._world.changed = True
        return answer

    def reading(self) -> dict[str, Any]:
        """How things stand now."""
        scenario = self._world.scenario
        met = [holds(self._world, condition) for condition in scenario.solved]
        if met and all(met):
            self._see_solved()
        taken = len(self.hints)
        return {
            "scenario": scenario.id,
            "level": scenario.level,
            "minutes": scenario.minutes,
            **{name: msgspec.to_builtins(getattr(scenario, name)) for name in ("title", "lesson", "notice")},
            "look": list(scenario.looks[0]),
            "look_later": list(scenario.looks[1]),
            "learner": self.learner,
            "seconds": self._seconds(),
            "hints": [msgspec.to_builtins(hint) for hint in scenario.hints[:taken]],
            "hints_left": len(scenario.hints) - taken,
            "next_cost": HINTS[min(taken, len(HINTS) - 1)] if taken < len(scenario.hints) else None,
            "goals": [
                {"say": msgspec.to_builtins(condition.say), "met": now}
                for condition, now in zip(scenario.solved, met, strict=True)
            ],
            "solved": self.solved is not None,
            "changes": sum(
                1
                for act in self._world.acts
                if act.mutates and act.plane != "control" and act.client != "azure"
            ),
            "wrong": self.wrong(),
            "score": self.score(),
            "debrief": msgspec.to_builtins(scenario.debrief) if self.solved is not None else None,
            "rev": self._world.acts.rev,
        }

    def wrong(self) -> list[dict[str, Any]]:
        """The wrong turns so far: what the scenario calls one, and each refusal that was earned a second time."""
        found: list[dict[str, Any]] = []
        codes: set[str] = set()
        for act in self._world.acts:
            turn = next((t for t in self._world.scenario.wrong if acted(t.act, act)), None)
            if turn is not None:
                found.append({"n": act.n, "why": msgspec.to_builtins(turn.why), "message": act.message})
            elif _refused(act):
                again = act.code in codes and act.client != "wizard"
                codes.add(act.code)
                if again:
                    found.append({"n": act.n, "why": None, "code": act.code, "message": act.message})
        return found

    def score(self) -> dict[str, int]:
        """Points of a hundred, and what was taken off; none while it isn't solved."""
        hints = sum(HINTS[min(n, len(HINTS) - 1)] for n in range(len(self.hints)))
        wrong = min(WRONG_MOST, WRONG * len(self.wrong()))
        late = min(LATE_MOST, max(0, int(self._seconds() / 60) - self._world.scenario.minutes))
        points = max(0, 100 - hints - wrong - late) if self.solved is not None else 0
        return {"points": points, "hints": hints, "wrong": wrong, "late": late}

    # -- its acts ----------------------------------------------------------------------------------------------------

    def _begin(self, body: dict[str, Any]) -> dict[str, Any]:
        learner = body.get("learner", "")
        if not isinstance(learner, str) or len(learner) > 100:
            raise ValueError("learner: a name of up to 100 letters")
        self.learner = learner or self.learner
        self.started, self.virtual = self.now(), self._world.clock.now()
        return self.reading()

    def _hint(self, _body: dict[str, Any]) -> dict[str, Any]:
        if len(self.hints) < len(self._world.scenario.hints):
            self.hints.append({"at": self._world.clock.now(), "real": self.now()})
        return self.reading()

    def _check(self, _body: dict[str, Any]) -> dict[str, Any]:
        reading = self.reading()
        self.checks.append(
            {
                "at": self._world.clock.now(),
                "real": self.now(),
                "solved": all(g["met"] for g in reading["goals"]),
            }
        )
        return reading

    def _condition(self, body: dict[str, Any]) -> dict[str, Any]:
        return {"met": holds(self._world, msgspec.convert(body, Condition))}

    def _skip(self, body: dict[str, Any]) -> dict[str, Any]:
        seconds = body.get("seconds")
        if (
            isinstance(seconds, bool)
            or not isinstance(seconds, int | float)
            or not 0 < seconds <= LONGEST_SKIP
        ):
            raise ValueError(f"seconds: more than 0, at most {LONGEST_SKIP:g}")
        self._world.clock.step(float(seconds))
        self._world.acts.note(plane="control", verb="clock", mutates=True, body={"step": seconds}, status=200)
        return self.reading()

    def _see_solved(self) -> None:
        if self.solved is None:
            self.solved = {"at": self._world.clock.now(), "real": self.now()}
            self._world.changed = True

    def _seconds(self) -> float:
        return (self.solved["real"] if self.solved else self.now()) - self.started

    # -- the result --------------------------------------------------------------------------------------------------

    def _result(self, _body: dict[str, Any]) -> dict[str, Any]:
        """The whole way as one sealed document."""
        reading = self.reading()
        acts = [msgspec.to_builtins(act) for act in self._world.acts]
        for act in acts:
            act.pop("rev", None)
            act["virtual"] = act.pop("at") - self.virtual
            act["after"] = act.pop("real") - self.started
            act.pop("last", None)
        return lesson_seal.sealed(
            {
                "result": 1,
                "simulation": True,
                "scenario": reading["scenario"],
                "title": reading["title"],
                "level": reading["level"],
                "minutes": reading["minutes"],
                "learner": self.learner,
                "started": self.started,
                "seconds": reading["seconds"],
                "virtual_seconds": self._world.clock.now() - self.virtual,
                "solved": reading["solved"],
                "hints": [{"after": h["real"] - self.started} for h in self.hints],
                "checks": [{"after": c["real"] - self.started, "solved": c["solved"]} for c in self.checks],
                "wrong": reading["wrong"],
                "score": reading["score"],
                "goals": reading["goals"],
            },
            acts,
        )

    # -- state -------------------------------------------------------------------------------------------------------

    def dump(self) -> dict[str, Any]:
        """As plain JSON."""
        names = ("learner", "started", "virtual", "hints", "checks", "solved")
        return {name: getattr(self, name) for name in names}

    def load(self, state: dict[str, Any]) -> None:
        """Take over what ``dump`` gave."""
        for name, value in state.items():
            setattr(self, name, value)


def _refused(act: "Act") -> bool:
    """Whether somebody's change of Azure was refused, for a reason that they could have read."""
    return (
        act.plane == "arm"
        and act.mutates
        and act.client != "azure"
        and act.status >= 400
        and act.status != 429
        and act.code not in _PATIENCE
        and act.action.lower() not in _QUIET
    )

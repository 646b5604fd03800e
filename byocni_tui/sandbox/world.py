"""One simulated world: its clock, its chance, its Azure, its clusters, and the folder that keeps all of it."""

import os
import random
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from byocni_tui.sandbox.acts import Acts
from byocni_tui.sandbox.clock import VirtualClock

if TYPE_CHECKING:
    from byocni_tui.sandbox.scenario import Scenario


ACTS = "acts.jsonl"


class Part(Protocol):
    """Something that lives in a world and can be written down as plain JSON."""

    def dump(self) -> dict[str, Any]:
        """The state, as plain JSON."""
        ...

    def load(self, state: dict[str, Any]) -> None:
        """Take over a state of ``dump``."""
        ...


class Cluster(Part, Protocol):
    """What the world knows of a cluster; ``sandbox.kube.cluster.KubeCluster`` is one."""

    def stop(self) -> None:
        """Deallocate: nodes gone, API server silent."""
        ...

    def start(self) -> None:
        """The way back from ``stop``."""
        ...


class World:
    """What all simulated parts share. ``clusters`` is by lower-case ARM id."""

    def __init__(
        self, scenario: "Scenario", *, seed: int = 1, clock: VirtualClock | None = None, speed: float = 60.0
    ) -> None:
        from byocni_tui.sandbox.faults import Faults
        from byocni_tui.sandbox.lesson import Lesson

        self.scenario = scenario
        self.seed = seed
        self.clock = clock if clock is not None else VirtualClock(speed=speed)
        self.faults: Faults = Faults(scenario.faults, self)
        self.acts = Acts(self.clock)
        self.lesson = Lesson(self)
        self.parts: dict[str, Part] = {}
        self.clusters: dict[str, Any] = {}
        self.http_base = ""
        """Base of the sandbox's plain HTTP port, without a slash at the end."""
        self.https_base = ""
        """Base of the HTTPS port (ARM at /, each cluster under /k8s/<n>)."""
        self.token = ""
        self.learner = 0
        """Number of the learner in a class; 0 where a sandbox has one world only."""
        self.ca_pem = b""
        """The certificate authority that clients are told to trust."""
        self.changed = False
        """Set by whoever changed something worth writing down."""

    @property
    def arm(self) -> Any:
        """The Azure of this world (``sandbox.arm.cloud.Arm``)."""
        return self.parts["arm"]

    def cluster_path(self, number: int) -> str:
        """What stands after ``/k8s/`` in a cluster's address."""
        return f"{self.learner}-{number}" if self.learner else str(number)

    def rng(self, entity: str) -> random.Random:
        """Chance for one thing: the same seed and entity give the same sequence, whatever else happened before. A new
        generator each time, so a name that is used twice needs a counter of its own in it."""
        return random.Random(f"{self.seed}/{entity}")  # noqa: S311 a simulation wants to be repeatable

    def save(self, folder: Path) -> None:
        """Write everything into ``folder/world.json``, all or nothing; the act log goes into a file of its own."""
        write_down(folder, *self.snapshot())

    def snapshot(self) -> tuple[bytes, bytes]:
        """The state as JSON, and the lines that the act log got since the last time; ``write_down`` takes both. What
        is slow about saving, the disk, can so be left to another thread."""
        state = {
            "version": 1,
            "scenario": self.scenario.id,
            "seed": self.seed,
            "clock": self.clock.dump(),
            "faults": self.faults.dump(),
            "lesson": self.lesson.dump(),
            "parts": {name: part.dump() for name, part in self.parts.items()},
            "clusters": {name: cluster.dump() for name, cluster in self.clusters.items()},
        }
        self.changed = False
        return msgspec.json.encode(state), self.acts.news()

    def load(self, folder: Path) -> bool:
        """Take over what an earlier ``save`` wrote; false if there is none. ``ValueError`` for another version."""
        path = folder / "world.json"
        if not path.exists():
            return False
        state = msgspec.json.decode(path.read_bytes())
        if state.get("version") != 1:
            raise ValueError(f"{path}: version {state.get('version')} is not 1")
        self.seed = state["seed"]
        self.faults.load(state["faults"])
        self.acts.load((folder / ACTS).read_bytes() if (folder / ACTS).exists() else b"")
        if "lesson" in state:
            self.lesson.load(state["lesson"])
        for name, part in self.parts.items():
            part.load(state["parts"][name])
        for name, cluster in self.clusters.items():
            cluster.load(state["clusters"][name])
        self.clock.load(state["clock"])
        return True


def write_down(folder: Path, state: bytes, acts: bytes) -> None:
    """Keep a snapshot in a folder."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if acts:
        (folder / ACTS).touch(mode=0o600)
        with (folder / ACTS).open("ab") as file:
            file.write(acts)
    temporary = folder / f"world.json.{os.getpid()}"
    temporary.touch(mode=0o600)  # it holds the secrets that clients made, in a folder that may be anybody's
    temporary.write_bytes(state)
    temporary.replace(folder / "world.json")

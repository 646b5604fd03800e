"""Faults: when they strike, how often, and what ends them."""

from byocni_tui.sandbox import scenario
from byocni_tui.sandbox.clock import VirtualClock
from byocni_tui.sandbox.faults import Fault, Until
from byocni_tui.sandbox.world import World


def world(*faults: Fault) -> World:
    made = World(scenario.load("public"), clock=VirtualClock(start=0.0, speed=0))
    for fault in faults:
        made.faults.add(fault)
    return made


def fault(**more: object) -> Fault:
    return Fault(id="f", when={"service": "arm", "type": "*/managedClusters"}, what={"kind": "error"}, **more)  # type: ignore[arg-type]


CLUSTER = {"service": "arm", "type": "Microsoft.ContainerService/managedclusters"}


def test_letter_case_and_patterns() -> None:
    made = world(fault())
    assert made.faults.strike(**CLUSTER) == {"kind": "error"}
    assert made.faults.strike(service="arm", type="Microsoft.Network/virtualNetworks") is None


def test_the_nth_time_and_so_many_times() -> None:
    made = world(fault(nth=2, until=Until(times=2)))
    assert [made.faults.strike(**CLUSTER) is not None for _ in range(5)] == [False, True, True, False, False]


def test_it_ends_after_virtual_seconds() -> None:
    made = world(fault(until=Until(seconds=60)))
    assert made.faults.strike(**CLUSTER)
    made.clock.step(61)
    assert made.faults.strike(**CLUSTER) is None


def test_an_act_mends_it() -> None:
    made = world(fault(until=Until(after={"service": "arm", "method": "DELETE"})))
    assert made.faults.strike(**CLUSTER)
    assert made.faults.strike(service="arm", method="delete", type="x") is None
    assert made.faults.strike(**CLUSTER) is None


def test_the_body_is_looked_into() -> None:
    made = world(Fault(id="b", when={"body": {"properties.pools.0.count": "5"}}, what={"kind": "x"}))
    assert made.faults.strike(body={"Properties": {"pools": [{"count": 5}]}})
    assert made.faults.strike(body={"properties": {"pools": []}}) is None


def test_progress_is_kept() -> None:
    made = world(fault(until=Until(times=1)))
    made.faults.strike(**CLUSTER)
    other = world(fault(until=Until(times=1)))
    other.faults.load(made.faults.dump())
    assert other.faults.strike(**CLUSTER) is None

"""The journal: what is written is there, whoever opens it next, and nobody writes beside somebody else."""

import sqlite3
from pathlib import Path

import pytest

from byocni_tui.deploy.event import Event
from byocni_tui.deploy.journal import Journal, new_run_id, run_ids, runs_folder
from byocni_tui.errors import UserError
from byocni_tui.plan.model import Plan

RUN = "20260101-000000-abcd"


def event(step: str, status: str) -> Event:
    """An event of that step."""
    return Event(time="2026-01-01T00:00:00.000Z", run=RUN, step=step, status=status)  # type: ignore[arg-type]


def test_another_process_reads_what_was_written() -> None:
    journal = Journal(RUN, create=True)
    plan = Plan(cloud="AzureChinaCloud", accept=("BYO709",))
    journal.put("plan", plan)
    journal.append(event("cluster", "running"))
    journal.append(event("cluster", "done"))
    journal.note("/a", "cluster", "planned", "cluster")
    other = Journal(RUN)
    assert other.plan == plan
    assert [item.status for item in other.events()] == ["running", "done"]
    assert other.finished("cluster")
    assert not other.finished("cni")
    assert other.resources()[0].state == "planned"
    assert run_ids() == [RUN]


def test_what_was_made_stays_made_when_it_is_found_again() -> None:
    journal = Journal(RUN, create=True)
    journal.note("/mine", "vnet", "planned", "network")
    journal.note("/mine", "vnet", "adopted", "network")
    journal.note("/theirs", "vnet", "adopted", "network")
    assert {item.id: item.state for item in journal.resources()} == {"/mine": "made", "/theirs": "adopted"}


def test_one_process_at_a_time() -> None:
    first, second = Journal(RUN, create=True), Journal(RUN)
    first.acquire()
    with pytest.raises(UserError) as caught:
        second.acquire()
    assert caught.value.key == "run_busy"
    first.close()
    second.acquire()


@pytest.mark.parametrize("run", ["", "x", "../../etc", "20260101-000000-abcz", RUN])
def test_a_run_that_there_isn_t(run: str) -> None:
    with pytest.raises(UserError) as caught:
        Journal(run)
    assert caught.value.key == "no_such_run"


def test_a_damaged_journal_is_named() -> None:
    journal = Journal(RUN, create=True)
    journal.close()
    (journal.folder / "journal.db").write_bytes(b"not a database, and long enough to be read as one" * 100)
    with pytest.raises(UserError) as caught:
        Journal(RUN)
    assert caught.value.key == "journal_broken"
    assert caught.value.detail


def test_a_folder_that_can_t_be_made_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("BYOCNI_STATE_HOME", str(tmp_path / "file"))
    with pytest.raises(UserError) as caught:
        Journal(RUN, create=True)
    assert caught.value.key == "state_folder"


def test_a_full_disk_stops_the_run_before_anybody_hears_of_the_event() -> None:
    journal = Journal(RUN, create=True)
    journal._db.execute("PRAGMA max_page_count = 8")

    def write_on() -> None:
        for _ in range(10_000):
            journal.append(event("cluster", "running"))

    with pytest.raises(UserError) as caught:
        write_on()
    assert caught.value.key == "journal_broken"
    assert isinstance(caught.value.__cause__, sqlite3.Error)


def test_ids_sort_by_time_and_differ() -> None:
    from datetime import UTC, datetime

    early, late = new_run_id(datetime(2026, 1, 1, tzinfo=UTC)), new_run_id(datetime(2026, 1, 2, tzinfo=UTC))
    assert early < late
    assert new_run_id(datetime(2026, 1, 1, tzinfo=UTC)) != early


def test_forgetting_removes_the_folder() -> None:
    journal = Journal(RUN, create=True)
    journal.forget()
    assert not (runs_folder() / RUN).exists()

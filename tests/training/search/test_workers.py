"""A search whose trials run in several processes, here in threads."""

import contextlib
import socket
import threading

import pytest

from training import RunsInterrupted
from training.store.failures import SearchError

pytestmark = pytest.mark.filterwarnings("ignore:.*is deprecated:DeprecationWarning")


def free_address():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{taken.getsockname()[1]}"


def led(asked, address):
    """A thread that leads a search, and the list that its outcome comes in."""
    outcomes = []
    thread = threading.Thread(target=lambda: outcomes.append(asked.lead(address)), daemon=True)
    thread.start()
    return thread, outcomes


def settings(outcome):
    return [trial.settings for trial in outcome.trials]


def test_a_worker_runs_the_trials_of_its_chief(make, runs):
    alone = make().run()
    for path in runs.cache.folder.glob("**/*.*"):
        path.unlink()
    trained, runs.trained = runs.trained, []
    lines, address = [], free_address()
    thread, outcomes = led(make(), address)
    make(say=lines.append).work(address, "one")
    thread.join()
    assert settings(outcomes[0]) == settings(alone)
    assert [trial.score for trial in outcomes[0].trials] == [trial.score for trial in alone.trials]
    assert runs.trained == trained
    assert runs.with_weights == {alone.best.configs[0].learning_rate}
    assert len(lines) == 6
    thread, outcomes = led(make(), free_address())  # needs no worker any more
    thread.join()
    assert settings(outcomes[0]) == settings(alone)


def test_a_worker_that_is_started_again_takes_its_trial_up(make, runs):
    address = free_address()
    thread, outcomes = led(make(), address)
    runs.fail = (3, RunsInterrupted(1, 2))
    with pytest.raises(RunsInterrupted):
        make().work(address, "one")
    runs.fail = None
    make().work(address, "one")
    thread.join()
    assert len(outcomes[0].trials) == 6
    assert len(runs.trained) == len(set(runs.trained)) == 12


def test_a_worker_of_another_search_is_refused(make, runs):
    address = free_address()
    thread, _ = led(make(), address)
    with pytest.raises(SearchError, match=f"chief at {address} leads another search"):
        make(seed=1).work(address, "one")
    assert not runs.trained
    make().work(address, "two")
    thread.join()


def test_a_worker_without_a_chief_says_so(make, monkeypatch):
    from training.search import oracles

    monkeypatch.setattr(oracles, "WORKER_PATIENCE", 0.5)
    address = free_address()
    with pytest.raises(SearchError, match=f"chief at {address} does not answer .*--chief"):
        make().work(address, "one")


def test_two_chiefs_do_not_share_a_port(make):
    address = free_address()
    host, _, port = address.rpartition(":")
    first, _ = led(make(), address)
    while True:
        with contextlib.suppress(OSError), socket.create_connection((host, int(port))):
            break
    told = []

    def lead():
        with pytest.raises(SearchError) as error:
            make(seed=1).lead(address)
        told.append(str(error.value))

    second = threading.Thread(target=lead, daemon=True)
    second.start()
    second.join(30)
    assert told == [
        f"cannot listen at {address}: the port is taken, or the host is not this machine; "
        "give another with --chief"
    ]
    make().work(address, "one")
    first.join()


def test_a_chief_names_the_workers_it_waits_for(make, runs, monkeypatch):
    from training.search import oracles

    monkeypatch.setattr(oracles, "CHIEF_PATIENCE", 1)
    lines, address = [], free_address()
    thread, outcomes = led(make(trials=2, say=lines.append), address)
    runs.fail = (0, RunsInterrupted(1, 2))
    with pytest.raises(RunsInterrupted):
        make(trials=2).work(address, "one")
    runs.fail = None
    make(trials=2).work(address, "two")
    while not lines:
        assert thread.is_alive()
        threading.Event().wait(0.1)
    assert lines == ["Waiting for one; a worker that is gone may be started again by its name."]
    make(trials=2).work(address, "one")
    thread.join()
    assert len(outcomes[0].trials) == 2


def test_a_worker_goes_on_after_a_trial_that_fails(make, runs, failing):
    failing.add(make().run().trials[1].configs[0].learning_rate)
    for path in runs.cache.folder.glob("**/*.*"):
        path.unlink()
    address = free_address()
    thread, outcomes = led(make(), address)
    make().work(address, "one")
    thread.join()
    assert len(outcomes[0].trials) == 5
    assert [one.config.learning_rate for one in outcomes[0].failed.failures] == list(failing)

"""Executors in numbers, peers and signals: with small scripts in the place of executors."""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from securely.queue.contracts import Defaults, Delivery, FailedJob, Verdict
from securely.queue.crew.board import State
from securely.queue.crew.child import Child, Phase
from securely.queue.crew.crew import DELAYS, Crew, Size
from securely.queue.crew.fates import Fate
from securely.queue.crew.ledger import Ledger
from securely.queue.crew.loading import Place
from securely.queue.crew.peers import Peers
from securely.queue.crew.process import Launch
from securely.queue.crew.report import Report
from securely.queue.crew.signals import Signals
from securely.support import clock
from securely.support.clock import FrozenClock

pytestmark = pytest.mark.integration

# It stands where an executor would: `python -c SLEEPER -m securely.queue.executor …`.
SLEEPER = (
    sys.executable,
    "-c",
    "import signal, time; signal.signal(signal.SIGUSR1, signal.SIG_IGN); time.sleep(600)",
)


def delivery(id_: int, timeout: float | None = None, size: int = 1) -> Delivery:
    return Delivery(id_, 1, "default", "Greet", 1, 0, 0, 0, timeout, 3, bytes(size))


def failed(id_: int, timeout: float | None = None) -> FailedJob:
    return FailedJob(id_, "u", "sqlite", "default", "Greet", b"p", b"{}", 1, 5.0, timeout)


@pytest.fixture
def frozen() -> Iterator[FrozenClock]:
    clock_ = FrozenClock(at=1_000.0)
    with clock.using(clock_):
        yield clock_


class Barracks:
    """Makes crews, and ends them."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.crews: list[Crew] = []

    def crew(self, timeout: float | None = None, **size: float) -> Crew:
        launch = Launch(Place(str(self.home)), python=SLEEPER)
        crew = Crew(
            f"w{len(self.crews)}",
            self.home,
            launch,
            Size(**size),  # type: ignore[arg-type]  # counts are whole numbers
            Defaults(timeout=timeout),
        )
        self.crews.append(crew)
        return crew

    def ready(self, timeout: float | None = None, **size: float) -> tuple[Crew, list[Child]]:
        crew = self.crew(timeout, **size)
        children = crew.start()
        for child in children:
            crew.welcome(child)
        return crew, children


@pytest.fixture
def barracks(tmp_path: Path) -> Iterator[Barracks]:
    barracks = Barracks(tmp_path)
    yield barracks
    for crew in barracks.crews:
        crew.kill()
        for child in crew.children:
            child.bury()
        crew.close()


def test_start_when_called_again_starts_only_what_is_missing(barracks: Barracks) -> None:
    crew = barracks.crew(processes=2)

    assert [child.number for child in crew.start()] == [0, 1]
    assert crew.start() == []
    assert crew.ready == []
    assert (crew.room, crew.is_idle, crew.is_starving) == (0, True, False)


def test_lose_when_it_had_been_ready_starts_the_next_at_once(
    barracks: Barracks, frozen: FrozenClock
) -> None:
    crew, (child,) = barracks.ready()
    child.bury()

    assert crew.lose(child)
    assert [one.number for one in crew.start()] == [1]


def test_lose_when_never_ready_waits_longer_each_time_and_gives_up(
    barracks: Barracks, frozen: FrozenClock
) -> None:
    crew = barracks.crew()
    (child,) = crew.start()

    for delay in DELAYS[1:]:
        child.bury()
        assert crew.lose(child)
        assert crew.start() == []
        assert crew.wakes_at() == pytest.approx(frozen.monotonic() + delay)
        frozen.travel(delay)
        (child,) = crew.start()
    child.bury()

    assert not crew.lose(child)


def test_hand_when_several_are_ready_gives_to_the_one_with_most_room(barracks: Barracks) -> None:
    crew, (first, second) = barracks.ready(processes=2, prefetch=4)

    crew.hand([delivery(n) for n in range(6)])

    assert (len(first.held), len(second.held)) == (3, 3)
    assert crew.room == 2


def test_hand_when_nobody_is_ready_keeps_it_for_the_first_who_is(barracks: Barracks) -> None:
    crew = barracks.crew()
    (child,) = crew.start()

    crew.hand([delivery(1)])
    kept = (crew.is_idle, len(child.held))
    crew.welcome(child)
    crew.hand([])

    assert kept == (False, 0)
    assert len(child.held) == 1


def test_recall_when_it_was_not_handed_over_returns_all_but_verdicts(barracks: Barracks) -> None:
    crew = barracks.crew()
    condemned = delivery(2)._replace(verdict=Verdict.LOST)
    crew.hand([delivery(1), condemned, delivery(3)])

    assert crew.recall() == [delivery(1), delivery(3)]
    assert not crew.is_idle


def test_room_when_payloads_are_large_is_none(barracks: Barracks) -> None:
    crew, _ = barracks.ready(prefetch=100)

    crew.hand([delivery(n, size=1 << 19) for n in range(3)])

    assert crew.room == 0


def test_tend_when_a_job_is_over_its_time_kills_its_executor(
    barracks: Barracks, frozen: FrozenClock
) -> None:
    crew, (child,) = barracks.ready(timeout=10.0, prefetch=3, overtime=5.0)
    crew.hand([delivery(1), delivery(2, timeout=60.0), delivery(3)])
    crew._board.start(0, frozen.monotonic())
    crew._board.start(1, frozen.monotonic())

    frozen.travel(14.9)
    crew.tend()
    alive = child.wait(0.01)
    frozen.travel(0.2)
    told = crew.tend()
    frozen.travel(0.2)
    again = crew.tend()

    assert not alive
    assert ([name for _, name in told], again) == (["Greet"], [])
    assert child.wait(60)
    assert [(one.fate, one.delivery.id) for one in child.bury()] == [
        (Fate.OVERDUE, 1),
        (Fate.STARTED, 2),
        (Fate.HANDED, 3),
    ]
    crew.lose(child)


def test_tend_when_a_hook_is_over_its_time_kills_its_executor(
    barracks: Barracks, frozen: FrozenClock
) -> None:
    crew, (child,) = barracks.ready(timeout=60.0, overtime=5.0)
    said: list[str] = []
    ledger = Ledger("sqlite", Report(said.append))
    ledger.take_over([failed(7, timeout=10.0), failed(8, timeout=100.0)])
    ledger.hand_hooks(crew)
    crew.hand([delivery(1)])
    for cell in range(3):
        crew._board.start(cell, frozen.monotonic())

    frozen.travel(14.9)
    early = crew.tend()
    frozen.travel(0.2)
    told = crew.tend()
    frozen.travel(0.2)
    crew.tend()
    assert child.wait(60)
    remains = child.bury()
    crew.lose(child)
    ledger.mourn(child)

    assert (early, told) == ([], [(child, "failed() of Greet")])
    assert [(one.fate, one.delivery.id) for one in remains] == [(Fate.STARTED, 1)]
    assert ([one.id for one in ledger.hooks], ledger.has_hooks_done) == ([7, 8], False)

    child = second_death(crew, ledger, frozen)

    assert ([one.id for one in ledger.hooks], ledger.has_hooks_done) == ([8], True)
    assert "failed() of Greet ended its executor twice" in "".join(said)


def second_death(crew: Crew, ledger: Ledger, frozen: FrozenClock) -> Child:
    """Let the hook that killed one executor kill the next."""
    (child,) = crew.start()
    crew.welcome(child)
    ledger.hand_hooks(crew)
    for cell in child._hooks:
        crew._board.start(cell, frozen.monotonic())
    frozen.travel(15.1)
    crew.tend()
    frozen.travel(0.2)
    crew.tend()
    assert child.wait(60)
    child.bury()
    crew.lose(child)
    ledger.mourn(child)
    return child


@pytest.mark.parametrize("timeout", [None, 0.0])
def test_tend_when_there_is_no_limit_lets_a_job_run(
    barracks: Barracks, frozen: FrozenClock, timeout: float | None
) -> None:
    crew, (child,) = barracks.ready(timeout=timeout)
    crew.hand([delivery(1)])
    crew._board.start(0, frozen.monotonic())

    frozen.travel(1e6)
    crew.tend()

    assert not child.wait(0.01)


def test_tend_when_stalled_asks_for_the_rest_and_gives_no_more(
    barracks: Barracks, frozen: FrozenClock
) -> None:
    crew, (child,) = barracks.ready(prefetch=4)
    crew.hand([delivery(1), delivery(2)])
    crew._board.start(0, frozen.monotonic())
    before = crew.room

    frozen.travel(0.06)
    crew.tend()
    returned = child.return_unstarted([1], frozen.monotonic())
    child.free(1)

    assert before == 2
    assert [one.id for _, one in returned] == [2]
    assert child.is_stalled
    assert child.room == 0
    child.take_back(0, frozen.monotonic())
    assert child.room == 4


@pytest.mark.parametrize("state", [State.HANDED, State.FINISHED])
def test_tend_when_stalled_asks_for_what_has_ended_and_was_not_told_of_too(
    barracks: Barracks,
    frozen: FrozenClock,
    monkeypatch: pytest.MonkeyPatch,
    state: State,
) -> None:
    crew, (child,) = barracks.ready(prefetch=4)
    crew.hand([delivery(1), delivery(2)])
    crew._board.start(1, frozen.monotonic())
    if state is State.FINISHED:
        crew._board.start(0, frozen.monotonic())
        crew._board.finish(0)
    asked: list[int] = []
    monkeypatch.setattr(child, "revoke", lambda: asked.append(1))

    frozen.travel(0.04)
    crew.tend()
    assert not asked
    frozen.travel(0.02)
    crew.tend()

    assert asked


def test_dismiss_when_an_executor_does_not_listen_kills_it(
    barracks: Barracks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("securely.queue.crew.crew.QUIT_SECONDS", 0.1)
    monkeypatch.setattr("securely.queue.crew.child.LAST_SECONDS", 0.1)
    crew, (child,) = barracks.ready()

    crew.dismiss()

    assert crew.children == []
    assert child.died_of == "was killed by SIGKILL"
    assert child.phase is Phase.LEAVING


def test_died_of_when_it_exits_names_the_status(barracks: Barracks) -> None:
    launch = Launch(Place("."), python=(sys.executable, "-c", "import sys; sys.exit(7)"))
    crew = Crew("x", barracks.home, launch, Size(), Defaults())
    barracks.crews.append(crew)
    (child,) = crew.start()
    alive = child.died_of

    child.bury()

    assert alive == "is still alive"
    assert child.died_of == "exited with status 7"
    crew.lose(child)


# -- peers


@pytest.fixture
def selector() -> Iterator[selectors.BaseSelector]:
    with selectors.DefaultSelector() as selector:
        yield selector


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="this system has no process descriptors")
def test_peers_when_one_ends_tell_at_once(selector: selectors.BaseSelector) -> None:
    deaths: list[str] = []
    peers = Peers(selector, lambda: deaths.append("one"))
    process = subprocess.Popen(SLEEPER)
    peers.update([process.pid, os.getpid()])
    quiet = selector.select(0)

    process.kill()
    for key, _ in selector.select(60):
        key.data()

    assert (quiet, deaths) == ([], ["one"])
    process.wait()
    peers.update([process.pid])
    assert deaths == ["one"]
    peers.close()
    assert not selector.get_map()


def test_peers_when_one_has_left_is_no_longer_watched(selector: selectors.BaseSelector) -> None:
    peers = Peers(selector, lambda: pytest.fail("nobody died"))

    peers.update([os.getpid()])
    peers.update([])

    assert not selector.get_map()


# -- signals


def test_signals_when_sent_are_noted_and_can_be_waited_for() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with Signals() as signals, selectors.DefaultSelector() as selector:
        selector.register(signals.fileno(), selectors.EVENT_READ)
        os.kill(os.getpid(), signal.SIGTERM)
        os.kill(os.getpid(), signal.SIGUSR2)

        woken = selector.select(60)

        assert woken
        assert sorted(signals.take()) == sorted([signal.SIGTERM, signal.SIGUSR2])
        assert signals.take() == []
        assert selector.select(0) == []
    assert signal.getsignal(signal.SIGTERM) is before

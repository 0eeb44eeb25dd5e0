"""SIGTERM as an exception, and where Python cannot raise one."""

from __future__ import annotations

import copy
import signal
import sys
import threading
from collections.abc import Generator
from contextlib import contextmanager

import pytest

from securely.console.command.traps import Traps
from securely.queue.crew.signals import Signals
from securely.support.ending import Terminated, ended_by_sigterm, heed_sigterm

pytestmark = [
    pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM to send"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


class Silent:
    """Raises SIGTERM where Python can raise no exception."""

    def __del__(self) -> None:
        signal.raise_signal(signal.SIGTERM)


@contextmanager
def ending() -> Generator[None]:
    """A block that ends by SIGTERM."""
    with pytest.raises(Terminated), ended_by_sigterm():
        yield


def test_within_the_block_sigterm_unwinds_and_is_itself_again_after_it() -> None:
    with pytest.raises(Terminated) as caught, ended_by_sigterm():
        signal.raise_signal(signal.SIGTERM)

    assert caught.value.code == 143
    assert copy.copy(caught.value).exit_code == 143
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


def test_within_the_block_a_handler_of_another_is_left_alone() -> None:
    came: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda number, _frame: came.append(number))
    try:
        with ended_by_sigterm():
            signal.raise_signal(signal.SIGTERM)
            heed_sigterm()
    finally:
        signal.signal(signal.SIGTERM, before)

    assert came == [signal.SIGTERM]


def test_what_was_lost_is_raised_when_it_is_heeded() -> None:
    with ending():
        Silent()
        heed_sigterm()
        pytest.fail("it went on")


def test_what_was_lost_is_raised_at_the_end_of_the_block() -> None:
    with ending():
        Silent()

    with ended_by_sigterm():
        heed_sigterm()  # nothing is known of the block before


def test_what_closes_meanwhile_is_not_ended_once_more() -> None:
    traps = Traps()

    with ending():
        try:
            signal.raise_signal(signal.SIGTERM)
        finally:
            traps.add(signal.SIGUSR1, lambda: None)
            traps.close()
            heed_sigterm()


def test_an_error_of_what_closes_meanwhile_is_an_error() -> None:
    with ending():
        try:
            try:
                signal.raise_signal(signal.SIGTERM)
            finally:
                raise OSError("not released")
        except OSError:
            heed_sigterm()  # it may be told


def test_an_error_that_took_its_place_is_none() -> None:
    raised: list[BaseException] = []

    with ending():
        try:
            try:
                signal.raise_signal(signal.SIGTERM)
            except SystemExit as told:
                raise OSError("cannot be loaded") from told
        except OSError:
            try:
                heed_sigterm()
            except Terminated as error:
                raised.append(error)

    assert len(raised) == 1


def test_another_thread_is_not_ended() -> None:
    raised: list[BaseException] = []

    def heed() -> None:
        try:
            heed_sigterm()
        except Terminated as error:
            raised.append(error)

    with ending():
        Silent()
        thread = threading.Thread(target=heed)
        thread.start()
        thread.join()

    assert raised == []


def test_who_takes_the_signal_over_ends_where_it_had_come_before() -> None:
    with ending():
        Silent()
        with pytest.raises(Terminated):
            Traps().add(signal.SIGTERM, lambda: None)
        with pytest.raises(Terminated), Signals():
            pass

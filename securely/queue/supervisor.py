"""Claims, hands over, settles, reaps and stops; runs no user code.

It lives in the process of `queue:work`. Jobs run in its executors, so a job that blocks, leaks or
dies takes nothing with it but itself. It waits on one selector: the executors' links, the wake-up
descriptor of its seat, signals, and the processes of other workers. When nothing happens it wakes
once a second.

It is long because its steps all read and write the same state: what may be claimed, when to look
again, why to stop. What can be told apart lies in `crew/`.
"""

from __future__ import annotations

import math
import select
import selectors
import signal
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Final

from securely.queue.contracts import Delivery, Kind, Outcome, Seat, Turn, Verdict
from securely.queue.crew.child import Child, Phase
from securely.queue.crew.crew import Crew
from securely.queue.crew.fates import Fate, Remains, judge
from securely.queue.crew.herald import Herald
from securely.queue.crew.ledger import Ledger
from securely.queue.crew.link import Ends, FromExecutor, HookDone, Quit, Ready, Refused, Returned
from securely.queue.crew.link import Report as Outcomes
from securely.queue.crew.orders import Facts, Orders, Stop, find_reason
from securely.queue.crew.patience import Patience
from securely.queue.crew.peers import Peers
from securely.queue.crew.process import Launch
from securely.queue.crew.renewal import Renewal
from securely.queue.crew.report import Ended, Report
from securely.queue.crew.signals import STOP, Signals
from securely.queue.exceptions import QueueUnavailable, StoreFull
from securely.support import clock
from securely.support.control import ControlSocket

__all__ = ["Supervisor"]

REAP_SECONDS: Final = 1.0  # the regular look for dead workers, where no descriptor tells of them
REAP_AGAIN_SECONDS: Final = 0.005  # while a dead worker's executor is still dying
TROUBLE_SECONDS: Final = (0.1, 0.3, 1.0, 3.0)  # between tries while the store refuses
GIVE_UP_SECONDS: Final = 10.0  # a worker that is to stop does not wait longer for its store


class Supervisor:
    """One worker at one seat.

    Args:
        seat: Its place at the store; left at the end.
        orders: What it is to do.
        launch: How to start executors.
        report: Where it tells what happens.
        is_down: Whether the application is in maintenance mode.
        patience: Looks whether jobs wait for too long.
        control: Where it is told that the settings have changed; None where nobody can.
    """

    def __init__(
        self,
        seat: Seat,
        orders: Orders,
        launch: Launch,
        report: Report,
        is_down: Callable[[], bool] = lambda: False,
        patience: Patience | None = None,
        control: ControlSocket | None = None,
    ) -> None:
        self._seat = seat
        self._orders = orders
        self._report = report
        self._is_down = is_down
        self._selector = selectors.DefaultSelector()
        self._signals = Signals()
        launch = replace(launch, queues=orders.queues, sleep=orders.sleep)
        self._crew = Crew(seat.id, seat.home, launch, orders.size, orders.defaults)
        self._herald = Herald(orders, report, self._crew.tell, patience)
        self._peers = Peers(self._selector, self._reap_now)
        renew = partial(self._begin_stop, Stop("renewed"))
        self._renewal = Renewal(control, self._selector, self._crew, report, renew)
        self._began = clock.monotonic()

        self._ledger = Ledger(orders.defaults.connection, report)
        self._claimed = 0

        self._may_have_work = True
        self._dry_since = math.inf
        self._next_look = 0.0
        self._next_due: float | None = None
        self._reap_at = 0.0
        self._rest_until = 0.0
        self._held_up_until = 0.0
        self._troubles = 0

        self._is_paused = False
        self._was_down = False
        self._stop: Stop | None = None
        self._stop_at = 0.0
        self._is_forced = False

    # -- the loop

    def run(self) -> Stop:
        """Work until there is a reason to stop, and return it."""
        with self._signals:
            self._selector.register(
                self._signals.fileno(), selectors.EVENT_READ, self._obey_signals
            )
            self._selector.register(self._seat.fileno(), selectors.EVENT_READ, self._wake)
            try:
                while not self._is_over():
                    self._step()
                self._crew.dismiss(self._farewell())
            except BaseException:
                self._crew.kill()
                self._crew.dismiss()
                raise
            finally:
                self._leave()
        assert self._stop is not None, "the loop ends with a reason"  # noqa: S101  # a bug of ours
        return self._stop

    def _step(self) -> None:
        self._obey_signals()
        if self._stop is None or (self._has_work and not self._is_forced and not self._stop.status):
            for child in self._crew.start():
                self._listen_to(child)
        for child, name in self._crew.tend():
            self._herald.overdue(child.number, name)
            child.ask_for_stacks()
        self._renewal.tend(is_stopping=self._stop is not None)
        self._look_around()
        if self._wants_turn():
            self._turn()
        self._ledger.hand_hooks(self._crew)
        self._judge()
        if not self._is_over():
            self._wait()

    def _listen_to(self, child: Child) -> None:
        self._selector.register(child.link, selectors.EVENT_READ, lambda: self._hear(child))

    @property
    def _has_work(self) -> bool:
        return not self._crew.is_idle or bool(self._ledger.hooks)

    @property
    def _is_idle(self) -> bool:
        return self._crew.is_idle and self._ledger.is_empty

    def _is_over(self) -> bool:
        if self._stop is None:
            return False
        if self._troubles and clock.monotonic() - self._stop_at > GIVE_UP_SECONDS:
            return True
        if (self._is_forced or self._stop.status == 1) and not self._crew.children:
            return not self._ledger.ended
        return self._is_idle and self._renewal.is_settled

    def _leave(self) -> None:
        self._peers.close()
        self._renewal.close()
        self._selector.close()
        self._crew.close()
        self._ledger.measure(self._seat)
        with suppress(StoreFull, QueueUnavailable):  # what is left is found by the next reaper
            self._seat.leave(self._ledger.outcomes())

    # -- waiting

    def _wait(self) -> None:
        linger = self._lingers_until() - clock.monotonic() if self._ledger.ended else 0.0
        if linger > 0 and not self._crew.is_starving:
            # Asleep to all but signals, so that outcomes gather instead of waking us one by one.
            select.select([self._signals.fileno()], [], [], linger)
            timeout = 0.0
        else:
            timeout = max(0.0, self._wakes_at() - clock.monotonic())
        for child in self._crew.children:
            self._attend(child)
        for key, _ in self._selector.select(timeout):
            key.data()

    def _attend(self, child: Child) -> None:
        events = selectors.EVENT_READ
        if child.link.is_backed_up:
            events |= selectors.EVENT_WRITE
        key = self._selector.get_key(child.link)
        if key.events != events:
            self._selector.modify(child.link, events, key.data)

    def _lingers_until(self) -> float:
        return self._ledger.since + self._crew.linger()

    def _wakes_at(self) -> float:
        """Return the monotonic time at which something is to be done though nothing happens."""
        now = clock.monotonic()
        if self._wants_turn():
            return now
        times = [self._crew.wakes_at(), self._renewal.wakes_at(), self._reap_at, self._next_look]
        if self._held_up_until > now:
            times.append(self._held_up_until)
        if self._rest_until > now:
            times.append(self._rest_until)
        if self._next_due is not None:
            times.append(now + self._next_due - clock.timestamp())
        if self._orders.max_time is not None:
            times.append(self._began + self._orders.max_time)
        limits = (self._orders.empty_for, self._orders.sleep if self._orders.is_once else None)
        times.extend(self._dry_since + limit for limit in limits if limit is not None)
        if self._stop is not None and self._orders.grace is not None:
            times.append(self._stop_at + self._orders.grace)
        return max(min(times), now)

    def _wake(self) -> None:
        self._seat.drain()
        self._may_have_work = True

    # -- what comes from outside

    def _obey_signals(self) -> None:
        for number in self._signals.take():
            if number in STOP:
                if self._stop is None or self._renewal.give_way():
                    self._herald.interrupted(number)
                    self._begin_stop(Stop("interrupted"))
                    self._crew.interrupt(number)
                else:
                    self._force()
            elif number == signal.SIGUSR2:
                self._is_paused = True
                self._take_back_unstarted()
                self._herald.pausing()
            elif self._is_paused:
                self._is_paused = False
                self._may_have_work = True
                self._herald.resuming()

    def _look_around(self) -> None:
        now = clock.monotonic()
        if now < self._reap_at:
            return
        try:
            self._reap(now)
        except (StoreFull, QueueUnavailable) as error:
            self._reap_at = now + REAP_SECONDS
            self._complain(error)

    def _reap(self, now: float) -> None:
        self._reap_at = now + REAP_SECONDS
        reaped = self._seat.reap()
        self._ledger.measure(self._seat)
        self._herald.look(is_heard=bool(self._crew.ready))
        self._peers.update(self._seat.peers())
        if reaped.waiting:
            self._reap_at = now + REAP_AGAIN_SECONDS
        self._return(self._crew.cancel(reaped.cancelled))
        if self._stop is None:
            self._ledger.take_over(reaped.hooks)
            self._claimed += len(reaped.condemned)
            self._crew.hand(reaped.condemned)
        self._may_have_work |= self._herald.took_over(reaped)
        down = not self._orders.is_forced and self._is_down()
        if down and not self._was_down:
            self._take_back_unstarted()
            self._herald.maintenance()
        if self._was_down and not down:
            self._may_have_work = True
        self._was_down = down

    def _reap_now(self) -> None:
        self._reap_at = 0.0

    # -- executors

    def _hear(self, child: Child) -> None:
        with suppress(EOFError):  # it is dead, but what it said before counts, and is read first
            child.link.flush()
        try:
            messages = child.link.receive(wait=False)
        except EOFError:
            self._bury(child)
            return
        now = clock.monotonic()
        for message in messages:
            self._take(child, message, now)

    def _take(self, child: Child, message: FromExecutor, now: float) -> None:
        if isinstance(message, Ends):
            self._rest_until = now + self._orders.rest
            self._ledger.add(*child.conclude(message))
        elif isinstance(message, Outcomes):
            self._rest_until = now + self._orders.rest
            child.observe(message.seconds, message.memory)
            cell, seconds = message.cell, message.seconds
            if (delivery := child.take_back(cell, now)) is not None:
                self._end(child, cell, delivery, message.outcome, seconds, message.reason)
        elif isinstance(message, Returned):
            for cell, delivery in child.return_unstarted(message.cells, now):
                self._give_back(child, cell, delivery)
        elif isinstance(message, HookDone):
            self._ledger.hook_done(child.hook_done(message.cell).id)
        elif isinstance(message, Ready):
            self._crew.welcome(child, listens=message.listens)
        else:
            self._refuse(message)

    def _refuse(self, refused: Refused) -> None:
        self._report.error(f"The application could not be loaded: {refused.message}")
        self._begin_stop(Stop("error", 1))

    def _end(  # the parts of one fact
        self,
        child: Child,
        cell: int,
        delivery: Delivery,
        outcome: Outcome,
        seconds: float = 0.0,
        reason: str = "",
    ) -> None:
        is_cancelled = outcome.kind is Kind.SKIP and child.was_cancelled(cell, delivery)
        free = partial(child.free, cell)
        self._ledger.add(Ended(delivery, outcome, seconds, reason, free, is_cancelled))

    def _give_back(self, child: Child, cell: int, delivery: Delivery, begun: bool = False) -> None:
        if delivery.verdict is not Verdict.RUN:
            child.free(cell)
            self._crew.hand([delivery])
            return
        self._claimed -= 1
        self._may_have_work = True
        if self._stop is not None and begun:
            self._report.interrupted(delivery.name)
        elif self._stop is not None:
            self._report.returned(1)
        self._end(child, cell, delivery, Outcome(delivery.id, delivery.token, Kind.RETURN))

    def _bury(self, child: Child) -> None:
        self._selector.unregister(child.link)
        remains = child.bury()
        has_place = self._crew.lose(child)
        is_ours = self._is_forced or bool(child.overdue) or child.phase is Phase.LEAVING
        if not is_ours:
            self._herald.lost(child.number, child.died_of, remains)
        for one in remains:
            self._conclude(child, one, is_pardoned=is_ours)
        self._ledger.mourn(child)
        if not has_place and self._stop is None:
            self._report.error(
                f"Executors end before the application is loaded; the last one {child.died_of}."
            )
            self._begin_stop(Stop("error", 1))

    def _conclude(self, child: Child, remains: Remains, *, is_pardoned: bool) -> None:
        delivery = remains.delivery
        outcome, again, reason = judge(remains, is_pardoned=is_pardoned)
        if again is not None:
            child.free(remains.cell)
            self._crew.hand([again])
        elif outcome is not None:
            if outcome.kind is Kind.RETURN:
                begun = remains.fate is Fate.STARTED
                self._give_back(child, remains.cell, delivery, begun=begun)
            else:
                self._end(child, remains.cell, delivery, outcome, 0.0, reason)

    # -- one turn at the store

    @property
    def _claimable(self) -> int:
        now = clock.monotonic()
        if self._stop is not None or self._is_paused or self._was_down or now < self._rest_until:
            return 0
        room = self._crew.room
        limit = self._orders.deliveries_max
        return room if limit is None else max(0, min(room, limit - self._claimed))

    def _wants_turn(self) -> bool:
        now = clock.monotonic()
        if now < self._held_up_until:
            return False
        if self._ledger.ended:
            return self._crew.is_starving or self._stop is not None or now >= self._lingers_until()
        if now >= self._next_look or self._ledger.has_hooks_done:
            return True
        if self._next_due is not None and clock.timestamp() >= self._next_due:
            self._may_have_work = True
        return self._may_have_work and self._crew.is_hungry and self._claimable > 0

    def _turn(self) -> None:
        room = self._claimable
        try:
            turn = self._ledger.record(self._seat, room)
        except (StoreFull, QueueUnavailable) as error:
            self._complain(error)
            return
        self._troubles = 0
        self._next_look = self._together(clock.monotonic() + max(0.5, self._orders.sleep))
        self._claimed_some(turn, room)

    def _together(self, look: float) -> float:
        """Return when to look for jobs: with the look for dead workers, if that is near."""
        return self._reap_at if 0 <= look - self._reap_at < REAP_SECONDS else look

    def _claimed_some(self, turn: Turn, room: int) -> None:
        self._herald.pauses(turn.paused)
        count = len(turn.deliveries)
        self._next_due = turn.next_due
        if room:
            self._may_have_work = count >= room
            if self._may_have_work:
                self._crew.grow()
        if count:
            self._claimed += count
            self._crew.hand(turn.deliveries)
        if self._may_have_work or not self._is_idle:
            self._dry_since = math.inf
        elif room and self._dry_since == math.inf:
            self._dry_since = clock.monotonic()
        if turn.must_restart and self._stop is None:
            self._begin_stop(Stop("restart_signal"))

    def _complain(self, error: Exception) -> None:
        delay = TROUBLE_SECONDS[min(self._troubles, len(TROUBLE_SECONDS) - 1)]
        if not self._troubles:
            self._report.warning(f"{error} Trying again.")
        self._troubles += 1
        self._held_up_until = clock.monotonic() + delay

    # -- the end

    def _judge(self) -> None:
        now = clock.monotonic()
        if self._stop is not None:
            grace = self._orders.grace
            if grace is not None and not self._is_forced and now - self._stop_at >= grace:
                self._force()
            return
        is_dry = self._dry_since < math.inf and not self._may_have_work
        facts = Facts(
            claimed=self._claimed,
            is_idle=self._is_idle,
            is_dry=is_dry,
            worked=now - self._began,
            dry_for=now - self._dry_since if is_dry else 0.0,
            memory=max((child.memory for child in self._crew.children), default=0),
            is_down=self._was_down,
        )
        stop = find_reason(self._orders, facts)
        if stop is not None:
            self._begin_stop(stop)
        elif is_dry:
            self._herald.idle(self._dry_since, self._next_due)

    def _begin_stop(self, stop: Stop) -> None:
        self._stop = stop
        self._stop_at = clock.monotonic()
        self._take_back_unstarted()
        if stop.reason == "interrupted" and self._has_work:
            self._report.notice("Stopping after what runs now; a second signal gives it up.")

    def _take_back_unstarted(self) -> None:
        unstarted = self._crew.recall()
        self._return(unstarted)
        self._report.returned(len(unstarted) if self._stop is not None else 0)

    def _return(self, deliveries: Sequence[Delivery]) -> None:
        """Give back what no executor was given."""
        for delivery in deliveries:
            self._claimed -= 1
            self._ledger.give_back(delivery)

    def _farewell(self) -> Quit:
        assert self._stop is not None, "the loop ends with a reason"  # noqa: S101  # a bug of ours
        return Quit(self._stop.reason, self._stop.status, self._report.tally.processed)

    def _force(self) -> None:
        self._is_forced = True
        self._crew.kill()
        self._take_back_unstarted()

"""Transactional: what a job dispatches is sent if it ends well, and else not at all."""

from __future__ import annotations

from securely.queue.bus.transaction import Transaction
from securely.queue.delivery.interaction import current_interaction
from securely.queue.exceptions import Fail, Release
from securely.queue.job import Job
from securely.queue.middleware.stage import Proceed, Stage
from securely.support.steps import Steps, call

__all__ = ["Transactional"]


class Transactional(Stage):
    """Sends what a job dispatches once it has ended well, in one step for each connection.

    A job that raises, fails itself or puts itself back has dispatched nothing; so the next run of
    it sends nothing twice.
    """

    def around(self, job: Job, proceed: Proceed) -> Steps[object]:
        """Run *job* within a transaction of the queue."""
        transaction = Transaction()
        yield from call(transaction.__enter__, transaction.__aenter__)
        try:
            answer = yield from proceed()
        except BaseException as error:
            yield from call(transaction.__exit__, transaction.__aexit__, type(error), error, None)
            raise
        if isinstance(current_interaction("Transactional").decision, (Fail, Release)):
            transaction.discard()
        yield from call(transaction.__exit__, transaction.__aexit__, None, None, None)
        return answer

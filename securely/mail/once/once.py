"""Once, Sending: asks the ledger before a mail is sent, and tells it afterwards.

What the ledger can not do means different things at different times:

- Before a mail is sent it is an error, and nothing is sent. Who sets an idempotency key says that
  a mail which comes late, after a retry, is better than one that comes twice; and nobody who is
  told of an error takes the mail for sent.
- After a transport took it, it is reported and nothing is raised. The mail is on its way, and an
  error would make a job send it once more. The claim stays until it ends by itself.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from hashlib import sha256
from typing import Final

from securely.mail.contracts import Ledger, Sent
from securely.mail.exceptions import InFlight, KeyReused, LedgerFailed
from securely.mail.message.message import Message
from securely.support import entropy
from securely.support.finishing import finished

__all__ = ["Once", "Sending"]

# 128 bits: no two owners are the same.
_OWNER_BYTES: Final = 16
# A claim is renewed when a third of its time is over: two renewals may fail before it is lost.
_PARTS: Final = 3
# Enough to tell the recipients of one mail apart.
_DIGEST_LETTERS: Final = 32
# What is said of whom the server put off, when the mail was sent before.
_PUT_OFF: Final = "put off when it was sent"
# What is wrong with the row, the configuration or the caller; it is the same at the next attempt.
_LASTING: Final = (LookupError, RuntimeError, TypeError, ValueError)


def _ignore(error: BaseException) -> None:
    """Tell nobody."""


class Once:
    """Sees to it that the mail of an idempotency key is sent once.

    Args:
        ledger: Gives what remembers; called when a key is used for the first time.
        claim_seconds: When the claim of a process ends that died while it sent. One that lives
            renews its claim, however long it sends.
        report: Told what went wrong after a mail was sent, when nothing may be raised.

    Example:
        >>> from securely.mail.drivers.array import ArrayTransport
        >>> from securely.mail.mailer import Mailer
        >>> from securely.mail.once.store import StoreLedger
        >>> from securely.store import Database
        >>> database = Database.temporary()
        >>> mailer = Mailer(ArrayTransport("array"), once=Once(lambda: StoreLedger(database)))
        >>> message = Message(
        ...     subject="Hi", text="There", sender="a@x.io", to="b@x.io", idempotency_key="order-7"
        ... )
        >>> mailer.send(message).reply, mailer.send(message).reply
        ('', 'sent before')
        >>> len(mailer.transport.messages)
        1
    """

    def __init__(
        self,
        ledger: Callable[[], Ledger],
        *,
        claim_seconds: float = 60.0,
        report: Callable[[BaseException], object] = _ignore,
    ) -> None:
        self._make: Callable[[], Ledger] = ledger
        self._ledger: Ledger | None = None
        self.claim_seconds: float = claim_seconds
        self.report: Callable[[BaseException], object] = report

    @property
    def ledger(self) -> Ledger:
        """What remembers."""
        if self._ledger is None:
            self._ledger = self._make()  # two threads may make one each: it has no state
        return self._ledger

    def sending(self, mailer: str, message: Message, send: Callable[[Message], Sent]) -> Sending:
        """Return one try to send *message*, which has an idempotency key.

        Args:
            mailer: The name of the mailer, for errors.
            message: The message, before anybody changes it on its way.
            send: What brings it away.
        """
        return Sending(self, mailer, message, send)

    def sent(self, key: str) -> Sent | None:
        """Return what became of the mail of *key*; None if nobody remembers that it was sent."""
        found = self.ledger.sent(_hashed(key))
        return None if found is None else found._replace(retryable=())  # hashes, here

    async def asent(self, key: str) -> Sent | None:
        """Async twin of :meth:`sent`."""
        return await asyncio.to_thread(self.sent, key)

    def forget(self, key: str) -> bool:
        """Let the mail of *key* be sent again; return whether anything was known of it.

        It also removes what can not be read, and the claim of whoever sends it right now.
        """
        return self.ledger.forget(_hashed(key))

    async def aforget(self, key: str) -> bool:
        """Async twin of :meth:`forget`."""
        return await finished(asyncio.to_thread(self.forget, key))


class Sending:
    """One try to send the mail of a key: :meth:`open` it, :meth:`send`, :meth:`close` it."""

    def __init__(
        self, once: Once, mailer: str, message: Message, send: Callable[[Message], Sent]
    ) -> None:
        self._once: Once = once
        self._mailer: str = mailer
        self._key: str = message.idempotency_key
        self._message_id: str = message.message_id
        self._recipients: list[str] = message.recipients()
        self._hash: str = _hashed(self._key)
        self._owner: str = entropy.token_hex(_OWNER_BYTES)
        self._send: Callable[[Message], Sent] = send
        self._lock: threading.Lock = threading.Lock()
        self._is_claimed: bool = False

    def open(self) -> Sent | None:
        """Claim the mail; return what became of it if it was sent before.

        Whom the server put off then is named: perhaps nobody has come to see to them.

        Raises:
            InFlight: Somebody else sends it right now.
            LedgerFailed: Nobody can say whether it was sent before.
        """
        seconds = self._once.claim_seconds
        try:
            found = self._once.ledger.claim(self._hash, self._owner, seconds)
        except Exception as error:  # whatever it is, nothing is sent: see above
            raise LedgerFailed(
                self._mailer,
                self._key,
                str(error).removesuffix("."),
                is_retryable=not isinstance(error, _LASTING),
            ) from error
        if isinstance(found, Sent):
            if found.message_id != self._message_id:
                # Perhaps a mail to somebody else, which is lost: nobody should have to guess that.
                self._once.report(KeyReused(self._key, self._message_id, found.message_id))
            return self._named(found)
        if not found:
            raise InFlight(self._mailer, self._key, seconds)
        self._is_claimed = True
        return None

    async def aopen(self) -> Sent | None:
        """Async twin of :meth:`open`."""
        return await finished(asyncio.to_thread(self.open), self._undo)

    def send(self, message: Message) -> Sent:
        """Send *message*, and remember it in the same breath.

        Both happen in one thread: if the task that waits is cancelled, the mail that is under way
        is remembered all the same.

        Raises:
            InFlight: The claim was given up meanwhile.
            TransportError: It was not taken.
        """
        if not self._take():
            raise InFlight(self._mailer, self._key, self._once.claim_seconds)
        ended = threading.Event()
        keeper = threading.Thread(target=self._keep, args=(ended,), daemon=True, name="mail-once")
        keeper.start()
        try:
            sent = self._send(message)
        except BaseException:
            _end(keeper, ended)
            self._release()
            raise
        _end(keeper, ended)
        try:
            late = tuple(map(self._digest, sent.retryable))
            self._once.ledger.remember(self._hash, sent._replace(retryable=late))
        except Exception as error:  # who is told of it would send the mail again: see above
            self._once.report(error)
        return sent

    def close(self) -> None:
        """Let others try the mail, if none was sent here."""
        if self._take():
            self._release()

    async def aclose(self) -> None:
        """Async twin of :meth:`close`."""
        if self._is_claimed:
            await finished(asyncio.to_thread(self.close))

    def _named(self, found: Sent) -> Sent:
        """Return *found* with the addresses that its hashes stand for, of those the mail is for."""
        hashes = set(found.retryable)
        late = [each for each in self._recipients if self._digest(each) in hashes]
        refused = {**found.refused, **dict.fromkeys(late, _PUT_OFF)}
        return found._replace(refused=refused, retryable=tuple(late))

    def _digest(self, address: str) -> str:
        # With the key, which nobody keeps: of an address alone, one could try them all.
        return _hashed(f"{self._key}\n{address}")[:_DIGEST_LETTERS]

    async def _undo(self, found: Sent | None) -> None:
        await self.aclose()

    def _take(self) -> bool:
        """Return whether the claim is ours to end; to one caller alone.

        A task that is cancelled closes what a thread may begin to send at the same moment.
        """
        with self._lock:
            was_claimed, self._is_claimed = self._is_claimed, False
        return was_claimed

    def _keep(self, ended: threading.Event) -> None:
        """Renew the claim until the mail was sent."""
        seconds = self._once.claim_seconds
        while not ended.wait(seconds / _PARTS):
            try:
                self._once.ledger.refresh(self._hash, self._owner, seconds)
            except Exception as error:  # the mail is under way, and the next renewal may succeed
                self._once.report(error)

    def _release(self) -> None:
        try:
            self._once.ledger.release(self._hash, self._owner)
        except Exception as error:  # the claim ends by itself; what went wrong before counts
            self._once.report(error)


def _end(keeper: threading.Thread, ended: threading.Event) -> None:
    """Wait until *keeper* renews no more, or it could renew what is released."""
    ended.set()
    keeper.join()


def _hashed(key: str) -> str:
    return sha256(key.encode()).hexdigest()

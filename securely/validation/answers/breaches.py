"""PwnedPasswords: asks Have I Been Pwned whether a password is known. FakeBreaches: for tests."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from typing import Final

from securely.support import clock

__all__ = ["FakeBreaches", "PwnedPasswords"]

# So many digits of a hash the API is asked for: some thousand passwords begin alike.
_PREFIX: Final = 5
# A range has some two thousand lines of forty characters; more than this is no such answer.
_BYTES_MAX: Final = 1_000_000
# Questions that may be open: each that nobody answers holds its thread.
_AT_ONCE: Final = 32
# Bytes that are read before the clock is looked at.
_CHUNK: Final = 16_384
# More than any counter has; int() is slow with very many.
_DIGITS_MAX: Final = 18


class PwnedPasswords:
    """Asks the range API of Have I Been Pwned, which learns five digits of a hash and no more.

    What can not be known counts as not breached: a service that is down keeps nobody from
    signing up.

    Args:
        url: What the five digits are put behind; another one for a copy of one's own.
        wait: Seconds that a question may take in all.

    Source: Laravel 13, Validation\\NotPwnedVerifier.
    """

    def __init__(
        self, url: str = "https://api.pwnedpasswords.com/range/", wait: float = 2.0
    ) -> None:
        self._url, self._wait = url, wait
        self._free = threading.BoundedSemaphore(_AT_ONCE)

    def is_breached(self, password: str, threshold: int) -> bool:
        """Return whether *password* was seen more than *threshold* times; False if unknown."""
        from hashlib import sha1  # few applications ask for this

        try:
            digest = sha1(password.encode(), usedforsecurity=False).hexdigest().upper()
        except UnicodeEncodeError:
            return False  # half a pair of surrogates: nobody has ever had that for a password
        rest = digest[_PREFIX:]
        return any(
            suffix == rest and times > threshold
            for suffix, times in _lines(self._range(digest[:_PREFIX]))
        )

    async def ais_breached(self, password: str, threshold: int) -> bool:
        """Async twin of :meth:`is_breached`."""
        import asyncio  # who is here has imported it; a sync program need not

        return await asyncio.to_thread(self.is_breached, password, threshold)

    def _range(self, prefix: str) -> str:
        """Return the lines of a *prefix*; nothing if there is no answer in time."""
        if not self._free.acquire(blocking=False):
            return ""
        answers: list[str] = []
        done = threading.Event()
        until = clock.monotonic() + self._wait

        def ask() -> None:
            try:
                answers.append(self._fetch(prefix, until))
            except (OSError, ValueError, HTTPException):
                pass  # no answer, or none that can be read
            finally:
                self._free.release()
                done.set()

        from http.client import HTTPException

        # In a thread, because looking up the name of the host can not be told to stop.
        thread = threading.Thread(target=ask, name="breaches", daemon=True)
        try:
            thread.start()
        except RuntimeError:  # no thread is to be had
            self._free.release()
            return ""
        done.wait(self._wait)
        return answers[0] if answers else ""

    def _fetch(self, prefix: str, until: float) -> str:
        from urllib.request import Request, urlopen

        request = Request(self._url + prefix, headers={"Add-Padding": "true"})  # noqa: S310  # the url is the application's
        received = bytearray()
        with urlopen(request, timeout=self._wait) as answer:  # noqa: S310  # as above
            while chunk := answer.read1(_CHUNK):
                received += chunk
                if len(received) > _BYTES_MAX or clock.monotonic() > until:
                    return ""
        return received.decode("ascii", "replace")


class FakeBreaches:
    """A BreachCheck that knows what a test tells it, and asks nobody.

    Args:
        known: Passwords, and how often each was seen.

    Example:
        >>> FakeBreaches({"password": 3}).is_breached("password", 0)
        True
    """

    def __init__(self, known: Mapping[str, int] | None = None) -> None:
        self._known = {**(known or {})}

    def is_breached(self, password: str, threshold: int) -> bool:
        """Return whether *password* was seen more than *threshold* times."""
        return self._known.get(password, 0) > threshold


def _lines(answer: str) -> Iterator[tuple[str, int]]:
    for line in answer.splitlines():
        suffix, _, times = line.strip().partition(":")
        if times.isascii() and times.isdigit() and len(times) <= _DIGITS_MAX:
            yield suffix.upper(), int(times)

"""An HTTP request per record, off the path of whoever logs."""

from __future__ import annotations

from typing import Any, ClassVar, Final, Self

from securely.log.contracts import Formatter
from securely.log.drivers.base import formatter_for
from securely.log.hub import Hub
from securely.log.levels import level_number
from securely.log.options import WebhookChannel
from securely.log.outbox import Outbox
from securely.log.record import Record
from securely.support.forking import renew_after_fork

__all__ = ["WebhookHandler"]

# Statuses of HTTP, RFC 9110 section 15.4 and RFC 6585: from here on nobody has taken it, neither
# whoever sends it elsewhere, where it is not sent, nor who refuses it; come later.
_ELSEWHERE: Final = 300
_TOO_MANY: Final = 429
# Seconds: who asks to come back later than that has lost the message's interest.
_RETRY_SECONDS_MAX: Final = 30.0


class WebhookHandler:
    """Sends each record to a URL, from a thread of its own.

    Args:
        options: The channel's settings.
        formatter: Makes the body.
        hub: Is told of what cannot be delivered; hides the URL, which often is a secret.
        name: For what is told, until the manager gives the outbox that of the channel.

    Attributes:
        form: The formatter where the configuration names none.
        outbox: What waits to be sent.
    """

    form: ClassVar[str] = "json"

    def __init__(
        self, options: WebhookChannel, formatter: Formatter, hub: Hub, *, name: str = "webhook"
    ) -> None:
        self.level: int = level_number(options.level)
        self.formatter = formatter
        self._options = options
        # Made by the thread: httpx2 is not imported by whoever logs.
        self._client: Any = None
        renew_after_fork(self, "_client", _none)
        hub.masker.hide(options.url, *options.headers.values())
        self.outbox: Outbox = Outbox(
            name,
            self._deliver,
            hub.emergency.report,
            queue_max=options.queue_max,
            flush_seconds=options.flush_seconds,
            rate_max=options.rate_max,
        )

    @classmethod
    def configured(cls, options: WebhookChannel, hub: Hub) -> Self:
        """Build it as the configuration says.

        Raises:
            ValueError: It has no URL.
        """
        if not options.url:
            raise ValueError(f"The driver {options.driver} needs a url.")
        made = formatter_for(options.formatter, cls.form, hub, options.formatter_with)
        return cls(options, made, hub, name=options.driver)

    def handle(self, record: Record) -> None:
        """Leave *record* to the thread."""
        self.outbox.put(record)

    def close(self) -> None:
        """Wait for what has not been sent, as long as is configured; a later record begins anew."""
        done = self.outbox.close()
        client, self._client = self._client, None
        # One that is still waiting for an answer is the thread's; it ends with the thread.
        if client is not None and done:
            client.close()

    def body(self, record: Record) -> bytes:
        """Return what is sent for *record*."""
        return self.formatter.format(record).rstrip("\n").encode("utf-8", "backslashreplace")

    def _deliver(self, record: Record) -> float | None:
        import httpx2

        if self._client is None:
            self._client = httpx2.Client(timeout=self._options.timeout_seconds)
        body = self.body(record)
        kind = "application/json" if body.startswith(b"{") else "text/plain; charset=utf-8"
        answer = self._client.post(
            self._options.url,
            content=body,
            headers={"Content-Type": kind, **self._options.headers},
        )
        if answer.status_code == _TOO_MANY:
            later = answer.headers.get("Retry-After", "1")
            return min(float(later) if later.isdigit() else 1.0, _RETRY_SECONDS_MAX)
        if answer.status_code >= _ELSEWHERE:
            raise ConnectionError(f"The receiver answers with {answer.status_code}.")
        return None


def _none() -> None:
    """Return nothing: what stands for a client that has not been made."""

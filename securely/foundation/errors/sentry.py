"""SentryReporter: sends errors to Sentry, through its own SDK; secrets are masked, locals left out.

The SDK has a client of ours and no other part in the process: an application that has set it up
for itself keeps what it has.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from securely.foundation.errors.contracts import Level
from securely.foundation.errors.options import SentryOptions
from securely.support.importing import require

__all__ = ["SentryReporter"]

# From the least to the gravest, with Sentry's word for each.
_LEVELS: Final[Mapping[str, str]] = {
    "debug": "debug",
    "info": "info",
    "notice": "info",
    "warning": "warning",
    "error": "error",
    "critical": "fatal",
    "alert": "fatal",
    "emergency": "fatal",
}
_ORDER: Final = [*_LEVELS]

Masks = Callable[[Mapping[str, object]], Mapping[str, object]]


class SentryReporter:
    """Sends errors to Sentry.

    Args:
        options: What is sent, and how.
        environment: Where the application runs, where the options do not say so.
        mask: Hides what is secret, at every depth.
        fields: Gives what follows the command, request or job, and its trace.

    Raises:
        MissingExtra: The SDK is not installed.
    """

    def __init__(
        self,
        options: SentryOptions,
        environment: str,
        mask: Masks,
        fields: Callable[[], Mapping[str, object]] = dict,
    ) -> None:
        sdk: Any = require("sentry_sdk", "errors-sentry", "the reporter of errors to Sentry")
        self._options = options
        self._mask = mask
        self._fields = fields
        self._utils: Any = require("sentry_sdk.utils", "errors-sentry")
        self._scope: Callable[[], Any] = sdk.Scope
        # No integrations: each would hook into the process, and the one of `logging` would send
        # again what the log is told. No locals: they hold what nobody has looked at.
        self._client: Any = sdk.Client(
            dsn=options.dsn,
            environment=options.environment or environment,
            release=options.release,
            sample_rate=options.sample_ratio,
            default_integrations=False,
            auto_enabling_integrations=False,
            include_local_variables=False,
            max_request_body_size="never",
            before_send=self._masked,
        )

    def report(self, error: BaseException, level: Level, fields: Mapping[str, object]) -> None:
        """Send *error*, if it is grave enough; a thread of the SDK does so."""
        if _ORDER.index(level) < _ORDER.index(self._options.level):
            return
        event, hint = self._utils.event_from_exception(error, client_options=self._client.options)
        followed = dict(self._fields())
        scope = self._scope()
        scope.set_client(self._client)
        if (trace := followed.pop("trace_id", None)) is not None:
            scope.set_tag("trace_id", str(trace))
            # Its own place for it, by which Sentry shows together what belongs to one trace.
            event["contexts"] = {"trace": {"trace_id": str(trace), "span_id": str(trace)[:16]}}
        if followed:
            scope.set_context("context", followed)
        if fields:
            scope.set_context("fields", dict(fields))
        event["level"] = _LEVELS[level]
        self._client.capture_event(event, hint, scope)

    def close(self) -> None:
        """Wait for what is still to be sent, and end the thread that does so."""
        self._client.close(timeout=self._options.flush_seconds)

    def _masked(self, event: Any, hint: object) -> Any:
        """Hide what is secret in all that is sent, as the log does."""
        return dict(self._mask(event))

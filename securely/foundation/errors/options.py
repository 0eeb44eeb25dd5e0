"""ErrorsOptions: the section `errors` of the configuration."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from securely.support.options import Options

__all__ = ["ErrorsOptions", "SentryOptions"]


class SentryOptions(Options):
    """What is sent to Sentry, and how."""

    dsn: str | None = Field(
        None,
        description="Where to, as Sentry shows it for a project; nothing is sent when null.",
        json_schema_extra={"secret": True},
    )
    environment: str | None = Field(None, description="Where it runs; that of `app` when null.")
    release: str | None = Field(None, description="Which version of the application this is.")
    sample_ratio: float = Field(
        1.0, ge=0, le=1, description="The part of all errors that is sent: rare ones are precious."
    )
    level: Literal[
        "emergency", "alert", "critical", "error", "warning", "notice", "info", "debug"
    ] = Field("error", description="The lowest level that is sent: what needs a person.")
    flush_seconds: float = Field(
        2.0,
        ge=0,
        le=60,
        description="How long the end of a process waits for what is still to be sent: longer "
        "than an answer of Sentry takes, and shorter than anybody waits for a command.",
    )


class ErrorsOptions(Options):
    """The section `errors` of the configuration."""

    reporters: list[str] = Field(
        default_factory=list,
        description="Who hears of errors beside the log: `sentry`, or dotted paths of classes.",
    )
    sentry: SentryOptions = Field(
        default_factory=lambda: SentryOptions.model_validate({}),
        description="What the reporter `sentry` needs.",
    )

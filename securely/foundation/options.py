"""AppOptions: the section `app` of the configuration."""

from __future__ import annotations

from typing import ClassVar, Literal
from zoneinfo import ZoneInfo

from pydantic import Field, field_validator

from securely.support.options import Options
from securely.translation.locales import locale_name

__all__ = ["AppOptions", "MaintenanceOptions"]


class MaintenanceOptions(Options):
    """Where it is kept that the application is down."""

    # Workers use it in the process that runs no jobs, too.
    reload_class: ClassVar[str] = "restart"

    driver: Literal["file", "cache"] = Field("file", description="Where the mark is kept.")
    store: str | None = Field(None, description="The cache store; the default one when null.")


class AppOptions(Options):
    """The application itself."""

    name: str = Field("Securely", description="The name it introduces itself with.")
    env: str = Field("production", description="Where it runs: local, testing, production …")
    debug: bool = Field(False, description="Whether errors show their whole story.")
    url: str = Field("http://localhost", description="The address people reach it by.")
    timezone: str = Field("UTC", description="The time zone of logs and of dates in input.")
    locale: str = Field("en", description="The language of what users read.")
    fallback_locale: str | None = Field(
        "en", description="The language of the lines that the first one lacks."
    )
    key: str | None = Field(
        None, description="Encrypts and signs.", json_schema_extra={"secret": True}
    )
    previous_keys: list[str] = Field(
        default_factory=list,
        description="Earlier keys, still good for reading.",
        json_schema_extra={"secret": True},
    )
    cipher: Literal["aes-128-cbc", "aes-256-cbc", "aes-128-gcm", "aes-256-gcm"] = Field(
        "aes-256-cbc", description="How values are encrypted."
    )
    decrypt_ciphers: list[Literal["aes-128-cbc", "aes-256-cbc", "aes-128-gcm", "aes-256-gcm"]] = (
        Field(default_factory=list, description="Ciphers that are read besides.")
    )
    providers: list[str] | None = Field(
        None, description="The framework's providers, or others in their place; all when null."
    )
    maintenance: MaintenanceOptions = Field(
        default_factory=lambda: MaintenanceOptions(driver="file", store=None),
        description="How it is taken down.",
    )

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (KeyError, ValueError, OSError):
            raise ValueError("is not a time zone, such as UTC or Europe/Berlin") from None
        return value

    @field_validator("locale")
    @classmethod
    def _named_locale(cls, value: str) -> str:
        return locale_name(value)  # its InvalidLocale is a ValueError

    @field_validator("fallback_locale")
    @classmethod
    def _named_fallback(cls, value: str | None) -> str | None:
        return locale_name(value) if value else None

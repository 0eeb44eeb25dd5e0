"""ValidationOptions: the section `validation` of the configuration."""

from __future__ import annotations

from pydantic import Field

from securely.support.options import Options

__all__ = ["ValidationOptions"]


class ValidationOptions(Options):
    """How much of hostile data is looked at, and what becomes of fields without rules."""

    expanded_max: int = Field(
        default=100_000,
        ge=1,
        description="So many fields at most may stand for one name with stars, such as items.*.",
    )
    errors_max: int = Field(
        default=1_000,
        ge=1,
        description="So many messages are made of one validation; the rest is not looked at.",
    )
    include_unvalidated_array_keys: bool = Field(
        default=False,
        description="Whether a field with the rule array is taken whole although fields within "
        "it have rules of their own.",
    )
    fail_on_unknown_fields: bool = Field(
        default=False, description="Whether fields that have no rules are refused."
    )

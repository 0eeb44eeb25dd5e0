"""Errors that nobody caught: who is told of them, how, and when they are not."""

from securely.foundation.errors.contracts import Level, ShouldntReport
from securely.foundation.errors.handler import ErrorHandler
from securely.foundation.errors.hooks import Hooks
from securely.foundation.errors.rules import Reporting

__all__ = ["ErrorHandler", "Hooks", "Level", "Reporting", "ShouldntReport"]

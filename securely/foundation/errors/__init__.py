"""Errors that nobody caught: who is told of them, how, and when they are not."""

from securely.foundation.errors.contracts import Level, Rate, Reporter, ShouldntReport
from securely.foundation.errors.handler import ErrorHandler
from securely.foundation.errors.hooks import Hooks
from securely.foundation.errors.reporters import Reporters
from securely.foundation.errors.rules import Reporting
from securely.foundation.errors.throttle import Lottery

__all__ = [
    "ErrorHandler",
    "Hooks",
    "Level",
    "Lottery",
    "Rate",
    "Reporter",
    "Reporters",
    "Reporting",
    "ShouldntReport",
]

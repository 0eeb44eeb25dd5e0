"""What test authors import: the fixtures' types, time travel, and stand-ins for services.

The pytest plugin gives ``app`` (a fresh application that is current in one test), ``artisan``
(runs commands and checks what they said) and ``clock`` (time that stands still until moved).
Suites for driver authors are in ``securely.testing.suites``.

Files: ``application.py`` makes applications for tests; ``console.py`` runs commands, and
``questions.py`` answers what they ask; ``time.py`` moves time; ``doubles.py`` puts other services
in place; ``plugin.py`` is the plugin.
"""

from securely.testing.application import TestEnvironment, fresh_application
from securely.testing.console import Artisan, CommandResult, PendingCommand
from securely.testing.doubles import mock, partial_mock, spy, swapped
from securely.testing.time import Travel, freeze

__all__ = [
    "Artisan",
    "CommandResult",
    "PendingCommand",
    "TestEnvironment",
    "Travel",
    "freeze",
    "fresh_application",
    "mock",
    "partial_mock",
    "spy",
    "swapped",
]

"""CallWay: a function of the application runs in this process."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

from securely.container import Container
from securely.schedule.definition.actions import CallAction
from securely.schedule.definition.given import is_invoked
from securely.schedule.running.capture import capturing
from securely.schedule.running.output import Sink
from securely.support.awaiting import answered
from securely.support.importing import import_object

__all__ = ["CallWay"]


class CallWay:
    """Runs functions, sync and async, and gives them what their parameters ask for.

    Args:
        container: Makes what they ask for.
    """

    def __init__(self, container: Container) -> None:
        self._container = container

    def run(self, action: CallAction, sink: Sink) -> int:
        """Call the function; what it prints goes to *sink*.

        Returns:
            0; 1 where it returned False; the code of a `sys.exit`.

        Raises:
            Exception: What it raised.

        Source: Laravel 13, CallbackEvent::execute.
        """
        with capturing(sink):
            try:
                return 1 if self._call(action) is False else 0
            except SystemExit as error:
                return _code_of(error)

    def _call(self, action: CallAction) -> object:
        given = action.parameters
        function: Any = action.function
        if isinstance(function, str):
            function = import_object(function)
        if isinstance(function, type) and not is_invoked(function) and hasattr(function, "handle"):
            function = self._container.make(function).handle
        if isinstance(given, Mapping):
            return answered(self._container.call(function, overrides=given))
        return answered(self._container.call(function, *given))


def _code_of(error: SystemExit) -> int:
    """Return the exit code of a `sys.exit`, as the interpreter has it."""
    if error.code is None or isinstance(error.code, int):
        return error.code or 0
    sys.stderr.write(f"{error.code}\n")
    return 1

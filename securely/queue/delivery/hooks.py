"""Hooks: `failed()` of jobs that are over, on fresh instances."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, suppress
from typing import Any, Final, cast

from securely.container import Container
from securely.queue.contracts import FailedJob
from securely.queue.delivery.failure import unpack_error
from securely.queue.delivery.interaction import Aftermath
from securely.queue.exceptions import EntityNotFound, RecordedFailure
from securely.queue.payload import Codec, Frame, Header
from securely.support.awaiting import answered

__all__ = ["Hooks"]

_ERRORS_MAX: Final = 256  # errors whose hooks have not run yet; each holds its frames


class Hooks:
    """Runs `failed()` of jobs.

    Args:
        container: Builds what a hook asks for.
        codec: Reads payloads.
        report: Told of what a hook raises.
        unit: Returns the block in which the context is that of a job.
    """

    def __init__(
        self,
        container: Container,
        codec: Codec,
        report: Callable[[BaseException, Mapping[str, object]], object],
        unit: Callable[[Header], AbstractContextManager[None]],
    ) -> None:
        self._container = container
        self._codec = codec
        self._report = report
        self._unit = unit
        self._errors: dict[int, BaseException] = {}

    def remember(self, id_: int, error: BaseException) -> None:
        """Keep *error* for the hook that runs once the failure is recorded."""
        if len(self._errors) >= _ERRORS_MAX:
            self.forget()
        self._errors[id_] = error

    def forget(self) -> None:
        """Keep no error: hooks are given what was recorded."""
        self._errors.clear()

    def run(self, failed: FailedJob, connection: str) -> None:
        """Run the hook of *failed*, of the connection of that name; report what it raises."""
        try:
            frame = self._codec.decode(failed.payload)
        except Exception as error:  # the failure is recorded; this must not hide it
            self._failed(failed, error)
            return
        with self._unit(frame.header):
            try:
                self._run(frame, failed, connection)
            except Exception as error:  # as above
                self._failed(failed, error)

    def _run(self, frame: Frame, failed: FailedJob, connection: str) -> None:
        known = Aftermath.of(failed, frame.header.uuid, connection)
        known.learn(frame.trail, frame.header.batch, frame.header.context)
        with self._container.scope(), known:
            answered(self._call(frame, failed))

    def _failed(self, failed: FailedJob, error: BaseException) -> None:
        self._report(error, {"job": failed.name, "id": failed.uuid, "during": "failed()"})

    def _call(self, frame: Frame, failed: FailedJob) -> object:
        parameter = frame.blueprint.failed_parameter
        if parameter is None:
            return None
        with suppress(EntityNotFound):  # the hook may do without; it has the reference
            frame.blueprint.load(frame.job)
        hook = cast(Any, frame.job).failed
        if parameter == "":
            return hook()
        error = self._errors.pop(failed.id, None)
        if error is None:
            recorded = unpack_error(failed.error)
            error = RecordedFailure(recorded.type, recorded.message, recorded.trace)
        return self._container.call(hook, error)

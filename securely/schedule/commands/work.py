"""schedule:work."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import ExitStack, contextmanager
from signal import SIGINT, SIGTERM
from typing import ClassVar

from securely.console.output.style import safe
from securely.container import current
from securely.schedule.commands.base import Lines, OfSchedule
from securely.schedule.schedule import Schedule
from securely.settings import Settings
from securely.support.control import begin_anew

__all__ = ["WorkCommand"]


class WorkCommand(OfSchedule):
    """Runs tasks at their times until it is told to stop."""

    signature: ClassVar[str] = """schedule:work
        {--standby : Only look on while another process of this machine looks at the clock}
        {--whisper : Say nothing of tasks that are not run}"""
    description: ClassVar[str] = "Run scheduled tasks at their times, without cron"
    help: ClassVar[str] = (
        "SIGTERM or Ctrl-C lets the running tasks end, and ends with 0; a second one ends them,\n"
        "and leaves functions behind that do not.\n"
        "After schedule:interrupt it begins anew, with the code as it is then. As many of them as\n"
        "you like may run, on as many machines: each tick is started once."
    )

    def handle(self, schedule: Schedule, settings: Settings) -> int:
        """Work until a signal says to stop."""
        from securely.schedule.ticking.duty import Duty
        from securely.schedule.ticking.loop import Loop, Stop

        tasks = self.tasks_here(schedule)
        if not tasks:
            self.warn("No task is scheduled; define some in routes/console.py.")
        self.warn_of_unknown(tasks)
        self.info("Running scheduled tasks.")
        self.output.flush()
        lines = Lines(self.output, schedule.default_zone, tells_skipped=not self.boolean("whisper"))
        with Duty.begun() as duty:
            loop = Loop(tasks, duty.runner, duty.ledger, duty.member, lines, duty.options)
            if self.boolean("standby"):
                loop.leading = duty.ledger.join()
            with (
                self.trapping((SIGTERM, SIGINT), duty.stopping(loop)),
                self._following(settings, loop.renew),
            ):
                reason = loop.work()
        if reason in {Stop.INTERRUPTED, Stop.RENEWED}:
            why = "Interrupted" if reason is Stop.INTERRUPTED else "The settings have changed"
            self.info(f"{why}: beginning anew.")
            self.output.flush()
            begin_anew(getattr(current(), "terminate", bool))
        return self.SUCCESS

    @contextmanager
    def _following(self, settings: Settings, begin: Callable[[], object]) -> Generator[None]:
        """Let this process follow changes of the settings within the block."""
        from securely.schedule.ticking.renewal import Renewal
        from securely.schedule.ticking.trial import trial_line

        facts = {"revision": settings.revision}
        with ExitStack() as stack:
            listening = settings.hooks.listening("schedule:work", facts, self.warn)
            control = stack.enter_context(listening)
            if control is not None:
                stack.enter_context(
                    Renewal(
                        control,
                        trial_line(),
                        follow=_follow,
                        begin_anew=begin,
                        tell=self._told,
                    )
                )
            yield

    def _told(self, text: str) -> None:
        self.warn(safe(text))
        self.output.flush()


def _follow(names: Sequence[str]) -> None:
    from securely.settings.hooks.following import Follower  # most live without a change

    current().make(Follower).follow(names)

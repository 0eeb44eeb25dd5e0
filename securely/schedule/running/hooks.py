"""Hooks: what is done before and after a task: functions are called, URLs told, output mailed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from inspect import Parameter, signature
from typing import Any, Final, TypeAlias

from securely.container import Container
from securely.schedule.contracts import OutputMailer, Pinger
from securely.schedule.definition.manners import Hook, Mail, Ping
from securely.schedule.exceptions import PingFailed
from securely.schedule.task import Task
from securely.support.awaiting import answered
from securely.support.masking import mask_urls

__all__ = ["MAIL", "MAILER", "Hooks", "Report", "Warn"]

# What the mail component, or an application, binds an OutputMailer to.
MAILER: Final = "schedule.mailer"

# Who mails where nothing is bound to that: by its name, since mail stands beside the schedule.
MAIL: Final = "mail"

Report: TypeAlias = Callable[[BaseException, Mapping[str, object]], None]
"""Told of an exception, with what is known of the run."""

Warn: TypeAlias = Callable[[str, Mapping[str, object]], None]
"""Told of what may be looked at some day, and of which run it is."""


class Hooks:
    """Does what is to be done around tasks. Whatever goes wrong, the rest is done as well.

    Args:
        container: Gives hooks what they ask for, and has the mailer and perhaps a pinger.
        report: Told of each exception.
        warn: Told of what may be looked at some day, such as a ping that failed.
        ping_timeout_seconds: How long a URL may take to answer.
    """

    def __init__(
        self, container: Container, report: Report, warn: Warn, ping_timeout_seconds: float
    ) -> None:
        self._container = container
        self._report = report
        self._warn = warn
        self._ping_timeout_seconds = ping_timeout_seconds

    def before(self, task: Task) -> BaseException | None:
        """Do what comes before *task*, and return the first exception of a hook."""
        return self._run(task, ("before",), "")

    def after(self, task: Task, output: str, *, is_done: bool) -> BaseException | None:
        """Do what comes after *task*, and return the first exception of a hook.

        Args:
            task: It has run.
            output: What it wrote.
            is_done: Whether it ended well.
        """
        whens = ("after", "success" if is_done else "failure")
        first = self._run(task, whens, output)
        for mail in task.manners.mails:
            if mail.when in whens and (output or not mail.only_if_output):
                self._mail(task, mail, output)
        return first

    def _run(self, task: Task, whens: tuple[str, ...], output: str) -> BaseException | None:
        first: BaseException | None = None
        for hook in task.manners.hooks:
            if hook.when not in whens:
                continue
            error = self._call(task, hook, output)
            first = first or error
        for ping in task.manners.pings:
            if ping.when in whens:
                self._ping(task, ping)
        return first

    def _call(self, task: Task, hook: Hook, output: str) -> BaseException | None:
        if hook.only_if_output and not output:
            return None
        about = {Task: task}  # for those who ask for it
        try:
            if not hook.wants_output:
                answered(self._container.call(hook.call, overrides=about))
            elif "output" in _names(hook.call):
                answered(self._container.call(hook.call, overrides=about, output=output))
            else:
                answered(self._container.call(hook.call, output, overrides=about))
        except (Exception, SystemExit) as error:
            self._report(error, {"task": task.summary, "in": f'a hook of "{hook.when}"'})
            return error
        return None

    def _ping(self, task: Task, ping: Ping) -> None:
        try:
            self._pinger().ping(ping.url)
        except Exception as error:  # a border: a monitor that is down stops nothing
            shown = error
            if not isinstance(error, PingFailed):  # of a pinger that the application has bound
                shown = PingFailed(mask_urls(ping.url), mask_urls(str(error)))
            self._warn(str(shown), {"task": task.summary})

    def _pinger(self) -> Pinger:
        if self._container.bound(Pinger):
            pinger: Pinger = self._container.make(Pinger)
            return pinger
        from securely.schedule.running.pings import UrlPinger

        return UrlPinger(self._ping_timeout_seconds)

    def _mail(self, task: Task, mail: Mail, output: str) -> None:
        if not (self._container.bound(MAILER) or self._container.bound(MAIL)):
            self._warn(
                f'The output of a task is to be mailed, and nothing is bound to "{MAILER}".',
                {"task": task.summary, "addresses": list(mail.addresses)},
            )
            return
        subject = f"Output of the scheduled task {task.summary}"
        try:
            self._send(mail, subject, output)
        except Exception as error:  # a border: the task has run, whoever is told of it
            self._report(error, {"task": task.summary, "in": "the mail of its output"})

    def _send(self, mail: Mail, subject: str, output: str) -> None:
        if self._container.bound(MAILER):
            mailer: OutputMailer = self._container.make(MAILER)
            mailer.send(mail.addresses, subject, output)
            return
        service: Any = self._container.make(MAIL)
        service.raw(output, to=list(mail.addresses), subject=subject)


def _names(function: Callable[..., object]) -> list[str]:
    """Return the names by which *function* can be given something."""
    try:
        parameters = signature(function).parameters.values()
    except (TypeError, ValueError):  # written in C, without a signature
        return []
    named = (Parameter.POSITIONAL_OR_KEYWORD, Parameter.KEYWORD_ONLY)
    return [each.name for each in parameters if each.kind in named]

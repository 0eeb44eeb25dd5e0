"""Conduct: whether and how a task runs: when, skip, without_overlapping, hooks, output …

Source: Laravel 13, Illuminate\\Console\\Scheduling\\ManagesAttributes and Event.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from enum import Enum
from os import PathLike
from typing import Final, Generic, TypeVar, get_args

from securely.schedule.definition import given
from securely.schedule.definition.frequencies import Shaped
from securely.schedule.definition.manners import CatchUp, Condition, Hook, Mail, Output, Ping, When
from securely.schedule.exceptions import InvalidTask
from securely.support.durations import Duration

__all__ = ["Conduct"]

S = TypeVar("S", bound=Shaped)
_POLICIES: Final = get_args(CatchUp)


class Conduct(ABC, Generic[S]):
    """Whether and how something runs; each method returns what it has changed."""

    @abstractmethod
    def shaped(self) -> S:
        """Return what is to be changed."""

    # -- what it is called

    def name(self, name: str) -> S:
        """Give it a name: its id, and what people see.

        Raises:
            InvalidTask: It is no text.
        """
        target = self.shaped()
        target.manners.name = given.text(target, "name", name)
        return target

    def description(self, text: str) -> S:
        """Say what it is for.

        Raises:
            InvalidTask: It is no text.
        """
        target = self.shaped()
        target.manners.description = given.text(target, "description", text)
        return target

    # -- whether

    def when(self, condition: Callable[..., object] | bool) -> S:
        """Run only if *condition* is true.

        Args:
            condition: A function of either colour, injected (the task itself, too, by its class);
                or a value.
        """
        target = self.shaped()
        target.manners.filters.append(_condition(target, "when", condition, "is not met"))
        return target

    def skip(self, condition: Callable[..., object] | bool) -> S:
        """Run only if *condition* is not true; otherwise as :meth:`when`."""
        target = self.shaped()
        words = "says that it is to be skipped"
        target.manners.rejects.append(_condition(target, "skip", condition, words))
        return target

    def environments(self, *names: str | Enum | Iterable[str | Enum]) -> S:
        """Be a task in these environments only."""
        target = self.shaped()
        target.manners.environments = tuple(given.texts(target, "environments", names))
        return target

    def even_in_maintenance_mode(self) -> S:
        """Run also while the application is down."""
        target = self.shaped()
        target.manners.runs_in_maintenance = True
        return target

    def even_when_paused(self) -> S:
        """Run also while the schedule is paused."""
        target = self.shaped()
        target.manners.runs_when_paused = True
        return target

    def without_overlapping(self, expires: Duration = "24h") -> S:
        """Do not run while another run of this task is going on.

        Args:
            expires: After how long the lock is free though its holder lives: "24h", a timedelta,
                seconds. A lock whose holder has died is free at once.

        Raises:
            InvalidTask: It is no duration above 0.
        """
        target = self.shaped()
        target.manners.overlap_seconds = given.duration(target, "without_overlapping", expires)
        return target

    def create_mutex_name_using(self, name: str) -> S:
        """Share the lock of :meth:`without_overlapping` with all tasks that use this name."""
        target = self.shaped()
        target.manners.lock_name = given.text(target, "create_mutex_name_using", name)
        return target

    def on_one_server(self, is_on_one_server: bool = True) -> S:
        """Run once per tick on all machines that share the store; False: once on each of them."""
        target = self.shaped()
        target.manners.is_on_one_server = bool(is_on_one_server)
        return target

    # -- what was missed

    def catch_up(self, policy: CatchUp) -> S:
        """Say what becomes of ticks at which nobody looked at the clock.

        Args:
            policy: "skip" them, run "once" for all of them, or run "all" of them.

        Raises:
            InvalidTask: It is none of these.
        """
        target = self.shaped()
        if policy not in _POLICIES:
            raise target.wrong(
                InvalidTask(
                    f'catch_up({given.shown(policy)}): it is one of "skip", "once" and "all"'
                )
            )
        target.manners.catch_up = policy
        return target

    def grace(self, duration: Duration) -> S:
        """Say how late a tick may be run, and is not missed.

        Raises:
            InvalidTask: It is no duration above 0.
        """
        target = self.shaped()
        target.manners.grace_seconds = given.duration(target, "grace", duration)
        return target

    def jitter(self, duration: Duration) -> S:
        """Run later by up to *duration*, always by the same on one machine.

        Raises:
            InvalidTask: It is no duration above 0.
        """
        target = self.shaped()
        target.manners.jitter_seconds = given.duration(target, "jitter", duration)
        return target

    def rerun_when_lost(self) -> S:
        """Run again when the process that ran it has died."""
        target = self.shaped()
        target.manners.reruns_when_lost = True
        return target

    # -- how

    def run_in_background(self) -> S:
        """Let the other tasks of its minute not wait for it; for commands and programs."""
        target = self.shaped()
        target.manners.is_in_background = True
        return target

    def user(self, user: str) -> S:
        """Run a command or a program as this user of the system; needs root."""
        target = self.shaped()
        target.manners.user = given.text(target, "user", user)
        return target

    def meta(self, /, **facts: object) -> S:
        """Keep facts about the task, in `task.manners.meta`."""
        return self.with_attributes(facts)

    def with_attributes(self, facts: Mapping[str, object]) -> S:
        """Do as :meth:`meta`, with a dict.

        Raises:
            InvalidTask: It is none, or a name is no text.
        """
        target = self.shaped()
        if not given.are_facts(facts):
            raise target.wrong(
                InvalidTask(f"with_attributes({given.shown(facts)}): give a dict, by names")
            )
        target.manners.meta.update(facts)
        return target

    # -- output

    def send_output_to(self, path: str | PathLike[str], append: bool = False) -> S:
        """Write what it writes into a file, too; below the application's folder if relative."""
        target = self.shaped()
        target.manners.output = Output(given.path(target, "send_output_to", path), bool(append))
        return target

    def append_output_to(self, path: str | PathLike[str]) -> S:
        """Do as :meth:`send_output_to`, at the end of the file."""
        return self.send_output_to(path, append=True)

    def store_output(self) -> S:
        """Keep its output: the end of it is in the history in any case."""
        return self.shaped()

    def email_output_to(self, addresses: str | Iterable[str], only_if_output: bool = True) -> S:
        """Mail its output, through what is bound as `schedule.mailer`."""
        return self._mail("email_output_to", addresses, "after", only_if_output)

    def email_written_output_to(self, addresses: str | Iterable[str]) -> S:
        """Mail its output, if there is some."""
        return self._mail("email_written_output_to", addresses, "after", True)

    def email_output_on_failure(self, addresses: str | Iterable[str]) -> S:
        """Mail its output when it has failed."""
        return self._mail("email_output_on_failure", addresses, "failure", False)

    # -- hooks

    def before(self, call: Callable[..., object]) -> S:
        """Call a function before it runs; of either colour, injected."""
        return self._hook("before", call, wants_output=False)

    def after(self, call: Callable[..., object]) -> S:
        """Call a function after it has run, well or not; with `output: str`, if it asks for it."""
        return self._hook("after", call)

    def then(self, call: Callable[..., object]) -> S:
        """Do as :meth:`after`."""
        return self._hook("after", call)

    def then_with_output(self, call: Callable[..., object], only_if_output: bool = False) -> S:
        """Call a function with its output after it has run."""
        return self._hook("after", call, wants_output=True, only_if_output=only_if_output)

    def on_success(self, call: Callable[..., object]) -> S:
        """Call a function after it has ended well."""
        return self._hook("success", call)

    def on_success_with_output(
        self, call: Callable[..., object], only_if_output: bool = False
    ) -> S:
        """Call a function with its output after it has ended well."""
        return self._hook("success", call, wants_output=True, only_if_output=only_if_output)

    def on_failure(self, call: Callable[..., object]) -> S:
        """Call a function after it has failed."""
        return self._hook("failure", call)

    def on_failure_with_output(
        self, call: Callable[..., object], only_if_output: bool = False
    ) -> S:
        """Call a function with its output after it has failed."""
        return self._hook("failure", call, wants_output=True, only_if_output=only_if_output)

    # -- pings

    def ping_before(self, url: str) -> S:
        """Ask for a URL before it runs."""
        return self._ping("ping_before", url, "before")

    def ping_before_if(self, condition: object, url: str) -> S:
        """Do as :meth:`ping_before`, if *condition* is true now."""
        return self.ping_before(url) if condition else self.shaped()

    def then_ping(self, url: str) -> S:
        """Ask for a URL after it has run."""
        return self._ping("then_ping", url, "after")

    def then_ping_if(self, condition: object, url: str) -> S:
        """Do as :meth:`then_ping`, if *condition* is true now."""
        return self.then_ping(url) if condition else self.shaped()

    def ping_on_success(self, url: str) -> S:
        """Ask for a URL after it has ended well."""
        return self._ping("ping_on_success", url, "success")

    def ping_on_success_if(self, condition: object, url: str) -> S:
        """Do as :meth:`ping_on_success`, if *condition* is true now."""
        return self.ping_on_success(url) if condition else self.shaped()

    def ping_on_failure(self, url: str) -> S:
        """Ask for a URL after it has failed."""
        return self._ping("ping_on_failure", url, "failure")

    def ping_on_failure_if(self, condition: object, url: str) -> S:
        """Do as :meth:`ping_on_failure`, if *condition* is true now."""
        return self.ping_on_failure(url) if condition else self.shaped()

    # -- inside

    def _hook(
        self,
        when: When,
        call: Callable[..., object],
        *,
        wants_output: bool | None = None,
        only_if_output: bool = False,
    ) -> S:
        target = self.shaped()
        if not given.is_function(call):
            raise target.wrong(InvalidTask(f"a hook is a function, not {given.shown(call)}"))
        wants = given.asks_for_output(call) if wants_output is None else wants_output
        target.manners.hooks.append(Hook(when, call, wants, only_if_output))
        return target

    def _ping(self, method: str, url: str, when: When) -> S:
        target = self.shaped()
        target.manners.pings.append(Ping(given.url(target, method, url), when))
        return target

    def _mail(
        self, method: str, addresses: str | Iterable[str], when: When, only_if_output: bool
    ) -> S:
        target = self.shaped()
        named = tuple(given.texts(target, method, (addresses,)))
        target.manners.mails.append(Mail(named, when, bool(only_if_output)))
        return target


def _condition(
    target: Shaped, method: str, condition: Callable[..., object] | bool, words: str
) -> Condition:
    if not callable(condition):
        value = given.truth(target, method, condition)
        return Condition(lambda: value, f"a condition {words}")
    if isinstance(condition, type) and not given.is_invoked(condition):
        raise target.wrong(
            InvalidTask(f"{method}({condition.__qualname__}): its objects can not be called")
        )
    name: str = getattr(condition, "__name__", "<lambda>")
    return Condition(
        condition, f"a condition {words}" if "<" in name else f"the condition {name} {words}"
    )

"""Hooks: what the application and its configuration want to be done about a change."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final, TypeAlias, cast

from securely.config import Config
from securely.events import Dispatcher
from securely.exceptions import ConfigurationError
from securely.settings.events import SettingChanged
from securely.settings.exceptions import ChangeRefused, HookFailed
from securely.settings.history import Change, without_values
from securely.settings.hooks.announcing import Told, announce, failures, listed
from securely.settings.hooks.notice import Notice
from securely.settings.hooks.outbox import Outbox, Undelivered
from securely.settings.hooks.plan import Plan, Webhook
from securely.settings.hooks.programs import Programs
from securely.settings.hooks.webhooks import label_of, post
from securely.support import clock
from securely.support.control import ControlSocket, listening

__all__ = ["After", "Before", "Consequence", "Hooks"]

Values: TypeAlias = Mapping[str, str | None]
Before: TypeAlias = Callable[[Notice], Values | None]
"""Is asked before a change: refuses it with `ChangeRefused`, or returns other values for some
variables, or None."""
After: TypeAlias = Callable[[Notice], object]
"""Is told of a change."""

_WRONG_PLAN: Final = (
    "No program and no URL was asked or told: the section settings of the configuration is not "
    "valid; settings:validate says why."
)
_HEALTH_PAUSE_SECONDS: Final = 0.5  # between two looks at the health


@dataclass(frozen=True, slots=True)
class Consequence:
    """What a change has come to.

    Attributes:
        told: What each process has made of it.
        problems: Why it is not to stay; empty if it is.
        notes: What to know besides.
    """

    told: tuple[Told, ...] = ()
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = field(default=())


class Hooks:
    """Asks before a change, and tells after it.

    Args:
        storage: Where the application writes.
        programs: Runs programs.
        events: Tells listeners.
        config: What is read in this process.
        plan: Returns what the configuration says; asked anew for every change.
        secrets: Returns the values that nobody may repeat.

    Attributes:
        folder: The register of the processes that are told.
        outbox: What could not be told.
        waits: Whether a change is over only when all processes have followed, however long their
            running work takes.
    """

    def __init__(
        self,
        storage: Path,
        programs: Programs,
        events: Dispatcher,
        config: Config,
        plan: Callable[[], Plan],
        secrets: Callable[[], Iterable[str]],
    ) -> None:
        self._programs = programs
        self._events = events
        self._config = config
        self._plan = plan
        self._secrets = secrets
        self.folder: Path = storage / "framework" / "control"
        self.outbox: Outbox = Outbox(storage / "settings" / "undelivered.jsonl")
        self.waits: bool = False
        self._before: list[Before] = []
        self._after: list[After] = []

    @property
    def plan(self) -> Plan:
        """What the configuration says; the defaults where it is wrong, for it to be repaired."""
        return self._planned()[0]

    def _planned(self) -> tuple[Plan, list[str]]:
        try:
            return self._plan(), []
        except ConfigurationError:
            return Plan(), [_WRONG_PLAN]

    def concealed(self, text: str, changes: Sequence[Change]) -> str:
        """Return *text*, which a program or a process has said, without any value of a secret."""
        return without_values(text, changes, self._secrets())

    def before(self, hook: Before) -> Before:
        """Ask *hook* before every change; usable as a decorator."""
        self._before.append(hook)
        return hook

    def after(self, hook: After) -> After:
        """Tell *hook* of every change; usable as a decorator."""
        self._after.append(hook)
        return hook

    def listening(
        self, kind: str, facts: Mapping[str, object], complain: Callable[[str], object]
    ) -> AbstractContextManager[ControlSocket | None]:
        """Let this process be told of changes within a `with` block.

        Args:
            kind: What it is: the name of its command.
            facts: What it says of itself beside.
            complain: Told in a line if that is not possible.
        """
        return listening(self.folder, kind, facts, complain)

    def processes(self) -> list[dict[str, object]]:
        """Return what the processes that are told of changes say of themselves.

        Raises:
            PermissionError: They are another user's.
        """
        return listed(self.folder)

    # -- before

    def ask(self, proposed: Notice) -> dict[str, str | None]:
        """Return other values for some variables, as those want it who are asked.

        Raises:
            ChangeRefused: One of them says no.
        """
        plan = self.plan
        wanted: dict[str, str | None] = {}
        for hook in self._before:
            wanted |= hook(proposed) or {}
        for line in plan.before:
            try:
                output = self._run(line, proposed, plan=plan)
            except HookFailed as error:
                raise ChangeRefused(line, error.reason) from None
            wanted |= _values(line, output)
        return wanted

    # -- after

    def take_over(self, values: Mapping[str, object]) -> None:
        """Let the configuration of this process have *values*, which change while it runs."""
        self._config.set(values)

    def tell(self, notice: Notice, unchanged: Sequence[int] = ()) -> Consequence:
        """Tell processes, and if they can follow, programs, URLs and listeners.

        Args:
            notice: What has changed.
            unchanged: The numbers of processes that have not followed what it undoes.
        """
        plan, notes = self._planned()
        told: list[Told] = []
        try:
            watched = math.inf if self.waits else plan.verify_for
            told = announce(self.folder, notice, (plan.timeout, watched), unchanged)
        except PermissionError:
            notes.append(
                f"Processes were not told: {self.folder} is another user's. Change settings as "
                "the user that they run as."
            )
        problems = failures(told)
        if not problems:
            notes += [str(one) for one in told if one.state in {"following", "stopped"}]
            notes += self._tell_others(notice, plan)
        return Consequence(tuple(told), tuple(problems), tuple(notes))

    def examine(self, notice: Notice) -> tuple[str, ...]:
        """Run what looks at the health, for as long as that is watched; return what is wrong."""
        plan = self.plan
        deadline = clock.monotonic() + plan.verify_for
        while plan.health:
            for line in plan.health:
                try:
                    self._run(line, notice, plan=plan)
                except HookFailed as error:
                    return (f"{line} says that something is wrong: {error.reason}",)
            if clock.monotonic() + _HEALTH_PAUSE_SECONDS >= deadline:
                break
            clock.sleep(_HEALTH_PAUSE_SECONDS)
        return ()

    def retry(self, opened: Callable[[int], Notice | None]) -> list[Undelivered]:
        """Tell once more what could not be told, and return what still could not.

        What is configured no longer, or is of a change that nobody remembers, is forgotten.

        Args:
            opened: Returns the change of a revision.
        """
        plan = self.plan
        known = self._deliveries(plan)
        left: list[Undelivered] = []
        for row in self.outbox.all():
            notice = opened(row.revision)
            if notice is None or row.hook not in known:
                continue
            try:
                known[row.hook](notice)
            except HookFailed as error:
                left.append(_undelivered(notice, row.hook, error))
        self.outbox.keep(left)
        return left

    def test(self, notice: Notice) -> list[tuple[str, str]]:
        """Tell programs and URLs of *notice*, which is none; return each with what went wrong."""
        plan = self.plan
        results: list[tuple[str, str]] = []
        before: dict[str, Callable[[Notice], object]] = {
            line: partial(self._run, line, plan=plan) for line in (*plan.before, *plan.health)
        }
        for name, deliver in {**before, **self._deliveries(plan)}.items():
            try:
                deliver(notice)
            except HookFailed as error:
                results.append((name, error.reason))
            else:
                results.append((name, ""))
        return results

    def _tell_others(self, notice: Notice, plan: Plan) -> list[str]:
        notes: list[str] = []
        lost: list[Undelivered] = []
        for name, deliver in self._deliveries(plan).items():
            try:
                deliver(notice)
            except HookFailed as error:
                lost.append(_undelivered(notice, name, error))
                notes.append(f"{error} It is kept: settings:hooks retry tells it again.")
        if lost:
            self.outbox.keep([*self.outbox.all(), *lost])
        for hook in self._after:
            try:
                hook(notice)
            except Exception as error:  # the border to the application's code: the change stands
                notes.append(f"{_name_of(hook)} raised {type(error).__name__}.")
        notes += self._dispatch(notice)
        return notes

    def _dispatch(self, notice: Notice) -> Iterable[str]:
        for change in notice.changes:
            keys = notice.keys.get(change.name, ())
            try:
                self._events.dispatch(
                    SettingChanged(change.name, keys, change.secret, notice.revision)
                )
            except Exception as error:  # the border to listeners, as above
                yield f"A listener to SettingChanged raised {type(error).__name__}."

    def _deliveries(self, plan: Plan) -> dict[str, Callable[[Notice], object]]:
        found: dict[str, Callable[[Notice], object]] = {}
        for line in plan.after:
            found[line] = partial(self._run, line, plan=plan)
        for webhook in plan.webhooks:
            found[label_of(webhook)] = partial(self._post, webhook, plan=plan)
        return found

    def _run(self, line: str, notice: Notice, *, plan: Plan) -> str:
        with self._told_without_secrets(notice):
            return self._programs.run(line, notice.data(plan.reveal), plan.timeout)

    def _post(self, webhook: Webhook, notice: Notice, *, plan: Plan) -> None:
        with self._told_without_secrets(notice):
            post(webhook, notice.data(plan.reveal), plan.timeout)

    @contextmanager
    def _told_without_secrets(self, notice: Notice) -> Generator[None]:
        """Let what went wrong within the block hold no secret, which a hook may repeat."""
        try:
            yield
        except HookFailed as error:
            reason = self.concealed(error.reason, notice.changes)
            raise HookFailed(error.hook, reason) from None


def _values(line: str, output: str) -> dict[str, str | None]:
    """Return the values that a program wants: a JSON object of variables, or nothing."""
    if not output.strip():
        return {}
    try:
        found = json.loads(output)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise ChangeRefused(line, "it printed something else than an object in JSON")
    rows = cast("dict[str, object]", found)
    return {name: _text(line, name, value) for name, value in rows.items()}


def _text(line: str, name: str, value: object) -> str | None:
    """Return *value* as a file has it: what `.env` calls true is no Python."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, (bool, int, float)):
        return json.dumps(value)
    raise ChangeRefused(line, f"it wants {name} to be a list or an object, and not a text")


def _undelivered(notice: Notice, hook: str, error: HookFailed) -> Undelivered:
    at = clock.now().isoformat(timespec="seconds")
    return Undelivered(notice.revision or 0, hook, at, error.reason)


def _name_of(hook: object) -> str:
    return getattr(hook, "__qualname__", None) or type(hook).__qualname__

"""settings:hooks, settings:watch."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from signal import SIGINT, SIGTERM
from typing import Any, ClassVar, Final

from securely.config.exceptions import EnvironmentFileBroken
from securely.console import Command
from securely.console.output.style import escape, safe
from securely.settings.commands.changing import Changes
from securely.settings.exceptions import InvalidSettings, Locked, SecretsBroken
from securely.settings.hooks.hooks import Hooks
from securely.settings.hooks.notice import Notice
from securely.settings.hooks.watching import LOOK_SECONDS, Watcher
from securely.settings.hooks.webhooks import label_of
from securely.settings.settings import Settings

__all__ = ["HooksCommand", "WatchCommand"]

_ACTIONS: Final = ("list", "test", "retry")


class HooksCommand(Command):
    """Shows who is asked and told of changes."""

    signature: ClassVar[str] = """settings:hooks
        {action=list : list; test, to tell programs and URLs of no change; or retry}
        {--json : As JSON}"""
    description: ClassVar[str] = "Show, test or retry what is told of changes of the settings"
    help: ClassVar[str] = (
        "`list` shows the processes that follow changes, each with the revision that it knows, "
        "the hooks of the configuration, and what could not be told. `retry` tells that again."
    )

    def handle(self, settings: Settings) -> int:
        """Do what the action says."""
        action = self.choice("action", _ACTIONS)
        if action == "test":
            return self._test(settings)
        if action == "retry":
            return self._retry(settings)
        return self._list(settings)

    def _list(self, settings: Settings) -> int:
        hooks = settings.hooks
        try:
            processes = hooks.processes()
        except PermissionError:
            self.fail(f"{hooks.folder} is another user's: the processes are not seen from here.")
        if self.boolean("json"):
            left = [each.revision for each in hooks.outbox.all()]
            told = {"revision": settings.revision, "processes": processes, "undelivered": left}
            self._print({**told, "hooks": _configured(hooks)})
            return self.SUCCESS
        for process in processes:
            self._show_process(process, settings.revision)
        if not processes:
            self.comment("No process runs that follows changes.")
        for when, names in _configured(hooks).items():
            for name in names:
                self.two_column_detail(safe(name), when)
        for row in hooks.outbox.all():
            self.warn(safe(f"{row.hook} was not told of revision {row.revision}: {row.reason}"))
        return self.SUCCESS

    def _show_process(self, process: Mapping[str, Any], revision: int) -> None:
        known = process.get("revision")
        name = f" {process['name']}" if process.get("name") else ""
        about = f"{process.get('kind', 'a busy process')}{name} ({process['pid']})"
        state = "unknown" if known is None else f"revision {known}"
        late = "" if known in {None, revision} else f" <comment>the last is {revision}</comment>"
        self.two_column_detail(safe(about), f"{state}{late}")

    def _test(self, settings: Settings) -> int:
        sample = Notice("test", settings.writer.vault.environment, (), how="live")
        results = settings.hooks.test(sample)
        if self.boolean("json"):
            rows = [{"hook": name, "problem": problem or None} for name, problem in results]
            self._print({"results": rows})
        else:
            for name, problem in results:
                what = f"<fg=red>{safe(problem)}</>" if problem else "<info>well</info>"
                self.two_column_detail(safe(name), what)
            if not results:
                self.comment("No program and no URL is configured: settings.hooks.")
        return self.FAILURE if any(problem for _, problem in results) else self.SUCCESS

    def _retry(self, settings: Settings) -> int:
        before = len(settings.hooks.outbox.all())
        left = settings.hooks.retry(settings.notice)
        if self.boolean("json"):
            rows = [{"hook": one.hook, "revision": one.revision} for one in left]
            self._print({"told": before - len(left), "undelivered": rows})
            return self.FAILURE if left else self.SUCCESS
        for row in left:
            self.error(safe(f"{row.hook} was not told of revision {row.revision}: {row.reason}"))
        if not left:
            self.info(f"All is told; {before} were left." if before else "Nothing was left.")
        return self.FAILURE if left else self.SUCCESS

    def _print(self, told: Mapping[str, object]) -> None:
        self.line(escape(json.dumps(told, ensure_ascii=False, indent=2)))


class WatchCommand(Changes):
    """Lets changes by an editor be remembered and told, too."""

    signature: ClassVar[str] = """settings:watch
        {--json : Tell each change as JSON}"""
    description: ClassVar[str] = "Let what an editor changes in .env be validated and told, too"
    help: ClassVar[str] = (
        "A change is checked, remembered by settings:history, and told to processes and hooks, as "
        "one of settings:set. What is not valid is said, and told to nobody. Ends by a signal."
    )

    def handle(self, settings: Settings) -> int:
        """Watch until a signal says to stop."""
        over = threading.Event()
        watcher = Watcher(settings)
        self.comment("Watching the settings.")
        self.output.flush()
        with self.trapping((SIGTERM, SIGINT), over.set):
            while not over.wait(LOOK_SECONDS):
                self.look(watcher)
        return self.SUCCESS

    def look(self, watcher: Watcher) -> None:
        """Look once, and show what was changed."""
        try:
            outcome = watcher.look()
        except Locked:
            return  # the next look finds it
        except InvalidSettings as error:
            problems = "\n".join(error.problems)
            self.error(safe(f"What was changed is not valid; nobody is told: {problems}"))
            watcher.calm()
        except (EnvironmentFileBroken, SecretsBroken) as error:
            self.error(safe(f"What was changed cannot be read; nobody is told: {error}"))
            watcher.calm()
        else:
            if outcome is not None:
                self.told(outcome, as_json=self.boolean("json"))
        self.output.flush()


def _configured(hooks: Hooks) -> dict[str, list[str]]:
    plan = hooks.plan
    return {
        "before": [*plan.before],
        "after": [*plan.after],
        "health": [*plan.health],
        "webhook": [label_of(webhook) for webhook in plan.webhooks],
    }

"""optimize, optimize:clear, reload: what makes an application start faster, and begin anew."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from securely.console import Artisan, BufferedOutput, Command
from securely.foundation.application import Application
from securely.foundation.providers.optimizing import (
    Chore,
    clearing,
    optimizing,
    reloading,
    wanted,
)

__all__ = ["OptimizeClearCommand", "OptimizeCommand", "ReloadCommand"]


class _Chores(Command):
    """Does one thing after the other, and writes a line for each."""

    def done(self, app: Application, chores: Sequence[Chore]) -> int:
        """Do what `--except` leaves of *chores*; FAILURE where one of them failed."""
        without = [name.strip() for name in str(self.option("except") or "").split(",")]
        failed: list[str] = []
        for chore in wanted(chores, without, app.make(Artisan).has):
            said = BufferedOutput()
            if not self.task(chore.key, _work(app, chore, said)):
                failed.append(f"{chore.key}: {said.all_text.strip() or 'it failed.'}")
        for each in failed:
            self.error(each)
        return self.FAILURE if failed else self.SUCCESS


class OptimizeCommand(_Chores):
    """Keeps what a start would work out: packages, providers, commands, configuration, events."""

    signature = """optimize
        {--e|except= : What to leave out, by key or by command, separated by commas}"""
    description = "Keep what makes the application start faster"

    def handle(self, app: Application) -> int:
        """Do what the framework has to, then what providers add."""
        app.providers.load_deferred()
        self.info("Keeping what makes the application start faster.")
        return self.done(app, optimizing(app))


class OptimizeClearCommand(_Chores):
    """Forgets what `optimize` has kept."""

    signature = """optimize:clear
        {--e|except= : What to leave out, by key or by command, separated by commas}"""
    description = "Forget what optimize has kept"

    def handle(self, app: Application) -> int:
        """Take back what the framework has kept, then what providers have."""
        app.providers.load_deferred()
        self.info("Forgetting what has been kept.")
        return self.done(app, clearing(app))


class ReloadCommand(_Chores):
    """Has workers and other services begin anew, with the new code."""

    signature = """reload
        {--e|except= : What to leave out, by key or by command, separated by commas}"""
    description = "Have running services begin anew, with the new code"

    def handle(self, app: Application) -> int:
        """Tell those of the framework, then those of providers."""
        app.providers.load_deferred()
        self.info("Having running services begin anew.")
        return self.done(app, reloading(app))


def _work(app: Application, chore: Chore, said: BufferedOutput) -> Callable[[], object]:
    task = chore.task
    if isinstance(task, str):
        return lambda: app.make(Artisan).call(task, output=said) == 0
    # Only False is a failure; what a function returns otherwise is its own affair.
    return lambda: app.call(task) is not False

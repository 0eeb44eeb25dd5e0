"""Binds the console of an application and its pipelines, and names the framework's commands."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, ClassVar, cast

from securely.config import Config, Examiner
from securely.console import Artisan
from securely.container import Provider
from securely.context import Context
from securely.foundation.application import Application
from securely.foundation.console_kernel import equip
from securely.foundation.errors import Reporter, Reporters
from securely.foundation.errors.reporters import REPORTERS
from securely.support.importing import import_object
from securely.support.pipeline import Pipelines

__all__ = ["FoundationProvider"]


class FoundationProvider(Provider):
    """Binds the console of an application, and names the framework's own commands.

    Commands and options are dotted paths here: every console command loads this provider, and
    needs one of them at most.
    """

    provides: ClassVar[Mapping[str, type]] = {
        "artisan": Artisan,
        "config.examiner": Examiner,
        "errors.reporters": Reporters,
        "pipeline": Pipelines,
    }
    options: ClassVar[Mapping[str, type | str]] = {
        "app": "securely.foundation.options.AppOptions",
        "errors": "securely.foundation.errors.options.ErrorsOptions",
    }
    commands: ClassVar[Mapping[str, type | str]] = {
        "about": "securely.foundation.commands.about.AboutCommand",
        "config:cache": "securely.foundation.commands.config.ConfigCacheCommand",
        "config:check": "securely.foundation.commands.config.ConfigCheckCommand",
        "config:clear": "securely.foundation.commands.config.ConfigClearCommand",
        "config:publish": "securely.foundation.commands.config.ConfigPublishCommand",
        "container:check": "securely.foundation.commands.container.ContainerCheckCommand",
        "container:show": "securely.foundation.commands.container.ContainerShowCommand",
        "doctor": "securely.foundation.commands.doctor.DoctorCommand",
        "down": "securely.foundation.commands.maintenance.DownCommand",
        "env": "securely.foundation.commands.environment.EnvironmentCommand",
        "env:check": "securely.foundation.commands.environment.EnvironmentCheckCommand",
        "make:config": "securely.foundation.commands.config.MakeConfigCommand",
        "facade:list": "securely.foundation.commands.facades.FacadeListCommand",
        "make:facade": "securely.foundation.commands.facades.MakeFacadeCommand",
        "make:provider": "securely.foundation.commands.make.MakeProviderCommand",
        "new": "securely.foundation.commands.new.NewCommand",
        "optimize": "securely.foundation.commands.optimize.OptimizeCommand",
        "optimize:clear": "securely.foundation.commands.optimize.OptimizeClearCommand",
        "package:discover": "securely.foundation.commands.providers.PackageDiscoverCommand",
        "provider:list": "securely.foundation.commands.providers.ProviderListCommand",
        "reload": "securely.foundation.commands.optimize.ReloadCommand",
        "stub:publish": "securely.foundation.commands.publish.StubPublishCommand",
        "test": "securely.foundation.commands.test.TestCommand",
        "tinker": "securely.foundation.commands.tinker.TinkerCommand",
        "up": "securely.foundation.commands.maintenance.UpCommand",
        "vendor:publish": "securely.foundation.commands.publish.VendorPublishCommand",
    }

    def register(self) -> None:
        """Bind the console, who hears of errors, and what begins pipelines."""
        self.app.singleton(Artisan, self.artisan)
        self.app.singleton(Reporters, self.reporters)
        self.app.singleton(Pipelines, lambda: Pipelines(self.app.make))
        self.app.singleton(Examiner, self.examiner)

    def artisan(self, app: Application) -> Artisan:
        """Return a console that knows every command of the application."""
        artisan = Artisan(app, "Securely", app.version)
        equip(artisan, app)
        return artisan

    def reporters(self, config: Config) -> Reporters:
        """Return those who hear of errors beside the log; each is made when the first comes."""
        names = cast("list[str]", config.get("errors.reporters", []))
        return Reporters([partial(self.reporter, config, name) for name in names], self.complain)

    def reporter(self, config: Config, name: str) -> Reporter:
        """Return the reporter that the configuration calls *name*.

        Raises:
            ConfigurationError: What it needs is not configured as it should be.
            ImportFailed: There is no such class.
            MissingExtra: It needs a package that is not installed.
        """
        found: Any = import_object(REPORTERS.get(name, name))
        if name not in REPORTERS:
            return cast("Reporter", self.app.make(found))
        from securely.foundation.errors.options import ErrorsOptions  # pydantic: not at a start

        options = config.section("errors").parse(ErrorsOptions)
        log: Any = self.app.make("log")  # by its name: a start need not import it
        environment = str(config.get("app.env", "production"))
        context = self.app.make(Context)
        reporter = found(options.sentry, environment, log.masker.fields, lambda: context.fields)
        return cast("Reporter", reporter)

    def examiner(self, app: Application) -> Examiner:
        """Return what checks the configuration with other variables, for the settings."""
        from securely.foundation.examining import ConfigurationExaminer

        return ConfigurationExaminer(app)

    def complain(self, failure: BaseException) -> None:
        """Log that somebody could not be told of an error."""
        log: Any = self.app.make("log")
        log.error("an error could not be reported", exception=failure)

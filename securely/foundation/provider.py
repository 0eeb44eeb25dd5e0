"""Binds the console of an application and its pipelines, and names the framework's commands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from securely.console import Artisan
from securely.container import Provider
from securely.foundation.application import Application
from securely.foundation.console_kernel import equip
from securely.support.pipeline import Pipelines

__all__ = ["FoundationProvider"]


class FoundationProvider(Provider):
    """Binds the console of an application, and names the framework's own commands.

    Commands and options are dotted paths here: every console command loads this provider, and
    needs one of them at most.
    """

    provides: ClassVar[Mapping[str, type]] = {"artisan": Artisan, "pipeline": Pipelines}
    options: ClassVar[Mapping[str, type | str]] = {"app": "securely.foundation.options.AppOptions"}
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
        """Bind the console, which is filled when it is made, and what begins pipelines."""
        self.app.singleton(Artisan, self.artisan)
        self.app.singleton(Pipelines, lambda: Pipelines(self.app.make))

    def artisan(self, app: Application) -> Artisan:
        """Return a console that knows every command of the application."""
        artisan = Artisan(app, "Securely", app.version)
        equip(artisan, app)
        return artisan

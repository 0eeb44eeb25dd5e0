"""make:provider: makes a provider, and adds it to those of the application."""

from __future__ import annotations

from securely.console import Generator
from securely.foundation.providers import add_to_provider_file
from securely.support.paths import Paths

__all__ = ["MakeProviderCommand"]


class MakeProviderCommand(Generator):
    """Makes a provider, and adds it to `bootstrap/providers.py`."""

    signature = """make:provider
        {name : Its name, such as Billing}
        {--test : Write a test of it, too}
        {--force : Write over a file that is there}"""
    description = "Make a provider, and add it to the application's"
    kind = "provider"
    folder = "app/providers"
    stub = "provider.stub"
    suffix = "Provider"

    def made(self, module: str, class_name: str, paths: Paths) -> None:
        """Add the provider to the list, and say so; say what to do where there is no such list."""
        file = paths.bootstrap / "providers.py"
        provider = f"{module}:{class_name}"
        if add_to_provider_file(file, provider):
            self.info(f"{provider} added to {file.relative_to(paths.base)}.")
        else:
            self.warn(f'Add "{provider}" to the list `providers` in bootstrap/providers.py.')

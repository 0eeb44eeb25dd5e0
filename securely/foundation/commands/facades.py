"""facade:list, make:facade: short names for services, and what they stand for."""

from __future__ import annotations

import json
import re
from importlib.util import find_spec
from pathlib import Path

from securely.console import Command
from securely.foundation.application import Application
from securely.foundation.facade_files import DeclaredFacade, add_facade, declared_facades
from securely.support.paths import Paths

__all__ = ["FacadeListCommand", "MakeFacadeCommand"]


class FacadeListCommand(Command):
    """Shows the facades of the framework and of the application."""

    signature = """facade:list
        {--json : As JSON}"""
    description = "List the facades, and what they stand for"

    def handle(self, app: Application) -> int:
        """Print name, service, class and where each is imported from."""
        rows = [(each, "securely.facades") for each in declared_facades(_framework())]
        own = app.paths.app / "facades.py"
        rows += [(each, "app.facades") for each in declared_facades(own)]
        if self.boolean("json"):
            listed = [_told(each, module) for each, module in rows]
            self.output.write(json.dumps(listed, indent=2) + "\n", raw=True)
            return self.SUCCESS
        self.table(
            ["Facade", "Service", "Class", "Import from"],
            [[each.name, each.service, each.cls, module] for each, module in rows],
        )
        return self.SUCCESS


class MakeFacadeCommand(Command):
    """Adds a facade to `app/facades.py`, which is made where it is not there."""

    signature = """make:facade
        {name : Its name, such as Payments}
        {class : The class it stands for, such as app.payments.gateway:Gateway}
        {--service= : The name that the class is bound to; that of the facade unless given}"""
    description = "Make a facade of the application"

    def handle(self, paths: Paths) -> int:
        """Declare the facade, and say what binds it."""
        name, cls = self.string("name"), self.string("class")
        if not name.isidentifier():
            self.fail(f'"{name}" cannot name a facade: use letters, digits and underscores.')
        if not re.fullmatch(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*", cls):
            self.fail(f'"{cls}" is no class. Write it as "app.payments.gateway:Gateway".')
        service = str(self.option("service") or re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower())
        add_facade(paths.app / "facades.py", name, cls, service)
        self.info(f"Facade {name} added to app/facades.py.")
        short = cls.partition(":")[2]
        self.line(
            f'Give the service its name in a provider: provides = {{"{service}": {short}}}, '
            f"and bind {short} in register()."
        )
        return self.SUCCESS


def _framework() -> Path:
    spec = find_spec("securely.facades")
    if spec is None or spec.origin is None:
        raise FileNotFoundError("securely/facades.py")
    return Path(spec.origin)


def _told(each: DeclaredFacade, module: str) -> dict[str, str]:
    return {"name": each.name, "service": each.service, "class": each.cls, "module": module}

"""make:provider: makes a provider, and adds it to those of the application."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import cast

from securely.console import Generator
from securely.support.paths import Paths

__all__ = ["MakeProviderCommand"]


class MakeProviderCommand(Generator):
    """Makes a provider, and adds it to `bootstrap/providers.py`."""

    signature = """make:provider
        {name : Its name, such as Billing}
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
        if _append(file, provider):
            self.info(f"{provider} added to {file.relative_to(paths.base)}.")
        else:
            self.warn(f'Add "{provider}" to the list `providers` in bootstrap/providers.py.')


def _append(file: Path, provider: str) -> bool:
    """Add *provider* to the list in *file*, which keeps all else; False when it has none."""
    try:
        text = file.read_text(encoding="utf-8")
        found = [each for each in ast.parse(text).body if _is_list(each)]
    except (OSError, SyntaxError):
        return False
    if not found:
        return False
    assigned = cast("ast.Assign", found[0])
    listed = cast("ast.List", assigned.value)
    entries = [ast.unparse(each) for each in listed.elts]
    if repr(provider) in entries:
        return True
    lines = text.splitlines(keepends=True)
    first, last = assigned.lineno - 1, (assigned.end_lineno or assigned.lineno) - 1
    if first == last:
        # All on one line: it is written anew, a provider a line.
        body = "".join(f"    {each},\n" for each in entries)
        lines[first] = f"providers = [\n{body}]\n"
        lines = "".join(lines).splitlines(keepends=True)
        last = first + len(entries) + 1
    lines.insert(last, f'    "{provider}",\n')
    file.write_text("".join(lines), encoding="utf-8")
    return True


def _is_list(node: ast.stmt) -> bool:
    return (
        isinstance(node, ast.Assign)
        and isinstance(node.value, ast.List)
        and [ast.unparse(target) for target in node.targets] == ["providers"]
    )

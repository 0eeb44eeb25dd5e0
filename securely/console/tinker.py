"""Tinker: a shell with the application in it, and await at its top level."""

from __future__ import annotations

import ast
import asyncio
import builtins
import code
import importlib
import importlib.util
import inspect
import pprint
import re
from collections.abc import Callable, Coroutine, Generator, Iterable, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any, cast

from securely.console.failure import own_traceback, render_failure
from securely.console.output import Output, Verbosity
from securely.exceptions import SecurelyError
from securely.support.importing import import_object
from securely.support.masking import mask_urls

__all__ = ["Names", "Tinker", "classes_in"]

_NAME = "<tinker>"

# What changes the colour of a terminal's text, ECMA-48 section 8.3.117.
_COLOUR = re.compile(r"\x1b\[[0-9;:]*m")
# As many as a person may want to find again.
_HISTORY_LINES_MAX = 1000


class Names(dict[str, Any]):
    """The names of a session; classes of the application are imported when they are first used.

    Args:
        names: What is there from the beginning.
        classes: Name of a class -> where it is imported from.
        told: Is given a line when a class is imported.
    """

    def __init__(
        self,
        names: Mapping[str, Any],
        classes: Mapping[str, str],
        told: Callable[[str], object],
    ) -> None:
        super().__init__(names)
        self._classes = classes
        self._told = told

    def __missing__(self, name: str) -> Any:
        # What Python has itself wins, as everywhere.
        if hasattr(builtins, name) or name not in self._classes:
            raise KeyError(name)
        target = self._classes[name]
        self[name] = import_object(target)
        self._told(f"[!] {name} is {target.replace(':', '.')}")
        return self[name]


class Tinker:
    """Runs code with the names of an application.

    Args:
        names: What the code finds.
        history: File that keeps what was typed; ``None`` keeps nothing.
        output: Where results and errors go; the process's streams unless given.
        mask: Hides what is secret in errors that are shown; by itself, passwords of URLs.

    Example:
        >>> Tinker({"answer": 41}).execute("answer + 1")
        42
        True
    """

    def __init__(
        self,
        names: dict[str, Any],
        history: Path | None = None,
        output: Output | None = None,
        *,
        mask: Callable[[str], str] = mask_urls,
    ) -> None:
        self.names = names
        self._mask = mask
        self._history = history
        self._output: Output = output or Output()
        self._runner: asyncio.Runner | None = None
        names.setdefault("__name__", "__console__")

    def execute(self, source: str) -> bool:
        """Run *source*, print the value of its last expression, and tell whether all went well.

        What it raises is printed to the error stream: an error of Securely as the console shows
        it, any other with the frames of the application's code and of *source*.
        """
        try:
            self._run_all(source)
        except Exception as error:  # the border: it is shown here
            self._show_error(error)
            return False
        finally:
            self.close()
        return True

    def include(self, path: Path) -> None:
        """Run the file at *path*; its names are there afterwards.

        Raises:
            OSError: It cannot be read.
        """
        self._run(compile(path.read_text(encoding="utf-8"), str(path), "exec"))

    def interact(self, banner: str) -> None:
        """Read and run lines until the end of the input; with IPython's shell where it is."""
        if importlib.util.find_spec("IPython") is None:
            self._interact(banner)
            return
        print(banner)  # noqa: T201 - the shell that follows prints to the same stream
        importlib.import_module("IPython").start_ipython(
            argv=["--no-banner"],
            user_ns=self.names,
            interactive_shell_class=_masking_shell(self._mask),
        )

    def close(self) -> None:
        """Close the loop that ran what was awaited."""
        if self._runner is not None:
            self._runner.close()
            self._runner = None

    def _interact(self, banner: str) -> None:
        console = _Console(self.names, self._run, self._show_error)
        with _line_editing(self._history, self.names):
            try:
                console.interact(banner, exitmsg="")
            finally:
                self.close()

    def _run_all(self, source: str) -> None:
        tree = ast.parse(source, _NAME)
        last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
        flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
        self._run(compile(tree, _NAME, "exec", flags=flags))
        if isinstance(last, ast.Expr):
            value = self._run(compile(ast.Expression(last.value), _NAME, "eval", flags=flags))
            self._show(value)

    def _run(self, compiled: CodeType) -> Any:
        """Run *compiled* and return its value; one loop runs all that is awaited."""
        if not compiled.co_flags & inspect.CO_COROUTINE:
            return eval(compiled, self.names)  # noqa: S307 - running code is what a shell is for
        if self._runner is None:
            self._runner = asyncio.Runner()
        started = FunctionType(compiled, self.names)()
        return self._runner.run(cast("Coroutine[Any, Any, Any]", started))

    def _show(self, value: object) -> None:
        if value is not None:
            pprint.pprint(value, stream=self._output.stream)

    def _show_error(self, error: BaseException) -> None:
        if isinstance(error, SecurelyError) or self._output.verbosity >= Verbosity.VERBOSE:
            render_failure(error, self._output, mask=self._mask)
        else:
            self._output.error_line(self._mask(own_traceback(error).rstrip()), raw=True)


def _masking_shell(mask: Callable[[str], str]) -> Any:
    """Return IPython's shell, with *mask* for all the tracebacks it shows.

    Source: IPython 9, InteractiveShell._showtraceback, which is there to be overridden.
    """
    module: Any = importlib.import_module("IPython.terminal.interactiveshell")
    base: Any = module.TerminalInteractiveShell

    def show(shell: Any, kind: Any, error: Any, lines: Iterable[str]) -> None:
        told = "\n".join(lines)
        # Colours stand between a name and its value; they stay where there is nothing to hide.
        plain = _COLOUR.sub("", told)
        masked = mask(plain)
        base._showtraceback(shell, kind, error, [told if masked == plain else masked])

    return type("MaskingShell", (base,), {"_showtraceback": show})


class _Console(code.InteractiveConsole):
    """The standard library's shell, with await at its top level."""

    def __init__(
        self,
        names: dict[str, Any],
        run: Callable[[CodeType], Any],
        show_error: Callable[[BaseException], object],
    ) -> None:
        super().__init__(names, _NAME)
        self.compile.compiler.flags |= ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
        self._run = run
        self._show_error = show_error

    def runcode(self, code: CodeType) -> None:
        """Run one statement; what it raises is shown, and the shell goes on."""
        try:
            self._run(code)
        except SystemExit:
            raise
        except BaseException as error:  # Ctrl-C included: it ends the statement only
            self._show_error(error)


@contextmanager
def _line_editing(history: Path | None, names: dict[str, Any]) -> Generator[None]:
    """Edit lines, complete names and keep a history within the block, where Python can."""
    try:
        import readline
        import rlcompleter
    except ImportError:  # Windows, or a Python without it
        yield
        return
    readline.set_completer(rlcompleter.Completer(names).complete)
    readline.parse_and_bind("tab: complete")
    if history is not None and history.exists():
        readline.read_history_file(history)
    yield
    if history is not None:
        history.parent.mkdir(parents=True, exist_ok=True)
        # What was typed may hold secrets.
        history.touch(mode=0o600)
        readline.set_history_length(_HISTORY_LINES_MAX)
        readline.write_history_file(history)


def classes_in(folder: Path, package: str) -> dict[str, str]:
    """Return where each class below *folder* is imported from, by name; nothing is imported.

    A name that several modules have goes to none of them.
    """
    found: dict[str, str] = {}
    several: set[str] = set()
    for path in sorted(folder.rglob("*.py")):
        parts = path.relative_to(folder).with_suffix("").parts
        module = ".".join([package, *(part for part in parts if part != "__init__")])
        for name in _class_names(path):
            if name in found:
                several.add(name)
            found[name] = f"{module}:{name}"
    return {name: target for name, target in found.items() if name not in several}


def _class_names(path: Path) -> Iterable[str]:
    try:
        tree = ast.parse(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, SyntaxError):  # a broken file says so when it is imported
        return []
    return [
        node.name
        for node in tree.body
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_")
    ]

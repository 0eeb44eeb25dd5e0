"""Engine: jinja2 as views have it; imported when the first view is rendered, for it is large."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from copy import copy
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Final

import jinja2

from securely.exceptions import SecurelyError
from securely.view.exceptions import InvalidView, ViewError, ViewFailed, ViewNotFound
from securely.view.finder import Finder
from securely.view.forms import Form

__all__ = ["ViewLoader", "environment", "failed", "give", "missing"]

_KEPT_MAX: Final = 400  # compiled views of a form; more are compiled anew, the longest unused first


class _Absent(jinja2.TemplateNotFound):
    """A view is not there; what is to be said of that is found when somebody wants to know.

    It is the error that jinja2 knows, so that {% include "x" ignore missing %} ignores it, at no
    more than the price of looking for the file.
    """

    def __init__(self, name: str, why: Callable[[], ViewError]) -> None:
        super().__init__(name)
        self.why: Callable[[], ViewError] = why


class ViewLoader(jinja2.BaseLoader):
    """Finds views for jinja2, those of one form.

    Args:
        finder: Knows the folders.
        form: What the views become.
    """

    def __init__(self, finder: Finder, form: Form) -> None:
        self.finder: Finder = finder
        self.form: Form = form

    def get_source(
        self, environment: jinja2.Environment, template: str
    ) -> tuple[str, str, Callable[[], bool]]:
        """Return text and file of a view, and what tells whether it is still the same.

        Raises:
            TemplateNotFound: There is none; :func:`missing` says where was looked.
            ViewFailed: It can not be read.
        """
        try:
            path, winners = self.finder.look(template, self.form)
        except InvalidView as error:
            raise _Absent(template, partial(copy, error)) from None
        if path is None:
            raise _Absent(template, partial(self.finder.lacking, template, self.form))
        text, path, is_uptodate = self.finder.read(template, path, winners)
        return text, str(path), is_uptodate

    def list_templates(self) -> list[str]:
        """Return the names of all views of this form."""
        return sorted(set(self.finder.names(self.form)))


def environment(
    loader: jinja2.BaseLoader, form: Form, shared: Mapping[str, object], *, is_fresh: bool
) -> jinja2.Environment:
    """Return jinja2's environment for views of *form*.

    Args:
        loader: Finds them.
        form: What they become; the values in pages are escaped.
        shared: What every view is given.
        is_fresh: Whether a view is read again once its file has changed.
    """
    made = jinja2.Environment(
        loader=loader,
        autoescape=form == "html",  # noqa: S701  # plain text has nothing to escape
        undefined=jinja2.StrictUndefined,
        auto_reload=is_fresh,
        cache_size=_KEPT_MAX,
        # A line that has nothing but a tag leaves no empty line behind, where those are seen.
        trim_blocks=form != "html",
        lstrip_blocks=form != "html",
        keep_trailing_newline=form != "html",
    )
    give(made, shared)
    return made


def give(environment: jinja2.Environment, values: Mapping[str, object]) -> None:
    """Give *values* to every view of *environment*, those that are compiled already, too."""
    known: dict[str, object] = vars(environment)["globals"]  # jinja2 types it too narrowly
    known.update(values)


def missing(error: LookupError) -> ViewError:
    """Return what is to be said of a view that jinja2 did not find."""
    if isinstance(error, _Absent):
        return error.why()
    if isinstance(error.__cause__, ViewError):
        return copy(error.__cause__)  # not itself: raised from *error* it would be its own cause
    names: list[object] = getattr(error, "templates", None) or [getattr(error, "name", "")]
    return ViewNotFound([str(name) for name in names], ())


def failed(view: str, error: Exception, text: str | None = None) -> ViewError:
    """Return what to raise for what came out of the view *view*.

    It is a ViewFailed; or, of a view that is not there itself, what is to be said of that; or, of
    an error of another view, a copy of that.

    Args:
        view: What was rendered; empty where it was given as text.
        error: What was raised.
        text: The text, where it was given as such.
    """
    if isinstance(error, ViewError):
        return copy(error)
    if isinstance(error, jinja2.TemplateSyntaxError):
        file = Path(error.filename) if error.filename and error.filename != _TEXT else None
        return ViewFailed(view, file, error.lineno, error.message or "it is malformed")
    file, line = _place(error.__traceback__)
    if line is None and isinstance(error, jinja2.TemplateNotFound):
        return missing(error)
    return ViewFailed(view, file, line, _reason(error, _read(file, text)))


_TEXT: Final = "<template>"  # what jinja2 calls the file of a template that is given as text


def _place(traceback: TracebackType | None) -> tuple[Path | None, int | None]:
    """Return the innermost line of a template; jinja2 has put those into the traceback."""
    file, line = None, None
    while traceback is not None:
        frame = traceback.tb_frame
        if "__jinja_exception__" in frame.f_globals:
            file, line = frame.f_code.co_filename, traceback.tb_lineno
        traceback = traceback.tb_next
    return Path(file) if file and file != _TEXT else None, line


def _read(file: Path | None, text: str | None) -> str:
    if file is None:
        return text or ""
    try:
        return file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


# 'dict object' has no attribute 'total', 'list object' has no element 7
_LACKS: Final = re.compile(r"(.* has no (?:attribute|element) )(.*)", re.DOTALL)


def _reason(error: Exception, text: str) -> str:
    """Return what may be said of *error*: nothing that only the data know."""
    if isinstance(error, jinja2.TemplateNotFound):
        return str(missing(error))
    if isinstance(error, jinja2.TemplateError):
        said = error.message or type(error).__name__
        lacks = _LACKS.fullmatch(said)
        # {{ table[key] }} names the value of key; only what the view itself says is shown.
        if lacks and lacks[2].strip("'\"") not in text:
            return lacks[1] + "of the name that is asked for"
        return said
    if isinstance(error, SecurelyError):
        return str(error)  # it shows no secrets either
    return f"{type(error).__name__} was raised"

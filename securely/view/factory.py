"""ViewFactory: renders views, files with gaps for values, by their names."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from os import PathLike
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, NoReturn

from securely.exceptions import HttpException
from securely.view.exceptions import InvalidView, ViewError, ViewFailed, ViewNotFound
from securely.view.finder import Finder
from securely.view.forms import Form, Source

if TYPE_CHECKING:
    from jinja2 import BaseLoader, Environment

__all__ = ["ViewFactory"]


class ViewFactory:
    """Renders views by their names.

    ``"mail.invoice"`` and ``"mail/invoice"`` are the file ``mail/invoice.html`` in the first of
    the folders that has it, ``"shop::cart"`` is the view ``cart`` of what was added as ``shop``.
    The language of views is that of jinja2.

    Args:
        paths: The folders, in the order in which they are looked through.
        translate: Gives the line of a key; views have it as ``trans`` and ``__``.
        is_fresh: Whether a view is read again once its file has changed.

    Example:
        >>> ViewFactory([]).render_string("Hello {{ name }}!", {"name": "<Ann>"})
        'Hello &lt;Ann&gt;!'
    """

    def __init__(
        self,
        paths: Sequence[Path],
        *,
        translate: Callable[..., str] | None = None,
        is_fresh: bool = True,
    ) -> None:
        self._finder = Finder(paths)
        self._is_fresh = is_fresh
        self._shared: dict[str, object] = {}
        self._environments: dict[Form, Environment] = {}
        self._lock = Lock()
        if translate is not None:
            self._shared |= {"trans": translate, "__": translate}

    @property
    def paths(self) -> tuple[Path, ...]:
        """The folders, in the order in which they are looked through."""
        return self._finder.paths

    # What there is.

    def exists(self, name: str, *, form: Form = "html") -> bool:
        """Tell whether there is a view of that name; of a name that is none, there never is."""
        try:
            return self._finder.look(name, form)[0] is not None
        except InvalidView:
            return False

    def place(self, name: str, *, form: Form = "html") -> Path:
        """Return the file that makes a view of that name which wins over all others.

        It need not be there. Of a view of a namespace it is the application's own.

        Raises:
            InvalidView: The name is none of a view.
            ViewNotFound: Nobody has added its namespace.
        """
        return self._finder.place(name, form)

    def source(self, name: str, *, form: Form) -> Source:
        """Return the text of a view, for those who compile it themselves.

        Raises:
            InvalidView: The name is none of a view.
            ViewFailed: The file can not be read, or is not UTF-8.
            ViewNotFound: No folder has it.
        """
        return self._finder.source(name, form)

    def loader(self, form: Form) -> BaseLoader:
        """Return what finds the views of *form* for an environment of jinja2."""
        from securely.view.engine import ViewLoader  # jinja2: not before the first view

        return ViewLoader(self._finder, form)

    def add_namespace(self, namespace: str, *paths: str | PathLike[str]) -> None:
        """Add folders whose views are named with *namespace* and two colons in front.

        The application's own views win: those in ``vendor/<namespace>/`` of its folders.

        Raises:
            InvalidView: The namespace is no single word.
        """
        self._finder.add_namespace(namespace, [Path(path) for path in paths])

    def share(self, key: str, value: object) -> None:
        """Give *value* to every view as *key*; what a view is rendered with wins over it."""
        with self._lock:
            self._shared[key] = value
            if self._environments:
                from securely.view.engine import give

                for environment in self._environments.values():
                    give(environment, {key: value})

    @property
    def is_fresh(self) -> bool:
        """Whether a view is read again once its file has changed."""
        return self._is_fresh

    @property
    def shared(self) -> Mapping[str, object]:
        """What every view is given, the helpers among it."""
        return self._shared

    # Rendering.

    def render(
        self, name: str, data: Mapping[str, object] | None = None, *, form: Form = "html"
    ) -> str:
        """Return what the view *name* becomes with *data*.

        Raises:
            InvalidView: The name is none of a view.
            ViewFailed: The view is malformed, lacks a variable, or something in it raised.
            ViewNotFound: No folder has it.
        """
        environment = self._environments.get(form) or self._environment(form)
        try:
            # Its data go in as one mapping: a variable may be called as a parameter is.
            return environment.get_template(name).render(data or {})
        except (HttpException, ViewError):
            raise  # abort(404) in a view ends the request; another view has told of itself
        except Exception as error:  # whatever a view calls; it is told with file and line
            self._fail(name, error)

    def render_string(
        self, source: str, data: Mapping[str, object] | None = None, *, form: Form = "html"
    ) -> str:
        """Return what the view with the text *source* becomes with *data*; it is not kept.

        Who writes the text can call what *data* hold. Take none from people you do not trust.

        Raises:
            ViewFailed: It is malformed, lacks a variable, or something in it raised.
        """
        environment = self._environments.get(form) or self._environment(form)
        try:
            return environment.from_string(source).render(data or {})
        except (HttpException, ViewError):
            raise
        except Exception as error:  # as above
            self._fail("", error, source)

    def first(
        self,
        names: Sequence[str],
        data: Mapping[str, object] | None = None,
        *,
        form: Form = "html",
    ) -> str:
        """Return what the first of *names* that is there becomes with *data*.

        Raises:
            ViewFailed: As of :meth:`render`.
            ViewNotFound: None of them is there.
        """
        for name in names:
            if self.exists(name, form=form):
                return self.render(name, data, form=form)
        raise ViewNotFound(names, ())

    def _environment(self, form: Form) -> Environment:
        from securely.view.engine import environment

        with self._lock:
            if form not in self._environments:
                self._environments[form] = environment(
                    self.loader(form), form, self._shared, is_fresh=self._is_fresh
                )
            return self._environments[form]

    def _fail(self, name: str, error: Exception, source: str | None = None) -> NoReturn:
        from securely.view.engine import failed

        failure = failed(name, error, source)
        # What the loader has said is in the error, and no consequence of it.
        raise failure from (error if isinstance(failure, ViewFailed) else None)

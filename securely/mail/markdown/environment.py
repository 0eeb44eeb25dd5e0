"""Environment: jinja2 as markdown views have it; imported with the first mail, for it is large."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, MutableMapping, Sequence
from typing import Any, Final, Literal, TypeAlias

import jinja2
from jinja2 import nodes
from jinja2.compiler import CodeGenerator, Frame
from jinja2.filters import FILTERS, make_attrgetter
from jinja2.utils import pass_environment
from markupsafe import Markup

from securely.mail.markdown.brand import Brand
from securely.mail.markdown.components import COMPONENTS, NAMESPACE, PREFIX, Component, Given
from securely.mail.markdown.exceptions import UnknownChoice
from securely.mail.markdown.links import checked
from securely.mail.markdown.values import (
    AUTHORED,
    DATA,
    END,
    Authored,
    hold,
    hold_html,
    shown,
)
from securely.view import ViewError, ViewFactory

__all__ = ["Kind", "MarkdownEnvironment", "environment"]

Kind: TypeAlias = Literal["html", "text"]


def environment(
    views: ViewFactory, kind: Kind, brand: Brand, *, is_fresh: bool
) -> MarkdownEnvironment:
    """Return jinja2's environment for markdown views that become *kind*.

    Args:
        views: Has the views, and the components under the namespace ``mail``.
        kind: What the views become.
        brand: Who sends the mails; components know it as ``mail``.
        is_fresh: Whether a file is read again once it has changed.
    """
    made = MarkdownEnvironment(
        loader=_Loader(views, kind),
        # In text, too: it tells what a view's author wrote from what is a value.
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        # A constant that is worked out while a view is compiled would be held back only then.
        optimized=False,
        auto_reload=is_fresh,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    known: dict[str, Any] = vars(made)["globals"]  # jinja2 types it too narrowly
    known.update(views.shared)
    made.components = {name: Component(made, name) for name in COMPONENTS}
    for name, component in made.components.items():
        known[name] = known[PREFIX + name] = component
    known["mail"] = brand
    made.filters.update(_FILTERS)
    made.filters["markdown"] = _markdown if kind == "html" else _markdown_in_text
    for name in _HTML_FILTERS:
        made.filters[name] = _as_html(FILTERS[name]) if kind == "html" else _as_text(FILTERS[name])
    return made


class MarkdownEnvironment(jinja2.Environment):
    """Jinja2's environment, in which values and the words of a view do not mix."""

    components: Mapping[str, Component]
    """The components by their names."""

    def preprocess(self, source: str, name: str | None = None, filename: str | None = None) -> str:
        """Keep the end of each line that holds more than tags; jinja2 would join it to the next."""
        source = super().preprocess(source, name, filename)
        return source if "{% raw" in source else _LINE_WITH_TAG.sub(_kept, source)

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        """Return what a view is given: our own dict, which is copied faster than a chain of two."""
        return vars(self)["globals"] if not d else super().make_globals(d)

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        tree = super()._parse(source, name, filename)
        own = set(_defined(tree))
        for block in tree.find_all(nodes.CallBlock):
            called = block.call.node
            if isinstance(called, nodes.Name) and called.name in _CALLABLE - own:
                called.name = PREFIX + called.name
        return tree

    printed: Callable[[object], str] = staticmethod(shown)
    """Makes what is printed of a value."""

    @staticmethod
    def joined(values: Sequence[Any]) -> str:
        """Return what ``~`` makes."""
        if any(hasattr(value, "__html__") for value in values):
            return Authored("").join(values)
        return "".join(map(str, values))

    @staticmethod
    def added(left: Any, right: Any) -> Any:
        """Return what ``+`` makes."""
        if isinstance(left, str) and isinstance(right, str):
            return MarkdownEnvironment.joined([left, right])
        return left + right


class _Generator(CodeGenerator):
    """Writes what a view is compiled to: values are held back, and not escaped."""

    # What jinja2 writes around each value, and calls for constants while it compiles.

    def _output_child_pre(self, node: nodes.Expr, frame: Frame, finalize: object) -> None:
        self.write("environment.printed(")

    def _output_child_post(self, node: nodes.Expr, frame: Frame, finalize: object) -> None:
        self.write(")")

    def _output_child_to_const(self, node: nodes.Expr, frame: Frame, finalize: object) -> str:
        if isinstance(node, nodes.TemplateData):
            return node.data
        raise nodes.Impossible

    # Operators that would put values, escaped for HTML only, among the words of a view.

    def visit_Concat(self, node: nodes.Concat, frame: Frame) -> None:  # noqa: N802  # jinja2's
        self._call("joined", node, node.nodes, frame, "[")

    def visit_Add(self, node: nodes.BinExpr, frame: Frame) -> None:  # noqa: N802  # jinja2's
        self._call("added", node, [node.left, node.right], frame, "")

    def _call(
        self, name: str, node: nodes.Node, items: Iterable[nodes.Node], frame: Frame, opens: str
    ) -> None:
        self.write(f"environment.{name}({opens}")
        for item in items:
            self.visit(item, frame)
            self.write(", ")
        self.write("])" if opens else ")")


MarkdownEnvironment.code_generator_class = _Generator


class _Loader(jinja2.BaseLoader):
    """Finds markdown views, and components under ``mail::``."""

    def __init__(self, views: ViewFactory, kind: Kind) -> None:
        self._views = views
        self._kind: Kind = kind
        self._markdown = views.loader("markdown")

    def get_source(
        self, environment: jinja2.Environment, template: str
    ) -> tuple[str, str | None, Callable[[], bool] | None]:
        if not template.startswith(NAMESPACE):
            return self._markdown.get_source(environment, template)
        name = f"{NAMESPACE}{self._kind}.{template.removeprefix(NAMESPACE)}"
        try:
            text, path, is_uptodate = self._views.source(name, form=self._kind)
        except ViewError as error:
            raise jinja2.TemplateNotFound(template) from error
        return text, str(path), is_uptodate


def _markdown(value: object) -> Markup:
    """Make Markdown of a value, or of the words of a view, HTML; HTML in values is shown."""
    if hasattr(value, "__html__"):
        return Markup(f"{AUTHORED}{value}{END}")  # noqa: S704  # it is safe already
    return Markup(f"{DATA}{value}{END}")  # noqa: S704  # it is parsed without HTML


def _markdown_in_text(value: object) -> Markup:
    if hasattr(value, "__html__"):
        return Markup(f"{AUTHORED}{value}{END}")  # noqa: S704  # it is safe already
    return hold(value)


def _safe(value: object) -> Authored:
    return Authored(value)


def _link(value: object) -> str:
    # What a component was given was looked at when it was given.
    return value if isinstance(value, Given) else checked(str(value))


def _choice(value: object, *choices: str) -> Markup:
    """Return *value* as a word of the view, if it is one of *choices*."""
    if str(value) not in choices:
        raise UnknownChoice(str(value), choices)
    return Markup(value)  # noqa: S704  # it is one of the view's own words


# Filters that would put values, escaped for HTML only, among the words of a view.


@pass_environment
def _join(
    environment: jinja2.Environment,
    value: Iterable[Any],
    d: str = "",
    attribute: str | int | None = None,
) -> str:
    if attribute is not None:
        find = make_attrgetter(environment, attribute)
        value = map(find, value)
    items = list(value)
    if any(hasattr(item, "__html__") for item in (d, *items)):
        return Authored(hold(d)).join(items)
    return d.join(map(str, items))


def _forced(value: object) -> Markup:
    return hold(str(value))


def _format(value: Any, *arguments: Any, **named: Any) -> str:
    text = Authored(value) if hasattr(value, "__html__") else str(value)
    return text % (named or arguments)


def _replace(value: Any, old: str, new: str, count: int | None = None) -> str:
    text = str(value)
    if any(hasattr(part, "__html__") for part in (value, new)):
        text = Authored(hold(value))
    return text.replace(str(old), new, -1 if count is None else count)


_FILTERS: Final[dict[str, Callable[..., Any]]] = {
    "choice": _choice,
    "e": hold,
    "escape": hold,
    "forceescape": _forced,
    "format": _format,
    "join": _join,
    "link": _link,
    "replace": _replace,
    "safe": _safe,
}
_HTML_FILTERS: Final = ("tojson", "urlize", "xmlattr")


def _as_html(original: Callable[..., Any]) -> Callable[..., Any]:
    """Return a filter whose HTML is held back as values are, so that it is no Markdown."""

    def wrapped(*arguments: Any, **named: Any) -> Markup:
        return hold_html(Markup(original(*arguments, **named)))  # noqa: S704  # the filter's own

    _pass_as(original, wrapped)
    return wrapped


def _as_text(original: Callable[..., Any]) -> Callable[..., Any]:
    def wrapped(*arguments: Any, **named: Any) -> Markup:
        return hold(str(original(*arguments, **named)))

    _pass_as(original, wrapped)
    return wrapped


def _pass_as(original: Callable[..., Any], wrapped: Callable[..., Any]) -> None:
    # What the decorators pass_context and others write to a function, and jinja2 reads there.
    passed = getattr(original, "jinja_pass_arg", None)
    if passed is not None:
        vars(wrapped)["jinja_pass_arg"] = passed


# Reading a view.

_CALLABLE: Final = frozenset(COMPONENTS)
_LINE_WITH_TAG: Final = re.compile(r"^(.*?)(?<![-+])([%#]\})[ \t]*$", re.MULTILINE)
_TAGS: Final = re.compile(r"\{%.*?%\}|\{#.*?#\}")


def _kept(match: re.Match[str]) -> str:
    line = match[0]
    return f"{match[1]}+{match[2]}" if _TAGS.sub("", line).strip() else line


def _defined(tree: nodes.Template) -> Iterable[str]:
    """Give the names that a view defines itself, which win over those of components."""
    for node in tree.find_all((nodes.Name, nodes.Macro, nodes.FromImport, nodes.Import)):
        match node:
            case nodes.Name(name=name, ctx="store" | "param"):
                yield name
            case nodes.Macro(name=name):
                yield name
            case nodes.Import(target=target):
                yield target
            case nodes.FromImport(names=names):
                yield from (each if isinstance(each, str) else each[1] for each in names)
            case _:
                pass

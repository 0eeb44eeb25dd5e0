"""Components: parts of mails that views call; each is a macro of the file of its name.

Most components only put what they are given between HTML of their own. Such a component is not
run when a view is rendered: the call is noted in what is printed, and run when a mail of a new
shape is finished, with marks for the values that it was given. So mails of a known shape cost no
more than their values.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple, cast

import jinja2
from jinja2 import nodes
from jinja2.meta import find_referenced_templates, find_undeclared_variables
from markupsafe import Markup

from securely.mail.markdown.links import checked
from securely.mail.markdown.values import (
    ARGUMENT,
    BLOCK,
    CALL,
    CALLS,
    END_BLOCK,
    END_CALL,
    rendering,
    shown,
)

__all__ = ["COMPONENTS", "NAMESPACE", "PREFIX", "Component", "Given", "unfolded"]

COMPONENTS: Final = ("button", "footer", "header", "message", "panel", "subcopy", "table")
"""The components that a view calls without importing them."""

NAMESPACE: Final = "mail::"
"""What the names of their templates begin with."""

PREFIX: Final = "mail__"
"""What the name of a called component begins with, so that data may bear the same name."""


class Given(Markup):
    """A value that a component was given: a mark that stands for it, or words of the view."""

    is_true: bool = True

    def __bool__(self) -> bool:
        return self.is_true


class _Plan(NamedTuple):
    """How a component is called.

    Attributes:
        macro: What is called.
        template: The file it is in.
        parameters: The names of its parameters.
        literal: Those whose values decide what it does: they belong to the shape of a mail.
        links: Those that are addresses.
        has_content: Whether it shows what stands in it.
        is_plain: Whether it can wait: what it prints depends on its parameters alone.
    """

    macro: Callable[..., str]
    template: jinja2.Template
    parameters: tuple[str, ...]
    literal: frozenset[str]
    links: frozenset[str]
    has_content: bool
    is_plain: bool


class Component:
    """A part of mails that views call: a macro of the file of its name.

    Args:
        environment: Finds the file.
        name: What it is called.
    """

    def __init__(self, environment: jinja2.Environment, name: str) -> None:
        self._environment = environment
        self.name: str = name
        self._plan: _Plan | None = None

    @property
    def is_current(self) -> bool:
        """Whether its file is still what was read."""
        return self._plan is None or self._plan.template.is_up_to_date

    def forget(self) -> None:
        """Read the file again before the next call."""
        self._plan = None

    def __call__(self, *arguments: Any, caller: Any = None, **named: Any) -> Markup:
        """Note the call, or return what the macro makes, with borders around it."""
        plan = self._plan or self._read()
        if self.name == "message":
            rendering().is_document = True
        if plan.is_plain and caller is not None and len(arguments) <= len(plan.parameters):
            named.update(zip(plan.parameters, arguments, strict=False))
            noted = self._noted(plan, named) if named else ""
            if noted is not None:
                return Markup(f"{CALL}{self.name}{noted}{ARGUMENT}{caller()}{END_CALL}")  # noqa: S704  # it holds no values
            arguments = ()
        if plan.has_content:
            named["caller"] = caller
        made = plan.macro(*arguments, **named)
        return Markup(f"{BLOCK}{made}{END_BLOCK}")  # noqa: S704  # the macro's

    def made(self, note: str) -> str:
        """Return what the macro makes of a call that was noted."""
        plan = self._plan or self._read()
        _, *given, body = _arguments(note)
        named: dict[str, Any] = dict(map(_read_back, given))
        if plan.has_content:
            named["caller"] = lambda: Markup(body)  # noqa: S704  # it was printed
        return plan.macro(**named)

    def _noted(self, plan: _Plan, named: Mapping[str, Any]) -> str | None:
        """Return what the component is given as text, or None if it can not be told so."""
        noted: list[str] = []
        for name, value in named.items():
            if value is None or value is True or value is False:
                kind, text = "c", repr(value)
            elif name in plan.links and not hasattr(value, "__html__"):
                kind, text = "t", shown(checked(str(value)))
            elif name not in plan.literal:
                kind, text = ("t" if value else "f"), shown(value)
            elif type(value) is str:
                kind, text = "s", value
            elif type(value) is int:
                kind, text = "i", str(value)
            else:
                return None
            noted.append(f"{ARGUMENT}{kind}{name}={text}")
        return "".join(noted)

    def _read(self) -> _Plan:
        environment, name = self._environment, self.name
        template = environment.get_template(NAMESPACE + name)
        macro = getattr(template.module, name, None)
        if macro is None:
            raise jinja2.TemplateRuntimeError(
                f"the file of the component {name} defines no macro {name}"
            )
        loader = cast("jinja2.BaseLoader", environment.loader)  # which found the template
        source = loader.get_source(environment, NAMESPACE + name)[0]
        tree = environment.parse(source)
        node = next(each for each in tree.find_all(nodes.Macro) if each.name == name)
        uses = _Uses(tuple(macro.arguments))
        uses.visit(node, False)
        known = _CONSTANT | {f"{PREFIX}{each}" for each in COMPONENTS}
        self._plan = _Plan(
            macro,
            template,
            uses.parameters,
            frozenset(uses.literal),
            frozenset(uses.links),
            has_content=macro.caller or macro.explicit_caller,
            is_plain=not (macro.catch_kwargs or macro.catch_varargs)
            and find_undeclared_variables(tree) <= known
            and not list(find_referenced_templates(tree))
            and not any(each.name == "random" for each in tree.find_all(nodes.Filter)),
        )
        return self._plan


# What is the same for all mails of a shape.
_CONSTANT: Final = frozenset({"caller", "dict", "mail", "namespace", "range"})


class _Uses:
    """Finds out which parameters of a macro are printed only, and which decide what it does."""

    def __init__(self, parameters: tuple[str, ...]) -> None:
        self.parameters = parameters
        self.literal: set[str] = set()
        self.links: set[str] = set()

    def visit(self, node: nodes.Node, is_printed: bool) -> None:
        """Note the parameters in *node*; told whether its value is printed or asked for truth."""
        match node:
            case nodes.Name(name=name, ctx="load"):
                if name in self.parameters and not is_printed:
                    self.literal.add(name)
            case nodes.Filter(name="link", node=nodes.Name(name=name)):
                self.links.add(name)
            case nodes.Filter(name="markdown" | "trim", node=nodes.Name()):
                self._all(node, is_printed)
            case nodes.Test(name="true" | "false" | "none" | "defined"):
                self._all(node, True)
            case nodes.Output() | nodes.And() | nodes.Or() | nodes.Not() | nodes.CondExpr():
                self._all(node, True)
            case nodes.If(test=test):
                self.visit(test, True)
                for each in (*node.body, *node.elif_, *node.else_):
                    self.visit(each, False)
            case _:
                self._all(node, False)

    def _all(self, node: nodes.Node, is_printed: bool) -> None:
        for child in node.iter_child_nodes():
            self.visit(child, is_printed)


def _read_back(noted: str) -> tuple[str, Any]:
    name, _, text = noted[1:].partition("=")
    match noted[0]:
        case "c":
            return name, {"None": None, "True": True, "False": False}[text]
        case "s":
            return name, text
        case "i":
            return name, int(text)
        case kind:
            given = Given(text)
            given.is_true = kind == "t"
            return name, given


def _arguments(note: str) -> list[str]:
    """Return the parts of a noted call: its name, what it was given, and its content."""
    parts, depth, start = list[str](), 0, 0
    for match in CALLS.finditer(note):
        border = match[0]
        if border == CALL:
            depth += 1
        elif border == END_CALL:
            depth -= 1
        elif depth == 0:
            parts.append(note[start : match.start()])
            start = match.end()
    return [*parts, note[start:]]


def unfolded(printed: str, components: Mapping[str, Component]) -> str:
    """Return what a view printed, with what the components make that it called.

    Args:
        printed: What it printed: text, with calls noted in it.
        components: The components by their names.
    """
    made, position = list[str](), 0
    while (start := printed.find(CALL, position)) >= 0:
        end = _end(printed, start)
        note = printed[start + len(CALL) : end]
        component = components[note.partition(ARGUMENT)[0]]
        made += (
            printed[position:start],
            BLOCK,
            unfolded(component.made(note), components),
            END_BLOCK,
        )
        position = end + len(END_CALL)
    return "".join([*made, printed[position:]])


def _end(printed: str, start: int) -> int:
    depth = 0
    for match in CALLS.finditer(printed, start):
        if match[0] == CALL:
            depth += 1
        elif match[0] == END_CALL:
            depth -= 1
            if depth == 0:
                return match.start()
    raise AssertionError("a call that is noted has an end")

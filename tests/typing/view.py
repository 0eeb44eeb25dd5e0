"""What both type checkers must say of views. Never executed; mypy and basedpyright read it.

A line that must be an error carries an ignore, which both checkers respect. An ignore that is not
needed is an error itself, so the line fails the check of that one where the error goes away.
"""

# pyright: reportUnnecessaryTypeIgnoreComment=true

from __future__ import annotations

from pathlib import Path
from typing import assert_type

from jinja2 import BaseLoader

from securely.facades import View
from securely.view import Form, Source


def what_is_right(form: Form) -> None:
    """The types that come out."""
    assert_type(View.render("mail.invoice", {"total": 5}), str)
    assert_type(View.render("mail.invoice", form=form), str)
    assert_type(View.render_string("{{ a }}", {"a": 1}, form="text"), str)
    assert_type(View.first(["a", "b"]), str)
    assert_type(View.exists("a", form="markdown"), bool)
    assert_type(View.source("a", form="markdown"), Source)
    assert_type(View.source("a", form="markdown").path, Path)
    assert_type(View.loader("markdown"), BaseLoader)
    View.add_namespace("shop", "views", Path("more"))


def what_is_wrong() -> None:
    """Each of these is an error in both checkers."""
    View.render(7)  # type: ignore[arg-type]
    View.render("a", form="pdf")  # type: ignore[arg-type]
    View.render("a", {1: "b"})  # type: ignore[dict-item]
    View.rendr("a")  # type: ignore[attr-defined]

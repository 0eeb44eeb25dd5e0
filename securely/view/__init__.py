"""Views: files with gaps for values, rendered by their names; the language is jinja2's.

``View.render("mail.invoice", {"total": "5"})`` is the text of ``resources/views/mail/invoice.html``
with its gaps filled and the values escaped; plain text and Markdown lie beside it in files of the
same name.

    factory.py      ViewFactory: render, exists, first, share, namespaces
    finder.py       which file a name means
    forms.py        Form: html, text and markdown, and the endings of their files; Source
    engine.py       jinja2 as views have it, and what is told of what fails there
    options.py      the section view of the configuration
    exceptions.py   ViewError and its tree
    provider.py     binds the factory
    commands.py     make:view
    stubs/          what it makes
"""

from __future__ import annotations

from securely.view.exceptions import InvalidView, ViewError, ViewFailed, ViewNotFound
from securely.view.factory import ViewFactory
from securely.view.forms import Form, Source

__all__ = [
    "Form",
    "InvalidView",
    "Source",
    "ViewError",
    "ViewFactory",
    "ViewFailed",
    "ViewNotFound",
]

"""Questions to the person at the terminal, as Laravel's Prompts has them.

Commands ask by their own methods; everything else by the functions here, which ask as the command
that runs does. Each works in a terminal by keys, by whole lines where keys cannot be read, and
takes its default where nobody is there.

    prompts.py     Prompts: every question, and how it is asked
    functions.py   the same as functions, of the current command; notes; work that is shown
    forms.py       several questions, with steps back
    asking.py      by keys, by lines, or not at all
    screen.py      a field drawn in its place
    field.py       one question as a state
    texts.py       text, textarea, password, number, autocomplete, confirm, pause
    choices.py     select, multiselect, suggest, search, multisearch
    tables.py      one of the rows of a table
    blocks.py      a text in a frame, and short texts side by side
    streaming.py   text that arrives piece by piece
    keys.py        what a terminal in raw mode sends
    fake.py        keys and answers that are known beforehand, for tests
"""

from __future__ import annotations

from securely.console.prompts.functions import (
    alert,
    autocomplete,
    callout,
    clear,
    confirm,
    datatable,
    error,
    form,
    grid,
    info,
    intro,
    multisearch,
    multiselect,
    note,
    notify,
    number,
    outro,
    password,
    pause,
    progress,
    search,
    select,
    spin,
    stream,
    suggest,
    table,
    task,
    text,
    textarea,
    title,
    tree,
    warning,
)
from securely.console.prompts.prompts import Prompts

__all__ = [
    "Prompts",
    "alert",
    "autocomplete",
    "callout",
    "clear",
    "confirm",
    "datatable",
    "error",
    "form",
    "grid",
    "info",
    "intro",
    "multisearch",
    "multiselect",
    "note",
    "notify",
    "number",
    "outro",
    "password",
    "pause",
    "progress",
    "search",
    "select",
    "spin",
    "stream",
    "suggest",
    "table",
    "task",
    "text",
    "textarea",
    "title",
    "tree",
    "warning",
]

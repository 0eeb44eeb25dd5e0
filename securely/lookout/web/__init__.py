"""The dashboard as an application of Starlette.

`app.py` is the application: its routes, its gate, the headers of all answers. `pages.py` are the
pages and what their forms do, `stream.py` what keeps a page up to date, `form.py` what proves that
a form was ours, `wording.py` how numbers and times are written.
"""

__all__: list[str] = []

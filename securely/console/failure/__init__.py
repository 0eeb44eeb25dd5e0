"""How an uncaught error is shown: one line if known, else its story in short; all with -v.

render.py   render_failure: an error on the error stream
story.py    story: the frames of an error, of its causes and of the members of a group, in short
frames.py   whose a frame is, and how its place is shown
"""

from __future__ import annotations

from securely.console.failure.frames import own_traceback, shown_path
from securely.console.failure.render import render_failure

__all__ = ["own_traceback", "render_failure", "shown_path"]

"""The fixture application."""

from pathlib import Path

import tower_parts  # first: it says what time it is, and which machine this is

from securely import Application

tower_parts.install()
app = (
    Application.configure(Path(__file__).parent.parent)
    .with_routing(console="routes/console.py")
    .create()
)

"""The application: which commands and providers it has. Nothing is imported before it is needed."""

from pathlib import Path

from securely import Application

app = (
    Application.configure(Path(__file__).parent.parent)
    .with_routing(console="routes/console.py")
    .with_exceptions(lambda exceptions: None)
    .create()
)

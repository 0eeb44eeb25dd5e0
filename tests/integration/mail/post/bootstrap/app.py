"""The fixture application."""

from pathlib import Path

from securely import Application

app = (
    Application.configure(Path(__file__).parent.parent)
    .with_providers(["post_kills:PostProvider"])
    .create()
)

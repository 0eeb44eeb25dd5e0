"""An application whose processes write down what they have read."""

from pathlib import Path

from securely import Application

app = (
    Application.configure(Path(__file__).parent.parent)
    .with_routing(console="routes/console.py")
    .with_providers(["docks_parts:DocksProvider"])
    .create()
)

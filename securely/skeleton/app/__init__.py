"""The code of this application."""

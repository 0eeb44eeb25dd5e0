"""The packages that Securely stands on, and what to say where Python lacks one of them."""

from __future__ import annotations

import sys

__all__ = ["REQUIREMENTS", "lacking", "tell"]

REQUIREMENTS = {
    "arq": "arq",
    "croniter": "croniter",
    "cryptography": "cryptography",
    "css_inline": "css-inline",
    "diskcache": "diskcache",
    "dotenv": "python-dotenv",
    "httpx2": "httpx2",
    "imagesize": "imagesize",
    "jinja2": "jinja2",
    "markdown_it": "markdown-it-py",
    "msgspec": "msgspec",
    "punq": "punq",
    "pydantic": "pydantic",
    "pytest": "pytest",
    "redis": "redis",
    "regex": "regex",
    "rich": "rich",
    "typing_extensions": "typing_extensions",
    "yaml": "pyyaml",
}
"""Distributions by the name they are imported under."""


def lacking(error: BaseException) -> str | None:
    """Return what to say of *error* if it is that one of our packages is not there.

    It mostly means that the program was started with another Python than the one that has them.
    A module of the application's own, or one that is missing within a package, is not ours to
    explain.

    Example:
        >>> lacking(ModuleNotFoundError("No module named 'tax'", name="tax")) is None
        True
    """
    if not isinstance(error, ModuleNotFoundError) or error.name not in REQUIREMENTS:
        return None
    return (
        f'This Python ({sys.executable}) has no "{REQUIREMENTS[error.name]}". '
        f"Use .venv/bin/python, or run make install."
    )


def tell(error: BaseException) -> bool:
    """Write what :func:`lacking` says to the error stream; return whether it had something to say.

    For where the console proper, which stands on these packages, is not there to write it.
    """
    text = lacking(error)
    if text is not None:
        sys.stderr.write(f"ERROR  {text}\n")
    return text is not None

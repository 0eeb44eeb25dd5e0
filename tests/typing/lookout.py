"""What both type checkers must say of the dashboard. Never executed; mypy and basedpyright read it.

A line that must be an error carries an ignore, which both checkers respect. An ignore that is not
needed is an error itself, so the line fails the check of that one where the error goes away.
"""

# pyright: reportUnnecessaryTypeIgnoreComment=true

from __future__ import annotations

from collections.abc import Callable
from typing import assert_type

from starlette.requests import Request
from starlette.routing import Mount

from securely.facades import Lookout


@Lookout.auth
def may_look(request: Request) -> bool:
    """A callback of either colour, given Starlette's request."""
    return request.headers.get("x-user") == "ann"


@Lookout.auth
async def may_look_later(request: Request) -> bool:
    """The other colour."""
    return bool(await request.body())


def what_is_right() -> None:
    """The types that come out: a decorator leaves its function as it is."""
    kept: Callable[[Request], bool] = may_look
    Lookout.auth(kept)
    assert_type(Lookout.has_auth, bool)
    Mount("/lookout", Lookout.app())
    Mount("/lookout", Lookout.app(asks_always=True))


def what_is_wrong() -> None:
    """What is no callback."""
    Lookout.auth("ann")  # type: ignore[type-var]
    Lookout.auth(lambda: True)  # type: ignore[type-var]
